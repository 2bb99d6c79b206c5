//! threadpoollegacyapiset.h: the older thread pool: work items, timer queues, registered waits.

use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, HANDLE, NTSTATUS, STATUS_PENDING};

/// An end that callbacks still keep up is told as a failure.
fn ended(status: NTSTATUS) -> Result<Bool, Win32Error> {
    if status == STATUS_PENDING { Err(Win32Error(ERROR_IO_PENDING)) } else { check(status).map(|_| Bool) }
}

/// Queues a routine to the pool.
#[shim(ix = 305, mapping = "RtlQueueWorkItem", risk = Functional("a routine that does not run"))]
pub unsafe extern "system" fn QueueUserWorkItem(routine: *const c_void, context: *mut c_void, flags: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlQueueWorkItem(routine, context, flags) }).map(|_| Bool)
}

/// Registers a wait: a callback for each time that the object is signalled, or the time is over.
#[shim(ix = 244, mapping = "RtlRegisterWait", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RegisterWaitForSingleObject(
    answer: *mut HANDLE,
    object: HANDLE,
    callback: *const c_void,
    context: *mut c_void,
    milliseconds: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlRegisterWait(answer, object, callback, context, milliseconds, flags) }).map(|_| Bool)
}

/// Ends a registered wait; FALSE while its callbacks run.
#[shim(ix = 270, mapping = "RtlDeregisterWait", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn UnregisterWait(wait: HANDLE) -> Result<Bool, Win32Error> {
    ended(unsafe { nt::RtlDeregisterWait(wait) })
}

/// Ends a registered wait; the event is set, or waited for, once its callbacks are over.
#[shim(ix = 271, mapping = "RtlDeregisterWaitEx", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn UnregisterWaitEx(wait: HANDLE, event: HANDLE) -> Result<Bool, Win32Error> {
    ended(unsafe { nt::RtlDeregisterWaitEx(wait, event) })
}

/// Lets a function hear of everything that is completed on a file.
#[shim(ix = 741, mapping = "RtlSetIoCompletionCallback", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn BindIoCompletionCallback(file: HANDLE, callback: *const c_void, flags: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlSetIoCompletionCallback(file, callback, flags) }).map(|_| Bool)
}

/// Creates a timer queue.
#[shim(ix = 475, mapping = "RtlCreateTimerQueue", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateTimerQueue() -> Result<Handle, Win32Error> {
    let mut queue = null_mut();
    check(unsafe { nt::RtlCreateTimerQueue(&raw mut queue) })?;
    Ok(Handle(queue))
}

/// Creates a timer of a queue.
#[shim(ix = 476, mapping = "RtlCreateTimer", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateTimerQueueTimer(
    answer: *mut HANDLE,
    queue: HANDLE,
    callback: *const c_void,
    context: *mut c_void,
    due: u32,
    period: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlCreateTimer(queue, answer, callback, context, due, period, flags) }).map(|_| Bool)
}

/// Sets when a timer of a queue is due, and how often.
#[shim(ix = 728, mapping = "RtlUpdateTimer", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn ChangeTimerQueueTimer(queue: HANDLE, timer: HANDLE, due: u32, period: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlUpdateTimer(queue, timer, due, period) }).map(|_| Bool)
}

/// Ends a timer of a queue; the event is set, or waited for, once its callbacks are over.
#[shim(ix = 481, mapping = "RtlDeleteTimer", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn DeleteTimerQueueTimer(queue: HANDLE, timer: HANDLE, event: HANDLE) -> Result<Bool, Win32Error> {
    ended(unsafe { nt::RtlDeleteTimer(queue, timer, event) })
}

/// Ends a timer queue and its timers; the event is set, or waited for, once their callbacks are over.
#[shim(ix = 480, mapping = "RtlDeleteTimerQueueEx", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn DeleteTimerQueueEx(queue: HANDLE, event: HANDLE) -> Result<Bool, Win32Error> {
    ended(unsafe { nt::RtlDeleteTimerQueueEx(queue, event) })
}

/// Ends a timer queue and its timers, whatever their callbacks do.
#[shim(ix = 729, mapping = "RtlDeleteTimerQueueEx", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn DeleteTimerQueue(queue: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlDeleteTimerQueueEx(queue, null_mut()) }).map(|_| Bool)
}
