//! Names and identifiers of locales.

use super::locale::{self, USER};
use crate::ansi;
use crate::buffer::put;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{
    LCID_ALTERNATE_SORTS, LCID_INSTALLED, LCID_SUPPORTED, LOCALE_ALL, LOCALE_ALTERNATE_SORTS, LOCALE_NEUTRALDATA, LOCALE_REPLACEMENT,
    LOCALE_SPECIFICDATA, LOCALE_SUPPLEMENTAL, LOCALE_WINDOWS,
};

/// The user's locale.
#[shim(ix = 190, mapping = "the user's locale", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn GetUserDefaultLCID() -> u32 {
    USER.0
}

/// The system's locale.
#[shim(ix = 600, mapping = "the user's locale", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn GetSystemDefaultLCID() -> u32 {
    USER.0
}

/// The user's language.
#[shim(ix = 372, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetUserDefaultLangID() -> u16 {
    USER.0 as u16
}

/// The system's language.
#[shim(ix = 552, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetSystemDefaultLangID() -> u16 {
    USER.0 as u16
}

unsafe fn name(target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    if target.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { fill(USER.1, target, room.max(1)) }
}

unsafe fn fill(name: &str, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { put(&text::terminated(name), target, room) }.map(Count)
}

/// Answers the user's locale.
#[shim(ix = 398, mapping = "the user's locale", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn GetUserDefaultLocaleName(target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { name(target, room) }
}

/// Answers the system's locale.
#[shim(ix = 601, mapping = "the user's locale", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn GetSystemDefaultLocaleName(target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { name(target, room) }
}

/// The thread's locale.
#[shim(ix = 351, mapping = "the TEB", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn GetThreadLocale() -> u32 {
    locale::of_thread()
}

/// Sets the thread's locale.
#[shim(ix = 405, mapping = "the TEB", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn SetThreadLocale(id: u32) -> Result<Bool, Win32Error> {
    locale::set_of_thread(locale::by_id(id)?.0);
    Ok(Bool)
}

/// The locale that a default or a language stands for; what stands for none is answered as it is.
#[shim(ix = 602, mapping = "the table of locales", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn ConvertDefaultLocale(id: u32) -> u32 {
    locale::by_id(id).map_or(id, |found| locale::specific(found).0)
}

/// Whether an identifier names a locale: one that is known, or one whose conventions are there.
#[shim(ix = 197, mapping = "the table of locales", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidLocale(id: u32, flags: u32) -> i32 {
    let found = locale::by_id(id);
    let valid = match flags {
        LCID_INSTALLED => found.is_ok_and(|found| [USER, locale::USER_LANGUAGE, locale::INVARIANT].contains(&found)),
        LCID_SUPPORTED | 0x39 => found.is_ok(),
        _ => false,
    };
    valid.into()
}

/// Whether a name names a locale.
#[shim(ix = 603, mapping = "the table of locales", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidLocaleName(name: *const u16) -> i32 {
    (!name.is_null() && locale::by_text(unsafe { text::wide(name) }).is_some()).into()
}

/// Answers the name of a locale.
#[shim(ix = 502, mapping = "the table of locales", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn LCIDToLocaleName(id: u32, target: *mut u16, room: i32, flags: u32) -> Result<Count<i32>, Win32Error> {
    if flags & !LOCALE_ALLOW_NEUTRAL_NAMES != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    let found = locale::by_id(id)?;
    let found = if flags & LOCALE_ALLOW_NEUTRAL_NAMES == 0 { locale::specific(found) } else { found };
    unsafe { fill(found.1, target, room) }
}

const LOCALE_ALLOW_NEUTRAL_NAMES: u32 = 0x0800_0000;

/// The identifier of a locale.
#[shim(ix = 503, mapping = "the table of locales", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn LocaleNameToLCID(name: *const u16, flags: u32) -> Result<Count<u32>, Win32Error> {
    if flags & !LOCALE_ALLOW_NEUTRAL_NAMES != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    let found = unsafe { locale::by_name(name)? };
    Ok(Count(if flags & LOCALE_ALLOW_NEUTRAL_NAMES == 0 { locale::specific(found).0 } else { found.0 }))
}

