//! handleapi.h: closing, duplicating and asking handles of any kind.

use crate::nt::{NtClose, NtCompareObjects, NtDuplicateObject, NtQueryObject, NtSetInformationObject, check};
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, OBJ_INHERIT};

/// `ObjectHandleFlagInformation`: whether a handle is inherited, and whether it can be closed.
const FLAGS: i32 = 4;

/// Closes a handle.
#[shim(ix = 6, mapping = "NtClose", risk = Functional("an object that stays"))]
pub unsafe extern "system" fn CloseHandle(handle: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { NtClose(handle) }).map(|_| Bool)
}

/// Makes a second handle to an object.
#[shim(ix = 60, mapping = "NtDuplicateObject", risk = Isolation("more access than the first handle had"))]
pub unsafe extern "system" fn DuplicateHandle(
    source_process: HANDLE,
    source: HANDLE,
    target_process: HANDLE,
    target: *mut HANDLE,
    access: u32,
    inherit: i32,
    options: u32,
) -> Result<Bool, Win32Error> {
    let attributes = if inherit != 0 { OBJ_INHERIT } else { 0 };
    check(unsafe { NtDuplicateObject(source_process, source, target_process, target, access, attributes, options) }).map(|_| Bool)
}

/// The two flags of a handle, as ntdll takes them: inherited, protected from closing.
unsafe fn flags(handle: HANDLE) -> Result<[u8; 2], Win32Error> {
    let mut flags = [0_u8; 2];
    check(unsafe { NtQueryObject(handle, FLAGS, flags.as_mut_ptr().cast(), 2, null_mut()) })?;
    Ok(flags)
}

/// Answers a handle's flags.
#[shim(ix = 264, mapping = "NtQueryObject", risk = Wrong("wrong flags"))]
pub unsafe extern "system" fn GetHandleInformation(handle: HANDLE, answer: *mut u32) -> Result<Bool, Win32Error> {
    let [inherit, protect] = unsafe { flags(handle)? };
    let inherit = if inherit != 0 { HANDLE_FLAG_INHERIT } else { 0 };
    let protect = if protect != 0 { HANDLE_FLAG_PROTECT_FROM_CLOSE } else { 0 };
    unsafe { *answer = inherit | protect };
    Ok(Bool)
}

/// Sets those of a handle's flags that the mask names.
#[shim(ix = 157, mapping = "NtSetInformationObject", risk = Wrong("a handle inherited, or not"))]
pub unsafe extern "system" fn SetHandleInformation(handle: HANDLE, mask: u32, wanted: u32) -> Result<Bool, Win32Error> {
    if mask & !(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut flags = unsafe { flags(handle)? };
    for (flag, bit) in flags.iter_mut().zip([HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE]) {
        if mask & bit != 0 {
            *flag = (wanted & bit != 0).into();
        }
    }
    check(unsafe { NtSetInformationObject(handle, FLAGS, flags.as_ptr().cast(), 2) }).map(|_| Bool)
}

/// Answers whether two handles stand for one object.
#[shim(ix = 730, mapping = "NtCompareObjects", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn CompareObjectHandles(first: HANDLE, second: HANDLE) -> i32 {
    (unsafe { NtCompareObjects(first, second) } >= 0).into()
}
