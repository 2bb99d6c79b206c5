//! Locks on ranges of bytes. Between the file objects of this process they hold by Windows' rules: a read or write that meets
//! another's lock fails. Other processes see them as the host's own locks, and theirs are seen here.

mod host;
mod range;
mod retry;

use super::FileObject;
use super::completion::Notice;
use crate::object::{Body, Object};
use crate::serve::Answer;
use crate::thread;
use crate::time::Deadline;
use crate::waiting;
use range::Lock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_CANCELLED, STATUS_FILE_LOCK_CONFLICT, STATUS_INSUFFICIENT_RESOURCES, STATUS_IO_DEVICE_ERROR, STATUS_LOCK_NOT_GRANTED,
    STATUS_PENDING, STATUS_RANGE_NOT_LOCKED, STATUS_SUCCESS,
};

/// A file's identity on the host.
pub type Identity = (u64, u64);

/// Who waits for a lock.
#[derive(Debug)]
struct Waiting {
    lock: Lock,
    object: Arc<FileObject>,
    grant: Grant,
    /// Another process is before it.
    foreign: bool,
}

/// How it is told.
#[derive(Debug)]
enum Grant {
    /// Its request pends.
    Request(Notice),
    /// Its thread waits for this event, in the call with this status block.
    Thread { event: Arc<Object>, thread: u32, block: u64 },
}

/// One file's locks.
#[derive(Debug, Default)]
struct Locks {
    held: Vec<Lock>,
    waiting: Vec<Waiting>,
}

/// Held while the broker is asked for a lock: what it grants stands here before anybody looks.
static LOCKS: LazyLock<Mutex<HashMap<Identity, Locks>>> = LazyLock::new(Mutex::default);
/// Whether there ever was a lock: most processes lock nothing, and their reads look no further.
static USED: AtomicBool = AtomicBool::new(false);

fn locks() -> MutexGuard<'static, HashMap<Identity, Locks>> {
    LOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(object: &FileObject) -> usize {
    std::ptr::from_ref(object) as usize
}

fn identity(object: &FileObject) -> Result<Identity, NTSTATUS> {
    if let Some(identity) = object.identity.get() {
        return Ok(*identity);
    }
    let facts = rustix::fs::fstat(object.descriptor()?).map_err(|_| STATUS_IO_DEVICE_ERROR)?;
    Ok(*object.identity.get_or_init(|| (facts.st_dev, facts.st_ino)))
}

impl Locks {
    /// Takes a lock; false where another one is there.
    fn take(&mut self, object: &FileObject, lock: Lock) -> Result<Taken, NTSTATUS> {
        if self.held.iter().any(|held| held.excludes(&lock)) {
            return Ok(Taken::Met);
        }
        if !host::lock(object, &lock, &self.of(lock.owner))? {
            return Ok(Taken::Foreign);
        }
        self.held.push(lock);
        Ok(Taken::Yes)
    }

    /// What a file object holds.
    fn of(&self, owner: usize) -> Vec<Lock> {
        self.held.iter().filter(|held| held.owner == owner).copied().collect()
    }

    /// Grants what has become free, in the order in which it was asked for; answers whom to tell.
    fn grant(&mut self) -> Vec<(Waiting, NTSTATUS)> {
        let mut granted = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            match self.take(&waiting.object, waiting.lock) {
                Ok(Taken::Yes) => granted.push((waiting, STATUS_SUCCESS)),
                Ok(taken) => {
                    waiting.foreign = taken == Taken::Foreign;
                    if waiting.foreign {
                        // Without a thread there is the next unlocking here.
                        let _ = retry::start();
                    }
                    self.waiting.push(waiting);
                }
                Err(status) => granted.push((waiting, status)),
            }
        }
        granted
    }
}

/// What came of the wish to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Yes,
    /// A file object of this process is before it.
    Met,
    /// Another process is.
    Foreign,
}

fn tell(told: impl IntoIterator<Item = (Waiting, NTSTATUS)>) {
    for (Waiting { object, grant, .. }, status) in told {
        match grant {
            Grant::Request(notice) => notice.tell(&object.completion, status, 0),
            Grant::Thread { event, .. } => drop(event.set().ok()),
        }
    }
}

/// Tries again what waits for other processes; answers whether something still does.
fn try_again() -> bool {
    let mut all = locks();
    let granted: Vec<_> = all.values_mut().filter(|locks| locks.waiting.iter().any(|waiting| waiting.foreign)).flat_map(Locks::grant).collect();
    let left = all.values().flat_map(|locks| &locks.waiting).any(|waiting| waiting.foreign);
    drop(all);
    tell(granted);
    left
}

/// Refuses a read or write that meets a lock.
pub fn check(object: &FileObject, start: u64, length: u64, write: bool) -> Answer {
    if !USED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let (identity, me) = (identity(object)?, address(object));
    // Who holds a shared lock may not write there either.
    let meets = |lock: &Lock| lock.overlaps(start, length) && if lock.exclusive { lock.owner != me } else { write };
    // Of other processes' locks ask those alone who lock the file themselves.
    let met = match locks().get(&identity) {
        None => return Ok(()),
        Some(locks) => locks.held.iter().any(meets),
    };
    if met || host::meets(object, start, length, write) { Err(STATUS_FILE_LOCK_CONFLICT) } else { Ok(()) }
}

