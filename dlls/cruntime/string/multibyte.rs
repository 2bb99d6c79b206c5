//! mbstring.h. The multibyte code page is the ANSI page, a single-byte one: every character is a byte.

use super::super::errno::EINVAL;
use super::super::fault::{Fault, Int};
use super::super::locale;
use super::{place, units};
use crt::{class, text};
use guest::{nls, shim};

/// The last place of a character in a multibyte string, or NULL.
#[shim(ix = {msvcrt: 269, ucrtbase: 349}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbsrchr(text: *const u8, character: u32) -> *mut u8 {
    place(text, text::find_last(units(text), character as u8))
}

/// The first place of a character in a multibyte string, or NULL.
#[shim(ix = {msvcrt: 580, ucrtbase: 676}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbschr(text: *const u8, character: u32) -> *mut u8 {
    place(text, text::find(units(text), character as u8))
}

/// The first place of a multibyte string in another, or NULL.
#[shim(ix = {msvcrt: 581, ucrtbase: 677}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbsstr(text: *const u8, wanted: *const u8) -> *mut u8 {
    place(text, text::find_text(units(text), units(wanted)))
}

/// The characters of a multibyte string.
#[shim(ix = {msvcrt: 582, ucrtbase: 678}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbslen(text: *const u8) -> usize {
    text::length(text)
}

/// Compares two multibyte strings.
#[shim(ix = {msvcrt: 583, ucrtbase: 679}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbscmp(first: *const u8, second: *const u8) -> i32 {
    text::compare(units(first), units(second))
}

/// Compares two multibyte strings without regard to case.
#[shim(ix = {msvcrt: 584, ucrtbase: 680}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbsicmp(first: *const u8, second: *const u8) -> i32 {
    super::narrow::folded(first, second, usize::MAX, core::ptr::null())
}

/// The next character of a multibyte string.
#[shim(ix = {msvcrt: 585, ucrtbase: 681}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbsinc(text: *const u8) -> *mut u8 {
    text.wrapping_add(1).cast_mut()
}

/// The character before another in a multibyte string, or NULL at its start.
#[shim(ix = {msvcrt: 586, ucrtbase: 682}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbsdec(start: *const u8, text: *const u8) -> *mut u8 {
    if start >= text { core::ptr::null_mut() } else { text.wrapping_sub(1).cast_mut() }
}

/// The first character that is in a set, or NULL.
#[shim(ix = {msvcrt: 587, ucrtbase: 683}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _mbspbrk(text: *const u8, set: *const u8) -> *mut u8 {
    place(text, text::find_any(units(text), units(set)))
}

/// Whether a byte starts a character of several; none does.
#[shim(ix = {msvcrt: 588, ucrtbase: 684}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _ismbblead(_byte: u32) -> i32 {
    0
}

/// Whether a multibyte character is a blank.
#[shim(ix = {msvcrt: 589, ucrtbase: 685}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _ismbcspace(character: u32) -> i32 {
    let class = u8::try_from(character).map_or(0, |byte| locale::current().page.classes[usize::from(byte) + 1]);
    i32::from(class & class::SPACE)
}

/// The multibyte code page, 0 for a single-byte one.
#[shim(ix = {msvcrt: 590, ucrtbase: 686}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _getmbcp() -> i32 {
    0
}

/// Sets the multibyte code page: any single-byte one; -1 for others.
#[shim(ix = {msvcrt: 591, ucrtbase: 687}, mapping = "crt::text", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _setmbcp(page: i32) -> Result<Int, Fault> {
    const SINGLE_BYTE: i32 = 0;
    const OEM: i32 = -2;
    const LOCALE: i32 = -4;
    let known = u32::try_from(page).is_ok_and(|page| page != nls::UTF8 && nls::is_known(page));
    if (OEM - 1..=SINGLE_BYTE).contains(&page) || page == LOCALE || known { Ok(Int(0)) } else { Err(Fault::Errno(EINVAL)) }
}
