//! One-time initialisation: `RTL_RUN_ONCE`, one word.
//!
//! Its two lowest bits: 0 nobody, 1 somebody initialises, 2 done (the rest is the context), 3 several may initialise.

use crate::address;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_INVALID_OWNER, STATUS_INVALID_PARAMETER_2, STATUS_PENDING, STATUS_SUCCESS, STATUS_UNSUCCESSFUL};

/// `RTL_RUN_ONCE_*` (winnt.h).
const RTL_RUN_ONCE_CHECK_ONLY: u32 = 1;
const RTL_RUN_ONCE_ASYNC: u32 = 2;
const RTL_RUN_ONCE_INIT_FAILED: u32 = 4;

const FRESH: usize = 0;
const PENDING: usize = 1;
const DONE: usize = 2;
const SHARED: usize = 3;
const STATE: usize = 3;

type Initializer = unsafe extern "system" fn(once: *mut c_void, parameter: *mut c_void, context: *mut *mut c_void) -> u32;

fn word<'a>(once: *mut c_void) -> &'a AtomicUsize {
    // SAFETY: the caller's structure, which only these functions touch.
    unsafe { AtomicUsize::from_ptr(once.cast()) }
}

fn half(word: &AtomicUsize) -> &AtomicU32 {
    // SAFETY: the lower half of the word, which holds the state.
    unsafe { AtomicU32::from_ptr(word.as_ptr().cast()) }
}

/// Makes a fresh one.
#[shim(ix = 70, mapping = "one word", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn RtlRunOnceInitialize(once: *mut c_void) {
    word(once).store(FRESH, Ordering::Relaxed);
}

/// Begins: done already, or the caller is to initialise (`STATUS_PENDING`).
#[shim(ix = 71, mapping = "one word and a wait on its address", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn RtlRunOnceBeginInitialize(once: *mut c_void, flags: u32, context: *mut *mut c_void) -> Result<NtStatus, Status> {
    if flags & RTL_RUN_ONCE_CHECK_ONLY != 0 && flags & RTL_RUN_ONCE_ASYNC != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER_2));
    }
    let word = word(once);
    loop {
        let now = word.load(Ordering::Acquire);
        match now & STATE {
            DONE => {
                if !context.is_null() {
                    unsafe { *context = (now & !STATE) as *mut c_void };
                }
                return Ok(NtStatus(STATUS_SUCCESS));
            }
            _ if flags & RTL_RUN_ONCE_CHECK_ONLY != 0 => return Err(Status(STATUS_UNSUCCESSFUL)),
            FRESH => {
                let next = if flags & RTL_RUN_ONCE_ASYNC != 0 { SHARED } else { PENDING };
                if word.compare_exchange(FRESH, next, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    return Ok(NtStatus(STATUS_PENDING));
                }
            }
            SHARED if flags & RTL_RUN_ONCE_ASYNC != 0 => return Ok(NtStatus(STATUS_PENDING)),
            PENDING if flags & RTL_RUN_ONCE_ASYNC == 0 => {
                address::wait(half(word), now as u32, None);
            }
            _ => return Err(Status(STATUS_INVALID_PARAMETER_2)),
        }
    }
}

/// Ends: done with a context whose two lowest bits are clear, or failed, and somebody else may try.
#[shim(ix = 72, mapping = "one word and a wake-up on its address", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn RtlRunOnceComplete(once: *mut c_void, flags: u32, context: *mut c_void) -> Result<NtStatus, Status> {
    if context as usize & STATE != 0 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER));
    }
    let next = if flags & RTL_RUN_ONCE_INIT_FAILED != 0 { FRESH } else { context as usize | DONE };
    let expected = if flags & RTL_RUN_ONCE_ASYNC != 0 { SHARED } else { PENDING };
    let word = word(once);
    if word.compare_exchange(expected, next, Ordering::AcqRel, Ordering::Acquire).is_err() {
        return Err(Status(if word.load(Ordering::Relaxed) & STATE == DONE { STATUS_UNSUCCESSFUL } else { STATUS_INVALID_OWNER }));
    }
    address::wake(half(word), true);
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Runs a function once; threads that come meanwhile wait.
#[shim(ix = 73, mapping = "one word and a wait on its address", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn RtlRunOnceExecuteOnce(
    once: *mut c_void,
    function: Initializer,
    parameter: *mut c_void,
    context: *mut *mut c_void,
) -> Result<NtStatus, Status> {
    let begun = unsafe { RtlRunOnceBeginInitialize(once, 0, context) };
    if begun != STATUS_PENDING {
        return Status::check(begun).map(NtStatus);
    }
    let mut own = core::ptr::null_mut();
    let context = if context.is_null() { &raw mut own } else { context };
    if unsafe { function(once, parameter, context) } == 0 {
        unsafe { RtlRunOnceComplete(once, RTL_RUN_ONCE_INIT_FAILED, core::ptr::null_mut()) };
        return Err(Status(STATUS_UNSUCCESSFUL));
    }
    Status::check(unsafe { RtlRunOnceComplete(once, 0, *context) }).map(NtStatus)
}
