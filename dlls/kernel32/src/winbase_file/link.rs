//! Second names of files: hard links, and the refusal of symbolic ones.

use crate::ansi;
use crate::fileapi::rename_to;
use crate::open::{Name, open_existing};
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_OPEN_REPARSE_POINT, FileLinkInformation};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_PRIVILEGE_NOT_HELD};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{FILE_WRITE_ATTRIBUTES, SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE, SYMBOLIC_LINK_FLAG_DIRECTORY};

unsafe fn link(new: *const u16, existing: *const u16) -> Result<Bool, Win32Error> {
    let (new, existing) = unsafe { (Name::new(new)?, Name::new(existing)?) };
    let file = open_existing(&existing, FILE_WRITE_ATTRIBUTES, FILE_NON_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)?;
    rename_to(file.0, FileLinkInformation, 0, null_mut(), new.units()).map(|()| Bool)
}

/// Gives a file a second name.
#[shim(ix = 158, mapping = "NtSetInformationFile", risk = Isolation("a name outside of the grants"))]
pub unsafe extern "system" fn CreateHardLinkW(
    new: *const u16,
    existing: *const u16,
    _security: *const SECURITY_ATTRIBUTES,
) -> Result<Bool, Win32Error> {
    unsafe { link(new, existing) }
}

/// Gives a file a second name.
#[shim(ix = 676, mapping = "CreateHardLinkW", risk = Isolation("a name outside of the grants"))]
pub unsafe extern "system" fn CreateHardLinkA(
    new: *const u8,
    existing: *const u8,
    _security: *const SECURITY_ATTRIBUTES,
) -> Result<Bool, Win32Error> {
    unsafe {
        let (new, existing) = (ansi::file_name(new)?, ansi::file_name(existing)?);
        link(new.as_ptr(), existing.as_ptr())
    }
}

/// No process of a sandbox holds the privilege to make symbolic links, and there is no developer mode to do without.
unsafe fn symbolic(new: *const u16, target_is_null: bool, flags: u32) -> Result<Bool, Win32Error> {
    if flags & !(SYMBOLIC_LINK_FLAG_DIRECTORY | SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE) != 0 || target_is_null {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { Name::new(new)? };
    Err(Win32Error(ERROR_PRIVILEGE_NOT_HELD))
}

/// Makes a symbolic link: refused for want of the privilege.
#[shim(ix = 159, mapping = "the privilege is not held", risk = Isolation("a link that leads out of the grants"))]
pub unsafe extern "system" fn CreateSymbolicLinkW(new: *const u16, target: *const u16, flags: u32) -> Result<Bool, Win32Error> {
    unsafe { symbolic(new, target.is_null(), flags) }
}

/// Makes a symbolic link: refused for want of the privilege.
#[shim(ix = 677, mapping = "CreateSymbolicLinkW", risk = Isolation("a link that leads out of the grants"))]
pub unsafe extern "system" fn CreateSymbolicLinkA(new: *const u8, target: *const u8, flags: u32) -> Result<Bool, Win32Error> {
    unsafe { symbolic(ansi::file_name(new)?.as_ptr(), target.is_null(), flags) }
}
