//! Temporary files: where they go, and names for them.

use super::full::full;
use crate::ansi::{self, copy_or_need};
use crate::nt::{NtQueryAttributesFile, RtlQueryEnvironmentVariable_U, check};
use crate::open::{How, Name, error, object, open};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::Count;
use guest::error::{Status, Win32Error};
use guest::shim;
use guest::text::wide;
use windows_sys::Wdk::Storage::FileSystem::{FILE_BASIC_INFORMATION, FILE_CREATE, FILE_NON_DIRECTORY_FILE};
use windows_sys::Win32::Foundation::{
    ERROR_BUFFER_OVERFLOW, ERROR_DIRECTORY, ERROR_INVALID_PARAMETER, GENERIC_READ, MAX_PATH, STATUS_OBJECT_NAME_COLLISION, UNICODE_STRING,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL};

const BACKSLASH: u16 = b'\\' as u16;

/// The value of a variable of the environment, with a NUL behind it.
fn variable(name: &str) -> Option<Vec<u16>> {
    let mut units: Vec<u16> = name.encode_utf16().collect();
    let bytes = size_of_val(units.as_slice()) as u16;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_mut_ptr() };
    let mut value = alloc::vec![0_u16; 0x7FFF];
    let mut string = UNICODE_STRING { Length: 0, MaximumLength: 0xFFFC, Buffer: value.as_mut_ptr() };
    // SAFETY: both strings live through the call, and the value has the room that it says.
    let status = unsafe { RtlQueryEnvironmentVariable_U(core::ptr::null(), &raw const name, &raw mut string) };
    if status < 0 || string.Length == 0 {
        return None;
    }
    value.truncate(usize::from(string.Length / 2));
    value.push(0);
    Some(value)
}

/// The folder for temporary files, with a backslash at its end.
fn folder() -> Result<Vec<u16>, Win32Error> {
    let found = ["TMP", "TEMP", "USERPROFILE", "SystemRoot"].into_iter().find_map(variable);
    let found = found.unwrap_or_else(|| guest::text::terminated("C:\\Windows"));
    // SAFETY: it ends in a NUL.
    let mut path = unsafe { full(found.as_ptr()) }?;
    if path.last() != Some(&BACKSLASH) {
        path.push(BACKSLASH);
    }
    Ok(path)
}

/// Answers the folder for temporary files.
#[shim(ix = 116, mapping = "the environment", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetTempPathW(room: u32, buffer: *mut u16) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&folder()?, buffer, room))) }
}

/// Answers the folder for temporary files; only processes of the system itself have another one than GetTempPath tells.
#[shim(ix = 784, mapping = "GetTempPathW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetTempPath2W(room: u32, buffer: *mut u16) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&folder()?, buffer, room))) }
}

/// Answers the folder for temporary files; only processes of the system itself have another one than GetTempPath tells.
#[shim(ix = 785, mapping = "GetTempPath2W", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetTempPath2A(room: u32, buffer: *mut u8) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&ansi::from_wide(ansi::file_page(), &folder()?), buffer, room))) }
}

/// Answers the folder for temporary files.
#[shim(ix = 350, mapping = "GetTempPathW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetTempPathA(room: u32, buffer: *mut u8) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&ansi::from_wide(ansi::file_page(), &folder()?), buffer, room))) }
}

/// Names a temporary file, and makes it where no number is given.
fn name(folder: &[u16], prefix: &[u16], unique: u32) -> Result<(Vec<u16>, u32), Win32Error> {
    // Three units of the prefix, four digits, the extension and the NUL must find room (GetTempFileName's documentation).
    if folder.len() > MAX_PATH as usize - 14 {
        return Err(Win32Error(ERROR_BUFFER_OVERFLOW));
    }
    let mut head = folder.to_vec();
    if !matches!(head.last(), Some(&BACKSLASH | &0x2F)) {
        head.push(BACKSLASH);
    }
    let path = |number: u32| -> Vec<u16> {
        let number = alloc::format!("{number:X}.tmp");
        head.iter().chain(prefix.iter().take(3)).copied().chain(number.encode_utf16()).chain([0]).collect()
    };
    if unique != 0 {
        return Ok((path(unique & 0xFFFF), unique & 0xFFFF));
    }
    check_folder(&head)?;
    for _ in 0..=0xFFFF {
        let number = next_number();
        let path = path(number);
        // SAFETY: it ends in a NUL.
        let nt = unsafe { Name::new(path.as_ptr()) }?;
        let how = How {
            access: GENERIC_READ,
            share: 0,
            disposition: FILE_CREATE,
            options: FILE_NON_DIRECTORY_FILE,
            attributes: FILE_ATTRIBUTE_NORMAL,
            flags: 0,
            overlapped: false,
        };
        match open(&nt, &how) {
            Ok(_) => return Ok((path, number)),
            Err(Status(STATUS_OBJECT_NAME_COLLISION)) => {}
            Err(Status(status)) => return Err(error(status)),
        }
    }
    Err(Win32Error(windows_sys::Win32::Foundation::ERROR_FILE_EXISTS))
}

fn check_folder(folder: &[u16]) -> Result<(), Win32Error> {
    let path: Vec<u16> = folder.iter().copied().chain([0]).collect();
    // SAFETY: it ends in a NUL.
    let name = unsafe { Name::new(path.as_ptr()) }?;
    let mut basic = FILE_BASIC_INFORMATION::default();
    // SAFETY: name and answer live through the call.
    let found = check(unsafe { NtQueryAttributesFile(&object(&name), &raw mut basic) });
    if found.is_ok() && basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY != 0 { Ok(()) } else { Err(Win32Error(ERROR_DIRECTORY)) }
}

/// Numbers from 1 to 65,535, that start at the clock's and go on from there.
fn next_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    loop {
        let last = LAST.load(Ordering::Relaxed);
        let next = if last == 0 { super::time::now() as u32 >> 8 } else { last + 1 } & 0xFFFF;
        let next = next.max(1);
        if LAST.compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return next;
        }
    }
}

/// Names a temporary file, and makes it where no number is given.
#[shim(ix = 371, mapping = "NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetTempFileNameW(
    folder: *const u16,
    prefix: *const u16,
    unique: u32,
    buffer: *mut u16,
) -> Result<Count<u32>, Win32Error> {
    if folder.is_null() || buffer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        let (path, number) = name(wide(folder), wide(prefix), unique)?;
        buffer.copy_from_nonoverlapping(path.as_ptr(), path.len());
        Ok(Count(number))
    }
}

/// Names a temporary file, and makes it where no number is given.
#[shim(ix = 451, mapping = "GetTempFileNameW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetTempFileNameA(folder: *const u8, prefix: *const u8, unique: u32, buffer: *mut u8) -> Result<Count<u32>, Win32Error> {
    if buffer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        let (folder, prefix) = (ansi::file_name(folder)?, ansi::to_wide(prefix).unwrap_or_else(|| alloc::vec![0]));
        let (path, number) = name(wide(folder.as_ptr()), wide(prefix.as_ptr()), unique)?;
        let path = ansi::from_wide(ansi::file_page(), &path);
        buffer.copy_from_nonoverlapping(path.as_ptr(), path.len());
        Ok(Count(number))
    }
}
