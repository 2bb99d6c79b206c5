//! `C:` of a sandbox that does not persist: a folder of the host, made when a program first looks at the drive, and gone
//! with the sandbox.

use rustix::fs::{Mode, OFlags, open};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Folder, Volume, status};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_IO_DEVICE_ERROR};

/// The name of the user, as programs see it: the host's says nothing to them.
pub use gate::names::USER;

/// The folders that programs expect.
const FOLDERS: &[&str] = &[
    "Program Files",
    "Program Files (x86)",
    "ProgramData",
    "Users/Public",
    "Users/user/AppData/Local/Temp",
    "Users/user/AppData/Roaming",
    "Users/user/Desktop",
    "Users/user/Documents",
    "Users/user/Downloads",
    "Windows/System32",
    "Windows/Temp",
];

/// A drive that is made when it is first used.
pub struct Scratch {
    folder: PathBuf,
    volume: Mutex<Option<Arc<dyn Volume>>>,
}

impl Scratch {
    /// A drive that will lie in a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, volume: Mutex::new(None) }
    }

    /// The drive.
    pub fn volume(&self) -> Result<Arc<dyn Volume>, NTSTATUS> {
        let mut volume = self.volume.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(volume) = &*volume {
            return Ok(Arc::clone(volume));
        }
        for folder in FOLDERS {
            std::fs::create_dir_all(self.folder.join(folder)).map_err(|_| STATUS_IO_DEVICE_ERROR)?;
        }
        let root = open(&self.folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(status)?;
        let made: Arc<dyn Volume> = Arc::new(Folder::new(root));
        *volume = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Deletes the drive with everything on it.
    pub fn delete(&self) {
        if self.volume.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
