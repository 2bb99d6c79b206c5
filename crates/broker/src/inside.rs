//! Paths on drives, and where they lead: into a volume, at the same place for everybody, however each process sees it.

use std::sync::Arc;
use store::{Path, Volume};

const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// A path on a drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrivePath {
    /// Its letter, in upper case.
    pub letter: u8,
    /// Its names.
    pub path: Path,
    /// It ends in a backslash: only a folder will do.
    pub folder: bool,
}

impl DrivePath {
    /// As an NT path.
    pub fn to_nt(&self) -> Vec<u16> {
        let start = "\\??\\".encode_utf16().chain([u16::from(self.letter), COLON, BACKSLASH]);
        start.chain(self.path.units().iter().copied()).collect()
    }

    /// For people: `Z:\a\b`.
    pub fn display(&self) -> String {
        String::from_utf16_lossy(&self.to_nt()[4..])
    }
}

/// A path inside of a volume.
#[derive(Clone)]
pub struct Inside {
    /// The volume.
    pub volume: Arc<dyn Volume>,
    /// The path in it.
    pub path: Path,
    /// The start of the drive path, which leads to the volume.
    pub mount: Arc<Path>,
    /// It may be changed.
    pub write: bool,
    /// The drive's letter.
    pub letter: u8,
    /// Where the volume lies for everybody: on `C:`, or on `Z:` as if everything were granted.
    pub base: Arc<Path>,
}

impl Inside {
    /// The names that lead here for everybody, whatever each process was granted.
    fn names(&self) -> impl Iterator<Item = &[u16]> {
        self.base.names().chain(self.path.names())
    }

    /// Whether another process, or this one by another way, means the same name.
    pub fn is_same_name(&self, other: &Self) -> bool {
        let mut theirs = other.names();
        let same = self.names().all(|name| theirs.next().is_some_and(|other| store::same(name, other)));
        self.is_own() == other.is_own() && same && theirs.next().is_none()
    }

    /// Whether it lies below a folder, whoever sees either.
    pub fn is_below(&self, folder: &Self) -> bool {
        let mut names = self.names();
        let leads = folder.names().all(|name| names.next().is_some_and(|own| store::same(own, name)));
        self.is_own() == folder.is_own() && leads && names.next().is_some()
    }

    /// What is there has another name, as somebody else sees it. Whoever was not granted the new place keeps the name that was.
    pub fn moved_to(&self, other: &Self) -> Option<Self> {
        let path = other.base.join(&other.path).below(&self.base)?;
        (self.is_own() == other.is_own()).then(|| Self { path, ..self.clone() })
    }

    /// Whether it lies on `C:`, which is the sandbox's own.
    pub fn is_own(&self) -> bool {
        self.letter == b'C'
    }

    /// The drive path of a path in the volume.
    pub fn drive_path(&self, path: &Path) -> DrivePath {
        DrivePath { letter: self.letter, path: self.mount.join(path), folder: false }
    }
}
