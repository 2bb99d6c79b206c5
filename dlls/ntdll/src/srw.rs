//! Slim reader/writer locks and condition variables: one word each.
//!
//! A lock's word: bit 0 is the writer, bit 1 says that somebody sleeps, the rest counts readers.

use crate::address;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_SUCCESS, STATUS_TIMEOUT};
use windows_sys::Win32::System::Threading::{CONDITION_VARIABLE_LOCKMODE_SHARED, CRITICAL_SECTION};

const WRITER: u32 = 1;
const SLEEPERS: u32 = 2;
const READER: u32 = 4;
const SPINS: u32 = 100;

/// The word of a lock or variable: its lower 32 bits.
fn word<'a>(at: *mut c_void) -> &'a AtomicU32 {
    // SAFETY: the caller's lock or variable, which only these functions touch.
    unsafe { AtomicU32::from_ptr(at.cast()) }
}

fn try_exclusive(word: &AtomicU32) -> bool {
    let now = word.load(Ordering::Relaxed);
    now & !SLEEPERS == 0 && word.compare_exchange(now, now | WRITER, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

fn try_shared(word: &AtomicU32) -> bool {
    let now = word.load(Ordering::Relaxed);
    // Readers do not overtake a sleeping writer.
    now & (WRITER | SLEEPERS) == 0 && word.compare_exchange(now, now + READER, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

fn attempt(word: &AtomicU32, held: u32) -> bool {
    if held == READER { try_shared(word) } else { try_exclusive(word) }
}

#[cold]
fn acquire(word: &AtomicU32, held: u32) {
    for _ in 0..SPINS {
        if attempt(word, held) {
            return;
        }
        core::hint::spin_loop();
    }
    loop {
        let now = word.load(Ordering::Relaxed);
        if now & !SLEEPERS == 0 {
            // Free, whatever the sleepers' bit says: whoever slept is woken at the next release.
            if word.compare_exchange(now, now | held, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return;
            }
            continue;
        }
        if attempt(word, held) {
            return;
        }
        let asleep = now | SLEEPERS;
        if now == asleep || word.compare_exchange(now, asleep, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            address::wait(word, asleep, None);
        }
    }
}

fn release(word: &AtomicU32, held: u32) {
    let before = word.fetch_sub(held, Ordering::Release);
    // The last one out wakes everybody; they start over.
    if before - held == SLEEPERS && word.compare_exchange(SLEEPERS, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        address::wake(word, true);
    }
}

/// Makes a lock free.
#[shim(ix = 105, mapping = "one word", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlInitializeSRWLock(lock: *mut c_void) {
    unsafe { lock.cast::<usize>().write(0) };
}

/// Takes a lock alone.
#[shim(ix = 106, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlAcquireSRWLockExclusive(lock: *mut c_void) {
    if !try_exclusive(word(lock)) {
        acquire(word(lock), WRITER);
    }
}

/// Takes a lock together with other readers.
#[shim(ix = 107, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlAcquireSRWLockShared(lock: *mut c_void) {
    if !try_shared(word(lock)) {
        acquire(word(lock), READER);
    }
}

/// Takes a lock alone if that needs no wait.
#[shim(ix = 108, mapping = "one word", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlTryAcquireSRWLockExclusive(lock: *mut c_void) -> u8 {
    try_exclusive(word(lock)).into()
}

/// Takes a lock with other readers if that needs no wait.
#[shim(ix = 109, mapping = "one word", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlTryAcquireSRWLockShared(lock: *mut c_void) -> u8 {
    try_shared(word(lock)).into()
}

/// Gives back a lock that was taken alone.
#[shim(ix = 110, mapping = "one word and a wake-up on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlReleaseSRWLockExclusive(lock: *mut c_void) {
    release(word(lock), WRITER);
}

/// Gives back a lock that was taken with other readers.
#[shim(ix = 111, mapping = "one word and a wake-up on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlReleaseSRWLockShared(lock: *mut c_void) {
    release(word(lock), READER);
}

/// Makes a condition variable that nobody waits for.
#[shim(ix = 112, mapping = "one word", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn RtlInitializeConditionVariable(variable: *mut c_void) {
    unsafe { variable.cast::<usize>().write(0) };
}

/// Wakes one thread that sleeps on a condition variable.
#[shim(ix = 113, mapping = "one word and a wake-up on its address", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn RtlWakeConditionVariable(variable: *mut c_void) {
    word(variable).fetch_add(1, Ordering::Release);
    address::wake(word(variable), false);
}

/// Wakes every thread that sleeps on a condition variable.
#[shim(ix = 114, mapping = "one word and a wake-up on its address", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn RtlWakeAllConditionVariable(variable: *mut c_void) {
    word(variable).fetch_add(1, Ordering::Release);
    address::wake(word(variable), true);
}

/// Leaves a lock, sleeps on a condition variable, takes the lock again.
#[shim(ix = 115, mapping = "one word and a wait on its address", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn RtlSleepConditionVariableSRW(
    variable: *mut c_void,
    lock: *mut c_void,
    timeout: *const i64,
    flags: u32,
) -> Result<NtStatus, Status> {
    let held = if flags & CONDITION_VARIABLE_LOCKMODE_SHARED != 0 { READER } else { WRITER };
    let seen = word(variable).load(Ordering::Acquire);
    release(word(lock), held);
    let woken = address::wait(word(variable), seen, unsafe { timeout.as_ref() }.copied());
    if !attempt(word(lock), held) {
        acquire(word(lock), held);
    }
    Ok(NtStatus(if woken { STATUS_SUCCESS } else { STATUS_TIMEOUT }))
}

/// Leaves a critical section, sleeps on a condition variable, enters the section again.
#[shim(ix = 116, mapping = "one word and a wait on its address", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn RtlSleepConditionVariableCS(
    variable: *mut c_void,
    section: *mut CRITICAL_SECTION,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    let seen = word(variable).load(Ordering::Acquire);
    unsafe { crate::critical::leave(section) };
    let woken = address::wait(word(variable), seen, unsafe { timeout.as_ref() }.copied());
    unsafe { crate::critical::enter(section) };
    Ok(NtStatus(if woken { STATUS_SUCCESS } else { STATUS_TIMEOUT }))
}
