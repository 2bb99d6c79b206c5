//! Deleting and renaming keys, and hearing of changes.

use crate::gate::{ask, call};
use crate::string::units;
use core::ffi::c_void;
use gate::service::{CloseHandle, CreateObject, DeleteKey, FlushKey, NotifyKey, ObjectKind, RenameKey, Wait};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_NOTIFY_ENUM_DIR, STATUS_PENDING, UNICODE_STRING};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Deletes a key that has none below it.
#[shim(ix = 485, mapping = "gate DeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn NtDeleteKey(key: HANDLE) -> Result<NtStatus, Status> {
    ask(&mut DeleteKey { key: key as u64, ..DeleteKey::default() }).map(NtStatus)
}

/// Deletes a key that has none below it by where it is from another one, for advapi32: without opening it, at half the price.
#[shim(ix = 514, mapping = "gate DeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn WcDeleteKey(key: HANDLE, path: *const UNICODE_STRING, access: u32) -> Result<NtStatus, Status> {
    let path = unsafe { units(path) };
    ask(&mut DeleteKey { key: key as u64, name: path.as_ptr() as u64, name_size: size_of_val(path) as u64, access, below: 1 }).map(NtStatus)
}

/// Gives a key another name.
#[shim(ix = 486, mapping = "gate RenameKey", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn NtRenameKey(key: HANDLE, name: *const UNICODE_STRING) -> Result<NtStatus, Status> {
    let name = unsafe { units(name) };
    ask(&mut RenameKey { key: key as u64, name: name.as_ptr() as u64, name_size: size_of_val(name) as u64 }).map(NtStatus)
}

/// Sees that the registry is on the disk.
#[shim(ix = 487, mapping = "gate FlushKey", risk = Functional("changes lost with the power"))]
pub unsafe extern "system" fn NtFlushKey(key: HANDLE) -> Result<NtStatus, Status> {
    ask(&mut FlushKey { key: key as u64 }).map(NtStatus)
}

/// Waits for the next change of a key: here, or later by an event or a routine.
#[shim(ix = 488, mapping = "gate NotifyKey", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn NtNotifyChangeKey(
    key: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    filter: u32,
    subtree: u8,
    _buffer: *mut c_void,
    _length: u32,
    later: u8,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = NotifyKey {
        key: key as u64,
        event: event as u64,
        routine: routine as u64,
        context: context as u64,
        block: block as u64,
        filter,
        subtree: u32::from(subtree != 0),
    };
    if later != 0 {
        let status = call(&mut request);
        return Status::check(status).map(NtStatus);
    }
    // Who waits here waits for an event of its own, on which the caller's follows.
    const EVENT_ALL_ACCESS: u32 = 0x1F_0003;
    let mut own = CreateObject { kind: ObjectKind::Event as u32, access: EVENT_ALL_ACCESS, limit: 1, ..CreateObject::default() };
    ask(&mut own)?;
    request.event = own.handle;
    let status = call(&mut request);
    let outcome = if status == STATUS_PENDING {
        let handles = [own.handle];
        let mut wait = Wait { handles: handles.as_ptr() as u64, count: 1, ..Wait::default() };
        let waited = call(&mut wait);
        crate::sync::set_if_given(event);
        if waited == 0 { Ok(NtStatus(STATUS_NOTIFY_ENUM_DIR)) } else { Ok(NtStatus(waited)) }
    } else {
        Status::check(status).map(NtStatus)
    };
    let _ = ask(&mut CloseHandle { handle: own.handle });
    outcome
}