/// Lets go of everything that a file object locked or waits for: it is closed.
pub fn forget(object: &FileObject, handle: u32) {
    if !USED.load(Ordering::Relaxed) {
        return;
    }
    let me = address(object);
    let (mut granted, mut cancelled) = (Vec::new(), Vec::new());
    locks().retain(|_, locks| {
        let before = locks.held.len();
        locks.held.retain(|lock| lock.owner != me);
        if locks.held.len() < before {
            // The broker may hold the descriptor a little longer.
            host::unlock_all(object, handle);
        }
        cancelled.extend(locks.waiting.extract_if(.., |waiting| waiting.lock.owner == me));
        granted.extend(locks.grant());
        !locks.held.is_empty() || !locks.waiting.is_empty()
    });
    tell(granted);
    tell(cancelled.into_iter().map(|waiting| (waiting, STATUS_CANCELLED)));
}

/// Takes back the waits that `which` picks; answers how many there were.
fn cancel_those(which: impl Fn(&Waiting) -> bool) -> usize {
    if !USED.load(Ordering::Relaxed) {
        return 0;
    }
    let picks = |waiting: &mut Waiting| which(waiting);
    let cancelled: Vec<_> = locks().values_mut().flat_map(|locks| locks.waiting.extract_if(.., picks).collect::<Vec<_>>()).collect();
    let count = cancelled.len();
    tell(cancelled.into_iter().map(|waiting| (waiting, STATUS_CANCELLED)));
    count
}

/// Takes back the requests of a file object that `which` picks; answers how many there were.
pub fn cancel(object: &FileObject, which: impl Fn(&Notice) -> bool) -> usize {
    let me = address(object);
    cancel_those(|waiting| waiting.lock.owner == me && matches!(&waiting.grant, Grant::Request(notice) if which(notice)))
}

/// Takes back the lock that a thread waits for; false where it waits for none.
pub fn cancel_thread(number: u32, call: u64) -> bool {
    cancel_those(|waiting| matches!(waiting.grant, Grant::Thread { thread, block, .. } if thread == number && (call == 0 || call == block))) > 0
}

/// Takes back the locks that threads wait for in calls on a file object; false where there are none.
pub fn cancel_file(object: &FileObject, call: u64) -> bool {
    let me = address(object);
    let is = |waiting: &Waiting| matches!(waiting.grant, Grant::Thread { block, .. } if call == 0 || call == block);
    cancel_those(|waiting| waiting.lock.owner == me && is(waiting)) > 0
}

/// What is asked of a lock.
pub struct Request {
    /// Its first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Nobody else may read there.
    pub exclusive: bool,
    /// It is had at once, or not at all.
    pub at_once: bool,
}

/// Locks a range: at once, or when it becomes free. The calling thread waits for that where the file is synchronous; else
/// the request pends, and `notice` is told.
pub fn lock(object: &Arc<FileObject>, request: &Request, notice: Notice) -> Answer {
    let identity = identity(object)?;
    let lock = Lock { owner: address(object), start: request.start, length: request.length, exclusive: request.exclusive };
    notice.begin(&object.completion)?;
    USED.store(true, Ordering::Relaxed);
    let mut all = locks();
    let locks = all.entry(identity).or_default();
    let outcome = match locks.take(object, lock) {
        Ok(Taken::Yes) => Ok(()),
        Ok(_) if request.at_once => Err(STATUS_LOCK_NOT_GRANTED),
        Ok(taken) => {
            let foreign = taken == Taken::Foreign;
            if foreign {
                retry::start()?;
            }
            let object = Arc::clone(object);
            if !object.is_synchronous() {
                locks.waiting.push(Waiting { lock, object, grant: Grant::Request(notice), foreign });
                return Err(STATUS_PENDING);
            }
            let event = Object::new(Body::Event { manual: true }, 0).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
            let grant = Grant::Thread { event: Arc::clone(&event), thread: thread::current().id, block: notice.block };
            locks.waiting.push(Waiting { lock, object, grant, foreign });
            drop(all);
            wait(event, identity, &lock)
        }
        Err(status) => Err(status),
    };
    notice.tell_at_once(&object.completion, outcome, 0)
}

/// Waits for a lock in the calling thread.
fn wait(event: Arc<Object>, identity: Identity, lock: &Lock) -> Answer {
    waiting::wait(vec![Arc::clone(&event)], false, false, Deadline::Never);
    let mut all = locks();
    let Some(locks) = all.get_mut(&identity) else { return Err(STATUS_CANCELLED) };
    // Where the thread was ended before the lock was had, it is not to be had any more.
    locks.waiting.retain(|waiting| !matches!(&waiting.grant, Grant::Thread { event: other, .. } if Arc::ptr_eq(other, &event)));
    if locks.held.contains(lock) { Ok(()) } else { Err(STATUS_CANCELLED) }
}

/// Unlocks a range that was locked as it is.
pub fn unlock(object: &FileObject, start: u64, length: u64) -> Answer {
    let (identity, me) = (identity(object)?, address(object));
    let mut all = locks();
    let locks = all.get_mut(&identity).ok_or(STATUS_RANGE_NOT_LOCKED)?;
    let is = |lock: &Lock| lock.owner == me && lock.start == start && lock.length == length;
    // Where a range is locked in both ways, the exclusive lock goes first.
    let found = locks.held.iter().position(|lock| is(lock) && lock.exclusive).or_else(|| locks.held.iter().position(is));
    let gone = locks.held.remove(found.ok_or(STATUS_RANGE_NOT_LOCKED)?);
    host::unlock(object, &gone, &locks.of(me));
    let granted = locks.grant();
    drop(all);
    tell(granted);
    Ok(())
}
