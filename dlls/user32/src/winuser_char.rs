//! winuser.h: letters and their case, and steps from one character to the next.

use guest::nls::{self, ANSI};
use guest::{shim, text};

/// A pointer below this is a character, not an address.
const CHARACTERS: usize = 0x1_0000;

/// Changes the case of so many units.
unsafe fn change(units: *mut u16, count: usize, map: fn(u16) -> u16) {
    for index in 0..count {
        // SAFETY: the caller's buffer has that many units.
        unsafe { *units.add(index) = map(*units.add(index)) };
    }
}

/// The case of an ANSI character, where the code page has the other one too.
fn byte(byte: u8, map: fn(u16) -> u16) -> u8 {
    let Ok(units) = nls::to_wide(ANSI, &[byte], false) else { return byte };
    let mapped: alloc::vec::Vec<u16> = units.into_iter().map(map).collect();
    match nls::from_wide(ANSI, &mapped, b'?') {
        Some((bytes, false)) if bytes.len() == 1 => bytes[0],
        _ => byte,
    }
}

unsafe fn change_bytes(bytes: *mut u8, count: usize, map: fn(u16) -> u16) {
    for index in 0..count {
        // SAFETY: the caller's buffer has that many bytes.
        unsafe { *bytes.add(index) = byte(*bytes.add(index), map) };
    }
}

unsafe fn string_or_unit(string: *mut u16, map: fn(u16) -> u16) -> *mut u16 {
    if (string as usize) < CHARACTERS {
        return map(string as usize as u16) as usize as *mut u16;
    }
    unsafe { change(string, text::wide(string).len(), map) };
    string
}

unsafe fn string_or_byte(string: *mut u8, map: fn(u16) -> u16) -> *mut u8 {
    if (string as usize) < CHARACTERS {
        return byte(string as usize as u8, map) as usize as *mut u8;
    }
    unsafe { change_bytes(string, text::narrow(string).len(), map) };
    string
}

/// Turns a text, or the one character that the pointer is, into upper case.
#[shim(ix = 15, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharUpperW(string: *mut u16) -> *mut u16 {
    unsafe { string_or_unit(string, nls::upcase) }
}

/// Turns a text, or the one character that the pointer is, into upper case.
#[shim(ix = 235, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharUpperA(string: *mut u8) -> *mut u8 {
    unsafe { string_or_byte(string, nls::upcase) }
}

/// Turns a text, or the one character that the pointer is, into lower case.
#[shim(ix = 143, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharLowerW(string: *mut u16) -> *mut u16 {
    unsafe { string_or_unit(string, nls::downcase) }
}

/// Turns a text, or the one character that the pointer is, into lower case.
#[shim(ix = 321, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharLowerA(string: *mut u8) -> *mut u8 {
    unsafe { string_or_byte(string, nls::downcase) }
}

/// Turns so many characters into upper case; answers how many.
#[shim(ix = 71, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharUpperBuffW(units: *mut u16, count: u32) -> u32 {
    if units.is_null() {
        return 0;
    }
    unsafe { change(units, count as usize, nls::upcase) };
    count
}

/// Turns so many characters into upper case; answers how many.
#[shim(ix = 322, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharUpperBuffA(bytes: *mut u8, count: u32) -> u32 {
    if bytes.is_null() {
        return 0;
    }
    unsafe { change_bytes(bytes, count as usize, nls::upcase) };
    count
}

/// Turns so many characters into lower case; answers how many.
#[shim(ix = 69, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharLowerBuffW(units: *mut u16, count: u32) -> u32 {
    if units.is_null() {
        return 0;
    }
    unsafe { change(units, count as usize, nls::downcase) };
    count
}

/// Turns so many characters into lower case; answers how many.
#[shim(ix = 233, mapping = "Unicode's simple mappings", risk = Wrong("a wrong case"))]
pub unsafe extern "system" fn CharLowerBuffA(bytes: *mut u8, count: u32) -> u32 {
    if bytes.is_null() {
        return 0;
    }
    unsafe { change_bytes(bytes, count as usize, nls::downcase) };
    count
}

