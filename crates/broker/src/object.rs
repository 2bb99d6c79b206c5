//! File objects: what an open made, shared by the handles that were duplicated from it.

use crate::namespace::{DrivePath, Inside};
use crate::pipe::end::End;
use crate::shadow::Shadow;
use crate::watch::Watch;
use gate::file::Device;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use store::{Entry, Metadata, Pattern, Volume};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

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
    /// What is locked in its place, once that was asked for.
    pub shadow: OnceLock<Shadow>,
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
pub struct Where {
    /// Its path.
    pub path: DrivePath,
    /// The volume and the path in it; `None` for a folder that only leads to grants.
    pub inside: Option<Inside>,
    /// What both take of the broker's memory.
    share: Option<Share>,
}

/// So many bytes of paths the handles of a process keep: the open that would go beyond that is refused.
const MOST_PATHS: usize = 128 << 20;

impl Where {
    /// A place that nobody counts.
    pub const fn new(path: DrivePath, inside: Option<Inside>) -> Self {
        Self { path, inside, share: None }
    }

    /// A place that a handle keeps, of a process whose handles keep so much already.
    pub fn kept(path: DrivePath, inside: Option<Inside>, all: &Arc<AtomicUsize>) -> Result<Self, NTSTATUS> {
        let place = Self::new(path, inside);
        let share = Share::take(all, place.bytes(), MOST_PATHS).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        Ok(Self { share: Some(share), ..place })
    }

    /// Whether a handle of a process may get a path, beside all that its handles keep.
    pub fn has_room(path: &DrivePath, all: &AtomicUsize) -> bool {
        all.load(Ordering::Relaxed).saturating_add(2 * size_of_val(path.path.units())) <= MOST_PATHS
    }

    /// Puts another place here. It is counted, whether there is room or not: a file's new name reaches all who have it open.
    pub fn set(&mut self, path: DrivePath, inside: Option<Inside>) {
        (self.path, self.inside) = (path, inside);
        let bytes = self.bytes();
        if let Some(share) = &mut self.share {
            share.set(bytes);
        }
    }

    fn bytes(&self) -> usize {
        let inside = self.inside.as_ref().map(|inside| &inside.path).filter(|inside| !inside.is_shared(&self.path.path));
        size_of_val(self.path.path.units()) + inside.map_or(0, |inside| size_of_val(inside.units()))
    }
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

/// What one of some things takes of the broker's memory, and what all of them take together.
#[derive(Default)]
pub struct Share {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Share {
    /// Takes room; `None` where others have it. One alone may take any.
    pub fn take(all: &Arc<AtomicUsize>, own: usize, most: usize) -> Option<Self> {
        let before = all.fetch_add(own, Ordering::Relaxed);
        let share = Self { all: Arc::clone(all), own };
        (before == 0 || before.saturating_add(own) <= most).then_some(share)
    }

    /// Takes more, or less.
    fn set(&mut self, own: usize) {
        self.all.fetch_add(own, Ordering::Relaxed);
        self.all.fetch_sub(std::mem::replace(&mut self.own, own), Ordering::Relaxed);
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
            shadow: OnceLock::new(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use store::Path;

    fn path(units: usize) -> DrivePath {
        let names = vec![vec![u16::from(b'x'); 127]; units / 128];
        DrivePath { letter: b'C', path: names.into_iter().collect::<Path>(), folder: false }
    }

    #[test]
    fn handles_of_long_paths_are_as_many_as_there_is_room_for() {
        let all = Arc::default();
        let long = path(32_000);
        let bytes = size_of_val(long.path.units());
        let mut kept: Vec<_> = std::iter::from_fn(|| Where::kept(long.clone(), None, &all).ok()).take(20_000).collect();
        assert_eq!(kept.len(), MOST_PATHS / bytes);
        assert!(!Where::has_room(&long, &all));
        kept.truncate(kept.len() - 2);
        assert!(Where::has_room(&long, &all) && Where::kept(long.clone(), None, &all).is_ok());
        kept.clear();
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_new_name_is_counted_and_the_old_one_no_more() {
        let all = Arc::default();
        let mut place = Where::kept(path(128), None, &all).unwrap();
        place.set(path(32_000), None);
        assert_eq!(all.load(Ordering::Relaxed), size_of_val(path(32_000).path.units()));
        place.set(path(256), None);
        drop(place);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
