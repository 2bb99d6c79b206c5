//! What changes the registry's files as a whole: it asks for privileges that nobody in a sandbox has.

use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_PRIVILEGE_NOT_HELD};

const REFUSED: Result<NtStatus, Status> = Err(Status(STATUS_PRIVILEGE_NOT_HELD));

/// Loads a file as a key: SeRestorePrivilege is not held.
#[shim(ix = 494, mapping = "refused: no privilege", risk = Functional("a file that is not loaded"))]
pub unsafe extern "system" fn NtLoadKey(_key: *const OBJECT_ATTRIBUTES, _file: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    REFUSED
}

/// The same, with flags.
#[shim(ix = 495, mapping = "refused: no privilege", risk = Functional("a file that is not loaded"))]
pub unsafe extern "system" fn NtLoadKey2(_key: *const OBJECT_ATTRIBUTES, _file: *const OBJECT_ATTRIBUTES, _flags: u32) -> Result<NtStatus, Status> {
    REFUSED
}

/// Takes a loaded file out: SeRestorePrivilege is not held.
#[shim(ix = 496, mapping = "refused: no privilege", risk = Functional("a file that stays"))]
pub unsafe extern "system" fn NtUnloadKey(_key: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    REFUSED
}

/// Writes a key to a file: SeBackupPrivilege is not held.
#[shim(ix = 497, mapping = "refused: no privilege", risk = Functional("a key that is not saved"))]
pub unsafe extern "system" fn NtSaveKey(_key: HANDLE, _file: HANDLE) -> Result<NtStatus, Status> {
    REFUSED
}

/// The same, in a format.
#[shim(ix = 498, mapping = "refused: no privilege", risk = Functional("a key that is not saved"))]
pub unsafe extern "system" fn NtSaveKeyEx(_key: HANDLE, _file: HANDLE, _format: u32) -> Result<NtStatus, Status> {
    REFUSED
}

/// Reads a key from a file: SeRestorePrivilege is not held.
#[shim(ix = 499, mapping = "refused: no privilege", risk = Functional("a key that is not restored"))]
pub unsafe extern "system" fn NtRestoreKey(_key: HANDLE, _file: HANDLE, _flags: u32) -> Result<NtStatus, Status> {
    REFUSED
}

/// Puts a file in a key's place: SeRestorePrivilege is not held.
#[shim(ix = 500, mapping = "refused: no privilege", risk = Functional("a key that is not replaced"))]
pub unsafe extern "system" fn NtReplaceKey(_new: *const OBJECT_ATTRIBUTES, _key: HANDLE, _old: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    REFUSED
}

/// Sets facts about a key: none of them can be set here.
#[shim(ix = 501, mapping = "refused: no class is known", risk = Functional("a fact that is not set"))]
pub unsafe extern "system" fn NtSetInformationKey(_key: HANDLE, _class: i32, _buffer: *const c_void, _length: u32) -> Result<NtStatus, Status> {
    Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_INFO_CLASS))
}
