//! Paths of both widths, for the functions of kernel32.

use super::super::fault::{Fault, INVALID};
use super::super::kernel32::GetFullPathNameW;
use super::super::locale;
use alloc::vec::Vec;
use core::ptr::null_mut;
use crt::Unit;
use guest::{nls, text};

/// A name in a program's own width.
pub trait Name: Unit {
    /// The wide form, with its NUL.
    unsafe fn wide(text: *const Self) -> Vec<u16>;
    /// What a wide name is in this width, without NUL.
    fn of_wide(units: &[u16]) -> Vec<Self>;
}

impl Name for u16 {
    unsafe fn wide(text: *const u16) -> Vec<u16> {
        // SAFETY: as the caller promises.
        unsafe { text::wide(text) }.iter().copied().chain([0]).collect()
    }
    fn of_wide(units: &[u16]) -> Vec<u16> {
        units.to_vec()
    }
}

/// The code page of file names: UTF-8 where the locale is, else the ANSI page.
fn page() -> u32 {
    if locale::current().page.is_utf8() { nls::UTF8 } else { nls::ANSI }
}

impl Name for u8 {
    unsafe fn wide(text: *const u8) -> Vec<u16> {
        // SAFETY: as the caller promises.
        let mut wide = nls::to_wide(page(), unsafe { text::narrow(text) }, false).unwrap_or_default();
        wide.push(0);
        wide
    }
    fn of_wide(units: &[u16]) -> Vec<u8> {
        nls::from_wide(page(), units, b'?').map(|(bytes, _)| bytes).unwrap_or_default()
    }
}

/// A path that must be one, with its NUL.
pub unsafe fn required<C: Name>(path: *const C) -> Result<Vec<u16>, Fault> {
    // SAFETY: as the caller promises.
    if path.is_null() { Err(INVALID) } else { Ok(unsafe { C::wide(path) }) }
}

/// The whole path of a path with a NUL, without NUL.
pub fn full(path: &[u16]) -> Result<Vec<u16>, Fault> {
    let mut whole = alloc::vec![0u16; 0x8000];
    // SAFETY: the path ends in a NUL, and there is room for what is said.
    let length = unsafe { GetFullPathNameW(path.as_ptr(), whole.len() as u32, whole.as_mut_ptr(), null_mut()) } as usize;
    if length == 0 || length >= whole.len() {
        return Err(Fault::last());
    }
    whole.truncate(length);
    Ok(whole)
}
