//! Reads and writes that a routine hears of.

use super::bytes::position_of;
use crate::nt::{NtReadFile, NtWriteFile, RtlNtStatusToDosError, check};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, NTSTATUS, STATUS_PENDING};
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, LPOVERLAPPED_COMPLETION_ROUTINE, OVERLAPPED};

/// What the thread runs when a request is complete: the program's routine, in its own form.
unsafe extern "system" fn completed(routine: *const c_void, block: *mut IO_STATUS_BLOCK, _reserved: u32) {
    type Routine = unsafe extern "system" fn(u32, u32, *mut OVERLAPPED);
    // SAFETY: the request brought the routine, and its OVERLAPPED starts with the status block.
    unsafe {
        let (status, moved) = ((*block).Anonymous.Status, (*block).Information as u32);
        core::mem::transmute::<*const c_void, Routine>(routine)(RtlNtStatusToDosError(status), moved, block.cast());
    }
}

/// Starts a request whose end a routine hears of.
///
/// # Safety
/// The OVERLAPPED is the caller's, and lives as long as the request.
pub unsafe fn start(
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
    call: impl FnOnce(*const c_void, *const c_void, *mut IO_STATUS_BLOCK, *const i64) -> NTSTATUS,
) -> Result<Bool, Win32Error> {
    let (Some(routine), false) = (routine, overlapped.is_null()) else { return Err(Win32Error(ERROR_INVALID_PARAMETER)) };
    let at = unsafe { position_of(overlapped) };
    unsafe { (*overlapped).Internal = STATUS_PENDING as usize };
    check(call(completed as *const c_void, routine as *const c_void, overlapped.cast(), &raw const at)).map(|_| Bool)
}

/// Reads from a file or pipe; the calling thread runs a routine when that is complete.
#[shim(ix = 243, mapping = "NtReadFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn ReadFileEx(
    file: HANDLE,
    buffer: *mut c_void,
    length: u32,
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
) -> Result<Bool, Win32Error> {
    unsafe { start(overlapped, routine, |call, context, block, at| NtReadFile(file, null_mut(), call, context, block, buffer, length, at, null())) }
}

/// Writes to a file or pipe; the calling thread runs a routine when that is complete.
#[shim(ix = 248, mapping = "NtWriteFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn WriteFileEx(
    file: HANDLE,
    buffer: *const c_void,
    length: u32,
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
) -> Result<Bool, Win32Error> {
    unsafe { start(overlapped, routine, |call, context, block, at| NtWriteFile(file, null_mut(), call, context, block, buffer, length, at, null())) }
}
