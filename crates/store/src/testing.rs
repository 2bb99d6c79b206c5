//! What tests of volumes share.

use crate::objects::Leases;
use crate::path::Path;
use crate::volume::{FileId, Look, Volume};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::NTSTATUS;

/// A folder of a test's own.
pub fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir().join(format!("store-{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Nobody writes, and nobody else holds a file.
pub struct Quiet;

impl Leases for Quiet {
    fn is_unwritten(&self, _file: BorrowedFd<'_>) -> bool {
        true
    }

    fn is_unheld(&self, _file: BorrowedFd<'_>) -> bool {
        true
    }
}

/// The number of what a path stands for, with its device.
pub fn id(volume: &dyn Volume, path: &Path) -> Result<FileId, NTSTATUS> {
    volume.metadata(path, Look { link: true, attributes: false }).map(|metadata| (metadata.device, metadata.id))
}

/// Renames what a path stands for.
pub fn rename(volume: &dyn Volume, from: &Path, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
    volume.rename(from, id(volume, from)?, to, replace)
}

/// Gives what a path stands for a second name.
pub fn link(volume: &dyn Volume, from: &Path, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
    volume.link(from, id(volume, from)?, to, replace)
}
