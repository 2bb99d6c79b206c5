//! Reads into pages, and writes out of pages, that lie anywhere.

use super::bytes::{Request, position_of};
use crate::nt::{NtReadFileScatter, NtWriteFileGather, check};
use core::ffi::c_void;
use core::ptr::null;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_IO_PENDING, HANDLE, NTSTATUS, STATUS_PENDING};
use windows_sys::Win32::System::IO::OVERLAPPED;

/// Starts a request at the position of an OVERLAPPED, which is told how it went.
unsafe fn start(overlapped: *mut OVERLAPPED, reserved: *const c_void, call: impl FnOnce(Request) -> NTSTATUS) -> Result<Bool, Win32Error> {
    if overlapped.is_null() || !reserved.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let at = unsafe { position_of(overlapped) };
    let status = call(unsafe { Request::of(overlapped, &at) });
    if status == STATUS_PENDING { Err(Win32Error(ERROR_IO_PENDING)) } else { check(status).map(|_| Bool) }
}

/// Reads a file into pages that lie anywhere.
#[shim(ix = 754, mapping = "NtReadFileScatter", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn ReadFileScatter(
    file: HANDLE,
    segments: *const u64,
    length: u32,
    reserved: *const c_void,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    unsafe {
        start(overlapped, reserved, |request| {
            let Request { event, context, block, at } = request;
            NtReadFileScatter(file, event, null(), context, block, segments, length, at, null())
        })
    }
}

/// Writes a file out of pages that lie anywhere.
#[shim(ix = 755, mapping = "NtWriteFileGather", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn WriteFileGather(
    file: HANDLE,
    segments: *const u64,
    length: u32,
    reserved: *const c_void,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    unsafe {
        start(overlapped, reserved, |request| {
            let Request { event, context, block, at } = request;
            NtWriteFileGather(file, event, null(), context, block, segments, length, at, null())
        })
    }
}
