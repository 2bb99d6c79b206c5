//! A value behind a lock.

use crate::nt::{RtlAcquireSRWLockExclusive, RtlReleaseSRWLockExclusive};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;

/// A value that one thread at a time reaches.
pub struct Lock<T> {
    word: UnsafeCell<*mut c_void>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached under the lock alone.
unsafe impl<T: Send> Send for Lock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A lock that is free.
    pub const fn new(value: T) -> Self {
        Self { word: UnsafeCell::new(null_mut()), value: UnsafeCell::new(value) }
    }

    /// Works on the value.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: an SRW lock is one word, and zero when it is free.
        unsafe { RtlAcquireSRWLockExclusive(self.word.get().cast()) };
        // SAFETY: under the lock.
        let done = work(unsafe { &mut *self.value.get() });
        // SAFETY: taken above.
        unsafe { RtlReleaseSRWLockExclusive(self.word.get().cast()) };
        done
    }
}
