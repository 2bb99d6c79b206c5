//! Locks on ranges of bytes. They hold between the file objects of this process; a read or write that meets another's lock fails.

use super::FileObject;
use super::completion::Notice;
use crate::object::{Body, Object};
use crate::serve::Answer;
use crate::time::Deadline;
use crate::waiting;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_CANCELLED, STATUS_FILE_LOCK_CONFLICT, STATUS_INSUFFICIENT_RESOURCES, STATUS_IO_DEVICE_ERROR, STATUS_LOCK_NOT_GRANTED,
    STATUS_PENDING, STATUS_RANGE_NOT_LOCKED, STATUS_SUCCESS,
};

/// A file's identity on the host.
type Identity = (u64, u64);

/// A range, and whose lock it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lock {
    /// The file object's address.
    owner: usize,
    start: u64,
    length: u64,
    exclusive: bool,
}

impl Lock {
    fn overlaps(&self, start: u64, length: u64) -> bool {
        let end = |start: u64, length: u64| u128::from(start) + u128::from(length);
        self.length > 0 && length > 0 && u128::from(self.start) < end(start, length) && u128::from(start) < end(self.start, self.length)
    }

    /// Whether another lock may not be there beside this one.
    fn excludes(&self, other: &Self) -> bool {
        let both = other.exclusive || self.exclusive && self.owner != other.owner;
        both && self.overlaps(other.start, other.length)
    }
}

/// Who waits for a lock.
#[derive(Debug)]
struct Waiting {
    lock: Lock,
    grant: Grant,
}

/// How it is told.
#[derive(Debug)]
enum Grant {
    /// Its request pends.
    Request(Arc<FileObject>, Notice),
    /// Its thread waits for this event.
    Thread(Arc<Object>),
}

/// One file's locks.
#[derive(Debug, Default)]
struct Locks {
    held: Vec<Lock>,
    waiting: Vec<Waiting>,
}

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
    let facts = rustix::fs::fstat(object.descriptor()?).map_err(|_| STATUS_IO_DEVICE_ERROR)?;
    Ok((facts.st_dev, facts.st_ino))
}

impl Locks {
    fn is_free(&self, lock: &Lock) -> bool {
        !self.held.iter().any(|held| held.excludes(lock))
    }

    /// Grants what has become free, in the order in which it was asked for; answers whom to tell.
    fn grant(&mut self) -> Vec<Grant> {
        let mut granted = Vec::new();
        let mut index = 0;
        while let Some(waiting) = self.waiting.get(index) {
            if self.is_free(&waiting.lock) {
                let Waiting { lock, grant } = self.waiting.remove(index);
                self.held.push(lock);
                granted.push(grant);
            } else {
                index += 1;
            }
        }
        granted
    }
}

fn tell(granted: Vec<Grant>) {
    for grant in granted {
        match grant {
            Grant::Request(object, notice) => notice.tell(&object.completion, STATUS_SUCCESS, 0),
            Grant::Thread(event) => drop(event.set().ok()),
        }
    }
}

/// Refuses a read or write that meets a lock.
pub fn check(object: &FileObject, start: u64, length: u64, write: bool) -> Answer {
    if !USED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let (identity, me) = (identity(object)?, address(object));
    // Who holds a shared lock may not write there either.
    let meets = |lock: &Lock| lock.overlaps(start, length) && if lock.exclusive { lock.owner != me } else { write };
    let met = locks().get(&identity).is_some_and(|locks| locks.held.iter().any(meets));
    if met { Err(STATUS_FILE_LOCK_CONFLICT) } else { Ok(()) }
}

/// Lets go of everything that a file object locked or waits for: it is closed.
pub fn forget(object: &FileObject) {
    if !USED.load(Ordering::Relaxed) {
        return;
    }
    let me = address(object);
    let (mut granted, mut cancelled) = (Vec::new(), Vec::new());
    locks().retain(|_, locks| {
        locks.held.retain(|lock| lock.owner != me);
        cancelled.extend(locks.waiting.extract_if(.., |waiting| waiting.lock.owner == me));
        granted.extend(locks.grant());
        !locks.held.is_empty() || !locks.waiting.is_empty()
    });
    tell(granted);
    cancel_all(cancelled);
}

