//! ctype.h: the classes and the case of bytes, by the locale.

use super::super::locale::{self, Locale};
use crt::class;
use guest::shim;

/// The bits of `mask` that a byte, or EOF, has.
#[inline]
fn is(locale: &Locale, character: i32, mask: u16) -> i32 {
    let index = usize::try_from(i64::from(character) + 1).unwrap_or(usize::MAX);
    i32::from(locale.page.classes.get(index).copied().unwrap_or(0) & mask)
}

#[inline]
fn is_blank(locale: &Locale, character: i32) -> i32 {
    if character == i32::from(b'\t') { i32::from(class::BLANK) } else { is(locale, character, class::BLANK) }
}

#[inline]
fn change(table: &[u8; 256], character: i32) -> i32 {
    u8::try_from(character).map_or(character, |byte| table[usize::from(byte)].into())
}

/// Whether a character is a letter.
#[shim(ix = {msvcrt: 110, ucrtbase: 126}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isalpha(character: i32) -> i32 {
    is(locale::current(), character, class::ALPHA)
}

/// As `isalpha`, by a locale.
#[shim(ix = {msvcrt: 330, ucrtbase: 439}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isalpha_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::ALPHA)
}

/// Whether a character is an upper-case letter.
#[shim(ix = {msvcrt: 141, ucrtbase: 50}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isupper(character: i32) -> i32 {
    is(locale::current(), character, class::UPPER)
}

/// As `isupper`, by a locale.
#[shim(ix = {msvcrt: 331, ucrtbase: 440}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isupper_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::UPPER)
}

/// Whether a character is a lower-case letter.
#[shim(ix = {msvcrt: 140, ucrtbase: 61}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn islower(character: i32) -> i32 {
    is(locale::current(), character, class::LOWER)
}

/// As `islower`, by a locale.
#[shim(ix = {msvcrt: 332, ucrtbase: 441}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _islower_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::LOWER)
}

/// Whether a character is a decimal digit.
#[shim(ix = {msvcrt: 333, ucrtbase: 73}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isdigit(character: i32) -> i32 {
    is(locale::current(), character, class::DIGIT)
}

/// As `isdigit`, by a locale.
#[shim(ix = {msvcrt: 334, ucrtbase: 442}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isdigit_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::DIGIT)
}

/// Whether a character is a hexadecimal digit.
#[shim(ix = {msvcrt: 112, ucrtbase: 51}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isxdigit(character: i32) -> i32 {
    is(locale::current(), character, class::HEX)
}

/// As `isxdigit`, by a locale.
#[shim(ix = {msvcrt: 335, ucrtbase: 443}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isxdigit_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::HEX)
}

/// Whether a character is a blank.
#[shim(ix = {msvcrt: 58, ucrtbase: 34}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isspace(character: i32) -> i32 {
    is(locale::current(), character, class::SPACE)
}

/// As `isspace`, by a locale.
#[shim(ix = {msvcrt: 336, ucrtbase: 444}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isspace_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::SPACE)
}

/// Whether a character is punctuation.
#[shim(ix = {msvcrt: 337, ucrtbase: 406}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn ispunct(character: i32) -> i32 {
    is(locale::current(), character, class::PUNCT)
}

/// As `ispunct`, by a locale.
#[shim(ix = {msvcrt: 338, ucrtbase: 445}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _ispunct_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::PUNCT)
}

/// Whether a character is a letter or a digit.
#[shim(ix = {msvcrt: 97, ucrtbase: 60}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isalnum(character: i32) -> i32 {
    is(locale::current(), character, class::ALPHANUMERIC)
}

/// As `isalnum`, by a locale.
#[shim(ix = {msvcrt: 339, ucrtbase: 446}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isalnum_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::ALPHANUMERIC)
}

/// Whether a character is printable.
#[shim(ix = {msvcrt: 111, ucrtbase: 307}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isprint(character: i32) -> i32 {
    is(locale::current(), character, class::PRINT)
}

/// As `isprint`, by a locale.
#[shim(ix = {msvcrt: 340, ucrtbase: 447}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isprint_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::PRINT)
}

/// Whether a character is printable, and no blank.
#[shim(ix = {msvcrt: 312, ucrtbase: 405}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isgraph(character: i32) -> i32 {
    is(locale::current(), character, class::GRAPH)
}

