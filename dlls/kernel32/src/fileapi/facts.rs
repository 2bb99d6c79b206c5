//! Facts of files: attributes, times, identities, and setting them.

use crate::ansi;
use crate::information::{file_time, high, query, set, time_of};
use crate::nt::{NtQueryAttributesFile, NtQueryFullAttributesFile, check};
use crate::open::{Name, object, open_path};
use core::ffi::c_void;
use guest::call::{Bool, Number};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_ID_INFORMATION, FILE_NETWORK_OPEN_INFORMATION, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT,
    FILE_STAT_INFORMATION, FileBasicInformation, FileIdInformation, FileStatInformation,
};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NOT_CONTENT_INDEXED,
    FILE_ATTRIBUTE_OFFLINE, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_SPARSE_FILE, FILE_ATTRIBUTE_SYSTEM, FILE_ATTRIBUTE_TEMPORARY,
    FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES, GetFileExInfoStandard, WIN32_FILE_ATTRIBUTE_DATA,
};

/// The attributes that SetFileAttributes sets; it leaves the others as they are.
const SETTABLE: u32 = FILE_ATTRIBUTE_READONLY
    | FILE_ATTRIBUTE_HIDDEN
    | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE
    | FILE_ATTRIBUTE_NORMAL
    | FILE_ATTRIBUTE_TEMPORARY
    | FILE_ATTRIBUTE_OFFLINE
    | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

unsafe fn attributes(path: *const u16) -> Result<Number, Win32Error> {
    let name = unsafe { Name::new(path) }?;
    let mut basic = FILE_BASIC_INFORMATION::default();
    check(unsafe { NtQueryAttributesFile(&object(&name), &raw mut basic) })?;
    Ok(Number(basic.FileAttributes))
}

/// Answers a path's attributes.
#[shim(ix = 53, mapping = "NtQueryAttributesFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileAttributesW(path: *const u16) -> Result<Number, Win32Error> {
    unsafe { attributes(path) }
}

/// Answers a path's attributes.
#[shim(ix = 194, mapping = "GetFileAttributesW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileAttributesA(path: *const u8) -> Result<Number, Win32Error> {
    unsafe { attributes(ansi::file_name(path)?.as_ptr()) }
}

unsafe fn attributes_ex(path: *const u16, level: i32, answer: *mut c_void) -> Result<Bool, Win32Error> {
    if level != GetFileExInfoStandard {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let name = unsafe { Name::new(path) }?;
    let mut facts = FILE_NETWORK_OPEN_INFORMATION::default();
    check(unsafe { NtQueryFullAttributesFile(&object(&name), &raw mut facts) })?;
    let data = WIN32_FILE_ATTRIBUTE_DATA {
        dwFileAttributes: facts.FileAttributes,
        ftCreationTime: file_time(facts.CreationTime),
        ftLastAccessTime: file_time(facts.LastAccessTime),
        ftLastWriteTime: file_time(facts.LastWriteTime),
        nFileSizeHigh: high(facts.EndOfFile),
        nFileSizeLow: facts.EndOfFile as u32,
    };
    unsafe { answer.cast::<WIN32_FILE_ATTRIBUTE_DATA>().write_unaligned(data) };
    Ok(Bool)
}

/// Answers a path's attributes, times and size.
#[shim(ix = 165, mapping = "NtQueryFullAttributesFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileAttributesExW(path: *const u16, level: i32, answer: *mut c_void) -> Result<Bool, Win32Error> {
    unsafe { attributes_ex(path, level, answer) }
}

/// Answers a path's attributes, times and size.
#[shim(ix = 489, mapping = "GetFileAttributesExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileAttributesExA(path: *const u8, level: i32, answer: *mut c_void) -> Result<Bool, Win32Error> {
    unsafe { attributes_ex(ansi::file_name(path)?.as_ptr(), level, answer) }
}

unsafe fn set_attributes(path: *const u16, attributes: u32) -> Result<Bool, Win32Error> {
    let file = unsafe { open_path(path, FILE_WRITE_ATTRIBUTES, FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT) }?;
    // None at all would leave them as they are.
    let wanted = match attributes & SETTABLE {
        0 => FILE_ATTRIBUTE_NORMAL,
        wanted => wanted,
    };
    set(file.0, FileBasicInformation, &FILE_BASIC_INFORMATION { FileAttributes: wanted, ..Default::default() }).map(|()| Bool)
}

