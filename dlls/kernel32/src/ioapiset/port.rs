//! Completion ports.

use crate::information::set;
use crate::nt::{NtClose, NtCreateIoCompletion, NtRemoveIoCompletion, NtRemoveIoCompletionEx, NtSetIoCompletion, check};
use crate::open::block;
use crate::synchapi::{pointer, through_alerts, timeout};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_COMPLETION_INFORMATION, FileCompletionInformation};
use windows_sys::Win32::Foundation::{
    ERROR_ABANDONED_WAIT_0, ERROR_INVALID_PARAMETER, HANDLE, INVALID_HANDLE_VALUE, STATUS_ABANDONED_WAIT_0, STATUS_SUCCESS, STATUS_TIMEOUT,
    STATUS_USER_APC, WAIT_IO_COMPLETION, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::IO::{OVERLAPPED, OVERLAPPED_ENTRY};

/// `IO_COMPLETION_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x1F_0003;

/// Creates a completion port, lets one hear of a file, or both.
#[shim(ix = 180, mapping = "NtCreateIoCompletion, NtSetInformationFile", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn CreateIoCompletionPort(file: HANDLE, existing: HANDLE, key: usize, threads: u32) -> Result<Handle, Win32Error> {
    if file == INVALID_HANDLE_VALUE && !existing.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut port = existing;
    if existing.is_null() {
        check(unsafe { NtCreateIoCompletion(&raw mut port, ALL_ACCESS, null(), threads) })?;
    }
    if file != INVALID_HANDLE_VALUE {
        let association = FILE_COMPLETION_INFORMATION { Port: port, Key: key as *mut c_void };
        if let Err(error) = set(file, FileCompletionInformation, &association) {
            if existing.is_null() {
                unsafe { NtClose(port) };
            }
            return Err(error);
        }
    }
    Ok(Handle(port))
}

/// Posts a packet to a completion port.
#[shim(ix = 198, mapping = "NtSetIoCompletion", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn PostQueuedCompletionStatus(
    port: HANDLE,
    moved: u32,
    key: usize,
    overlapped: *const OVERLAPPED,
) -> Result<Bool, Win32Error> {
    check(unsafe { NtSetIoCompletion(port, key as *const c_void, overlapped.cast(), STATUS_SUCCESS, moved as usize) }).map(|_| Bool)
}

/// Takes a packet from a completion port, and waits for one. A failed request's packet is a failure too, with an OVERLAPPED.
#[shim(ix = 448, mapping = "NtRemoveIoCompletion", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn GetQueuedCompletionStatus(
    port: HANDLE,
    moved: *mut u32,
    key: *mut usize,
    overlapped: *mut *mut OVERLAPPED,
    milliseconds: u32,
) -> Result<Bool, Win32Error> {
    let limit = timeout(milliseconds);
    let (mut taken_key, mut context, mut block) = (null_mut(), null_mut(), block());
    unsafe { *overlapped = null_mut() };
    let status = check(unsafe { NtRemoveIoCompletion(port, &raw mut taken_key, &raw mut context, &raw mut block, pointer(limit.as_ref())) })?;
    match status {
        STATUS_SUCCESS => {}
        STATUS_TIMEOUT => return Err(Win32Error(WAIT_TIMEOUT)),
        STATUS_ABANDONED_WAIT_0 => return Err(Win32Error(ERROR_ABANDONED_WAIT_0)),
        _ => return Err(Win32Error(WAIT_IO_COMPLETION)),
    }
    unsafe {
        *key = taken_key as usize;
        *overlapped = context.cast();
        *moved = block.Information as u32;
        // SAFETY: this member of the union is what the packet brought.
        check(block.Anonymous.Status).map(|_| Bool)
    }
}

/// Takes several packets from a completion port, and waits for the first.
#[shim(ix = 202, mapping = "NtRemoveIoCompletionEx", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn GetQueuedCompletionStatusEx(
    port: HANDLE,
    entries: *mut OVERLAPPED_ENTRY,
    count: u32,
    removed: *mut u32,
    milliseconds: u32,
    alertable: i32,
) -> Result<Bool, Win32Error> {
    let limit = timeout(milliseconds);
    let status =
        through_alerts(|| unsafe { NtRemoveIoCompletionEx(port, entries.cast(), count, removed, pointer(limit.as_ref()), (alertable != 0).into()) });
    match check(status)? {
        STATUS_SUCCESS => Ok(Bool),
        STATUS_TIMEOUT => Err(Win32Error(WAIT_TIMEOUT)),
        STATUS_USER_APC => Err(Win32Error(WAIT_IO_COMPLETION)),
        _ => Err(Win32Error(ERROR_ABANDONED_WAIT_0)),
    }
}
