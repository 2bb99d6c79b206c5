//! Files for tests: made, opened and read in the working folder.

use crate::wide;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{CloseHandle, GENERIC_READ, GENERIC_WRITE, GetLastError, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_ALWAYS, CreateDirectoryW, CreateFileW, DeleteFileW, FILE_ATTRIBUTE_NORMAL, FILE_FLAG_OVERLAPPED, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, OPEN_EXISTING, ReadFile, RemoveDirectoryW, SetFileAttributesW, WriteFile,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Threading::CreateEventW;

/// Every share mode.
pub const SHARE: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// A handle that is closed when it goes out of scope.
pub struct File(pub HANDLE);

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's own.
        unsafe { CloseHandle(self.0) };
    }
}

/// Opens with CreateFile; the error is the last one.
pub fn create(name: &str, access: u32, share: u32, disposition: u32, flags: u32) -> Result<File, u32> {
    let name = wide(name);
    // SAFETY: the name ends in a NUL.
    let handle = unsafe { CreateFileW(name.as_ptr(), access, share, null(), disposition, flags, null_mut()) };
    // SAFETY: takes nothing.
    if handle == INVALID_HANDLE_VALUE { Err(unsafe { GetLastError() }) } else { Ok(File(handle)) }
}

/// Opens what exists.
pub fn open(name: &str, access: u32) -> Result<File, String> {
    create(name, access, SHARE, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL).map_err(|code| format!("{name} was not opened: {code}"))
}

/// Makes a file with some bytes, and leaves it open for reading and writing.
pub fn make(name: &str, bytes: &[u8]) -> Result<File, String> {
    let file = create(name, GENERIC_READ | GENERIC_WRITE, SHARE, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL);
    let file = file.map_err(|code| format!("{name} was not made: {code}"))?;
    let mut written = 0;
    // SAFETY: the bytes live through the call.
    let done = unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut written, null_mut()) };
    if done != 0 && written as usize == bytes.len() { Ok(file) } else { Err(format!("{name} was not written")) }
}

/// Makes a file with some bytes.
pub fn put(name: &str, bytes: &[u8]) -> Result<(), String> {
    make(name, bytes).map(|_| ())
}

/// Reads a whole file.
pub fn get(name: &str) -> Result<Vec<u8>, String> {
    let file = open(name, GENERIC_READ)?;
    read(&file, 4096)
}

/// Reads from a file's position on.
pub fn read(file: &File, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = alloc::vec![0; most];
    let mut read = 0;
    // SAFETY: the buffer has that many bytes.
    let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), most as u32, &raw mut read, null_mut()) };
    bytes.truncate(read as usize);
    // SAFETY: takes nothing.
    if done != 0 { Ok(bytes) } else { Err(format!("it was not read: {}", unsafe { GetLastError() })) }
}

/// Makes a folder.
pub fn folder(name: &str) -> Result<(), String> {
    let units = wide(name);
    // SAFETY: the name ends in a NUL.
    if unsafe { CreateDirectoryW(units.as_ptr(), null()) } != 0 { Ok(()) } else { Err(format!("{name} was not made")) }
}

/// Deletes a file or an empty folder, if it is there.
pub fn forget(name: &str) {
    let name = wide(name);
    // SAFETY: the name ends in a NUL.
    unsafe {
        SetFileAttributesW(name.as_ptr(), FILE_ATTRIBUTE_NORMAL);
        if DeleteFileW(name.as_ptr()) == 0 {
            RemoveDirectoryW(name.as_ptr());
        }
    }
}

/// Bytes with a NUL behind them.
pub fn ansi(text: &str) -> Vec<u8> {
    text.bytes().chain([0]).collect()
}

/// An `OVERLAPPED` of a position, and the event that tells of its end.
pub fn overlapped(offset: u32, event: HANDLE) -> OVERLAPPED {
    // SAFETY: plain data, for which zero is a value.
    let mut overlapped = unsafe { core::mem::zeroed::<OVERLAPPED>() };
    overlapped.Anonymous.Anonymous.Offset = offset;
    overlapped.hEvent = event;
    overlapped
}

/// Opens what exists, for requests that may pend.
pub fn open_overlapped(name: &str) -> Result<File, String> {
    create(name, GENERIC_READ | GENERIC_WRITE, SHARE, OPEN_EXISTING, FILE_FLAG_OVERLAPPED).map_err(|code| format!("{name} was not opened: {code}"))
}

/// A new event that stays set until it is reset.
pub fn event() -> File {
    // SAFETY: takes no memory of ours.
    File(unsafe { CreateEventW(null(), 1, 0, null()) })
}
