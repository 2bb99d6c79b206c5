//! Waiting for changes in a folder.

use super::answer;
use crate::gate::call;
use core::ffi::c_void;
use gate::service::ReadChanges;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Waits for changes in a folder: here, or later where the folder was opened for that.
#[shim(ix = 480, mapping = "gate ReadChanges: the broker hears of the host's changes", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn NtNotifyChangeDirectoryFile(
    folder: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    filter: u32,
    subtree: u8,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = ReadChanges {
        file: folder as u64,
        buffer: buffer as u64,
        length: length.into(),
        filter,
        subtree: subtree.into(),
        event: event as u64,
        routine: routine as u64,
        context: context as u64,
        block: block as u64,
        ..ReadChanges::default()
    };
    let status = call(&mut request);
    unsafe { answer(block, status, request.told, request.done) }
}

/// Waits for changes in a folder. Those with all the facts of what has changed are not told: the information class is refused.
#[shim(ix = 481, mapping = "NtNotifyChangeDirectoryFile", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn NtNotifyChangeDirectoryFileEx(
    folder: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    filter: u32,
    subtree: u8,
    class: i32,
) -> Result<NtStatus, Status> {
    const DIRECTORY_NOTIFY_INFORMATION: i32 = 1;
    if class != DIRECTORY_NOTIFY_INFORMATION {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let status = unsafe { NtNotifyChangeDirectoryFile(folder, event, routine, context, block, buffer, length, filter, subtree) };
    Status::check(status).map(NtStatus)
}
