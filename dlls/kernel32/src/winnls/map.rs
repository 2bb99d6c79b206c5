//! LCMapString: other forms of texts, and sort keys.

use super::locale;
use crate::ansi;
use crate::buffer::{counted, put};
use crate::{collate, unicode};
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{
    LCMAP_BYTEREV, LCMAP_FULLWIDTH, LCMAP_HALFWIDTH, LCMAP_HIRAGANA, LCMAP_KATAKANA, LCMAP_LINGUISTIC_CASING, LCMAP_LOWERCASE, LCMAP_SORTKEY,
    LCMAP_UPPERCASE, NORM_IGNORENONSPACE, NORM_IGNORESYMBOLS,
};

const CASE: u32 = LCMAP_LOWERCASE | LCMAP_UPPERCASE;
const FORM: u32 = CASE | LCMAP_LINGUISTIC_CASING | LCMAP_HIRAGANA | LCMAP_KATAKANA | LCMAP_HALFWIDTH | LCMAP_FULLWIDTH | LCMAP_BYTEREV;
const LESS: u32 = NORM_IGNORENONSPACE | NORM_IGNORESYMBOLS;
const KEY: u32 = LCMAP_SORTKEY | LCMAP_BYTEREV;

/// Whether both flags are set.
fn both(flags: u32, pair: u32) -> bool {
    flags & pair == pair
}

/// What is made of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    SortKey(u32),
    Form(u32),
}

router! {
    /// By what is wanted; title case and Chinese characters are not there.
    fn route(flags: u32) -> Result<Map, Win32Error> for "LCMapStringW", otherwise Win32Error(ERROR_INVALID_FLAGS); {
        flags & LCMAP_SORTKEY != 0 && flags & !(KEY | collate::FLAGS) == 0 => Ok(Map::SortKey(flags & !KEY));
        both(flags, CASE) => Err(Win32Error(ERROR_INVALID_FLAGS));
        both(flags, LCMAP_HIRAGANA | LCMAP_KATAKANA) || both(flags, LCMAP_HALFWIDTH | LCMAP_FULLWIDTH) => Err(Win32Error(ERROR_INVALID_FLAGS));
        flags != LCMAP_LINGUISTIC_CASING && flags & FORM != 0 && flags & !(FORM | LESS) == 0 => Ok(Map::Form(flags));
        flags & LESS != 0 && flags & !LESS == 0 => Ok(Map::Form(flags));
    }
}

fn form(units: &[u16], flags: u32) -> Vec<u16> {
    let has = |flag: u32| flags & flag != 0;
    let mut mapped = units.to_vec();
    if has(NORM_IGNORENONSPACE) {
        mapped = unicode::decompose(&mapped).iter().copied().filter(|unit| !unicode::is_mark(*unit)).collect();
    }
    if has(NORM_IGNORESYMBOLS) {
        mapped.retain(|unit| !unicode::is_symbol(*unit));
    }
    for (flag, map) in [
        (LCMAP_LOWERCASE, nls::downcase as fn(u16) -> u16),
        (LCMAP_UPPERCASE, nls::upcase),
        (LCMAP_HIRAGANA, unicode::hiragana),
        (LCMAP_KATAKANA, unicode::katakana),
        (LCMAP_FULLWIDTH, unicode::full_width),
    ] {
        if has(flag) {
            mapped.iter_mut().for_each(|unit| *unit = map(*unit));
        }
    }
    if has(LCMAP_HALFWIDTH) {
        mapped = mapped.iter().flat_map(|unit| unicode::half_width(*unit)).collect();
    }
    if has(LCMAP_BYTEREV) {
        mapped.iter_mut().for_each(|unit| *unit = unit.swap_bytes());
    }
    mapped
}

/// A sort key, for a text without its NUL.
fn sort_key(units: &[u16], length: i32, flags: u32) -> Vec<u8> {
    collate::key(if length < 0 { &units[..units.len() - 1] } else { units }, flags)
}

/// Only changes of case may happen in place.
fn check_place(flags: u32, same: bool) -> Result<(), Win32Error> {
    let in_place = flags & !(CASE | LCMAP_LINGUISTIC_CASING) == 0;
    if same && !in_place { Err(Win32Error(ERROR_INVALID_FLAGS)) } else { Ok(()) }
}

unsafe fn map(flags: u32, source: *const u16, length: i32, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    let units = unsafe { counted(source, length)? };
    if room < 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let map = route(flags)?;
    check_place(flags, room > 0 && core::ptr::eq(source, target))?;
    unsafe {
        match map {
            Map::SortKey(flags) => put(&sort_key(units, length, flags), target.cast::<u8>(), room),
            Map::Form(flags) => put(&form(units, flags), target, room),
        }
    }
    .map(Count)
}

/// Makes another form of a text, or its sort key.
#[shim(ix = 59, mapping = "the table of letter case; the Unicode Collation Algorithm", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn LCMapStringW(
    id: u32,
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    locale::by_id(id)?;
    unsafe { map(flags, source, length, target, room) }
}

/// Makes another form of a text, or its sort key.
#[shim(ix = 232, mapping = "the table of letter case; the Unicode Collation Algorithm", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn LCMapStringEx(
    name: *const u16,
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: i32,
    version: *const c_void,
    reserved: *const c_void,
    handle: isize,
) -> Result<Count<i32>, Win32Error> {
    if !version.is_null() || !reserved.is_null() || handle != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        locale::by_name(name)?;
        map(flags, source, length, target, room)
    }
}

/// Makes another form of an ANSI text, or its sort key.
#[shim(ix = 337, mapping = "LCMapStringW", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn LCMapStringA(
    id: u32,
    flags: u32,
    source: *const u8,
    length: i32,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    const LOCALE_USE_CP_ACP: u32 = 0x4000_0000;
    locale::by_id(id)?;
    let units = ansi::units(nls::ANSI, unsafe { counted(source, length)? });
    if room < 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let flags = flags & !LOCALE_USE_CP_ACP;
    let map = route(flags)?;
    check_place(flags, room > 0 && core::ptr::eq(source, target))?;
    let mapped = match map {
        Map::SortKey(flags) => sort_key(&units, length, flags),
        Map::Form(flags) => ansi::from_wide(nls::ANSI, &form(&units, flags)),
    };
    unsafe { put(&mapped, target, room) }.map(Count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_exclude_one_another_are_refused() {
        for flags in [0, CASE, LCMAP_SORTKEY | LCMAP_UPPERCASE, LCMAP_HIRAGANA | LCMAP_KATAKANA, 0x0200_0000, LCMAP_LINGUISTIC_CASING] {
            assert_eq!(route(flags), Err(Win32Error(ERROR_INVALID_FLAGS)), "{flags:#x}");
        }
        assert_eq!(route(LCMAP_UPPERCASE), Ok(Map::Form(LCMAP_UPPERCASE)));
    }
}
