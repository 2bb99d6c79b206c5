//! Integers from text, and text from integers.

use super::super::FLAVOR;
use super::super::fault::{Answer, Code, Fault, INVALID};
use super::super::locale::Locale;
use super::super::string::units;
use crt::number::{Integer, integer, render};
use crt::{Errno, Unit};
use guest::shim;

/// What `strtol` and its family do; `end` becomes the first character that is not part of the number.
unsafe fn scan<C: Unit, T: Default>(text: *const C, end: *mut *const C, base: i32, convert: fn(Integer) -> (T, Option<Errno>)) -> Answer<T> {
    // SAFETY: the program's pointers.
    unsafe {
        if let Some(end) = end.as_mut() {
            *end = text;
        }
        if text.is_null() {
            return Answer(T::default(), Some(INVALID));
        }
        let Ok(number) = integer::scan(units(text), base) else { return Answer(T::default(), Some(INVALID)) };
        if let Some(end) = end.as_mut() {
            *end = text.wrapping_add(number.length);
        }
        let (value, error) = convert(number);
        Answer::new(value, error)
    }
}

unsafe fn int<C: Unit>(text: *const C) -> Answer<i32> {
    if text.is_null() {
        return Answer(0, Some(INVALID));
    }
    // SAFETY: it is a string.
    let (value, error) = integer::to_int(unsafe { units(text) }, FLAVOR);
    Answer::new(value, error)
}

unsafe fn long<C: Unit>(text: *const C) -> Answer<i64> {
    if text.is_null() {
        return Answer(0, Some(INVALID));
    }
    // SAFETY: it is a string.
    let (value, error) = integer::to_long(unsafe { units(text) });
    Answer::new(value, error)
}

/// What `_itoa` and its family do: the caller vouches for the room.
unsafe fn text<C: Unit>(value: i64, bits: u32, signed: bool, radix: i32, buffer: *mut C) -> *mut C {
    if buffer.is_null() {
        INVALID.tell();
        return buffer;
    }
    let mut whole = [C::NUL; 66];
    // SAFETY: the caller vouches for room for the text and its NUL.
    unsafe {
        if render::itoa(value, bits, signed, radix, &mut whole).is_err() {
            INVALID.tell();
            buffer.write_unaligned(C::NUL);
            return buffer;
        }
        let length = whole.iter().position(|unit| *unit == C::NUL).unwrap_or(0);
        buffer.cast::<u8>().copy_from_nonoverlapping(whole.as_ptr().cast(), (length + 1) * size_of::<C>());
    }
    buffer
}

unsafe fn text_s<C: Unit>(value: i64, bits: u32, signed: bool, radix: i32, buffer: *mut C, size: usize) -> Result<Code, Fault> {
    if buffer.is_null() || size == 0 {
        return Err(INVALID);
    }
    // SAFETY: the caller vouches for the size; more than the longest text is never used.
    let room = unsafe { core::slice::from_raw_parts_mut(buffer, size.min(66)) };
    render::itoa(value, bits, signed, radix, room).map(|()| Code).map_err(Fault::secure)
}

