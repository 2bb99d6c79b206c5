//! Timers and waits of a pool.

use super::item::{Callback, Environment, Item, Plain, Waited, give, shared, take_back};
use super::watch::{self, What};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_PARAMETER};

/// 100 ns units until a time as Windows gives it: negative is relative, else since 1601.
fn until(time: i64) -> u64 {
    if time <= 0 {
        return time.unsigned_abs();
    }
    let mut now = 0;
    // SAFETY: the variable is ours.
    unsafe { crate::time::NtQuerySystemTime(&raw mut now) };
    time.saturating_sub(now).max(0) as u64
}

/// Creates a timer.
#[shim(ix = 436, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpAllocTimer(
    answer: *mut *const Item,
    callback: Option<Plain>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { give(answer, Item::new(Callback::Plain(callback), context, environment)?) }
}

unsafe fn set_timer(timer: *const Item, due: *const i64, period: u32) -> bool {
    // SAFETY: the program's timer.
    let timer = unsafe { shared(timer) };
    let was = watch::is_set(&timer);
    // SAFETY: NULL, or the caller's time.
    match unsafe { due.as_ref() } {
        None => {
            watch::unset(&timer);
        }
        Some(due) => {
            let period = u64::from(period) * 10_000;
            let what = What { handle: null_mut(), timeout: Some(until(*due)), period, again: false, here: false };
            // Without memory for the thread that watches there is no way to say so.
            let _ = watch::set(&timer, what);
        }
    }
    was
}

/// Sets when a timer's callback is queued, and how often; NULL stops it. The window is not needed.
#[shim(ix = 437, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpSetTimer(timer: *const Item, due: *const i64, period: u32, _window: u32) {
    unsafe { set_timer(timer, due, period) };
}

/// Sets a timer; answers whether it was set before.
#[shim(ix = 438, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpSetTimerEx(timer: *const Item, due: *const i64, period: u32, _window: u32) -> i32 {
    unsafe { set_timer(timer, due, period) }.into()
}

/// Whether a timer is set.
#[shim(ix = 439, mapping = "a thread that watches", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn TpIsTimerSet(timer: *const Item) -> i32 {
    watch::is_set(&unsafe { shared(timer) }).into()
}

/// Waits for a timer's callbacks; those that have not begun are cancelled, if wanted.
#[shim(ix = 440, mapping = "a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpWaitForTimer(timer: *const Item, cancel: u32) {
    unsafe { shared(timer) }.wait(cancel != 0);
}

/// Lets go of a timer once its callbacks have run.
#[shim(ix = 441, mapping = "a thread that watches", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn TpReleaseTimer(timer: *const Item) {
    unsafe { take_back(timer) };
}

/// Creates a wait object.
#[shim(ix = 442, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpAllocWait(
    answer: *mut *const Item,
    callback: Option<Waited>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { give(answer, Item::new(Callback::Waited(callback), context, environment)?) }
}

unsafe fn set_wait(wait: *const Item, handle: HANDLE, timeout: *const i64) -> bool {
    // SAFETY: the program's wait object.
    let wait = unsafe { shared(wait) };
    let was = watch::unset(&wait);
    if !handle.is_null() {
        // SAFETY: NULL, or the caller's time.
        let timeout = unsafe { timeout.as_ref() }.map(|time| until(*time));
        let _ = watch::set(&wait, What { handle, timeout, period: 0, again: false, here: false });
    }
    was
}

/// Lets a wait object wait for a handle, once; NULL stops it.
#[shim(ix = 443, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpSetWait(wait: *const Item, handle: HANDLE, timeout: *const i64) {
    unsafe { set_wait(wait, handle, timeout) };
}

/// Lets a wait object wait for a handle, once; answers whether it waited before.
#[shim(ix = 444, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpSetWaitEx(wait: *const Item, handle: HANDLE, timeout: *const i64, _reserved: *const c_void) -> i32 {
    unsafe { set_wait(wait, handle, timeout) }.into()
}

/// Waits for a wait object's callbacks; those that have not begun are cancelled, if wanted.
#[shim(ix = 445, mapping = "a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpWaitForWait(wait: *const Item, cancel: u32) {
    unsafe { shared(wait) }.wait(cancel != 0);
}

/// Lets go of a wait object once its callbacks have run.
#[shim(ix = 446, mapping = "a thread that watches", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn TpReleaseWait(wait: *const Item) {
    unsafe { take_back(wait) };
}
