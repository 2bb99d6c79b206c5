//! winuser.h: texts between the code page of the console's past and the others.

use alloc::vec::Vec;
use guest::nls::{self, ANSI, OEM};
use guest::{shim, text};

/// The units of an OEM text, and the OEM bytes of units.
fn to_wide(bytes: &[u8]) -> Vec<u16> {
    nls::to_wide(OEM, bytes, false).unwrap_or_default()
}

fn to_bytes(page: u32, units: &[u16]) -> Vec<u8> {
    nls::from_wide(page, units, b'?').unwrap_or_default().0
}

/// Writes a text over the caller's buffer, which is as long as the source.
unsafe fn put<T: Copy>(target: *mut T, made: &[T], most: usize) -> i32 {
    // SAFETY: the caller's buffer has room for as many as the source has.
    unsafe { target.copy_from_nonoverlapping(made.as_ptr(), made.len().min(most)) };
    1
}

/// The bytes of a source: so many, or up to its NUL, which is one of them.
unsafe fn source<'a>(bytes: *const u8, count: Option<u32>) -> &'a [u8] {
    // SAFETY: the caller's text.
    unsafe { core::slice::from_raw_parts(bytes, count.map_or_else(|| text::narrow(bytes).len() + 1, |count| count as usize)) }
}

unsafe fn source_units<'a>(units: *const u16, count: Option<u32>) -> &'a [u16] {
    // SAFETY: the caller's text.
    unsafe { core::slice::from_raw_parts(units, count.map_or_else(|| text::wide(units).len() + 1, |count| count as usize)) }
}

unsafe fn oem_to_ansi(from: *const u8, to: *mut u8, count: Option<u32>) -> i32 {
    if from.is_null() || to.is_null() {
        return 0;
    }
    let from = unsafe { source(from, count) };
    let made = to_bytes(ANSI, &to_wide(from));
    unsafe { put(to, &made, from.len()) }
}

unsafe fn ansi_to_oem(from: *const u8, to: *mut u8, count: Option<u32>) -> i32 {
    if from.is_null() || to.is_null() {
        return 0;
    }
    let from = unsafe { source(from, count) };
    let made = to_bytes(OEM, &nls::to_wide(ANSI, from, false).unwrap_or_default());
    unsafe { put(to, &made, from.len()) }
}

unsafe fn oem_to_wide(from: *const u8, to: *mut u16, count: Option<u32>) -> i32 {
    if from.is_null() || to.is_null() {
        return 0;
    }
    let from = unsafe { source(from, count) };
    unsafe { put(to, &to_wide(from), from.len()) }
}

unsafe fn wide_to_oem(from: *const u16, to: *mut u8, count: Option<u32>) -> i32 {
    if from.is_null() || to.is_null() {
        return 0;
    }
    let from = unsafe { source_units(from, count) };
    unsafe { put(to, &to_bytes(OEM, from), from.len()) }
}

/// Turns OEM text into ANSI text.
#[shim(ix = 334, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn OemToCharA(from: *const u8, to: *mut u8) -> i32 {
    unsafe { oem_to_ansi(from, to, None) }
}

/// Turns so many bytes of OEM text into ANSI text.
#[shim(ix = 252, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn OemToCharBuffA(from: *const u8, to: *mut u8, count: u32) -> i32 {
    unsafe { oem_to_ansi(from, to, Some(count)) }
}

/// Turns OEM text into UTF-16.
#[shim(ix = 335, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn OemToCharW(from: *const u8, to: *mut u16) -> i32 {
    unsafe { oem_to_wide(from, to, None) }
}

/// Turns so many bytes of OEM text into UTF-16.
#[shim(ix = 336, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn OemToCharBuffW(from: *const u8, to: *mut u16, count: u32) -> i32 {
    unsafe { oem_to_wide(from, to, Some(count)) }
}

/// Turns ANSI text into OEM text.
#[shim(ix = 337, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn CharToOemA(from: *const u8, to: *mut u8) -> i32 {
    unsafe { ansi_to_oem(from, to, None) }
}

/// Turns so many bytes of ANSI text into OEM text.
#[shim(ix = 234, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn CharToOemBuffA(from: *const u8, to: *mut u8, count: u32) -> i32 {
    unsafe { ansi_to_oem(from, to, Some(count)) }
}

/// Turns UTF-16 into OEM text.
#[shim(ix = 338, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn CharToOemW(from: *const u16, to: *mut u8) -> i32 {
    unsafe { wide_to_oem(from, to, None) }
}

/// Turns so many units of UTF-16 into OEM text.
#[shim(ix = 339, mapping = "the code pages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn CharToOemBuffW(from: *const u16, to: *mut u8, count: u32) -> i32 {
    unsafe { wide_to_oem(from, to, Some(count)) }
}
