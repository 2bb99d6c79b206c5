//! Waiting for objects and for time.

use super::{pointer, through_alerts, timeout};
use crate::nt::{self, check};
use guest::call::Number;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ALERTED, STATUS_NO_YIELD_PERFORMED, STATUS_USER_APC};
use windows_sys::Win32::System::Threading::INFINITE;

unsafe fn wait_one(object: HANDLE, milliseconds: u32, alertable: bool) -> Result<Number, Win32Error> {
    let timeout = timeout(milliseconds);
    // SAFETY: the timeout lives through the call.
    let status = through_alerts(|| unsafe { nt::NtWaitForSingleObject(object, alertable.into(), pointer(timeout.as_ref())) });
    check(status).map(|status| Number(status as u32))
}

unsafe fn wait_several(count: u32, objects: *const HANDLE, all: i32, milliseconds: u32, alertable: bool) -> Result<Number, Win32Error> {
    let timeout = timeout(milliseconds);
    // SAFETY: the caller's handles; the timeout lives through the call.
    let status =
        through_alerts(|| unsafe { nt::NtWaitForMultipleObjects(count, objects, (all == 0).into(), alertable.into(), pointer(timeout.as_ref())) });
    check(status).map(|status| Number(status as u32))
}

/// Waits until an object is signalled, or the time is over.
#[shim(ix = 19, mapping = "NtWaitForSingleObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitForSingleObject(object: HANDLE, milliseconds: u32) -> Result<Number, Win32Error> {
    unsafe { wait_one(object, milliseconds, false) }
}

/// Waits until an object is signalled, or the time is over; asynchronous calls may interrupt.
#[shim(ix = 84, mapping = "NtWaitForSingleObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitForSingleObjectEx(object: HANDLE, milliseconds: u32, alertable: i32) -> Result<Number, Win32Error> {
    unsafe { wait_one(object, milliseconds, alertable != 0) }
}

/// Waits until one or all of several objects are signalled, or the time is over.
#[shim(ix = 103, mapping = "NtWaitForMultipleObjects", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitForMultipleObjects(count: u32, objects: *const HANDLE, all: i32, milliseconds: u32) -> Result<Number, Win32Error> {
    unsafe { wait_several(count, objects, all, milliseconds, false) }
}

/// Waits until one or all of several objects are signalled, or the time is over; asynchronous calls may interrupt.
#[shim(ix = 323, mapping = "NtWaitForMultipleObjects", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitForMultipleObjectsEx(
    count: u32,
    objects: *const HANDLE,
    all: i32,
    milliseconds: u32,
    alertable: i32,
) -> Result<Number, Win32Error> {
    unsafe { wait_several(count, objects, all, milliseconds, alertable != 0) }
}

/// Signals one object, then waits for another.
#[shim(ix = 432, mapping = "NtSignalAndWaitForSingleObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn SignalObjectAndWait(signal: HANDLE, object: HANDLE, milliseconds: u32, alertable: i32) -> Result<Number, Win32Error> {
    let timeout = timeout(milliseconds);
    let mut status = unsafe { nt::NtSignalAndWaitForSingleObject(signal, object, (alertable != 0).into(), pointer(timeout.as_ref())) };
    if status == STATUS_ALERTED {
        // The object was signalled, and is not again.
        status = through_alerts(|| unsafe { nt::NtWaitForSingleObject(object, (alertable != 0).into(), pointer(timeout.as_ref())) });
    }
    check(status).map(|status| Number(status as u32))
}

unsafe fn sleep(milliseconds: u32, alertable: bool) -> u32 {
    const WAIT_IO_COMPLETION: u32 = 0xC0;
    // The end of time, as far as a relative timeout goes.
    let timeout = if milliseconds == INFINITE { i64::MIN } else { -10_000 * i64::from(milliseconds) };
    // SAFETY: the timeout lives through the call.
    let status = through_alerts(|| unsafe { nt::NtDelayExecution(alertable.into(), &raw const timeout) });
    if status == STATUS_USER_APC { WAIT_IO_COMPLETION } else { 0 }
}

/// Sleeps; 0 lets another thread run.
#[shim(ix = 30, mapping = "NtDelayExecution", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn Sleep(milliseconds: u32) {
    unsafe { sleep(milliseconds, false) };
}

/// Sleeps; asynchronous calls may interrupt.
#[shim(ix = 168, mapping = "NtDelayExecution", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn SleepEx(milliseconds: u32, alertable: i32) -> u32 {
    unsafe { sleep(milliseconds, alertable != 0) }
}

/// Lets another thread run; FALSE when none wanted to.
#[shim(ix = 95, mapping = "NtYieldExecution", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn SwitchToThread() -> i32 {
    (unsafe { nt::NtYieldExecution() } != STATUS_NO_YIELD_PERFORMED).into()
}