/// Sets a path's attributes.
#[shim(ix = 123, mapping = "NtSetInformationFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn SetFileAttributesW(path: *const u16, attributes: u32) -> Result<Bool, Win32Error> {
    unsafe { set_attributes(path, attributes) }
}

/// Sets a path's attributes.
#[shim(ix = 667, mapping = "SetFileAttributesW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn SetFileAttributesA(path: *const u8, attributes: u32) -> Result<Bool, Win32Error> {
    unsafe { set_attributes(ansi::file_name(path)?.as_ptr(), attributes) }
}

/// The bytes that a file takes on its volume: of a sparse file those that have a place there, else all.
unsafe fn compressed(path: *const u16, upper: *mut u32) -> Result<Number, Win32Error> {
    let file = unsafe { open_path(path, FILE_READ_ATTRIBUTES, FILE_OPEN_FOR_BACKUP_INTENT) }?;
    let facts: FILE_STAT_INFORMATION = query(file.0, FileStatInformation)?;
    let size = if facts.FileAttributes & FILE_ATTRIBUTE_SPARSE_FILE != 0 { facts.AllocationSize } else { facts.EndOfFile };
    if !upper.is_null() {
        unsafe { *upper = high(size) };
    }
    // All bits set is a size too, and the last error tells it from the failure.
    guest::teb::set_last_error(0);
    Ok(Number(size as u32))
}

/// Answers the bytes that a file takes on its volume.
#[shim(ix = 763, mapping = "NtQueryInformationFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetCompressedFileSizeW(path: *const u16, upper: *mut u32) -> Result<Number, Win32Error> {
    unsafe { compressed(path, upper) }
}

/// Answers the bytes that a file takes on its volume.
#[shim(ix = 764, mapping = "GetCompressedFileSizeW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetCompressedFileSizeA(path: *const u8, upper: *mut u32) -> Result<Number, Win32Error> {
    unsafe { compressed(ansi::file_name(path)?.as_ptr(), upper) }
}

/// Answers an open file's times of creation, last access and last write.
#[shim(ix = 296, mapping = "NtQueryInformationFile", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetFileTime(
    file: HANDLE,
    creation: *mut FILETIME,
    access: *mut FILETIME,
    write: *mut FILETIME,
) -> Result<Bool, Win32Error> {
    let basic: FILE_BASIC_INFORMATION = query(file, FileBasicInformation)?;
    for (target, time) in [(creation, basic.CreationTime), (access, basic.LastAccessTime), (write, basic.LastWriteTime)] {
        if !target.is_null() {
            unsafe { *target = file_time(time) };
        }
    }
    Ok(Bool)
}

/// Sets an open file's times of creation, last access and last write; NULL leaves one.
#[shim(ix = 79, mapping = "NtSetInformationFile", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn SetFileTime(
    file: HANDLE,
    creation: *const FILETIME,
    access: *const FILETIME,
    write: *const FILETIME,
) -> Result<Bool, Win32Error> {
    let [creation, access, write] = [creation, access, write].map(|time| unsafe { time.as_ref() }.map_or(0, time_of));
    let basic = FILE_BASIC_INFORMATION { CreationTime: creation, LastAccessTime: access, LastWriteTime: write, ..Default::default() };
    set(file, FileBasicInformation, &basic).map(|()| Bool)
}

/// Answers an open file's attributes, times, size, links and identity.
#[shim(ix = 77, mapping = "NtQueryInformationFile", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetFileInformationByHandle(file: HANDLE, answer: *mut BY_HANDLE_FILE_INFORMATION) -> Result<Bool, Win32Error> {
    let facts: FILE_STAT_INFORMATION = query(file, FileStatInformation)?;
    // A file of the shell's lies on none of the drives, but has its volume.
    let id: FILE_ID_INFORMATION = query(file, FileIdInformation)?;
    let information = BY_HANDLE_FILE_INFORMATION {
        dwFileAttributes: facts.FileAttributes,
        ftCreationTime: file_time(facts.CreationTime),
        ftLastAccessTime: file_time(facts.LastAccessTime),
        ftLastWriteTime: file_time(facts.LastWriteTime),
        dwVolumeSerialNumber: id.VolumeSerialNumber as u32,
        nFileSizeHigh: high(facts.EndOfFile),
        nFileSizeLow: facts.EndOfFile as u32,
        nNumberOfLinks: facts.NumberOfLinks,
        nFileIndexHigh: high(facts.FileId),
        nFileIndexLow: facts.FileId as u32,
    };
    unsafe { *answer = information };
    Ok(Bool)
}
