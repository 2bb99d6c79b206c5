//! The broker's own descriptors: how many it may have, and what it keeps free of them.

use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_TOO_MANY_OPENED_FILES};

/// Descriptors that the broker keeps for itself: without them it could neither start a process nor hear of its end.
const KEPT_DESCRIPTORS: u64 = 256;

/// Descriptors that the host lets the broker have.
static MOST_DESCRIPTORS: AtomicU64 = AtomicU64::new(u64::MAX);

/// Lets the broker open as many files as the host allows.
pub fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    MOST_DESCRIPTORS.store(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Whether a descriptor that was just opened leaves the broker its own: the host gives the lowest free number.
pub fn leaves_room(descriptor: BorrowedFd<'_>) -> bool {
    descriptor.as_raw_fd() as u64 + KEPT_DESCRIPTORS < MOST_DESCRIPTORS.load(Ordering::Relaxed)
}

/// A file that is open, for reading alone.
pub fn for_reading(descriptor: &OwnedFd) -> Result<OwnedFd, NTSTATUS> {
    reopened(descriptor, OFlags::RDONLY)
}

/// A file that is open, for reading or writing alone.
pub fn reopened(descriptor: &OwnedFd, mode: OFlags) -> Result<OwnedFd, NTSTATUS> {
    let again = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
    let other = rustix::fs::open(again, mode | OFlags::CLOEXEC, Mode::empty()).map_err(store::status)?;
    if leaves_room(other.as_fd()) { Ok(other) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}
