//! Comparing by a locale: `strcoll` and its family, and what `strxfrm` makes.

use super::super::fault::INVALID;
use super::super::kernel32::{CompareStringW, LCMapStringW};
use super::super::locale::{self, LC_COLLATE, Locale};
use super::{COMPARE_ERROR, units};
use alloc::vec::Vec;
use crt::{Unit, text};
use guest::{nls, shim};

const EN_US: u32 = 0x409;
const NORM_IGNORECASE: u32 = 1;
/// `SORT_STRINGSORT`: hyphen and apostrophe count as other signs do.
const SORT_STRINGSORT: u32 = 0x1000;
const LCMAP_SORTKEY: u32 = 0x400;

/// Compares the first `count` characters of two wide strings by the locale's order.
unsafe fn wide(first: &[u16], second: &[u16], fold: bool) -> i32 {
    let flags = SORT_STRINGSORT | if fold { NORM_IGNORECASE } else { 0 };
    // SAFETY: both are slices.
    match unsafe { CompareStringW(EN_US, flags, first.as_ptr(), first.len() as i32, second.as_ptr(), second.len() as i32) } {
        0 => {
            INVALID.tell();
            COMPARE_ERROR
        }
        order => order - 2,
    }
}

/// The two strings of a comparison, of `count` characters at most.
unsafe fn pair<'a, C: Unit>(first: *const C, second: *const C, count: usize) -> Option<(&'a [C], &'a [C])> {
    if first.is_null() || second.is_null() || count > i32::MAX as usize && count != usize::MAX {
        INVALID.tell();
        return None;
    }
    // SAFETY: both are strings.
    let slice = |text: *const C| unsafe { core::slice::from_raw_parts(text, text::bounded_length(text, count)) };
    Some((slice(first), slice(second)))
}

unsafe fn narrow_by(first: *const u8, second: *const u8, count: usize, locale: *const Locale, fold: bool) -> i32 {
    // SAFETY: the callers' strings.
    let Some((one, other)) = (unsafe { pair(first, second, count) }) else { return COMPARE_ERROR };
    // SAFETY: the program's locale.
    let locale = unsafe { locale::given(locale) };
    if locale.is_c(LC_COLLATE) {
        let lower = |byte: u8| locale.page.lower[usize::from(byte)];
        let (one, other) = (one.iter().copied(), other.iter().copied());
        return if fold { text::compare_folded(one, other, lower) } else { text::compare(one, other) };
    }
    let page = locale.page_of(LC_COLLATE);
    let [one, other] = [one, other].map(|text| nls::to_wide(page, text, false).unwrap_or_default());
    // SAFETY: two slices.
    unsafe { wide(&one, &other, fold) }
}

unsafe fn wide_by(first: *const u16, second: *const u16, count: usize, locale: *const Locale, fold: bool) -> i32 {
    // SAFETY: the callers' strings.
    let Some((one, other)) = (unsafe { pair(first, second, count) }) else { return COMPARE_ERROR };
    // SAFETY: the program's locale.
    let locale = unsafe { locale::given(locale) };
    if locale.is_c(LC_COLLATE) {
        let (one, other) = (one.iter().copied(), other.iter().copied());
        return if fold { text::compare_folded(one, other, locale.wide_lower()) } else { text::compare(one, other) };
    }
    // SAFETY: two slices.
    unsafe { wide(one, other, fold) }
}

/// The sort key of a text, as bytes without the NUL.
fn key(source: &[u16]) -> Vec<u8> {
    let map = |to: *mut u16, size: i32| {
        // SAFETY: the buffer has that size; sort keys are counted in bytes.
        unsafe { LCMapStringW(EN_US, LCMAP_SORTKEY | SORT_STRINGSORT, source.as_ptr(), source.len() as i32, to, size) }
    };
    if source.is_empty() {
        return Vec::new();
    }
    let size = map(core::ptr::null_mut(), 0);
    let mut bytes = alloc::vec![0u8; usize::try_from(size).unwrap_or(0)];
    map(bytes.as_mut_ptr().cast(), size);
    bytes.pop();
    bytes
}

/// `strxfrm` by a locale.
unsafe fn transform_narrow(destination: *mut u8, source: *const u8, size: usize, locale: *const Locale) -> usize {
    // SAFETY: the program's locale and strings.
    unsafe {
        if source.is_null() || destination.is_null() && size > 0 || size > i32::MAX as usize {
            INVALID.tell();
            return COMPARE_ERROR as usize;
        }
        let locale = locale::given(locale);
        if locale.is_c(LC_COLLATE) {
            return text::transform(destination, units(source), size);
        }
        let text = nls::to_wide(locale.page_of(LC_COLLATE), guest::text::narrow(source), false).unwrap_or_default();
        text::transform(destination, key(&text), size)
    }
}

