//! The lock that `ntdll` uses inside: one word, a wait on its address when it is held.

use crate::address;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
const HELD: u32 = 1;
const CONTENDED: u32 = 2;

/// How often a thread looks again before it sleeps.
const SPINS: u32 = 100;

/// A lock without an owner.
#[repr(transparent)]
#[derive(Debug, Default)]
pub struct RawLock(AtomicU32);

impl RawLock {
    /// A free lock.
    pub const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    /// Takes the lock if nobody has it.
    #[inline(always)]
    pub fn try_lock(&self) -> bool {
        self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock.
    #[inline(always)]
    pub fn lock(&self) {
        if !self.try_lock() {
            self.lock_slowly();
        }
    }

    #[cold]
    fn lock_slowly(&self) {
        for _ in 0..SPINS {
            if self.0.load(Ordering::Relaxed) == FREE && self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return;
            }
            core::hint::spin_loop();
        }
        while self.0.swap(CONTENDED, Ordering::Acquire) != FREE {
            address::wait(&self.0, CONTENDED, None);
        }
    }

    /// Gives the lock back.
    #[inline(always)]
    pub fn unlock(&self) {
        if self.0.swap(FREE, Ordering::Release) == CONTENDED {
            address::wake(&self.0, false);
        }
    }
}

/// A lock that its owner can take again.
#[derive(Debug, Default)]
pub struct OwnedLock {
    lock: RawLock,
    owner: AtomicU32,
    /// How often the owner has taken it again; the owner's alone.
    depth: AtomicU32,
}

impl OwnedLock {
    /// A free lock.
    pub const fn new() -> Self {
        Self { lock: RawLock::new(), owner: AtomicU32::new(0), depth: AtomicU32::new(0) }
    }

    /// Takes the lock.
    #[inline(always)]
    pub fn lock(&self) {
        let me = guest::teb::thread_id();
        if self.lock.try_lock() {
            self.owner.store(me, Ordering::Relaxed);
        } else if self.owner.load(Ordering::Relaxed) == me {
            self.depth.store(self.depth.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            self.lock.lock_slowly();
            self.owner.store(me, Ordering::Relaxed);
        }
    }

    /// Gives the lock back once, if the calling thread has it.
    pub fn unlock_own(&self) -> bool {
        let own = self.owner.load(Ordering::Relaxed) == guest::teb::thread_id();
        if own {
            self.unlock();
        }
        own
    }

    /// Gives the lock back once.
    #[inline(always)]
    pub fn unlock(&self) {
        let depth = self.depth.load(Ordering::Relaxed);
        if depth > 0 {
            self.depth.store(depth - 1, Ordering::Relaxed);
        } else {
            self.owner.store(0, Ordering::Relaxed);
            self.lock.unlock();
        }
    }
}

/// A value behind a lock.
#[derive(Debug, Default)]
pub struct Mutex<T> {
    lock: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: only the holder of the lock reaches the value.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A value behind a free lock.
    pub const fn new(value: T) -> Self {
        Self { lock: RawLock::new(), value: UnsafeCell::new(value) }
    }

    /// Takes the lock.
    pub fn lock(&self) -> Guard<'_, T> {
        self.lock.lock();
        Guard(self)
    }
}

/// The holder's way to the value.
#[derive(Debug)]
pub struct Guard<'a, T>(&'a Mutex<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.lock.unlock();
    }
}
