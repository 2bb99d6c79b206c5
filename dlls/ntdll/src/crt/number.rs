//! Integers from text, and text from integers.

use ::crt::number::{Integer, integer, render};
use ::crt::{Errno, Flavor, Unit, Units};
use guest::shim;

unsafe fn units<'a, C: Unit>(text: *const C) -> Units<'a, C> {
    // SAFETY: the caller vouches for a string.
    unsafe { Units::new(text) }
}

/// What `strtol` and its family do.
unsafe fn scan<C: Unit, T: Default>(text: *const C, end: *mut *const C, base: i32, convert: fn(Integer) -> (T, Option<Errno>)) -> T {
    // SAFETY: the program's pointers.
    unsafe {
        let number = integer::scan(units(text), base);
        if let Some(end) = end.as_mut() {
            *end = text.wrapping_add(number.as_ref().map_or(0, |number| number.length));
        }
        number.map(|number| convert(number).0).unwrap_or_default()
    }
}

/// What `_itoa` and its family do.
unsafe fn render<C: Unit>(value: i64, bits: u32, signed: bool, radix: i32, to: *mut C) -> *mut C {
    let mut whole = [C::NUL; 66];
    if render::itoa(value, bits, signed, radix, &mut whole).is_ok() {
        let length = whole.iter().position(|unit| *unit == C::NUL).unwrap_or(0);
        // SAFETY: the caller vouches for the room.
        unsafe { to.copy_from_nonoverlapping(whole.as_ptr(), length + 1) };
    }
    to
}

unsafe fn render_s<C: Unit>(value: i64, bits: u32, signed: bool, radix: i32, to: *mut C, size: usize) -> i32 {
    if to.is_null() || size == 0 {
        return Errno::Invalid.code();
    }
    // SAFETY: the caller vouches for the size; more than the longest text is never used.
    let room = unsafe { core::slice::from_raw_parts_mut(to, size.min(66)) };
    render::itoa(value, bits, signed, radix, room).map_or_else(Errno::code, |()| 0)
}

/// An integer of text.
#[shim(ix = 345, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtol(text: *const u8, end: *mut *const u8, base: i32) -> i32 {
    scan(text, end, base, Integer::to_i32)
}

/// An integer of text.
#[shim(ix = 346, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn strtoul(text: *const u8, end: *mut *const u8, base: i32) -> u32 {
    scan(text, end, base, Integer::to_u32)
}

/// An integer of text.
#[shim(ix = 347, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstol(text: *const u16, end: *mut *const u16, base: i32) -> i32 {
    scan(text, end, base, Integer::to_i32)
}

/// An integer of text.
#[shim(ix = 348, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn wcstoul(text: *const u16, end: *mut *const u16, base: i32) -> u32 {
    scan(text, end, base, Integer::to_u32)
}

/// An integer of text.
#[shim(ix = 349, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atoi(text: *const u8) -> i32 {
    integer::to_int(units(text), Flavor::Msvcrt).0
}

/// An integer of text.
#[shim(ix = 350, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atol(text: *const u8) -> i32 {
    integer::to_int(units(text), Flavor::Msvcrt).0
}

/// An integer of text.
#[shim(ix = 351, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi(text: *const u16) -> i32 {
    integer::to_int(units(text), Flavor::Msvcrt).0
}

/// An integer of text.
#[shim(ix = 352, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtol(text: *const u16) -> i32 {
    integer::to_int(units(text), Flavor::Msvcrt).0
}

/// An integer of text.
#[shim(ix = 353, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _atoi64(text: *const u8) -> i64 {
    integer::to_long(units(text)).0
}

/// An integer of text.
#[shim(ix = 354, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _wtoi64(text: *const u16) -> i64 {
    integer::to_long(units(text)).0
}

/// An integer as text.
#[shim(ix = 355, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa(value: i32, to: *mut u8, radix: i32) -> *mut u8 {
    render(value.into(), 32, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 356, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itoa_s(value: i32, to: *mut u8, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 357, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow(value: i32, to: *mut u16, radix: i32) -> *mut u16 {
    render(value.into(), 32, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 358, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _itow_s(value: i32, to: *mut u16, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 359, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa(value: i32, to: *mut u8, radix: i32) -> *mut u8 {
    render(value.into(), 32, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 360, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltoa_s(value: i32, to: *mut u8, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 361, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow(value: i32, to: *mut u16, radix: i32) -> *mut u16 {
    render(value.into(), 32, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 362, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ltow_s(value: i32, to: *mut u16, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 363, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa(value: u32, to: *mut u8, radix: i32) -> *mut u8 {
    render(value.into(), 32, false, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 364, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultoa_s(value: u32, to: *mut u8, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, false, radix, to, size)
}

/// An integer as text.
#[shim(ix = 365, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow(value: u32, to: *mut u16, radix: i32) -> *mut u16 {
    render(value.into(), 32, false, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 366, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ultow_s(value: u32, to: *mut u16, size: usize, radix: i32) -> i32 {
    render_s(value.into(), 32, false, radix, to, size)
}

/// An integer as text.
#[shim(ix = 367, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa(value: i64, to: *mut u8, radix: i32) -> *mut u8 {
    render(value, 64, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 368, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64toa_s(value: i64, to: *mut u8, size: usize, radix: i32) -> i32 {
    render_s(value, 64, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 369, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow(value: i64, to: *mut u16, radix: i32) -> *mut u16 {
    render(value, 64, true, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 370, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _i64tow_s(value: i64, to: *mut u16, size: usize, radix: i32) -> i32 {
    render_s(value, 64, true, radix, to, size)
}

/// An integer as text.
#[shim(ix = 371, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa(value: u64, to: *mut u8, radix: i32) -> *mut u8 {
    render(value as i64, 64, false, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 372, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64toa_s(value: u64, to: *mut u8, size: usize, radix: i32) -> i32 {
    render_s(value as i64, 64, false, radix, to, size)
}

/// An integer as text.
#[shim(ix = 373, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow(value: u64, to: *mut u16, radix: i32) -> *mut u16 {
    render(value as i64, 64, false, radix, to)
}

/// An integer as text, in a room of known size.
#[shim(ix = 374, mapping = "crt::number", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _ui64tow_s(value: u64, to: *mut u16, size: usize, radix: i32) -> i32 {
    render_s(value as i64, 64, false, radix, to, size)
}
