//! Keyed events: two threads meet by a key, one that waits and one that releases.

use crate::call::after_wait;
use crate::gate::ask;
use crate::sync::{create, open};
use core::ffi::c_void;
use gate::service::{MeetAtKey, ObjectKind};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_PARAMETER_4};

/// Creates a keyed event.
#[shim(ix = 473, mapping = "gate CreateObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtCreateKeyedEvent(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    flags: u32,
) -> Result<NtStatus, Status> {
    if flags != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER_4));
    }
    unsafe { create(ObjectKind::KeyedEvent, handle, access, object, 0, 0) }
}

/// Opens a named keyed event.
#[shim(ix = 474, mapping = "gate CreateObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtOpenKeyedEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::KeyedEvent, handle, access, object) }
}

unsafe fn meet(handle: HANDLE, key: *const c_void, release: bool, alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    // SAFETY: NULL, or the caller's time.
    let timeout = unsafe { timeout.as_ref() }.copied();
    ask(&mut MeetAtKey {
        handle: handle as u64,
        key: key as u64,
        release: release.into(),
        alertable: alertable.into(),
        timed: timeout.is_some().into(),
        pad: 0,
        timeout: timeout.unwrap_or(0),
    })
    .map(after_wait)
    .map(NtStatus)
}

/// Waits until another thread releases one at the key; a NULL handle is the process's own keyed event.
#[shim(ix = 475, mapping = "gate MeetAtKey", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtWaitForKeyedEvent(
    handle: HANDLE,
    key: *const c_void,
    alertable: u8,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    unsafe { meet(handle, key, false, alertable, timeout) }
}

/// Releases a thread that waits at the key, and waits for one.
#[shim(ix = 476, mapping = "gate MeetAtKey", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtReleaseKeyedEvent(
    handle: HANDLE,
    key: *const c_void,
    alertable: u8,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    unsafe { meet(handle, key, true, alertable, timeout) }
}
