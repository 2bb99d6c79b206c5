//! Locks on ranges of bytes.

use super::{answer, tell};
use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{LockFile, UnlockFile};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_SUCCESS};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Start and length of a range.
unsafe fn range(start: *const i64, length: *const i64) -> Result<(u64, u64), Status> {
    // SAFETY: NULL or readable numbers.
    match unsafe { (start.as_ref(), length.as_ref()) } {
        (Some(start), Some(length)) => Ok((*start as u64, *length as u64)),
        _ => Err(Status(STATUS_ACCESS_VIOLATION)),
    }
}

/// Locks a range of a file's bytes. What another has locked is waited for, or locked later where the file was opened for that.
#[shim(ix = 187, mapping = "gate LockFile", risk = Wrong("bytes that two write at a time"))]
pub unsafe extern "system" fn NtLockFile(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    start: *const i64,
    length: *const i64,
    _key: u32,
    at_once: u8,
    exclusive: u8,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let (start, length) = unsafe { range(start, length)? };
    let mut request = LockFile {
        file: file as u64,
        start,
        length,
        at_once: at_once.into(),
        exclusive: exclusive.into(),
        event: event as u64,
        routine: routine as u64,
        context: context as u64,
        block: block as u64,
        told: 0,
    };
    let status = call(&mut request);
    unsafe { answer(block, status, request.told, 0) }
}

/// Unlocks a range that was locked as it is.
#[shim(ix = 192, mapping = "gate UnlockFile", risk = Functional("bytes that stay locked"))]
pub unsafe extern "system" fn NtUnlockFile(
    file: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    start: *const i64,
    length: *const i64,
    _key: u32,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let (start, length) = unsafe { range(start, length)? };
    ask(&mut UnlockFile { file: file as u64, start, length })?;
    unsafe { tell(block, STATUS_SUCCESS, 0) };
    Ok(NtStatus::SUCCESS)
}
