//! Floating-point numbers from text, and text from them.

use super::super::FLAVOR;
use super::super::errno::ERANGE;
use super::super::fault::{Answer, Code, Fault, INVALID, Pointer};
use super::super::locale::Locale;
use super::super::string::units;
use super::super::thread;
use crt::number::assemble::Float;
use crt::number::{Rules, convert, real};
use crt::{Errno, Unit};
use guest::shim;

unsafe fn scan<C: Unit, F: Float + Default>(text: *const C, end: *mut *const C) -> Answer<F> {
    // SAFETY: the program's pointers.
    unsafe {
        if let Some(end) = end.as_mut() {
            *end = text;
        }
        if text.is_null() {
            return Answer(F::default(), Some(INVALID));
        }
        let (value, length, error) = real::scan(units(text), Rules::of(FLAVOR));
        if let Some(end) = end.as_mut() {
            *end = text.wrapping_add(length);
        }
        Answer::new(value, error)
    }
}

/// `_CRT_DOUBLE` and `_CRT_FLOAT` conversions: 0, or 3 (`_OVERFLOW`) or 4 (`_UNDERFLOW`).
unsafe fn store<F: Float + Default + Copy>(value: *mut F, text: *const u8, is_small: fn(F) -> bool) -> i32 {
    const OVERFLOW: i32 = 3;
    const UNDERFLOW: i32 = 4;
    if value.is_null() || text.is_null() {
        return INVALID.tell();
    }
    // SAFETY: the program's pointers.
    let (number, _, error) = real::scan::<u8, F>(unsafe { units(text) }, Rules::of(FLAVOR));
    // SAFETY: as above.
    unsafe { value.write_unaligned(number) };
    match error {
        Some(Errno::Range) if is_small(number) => UNDERFLOW,
        Some(_) => OVERFLOW,
        None => 0,
    }
}

unsafe fn position(point: *mut i32, sign: *mut i32, (at, negative): convert::Position) {
    // SAFETY: the program's pointers, which were checked.
    unsafe {
        *point = at;
        *sign = negative.into();
    }
}

/// The floating-point number that text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {msvcrt: 321, ucrtbase: 111}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtod(text: *const u8, end: *mut *const u8) -> Answer<f64> {
    scan(text, end)
}

/// As `strtod`; every locale has the same point.
#[shim(ix = {msvcrt: 555, ucrtbase: 361}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtod_l(text: *const u8, end: *mut *const u8, _locale: *const Locale) -> Answer<f64> {
    scan(text, end)
}

/// The floating-point number that wide text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {msvcrt: 556, ucrtbase: 644}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstod(text: *const u16, end: *mut *const u16) -> Answer<f64> {
    scan(text, end)
}

/// As `wcstod`; every locale has the same point.
#[shim(ix = {msvcrt: 557, ucrtbase: 645}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstod_l(text: *const u16, end: *mut *const u16, _locale: *const Locale) -> Answer<f64> {
    scan(text, end)
}

/// The floating-point number that text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {ucrtbase: 156}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtof(text: *const u8, end: *mut *const u8) -> Answer<f32> {
    scan(text, end)
}

/// As `strtof`; every locale has the same point.
#[shim(ix = {ucrtbase: 646}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtof_l(text: *const u8, end: *mut *const u8, _locale: *const Locale) -> Answer<f32> {
    scan(text, end)
}

/// The floating-point number that wide text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {ucrtbase: 647}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstof(text: *const u16, end: *mut *const u16) -> Answer<f32> {
    scan(text, end)
}

/// As `wcstof`; every locale has the same point.
#[shim(ix = {ucrtbase: 648}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstof_l(text: *const u16, end: *mut *const u16, _locale: *const Locale) -> Answer<f32> {
    scan(text, end)
}

/// The floating-point number that text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {ucrtbase: 649}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtold(text: *const u8, end: *mut *const u8) -> Answer<f64> {
    scan(text, end)
}

/// As `strtold`; every locale has the same point.
#[shim(ix = {ucrtbase: 650}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _strtold_l(text: *const u8, end: *mut *const u8, _locale: *const Locale) -> Answer<f64> {
    scan(text, end)
}

/// The floating-point number that wide text starts with; `ERANGE` where it is too large or too small.
#[shim(ix = {ucrtbase: 651}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstold(text: *const u16, end: *mut *const u16) -> Answer<f64> {
    scan(text, end)
}

/// As `wcstold`; every locale has the same point.
#[shim(ix = {ucrtbase: 652}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wcstold_l(text: *const u16, end: *mut *const u16, _locale: *const Locale) -> Answer<f64> {
    scan(text, end)
}

/// The floating-point number that text starts with, or 0.
#[shim(ix = {msvcrt: 301, ucrtbase: 260}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atof(text: *const u8) -> Answer<f64> {
    scan(text, core::ptr::null_mut())
}

