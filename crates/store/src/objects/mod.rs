//! A volume of objects: `C:` of a sandbox.
//!
//! A name points to an object. What is published is immutable, is found by its Blake3 hash, and is signed; its descriptor is handed
//! out as it is. What is written is a staged file, which everybody who opens the name shares, and which is published some time after
//! its last close. Names live in memory; each change of one is a record in a journal before the call returns.

mod check;
mod content;
mod disk;
mod finding;
mod fold;
mod import;
mod load;
mod node;
mod open;
mod publish;
mod queue;
mod record;
pub mod section;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod view;
mod volume;

pub use crate::journal::certificate::Certificate;
pub use crate::journal::header::{Hash, Header, right};
pub use content::copy_all as copy_content;
pub(crate) use finding::of_read;
pub use finding::{Finding, Report, Wrong};
pub use load::OpenError;
pub use view::{Amount, Listed, Version, View};

use crate::error::status;
use crate::journal::{log, principal};
use disk::Disk;
pub(crate) use load::now;
use load::{index_name, journal_name, load};
use log::Head;
use principal::Principal;
use queue::Queue;
use record::Record;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open as host_open};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path as HostPath;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tree::Tree;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DISK_FULL, STATUS_QUOTA_EXCEEDED};

/// What only the kernel knows of a file: who has it open. What it cannot tell counts as open.
pub trait Leases: Send + Sync {
    /// Nobody can write the file, by descriptor or by mapping. The descriptor given is only for reading.
    fn is_unwritten(&self, file: BorrowedFd<'_>) -> bool;
    /// Nobody else has the file open or mapped.
    fn is_unheld(&self, file: BorrowedFd<'_>) -> bool;
}

/// How much a store takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes. What is written by descriptors is only seen at the next open or publication.
    pub bytes: u64,
    /// Files and folders.
    pub objects: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 40, objects: 2 << 20 }
    }
}

/// The journal and the index of a volume.
type Log = log::Log<Record>;

/// A volume of objects.
pub struct Objects {
    core: Arc<Core>,
    publisher: Mutex<Option<JoinHandle<()>>>,
}

/// What the volume and its publisher share.
struct Core {
    disk: Disk,
    state: Mutex<State>,
    /// The publisher waits here.
    wake: Condvar,
    /// Who signs; nobody where the volume does not outlive its sandbox.
    principal: Option<Principal>,
    leases: Box<dyn Leases>,
    limits: Limits,
    device: u64,
}

struct State {
    tree: Tree,
    /// What was done is written down here, where the volume outlives its sandbox.
    journal: Option<Log>,
    generation: u64,
    queue: Queue,
    /// Which file first had a blob of each hash open since this volume was opened.
    given: std::collections::HashMap<Hash, u64>,
    /// Staged files below this number may stand in a journal that is on the disk: they are deleted with the next index.
    synced: u64,
    /// Staged files that are being filled, and have no name yet.
    filling: std::collections::HashSet<u64>,
    /// The store's own name is on the disk.
    placed: bool,
    /// First bytes of the hashes of blobs whose names may not be on the disk yet.
    fresh: std::collections::BTreeSet<u8>,
    /// Bytes of the pool that nothing tells of.
    garbage: u64,
    /// With how much of it the room is looked at again.
    garbage_looked_at: u64,
    /// A journal that could not be folded is not tried again before it is so long.
    fold_again_at: u64,
    /// What was found damaged when the volume was opened.
    damage: Vec<Finding>,
}

impl Core {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the volume outlives its sandbox.
    fn persists(&self) -> bool {
        self.principal.is_some()
    }

    /// Writes changes down, then does them.
    fn commit(&self, state: &mut State, records: Vec<Record>) -> Result<(), NTSTATUS> {
        // Whoever has a file open whose name has gone may change it, and nobody else ever hears of that.
        let (told, untold): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| !state.tree.is_nameless(record));
        if let Some(journal) = state.journal.as_mut().filter(|_| !told.is_empty()) {
            journal.append(&told).map_err(status)?;
        }
        for record in told.into_iter().chain(untold) {
            state.tree.apply(record);
        }
        self.bury(state);
        self.fold_if_endless(state);
        Ok(())
    }

    /// Deletes what nothing tells of. What a journal on the disk may still tell of waits for the next index.
    fn bury(&self, state: &mut State) {
        for number in std::mem::take(&mut state.tree.dead_staged) {
            if !self.persists() || number >= state.synced {
                self.disk.remove_staged(number);
            } else {
                state.garbage += self.disk.staged_facts(number).map_or(0, |facts| facts.size);
            }
        }
        state.garbage += state.tree.dead_blobs.drain(..).map(|(_, size)| size).sum::<u64>();
        self.collect_if_short(state);
    }

    /// Whether one more object fits.
    fn check_objects(&self, state: &State) -> Result<(), NTSTATUS> {
        if state.tree.usage.objects < self.limits.objects { Ok(()) } else { Err(STATUS_QUOTA_EXCEEDED) }
    }

    /// Whether more bytes fit.
    fn check_bytes(&self, state: &State, more: u64) -> Result<(), NTSTATUS> {
        if state.tree.usage.bytes.saturating_add(more) < self.limits.bytes { Ok(()) } else { Err(STATUS_DISK_FULL) }
    }
}

