//! Windows' own folders.

use crate::ansi;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, shim};

/// Windows' folder.
pub const WINDOWS_FOLDER: &str = "C:\\Windows";
/// The folder of the system's DLLs.
pub const SYSTEM_FOLDER: &str = "C:\\Windows\\System32";
/// The folder of the 32-bit system DLLs.
const WOW64_FOLDER: &str = "C:\\Windows\\SysWOW64";

unsafe fn answer(folder: &str, buffer: *mut u16, room: u32) -> Count<u32> {
    let units: alloc::vec::Vec<u16> = folder.encode_utf16().collect();
    // SAFETY: as the caller promises.
    Count(unsafe { ansi::copy_or_need(&units, buffer, room) })
}

unsafe fn answer_ansi(folder: &str, buffer: *mut u8, room: u32) -> Count<u32> {
    let units: alloc::vec::Vec<u16> = folder.encode_utf16().collect();
    // SAFETY: as the caller promises.
    Count(unsafe { ansi::copy_or_need(&ansi::from_wide(nls::ANSI, &units), buffer, room) })
}

/// Answers Windows' folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 182, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetWindowsDirectoryW(buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(WINDOWS_FOLDER, buffer, room) })
}

/// Answers Windows' folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 316, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetWindowsDirectoryA(buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer_ansi(WINDOWS_FOLDER, buffer, room) })
}

/// Answers Windows' folder, which is the same for every user.
#[shim(ix = 450, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemWindowsDirectoryW(buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(WINDOWS_FOLDER, buffer, room) })
}

/// Answers Windows' folder, which is the same for every user.
#[shim(ix = 689, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemWindowsDirectoryA(buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer_ansi(WINDOWS_FOLDER, buffer, room) })
}

/// Answers the system's folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 126, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemDirectoryW(buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(SYSTEM_FOLDER, buffer, room) })
}

/// Answers the system's folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 212, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemDirectoryA(buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer_ansi(SYSTEM_FOLDER, buffer, room) })
}

/// Answers the folder of the 32-bit system DLLs.
#[shim(ix = 690, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemWow64DirectoryW(buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(WOW64_FOLDER, buffer, room) })
}

/// Answers the folder of the 32-bit system DLLs.
#[shim(ix = 496, mapping = "the namespace's layout", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetSystemWow64DirectoryA(buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer_ansi(WOW64_FOLDER, buffer, room) })
}
