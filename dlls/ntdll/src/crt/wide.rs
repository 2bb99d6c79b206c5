//! The wide string functions.

use ::crt::text::{self, Room};
use ::crt::{Errno, Units, class};
use core::ptr::null_mut;
use guest::shim;

unsafe fn units<'a>(text: *const u16) -> Units<'a, u16> {
    // SAFETY: the caller vouches for a string.
    unsafe { Units::new(text) }
}

fn place(text: *const u16, index: Option<usize>) -> *mut u16 {
    index.map_or(null_mut(), |index| text.wrapping_add(index).cast_mut())
}

/// What the `_s` functions answer.
fn code(result: Result<(), Errno>) -> i32 {
    result.map_or_else(Errno::code, |()| 0)
}

/// The length of a string.
#[shim(ix = 270, entry = jump, export = "wcslen", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcslen_of(text: *const u16) -> usize {
    text::length(text)
}

/// The length of a string, at most so much.
#[shim(ix = 271, entry = jump, export = "wcsnlen", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsnlen_of(text: *const u16, most: usize) -> usize {
    text::bounded_length(text, most)
}

/// Compares two strings.
#[shim(ix = 272, entry = jump, export = "wcscmp", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscmp_of(first: *const u16, second: *const u16) -> i32 {
    text::compare(units(first), units(second))
}

/// Compares the start of two strings.
#[shim(ix = 273, entry = jump, export = "wcsncmp", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncmp_of(first: *const u16, second: *const u16, count: usize) -> i32 {
    text::compare_bounded(units(first), units(second), count)
}

/// Compares two strings without regard to case.
#[shim(ix = 284, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsicmp(first: *const u16, second: *const u16) -> i32 {
    text::compare_folded(units(first), units(second), class::to_lower)
}

/// Compares the start of two strings without regard to case.
#[shim(ix = 285, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsnicmp(first: *const u16, second: *const u16, count: usize) -> i32 {
    text::compare_folded_bounded(units(first), units(second), count, class::to_lower)
}

/// Copies a string.
#[shim(ix = 280, entry = jump, export = "wcscpy", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscpy_of(to: *mut u16, from: *const u16) -> *mut u16 {
    text::copy(to, units(from));
    to
}

/// Puts a string behind another.
#[shim(ix = 281, entry = jump, export = "wcscat", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscat_of(to: *mut u16, from: *const u16) -> *mut u16 {
    text::append(to, units(from));
    to
}

/// Copies a string's start.
#[shim(ix = 282, entry = jump, export = "wcsncpy", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncpy_of(to: *mut u16, from: *const u16, count: usize) -> *mut u16 {
    text::copy_bounded(to, units(from), count);
    to
}

/// Puts a string's start behind another.
#[shim(ix = 283, entry = jump, export = "wcsncat", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncat_of(to: *mut u16, from: *const u16, count: usize) -> *mut u16 {
    text::append_bounded(to, units(from), count);
    to
}

/// The first place of a character, or NULL.
#[shim(ix = 274, entry = jump, export = "wcschr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcschr_of(text: *const u16, character: u16) -> *mut u16 {
    if character == 0 {
        return text.wrapping_add(text::length(text)).cast_mut();
    }
    place(text, text::find(units(text), character))
}

/// The last place of a character, or NULL.
#[shim(ix = 275, entry = jump, export = "wcsrchr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsrchr_of(text: *const u16, character: u16) -> *mut u16 {
    if character == 0 {
        return text.wrapping_add(text::length(text)).cast_mut();
    }
    place(text, text::find_last(units(text), character))
}

/// The first place of a string in another, or NULL.
#[shim(ix = 276, entry = jump, export = "wcsstr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsstr_of(text: *const u16, wanted: *const u16) -> *mut u16 {
    place(text, text::find_text(units(text), units(wanted)))
}

/// The first character of a set, or NULL.
#[shim(ix = 279, entry = jump, export = "wcspbrk", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcspbrk_of(text: *const u16, set: *const u16) -> *mut u16 {
    place(text, text::find_any(units(text), units(set)))
}

/// How far a string is of a set.
#[shim(ix = 277, entry = jump, export = "wcsspn", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsspn_of(text: *const u16, set: *const u16) -> usize {
    text::span(units(text), units(set))
}

/// How far a string is not of a set.
#[shim(ix = 278, entry = jump, export = "wcscspn", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscspn_of(text: *const u16, set: *const u16) -> usize {
    text::span_until(units(text), units(set))
}

/// Makes a string lower case.
#[shim(ix = 286, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcslwr(text: *mut u16) -> *mut u16 {
    text::change(text, class::to_lower);
    text
}

/// Makes a string upper case.
#[shim(ix = 287, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsupr(text: *mut u16) -> *mut u16 {
    text::change(text, class::to_upper);
    text
}

/// Copies a string into a room of known size.
#[shim(ix = 396, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscpy_s(to: *mut u16, size: usize, from: *const u16) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::copy_s(&mut room, (!from.is_null()).then(|| units(from)))),
        Err(error) => error.code(),
    }
}

/// Puts a string behind another in a room of known size.
#[shim(ix = 397, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscat_s(to: *mut u16, size: usize, from: *const u16) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::append_s(&mut room, (!from.is_null()).then(|| units(from)))),
        Err(error) => error.code(),
    }
}

/// Copies a string's start into a room of known size.
#[shim(ix = 398, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncpy_s(to: *mut u16, size: usize, from: *const u16, count: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::copy_bounded_s(&mut room, (!from.is_null()).then(|| units(from)), count)),
        Err(error) => error.code(),
    }
}

/// Puts a string's start behind another in a room of known size.
#[shim(ix = 399, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncat_s(to: *mut u16, size: usize, from: *const u16, count: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::append_bounded_s(&mut room, (!from.is_null()).then(|| units(from)), count)),
        Err(error) => error.code(),
    }
}

/// Cuts a string into tokens.
#[shim(ix = 400, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcstok_s(text: *mut u16, delimiters: *const u16, context: *mut *mut u16) -> *mut u16 {
    text::token_s(text, (!delimiters.is_null()).then(|| units(delimiters)), context.as_mut()).unwrap_or(null_mut())
}

/// Makes a string in a room of known size lower case.
#[shim(ix = 401, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcslwr_s(to: *mut u16, size: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::change_s(&mut room, class::to_lower)),
        Err(error) => error.code(),
    }
}

/// Makes a string in a room of known size upper case.
#[shim(ix = 402, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsupr_s(to: *mut u16, size: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::change_s(&mut room, class::to_upper)),
        Err(error) => error.code(),
    }
}
