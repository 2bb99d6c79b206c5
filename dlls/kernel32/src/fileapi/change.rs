//! Making and deleting: folders, files.

use crate::ansi;
use crate::information::{query, set};
use crate::open::{How, Name, error, open, open_path};
use guest::call::Bool;
use guest::error::{Status, Win32Error};
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_CREATE, FILE_DIRECTORY_FILE, FILE_DISPOSITION_INFORMATION, FILE_NON_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT,
    FILE_OPEN_REPARSE_POINT, FileBasicInformation, FileDispositionInformation,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ATTRIBUTE_NORMAL, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE,
};

/// Makes a folder with the given attributes.
///
/// # Safety
/// `path` is NULL or ends in a NUL.
pub unsafe fn make_folder(path: *const u16, attributes: u32) -> Result<Bool, Win32Error> {
    // SAFETY: as the caller promises.
    let name = unsafe { Name::new(path) }?;
    let how = How {
        access: FILE_LIST_DIRECTORY,
        share: FILE_SHARE_READ | FILE_SHARE_WRITE,
        disposition: FILE_CREATE,
        options: FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT,
        attributes,
        flags: 0,
        overlapped: false,
    };
    open(&name, &how).map(|_| Bool).map_err(|Status(status)| error(status))
}

/// Makes a folder.
#[shim(ix = 88, mapping = "NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateDirectoryW(path: *const u16, _security: *const SECURITY_ATTRIBUTES) -> Result<Bool, Win32Error> {
    unsafe { make_folder(path, FILE_ATTRIBUTE_NORMAL) }
}

/// Makes a folder.
#[shim(ix = 538, mapping = "CreateDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateDirectoryA(path: *const u8, _security: *const SECURITY_ATTRIBUTES) -> Result<Bool, Win32Error> {
    unsafe { make_folder(ansi::file_name(path)?.as_ptr(), FILE_ATTRIBUTE_NORMAL) }
}

unsafe fn make_like(template: *const u16, path: *const u16) -> Result<Bool, Win32Error> {
    let template = unsafe { open_path(template, FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT) }?;
    let basic: FILE_BASIC_INFORMATION = query(template.0, FileBasicInformation)?;
    unsafe { make_folder(path, basic.FileAttributes) }
}

/// Makes a folder with the attributes of another.
#[shim(ix = 388, mapping = "NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateDirectoryExW(
    template: *const u16,
    path: *const u16,
    _security: *const SECURITY_ATTRIBUTES,
) -> Result<Bool, Win32Error> {
    unsafe { make_like(template, path) }
}

/// Makes a folder with the attributes of another.
#[shim(ix = 767, mapping = "CreateDirectoryExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateDirectoryExA(
    template: *const u8,
    path: *const u8,
    _security: *const SECURITY_ATTRIBUTES,
) -> Result<Bool, Win32Error> {
    unsafe { make_like(ansi::file_name(template)?.as_ptr(), ansi::file_name(path)?.as_ptr()) }
}

/// Opens what is to go, marks it, and closes it.
unsafe fn delete(path: *const u16, options: u32) -> Result<Bool, Win32Error> {
    let file = unsafe { open_path(path, DELETE, options | FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT) }?;
    set(file.0, FileDispositionInformation, &FILE_DISPOSITION_INFORMATION { DeleteFile: true }).map(|()| Bool)
}

/// Deletes an empty folder.
#[shim(ix = 119, mapping = "NtSetInformationFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn RemoveDirectoryW(path: *const u16) -> Result<Bool, Win32Error> {
    unsafe { delete(path, FILE_DIRECTORY_FILE) }
}

/// Deletes an empty folder.
#[shim(ix = 666, mapping = "RemoveDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn RemoveDirectoryA(path: *const u8) -> Result<Bool, Win32Error> {
    unsafe { delete(ansi::file_name(path)?.as_ptr(), FILE_DIRECTORY_FILE) }
}

/// Deletes a file by its path.
///
/// # Safety
/// `path` is NULL or ends in a NUL.
pub unsafe fn remove(path: *const u16) -> Result<Bool, Win32Error> {
    // SAFETY: as the caller promises.
    unsafe { delete(path, FILE_NON_DIRECTORY_FILE) }
}

/// Deletes a file; it goes when its last handle is closed.
#[shim(ix = 93, mapping = "NtSetInformationFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn DeleteFileW(path: *const u16) -> Result<Bool, Win32Error> {
    unsafe { delete(path, FILE_NON_DIRECTORY_FILE) }
}

/// Deletes a file; it goes when its last handle is closed.
#[shim(ix = 409, mapping = "DeleteFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn DeleteFileA(path: *const u8) -> Result<Bool, Win32Error> {
    unsafe { delete(ansi::file_name(path)?.as_ptr(), FILE_NON_DIRECTORY_FILE) }
}