/// `wcsxfrm` by a locale: a unit for each byte of the key.
unsafe fn transform_wide(destination: *mut u16, source: *const u16, size: usize, locale: *const Locale) -> usize {
    // SAFETY: the program's locale and strings.
    unsafe {
        if source.is_null() || destination.is_null() && size > 0 || size > i32::MAX as usize {
            INVALID.tell();
            return COMPARE_ERROR as usize;
        }
        if locale::given(locale).is_c(LC_COLLATE) {
            return text::transform(destination, units(source), size);
        }
        text::transform(destination, key(guest::text::wide(source)).into_iter().map(u16::from), size)
    }
}

/// Compares two strings by the locale.
#[shim(ix = {msvcrt: 99, ucrtbase: 315}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn strcoll(first: *const u8, second: *const u8) -> i32 {
    narrow_by(first, second, usize::MAX, core::ptr::null(), false)
}

/// As `strcoll`, by a locale.
#[shim(ix = {msvcrt: 568, ucrtbase: 359}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _strcoll_l(first: *const u8, second: *const u8, locale: *const Locale) -> i32 {
    narrow_by(first, second, usize::MAX, locale, false)
}

/// As `strcoll`, without regard to case.
#[shim(ix = {msvcrt: 275, ucrtbase: 663}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _stricoll(first: *const u8, second: *const u8) -> i32 {
    narrow_by(first, second, usize::MAX, core::ptr::null(), true)
}

/// As `strcoll`, of so many bytes at most.
#[shim(ix = {msvcrt: 569, ucrtbase: 664}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _strncoll(first: *const u8, second: *const u8, count: usize) -> i32 {
    narrow_by(first, second, count, core::ptr::null(), false)
}

/// As `_stricoll`, of so many bytes at most.
#[shim(ix = {msvcrt: 570, ucrtbase: 665}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _strnicoll(first: *const u8, second: *const u8, count: usize) -> i32 {
    narrow_by(first, second, count, core::ptr::null(), true)
}

/// Compares two wide strings by the locale.
#[shim(ix = {msvcrt: 154, ucrtbase: 431}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn wcscoll(first: *const u16, second: *const u16) -> i32 {
    wide_by(first, second, usize::MAX, core::ptr::null(), false)
}

/// As `wcscoll`, by a locale.
#[shim(ix = {msvcrt: 571, ucrtbase: 368}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _wcscoll_l(first: *const u16, second: *const u16, locale: *const Locale) -> i32 {
    wide_by(first, second, usize::MAX, locale, false)
}

/// As `wcscoll`, without regard to case.
#[shim(ix = {msvcrt: 572, ucrtbase: 666}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _wcsicoll(first: *const u16, second: *const u16) -> i32 {
    wide_by(first, second, usize::MAX, core::ptr::null(), true)
}

/// As `wcscoll`, of so many characters at most.
#[shim(ix = {msvcrt: 573, ucrtbase: 667}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _wcsncoll(first: *const u16, second: *const u16, count: usize) -> i32 {
    wide_by(first, second, count, core::ptr::null(), false)
}

/// As `_wcsicoll`, of so many characters at most.
#[shim(ix = {msvcrt: 574, ucrtbase: 668}, mapping = "CompareStringW, crt::text", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _wcsnicoll(first: *const u16, second: *const u16, count: usize) -> i32 {
    wide_by(first, second, count, core::ptr::null(), true)
}

/// As `strxfrm`, by a locale.
#[shim(ix = {msvcrt: 600, ucrtbase: 362}, mapping = "LCMapStringEx, crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strxfrm_l(destination: *mut u8, source: *const u8, size: usize, locale: *const Locale) -> usize {
    transform_narrow(destination, source, size, locale)
}

/// Makes a string that compares as the first does by the locale.
#[shim(ix = {msvcrt: 149, ucrtbase: 425}, mapping = "LCMapStringEx, crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strxfrm(destination: *mut u8, source: *const u8, size: usize) -> usize {
    transform_narrow(destination, source, size, core::ptr::null())
}

/// Makes a wide string that compares as the first does by the locale.
#[shim(ix = {msvcrt: 156, ucrtbase: 437}, mapping = "LCMapStringEx, crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsxfrm(destination: *mut u16, source: *const u16, size: usize) -> usize {
    transform_wide(destination, source, size, core::ptr::null())
}

/// As `wcsxfrm`, by a locale.
#[shim(ix = {ucrtbase: 371}, mapping = "LCMapStringEx, crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsxfrm_l(destination: *mut u16, source: *const u16, size: usize, locale: *const Locale) -> usize {
    transform_wide(destination, source, size, locale)
}
