//! SetFileShortName.

use crate::ansi;
use crate::information::set_named;
use core::mem::offset_of;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use guest::text::wide;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NAME_INFORMATION, FileShortNameInformation};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};

fn set(file: HANDLE, name: &[u16]) -> Result<Bool, Win32Error> {
    set_named(file, FileShortNameInformation, &[size_of_val(name) as u64], offset_of!(FILE_NAME_INFORMATION, FileName), name).map(|()| Bool)
}

/// Gives a file a short name of the caller's, who needs the privilege to restore backups for it.
#[shim(ix = 787, mapping = "NtSetInformationFile", risk = Functional("a short name that cannot be chosen"))]
pub unsafe extern "system" fn SetFileShortNameW(file: HANDLE, name: *const u16) -> Result<Bool, Win32Error> {
    if name.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { set(file, unsafe { wide(name) }) }
}

/// Gives a file a short name of the caller's, who needs the privilege to restore backups for it.
#[shim(ix = 788, mapping = "SetFileShortNameW", risk = Functional("a short name that cannot be chosen"))]
pub unsafe extern "system" fn SetFileShortNameA(file: HANDLE, name: *const u8) -> Result<Bool, Win32Error> {
    unsafe { set(file, wide(ansi::file_name(name)?.as_ptr())) }
}