/// What a new volume is called.
fn new_device() -> u64 {
    let mut bytes = [0; 8];
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    // No device of the host has such a number.
    u64::from_le_bytes(bytes) | 1 << 63
}

impl Objects {
    /// Opens a sandbox's volume that outlives it, in a folder of its own; makes it where there is none.
    pub fn open(folder: &HostPath, principal: Principal, leases: Box<dyn Leases>, limits: Limits) -> Result<Self, OpenError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        // The lock goes with the descriptor, whatever ends this process.
        let root = host_open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match flock(&root, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(OpenError::InUse),
            done => done?,
        }
        let disk = Disk::open(root, true)?;
        let loaded = load(&disk)?;
        let device = loaded.device.unwrap_or_else(new_device);
        let journal = match loaded.journal {
            Some((file, read)) => Log::go_on(file, &read)?,
            None => Log::make(disk.root.as_fd(), &journal_name(loaded.generation), Head { generation: loaded.generation, device })?,
        };
        // What an earlier run has staged may stand in a journal that is on the disk.
        let synced = loaded.tree.next_staged;
        let journalled = |node: &tree::Node| match &node.content {
            tree::Content::Published(published) if published.staged != 0 => Some(published.header.hash.0[0]),
            _ => None,
        };
        let fresh = loaded.tree.nodes.values().filter_map(journalled).collect();
        let state = State { fresh, damage: loaded.damage, generation: loaded.generation, synced, ..State::new(loaded.tree, Some(journal)) };
        let objects = Self::new(disk, state, (Some(principal), leases), limits, device);
        objects.core.resume();
        objects.core.collect_left(&mut objects.core.state());
        Ok(objects)
    }

    /// Opens a volume in a folder that goes with its sandbox: nobody can ever see it again, so nothing is hashed, signed or
    /// written down.
    pub fn temporary(folder: &HostPath, leases: Box<dyn Leases>, limits: Limits) -> Result<Self, OpenError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let root = host_open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let disk = Disk::open(root, true)?;
        let state = State::new(Tree::new(now()), None);
        Ok(Self::new(disk, state, (None, leases), limits, new_device()))
    }

    fn new(disk: Disk, state: State, (principal, leases): (Option<Principal>, Box<dyn Leases>), limits: Limits, device: u64) -> Self {
        let core = Core { disk, state: Mutex::new(state), wake: Condvar::new(), principal, leases, limits, device };
        Self { core: Arc::new(core), publisher: Mutex::new(None) }
    }

    /// What was found damaged when the store was opened.
    pub fn damage(&self) -> Vec<Finding> {
        self.core.state().damage.clone()
    }

    /// Publishes everything that is left, and writes a new index where the journal has grown long. Nobody uses the volume any more.
    pub fn finish(&self) {
        if !self.core.persists() {
            return;
        }
        self.stop();
        self.core.publish_all();
        self.core.fold_if_long();
    }

    /// Ends the publisher's thread.
    fn stop(&self) {
        self.core.state().queue.ends = true;
        self.core.wake.notify_all();
        if let Some(publisher) = self.publisher.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = publisher.join();
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    /// Whether records were found damaged when the volume was opened.
    fn is_damaged(&self) -> bool {
        !self.damage.iter().all(Finding::is_harmless)
    }

    fn new(tree: Tree, journal: Option<Log>) -> Self {
        Self {
            tree,
            journal,
            generation: 0,
            queue: Queue::default(),
            given: std::collections::HashMap::new(),
            synced: 0,
            placed: false,
            fresh: std::collections::BTreeSet::new(),
            garbage: 0,
            garbage_looked_at: fold::GARBAGE_STEP,
            fold_again_at: 0,
            damage: Vec::new(),
            filling: std::collections::HashSet::new(),
        }
    }
}
