//! Folders of the host that the sandbox changes for itself alone: each has a store of its own, which stays with a named sandbox.

use crate::drive::{Kept, Kernel, Place};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::overlays::{ORIGIN, name_of};
use store::{Limits, Objects, Overlay, Volume};

/// The overlays of one sandbox.
pub struct Overlays {
    place: Place,
    opened: Mutex<HashMap<PathBuf, Arc<Overlay>>>,
}

impl Overlays {
    /// Overlays of a sandbox whose state lies in a place.
    pub fn new(place: Place) -> Self {
        Self { place, opened: Mutex::default() }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Overlay>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A folder of the host, by its path without links, with the sandbox's changes above it. The error is one sentence.
    pub fn volume(&self, folder: &Path, root: OwnedFd) -> Result<Arc<dyn Volume>, String> {
        let mut opened = self.opened();
        if let Some(overlay) = opened.get(folder) {
            return Ok(Arc::clone(overlay) as Arc<dyn Volume>);
        }
        let store = match &self.place {
            Place::Temporary(place, limits) => {
                let place = temporary(place).join(opened.len().to_string());
                Objects::temporary(&place, Box::new(Kernel), *limits).map_err(|error| error.to_string())?
            }
            Place::Kept(kept) => OverlayPlace::make(kept, folder)?.open(kept, kept.limits)?,
        };
        let overlay = Overlay::new(root, store).map_err(|status| format!("what the sandbox has changed there cannot be read ({status:#010x})"))?;
        let overlay = opened.entry(folder.to_owned()).or_insert(Arc::new(overlay));
        Ok(Arc::clone(overlay) as Arc<dyn Volume>)
    }

    /// No process is left.
    pub fn finish(&self) {
        let opened = std::mem::take(&mut *self.opened());
        match &self.place {
            Place::Temporary(place, _) if !opened.is_empty() => {
                let _ = std::fs::remove_dir_all(temporary(place));
            }
            Place::Temporary(..) => {}
            Place::Kept(_) => opened.values().for_each(|overlay| overlay.finish()),
        }
    }
}

/// Beside the drive of a sandbox that does not stay; who starts its name so is looked for by later runs.
fn temporary(drive: &Path) -> PathBuf {
    let name = drive.file_name().unwrap_or_default().to_string_lossy();
    drive.with_file_name(format!("run-overlay-{}", name.strip_prefix("run-").unwrap_or(&name)))
}

/// Where a named sandbox keeps what it has changed in a folder of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayPlace {
    /// The host's folder.
    pub origin: PathBuf,
    /// Where the changes lie.
    pub folder: PathBuf,
}

impl OverlayPlace {
    fn make(kept: &Kept, origin: &Path) -> Result<Self, String> {
        let name = name_of(origin.as_os_str().as_bytes());
        let place = Self { origin: origin.to_owned(), folder: kept.overlays().join(name) };
        let write = || {
            std::fs::create_dir_all(&place.folder)?;
            if !place.folder.join(ORIGIN).exists() {
                let fresh = place.folder.join(format!("{ORIGIN}.{}", std::process::id()));
                std::fs::write(&fresh, origin.as_os_str().as_bytes())?;
                std::fs::rename(fresh, place.folder.join(ORIGIN))?;
            }
            Ok(())
        };
        write().map_err(|error: std::io::Error| crate::plain(&error))?;
        Ok(place)
    }

    /// All that a sandbox keeps, sorted by the host's folder.
    pub fn all(kept: &Kept) -> Vec<Self> {
        let found = std::fs::read_dir(kept.overlays()).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let place = |folder: PathBuf| {
            let origin = std::fs::read(folder.join(ORIGIN)).ok()?;
            Some(Self { origin: PathBuf::from(std::ffi::OsStr::from_bytes(&origin)), folder })
        };
        let mut all: Vec<Self> = found.filter_map(place).collect();
        all.sort_by(|one, other| one.origin.cmp(&other.origin));
        all
    }

    /// A path in the store, which starts with the tree's name, as the host's.
    pub fn host_path(&self, path: &store::Path) -> PathBuf {
        self.origin.join(path.names().skip(1).map(store::unescaped).collect::<PathBuf>())
    }

    /// Where the store lies.
    pub fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// Opens the store.
    pub fn open(&self, kept: &Kept, limits: Limits) -> Result<Objects, String> {
        let principal = kept.keys().map_err(|error| format!("the sandbox's key: {error}"))?;
        Objects::open(&self.objects(), principal, Box::new(Kernel), limits).map_err(|error| error.to_string())
    }
}
