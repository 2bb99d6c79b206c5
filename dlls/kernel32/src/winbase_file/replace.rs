//! ReplaceFile: a new file takes the place, the attributes and the birthday of an old one.

use crate::ansi;
use crate::fileapi::rename_to;
use crate::information::{query, set};
use crate::open::{How, Name, Owned, error, open};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::{Status, Win32Error};
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FileBasicInformation, FileRenameInformation,
};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, ERROR_UNABLE_TO_MOVE_REPLACEMENT, ERROR_UNABLE_TO_MOVE_REPLACEMENT_2, ERROR_UNABLE_TO_REMOVE_REPLACED,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES,
};

const REPLACE: u32 = 1;

fn open_to_move(name: &Name, access: u32) -> Result<Owned, Win32Error> {
    let how = How {
        access: DELETE | FILE_READ_ATTRIBUTES | access,
        share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        disposition: FILE_OPEN,
        options: FILE_NON_DIRECTORY_FILE,
        attributes: 0,
        flags: 0,
        overlapped: false,
    };
    open(name, &how).map(|(handle, _)| handle).map_err(|Status(status)| error(status))
}

unsafe fn replace(replaced: *const u16, replacement: *const u16, backup: *const u16) -> Result<Bool, Win32Error> {
    if replaced.is_null() || replacement.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let (old_name, new_name) = unsafe { (Name::new(replaced)?, Name::new(replacement)?) };
    let backup = if backup.is_null() { None } else { Some(unsafe { Name::new(backup)? }) };
    let old = open_to_move(&old_name, 0)?;
    let new = open_to_move(&new_name, FILE_WRITE_ATTRIBUTES)?;
    let basic: FILE_BASIC_INFORMATION = query(old.0, FileBasicInformation)?;
    if let Some(backup) = &backup {
        let renamed = rename_to(old.0, FileRenameInformation, REPLACE, null_mut(), backup.units());
        renamed.map_err(|_| Win32Error(ERROR_UNABLE_TO_REMOVE_REPLACED))?;
    }
    // An old file that stays open would hold its own replacement off.
    drop(old);
    let moved = rename_to(new.0, FileRenameInformation, REPLACE, null_mut(), old_name.units());
    moved.map_err(|_| Win32Error(if backup.is_some() { ERROR_UNABLE_TO_MOVE_REPLACEMENT_2 } else { ERROR_UNABLE_TO_MOVE_REPLACEMENT }))?;
    let kept = FILE_BASIC_INFORMATION { CreationTime: basic.CreationTime, FileAttributes: basic.FileAttributes, ..Default::default() };
    set(new.0, FileBasicInformation, &kept).map(|()| Bool)
}

/// Replaces a file by another, and keeps the old one under a third name where one is given.
#[shim(ix = 680, mapping = "NtSetInformationFile", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn ReplaceFileW(
    replaced: *const u16,
    replacement: *const u16,
    backup: *const u16,
    _flags: u32,
    _exclude: *const c_void,
    _reserved: *const c_void,
) -> Result<Bool, Win32Error> {
    unsafe { replace(replaced, replacement, backup) }
}

/// Replaces a file by another, and keeps the old one under a third name where one is given.
#[shim(ix = 681, mapping = "ReplaceFileW", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn ReplaceFileA(
    replaced: *const u8,
    replacement: *const u8,
    backup: *const u8,
    _flags: u32,
    _exclude: *const c_void,
    _reserved: *const c_void,
) -> Result<Bool, Win32Error> {
    unsafe {
        let (replaced, replacement, backup) = (ansi::file_name(replaced)?, ansi::file_name(replacement)?, ansi::file_name_or_null(backup));
        replace(replaced.as_ptr(), replacement.as_ptr(), backup.as_ref().map_or(core::ptr::null(), |backup| backup.as_ptr()))
    }
}
