//! The bytes of the "C" locale.

use super::*;

/// The table behind `_pctype`, shifted by one: the first entry is that of EOF (-1).
pub static NARROW: [u16; 257] = table();

/// The classes of a character, or of EOF (-1); none for what is neither.
pub fn narrow(character: i32) -> u16 {
    usize::try_from(i64::from(character) + 1).ok().and_then(|index| NARROW.get(index)).copied().unwrap_or(0)
}

const fn table() -> [u16; 257] {
    let mut table = [0; 257];
    let mut byte = 0;
    while byte < 0x80 {
        table[byte as usize + 1] = ascii(byte);
        byte += 1;
    }
    table
}

pub(super) const fn ascii(byte: u8) -> u16 {
    match byte {
        b'\t'..=b'\r' => CONTROL | SPACE,
        b' ' => SPACE | BLANK,
        b'0'..=b'9' => DIGIT | HEX,
        b'A'..=b'F' => UPPER | HEX,
        b'G'..=b'Z' => UPPER,
        b'a'..=b'f' => LOWER | HEX,
        b'g'..=b'z' => LOWER,
        b'!'..=b'~' => PUNCT,
        _ => CONTROL,
    }
}
