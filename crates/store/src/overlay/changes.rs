//! What an overlay has changed, as its store tells it: also while programs are at work there.

use super::{FILES, GONE, HOST, KNOWN, above, within, without_tree};
use crate::case::fold;
use crate::folder::Folder;
use crate::metadata::{Times, attribute};
use crate::objects::{Listed, View};
use crate::path::Path;
use crate::volume::{Create, How, Look, Volume};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::os::fd::BorrowedFd;
use windows_sys::Win32::Foundation::NTSTATUS;

/// How something differs from what the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The host had none.
    Added,
    /// It is another one.
    Changed,
    /// It is gone.
    Deleted,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How it differs.
    pub kind: Kind,
    /// Its path in the folder.
    pub path: Path,
    /// It is a folder, or was one.
    pub folder: bool,
    /// Bytes.
    pub size: u64,
    /// `FILE_ATTRIBUTE_*`; 0 of what is gone.
    pub attributes: u32,
    /// When it was last written, in 100 ns since 1601; 0 of what is gone.
    pub written: i64,
    /// The times of what the host had.
    pub(super) known: Option<Times>,
}

/// Notes, by their paths in upper case.
pub(super) struct Notes(HashMap<Box<[u16]>, (u32, Times)>);

impl Notes {
    /// Reads them.
    pub fn read(view: &View) -> Result<(Self, Vec<Listed>), NTSTATUS> {
        let listed = view.list(&within(HOST, &Path::default()), true)?;
        let notes =
            listed.iter().map(|entry| (key(&without_tree(&entry.path)), (entry.attributes, [entry.created, 0, entry.written, entry.changed])));
        Ok((Self(notes.collect()), listed))
    }

    /// What the host had at a path, where something was done to it.
    pub fn known(&self, path: &Path) -> Option<Times> {
        self.0.get(&key(path)).filter(|(attributes, _)| attributes & KNOWN != 0).map(|(_, times)| *times)
    }

    /// Whether the host's is gone for the sandbox.
    pub fn is_gone(&self, path: &Path) -> bool {
        self.0.get(&key(path)).is_some_and(|(attributes, _)| attributes & GONE != 0)
    }
}

fn key(path: &Path) -> Box<[u16]> {
    fold(path.units())
}

/// Everything that differs, sorted by path. A file that holds what the host has is no difference.
pub fn changes(view: &View, root: BorrowedFd<'_>) -> Result<Vec<Change>, NTSTATUS> {
    let host = Folder::new(root.try_clone_to_owned().map_err(|_| windows_sys::Win32::Foundation::STATUS_TOO_MANY_OPENED_FILES)?);
    host.confine();
    let (notes, noted) = Notes::read(view)?;
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for entry in view.list(&within(FILES, &Path::default()), true)? {
        let path = without_tree(&entry.path);
        seen.insert(key(&path));
        let known = notes.known(&path);
        // A folder that was only copied so that something lies in it.
        if entry.is_folder() && known.is_some() && !notes.is_gone(&path) {
            continue;
        }
        if known.is_some() && !entry.is_folder() && is_same(view, &host, &path, &entry) {
            continue;
        }
        let kind = if known.is_some() { Kind::Changed } else { Kind::Added };
        let attributes = entry.attributes & !attribute::DIRECTORY;
        found.push(Change { kind, folder: entry.is_folder(), size: entry.size, attributes, written: entry.written, path, known });
    }
    for entry in noted {
        let path = without_tree(&entry.path);
        if entry.attributes & GONE == 0 || seen.contains(&key(&path)) {
            continue;
        }
        let Ok(now) = host.metadata(&path, Look { link: true, attributes: false }) else { continue };
        let known = notes.known(&path);
        found.push(Change { kind: Kind::Deleted, folder: now.folder, size: now.size, attributes: 0, written: 0, path, known });
    }
    found.sort_by(|one, other| one.path.names().map(fold).cmp(other.path.names().map(fold)));
    Ok(found)
}

/// Whether the host has the same bytes and attributes at a path.
pub(super) fn is_same(view: &View, host: &Folder, path: &Path, entry: &Listed) -> bool {
    let Ok(now) = host.metadata(path, Look { link: true, attributes: true }) else { return false };
    let attributes = |attributes: u32| attributes & (attribute::KEPT | attribute::READ_ONLY) & !attribute::ARCHIVE;
    if !now.regular || now.size != entry.size || attributes(now.attributes) != attributes(entry.attributes) {
        return false;
    }
    let how = How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };
    let (Ok(one), Ok(other)) = (host.open(path, &how), view.content(&above(path), None)) else { return false };
    is_equal(File::from(one.file), File::from(other))
}

fn is_equal(mut one: File, mut other: File) -> bool {
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let Ok(got) = one.read(&mut left) else { return false };
        if got == 0 {
            return matches!(other.read(&mut right), Ok(0));
        }
        if other.read_exact(&mut right[..got]).is_err() || left[..got] != right[..got] {
            return false;
        }
    }
}