/// As `isgraph`, by a locale.
#[shim(ix = {msvcrt: 341, ucrtbase: 448}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isgraph_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::GRAPH)
}

/// Whether a character is a control character.
#[shim(ix = {msvcrt: 311, ucrtbase: 404}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iscntrl(character: i32) -> i32 {
    is(locale::current(), character, class::CONTROL)
}

/// As `iscntrl`, by a locale.
#[shim(ix = {msvcrt: 342, ucrtbase: 449}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iscntrl_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, class::CONTROL)
}

/// Whether a character is a space or a tab.
#[shim(ix = {ucrtbase: 306}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isblank(character: i32) -> i32 {
    is_blank(locale::current(), character)
}

/// As `isblank`, by a locale.
#[shim(ix = {ucrtbase: 450}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isblank_l(character: i32, locale: *const Locale) -> i32 {
    is_blank(locale::given(locale), character)
}

/// The classes among some that a character has.
#[shim(ix = {msvcrt: 265, ucrtbase: 451}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isctype(character: i32, mask: i32) -> i32 {
    is(locale::current(), character, mask as u16)
}

/// As `_isctype`, by a locale.
#[shim(ix = {msvcrt: 343, ucrtbase: 452}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isctype_l(character: i32, mask: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character, mask as u16)
}

/// Whether a byte starts a character of two.
#[shim(ix = {msvcrt: 313, ucrtbase: 453}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn isleadbyte(character: i32) -> i32 {
    is(locale::current(), character & 0xFF, class::LEAD_BYTE)
}

/// As `isleadbyte`, by a locale.
#[shim(ix = {msvcrt: 344, ucrtbase: 454}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _isleadbyte_l(character: i32, locale: *const Locale) -> i32 {
    is(locale::given(locale), character & 0xFF, class::LEAD_BYTE)
}

/// Lower case.
#[shim(ix = {msvcrt: 75, ucrtbase: 54}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn tolower(character: i32) -> i32 {
    change(&locale::current().page.lower, character)
}

/// Upper case.
#[shim(ix = {msvcrt: 152, ucrtbase: 157}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn toupper(character: i32) -> i32 {
    change(&locale::current().page.upper, character)
}

/// As `tolower`, by a locale.
#[shim(ix = {msvcrt: 345, ucrtbase: 364}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _tolower_l(character: i32, locale: *const Locale) -> i32 {
    change(&locale::given(locale).page.lower, character)
}

/// As `toupper`, by a locale.
#[shim(ix = {msvcrt: 346, ucrtbase: 365}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _toupper_l(character: i32, locale: *const Locale) -> i32 {
    change(&locale::given(locale).page.upper, character)
}

/// Lower case of an upper-case ASCII letter.
#[shim(ix = {msvcrt: 347, ucrtbase: 455}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _tolower(character: i32) -> i32 {
    character.wrapping_add(0x20)
}

/// Upper case of a lower-case ASCII letter.
#[shim(ix = {msvcrt: 348, ucrtbase: 456}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _toupper(character: i32) -> i32 {
    character.wrapping_sub(0x20)
}

/// Whether a character is ASCII.
#[shim(ix = {msvcrt: 349, ucrtbase: 457}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn __isascii(character: i32) -> i32 {
    i32::from((0..0x80).contains(&character))
}

/// The lower seven bits.
#[shim(ix = {msvcrt: 350, ucrtbase: 458}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn __toascii(character: i32) -> i32 {
    character & 0x7F
}

/// Whether a character may stand in a C name.
#[shim(ix = {msvcrt: 351, ucrtbase: 459}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn __iscsym(character: i32) -> i32 {
    i32::from(character == i32::from(b'_') || is(locale::current(), character, class::ALPHANUMERIC) != 0)
}

/// Whether a character may start a C name.
#[shim(ix = {msvcrt: 352, ucrtbase: 460}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn __iscsymf(character: i32) -> i32 {
    i32::from(character == i32::from(b'_') || is(locale::current(), character, class::ALPHA) != 0)
}

/// The table of the locale's classes, from the byte 0 on.
#[shim(ix = {msvcrt: 249, ucrtbase: 115}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn __pctype_func() -> *const u16 {
    locale::current().page.classes.as_ptr().wrapping_add(1)
}
