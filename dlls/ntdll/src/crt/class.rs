//! The classes and the case of characters.

use ::crt::{Flavor, class};
use guest::shim;

/// Whether a character is of a class.
#[shim(ix = 295, entry = jump, export = "isalnum", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isalnum_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::ALPHANUMERIC)
}

/// Whether a character is of a class.
#[shim(ix = 296, entry = jump, export = "isalpha", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isalpha_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::ALPHA)
}

/// Whether a character is of a class.
#[shim(ix = 297, entry = jump, export = "iscntrl", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iscntrl_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::CONTROL)
}

/// Whether a character is of a class.
#[shim(ix = 298, entry = jump, export = "isdigit", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isdigit_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::DIGIT)
}

/// Whether a character is of a class.
#[shim(ix = 299, entry = jump, export = "isgraph", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isgraph_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::GRAPH)
}

/// Whether a character is of a class.
#[shim(ix = 300, entry = jump, export = "islower", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn islower_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::LOWER)
}

/// Whether a character is of a class.
#[shim(ix = 301, entry = jump, export = "isprint", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isprint_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::PRINT)
}

/// Whether a character is of a class.
#[shim(ix = 302, entry = jump, export = "ispunct", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn ispunct_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::PUNCT)
}

/// Whether a character is of a class.
#[shim(ix = 303, entry = jump, export = "isspace", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isspace_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::SPACE)
}

/// Whether a character is of a class.
#[shim(ix = 304, entry = jump, export = "isupper", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isupper_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::UPPER)
}

/// Whether a character is of a class.
#[shim(ix = 305, entry = jump, export = "isxdigit", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn isxdigit_of(character: i32) -> i32 {
    i32::from(class::narrow(character) & class::HEX)
}

/// Whether a wide character is of a class.
#[shim(ix = 306, entry = jump, export = "iswalnum", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswalnum_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::ALPHANUMERIC)
}

/// Whether a wide character is of a class.
#[shim(ix = 307, entry = jump, export = "iswalpha", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswalpha_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::ALPHA)
}

/// Whether a wide character is of a class.
#[shim(ix = 308, entry = jump, export = "iswdigit", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswdigit_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::DIGIT)
}

/// Whether a wide character is of a class.
#[shim(ix = 309, entry = jump, export = "iswlower", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswlower_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::LOWER)
}

/// Whether a wide character is of a class.
#[shim(ix = 310, entry = jump, export = "iswspace", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswspace_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::SPACE)
}

/// Whether a wide character is of a class.
#[shim(ix = 311, entry = jump, export = "iswxdigit", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn iswxdigit_of(unit: u16) -> i32 {
    i32::from(class::wide(Flavor::Msvcrt, unit) & class::HEX)
}

/// The lower-case character.
#[shim(ix = 312, entry = jump, export = "tolower", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn tolower_of(character: i32) -> i32 {
    u8::try_from(character).map_or(character, |byte| class::to_lower(byte).into())
}

/// The upper-case character.
#[shim(ix = 313, entry = jump, export = "toupper", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn toupper_of(character: i32) -> i32 {
    u8::try_from(character).map_or(character, |byte| class::to_upper(byte).into())
}

/// The lower-case wide character.
#[shim(ix = 314, entry = jump, export = "towlower", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn towlower_of(unit: u16) -> u16 {
    class::unicode_lower(unit)
}

/// The upper-case wide character.
#[shim(ix = 315, entry = jump, export = "towupper", mapping = "crt::class", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn towupper_of(unit: u16) -> u16 {
    class::unicode_upper(unit)
}
