//! What the processes of one sandbox share.

use crate::audit::{Event, Kind, Log, Outcome, Trust};
use crate::clock::Clock;
use crate::dispatcher::Dispatcher;
use crate::drive::{Drive, Place};
use crate::handle::{Handle, Object};
use crate::key::Keys;
use crate::object::FileObject;
use crate::order::Launcher;
use crate::overlay::Overlays;
use crate::records::Records;
use crate::sharing::{Leaving, Removal, Sharing, Turns};
use crate::system::{self, SystemFolder};
use crate::watch::Watches;
use crate::zone::{Bias, Zones};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Change, FileId, Happened};
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
    let again = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
    let reading = rustix::fs::open(again, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(store::status)?;
    if leaves_room(reading.as_fd()) { Ok(reading) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// The files that every process starts from.
#[derive(Debug)]
pub struct Files {
    /// The runtime.
    pub runtime: OwnedFd,
    /// The 64-bit system DLLs.
    pub system64: OwnedFd,
    /// The 32-bit system DLLs.
    pub system32: OwnedFd,
    /// The folder of this version, where they lie.
    pub version: PathBuf,
}

impl Files {
    /// All of them.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 3] {
        [self.runtime.as_fd(), self.system64.as_fd(), self.system32.as_fd()]
    }
}

/// What a sandbox asks of each of its processes.
pub trait Member: Send + Sync {
    /// Takes the closes that were posted on all its channels.
    fn drain(&self);
    /// Ends it.
    fn end(self: Arc<Self>, code: u32);
}

/// A sandbox.
pub struct Sandbox {
    /// Its audit.
    pub log: Log,
    /// Where the audit lies.
    pub audit: PathBuf,
    /// The page with the clock.
    pub clock: Clock,
    /// The user's time zone.
    pub zones: Zones,
    /// From when until when the zone in the page holds, in seconds since 1970.
    shown_zone: Mutex<Range<i64>>,
    /// File records.
    pub records: Records,
    /// Objects that processes share.
    pub dispatcher: Dispatcher,
    /// Share modes and pending deletions.
    pub sharing: Mutex<Sharing>,
    /// Who opens files of the host, and who makes them.
    pub turns: Turns,
    /// Held while a stream is changed.
    pub streams: Mutex<()>,
    /// Folders that programs watch.
    pub watches: Watches,
    /// `C:`.
    pub drive: Arc<Drive>,
    /// Folders of the host that it changes for itself alone.
    pub overlays: Overlays,
    /// The registry.
    pub keys: Keys,
    /// `C:\Windows\System32` and `SysWOW64`.
    pub system: Arc<[SystemFolder]>,
    /// What processes start from.
    pub files: Files,
    /// Windows' version as programs see it.
    pub windows: [u32; 3],
    /// Where processes are ordered that processes start.
    pub launcher: Arc<Launcher>,
    processes: Mutex<HashMap<u32, Arc<dyn Member>>>,
    next_id: Mutex<u32>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sandbox {
    /// A sandbox without processes.
    pub fn new(number: u32, audit: PathBuf, drive: Place, files: Files, windows: [u32; 3]) -> std::io::Result<Self> {
        let launcher = Arc::new(Launcher::new()?);
        let dispatcher = Dispatcher::default();
        dispatcher.set_launcher(&launcher);
        Ok(Self {
            log: Log::new(number, audit.clone()),
            audit,
            clock: Clock::new(windows)?,
            zones: Zones::default(),
            shown_zone: Mutex::new(0..0),
            records: Records::new()?,
            dispatcher,
            sharing: Mutex::default(),
            turns: Turns::default(),
            streams: Mutex::default(),
            watches: Watches::default(),
            overlays: Overlays::new(drive.clone()),
            keys: Keys::new(&drive),
            drive: Arc::new(Drive::new(drive)),
            system: Arc::new([
                SystemFolder::new(&files.version, system::WIDE, files.system64.try_clone()?),
                SystemFolder::new(&files.version, system::NARROW, files.system32.try_clone()?),
            ]),
            files,
            windows,
            launcher,
            processes: Mutex::default(),
            next_id: Mutex::new(0x100),
        })
    }

    /// Numbers for a process and its first thread: multiples of 4, as on Windows.
    pub fn next_ids(&self) -> (u32, u32) {
        let mut next = lock(&self.next_id);
        let process = *next;
        // A process numbers its own threads; the next process starts far above them.
        *next = next.wrapping_add(0x1_0000);
        (process, process + 4)
    }

    /// Sets the clock in the page that programs read; the time zone with it where the clocks have changed.
    pub fn tick(&self) {
        self.clock.tick();
        let now = clock_gettime(ClockId::RealtimeCoarse).tv_sec;
        let mut shown = lock(&self.shown_zone);
        if !shown.contains(&now) {
            let Bias { bias, id, holds } = self.zones.now();
            self.clock.set_bias(bias, id);
            *shown = holds;
        }
    }

    /// Writes down what takes its time to find out, and what a process must find when it runs.
    pub fn prepare(&self) {
        self.clock.show_features();
        self.tick();
    }

    /// Enters a process.
    pub fn enter(&self, id: u32, process: Arc<dyn Member>) {
        lock(&self.processes).insert(id, process);
    }

    /// A process that is there, by its number.
    pub fn process(&self, id: u32) -> Option<Arc<dyn Member>> {
        lock(&self.processes).get(&id).cloned()
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        lock(&self.processes).len()
    }

    /// Takes a process out.
    pub fn leave(&self, id: u32) {
        lock(&self.processes).remove(&id);
    }

    /// Takes every close that was posted, of every process.
    pub fn drain_all(&self) {
        let processes: Vec<_> = lock(&self.processes).values().cloned().collect();
        for process in processes {
            process.drain();
        }
    }

    /// Lets go of a handle that was taken from its table; an object's last one closes it, whoever is still at work on it.
    pub fn let_go(&self, handle: &Handle) {
        if handle.object.handles().fetch_sub(1, Ordering::Relaxed) == 1 {
            match &handle.object {
                Object::File(file) => self.close(file),
                Object::Key(key) => self.keys.close(key),
            }
        }
    }

    /// Tells the audit what is wrong with the sandbox's own drive.
    pub fn note_drive(&self) {
        for wrong in self.drive.wrong() {
            self.log.note(Kind::Damage, Trust::Evidence, Outcome::Error, &wrong, Event::default());
        }
    }

    /// Seals the registry, and tells the audit what is wrong with it.
    pub fn note_registry(&self) {
        for wrong in self.keys.finish() {
            self.log.note(Kind::Damage, Trust::Evidence, Outcome::Error, &wrong, Event::default());
        }
    }

    /// Closes an object that no handle stands for, which may delete the file.
    pub fn close(&self, object: &FileObject) {
        self.records.give_back(object.record);
        if let Some(watch) = lock(&object.watch).take() {
            self.watches.end(&watch);
        }
        if object.file.as_ref().is_some_and(|file| file.stream)
            && lock(&object.closing).delete
            && let (Some(inside), Some(file)) = (object.inside(), &object.descriptor)
        {
            // Best effort: nobody is left to hear of a failure.
            let _ = inside.volume.set_zone(&inside.path, file.as_fd(), None);
        }
        let Some(file) = object.file.as_ref().filter(|file| file.share != 0) else { return };
        let id = (file.metadata.device, file.metadata.id);
        let closing = *lock(&object.closing);
        if let Some(descriptor) = &object.descriptor
            && closing.times != [None; 3]
            && let Some(inside) = object.inside()
        {
            // Best effort: nobody is left to hear of a failure.
            let _ = inside.volume.set(&inside.path, id.1, descriptor.as_fd(), &Change { times: closing.times, attributes: None });
        }
        // What was written through a descriptor is told when that is closed.
        if self.watches.own.is_used()
            && let Some(descriptor) = &object.descriptor
            && rustix::fs::fcntl_getfl(descriptor).is_ok_and(|flags| flags.intersects(OFlags::WRONLY | OFlags::RDWR))
        {
            self.watches.own.happened(&lock(&file.place).path, false, Happened::Written);
        }
        let delete = closing.delete && !file.stream;
        self.end_open(id, file.share, Leaving { delete, posix: closing.posix, folder: object.is_folder() });
    }

    /// Takes an open out, and deletes the names that waited for that.
    pub fn end_open(&self, id: FileId, number: u64, how: Leaving) {
        let removals = lock(&self.sharing).leave(id, number, how);
        for Removal { place, folder } in removals {
            let Some(inside) = place.inside else { continue };
            let done = inside.volume.remove(&inside.path, folder, id);
            if done.is_ok() {
                self.watches.own.happened(&place.path, folder, Happened::Deleted);
            }
            let code = done.err().unwrap_or(0) as u32;
            let outcome = if code == 0 { Outcome::Ok } else { Outcome::Error };
            self.log.note(Kind::Change, Trust::Evidence, outcome, &place.path.display(), Event { code, ..Event::default() });
        }
    }
}
