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
#[shim(ix = {msvcrt: 389, ucrtbase: 492}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtol_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// A signed 32-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 390, ucrtbase: 434}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstol(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// As `wcstol`; integers are every locale's.
#[shim(ix = {msvcrt: 391, ucrtbase: 493}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstol_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i32> {
    scan(text, end, base, Integer::to_i32)
}

/// An unsigned 32-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 63, ucrtbase: 209}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoul(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// As `strtoul`; integers are every locale's.
#[shim(ix = {msvcrt: 392, ucrtbase: 494}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoul_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// An unsigned 32-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 393, ucrtbase: 274}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoul(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// As `wcstoul`; integers are every locale's.
#[shim(ix = {msvcrt: 394, ucrtbase: 495}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoul_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u32> {
    scan(text, end, base, Integer::to_u32)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 395, ucrtbase: 496}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoi64(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `_strtoi64`; integers are every locale's.
#[shim(ix = {msvcrt: 396, ucrtbase: 497}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoi64_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 397, ucrtbase: 498}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoi64(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `_wcstoi64`; integers are every locale's.
#[shim(ix = {msvcrt: 398, ucrtbase: 499}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoi64_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 399, ucrtbase: 500}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoui64(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `_strtoui64`; integers are every locale's.
#[shim(ix = {msvcrt: 400, ucrtbase: 501}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoui64_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {msvcrt: 401, ucrtbase: 502}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoui64(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `_wcstoui64`; integers are every locale's.
#[shim(ix = {msvcrt: 402, ucrtbase: 503}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoui64_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 236}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoll(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `strtoll`; integers are every locale's.
#[shim(ix = {ucrtbase: 504}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoll_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 505}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoll(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `wcstoll`; integers are every locale's.
#[shim(ix = {ucrtbase: 506}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoll_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 237}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoull(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `strtoull`; integers are every locale's.
#[shim(ix = {ucrtbase: 507}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoull_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 508}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoull(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `wcstoull`; integers are every locale's.
#[shim(ix = {ucrtbase: 509}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoull_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// A signed 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 510}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoimax(text: *const u8, end: *mut *const u8, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `strtoimax`; integers are every locale's.
#[shim(ix = {ucrtbase: 511}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoimax_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// A signed 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 512}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoimax(text: *const u16, end: *mut *const u16, base: i32) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// As `wcstoimax`; integers are every locale's.
#[shim(ix = {ucrtbase: 513}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstoimax_l(text: *const u16, end: *mut *const u16, base: i32, _locale: *const Locale) -> Answer<i64> {
    scan(text, end, base, Integer::to_i64)
}

/// An unsigned 64-bit integer of text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 424}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoumax(text: *const u8, end: *mut *const u8, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `strtoumax`; integers are every locale's.
#[shim(ix = {ucrtbase: 514}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtoumax_l(text: *const u8, end: *mut *const u8, base: i32, _locale: *const Locale) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// An unsigned 64-bit integer of wide text; the nearest limit and `ERANGE` where it does not fit.
#[shim(ix = {ucrtbase: 515}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoumax(text: *const u16, end: *mut *const u16, base: i32) -> Answer<u64> {
    scan(text, end, base, Integer::to_u64)
}

/// As `wcstoumax`; integers are every locale's.
#[shim(ix = {ucrtbase: 516}, mapping = "crt::number", risk = Wrong("a wrong number"))]
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
#[shim(ix = {msvcrt: 403, ucrtbase: 379}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi(text: *const u16) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 404, ucrtbase: 517}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtol(text: *const u16) -> Answer<i32> {
    int(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 405, ucrtbase: 518}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atoi64(text: *const u8) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {msvcrt: 406, ucrtbase: 380}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi64(text: *const u16) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {ucrtbase: 519}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atoll(text: *const u8) -> Answer<i64> {
    long(text)
}

/// The integer that text starts with, or 0.
#[shim(ix = {ucrtbase: 520}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoll(text: *const u16) -> Answer<i64> {
    long(text)
}

/// An integer as text.
#[shim(ix = {msvcrt: 208, ucrtbase: 521}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa(value: i32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_itoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 407, ucrtbase: 345}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa_s(value: i32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 408, ucrtbase: 522}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow(value: i32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_itow`, into a buffer of known size.
#[shim(ix = {msvcrt: 409, ucrtbase: 523}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow_s(value: i32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 268, ucrtbase: 524}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa(value: i32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_ltoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 410, ucrtbase: 525}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa_s(value: i32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 411, ucrtbase: 526}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow(value: i32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, true, radix, buffer)
}

/// As `_ltow`, into a buffer of known size.
#[shim(ix = {msvcrt: 412, ucrtbase: 527}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow_s(value: i32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 213, ucrtbase: 528}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa(value: u32, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(i64::from(value), 32, false, radix, buffer)
}

/// As `_ultoa`, into a buffer of known size.
#[shim(ix = {msvcrt: 413, ucrtbase: 529}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa_s(value: u32, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, false, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 414, ucrtbase: 530}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow(value: u32, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(i64::from(value), 32, false, radix, buffer)
}

/// As `_ultow`, into a buffer of known size.
#[shim(ix = {msvcrt: 415, ucrtbase: 531}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow_s(value: u32, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(i64::from(value), 32, false, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 264, ucrtbase: 532}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa(value: i64, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(value, 64, true, radix, buffer)
}

/// As `_i64toa`, into a buffer of known size.
#[shim(ix = {msvcrt: 416, ucrtbase: 533}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa_s(value: i64, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value, 64, true, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 417, ucrtbase: 534}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow(value: i64, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(value, 64, true, radix, buffer)
}

/// As `_i64tow`, into a buffer of known size.
#[shim(ix = {msvcrt: 418, ucrtbase: 535}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow_s(value: i64, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value, 64, true, radix, buffer, size)
}

/// An integer as text.
#[shim(ix = {msvcrt: 281, ucrtbase: 536}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa(value: u64, buffer: *mut u8, radix: i32) -> *mut u8 {
    text(value as i64, 64, false, radix, buffer)
}

/// As `_ui64toa`, into a buffer of known size.
#[shim(ix = {msvcrt: 419, ucrtbase: 537}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa_s(value: u64, buffer: *mut u8, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value as i64, 64, false, radix, buffer, size)
}

/// An integer as wide text.
#[shim(ix = {msvcrt: 420, ucrtbase: 538}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow(value: u64, buffer: *mut u16, radix: i32) -> *mut u16 {
    text(value as i64, 64, false, radix, buffer)
}

/// As `_ui64tow`, into a buffer of known size.
#[shim(ix = {msvcrt: 421, ucrtbase: 539}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow_s(value: u64, buffer: *mut u16, size: usize, radix: i32) -> Result<Code, Fault> {
    text_s(value as i64, 64, false, radix, buffer, size)
}
