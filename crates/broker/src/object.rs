//! File objects: what an open made, shared by the handles that were duplicated from it.

use crate::namespace::{DrivePath, Inside};
use gate::file::Device;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use store::{Entry, Metadata};

/// What an open made.
pub struct FileObject {
    /// What lies behind it.
    pub device: Device,
    /// Where it is, and what it is, for what lies on a drive.
    pub file: Option<OnDrive>,
    /// The broker's own descriptor.
    pub descriptor: Option<OwnedFd>,
    /// The shared record, or `u32::MAX`.
    pub record: u32,
    /// The `FILE_*` mode bits of the open options.
    pub mode: u32,
    /// A listing under way.
    pub listing: Mutex<Option<Listing>>,
    /// It is deleted when its last handle is closed.
    pub delete_on_close: Mutex<bool>,
}

/// A file or folder on a drive.
pub struct OnDrive {
    /// Its path, as it is now.
    pub path: Mutex<DrivePath>,
    /// The volume and the path in it; `None` for a folder that only leads to grants.
    pub inside: Option<Mutex<Inside>>,
    /// The entries of a folder that only leads to grants.
    pub way: Vec<Vec<u16>>,
    /// Its facts when it was opened.
    pub metadata: Metadata,
    /// Its number among the opens of the file.
    pub share: u64,
}

/// A listing under way.
pub struct Listing {
    /// What is left of it, in order.
    pub entries: std::vec::IntoIter<Entry>,
    /// One that did not fit into the last answer.
    pub pending: Option<Entry>,
    /// It has answered something.
    pub started: bool,
}

impl FileObject {
    /// An object without a file: a pipe's end, a terminal, the null device.
    pub fn plain(device: Device, descriptor: Option<OwnedFd>) -> Self {
        Self { device, file: None, descriptor, record: u32::MAX, mode: 0, listing: Mutex::new(None), delete_on_close: Mutex::new(false) }
    }

    /// The null device.
    #[cfg(test)]
    pub fn null() -> Self {
        Self::plain(Device::Null, None)
    }
}
