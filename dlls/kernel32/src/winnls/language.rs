//! The languages of user interfaces.

use super::locale::{USER, USER_LANGUAGE};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{
    MUI_LANGUAGE_ID, MUI_LANGUAGE_NAME, MUI_MACHINE_LANGUAGE_SETTINGS, MUI_MERGE_SYSTEM_FALLBACK, MUI_MERGE_USER_FALLBACK, MUI_THREAD_LANGUAGES,
};

/// `MUI_UI_FALLBACK`.
const MUI_UI_FALLBACK: u32 = MUI_MERGE_SYSTEM_FALLBACK | MUI_MERGE_USER_FALLBACK;

/// The language of the user's interface.
#[shim(ix = 399, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetUserDefaultUILanguage() -> u16 {
    USER.0 as u16
}

/// The language of the system's interface.
#[shim(ix = 396, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetSystemDefaultUILanguage() -> u16 {
    USER.0 as u16
}

/// The language that a thread's resources are looked for in.
#[shim(ix = 605, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetThreadUILanguage() -> u16 {
    USER.0 as u16
}

/// A language as the flags want it: its name, or its identifier in four digits.
fn written(id: u32, name: &str, flags: u32) -> String {
    if flags & MUI_LANGUAGE_ID != 0 { format!("{id:04X}") } else { name.into() }
}

/// Writes a list of languages: each ends in a NUL, the list in another.
unsafe fn answer(languages: &[String], count: *mut u32, target: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    if count.is_null() || room.is_null() || target.is_null() && unsafe { *room } != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut list: Vec<u16> = languages.iter().flat_map(|language| language.encode_utf16().chain([0])).chain([0]).collect();
    if languages.is_empty() {
        list.push(0);
    }
    let given = unsafe { room.replace(list.len() as u32) };
    unsafe { *count = languages.len() as u32 };
    if !target.is_null() {
        if (given as usize) < list.len() {
            return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
        }
        unsafe { target.copy_from_nonoverlapping(list.as_ptr(), list.len()) };
    }
    Ok(Bool)
}

/// Refuses flags that are not known, and both forms at once.
fn check(flags: u32, known: u32) -> Result<(), Win32Error> {
    const BOTH: u32 = MUI_LANGUAGE_ID | MUI_LANGUAGE_NAME;
    if flags & !(known | BOTH) != 0 || flags & BOTH == BOTH { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Answers the languages that the user prefers.
#[shim(ix = 373, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetUserPreferredUILanguages(flags: u32, count: *mut u32, target: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    check(flags, 0)?;
    unsafe { answer(&[written(USER.0, USER.1, flags)], count, target, room) }
}

/// Answers the languages that the system prefers.
#[shim(ix = 606, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetSystemPreferredUILanguages(
    flags: u32,
    count: *mut u32,
    target: *mut u16,
    room: *mut u32,
) -> Result<Bool, Win32Error> {
    check(flags, MUI_MACHINE_LANGUAGE_SETTINGS)?;
    unsafe { answer(&[written(USER.0, USER.1, flags)], count, target, room) }
}

/// Answers the languages that the process has set: none, for they cannot be set.
#[shim(ix = 607, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetProcessPreferredUILanguages(
    flags: u32,
    count: *mut u32,
    target: *mut u16,
    room: *mut u32,
) -> Result<Bool, Win32Error> {
    check(flags, 0)?;
    unsafe { answer(&[], count, target, room) }
}

/// Answers the languages that a thread's resources are looked for in, with those that follow the user's.
#[shim(ix = 608, mapping = "the user's locale", risk = Wrong("a wrong language"))]
pub unsafe extern "system" fn GetThreadPreferredUILanguages(
    flags: u32,
    count: *mut u32,
    target: *mut u16,
    room: *mut u32,
) -> Result<Bool, Win32Error> {
    check(flags, MUI_UI_FALLBACK | MUI_THREAD_LANGUAGES)?;
    let mut languages = Vec::new();
    if flags & (MUI_MERGE_USER_FALLBACK | MUI_MERGE_SYSTEM_FALLBACK) != 0 || flags & MUI_THREAD_LANGUAGES == 0 {
        languages.push(written(USER.0, USER.1, flags));
    }
    if flags & MUI_MERGE_USER_FALLBACK != 0 {
        languages.push(written(USER_LANGUAGE.0, USER_LANGUAGE.1, flags));
    }
    unsafe { answer(&languages, count, target, room) }
}
