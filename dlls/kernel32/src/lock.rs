//! A lock around state of the whole process.

use crate::nt::{RtlAcquireSRWLockExclusive, RtlReleaseSRWLockExclusive};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;

/// A value that one thread uses at a time.
pub struct Lock<T> {
    lock: UnsafeCell<*mut c_void>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only reached with the lock held.
unsafe impl<T: Send> Send for Lock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A lock that nobody holds.
    pub const fn new(value: T) -> Self {
        Self { lock: UnsafeCell::new(null_mut()), value: UnsafeCell::new(value) }
    }

    /// Runs `work` with the value. It must not come here again, and calls nothing of the program's.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let lock = self.lock.get().cast();
        // SAFETY: the word is an SRW lock, zero at first, and lives as long as the process.
        unsafe { RtlAcquireSRWLockExclusive(lock) };
        // SAFETY: the lock is held.
        let done = work(unsafe { &mut *self.value.get() });
        // SAFETY: taken above.
        unsafe { RtlReleaseSRWLockExclusive(lock) };
        done
    }
}
