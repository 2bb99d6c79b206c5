//! The `wcs` functions.

use super::super::fault::{Code, Fault, INVALID, Pointer, secure};
use super::super::heap;
use super::super::locale::{self, Locale};
use super::super::thread;
use super::{COMPARE_ERROR, optional, place, room, units};
use core::ptr::null_mut;
use crt::text;
use guest::shim;

unsafe fn folded(first: *const u16, second: *const u16, count: usize, locale: *const Locale) -> i32 {
    if first.is_null() || second.is_null() {
        INVALID.tell();
        return COMPARE_ERROR;
    }
    // SAFETY: both are strings.
    unsafe { text::compare_folded_bounded(units(first), units(second), count, locale::given(locale).wide_lower()) }
}

/// The length of a wide string.
#[shim(ix = {msvcrt: 24, ucrtbase: 79}, entry = jump, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcslen(text: *const u16) -> usize {
    text::length(text)
}

/// The length of a wide string, of so many characters at most.
#[shim(ix = {msvcrt: 612, ucrtbase: 113}, entry = jump, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsnlen(text: *const u16, most: usize) -> usize {
    text::bounded_length(text, most)
}

/// Compares two wide strings.
#[shim(ix = {msvcrt: 41, ucrtbase: 271}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscmp(first: *const u16, second: *const u16) -> i32 {
    text::compare(units(first), units(second))
}

/// Compares the start of two wide strings.
#[shim(ix = {msvcrt: 232, ucrtbase: 62}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsncmp(first: *const u16, second: *const u16, count: usize) -> i32 {
    text::compare_bounded(units(first), units(second), count)
}

/// The first place of a character in a wide string, or NULL.
#[shim(ix = {msvcrt: 326, ucrtbase: 706}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcschr(text: *const u16, character: u16) -> *mut u16 {
    place(text, text::find(units(text), character))
}

/// The last place of a character in a wide string, or NULL.
#[shim(ix = {msvcrt: 155, ucrtbase: 432}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsrchr(text: *const u16, character: u16) -> *mut u16 {
    place(text, text::find_last(units(text), character))
}

/// The first place of a wide string in another, or NULL.
#[shim(ix = {msvcrt: 54, ucrtbase: 433}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsstr(text: *const u16, wanted: *const u16) -> *mut u16 {
    place(text, text::find_text(units(text), units(wanted)))
}

/// How many characters at the start are in a set.
#[shim(ix = {msvcrt: 613, ucrtbase: 707}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcsspn(text: *const u16, set: *const u16) -> usize {
    text::span(units(text), units(set))
}

/// How many characters at the start are not in a set.
#[shim(ix = {msvcrt: 327, ucrtbase: 708}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcscspn(text: *const u16, set: *const u16) -> usize {
    text::span_until(units(text), units(set))
}

/// The first character that is in a set, or NULL.
#[shim(ix = {msvcrt: 614, ucrtbase: 709}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcspbrk(text: *const u16, set: *const u16) -> *mut u16 {
    place(text, text::find_any(units(text), units(set)))
}

/// Copies a wide string.
#[shim(ix = {msvcrt: 231, ucrtbase: 272}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcscpy(destination: *mut u16, source: *const u16) -> *mut u16 {
    text::copy(destination, units(source));
    destination
}

/// Puts a wide string behind another.
#[shim(ix = {msvcrt: 102, ucrtbase: 270}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcscat(destination: *mut u16, source: *const u16) -> *mut u16 {
    text::append(destination, units(source));
    destination
}

/// Copies a wide string's start and fills up with NULs.
#[shim(ix = {msvcrt: 615, ucrtbase: 273}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcsncpy(destination: *mut u16, source: *const u16, count: usize) -> *mut u16 {
    text::copy_bounded(destination, units(source), count);
    destination
}

/// Puts a wide string's start behind another.
#[shim(ix = {msvcrt: 616, ucrtbase: 710}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wcsncat(destination: *mut u16, source: *const u16, count: usize) -> *mut u16 {
    text::append_bounded(destination, units(source), count);
    destination
}

