//! The current folder.

use super::unicode_string;
use crate::ansi;
use crate::nt::{RtlGetCurrentDirectory_U, RtlSetCurrentDirectory_U, check};
use alloc::vec::Vec;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::ERROR_INVALID_NAME;

/// The current folder, without a backslash at its end unless it is a root.
pub fn current() -> Vec<u16> {
    let mut folder = alloc::vec![0_u16; 0x8000];
    // SAFETY: writes no more than there is room for.
    let bytes = unsafe { RtlGetCurrentDirectory_U(2 * folder.len() as u32, folder.as_mut_ptr()) };
    folder.truncate(bytes as usize / 2);
    folder
}

/// Answers the current folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 57, mapping = "RtlGetCurrentDirectory_U", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetCurrentDirectoryW(room: u32, buffer: *mut u16) -> u32 {
    unsafe { ansi::copy_or_need(&current(), buffer, room) }
}

/// Answers the current folder; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 488, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetCurrentDirectoryA(room: u32, buffer: *mut u8) -> u32 {
    unsafe { ansi::copy_or_need(&ansi::from_wide(ansi::file_page(), &current()), buffer, room) }
}

fn set(folder: &[u16]) -> Result<Bool, Win32Error> {
    if folder.is_empty() {
        return Err(Win32Error(ERROR_INVALID_NAME));
    }
    let folder = unicode_string(folder)?;
    // SAFETY: reads the name.
    check(unsafe { RtlSetCurrentDirectory_U(&raw const folder) }).map(|_| Bool)
}

/// Sets the current folder, which must exist.
#[shim(ix = 106, mapping = "RtlSetCurrentDirectory_U", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn SetCurrentDirectoryW(folder: *const u16) -> Result<Bool, Win32Error> {
    set(unsafe { text::wide(folder) })
}

/// Sets the current folder, which must exist.
#[shim(ix = 517, mapping = "SetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn SetCurrentDirectoryA(folder: *const u8) -> Result<Bool, Win32Error> {
    set(&ansi::units(ansi::file_page(), unsafe { text::narrow(folder) }))
}
