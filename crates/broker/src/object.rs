//! File objects: what an open made, shared by the handles that were duplicated from it.

use crate::namespace::{DrivePath, Inside};
use crate::pipe::end::End;
use crate::watch::Watch;
use gate::file::Device;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use store::{Entry, Metadata, Pattern, Volume};

/// What an open made.
pub struct FileObject {
    /// What lies behind it.
    pub device: Device,
    /// Where it is, and what it is, for what lies on a drive.
    pub file: Option<OnDrive>,
    /// The broker's own descriptor.
    pub descriptor: Option<Arc<OwnedFd>>,
    /// The volume's open, for what lies on a drive.
    #[expect(dead_code, reason = "it counts by being there: its end is what the volume hears")]
    pub held: Option<Held>,
    /// The shared record, or `u32::MAX`.
    pub record: u32,
    /// The `FILE_*` mode bits of the open options.
    pub mode: u32,
    /// The other end of a pipe, until it is opened.
    pub client: Mutex<Option<Client>>,
    /// Which end of a named pipe it is.
    pub pipe: Option<End>,
    /// A listing under way.
    pub listing: Mutex<Option<Listing>>,
    /// How it is watched, if it is.
    pub watch: Mutex<Option<Arc<Watch>>>,
    /// What happens when its last handle is closed.
    pub closing: Mutex<Closing>,
    /// How many handles there are of it.
    pub handles: AtomicU32,
}

/// What happens when the last handle of an object is closed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closing {
    /// The file is marked for deletion.
    pub delete: bool,
    /// A file that is marked for deletion loses its name at once, whoever has it open.
    pub posix: bool,
    /// Creation, access and write time as they are to be then.
    pub times: [Option<i64>; 3],
}

/// The end of a pipe that nobody has opened yet.
pub struct Client {
    /// The end.
    pub descriptor: OwnedFd,
    /// The rights on bytes that it can give.
    pub access: u32,
}

/// An open of a volume, which hears of its end whichever way that comes.
pub struct Held {
    volume: Arc<dyn Volume>,
    id: u64,
}

impl Held {
    /// What a volume has just opened.
    pub fn new(volume: &Arc<dyn Volume>, opened: &Metadata) -> Self {
        Self { volume: Arc::clone(volume), id: opened.id }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.volume.released(self.id);
    }
}

/// Where something is, by its path and in its volume.
#[derive(Clone)]
pub struct Where {
    /// Its path.
    pub path: DrivePath,
    /// The volume and the path in it; `None` for a folder that only leads to grants.
    pub inside: Option<Inside>,
}

/// A file or folder on a drive.
pub struct OnDrive {
    /// Where it is now.
    pub place: Arc<Mutex<Where>>,
    /// The entries of a folder that only leads to grants.
    pub way: Vec<Vec<u16>>,
    /// Its facts when it was opened.
    pub metadata: Metadata,
    /// Its number among the opens of the file.
    pub share: u64,
    /// It is not the file's bytes that were opened, but the stream beside them.
    pub stream: bool,
}

/// A listing under way.
pub struct Listing {
    /// What is left of it, in order.
    pub entries: std::vec::IntoIter<Entry>,
    /// One that did not fit into the last answer.
    pub pending: Option<Entry>,
    /// What fits.
    pub pattern: Pattern,
    /// What the listing takes of the broker's memory.
    pub share: Share,
}

/// Entries of listings that wait in the broker's memory, of all listings of a process, and of one of them.
#[derive(Default)]
pub struct Share {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Share {
    /// So many entries at once: programs read listings to their end, and few at a time.
    const MOST: usize = 1 << 20;

    /// Takes room for a listing; `None` where others have it. One alone may be of any length.
    pub fn take(all: &Arc<AtomicUsize>, entries: usize) -> Option<Self> {
        let before = all.fetch_add(entries, Ordering::Relaxed);
        let share = Self { all: Arc::clone(all), own: entries };
        (before == 0 || before.saturating_add(entries) <= Self::MOST).then_some(share)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

impl FileObject {
    /// An object without a file: a pipe's end, a terminal, the null device.
    pub fn plain(device: Device, descriptor: Option<Arc<OwnedFd>>) -> Self {
        Self {
            device,
            file: None,
            descriptor,
            held: None,
            record: u32::MAX,
            mode: 0,
            client: Mutex::new(None),
            pipe: None,
            listing: Mutex::new(None),
            watch: Mutex::default(),
            closing: Mutex::default(),
            handles: AtomicU32::new(0),
        }
    }

    /// The null device.
    #[cfg(test)]
    pub fn null() -> Self {
        Self::plain(Device::Null, None)
    }
}
