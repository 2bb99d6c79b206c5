//! Alerts: what ends a thread's wait without anything that it waits for.

use crate::call::run;
use crate::gate::ask;
use crate::thread::NtResumeThread;
use core::ffi::c_void;
use gate::service::{AlertThread, AlertThreadId, TestAlert, WaitAlert};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ALERTED, STATUS_INVALID_HANDLE};

/// Ends a thread's alertable wait, the one that is under way or the next.
#[shim(ix = 183, mapping = "gate AlertThread", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtAlertThread(thread: HANDLE) -> Result<NtStatus, Status> {
    if thread.is_null() {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    ask(&mut AlertThread { thread: thread as u64 }).map(NtStatus)
}

/// Alerts a thread, and resumes it once.
#[shim(ix = 469, mapping = "gate AlertThread, gate SuspendThread", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtAlertResumeThread(thread: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe {
        Status::check(NtAlertThread(thread))?;
        Status::check(NtResumeThread(thread, previous)).map(NtStatus)
    }
}

/// Takes the calling thread's alert, and runs the calls that are queued for it.
#[shim(ix = 405, mapping = "gate TestAlert, gate TakeCall", risk = Functional("a call that is lost"))]
pub unsafe extern "system" fn NtTestAlert() -> Result<NtStatus, Status> {
    let mut request = TestAlert::default();
    ask(&mut request)?;
    run();
    Ok(if request.alerted != 0 { NtStatus(STATUS_ALERTED) } else { NtStatus::SUCCESS })
}

/// Ends a thread's wait for an alert by its number, the one that is under way or the next.
#[shim(ix = 184, mapping = "gate AlertThreadId", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtAlertThreadByThreadId(id: HANDLE) -> Result<NtStatus, Status> {
    ask(&mut AlertThreadId { id: id as u64 }).map(NtStatus)
}

/// Waits for an alert by the thread's number. The address only tells debuggers what the thread waits for.
#[shim(ix = 193, mapping = "gate WaitAlert", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtWaitForAlertByThreadId(_address: *const c_void, timeout: *const i64) -> Result<NtStatus, Status> {
    // SAFETY: NULL, or the caller's time.
    let timeout = unsafe { timeout.as_ref() }.copied();
    ask(&mut WaitAlert { timed: timeout.is_some().into(), pad: 0, timeout: timeout.unwrap_or(0) }).map(NtStatus)
}