/// As `atof`; every locale has the same point.
#[shim(ix = {msvcrt: 558, ucrtbase: 653}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atof_l(text: *const u8, _locale: *const Locale) -> Answer<f64> {
    scan(text, core::ptr::null_mut())
}

/// The floating-point number that wide text starts with, or 0.
#[shim(ix = {msvcrt: 559, ucrtbase: 654}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtof(text: *const u16) -> Answer<f64> {
    scan(text, core::ptr::null_mut())
}

/// A `double` of text: 0, 3 where it is too large, 4 where it is too small.
#[shim(ix = {msvcrt: 560, ucrtbase: 655}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atodbl(value: *mut f64, text: *mut u8) -> i32 {
    store(value, text, |number| number.abs() < 1.0)
}

/// A `float` of text: 0, 3 where it is too large, 4 where it is too small.
#[shim(ix = {msvcrt: 561, ucrtbase: 656}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atoflt(value: *mut f32, text: *const u8) -> i32 {
    store(value, text, |number| number.abs() < 1.0)
}

/// The significant digits of a number, in the thread's buffer.
#[shim(ix = {msvcrt: 562, ucrtbase: 657}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ecvt(value: f64, count: i32, point: *mut i32, sign: *mut i32) -> Result<Pointer<u8>, Fault> {
    if point.is_null() || sign.is_null() {
        return Err(INVALID);
    }
    let buffer = &mut *thread::current().digits.get();
    let found = convert::ecvt(value, count.min(buffer.len() as i32 - 2), FLAVOR, buffer)?;
    position(point, sign, found);
    Ok(Pointer(buffer.as_mut_ptr()))
}

/// The digits of a number up to some places behind the point, in the thread's buffer.
#[shim(ix = {msvcrt: 563, ucrtbase: 658}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _fcvt(value: f64, places: i32, point: *mut i32, sign: *mut i32) -> Result<Pointer<u8>, Fault> {
    if point.is_null() || sign.is_null() {
        return Err(INVALID);
    }
    let buffer = &mut *thread::current().digits.get();
    let found = convert::fcvt(value, places.min(16), FLAVOR, buffer)?;
    position(point, sign, found);
    Ok(Pointer(buffer.as_mut_ptr()))
}

/// A number as text with some significant digits; the caller vouches for the room.
#[shim(ix = {msvcrt: 564, ucrtbase: 659}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _gcvt(value: f64, count: i32, buffer: *mut u8) -> Result<Pointer<u8>, Fault> {
    if buffer.is_null() || count < 0 {
        return Err(INVALID);
    }
    let mut whole = [0; 400];
    convert::gcvt(value, count.min(300), FLAVOR, &mut whole)?;
    crt::text::copy(buffer, whole.into_iter().take_while(|byte| *byte != 0));
    Ok(Pointer(buffer))
}

/// As `_ecvt`, into a buffer of known size.
#[shim(ix = {msvcrt: 565, ucrtbase: 660}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ecvt_s(buffer: *mut u8, size: usize, value: f64, count: i32, point: *mut i32, sign: *mut i32) -> Result<Code, Fault> {
    if buffer.is_null() || size == 0 || point.is_null() || sign.is_null() {
        return Err(INVALID);
    }
    let room = core::slice::from_raw_parts_mut(buffer, size.min(usize::try_from(count).unwrap_or(0).saturating_add(2)));
    let found = convert::ecvt(value, count, FLAVOR, room).map_err(|_| Fault::Invalid(ERANGE))?;
    position(point, sign, found);
    Ok(Code)
}

/// As `_fcvt`, into a buffer of known size.
#[shim(ix = {msvcrt: 566, ucrtbase: 661}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _fcvt_s(buffer: *mut u8, size: usize, value: f64, places: i32, point: *mut i32, sign: *mut i32) -> Result<Code, Fault> {
    if buffer.is_null() || size == 0 || point.is_null() || sign.is_null() {
        return Err(INVALID);
    }
    let room = core::slice::from_raw_parts_mut(buffer, size.min(usize::try_from(places).unwrap_or(0).saturating_add(400)));
    let found = convert::fcvt(value, places, FLAVOR, room).map_err(|_| Fault::Invalid(ERANGE))?;
    position(point, sign, found);
    Ok(Code)
}

/// As `_gcvt`, into a buffer of known size.
#[shim(ix = {msvcrt: 567, ucrtbase: 662}, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _gcvt_s(buffer: *mut u8, size: usize, value: f64, count: i32) -> Result<Code, Fault> {
    if buffer.is_null() || size == 0 {
        return Err(INVALID);
    }
    let room = core::slice::from_raw_parts_mut(buffer, size.min(usize::try_from(count).unwrap_or(0).saturating_add(400)));
    convert::gcvt(value, count, FLAVOR, room).map(|()| Code).map_err(Fault::secure)
}
