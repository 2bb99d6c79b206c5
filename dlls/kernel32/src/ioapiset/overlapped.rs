//! What became of overlapped requests, and taking them back.

use crate::nt::{NtCancelIoFile, NtCancelIoFileEx, NtCancelSynchronousIoFile, NtWaitForSingleObject, check};
use crate::open::block;
use crate::synchapi::through_alerts;
use core::ptr::null;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_IO_INCOMPLETE, HANDLE, NTSTATUS, STATUS_PENDING, STATUS_TIMEOUT, STATUS_USER_APC, WAIT_IO_COMPLETION, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Threading::INFINITE;

/// Waits for an overlapped request by its event, or by its file where it has none.
unsafe fn wait(file: HANDLE, overlapped: &OVERLAPPED, timeout: u32, alertable: bool) -> Result<(), Win32Error> {
    let handle = if overlapped.hEvent.is_null() { file } else { (overlapped.hEvent as usize & !1) as HANDLE };
    let ticks = -10_000 * i64::from(timeout);
    let limit = if timeout == INFINITE { null() } else { &raw const ticks };
    match check(through_alerts(|| unsafe { NtWaitForSingleObject(handle, alertable.into(), limit) }))? {
        STATUS_TIMEOUT => Err(Win32Error(WAIT_TIMEOUT)),
        STATUS_USER_APC => Err(Win32Error(WAIT_IO_COMPLETION)),
        _ => Ok(()),
    }
}

unsafe fn result(file: HANDLE, overlapped: *mut OVERLAPPED, moved: *mut u32, timeout: u32, alertable: bool) -> Result<Bool, Win32Error> {
    // SAFETY: the caller's structure, which another thread may complete meanwhile.
    let status = || unsafe { (&raw const (*overlapped).Internal).read_volatile() } as NTSTATUS;
    if status() == STATUS_PENDING {
        if timeout == 0 {
            return Err(Win32Error(ERROR_IO_INCOMPLETE));
        }
        unsafe { wait(file, &*overlapped, timeout, alertable)? };
    }
    unsafe { *moved = (*overlapped).InternalHigh as u32 };
    match status() {
        STATUS_PENDING => Err(Win32Error(ERROR_IO_INCOMPLETE)),
        status => check(status).map(|_| Bool),
    }
}

/// Answers what became of an overlapped request.
#[shim(ix = 138, mapping = "the OVERLAPPED", risk = Wrong("a wrong outcome"))]
pub unsafe extern "system" fn GetOverlappedResult(
    file: HANDLE,
    overlapped: *mut OVERLAPPED,
    moved: *mut u32,
    waits: i32,
) -> Result<Bool, Win32Error> {
    unsafe { result(file, overlapped, moved, if waits != 0 { INFINITE } else { 0 }, false) }
}

/// Answers what became of an overlapped request, within a time.
#[shim(ix = 672, mapping = "the OVERLAPPED", risk = Wrong("a wrong outcome"))]
pub unsafe extern "system" fn GetOverlappedResultEx(
    file: HANDLE,
    overlapped: *mut OVERLAPPED,
    moved: *mut u32,
    timeout: u32,
    alertable: i32,
) -> Result<Bool, Win32Error> {
    unsafe { result(file, overlapped, moved, timeout, alertable != 0) }
}

/// Cancels the requests to a file that the calling thread made.
#[shim(ix = 191, mapping = "NtCancelIoFile", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn CancelIo(file: HANDLE) -> Result<Bool, Win32Error> {
    let mut block = block();
    check(unsafe { NtCancelIoFile(file, &raw mut block) }).map(|_| Bool)
}

/// Cancels one request to a file, or all of the process.
#[shim(ix = 171, mapping = "NtCancelIoFileEx", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn CancelIoEx(file: HANDLE, overlapped: *const OVERLAPPED) -> Result<Bool, Win32Error> {
    let mut block = block();
    check(unsafe { NtCancelIoFileEx(file, overlapped.cast(), &raw mut block) }).map(|_| Bool)
}

/// Cancels the synchronous request that a thread waits in.
#[shim(ix = 289, mapping = "NtCancelSynchronousIoFile", risk = Functional("a thread that waits on"))]
pub unsafe extern "system" fn CancelSynchronousIo(thread: HANDLE) -> Result<Bool, Win32Error> {
    let mut block = block();
    check(unsafe { NtCancelSynchronousIoFile(thread, null(), &raw mut block) }).map(|_| Bool)
}
