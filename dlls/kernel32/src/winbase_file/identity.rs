//! OpenFileById: a file by its number on a volume.

use crate::fileapi::options;
use crate::open::{How, open_by_id};
use guest::call::FileHandle;
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::FILE_NON_DIRECTORY_FILE;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, OBJ_INHERIT};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, ExtendedFileIdType, FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_OVERLAPPED, FILE_ID_DESCRIPTOR, FILE_READ_ATTRIBUTES, FileIdType, ObjectIdType,
};

router! {
    /// By type: how many bytes of a descriptor name the file.
    fn length(kind: i32) -> Result<usize, Win32Error>
    for "OpenFileById", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        kind == FileIdType => Ok(8);
        kind == ObjectIdType => Ok(16);
        kind == ExtendedFileIdType => Ok(16);
    }
}

/// Opens the file with a number, on the volume that another open file lies on.
#[shim(ix = 786, mapping = "NtCreateFile with FILE_OPEN_BY_FILE_ID", risk = Isolation("a file outside of the grants"))]
pub unsafe extern "system" fn OpenFileById(
    hint: HANDLE,
    descriptor: *const FILE_ID_DESCRIPTOR,
    access: u32,
    share: u32,
    security: *const SECURITY_ATTRIBUTES,
    flags: u32,
) -> Result<FileHandle, Win32Error> {
    let descriptor = unsafe { descriptor.as_ref() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let length = length(descriptor.Type)?;
    if (descriptor.dwSize as usize) < size_of::<FILE_ID_DESCRIPTOR>() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: whichever member counts, the union has sixteen bytes.
    let number = unsafe { descriptor.Anonymous.ExtendedFileId }.Identifier;
    let inherit = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    let deletes = if flags & FILE_FLAG_DELETE_ON_CLOSE != 0 { DELETE } else { 0 };
    let how = How {
        share,
        flags: if inherit { OBJ_INHERIT } else { 0 },
        overlapped: flags & FILE_FLAG_OVERLAPPED != 0,
        // A number may be a folder's, whatever the flags say.
        ..How::existing(access | deletes | FILE_READ_ATTRIBUTES, options(flags) & !FILE_NON_DIRECTORY_FILE)
    };
    open_by_id(hint, &number[..length], &how).map(|file| FileHandle(file.keep()))
}
