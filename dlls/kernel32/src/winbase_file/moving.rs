//! MoveFile and its forms: a rename, or a copy where the volumes differ.

use super::copy::{Progress, Routine, copy};
use crate::ansi;
use crate::fileapi::{remove, rename_to};
use crate::open::{Name, Owned, open_existing};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FileAttributeTagInformation, FileRenameInformation,
};
use windows_sys::Wdk::System::SystemServices::FILE_ATTRIBUTE_TAG_INFORMATION;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_NOT_SAME_DEVICE};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ATTRIBUTE_DIRECTORY, FILE_READ_ATTRIBUTES, MOVEFILE_COPY_ALLOWED, MOVEFILE_CREATE_HARDLINK, MOVEFILE_DELAY_UNTIL_REBOOT,
    MOVEFILE_FAIL_IF_NOT_TRACKABLE, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH,
};

/// How a file is moved.
#[derive(Clone, Copy)]
struct Way {
    replaces: bool,
    copies: bool,
}

const KNOWN: u32 =
    MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED | MOVEFILE_WRITE_THROUGH | MOVEFILE_FAIL_IF_NOT_TRACKABLE | MOVEFILE_DELAY_UNTIL_REBOOT;

router! {
    /// By the flags of MoveFileEx. Nothing is started again, and a program of the sandbox could not order what happens then.
    fn way(flags: u32, has_target: bool) -> Result<Way, Win32Error> for "MoveFileExW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & MOVEFILE_CREATE_HARDLINK != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        flags & MOVEFILE_DELAY_UNTIL_REBOOT != 0 && flags & MOVEFILE_COPY_ALLOWED != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        flags & MOVEFILE_DELAY_UNTIL_REBOOT != 0 => Err(Win32Error(ERROR_ACCESS_DENIED));
        has_target && flags & !KNOWN == 0 => Ok(Way { replaces: flags & MOVEFILE_REPLACE_EXISTING != 0, copies: flags & MOVEFILE_COPY_ALLOWED != 0 });
    }
}

/// Moves a file or folder.
///
/// # Safety
/// The paths are NULL or end in a NUL; what `progress` holds is the caller's.
unsafe fn move_file(existing: *const u16, new: *const u16, flags: u32, progress: Progress) -> Result<Bool, Win32Error> {
    let from = unsafe { Name::new(existing)? };
    let way = way(flags, !new.is_null())?;
    let to = unsafe { Name::new(new)? };
    let options = FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT;
    let source: Owned = open_existing(&from, DELETE | FILE_READ_ATTRIBUTES, options)?;
    let renamed = rename_to(source.0, FileRenameInformation, way.replaces.into(), null_mut(), to.units());
    let Err(Win32Error(ERROR_NOT_SAME_DEVICE)) = renamed else { return renamed.map(|()| Bool) };
    let tag: FILE_ATTRIBUTE_TAG_INFORMATION = crate::information::query(source.0, FileAttributeTagInformation)?;
    drop(source);
    if !way.copies {
        return Err(Win32Error(ERROR_NOT_SAME_DEVICE));
    }
    // A folder is never copied: its move to another volume is refused.
    if tag.FileAttributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        return Err(Win32Error(ERROR_ACCESS_DENIED));
    }
    unsafe {
        const FAIL_IF_EXISTS: u32 = 1;
        copy(existing, new, if way.replaces { 0 } else { FAIL_IF_EXISTS }, progress)?;
        remove(existing)
    }
}

/// Moves a file or folder.
#[shim(ix = 219, mapping = "NtSetInformationFile", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn MoveFileW(existing: *const u16, new: *const u16) -> Result<Bool, Win32Error> {
    unsafe { move_file(existing, new, MOVEFILE_COPY_ALLOWED, Progress::NONE) }
}

/// Moves a file or folder.
#[shim(ix = 678, mapping = "MoveFileW", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn MoveFileA(existing: *const u8, new: *const u8) -> Result<Bool, Win32Error> {
    unsafe {
        let (existing, new) = (ansi::file_name(existing)?, ansi::file_name(new)?);
        move_file(existing.as_ptr(), new.as_ptr(), MOVEFILE_COPY_ALLOWED, Progress::NONE)
    }
}

/// Moves a file or folder, by flags.
#[shim(ix = 109, mapping = "NtSetInformationFile", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn MoveFileExW(existing: *const u16, new: *const u16, flags: u32) -> Result<Bool, Win32Error> {
    unsafe { move_file(existing, new, flags, Progress::NONE) }
}

/// Moves a file or folder, by flags.
#[shim(ix = 458, mapping = "MoveFileExW", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn MoveFileExA(existing: *const u8, new: *const u8, flags: u32) -> Result<Bool, Win32Error> {
    unsafe {
        let (existing, new) = (ansi::file_name(existing)?, ansi::file_name_or_null(new));
        move_file(existing.as_ptr(), new.as_ref().map_or(core::ptr::null(), |new| new.as_ptr()), flags, Progress::NONE)
    }
}

/// Moves a file or folder, and tells how far it is where it copies.
#[shim(ix = 679, mapping = "NtSetInformationFile", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn MoveFileWithProgressW(
    existing: *const u16,
    new: *const u16,
    routine: Option<crate::winbase_file::copy::Routine>,
    data: *const c_void,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let routine: Option<Routine> = routine;
    unsafe { move_file(existing, new, flags, Progress::of(routine, data, null_mut())) }
}
