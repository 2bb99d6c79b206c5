//! SetFileInformationByHandle.

use crate::information::{set, set_named};
use crate::open::Name;
use core::ffi::c_void;
use core::mem::offset_of;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_INFORMATION_CLASS, FILE_RENAME_INFORMATION, FileAllocationInformation, FileBasicInformation, FileDispositionInformation,
    FileDispositionInformationEx, FileEndOfFileInformation, FileRenameInformation, FileRenameInformationEx,
};
use windows_sys::Win32::Foundation::{ERROR_BAD_LENGTH, ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ALLOCATION_INFO, FILE_BASIC_INFO, FILE_DISPOSITION_INFO, FILE_DISPOSITION_INFO_EX, FILE_END_OF_FILE_INFO, FILE_RENAME_INFO,
    FileAllocationInfo, FileBasicInfo, FileDispositionInfo, FileDispositionInfoEx, FileEndOfFileInfo, FileRenameInfo, FileRenameInfoEx,
};

router! {
    /// By class: the native class, and the bytes that it takes at least.
    fn class(class: i32) -> Result<(FILE_INFORMATION_CLASS, usize), Win32Error>
    for "SetFileInformationByHandle", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        class == FileBasicInfo => Ok((FileBasicInformation, size_of::<FILE_BASIC_INFO>()));
        class == FileRenameInfo => Ok((FileRenameInformation, size_of::<FILE_RENAME_INFO>()));
        class == FileDispositionInfo => Ok((FileDispositionInformation, size_of::<FILE_DISPOSITION_INFO>()));
        class == FileAllocationInfo => Ok((FileAllocationInformation, size_of::<FILE_ALLOCATION_INFO>()));
        class == FileEndOfFileInfo => Ok((FileEndOfFileInformation, size_of::<FILE_END_OF_FILE_INFO>()));
        class == FileDispositionInfoEx => Ok((FileDispositionInformationEx, size_of::<FILE_DISPOSITION_INFO_EX>()));
        class == FileRenameInfoEx => Ok((FileRenameInformationEx, size_of::<FILE_RENAME_INFO>()));
    }
}

/// Sets an open file's times and attributes, its size, its name, or its end.
#[shim(ix = 148, mapping = "NtSetInformationFile, one row per class", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn SetFileInformationByHandle(
    file: HANDLE,
    information_class: i32,
    buffer: *const c_void,
    size: u32,
) -> Result<Bool, Win32Error> {
    let (native, least) = class(information_class)?;
    if (size as usize) < least {
        return Err(Win32Error(ERROR_BAD_LENGTH));
    }
    // SAFETY: the caller's buffer is as long as it says.
    unsafe {
        match native {
            FileRenameInformation | FileRenameInformationEx => rename(file, native, buffer, size as usize),
            FileBasicInformation => set(file, native, &buffer.cast::<FILE_BASIC_INFO>().read_unaligned()),
            FileDispositionInformation => set(file, native, &buffer.cast::<FILE_DISPOSITION_INFO>().read_unaligned()),
            FileDispositionInformationEx => set(file, native, &buffer.cast::<FILE_DISPOSITION_INFO_EX>().read_unaligned()),
            _ => set(file, native, &buffer.cast::<i64>().read_unaligned()),
        }
    }
    .map(|()| Bool)
}

/// The new name is a DOS path, unless a folder is given that it starts at.
unsafe fn rename(file: HANDLE, native: FILE_INFORMATION_CLASS, buffer: *const c_void, size: usize) -> Result<(), Win32Error> {
    const NAME: usize = offset_of!(FILE_RENAME_INFO, FileName);
    // SAFETY: the buffer is that long, and the caller has checked that it holds the head.
    let head = unsafe { buffer.cast::<FILE_RENAME_INFO>().read_unaligned() };
    let length = head.FileNameLength as usize;
    if length < 2 || !length.is_multiple_of(2) || NAME + length > size {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut name = alloc::vec![0_u16; length / 2];
    // SAFETY: as checked.
    unsafe { name.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(buffer.cast::<u8>().add(NAME), length) };
    name.truncate(name.iter().position(|unit| *unit == 0).unwrap_or(name.len()));
    // SAFETY: this member of the union covers both.
    let flags = unsafe { head.Anonymous.Flags };
    let flags = if native == FileRenameInformationEx { flags } else { u32::from(flags as u8 != 0) };
    if head.RootDirectory.is_null() {
        name.push(0);
        // SAFETY: it ends in a NUL.
        let path = unsafe { Name::new(name.as_ptr()) }?;
        rename_to(file, native, flags, core::ptr::null_mut(), path.units())
    } else {
        rename_to(file, native, flags, head.RootDirectory, &name)
    }
}

/// Renames an open file to an NT path, or to a name that starts at a folder; or gives it a second name.
pub fn rename_to(file: HANDLE, native: FILE_INFORMATION_CLASS, flags: u32, root: HANDLE, name: &[u16]) -> Result<(), Win32Error> {
    const AT: usize = offset_of!(FILE_RENAME_INFORMATION, FileName);
    const LENGTH: usize = offset_of!(FILE_RENAME_INFORMATION, FileNameLength);
    const ROOT: usize = offset_of!(FILE_RENAME_INFORMATION, RootDirectory);
    let mut head = [0_u64; size_of::<FILE_RENAME_INFORMATION>().div_ceil(8)];
    let start = head.as_mut_ptr().cast::<u8>();
    // SAFETY: the members lie in the head.
    unsafe {
        start.cast::<u32>().write(flags);
        start.add(ROOT).cast::<HANDLE>().write(root);
        start.add(LENGTH).cast::<u32>().write(size_of_val(name) as u32);
    }
    set_named(file, native, &head, AT, name)
}
