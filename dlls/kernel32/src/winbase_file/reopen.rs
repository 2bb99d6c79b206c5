//! ReOpenFile: a second, independent open of what a handle stands for.

use crate::fileapi::options;
use crate::nt::{NtOpenFile, check};
use crate::open::{Owned, block};
use core::ptr::{null, null_mut};
use guest::call::FileHandle;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, OBJ_CASE_INSENSITIVE, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_OVERLAPPED, FILE_READ_ATTRIBUTES, SYNCHRONIZE};

/// Opens what a handle stands for once more, with access, share mode and flags of its own.
#[shim(ix = 306, mapping = "NtOpenFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn ReOpenFile(file: HANDLE, access: u32, share: u32, flags: u32) -> Result<FileHandle, Win32Error> {
    // The low bits are attributes, for which there is no file to be made.
    if flags & 0xFFFF != 0 || flags & FILE_FLAG_DELETE_ON_CLOSE != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
    let object = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: file,
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let waits = if flags & FILE_FLAG_OVERLAPPED == 0 { FILE_SYNCHRONOUS_IO_NONALERT } else { 0 };
    // What is open may be a folder, whatever the flags say.
    let options = options(flags) & !FILE_NON_DIRECTORY_FILE | waits;
    let (mut handle, mut block) = (null_mut(), block());
    let access = access | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
    check(unsafe { NtOpenFile(&raw mut handle, access, &raw const object, &raw mut block, share, options) })?;
    Ok(FileHandle(Owned(handle).keep()))
}
