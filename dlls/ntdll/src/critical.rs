//! Critical sections.
//!
//! `LockCount` is -1 while free, 0 while held, 1 while held and waited for. (Windows' encoding of it changed twice; only
//! debuggers read it.)

use crate::address;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{HANDLE, STATUS_SUCCESS};
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

const FREE: i32 = -1;
const HELD: i32 = 0;
const CONTENDED: i32 = 1;

fn lock_count(section: *mut CRITICAL_SECTION) -> &'static AtomicI32 {
    // SAFETY: the caller's section, whose count only these functions touch.
    unsafe { AtomicI32::from_ptr(&raw mut (*section).LockCount) }
}

fn me() -> HANDLE {
    teb::thread_id() as usize as HANDLE
}

/// A free section, as statics hold it.
pub const fn new() -> CRITICAL_SECTION {
    CRITICAL_SECTION {
        DebugInfo: usize::MAX as *mut _,
        LockCount: FREE,
        RecursionCount: 0,
        OwningThread: null_mut(),
        LockSemaphore: null_mut(),
        SpinCount: 0,
    }
}

/// Makes a section free.
#[shim(ix = 3, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlInitializeCriticalSection(section: *mut CRITICAL_SECTION) -> Result<NtStatus, Status> {
    unsafe { section.write(new()) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Makes a section free, with a number of spins.
#[shim(ix = 4, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlInitializeCriticalSectionAndSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> Result<NtStatus, Status> {
    unsafe { section.write(CRITICAL_SECTION { SpinCount: (spins & 0xFF_FFFF) as usize, ..new() }) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Makes a section free, with a number of spins and flags.
#[shim(ix = 5, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlInitializeCriticalSectionEx(section: *mut CRITICAL_SECTION, spins: u32, flags: u32) -> Result<NtStatus, Status> {
    const KNOWN: u32 = 0x0F00_0000 | 0x1000_0000;
    if flags & !KNOWN != 0 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_3));
    }
    unsafe { section.write(CRITICAL_SECTION { SpinCount: (spins & 0xFF_FFFF) as usize, ..new() }) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Sets the number of spins; answers the one before.
#[shim(ix = 6, mapping = "the section's own word", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn RtlSetCriticalSectionSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> u32 {
    let before = unsafe { (*section).SpinCount };
    unsafe { (*section).SpinCount = spins as usize };
    before as u32
}

/// Lets go of what a section holds.
#[shim(ix = 7, mapping = "nothing is held", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlDeleteCriticalSection(section: *mut CRITICAL_SECTION) -> Result<NtStatus, Status> {
    unsafe { section.write(CRITICAL_SECTION { DebugInfo: null_mut(), LockCount: FREE, ..new() }) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Enters a section; its owner enters it again.
#[shim(ix = 8, mapping = "one word and a wait on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlEnterCriticalSection(section: *mut CRITICAL_SECTION) -> Result<NtStatus, Status> {
    unsafe { enter(section) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Enters a section if that needs no wait.
#[shim(ix = 9, mapping = "one word", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlTryEnterCriticalSection(section: *mut CRITICAL_SECTION) -> u32 {
    let count = lock_count(section);
    if count.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok() {
        unsafe { (*section).OwningThread = me() };
    } else if unsafe { (*section).OwningThread } != me() {
        return 0;
    }
    unsafe { (*section).RecursionCount += 1 };
    1
}

/// Leaves a section once.
#[shim(ix = 10, mapping = "one word and a wake-up on its address", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn RtlLeaveCriticalSection(section: *mut CRITICAL_SECTION) -> Result<NtStatus, Status> {
    unsafe { leave(section) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Whether the calling thread owns a section.
#[shim(ix = 11, mapping = "the section's own word", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlIsCriticalSectionLockedByThread(section: *mut CRITICAL_SECTION) -> u32 {
    unsafe { (*section).OwningThread == me() && (*section).RecursionCount > 0 }.into()
}

/// Enters a section.
///
/// # Safety
/// `section` is an initialised section.
#[inline(always)]
pub unsafe fn enter(section: *mut CRITICAL_SECTION) {
    if lock_count(section).compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok() {
        // SAFETY: the section is held.
        unsafe {
            (*section).OwningThread = me();
            (*section).RecursionCount = 1;
        }
        return;
    }
    // SAFETY: as the caller promises.
    unsafe { enter_slowly(section) };
}

#[cold]
unsafe fn enter_slowly(section: *mut CRITICAL_SECTION) {
    let count = lock_count(section);
    // SAFETY: only the owner finds itself there, and only the owner changes the recursion.
    unsafe {
        if (*section).OwningThread == me() {
            (*section).RecursionCount += 1;
            return;
        }
    }
    // SAFETY: the caller's section.
    let spins = unsafe { (*section).SpinCount }.min(100_000);
    let mut free = false;
    for _ in 0..spins {
        free = count.load(Ordering::Relaxed) == FREE && count.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if free {
            break;
        }
        core::hint::spin_loop();
    }
    if !free {
        // SAFETY: the same word, seen without a sign.
        let word = unsafe { AtomicU32::from_ptr(count.as_ptr().cast()) };
        while count.swap(CONTENDED, Ordering::Acquire) != FREE {
            address::wait(word, CONTENDED as u32, None);
        }
    }
    // SAFETY: the section is held.
    unsafe {
        (*section).OwningThread = me();
        (*section).RecursionCount = 1;
    }
}

/// Leaves a section.
///
/// # Safety
/// `section` is a section that the calling thread has entered.
#[inline(always)]
pub unsafe fn leave(section: *mut CRITICAL_SECTION) {
    // SAFETY: the section is held.
    unsafe {
        (*section).RecursionCount -= 1;
        if (*section).RecursionCount > 0 {
            return;
        }
        (*section).OwningThread = null_mut();
    }
    let count = lock_count(section);
    if count.swap(FREE, Ordering::Release) == CONTENDED {
        // SAFETY: the same word, seen without a sign.
        address::wake(unsafe { AtomicU32::from_ptr(count.as_ptr().cast()) }, false);
    }
}
