//! The `str` functions of the "C" locale, and those that go by the locale's case.

use super::super::fault::{Code, Fault, INVALID, Pointer, secure};
use super::super::heap;
use super::super::locale::{self, Locale};
use super::super::thread;
use super::{COMPARE_ERROR, optional, place, room, units};
use core::ptr::null_mut;
use crt::text;
use guest::shim;

fn lower(locale: &'static Locale) -> impl Fn(u8) -> u8 {
    let page = locale.page;
    move |byte| page.lower[usize::from(byte)]
}

fn upper(locale: &'static Locale) -> impl Fn(u8) -> u8 {
    let page = locale.page;
    move |byte| page.upper[usize::from(byte)]
}

/// Compares without regard to case.
pub unsafe fn folded(first: *const u8, second: *const u8, count: usize, locale: *const Locale) -> i32 {
    if first.is_null() || second.is_null() {
        INVALID.tell();
        return COMPARE_ERROR;
    }
    // SAFETY: both are strings.
    unsafe { text::compare_folded_bounded(units(first), units(second), count, lower(locale::given(locale))) }
}

/// The length of a string.
#[shim(ix = {msvcrt: 14, ucrtbase: 90}, entry = jump, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strlen(text: *const u8) -> usize {
    text::length(text)
}

/// The length of a string, of so many bytes at most.
#[shim(ix = {msvcrt: 592, ucrtbase: 208}, entry = jump, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strnlen(text: *const u8, most: usize) -> usize {
    text::bounded_length(text, most)
}

/// Compares two strings.
#[shim(ix = {msvcrt: 13, ucrtbase: 53}, entry = jump, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcmp(first: *const u8, second: *const u8) -> i32 {
    text::compare(units(first), units(second))
}

/// Compares the start of two strings.
#[shim(ix = {msvcrt: 34, ucrtbase: 30}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strncmp(first: *const u8, second: *const u8, count: usize) -> i32 {
    text::compare_bounded(units(first), units(second), count)
}

/// The first place of a character in a string, or NULL.
#[shim(ix = {msvcrt: 46, ucrtbase: 267}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strchr(text: *const u8, character: i32) -> *mut u8 {
    place(text, text::find(units(text), character as u8))
}

/// The last place of a character in a string, or NULL.
#[shim(ix = {msvcrt: 62, ucrtbase: 235}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strrchr(text: *const u8, character: i32) -> *mut u8 {
    place(text, text::find_last(units(text), character as u8))
}

/// The first place of a string in another, or NULL.
#[shim(ix = {msvcrt: 189, ucrtbase: 269}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strstr(text: *const u8, wanted: *const u8) -> *mut u8 {
    place(text, text::find_text(units(text), units(wanted)))
}

/// How many characters at the start are in a set.
#[shim(ix = {msvcrt: 188, ucrtbase: 268}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strspn(text: *const u8, set: *const u8) -> usize {
    text::span(units(text), units(set))
}

/// How many characters at the start are not in a set.
#[shim(ix = {msvcrt: 146, ucrtbase: 110}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strcspn(text: *const u8, set: *const u8) -> usize {
    text::span_until(units(text), units(set))
}

/// The first character that is in a set, or NULL.
#[shim(ix = {msvcrt: 148, ucrtbase: 234}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strpbrk(text: *const u8, set: *const u8) -> *mut u8 {
    place(text, text::find_any(units(text), units(set)))
}

/// Copies a string.
#[shim(ix = {msvcrt: 61, ucrtbase: 231}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strcpy(destination: *mut u8, source: *const u8) -> *mut u8 {
    text::copy(destination, units(source));
    destination
}

/// Puts a string behind another.
#[shim(ix = {msvcrt: 60, ucrtbase: 421}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strcat(destination: *mut u8, source: *const u8) -> *mut u8 {
    text::append(destination, units(source));
    destination
}

/// Copies a string's start and fills up with NULs.
#[shim(ix = {msvcrt: 74, ucrtbase: 27}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strncpy(destination: *mut u8, source: *const u8, count: usize) -> *mut u8 {
    text::copy_bounded(destination, units(source), count);
    destination
}

/// Puts a string's start behind another.
#[shim(ix = {msvcrt: 187, ucrtbase: 422}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn strncat(destination: *mut u8, source: *const u8, count: usize) -> *mut u8 {
    text::append_bounded(destination, units(source), count);
    destination
}