/// Cuts a wide string into tokens, one per call.
#[shim(ix = {msvcrt: 617}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcstok(text: *mut u16, delimiters: *const u16) -> *mut u16 {
    let thread = thread::current();
    let mut context = thread.wide_token.get();
    let found = text::token(text, units(delimiters), &mut context);
    thread.wide_token.set(context);
    found
}

/// As `wcstok`, with the caller's context.
#[shim(ix = {msvcrt: 618, ucrtbase: 711}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn wcstok_s(text: *mut u16, delimiters: *const u16, context: *mut *mut u16) -> Result<Pointer<u16>, Fault> {
    text::token_s(text, optional(delimiters), context.as_mut()).map(Pointer).map_err(|_| INVALID)
}

/// A copy of a wide string on the heap; NULL of NULL.
#[shim(ix = {msvcrt: 284, ucrtbase: 65}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsdup(text: *const u16) -> Result<Pointer<u16>, Fault> {
    if text.is_null() { Ok(Pointer(null_mut())) } else { heap::duplicate(guest::text::wide(text)) }
}

/// Compares two wide strings without regard to case.
#[shim(ix = {msvcrt: 220, ucrtbase: 369}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsicmp(first: *const u16, second: *const u16) -> i32 {
    folded(first, second, usize::MAX, core::ptr::null())
}

/// As `_wcsicmp`, by a locale.
#[shim(ix = {msvcrt: 619, ucrtbase: 712}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsicmp_l(first: *const u16, second: *const u16, locale: *const Locale) -> i32 {
    folded(first, second, usize::MAX, locale)
}

/// Compares the start of two wide strings without regard to case.
#[shim(ix = {msvcrt: 285, ucrtbase: 370}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsnicmp(first: *const u16, second: *const u16, count: usize) -> i32 {
    folded(first, second, count, core::ptr::null())
}

/// As `_wcsnicmp`, by a locale.
#[shim(ix = {msvcrt: 620, ucrtbase: 713}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _wcsnicmp_l(first: *const u16, second: *const u16, count: usize, locale: *const Locale) -> i32 {
    folded(first, second, count, locale)
}

/// Makes a wide string lower case.
#[shim(ix = {msvcrt: 621, ucrtbase: 714}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcslwr(text: *mut u16) -> *mut u16 {
    text::change(text, locale::current().wide_lower());
    text
}

/// Makes a wide string upper case.
#[shim(ix = {msvcrt: 622, ucrtbase: 715}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsupr(text: *mut u16) -> *mut u16 {
    text::change(text, locale::current().wide_upper());
    text
}

/// Makes a wide string in a buffer of known size lower case.
#[shim(ix = {msvcrt: 623, ucrtbase: 716}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcslwr_s(text: *mut u16, size: usize) -> Result<Code, Fault> {
    secure(text::change_s(&mut room(text, size)?, locale::current().wide_lower()))
}

/// Makes a wide string in a buffer of known size upper case.
#[shim(ix = {msvcrt: 624, ucrtbase: 717}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsupr_s(text: *mut u16, size: usize) -> Result<Code, Fault> {
    secure(text::change_s(&mut room(text, size)?, locale::current().wide_upper()))
}

/// Turns a wide string round.
#[shim(ix = {msvcrt: 625, ucrtbase: 718}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsrev(text: *mut u16) -> *mut u16 {
    text::reverse(text);
    text
}

/// Replaces each character of a wide string.
#[shim(ix = {msvcrt: 626, ucrtbase: 719}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsset(text: *mut u16, character: u16) -> *mut u16 {
    text::fill(text, character);
    text
}

/// Replaces the first characters of a wide string.
#[shim(ix = {msvcrt: 627, ucrtbase: 720}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _wcsnset(text: *mut u16, character: u16, count: usize) -> *mut u16 {
    text::fill_bounded(text, character, count);
    text
}

/// The length of a wide string, of so many characters at most.
#[shim(ix = {ucrtbase: 721}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn __wcsncnt(text: *const u16, count: usize) -> usize {
    text::bounded_length(text, count)
}