fn cancel_all(cancelled: Vec<Waiting>) {
    for waiting in cancelled {
        match waiting.grant {
            Grant::Request(object, notice) => notice.tell(&object.completion, STATUS_CANCELLED, 0),
            Grant::Thread(event) => drop(event.set().ok()),
        }
    }
}

/// Takes back the waits of a file object that `which` picks; answers how many there were.
pub fn cancel(object: &FileObject, which: impl Fn(&Notice) -> bool) -> usize {
    if !USED.load(Ordering::Relaxed) {
        return 0;
    }
    let me = address(object);
    let picks = |waiting: &mut Waiting| waiting.lock.owner == me && matches!(&waiting.grant, Grant::Request(_, notice) if which(notice));
    let cancelled: Vec<_> = locks().values_mut().flat_map(|locks| locks.waiting.extract_if(.., picks).collect::<Vec<_>>()).collect();
    let count = cancelled.len();
    cancel_all(cancelled);
    count
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
    let outcome = if locks.is_free(&lock) {
        locks.held.push(lock);
        Ok(())
    } else if request.at_once {
        Err(STATUS_LOCK_NOT_GRANTED)
    } else if object.is_synchronous() {
        let event = Object::new(Body::Event { manual: true }, 0).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        locks.waiting.push(Waiting { lock, grant: Grant::Thread(Arc::clone(&event)) });
        drop(all);
        waiting::wait(vec![event], false, false, Deadline::Never);
        Ok(())
    } else {
        locks.waiting.push(Waiting { lock, grant: Grant::Request(Arc::clone(object), notice) });
        return Err(STATUS_PENDING);
    };
    notice.tell_at_once(&object.completion, outcome, 0)
}

/// Unlocks a range that was locked as it is.
pub fn unlock(object: &FileObject, start: u64, length: u64) -> Answer {
    let (identity, me) = (identity(object)?, address(object));
    let mut all = locks();
    let locks = all.get_mut(&identity).ok_or(STATUS_RANGE_NOT_LOCKED)?;
    let is = |lock: &Lock| lock.owner == me && lock.start == start && lock.length == length;
    // Where a range is locked in both ways, the exclusive lock goes first.
    let found = locks.held.iter().position(|lock| is(lock) && lock.exclusive).or_else(|| locks.held.iter().position(is));
    locks.held.remove(found.ok_or(STATUS_RANGE_NOT_LOCKED)?);
    let granted = locks.grant();
    drop(all);
    tell(granted);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(owner: usize, start: u64, length: u64, exclusive: bool) -> Lock {
        Lock { owner, start, length, exclusive }
    }

    #[test]
    fn ranges_overlap_where_they_have_a_byte_in_common() {
        let held = lock(1, 10, 10, true);
        let rows = [(0, 10, false), (0, 11, true), (19, 1, true), (20, 5, false), (15, 0, false), (0, u64::MAX, true), (u64::MAX, u64::MAX, false)];
        for (start, length, overlaps) in rows {
            assert_eq!(held.overlaps(start, length), overlaps, "{start} {length}");
        }
        assert!(lock(1, u64::MAX, 2, true).overlaps(u64::MAX, 1));
    }

    #[test]
    fn shared_locks_bear_each_other_and_their_owners_exclusive_one() {
        let (shared, exclusive) = (lock(1, 0, 4, false), lock(1, 0, 4, true));
        assert!(!shared.excludes(&lock(2, 0, 4, false)));
        assert!(shared.excludes(&lock(2, 0, 4, true)));
        assert!(shared.excludes(&lock(1, 0, 4, true)));
        assert!(exclusive.excludes(&lock(2, 0, 4, false)));
        assert!(!exclusive.excludes(&lock(1, 0, 4, false)));
        assert!(exclusive.excludes(&lock(1, 0, 4, true)));
    }
}