/// Cuts a string into tokens, one per call.
#[shim(ix = {msvcrt: 322, ucrtbase: 131}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strtok(text: *mut u8, delimiters: *const u8) -> *mut u8 {
    let thread = thread::current();
    let mut context = thread.token.get();
    let found = text::token(text, units(delimiters), &mut context);
    thread.token.set(context);
    found
}

/// As `strtok`, with the caller's context.
#[shim(ix = {msvcrt: 323, ucrtbase: 423}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn strtok_s(text: *mut u8, delimiters: *const u8, context: *mut *mut u8) -> Result<Pointer<u8>, Fault> {
    text::token_s(text, optional(delimiters), context.as_mut()).map(Pointer).map_err(|_| INVALID)
}

/// A copy of a string on the heap; NULL of NULL.
#[shim(ix = {msvcrt: 69, ucrtbase: 98}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strdup(text: *const u8) -> Result<Pointer<u8>, Fault> {
    if text.is_null() { Ok(Pointer(null_mut())) } else { heap::duplicate(guest::text::narrow(text)) }
}

/// Compares two strings without regard to case.
#[shim(ix = {msvcrt: 92, ucrtbase: 179}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _stricmp(first: *const u8, second: *const u8) -> i32 {
    folded(first, second, usize::MAX, core::ptr::null())
}

/// As `_stricmp`.
#[shim(ix = {msvcrt: 593}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strcmpi(first: *const u8, second: *const u8) -> i32 {
    folded(first, second, usize::MAX, core::ptr::null())
}

/// As `_stricmp`, by a locale.
#[shim(ix = {msvcrt: 594, ucrtbase: 688}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _stricmp_l(first: *const u8, second: *const u8, locale: *const Locale) -> i32 {
    folded(first, second, usize::MAX, locale)
}

/// Compares the start of two strings without regard to case.
#[shim(ix = {msvcrt: 93, ucrtbase: 293}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strnicmp(first: *const u8, second: *const u8, count: usize) -> i32 {
    folded(first, second, count, core::ptr::null())
}

/// As `_strnicmp`, by a locale.
#[shim(ix = {msvcrt: 595, ucrtbase: 689}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _strnicmp_l(first: *const u8, second: *const u8, count: usize, locale: *const Locale) -> i32 {
    folded(first, second, count, locale)
}

/// Makes a string lower case.
#[shim(ix = {msvcrt: 276, ucrtbase: 690}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strlwr(text: *mut u8) -> *mut u8 {
    text::change(text, lower(locale::current()));
    text
}

/// Makes a string upper case.
#[shim(ix = {msvcrt: 278, ucrtbase: 691}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strupr(text: *mut u8) -> *mut u8 {
    text::change(text, upper(locale::current()));
    text
}

/// Makes a string in a buffer of known size lower case.
#[shim(ix = {msvcrt: 596, ucrtbase: 692}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strlwr_s(text: *mut u8, size: usize) -> Result<Code, Fault> {
    secure(text::change_s(&mut room(text, size)?, lower(locale::current())))
}

/// Makes a string in a buffer of known size upper case.
#[shim(ix = {msvcrt: 597, ucrtbase: 693}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strupr_s(text: *mut u8, size: usize) -> Result<Code, Fault> {
    secure(text::change_s(&mut room(text, size)?, upper(locale::current())))
}

/// Turns a string round.
#[shim(ix = {msvcrt: 277, ucrtbase: 694}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strrev(text: *mut u8) -> *mut u8 {
    text::reverse(text);
    text
}

/// Replaces each character of a string.
#[shim(ix = {msvcrt: 598, ucrtbase: 695}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strset(text: *mut u8, character: i32) -> *mut u8 {
    text::fill(text, character as u8);
    text
}

/// Replaces the first characters of a string.
#[shim(ix = {msvcrt: 599, ucrtbase: 696}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _strnset(text: *mut u8, character: i32, count: usize) -> *mut u8 {
    text::fill_bounded(text, character as u8, count);
    text
}

/// The length of a string, of so many bytes at most.
#[shim(ix = {ucrtbase: 170}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn __strncnt(text: *const u8, count: usize) -> usize {
    text::bounded_length(text, count)
}
