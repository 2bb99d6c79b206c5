//! The `A` functions' way in and out: ANSI text becomes UTF-16 and back.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use guest::error::Win32Error;
use guest::nls::{self, ANSI, OEM};
use guest::text;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};

/// Whether file functions take and give OEM text (SetFileApisToOEM).
static FILES_ARE_OEM: AtomicBool = AtomicBool::new(false);

/// Sets whether file functions take and give OEM text.
pub fn set_files_oem(oem: bool) {
    FILES_ARE_OEM.store(oem, Ordering::Relaxed);
}

/// Whether file functions take and give OEM text.
pub fn files_are_oem() -> bool {
    FILES_ARE_OEM.load(Ordering::Relaxed)
}

/// The code page of file names.
pub fn file_page() -> u32 {
    if files_are_oem() { OEM } else { ANSI }
}

/// A NUL-terminated ANSI string as NUL-terminated UTF-16; `None` for NULL.
///
/// # Safety
/// `string` is NULL or ends in a NUL.
pub unsafe fn to_wide(string: *const u8) -> Option<Vec<u16>> {
    // SAFETY: as the caller promises.
    unsafe { to_wide_by(ANSI, string) }
}

/// A NUL-terminated file name as NUL-terminated UTF-16; NULL is refused.
///
/// # Safety
/// `string` is NULL or ends in a NUL.
pub unsafe fn file_name(string: *const u8) -> Result<Vec<u16>, Win32Error> {
    // SAFETY: as the caller promises.
    unsafe { to_wide_by(file_page(), string) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))
}

/// A NUL-terminated file name as NUL-terminated UTF-16; `None` for NULL.
///
/// # Safety
/// `string` is NULL or ends in a NUL.
pub unsafe fn file_name_or_null(string: *const u8) -> Option<Vec<u16>> {
    // SAFETY: as the caller promises.
    unsafe { to_wide_by(file_page(), string) }
}

unsafe fn to_wide_by(page: u32, string: *const u8) -> Option<Vec<u16>> {
    if string.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let mut units = nls::to_wide(page, unsafe { text::narrow(string) }, false).unwrap_or_default();
    units.push(0);
    Some(units)
}

/// Bytes of a code page as UTF-16.
pub fn units(page: u32, bytes: &[u8]) -> Vec<u16> {
    nls::to_wide(page, bytes, false).unwrap_or_default()
}

/// UTF-16 as bytes of a code page; what the page lacks becomes `?`.
pub fn from_wide(page: u32, units: &[u16]) -> Vec<u8> {
    nls::from_wide(page, units, b'?').unwrap_or_default().0
}

/// Copies text with its NUL into a caller's buffer: answers its length without the NUL, or the room needed with it when
/// it does not fit, as the functions do that return a path's length.
///
/// # Safety
/// `buffer` has `room` elements, or `room` is 0.
pub unsafe fn copy_or_need<T: Copy + Default>(source: &[T], buffer: *mut T, room: u32) -> u32 {
    let length = source.len() as u32;
    if length >= room || buffer.is_null() {
        return length + 1;
    }
    // SAFETY: the buffer has room for all of it and the NUL.
    unsafe {
        buffer.copy_from_nonoverlapping(source.as_ptr(), source.len());
        *buffer.add(source.len()) = T::default();
    }
    length
}

/// Copies text with its NUL into a caller's buffer, or refuses with `ERROR_INSUFFICIENT_BUFFER`.
///
/// # Safety
/// `buffer` has `room` elements.
pub unsafe fn copy_or_fail<T: Copy + Default>(source: &[T], buffer: *mut T, room: u32) -> Result<u32, Win32Error> {
    if source.len() >= room as usize || buffer.is_null() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    // SAFETY: it fits.
    Ok(unsafe { copy_or_need(source, buffer, room) })
}
