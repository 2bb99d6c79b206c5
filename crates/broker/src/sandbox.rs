//! What the processes of one sandbox share.

use crate::audit::{Event, Kind, Log, Outcome, Trust};
use crate::berth::{Berth, Berths};
use crate::clock::Clock;
use crate::dispatcher::Dispatcher;
use crate::drive::{Drive, Place};
use crate::handle::{Handle, Object};
use crate::key::Keys;
use crate::mapping::Mappings;
use crate::object::FileObject;
use crate::order::Launcher;
use crate::overlay::Overlays;
use crate::pipe::Pipes;
use crate::records::Records;
use crate::shadow::Shadows;
use crate::sharing::{Leaving, Removal, Sharing, Turns};
use crate::system::{self, SystemFolder};
use crate::watch::Watches;
use crate::zone::{Bias, Zones};
use rustix::fs::OFlags;
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Change, FileId, Happened};

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
    /// What others may see of it: as a row of a list, and what follows it there.
    fn row(&self) -> Vec<u8>;
    /// Has the host end it, with a code that is told later.
    fn strike(&self, code: u32);
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
    /// Sections of files.
    pub mappings: Mappings,
    /// What is locked in place of files that are only read.
    pub shadows: Shadows,
    /// Who opens files of the host, and who makes them.
    pub turns: Turns,
    /// Held while a stream is changed.
    pub streams: Mutex<()>,
    /// Folders that programs watch.
    pub watches: Watches,
    /// Named pipes.
    pub pipes: Pipes,
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
    berths: Berths,
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
            mappings: Mappings::default(),
            shadows: Shadows::default(),
            turns: Turns::default(),
            streams: Mutex::default(),
            watches: Watches::default(),
            pipes: Pipes::default(),
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
            berths: Berths::default(),
        })
    }

    /// A number for a process that is about to begin; `None` where there are too many.
    pub fn berth(&self) -> Option<Berth> {
        self.berths.take(|id| self.dispatcher.knows(id))
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

    /// The processes that are there, in the order of their numbers, behind one.
    pub fn processes(&self, after: u32) -> Vec<(u32, Arc<dyn Member>)> {
        let mut all: Vec<_> = lock(&self.processes).iter().filter(|(id, _)| **id > after).map(|(id, process)| (*id, Arc::clone(process))).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
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
                // It ends by being dropped.
                Object::Mapping(_) => {}
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
        if let Some(end) = &object.pipe {
            self.pipes.close(end);
        }
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
        for Removal { path, inside, folder } in removals {
            let Some(inside) = inside else { continue };
            let done = inside.volume.remove(&inside.path, folder, id);
            if done.is_ok() {
                self.watches.own.happened(&path, folder, Happened::Deleted);
            }
            let code = done.err().unwrap_or(0) as u32;
            let outcome = if code == 0 { Outcome::Ok } else { Outcome::Error };
            self.log.note(Kind::Change, Trust::Evidence, outcome, &path.display(), Event { code, ..Event::default() });
        }
    }
}