/// A signed 32-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 88, ucrtbase: 112}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtol(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// As `strtol`; integers are every locale's.
#[shim(ix = {msvcrt: 522, ucrtbase: 596}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtol_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// A signed 32-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 523, ucrtbase: 434}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstol(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// As `wcstol`; integers are every locale's.
#[shim(ix = {msvcrt: 524, ucrtbase: 597}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstol_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// An unsigned 32-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 63, ucrtbase: 209}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoul(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// As `strtoul`; integers are every locale's.
#[shim(ix = {msvcrt: 525, ucrtbase: 598}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoul_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// An unsigned 32-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 526, ucrtbase: 274}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoul(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// As `wcstoul`; integers are every locale's.
#[shim(ix = {msvcrt: 527, ucrtbase: 599}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoul_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 528, ucrtbase: 600}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoi64(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `_strtoi64`; integers are every locale's.
#[shim(ix = {msvcrt: 529, ucrtbase: 601}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoi64_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 530, ucrtbase: 602}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoi64(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `_wcstoi64`; integers are every locale's.
#[shim(ix = {msvcrt: 531, ucrtbase: 603}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoi64_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 532, ucrtbase: 604}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoui64(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `_strtoui64`; integers are every locale's.
#[shim(ix = {msvcrt: 533, ucrtbase: 605}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoui64_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 534, ucrtbase: 606}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoui64(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `_wcstoui64`; integers are every locale's.
#[shim(ix = {msvcrt: 535, ucrtbase: 607}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoui64_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 236}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoll(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `strtoll`; integers are every locale's.
#[shim(ix = {ucrtbase: 608}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoll_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 609}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoll(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `wcstoll`; integers are every locale's.
#[shim(ix = {ucrtbase: 610}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoll_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 237}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoull(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `strtoull`; integers are every locale's.
#[shim(ix = {ucrtbase: 611}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoull_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 612}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoull(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `wcstoull`; integers are every locale's.
#[shim(ix = {ucrtbase: 613}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoull_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 614}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoimax(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `strtoimax`; integers are every locale's.
#[shim(ix = {ucrtbase: 615}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoimax_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 616}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoimax(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `wcstoimax`; integers are every locale's.
#[shim(ix = {ucrtbase: 617}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoimax_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 424}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoumax(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `strtoumax`; integers are every locale's.
#[shim(ix = {ucrtbase: 618}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoumax_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 619}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoumax(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `wcstoumax`; integers are every locale's.
#[shim(ix = {ucrtbase: 620}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoumax_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 70, ucrtbase: 70}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atoi(text: *const u8) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 302, ucrtbase: 184}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atol(text: *const u8) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 536, ucrtbase: 379}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi(text: *const u16) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 537, ucrtbase: 621}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtol(text: *const u16) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 538, ucrtbase: 622}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atoi64(text: *const u8) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 539, ucrtbase: 380}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi64(text: *const u16) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {ucrtbase: 623}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atoll(text: *const u8) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {ucrtbase: 624}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoll(text: *const u16) -> Answer<i64> {
    long(text)
}

/// An integer as text.
#[shim(ix = {msvcrt: 208, ucrtbase: 625}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa(value: i32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_itoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 540, ucrtbase: 345}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa_s(value: i32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 541, ucrtbase: 626}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow(value: i32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_itow`, into a buffer of known size.
#[shim(ix = {msvcrt: 542, ucrtbase: 627}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow_s(value: i32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 268, ucrtbase: 628}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa(value: i32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_ltoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 543, ucrtbase: 629}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa_s(value: i32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 544, ucrtbase: 630}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow(value: i32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_ltow`, into a buffer of known size.
#[shim(ix = {msvcrt: 545, ucrtbase: 631}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow_s(value: i32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 213, ucrtbase: 632}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa(value: u32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, false, radix, buffer)
}

/// As `_ultoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 546, ucrtbase: 633}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa_s(value: u32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, false, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 547, ucrtbase: 634}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow(value: u32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, false, radix, buffer)
}

/// As `_ultow`, into a buffer of known size.
#[shim(ix = {msvcrt: 548, ucrtbase: 635}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow_s(value: u32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, false, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 264, ucrtbase: 636}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa(value: i64, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(value, 64, true, radix, buffer)
}

/// As `_i64toa`, into a buffer of known size.
#[shim(ix = {msvcrt: 549, ucrtbase: 637}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa_s(value: i64, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value, 64, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 550, ucrtbase: 638}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow(value: i64, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(value, 64, true, radix, buffer)
}

/// As `_i64tow`, into a buffer of known size.
#[shim(ix = {msvcrt: 551, ucrtbase: 639}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow_s(value: i64, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value, 64, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 281, ucrtbase: 640}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa(value: u64, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(value as i64, 64, false, radix, buffer)
}

/// As `_ui64toa`, into a buffer of known size.
#[shim(ix = {msvcrt: 552, ucrtbase: 641}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa_s(value: u64, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value as i64, 64, false, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 553, ucrtbase: 642}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow(value: u64, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(value as i64, 64, false, radix, buffer)
}

/// As `_ui64tow`, into a buffer of known size.
#[shim(ix = {msvcrt: 554, ucrtbase: 643}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow_s(value: u64, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value as i64, 64, false, radix, buffer, size)
}
