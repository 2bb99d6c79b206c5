//! ioapiset.h: control codes, and what became of overlapped requests. Every request is complete when its call returns, so
//! there is never one to wait for or to cancel.

use crate::nt::{NtDeviceIoControlFile, NtFsControlFile, NtQueryObject, NtWaitForSingleObject, check};
use crate::open::block;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_IO_INCOMPLETE, ERROR_NOT_FOUND, HANDLE, NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_PENDING, STATUS_TIMEOUT, STATUS_USER_APC,
    WAIT_IO_COMPLETION, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Threading::INFINITE;

/// `FILE_DEVICE_FILE_SYSTEM`, the upper half of the codes that go to a file system.
const FILE_SYSTEM: u32 = 9;

/// Sends a control code to a file, volume or device.
#[shim(ix = 104, mapping = "NtFsControlFile and NtDeviceIoControlFile, one row per class of code", risk = Isolation("a device of the host"))]
pub unsafe extern "system" fn DeviceIoControl(
    file: HANDLE,
    code: u32,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    returned: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    let call = if code >> 16 == FILE_SYSTEM { NtFsControlFile } else { NtDeviceIoControlFile };
    let mut own = block();
    let mut event = null_mut();
    if let Some(overlapped) = unsafe { overlapped.as_mut() } {
        overlapped.Internal = STATUS_PENDING as usize;
        event = (overlapped.hEvent as usize & !1) as HANDLE;
    }
    let status = unsafe { call(file, event, null(), null(), &raw mut own, code, input, input_size, output, output_size) };
    if let Some(overlapped) = unsafe { overlapped.as_mut() } {
        overlapped.Internal = status as u32 as usize;
        overlapped.InternalHigh = own.Information;
    }
    // What does not fit is cut, and that is both an answer and an error.
    let answered = status >= 0 || status == STATUS_BUFFER_OVERFLOW;
    if !returned.is_null() {
        unsafe { *returned = if answered { own.Information as u32 } else { 0 } };
    }
    check(status).map(|_| Bool)
}

/// Waits for an overlapped request by its event, or by its file where it has none.
unsafe fn wait(file: HANDLE, overlapped: &OVERLAPPED, timeout: u32, alertable: bool) -> Result<(), Win32Error> {
    let handle = if overlapped.hEvent.is_null() { file } else { (overlapped.hEvent as usize & !1) as HANDLE };
    let ticks = -10_000 * i64::from(timeout);
    let limit = if timeout == INFINITE { null() } else { &raw const ticks };
    match check(unsafe { NtWaitForSingleObject(handle, alertable.into(), limit) })? {
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

/// Refuses what is no handle.
unsafe fn check_handle(file: HANDLE) -> Result<(), Win32Error> {
    let mut flags = [0_u8; 2];
    check(unsafe { NtQueryObject(file, 4, flags.as_mut_ptr().cast(), 2, null_mut()) }).map(|_| ())
}

/// Cancels the thread's requests to a file: none is ever outstanding.
#[shim(ix = 191, mapping = "nothing is outstanding", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn CancelIo(file: HANDLE) -> Result<Bool, Win32Error> {
    unsafe { check_handle(file)? };
    Ok(Bool)
}

/// Cancels the process's requests to a file: none is ever found.
#[shim(ix = 171, mapping = "nothing is outstanding", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn CancelIoEx(file: HANDLE, _overlapped: *const OVERLAPPED) -> Result<Bool, Win32Error> {
    unsafe { check_handle(file)? };
    Err(Win32Error(ERROR_NOT_FOUND))
}
