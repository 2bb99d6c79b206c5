//! The string functions.

use ::crt::text::{self, Room};
use ::crt::{Errno, Units, class};
use core::ptr::null_mut;
use guest::shim;

unsafe fn units<'a>(text: *const u8) -> Units<'a, u8> {
    // SAFETY: the caller vouches for a string.
    unsafe { Units::new(text) }
}

fn place(text: *const u8, index: Option<usize>) -> *mut u8 {
    index.map_or(null_mut(), |index| text.wrapping_add(index).cast_mut())
}

/// What the `_s` functions answer.
fn code(result: Result<(), Errno>) -> i32 {
    result.map_or_else(Errno::code, |()| 0)
}

/// The length of a string.
#[shim(ix = 253, entry = jump, export = "strlen", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strlen_of(text: *const u8) -> usize {
    text::length(text)
}

/// The length of a string, at most so much.
#[shim(ix = 336, entry = jump, export = "strnlen", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strnlen_of(text: *const u8, most: usize) -> usize {
    text::bounded_length(text, most)
}

/// Compares two strings.
#[shim(ix = 254, entry = jump, export = "strcmp", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcmp_of(first: *const u8, second: *const u8) -> i32 {
    text::compare(units(first), units(second))
}

/// Compares the start of two strings.
#[shim(ix = 255, entry = jump, export = "strncmp", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncmp_of(first: *const u8, second: *const u8, count: usize) -> i32 {
    text::compare_bounded(units(first), units(second), count)
}

/// Compares two strings without regard to case.
#[shim(ix = 266, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _stricmp(first: *const u8, second: *const u8) -> i32 {
    text::compare_folded(units(first), units(second), class::to_lower)
}

/// Compares two strings without regard to case.
#[shim(ix = 337, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strcmpi(first: *const u8, second: *const u8) -> i32 {
    text::compare_folded(units(first), units(second), class::to_lower)
}

/// Compares the start of two strings without regard to case.
#[shim(ix = 267, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strnicmp(first: *const u8, second: *const u8, count: usize) -> i32 {
    text::compare_folded_bounded(units(first), units(second), count, class::to_lower)
}

/// Copies a string.
#[shim(ix = 262, entry = jump, export = "strcpy", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcpy_of(to: *mut u8, from: *const u8) -> *mut u8 {
    text::copy(to, units(from));
    to
}

/// Puts a string behind another.
#[shim(ix = 263, entry = jump, export = "strcat", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcat_of(to: *mut u8, from: *const u8) -> *mut u8 {
    text::append(to, units(from));
    to
}

/// Copies a string's start.
#[shim(ix = 264, entry = jump, export = "strncpy", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncpy_of(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    text::copy_bounded(to, units(from), count);
    to
}

/// Puts a string's start behind another.
#[shim(ix = 265, entry = jump, export = "strncat", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncat_of(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    text::append_bounded(to, units(from), count);
    to
}

/// The first place of a character, or NULL.
#[shim(ix = 256, entry = jump, export = "strchr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strchr_of(text: *const u8, character: i32) -> *mut u8 {
    if character as u8 == 0 {
        return text.wrapping_add(text::length(text)).cast_mut();
    }
    place(text, text::find(units(text), character as u8))
}

/// The last place of a character, or NULL.
#[shim(ix = 257, entry = jump, export = "strrchr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strrchr_of(text: *const u8, character: i32) -> *mut u8 {
    if character as u8 == 0 {
        return text.wrapping_add(text::length(text)).cast_mut();
    }
    place(text, text::find_last(units(text), character as u8))
}

/// The first place of a string in another, or NULL.
#[shim(ix = 258, entry = jump, export = "strstr", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strstr_of(text: *const u8, wanted: *const u8) -> *mut u8 {
    place(text, text::find_text(units(text), units(wanted)))
}

/// The first character of a set, or NULL.
#[shim(ix = 261, entry = jump, export = "strpbrk", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strpbrk_of(text: *const u8, set: *const u8) -> *mut u8 {
    place(text, text::find_any(units(text), units(set)))
}

/// How far a string is of a set.
#[shim(ix = 259, entry = jump, export = "strspn", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strspn_of(text: *const u8, set: *const u8) -> usize {
    text::span(units(text), units(set))
}

/// How far a string is not of a set.
#[shim(ix = 260, entry = jump, export = "strcspn", mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcspn_of(text: *const u8, set: *const u8) -> usize {
    text::span_until(units(text), units(set))
}

/// Makes a string lower case.
#[shim(ix = 268, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strlwr(text: *mut u8) -> *mut u8 {
    text::change(text, class::to_lower);
    text
}

/// Makes a string upper case.
#[shim(ix = 269, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strupr(text: *mut u8) -> *mut u8 {
    text::change(text, class::to_upper);
    text
}

/// Copies a string into a room of known size.
#[shim(ix = 338, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcpy_s(to: *mut u8, size: usize, from: *const u8) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::copy_s(&mut room, (!from.is_null()).then(|| units(from)))),
        Err(error) => error.code(),
    }
}

/// Puts a string behind another in a room of known size.
#[shim(ix = 339, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcat_s(to: *mut u8, size: usize, from: *const u8) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::append_s(&mut room, (!from.is_null()).then(|| units(from)))),
        Err(error) => error.code(),
    }
}

/// Copies a string's start into a room of known size.
#[shim(ix = 340, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncpy_s(to: *mut u8, size: usize, from: *const u8, count: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::copy_bounded_s(&mut room, (!from.is_null()).then(|| units(from)), count)),
        Err(error) => error.code(),
    }
}

/// Puts a string's start behind another in a room of known size.
#[shim(ix = 341, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncat_s(to: *mut u8, size: usize, from: *const u8, count: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::append_bounded_s(&mut room, (!from.is_null()).then(|| units(from)), count)),
        Err(error) => error.code(),
    }
}

/// Cuts a string into tokens.
#[shim(ix = 342, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strtok_s(text: *mut u8, delimiters: *const u8, context: *mut *mut u8) -> *mut u8 {
    text::token_s(text, (!delimiters.is_null()).then(|| units(delimiters)), context.as_mut()).unwrap_or(null_mut())
}

/// Makes a string in a room of known size lower case.
#[shim(ix = 343, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strlwr_s(to: *mut u8, size: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::change_s(&mut room, class::to_lower)),
        Err(error) => error.code(),
    }
}

/// Makes a string in a room of known size upper case.
#[shim(ix = 344, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strupr_s(to: *mut u8, size: usize) -> i32 {
    match Room::new(to, size) {
        Ok(mut room) => code(text::change_s(&mut room, class::to_upper)),
        Err(error) => error.code(),
    }
}