/// Answers the locale that comes nearest to a name: without its last parts, and with a country. None leads to the empty name.
#[shim(ix = 464, mapping = "the table of locales", risk = Wrong("a wrong locale"))]
pub unsafe extern "system" fn ResolveLocaleName(name: *const u16, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    if name.is_null() {
        return unsafe { fill(USER.1, target, room) };
    }
    let mut rest = unsafe { text::wide(name) };
    if rest.iter().any(|unit| !matches!(u8::try_from(*unit), Ok(b'-' | b'_' | b'!' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z'))) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    while !rest.is_empty() {
        if let Some(found) = locale::by_text(rest) {
            return unsafe { fill(locale::specific(found).1, target, room) };
        }
        rest = &rest[..rest.iter().rposition(|unit| *unit == u16::from(b'-')).unwrap_or(0)];
    }
    unsafe { fill("", target, room) }
}

/// The identifiers that are enumerated: those whose conventions are there, or all with a country.
fn enumerable(flags: u32) -> Result<Vec<u32>, Win32Error> {
    match flags & !LCID_ALTERNATE_SORTS {
        LCID_INSTALLED => Ok(alloc::vec![USER.0]),
        LCID_SUPPORTED => Ok(locale::NAMES.iter().filter(|found| !locale::is_neutral(**found)).map(|found| found.0).collect()),
        0 if flags == LCID_ALTERNATE_SORTS => Ok(Vec::new()),
        _ => Err(Win32Error(ERROR_INVALID_FLAGS)),
    }
}

/// Calls back with each locale's identifier in eight hexadecimal digits, until the callback answers FALSE.
#[shim(ix = 228, mapping = "the table of locales", risk = Wrong("a locale that is missing"))]
pub unsafe extern "system" fn EnumSystemLocalesW(
    callback: Option<unsafe extern "system" fn(*const u16) -> i32>,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let callback = callback.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    for id in enumerable(flags)? {
        let digits = text::terminated(&format!("{id:08x}"));
        if unsafe { callback(digits.as_ptr()) } == 0 {
            break;
        }
    }
    Ok(Bool)
}

/// Calls back with each locale's identifier in eight hexadecimal digits, until the callback answers FALSE.
#[shim(ix = 543, mapping = "the table of locales", risk = Wrong("a locale that is missing"))]
pub unsafe extern "system" fn EnumSystemLocalesA(
    callback: Option<unsafe extern "system" fn(*const u8) -> i32>,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let callback = callback.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    for id in enumerable(flags)? {
        let digits = ansi::from_wide(nls::ANSI, &text::terminated(&format!("{id:08x}")));
        if unsafe { callback(digits.as_ptr()) } == 0 {
            break;
        }
    }
    Ok(Bool)
}

/// Calls back with each locale's name, until the callback answers FALSE.
#[shim(ix = 604, mapping = "the table of locales", risk = Wrong("a locale that is missing"))]
pub unsafe extern "system" fn EnumSystemLocalesEx(
    callback: Option<unsafe extern "system" fn(*const u16, u32, isize) -> i32>,
    flags: u32,
    parameter: isize,
    reserved: *const c_void,
) -> Result<Bool, Win32Error> {
    const KNOWN: u32 =
        LOCALE_ALL | LOCALE_WINDOWS | LOCALE_SUPPLEMENTAL | LOCALE_ALTERNATE_SORTS | LOCALE_REPLACEMENT | LOCALE_NEUTRALDATA | LOCALE_SPECIFICDATA;
    if !reserved.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if flags & !KNOWN != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    let callback = callback.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let kind = |found: locale::Locale| LOCALE_WINDOWS | if locale::is_neutral(found) { LOCALE_NEUTRALDATA } else { LOCALE_SPECIFICDATA };
    let wanted = |found: &&locale::Locale| flags == LOCALE_ALL || flags & kind(**found) != 0;
    for found in core::iter::once(&locale::INVARIANT).chain(locale::NAMES).filter(wanted) {
        let name = text::terminated(found.1);
        if unsafe { callback(name.as_ptr(), kind(*found), parameter) } == 0 {
            break;
        }
    }
    Ok(Bool)
}
