//! The runtime's locks, by the numbers that programs pass to `_lock`.

use super::nt::{RtlEnterCriticalSection, RtlInitializeCriticalSection, RtlLeaveCriticalSection, RtlTryEnterCriticalSection};
use core::cell::UnsafeCell;
use guest::shim;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

pub const SIGNAL: usize = 0;
pub const STREAMS: usize = 1;
pub const HEAP: usize = 4;
pub const TIME: usize = 6;
pub const ENVIRONMENT: usize = 7;
pub const EXIT: usize = 8;
pub const DESCRIPTORS: usize = 11;
pub const LOCALE: usize = 12;
/// The first of the locks of the streams in `_iob`.
pub const STREAM: usize = 16;
/// The streams in `_iob`; each has its own lock.
pub const IOB_ENTRIES: usize = 20;
const COUNT: usize = STREAM + IOB_ENTRIES;

struct Sections(UnsafeCell<[CRITICAL_SECTION; COUNT]>);

// SAFETY: critical sections are made for several threads.
unsafe impl Sync for Sections {}

// SAFETY: plain data, for which zero is a value; `start` makes sections of it.
static SECTIONS: Sections = Sections(UnsafeCell::new(unsafe { core::mem::zeroed() }));

fn section(lock: usize) -> *mut CRITICAL_SECTION {
    SECTIONS.0.get().cast::<CRITICAL_SECTION>().wrapping_add(lock.min(COUNT - 1))
}

/// Makes the locks.
pub fn start() {
    for lock in 0..COUNT {
        // SAFETY: it lies in the table, and nobody uses it yet.
        unsafe { RtlInitializeCriticalSection(section(lock)) };
    }
}

/// A lock that is held.
pub struct Held(*mut CRITICAL_SECTION);

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it was entered.
        unsafe { RtlLeaveCriticalSection(self.0) };
    }
}

/// Takes one of the runtime's locks.
#[inline]
pub fn hold(lock: usize) -> Held {
    // SAFETY: it lies in the table.
    unsafe { hold_section(section(lock)) }
}

/// Takes a critical section.
///
/// # Safety
/// It is one.
#[inline]
pub unsafe fn hold_section(section: *mut CRITICAL_SECTION) -> Held {
    // SAFETY: as the caller promises.
    unsafe { RtlEnterCriticalSection(section) };
    Held(section)
}

/// Takes a critical section, if nobody else has it.
///
/// # Safety
/// It is one.
pub unsafe fn try_section(section: *mut CRITICAL_SECTION) -> Option<Held> {
    // SAFETY: as the caller promises.
    (unsafe { RtlTryEnterCriticalSection(section) } != 0).then_some(Held(section))
}

/// One of the runtime's locks as a critical section.
pub fn of(lock: usize) -> *mut CRITICAL_SECTION {
    section(lock)
}

/// A value behind one of the runtime's locks. The lock is recursive, so that what holds it may call back: nothing keeps a
/// reference into the value across a call of the program's functions.
pub struct Guarded<T> {
    lock: usize,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached with the lock alone.
unsafe impl<T> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    pub const fn new(lock: usize, value: T) -> Self {
        Self { lock, value: UnsafeCell::new(value) }
    }

    /// Runs with the lock and the value.
    pub fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        let _held = hold(self.lock);
        // SAFETY: the lock is held, and `run` is not entered again from itself.
        run(unsafe { &mut *self.value.get() })
    }
}

/// Takes one of the runtime's locks.
#[shim(ix = {msvcrt: 28}, mapping = "RtlEnterCriticalSection", risk = Functional("two threads in one place"))]
pub unsafe extern "C" fn _lock(lock: i32) {
    RtlEnterCriticalSection(section(lock as usize));
}

/// Gives one of the runtime's locks back.
#[shim(ix = {msvcrt: 29}, mapping = "RtlLeaveCriticalSection", risk = Functional("a thread that waits for ever"))]
pub unsafe extern "C" fn _unlock(lock: i32) {
    RtlLeaveCriticalSection(section(lock as usize));
}

/// Takes the lock of the locales.
#[shim(ix = {ucrtbase: 139}, mapping = "RtlEnterCriticalSection", risk = Functional("two threads in one place"))]
pub unsafe extern "C" fn _lock_locales() {
    RtlEnterCriticalSection(section(LOCALE));
}

/// Gives the lock of the locales back.
#[shim(ix = {ucrtbase: 140}, mapping = "RtlLeaveCriticalSection", risk = Functional("a thread that waits for ever"))]
pub unsafe extern "C" fn _unlock_locales() {
    RtlLeaveCriticalSection(section(LOCALE));
}
