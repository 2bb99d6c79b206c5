//! The `_s` functions, narrow and wide.

use super::super::fault::{Code, Fault, secure};
use super::{optional, room};
use crt::text;
use guest::shim;

/// Copies a string into a buffer of known size.
#[shim(ix = {msvcrt: 601, ucrtbase: 109}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strcpy_s(destination: *mut u8, size: usize, source: *const u8) -> Result<Code, Fault> {
    secure(text::copy_s(&mut room(destination, size)?, optional(source)))
}

/// Puts a string behind another in a buffer of known size.
#[shim(ix = {msvcrt: 602, ucrtbase: 697}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strcat_s(destination: *mut u8, size: usize, source: *const u8) -> Result<Code, Fault> {
    secure(text::append_s(&mut room(destination, size)?, optional(source)))
}

/// Copies a string's start into a buffer of known size.
#[shim(ix = {msvcrt: 603, ucrtbase: 155}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strncpy_s(destination: *mut u8, size: usize, source: *const u8, count: usize) -> Result<Code, Fault> {
    if destination.is_null() && size == 0 && count == 0 {
        return Ok(Code);
    }
    secure(text::copy_bounded_s(&mut room(destination, size)?, optional(source), count))
}

/// Puts a string's start behind another in a buffer of known size.
#[shim(ix = {msvcrt: 604, ucrtbase: 698}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strncat_s(destination: *mut u8, size: usize, source: *const u8, count: usize) -> Result<Code, Fault> {
    if destination.is_null() && size == 0 && count == 0 {
        return Ok(Code);
    }
    secure(text::append_bounded_s(&mut room(destination, size)?, optional(source), count))
}

/// Replaces the first characters of a string in a buffer of known size.
#[shim(ix = {msvcrt: 605, ucrtbase: 699}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strnset_s(text: *mut u8, size: usize, character: i32, count: usize) -> Result<Code, Fault> {
    secure(text::fill_bounded_s(&mut room(text, size)?, character as u8, count))
}

/// Replaces each character of a string in a buffer of known size.
#[shim(ix = {ucrtbase: 700}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strset_s(text: *mut u8, size: usize, character: i32) -> Result<Code, Fault> {
    secure(text::fill_s(&mut room(text, size)?, character as u8))
}

/// Copies a wide string into a buffer of known size.
#[shim(ix = {msvcrt: 606, ucrtbase: 133}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcscpy_s(destination: *mut u16, size: usize, source: *const u16) -> Result<Code, Fault> {
    secure(text::copy_s(&mut room(destination, size)?, optional(source)))
}

/// Puts a wide string behind another in a buffer of known size.
#[shim(ix = {msvcrt: 607, ucrtbase: 701}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcscat_s(destination: *mut u16, size: usize, source: *const u16) -> Result<Code, Fault> {
    secure(text::append_s(&mut room(destination, size)?, optional(source)))
}

/// Copies a wide string's start into a buffer of known size.
#[shim(ix = {msvcrt: 608, ucrtbase: 702}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcsncpy_s(destination: *mut u16, size: usize, source: *const u16, count: usize) -> Result<Code, Fault> {
    if destination.is_null() && size == 0 && count == 0 {
        return Ok(Code);
    }
    secure(text::copy_bounded_s(&mut room(destination, size)?, optional(source), count))
}

/// Puts a wide string's start behind another in a buffer of known size.
#[shim(ix = {msvcrt: 609, ucrtbase: 703}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcsncat_s(destination: *mut u16, size: usize, source: *const u16, count: usize) -> Result<Code, Fault> {
    if destination.is_null() && size == 0 && count == 0 {
        return Ok(Code);
    }
    secure(text::append_bounded_s(&mut room(destination, size)?, optional(source), count))
}

/// Replaces each character of a wide string in a buffer of known size.
#[shim(ix = {msvcrt: 610, ucrtbase: 704}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsset_s(text: *mut u16, size: usize, character: u16) -> Result<Code, Fault> {
    secure(text::fill_s(&mut room(text, size)?, character))
}

/// Replaces the first characters of a wide string in a buffer of known size.
#[shim(ix = {msvcrt: 611, ucrtbase: 705}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsnset_s(text: *mut u16, size: usize, character: u16, count: usize) -> Result<Code, Fault> {
    secure(text::fill_bounded_s(&mut room(text, size)?, character, count))
}
