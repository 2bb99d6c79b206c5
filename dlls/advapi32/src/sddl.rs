//! sddl.h: SIDs as texts.

use crate::heap;
use crate::securitybaseapi::sid_at;
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::security::{sid_of, text_of};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_INVALID_SID, ERROR_NOT_ENOUGH_MEMORY};

unsafe fn put<T: Copy>(values: &[T], answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    let answer = unsafe { answer.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    *answer = heap::copy(values).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?;
    Ok(Bool)
}

/// Answers a SID as a text, which LocalFree frees.
#[shim(ix = 69, mapping = "a calculation", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn ConvertSidToStringSidW(sid: *const c_void, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    let text = unsafe { sid_at(sid) }.and_then(text_of).ok_or(Win32Error(ERROR_INVALID_SID))?;
    unsafe { put(&text::terminated(&text), answer) }
}

/// Answers a SID as a text, which LocalFree frees.
#[shim(ix = 171, mapping = "ConvertSidToStringSidW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn ConvertSidToStringSidA(sid: *const c_void, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    let text = unsafe { sid_at(sid) }.and_then(text_of).ok_or(Win32Error(ERROR_INVALID_SID))?;
    unsafe { put((text + "\0").as_bytes(), answer) }
}

/// The short names that texts may have instead of a SID, and what they stand for.
const SHORT: [(&str, &str); 12] = [
    ("WD", "S-1-1-0"),
    ("CO", "S-1-3-0"),
    ("CG", "S-1-3-1"),
    ("NU", "S-1-5-2"),
    ("IU", "S-1-5-4"),
    ("SU", "S-1-5-6"),
    ("AN", "S-1-5-7"),
    ("AU", "S-1-5-11"),
    ("SY", "S-1-5-18"),
    ("LS", "S-1-5-19"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
];

unsafe fn parse(text: &str, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    let text = SHORT.iter().find(|(short, _)| text.eq_ignore_ascii_case(short)).map_or(text, |(_, long)| long);
    unsafe { put(&sid_of(text).ok_or(Win32Error(ERROR_INVALID_SID))?, answer) }
}

/// Makes a SID of its text; LocalFree frees it.
#[shim(ix = 172, mapping = "a calculation", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn ConvertStringSidToSidW(string: *const u16, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    if string.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { parse(&text::lossy(text::wide(string)), answer) }
}

/// Makes a SID of its text; LocalFree frees it.
#[shim(ix = 173, mapping = "ConvertStringSidToSidW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn ConvertStringSidToSidA(string: *const u8, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    if string.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { parse(core::str::from_utf8(text::narrow(string)).unwrap_or_default(), answer) }
}
