//! wctype.h: the classes and the case of wide characters.

use super::super::FLAVOR;
use super::super::locale::{self, Locale};
use crt::class;
use guest::shim;

#[inline]
fn is(character: u16, mask: u16) -> i32 {
    if character == 0xFFFF { 0 } else { i32::from(class::wide(FLAVOR, character) & mask) }
}

fn is_blank(character: u16) -> i32 {
    if character == u16::from(b'\t') { i32::from(class::BLANK) } else { is(character, class::BLANK) }
}

/// Names of classes, as `wctype` takes them.
const NAMES: [(&[u8], u16); 12] = [
    (b"alnum", class::ALPHANUMERIC),
    (b"alpha", class::ALPHA),
    (b"blank", class::BLANK),
    (b"cntrl", class::CONTROL),
    (b"digit", class::DIGIT),
    (b"graph", class::GRAPH),
    (b"lower", class::LOWER),
    (b"print", class::PRINT),
    (b"punct", class::PUNCT),
    (b"space", class::SPACE),
    (b"upper", class::UPPER),
    (b"xdigit", class::HEX),
];

/// Whether a wide character is a letter.
#[shim(ix = {msvcrt: 314, ucrtbase: 461}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswalpha(character: u16) -> i32 {
    is(character, class::ALPHA)
}

/// As `iswalpha`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 353, ucrtbase: 336}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswalpha_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::ALPHA)
}

/// Whether a wide character is an upper-case letter.
#[shim(ix = {msvcrt: 354, ucrtbase: 462}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswupper(character: u16) -> i32 {
    is(character, class::UPPER)
}

/// As `iswupper`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 355, ucrtbase: 343}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswupper_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::UPPER)
}

/// Whether a wide character is a lower-case letter.
#[shim(ix = {msvcrt: 356, ucrtbase: 463}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswlower(character: u16) -> i32 {
    is(character, class::LOWER)
}

/// As `iswlower`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 357, ucrtbase: 339}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswlower_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::LOWER)
}

/// Whether a wide character is a decimal digit.
#[shim(ix = {msvcrt: 315, ucrtbase: 191}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswdigit(character: u16) -> i32 {
    is(character, class::DIGIT)
}

/// As `iswdigit`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 358, ucrtbase: 338}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswdigit_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::DIGIT)
}

/// Whether a wide character is a hexadecimal digit.
#[shim(ix = {msvcrt: 359, ucrtbase: 193}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswxdigit(character: u16) -> i32 {
    is(character, class::HEX)
}

/// As `iswxdigit`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 360, ucrtbase: 344}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswxdigit_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::HEX)
}

/// Whether a wide character is a blank.
#[shim(ix = {msvcrt: 361, ucrtbase: 192}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswspace(character: u16) -> i32 {
    is(character, class::SPACE)
}

/// As `iswspace`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 362, ucrtbase: 342}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswspace_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::SPACE)
}

/// Whether a wide character is punctuation.
#[shim(ix = {msvcrt: 363, ucrtbase: 464}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswpunct(character: u16) -> i32 {
    is(character, class::PUNCT)
}

/// As `iswpunct`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 364, ucrtbase: 341}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswpunct_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::PUNCT)
}

/// Whether a wide character is a letter or a digit.
#[shim(ix = {msvcrt: 365, ucrtbase: 190}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswalnum(character: u16) -> i32 {
    is(character, class::ALPHANUMERIC)
}

/// As `iswalnum`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 366, ucrtbase: 465}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswalnum_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::ALPHANUMERIC)
}

/// Whether a wide character is printable.
#[shim(ix = {msvcrt: 367, ucrtbase: 466}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswprint(character: u16) -> i32 {
    is(character, class::PRINT)
}

/// As `iswprint`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 368, ucrtbase: 340}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswprint_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::PRINT)
}

/// Whether a wide character is printable, and no blank.
#[shim(ix = {msvcrt: 369, ucrtbase: 467}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswgraph(character: u16) -> i32 {
    is(character, class::GRAPH)
}

/// As `iswgraph`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 370, ucrtbase: 468}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswgraph_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::GRAPH)
}

/// Whether a wide character is a control character.
#[shim(ix = {msvcrt: 371, ucrtbase: 469}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswcntrl(character: u16) -> i32 {
    is(character, class::CONTROL)
}

/// As `iswcntrl`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 372, ucrtbase: 337}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswcntrl_l(character: u16, _locale: *const Locale) -> i32 {
    is(character, class::CONTROL)
}

/// Whether a wide character is a space or a tab.
#[shim(ix = {ucrtbase: 470}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswblank(character: u16) -> i32 {
    is_blank(character)
}

/// As `iswblank`; the classes of wide characters are every locale's.
#[shim(ix = {ucrtbase: 471}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswblank_l(character: u16, _locale: *const Locale) -> i32 {
    is_blank(character)
}

/// The classes among some that a wide character has.
#[shim(ix = {msvcrt: 87, ucrtbase: 407}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswctype(character: u16, mask: u16) -> i32 {
    is(character, mask)
}

/// As `iswctype`; the classes of wide characters are every locale's.
#[shim(ix = {msvcrt: 373, ucrtbase: 472}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _iswctype_l(character: u16, mask: u16, _locale: *const Locale) -> i32 {
    is(character, mask)
}

/// As `iswctype`.
#[shim(ix = {msvcrt: 374, ucrtbase: 473}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn is_wctype(character: u16, mask: u16) -> i32 {
    is(character, mask)
}

/// Whether a wide character is ASCII.
#[shim(ix = {msvcrt: 375, ucrtbase: 474}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn iswascii(character: u16) -> i32 {
    i32::from(character < 0x80)
}

/// The class with a name, for `iswctype`; 0 where there is none.
#[shim(ix = {ucrtbase: 438}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn wctype(name: *const u8) -> u16 {
    let name = guest::text::narrow(name);
    NAMES.iter().find(|(other, _)| *other == name).map_or(0, |(_, mask)| *mask)
}

/// Lower case.
#[shim(ix = {msvcrt: 76, ucrtbase: 317}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn towlower(character: u16) -> u16 {
    locale::current().wide_lower()(character)
}

/// Upper case.
#[shim(ix = {msvcrt: 100, ucrtbase: 429}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn towupper(character: u16) -> u16 {
    locale::current().wide_upper()(character)
}

/// As `towlower`, by a locale.
#[shim(ix = {msvcrt: 376, ucrtbase: 366}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _towlower_l(character: u16, locale: *const Locale) -> u16 {
    locale::given(locale).wide_lower()(character)
}

/// As `towupper`, by a locale.
#[shim(ix = {msvcrt: 377, ucrtbase: 367}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn _towupper_l(character: u16, locale: *const Locale) -> u16 {
    locale::given(locale).wide_upper()(character)
}

/// The mapping with a name, for `towctrans`; 0 where there is none.
#[shim(ix = {ucrtbase: 475}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn wctrans(name: *const u8) -> u16 {
    match guest::text::narrow(name) {
        b"tolower" => 1,
        b"toupper" => 2,
        _ => 0,
    }
}

/// Maps a wide character: 1 to lower case, others to upper case.
#[shim(ix = {ucrtbase: 476}, mapping = "crt::class", risk = Wrong("a wrong class"))]
pub unsafe extern "C" fn towctrans(character: u16, mapping: u16) -> u16 {
    if mapping == 1 { locale::current().wide_lower()(character) } else { locale::current().wide_upper()(character) }
}
