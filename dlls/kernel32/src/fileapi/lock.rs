//! Locks on ranges of bytes.

use super::bytes::{Request, position_of};
use crate::nt::{NtLockFile, NtUnlockFile, NtWaitForSingleObject, check};
use crate::open::block;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_IO_PENDING, HANDLE, STATUS_PENDING};
use windows_sys::Win32::Storage::FileSystem::{LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY};
use windows_sys::Win32::System::IO::OVERLAPPED;

fn whole(low: u32, high: u32) -> i64 {
    i64::from(high) << 32 | i64::from(low)
}

/// Locks a range of a file's bytes for its handle alone, at once or not at all.
#[shim(ix = 427, mapping = "NtLockFile", risk = Wrong("bytes that two write at a time"))]
pub unsafe extern "system" fn LockFile(file: HANDLE, low: u32, high: u32, length_low: u32, length_high: u32) -> Result<Bool, Win32Error> {
    let (start, length, mut block) = (whole(low, high), whole(length_low, length_high), block());
    let status = check(unsafe { NtLockFile(file, null_mut(), null(), null(), &raw mut block, &raw const start, &raw const length, 0, 1, 1) })?;
    if status == STATUS_PENDING {
        check(unsafe { NtWaitForSingleObject(file, 0, null()) })?;
        // SAFETY: the request is complete, and told its status here.
        check(unsafe { (&raw const block.Anonymous.Status).read_volatile() })?;
    }
    Ok(Bool)
}

/// Locks a range of a file's bytes, shared or exclusively; waits where that is asked for.
#[shim(ix = 224, mapping = "NtLockFile", risk = Wrong("bytes that two write at a time"))]
pub unsafe extern "system" fn LockFileEx(
    file: HANDLE,
    flags: u32,
    reserved: u32,
    length_low: u32,
    length_high: u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    if reserved != 0 || overlapped.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let (start, length) = (unsafe { position_of(overlapped) }, whole(length_low, length_high));
    let (at_once, exclusive) = (flags & LOCKFILE_FAIL_IMMEDIATELY != 0, flags & LOCKFILE_EXCLUSIVE_LOCK != 0);
    let status = unsafe {
        let Request { event, context, block, at } = Request::of(overlapped, &start);
        NtLockFile(file, event, null(), context, block, at, &raw const length, 0, at_once.into(), exclusive.into())
    };
    if check(status)? == STATUS_PENDING { Err(Win32Error(ERROR_IO_PENDING)) } else { Ok(Bool) }
}

unsafe fn unlock(file: HANDLE, start: i64, length: i64) -> Result<Bool, Win32Error> {
    let mut block = block();
    check(unsafe { NtUnlockFile(file, &raw mut block, &raw const start, &raw const length, 0) }).map(|_| Bool)
}

/// Unlocks a range that was locked as it is.
#[shim(ix = 385, mapping = "NtUnlockFile", risk = Functional("bytes that stay locked"))]
pub unsafe extern "system" fn UnlockFile(file: HANDLE, low: u32, high: u32, length_low: u32, length_high: u32) -> Result<Bool, Win32Error> {
    unsafe { unlock(file, whole(low, high), whole(length_low, length_high)) }
}

/// Unlocks a range that was locked as it is.
#[shim(ix = 247, mapping = "NtUnlockFile", risk = Functional("bytes that stay locked"))]
pub unsafe extern "system" fn UnlockFileEx(
    file: HANDLE,
    reserved: u32,
    length_low: u32,
    length_high: u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    if reserved != 0 || overlapped.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { unlock(file, position_of(overlapped), whole(length_low, length_high)) }
}
