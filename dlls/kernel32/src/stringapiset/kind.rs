//! GetStringType.

use crate::ansi;
use crate::buffer::counted;
use crate::unicode;
use crate::winnls::locale;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::nls;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{CT_CTYPE1, CT_CTYPE2, CT_CTYPE3};

unsafe fn kinds(which: u32, units: &[u16], target: *mut u16) -> Result<Bool, Win32Error> {
    let kind = match which {
        CT_CTYPE1 => unicode::kind1,
        CT_CTYPE2 => unicode::kind2,
        CT_CTYPE3 => unicode::kind3,
        _ => return Err(Win32Error(ERROR_INVALID_FLAGS)),
    };
    if target.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    for (index, unit) in units.iter().enumerate() {
        unsafe { *target.add(index) = kind(*unit) };
    }
    Ok(Bool)
}

/// Answers the kind of each character of a text.
#[shim(ix = 68, mapping = "the Unicode Character Database", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetStringTypeW(which: u32, source: *const u16, length: i32, target: *mut u16) -> Result<Bool, Win32Error> {
    unsafe { kinds(which, counted(source, length)?, target) }
}

/// Answers the kind of each character of a text; the locale says nothing about it.
#[shim(ix = 583, mapping = "the Unicode Character Database", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetStringTypeExW(id: u32, which: u32, source: *const u16, length: i32, target: *mut u16) -> Result<Bool, Win32Error> {
    locale::by_id(id)?;
    unsafe { kinds(which, counted(source, length)?, target) }
}

/// Answers the kind of each byte of an ANSI text.
#[shim(ix = 332, mapping = "the Unicode Character Database", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetStringTypeA(id: u32, which: u32, source: *const u8, length: i32, target: *mut u16) -> Result<Bool, Win32Error> {
    unsafe { narrow(id, which, source, length, target) }
}

/// Answers the kind of each byte of an ANSI text.
#[shim(ix = 584, mapping = "the Unicode Character Database", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetStringTypeExA(id: u32, which: u32, source: *const u8, length: i32, target: *mut u16) -> Result<Bool, Win32Error> {
    unsafe { narrow(id, which, source, length, target) }
}

unsafe fn narrow(id: u32, which: u32, source: *const u8, length: i32, target: *mut u16) -> Result<Bool, Win32Error> {
    locale::by_id(id)?;
    let units = ansi::units(nls::ANSI, unsafe { counted(source, length)? });
    unsafe { kinds(which, &units, target) }
}
