//! The classes of characters: `isalpha`, `iswalpha` and the others, `tolower`, `towlower`.

mod case;
mod narrow;
mod runs;
mod wide;

pub use case::{to_lower, to_upper, unicode_lower, unicode_upper};
pub use narrow::{NARROW, narrow};
pub use wide::{decimal_digit, wide, wide_table};

use crate::Unit;

/// `_UPPER`: upper case.
pub const UPPER: u16 = 1;
/// `_LOWER`: lower case.
pub const LOWER: u16 = 2;
/// `_DIGIT`: a decimal digit.
pub const DIGIT: u16 = 4;
/// `_SPACE`: blanks, line ends and the like.
pub const SPACE: u16 = 8;
/// `_PUNCT`: punctuation.
pub const PUNCT: u16 = 0x10;
/// `_CONTROL`: a control character.
pub const CONTROL: u16 = 0x20;
/// `_BLANK`: the space itself. `isblank` accepts the tab too, which has not this bit.
pub const BLANK: u16 = 0x40;
/// `_HEX`: a hexadecimal digit.
pub const HEX: u16 = 0x80;
/// `_LEADBYTE`: the first byte of a two-byte character.
pub const LEAD_BYTE: u16 = 0x8000;
/// `_ALPHA`: a letter: any of its bits.
pub const ALPHA: u16 = 0x100 | UPPER | LOWER;
/// What `isalnum` asks for.
pub const ALPHANUMERIC: u16 = ALPHA | DIGIT;
/// What `isgraph` asks for.
pub const GRAPH: u16 = PUNCT | ALPHA | DIGIT;
/// What `isprint` asks for.
pub const PRINT: u16 = BLANK | GRAPH;

/// `isspace` and `iswspace` in the "C" locale.
pub fn is_space<C: Unit>(unit: C) -> bool {
    match unit.ascii() {
        b'\t'..=b'\r' | b' ' => true,
        0..=0x7F => false,
        _ => C::WIDE && wide(crate::Flavor::Msvcrt, unit.code() as u16) & SPACE != 0,
    }
}
