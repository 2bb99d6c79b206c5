//! Keys of the registry: the gate's services behind `NtOpenKey` and its kin.

mod change;
mod query;
mod refused;
mod relative;
mod security;
mod table;
mod value;

use crate::gate::ask;
use crate::string::units;
use gate::service::OpenKey;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_PARAMETER, UNICODE_STRING};

/// What a request says of a key to open.
unsafe fn request(access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<OpenKey, Status> {
    let object = unsafe { object.as_ref() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let name = unsafe { units(object.ObjectName) };
    Ok(OpenKey {
        root: object.RootDirectory as u64,
        access,
        object_flags: object.Attributes,
        name: name.as_ptr() as u64,
        name_size: size_of_val(name) as u64,
        ..OpenKey::default()
    })
}

unsafe fn opened(handle: *mut HANDLE, mut request: OpenKey) -> Result<OpenKey, Status> {
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(request)
}

/// Opens a key, or makes it below one that is there. A security descriptor is not looked at: in a sandbox, every key is its user's.
#[shim(ix = 489, mapping = "gate OpenKey: the broker decides", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn NtCreateKey(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    _title: u32,
    class: *const UNICODE_STRING,
    options: u32,
    disposition: *mut u32,
) -> Result<NtStatus, Status> {
    const REG_CREATED_NEW_KEY: u32 = 1;
    const REG_OPENED_EXISTING_KEY: u32 = 2;
    let class = unsafe { units(class) };
    let wanted =
        OpenKey { create: 1, options, class: class.as_ptr() as u64, class_size: size_of_val(class) as u64, ..unsafe { request(access, object)? } };
    let done = unsafe { opened(handle, wanted)? };
    if let Some(disposition) = unsafe { disposition.as_mut() } {
        *disposition = if done.made != 0 { REG_CREATED_NEW_KEY } else { REG_OPENED_EXISTING_KEY };
    }
    Ok(NtStatus::SUCCESS)
}

/// Opens a key.
#[shim(ix = 490, mapping = "gate OpenKey: the broker decides", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn NtOpenKey(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { opened(handle, request(access, object)?) }.map(|_| NtStatus::SUCCESS)
}

/// Opens a key, with options.
#[shim(ix = 188, mapping = "gate OpenKey: the broker decides", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn NtOpenKeyEx(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    options: u32,
) -> Result<NtStatus, Status> {
    const REG_OPTION_BACKUP_RESTORE: u32 = 4;
    const REG_OPTION_OPEN_LINK: u32 = 8;
    if options & !(REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK) != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    unsafe { opened(handle, OpenKey { options, ..request(access, object)? }) }.map(|_| NtStatus::SUCCESS)
}

/// Opens the root of the user's classes over the machine's, for advapi32.
#[shim(ix = 491, mapping = "gate OpenKey", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn WcOpenClasses(handle: *mut HANDLE, access: u32) -> Result<NtStatus, Status> {
    unsafe { opened(handle, OpenKey { access, merged: 1, ..OpenKey::default() }) }.map(|_| NtStatus::SUCCESS)
}