unsafe fn next<T: Copy + Default + PartialEq>(at: *const T) -> *mut T {
    // SAFETY: the caller's text; it is not left behind its NUL.
    if at.is_null() || unsafe { *at } == T::default() { at.cast_mut() } else { unsafe { at.add(1).cast_mut() } }
}

unsafe fn previous<T>(start: *const T, at: *const T) -> *mut T {
    // SAFETY: behind the start lies the text's own.
    if at > start { unsafe { at.sub(1).cast_mut() } } else { start.cast_mut() }
}

/// Answers where the next character starts; at the end that is the end.
#[shim(ix = 70, mapping = "a step", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharNextW(at: *const u16) -> *mut u16 {
    unsafe { next(at) }
}

/// Answers where the next character starts; at the end that is the end.
#[shim(ix = 323, mapping = "a step: no ANSI or OEM character here has two bytes", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharNextA(at: *const u8) -> *mut u8 {
    unsafe { next(at) }
}

/// Answers where the next character starts; at the end that is the end.
#[shim(ix = 50, mapping = "CharNextA", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharNextExA(_page: u16, at: *const u8, _flags: u32) -> *mut u8 {
    unsafe { next(at) }
}

/// Answers where the character in front starts; at the start that is the start.
#[shim(ix = 324, mapping = "a step", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharPrevW(start: *const u16, at: *const u16) -> *mut u16 {
    unsafe { previous(start, at) }
}

/// Answers where the character in front starts; at the start that is the start.
#[shim(ix = 325, mapping = "a step: no ANSI or OEM character here has two bytes", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharPrevA(start: *const u8, at: *const u8) -> *mut u8 {
    unsafe { previous(start, at) }
}

/// Answers where the character in front starts; at the start that is the start.
#[shim(ix = 19, mapping = "CharPrevA", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn CharPrevExA(_page: u16, start: *const u8, at: *const u8, _flags: u32) -> *mut u8 {
    unsafe { previous(start, at) }
}

fn is(unit: u16, test: fn(char) -> bool) -> i32 {
    char::from_u32(unit.into()).is_some_and(test).into()
}

fn is_byte(byte: i8, test: fn(char) -> bool) -> i32 {
    let units = nls::to_wide(ANSI, &[byte as u8], false).unwrap_or_default();
    units.first().map_or(0, |unit| is(*unit, test))
}

/// Says whether a character is a letter.
#[shim(ix = 326, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharAlphaW(unit: u16) -> i32 {
    is(unit, char::is_alphabetic)
}

/// Says whether a character is a letter.
#[shim(ix = 327, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharAlphaA(byte: i8) -> i32 {
    is_byte(byte, char::is_alphabetic)
}

/// Says whether a character is a letter or a digit.
#[shim(ix = 328, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharAlphaNumericW(unit: u16) -> i32 {
    is(unit, char::is_alphanumeric)
}

/// Says whether a character is a letter or a digit.
#[shim(ix = 329, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharAlphaNumericA(byte: i8) -> i32 {
    is_byte(byte, char::is_alphanumeric)
}

/// Says whether a character is a letter in upper case.
#[shim(ix = 330, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharUpperW(unit: u16) -> i32 {
    is(unit, char::is_uppercase)
}

/// Says whether a character is a letter in upper case.
#[shim(ix = 331, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharUpperA(byte: i8) -> i32 {
    is_byte(byte, char::is_uppercase)
}

/// Says whether a character is a letter in lower case.
#[shim(ix = 332, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharLowerW(unit: u16) -> i32 {
    is(unit, char::is_lowercase)
}

/// Says whether a character is a letter in lower case.
#[shim(ix = 333, mapping = "Unicode's classes", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn IsCharLowerA(byte: i8) -> i32 {
    is_byte(byte, char::is_lowercase)
}
