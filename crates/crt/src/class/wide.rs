//! The characters of the Basic Multilingual Plane, which do not depend on the locale.

use super::runs::{C, D, L, O, P, RUNS, S};
use super::*;
use crate::Flavor;

const LETTER: u16 = 0x100;

/// The table behind `_pwctype`, shifted by one: the first entry is that of WEOF.
pub const fn wide_table(flavor: Flavor) -> [u16; 257] {
    let mut table = [0; 257];
    let mut code = 0;
    while code < 256 {
        table[code + 1] = latin(flavor, code as u8);
        code += 1;
    }
    table
}

/// The classes of a character; none for WEOF (0xFFFF).
pub fn wide(flavor: Flavor, unit: u16) -> u16 {
    if let Ok(byte) = u8::try_from(unit) {
        return latin(flavor, byte);
    }
    let run = RUNS.partition_point(|&(start, _)| start <= unit).saturating_sub(1);
    let letter = char::from_u32(unit.into()).unwrap_or('\0');
    match (unit, RUNS[run].1) {
        (0x3000, _) => SPACE | BLANK,
        (0xFEFF, _) => CONTROL | BLANK,
        (0x0295 | 0x2071 | 0x207F, _) => LETTER | LOWER,
        (0xFF10..=0xFF19, _) => DIGIT | HEX,
        (0xFF21..=0xFF26, _) => LETTER | UPPER | HEX,
        (0xFF41..=0xFF46, _) => LETTER | LOWER | HEX,
        (_, C) if letter.is_uppercase() => LETTER | UPPER,
        (_, C) if letter.is_lowercase() => LETTER | LOWER,
        // A title-case letter is both.
        (_, C) => ALPHA,
        (_, L) => LETTER,
        (_, D) => DIGIT,
        (_, P) => PUNCT,
        (_, O) => CONTROL,
        (_, S) => SPACE,
        _ => 0,
    }
}

/// The first 256 characters, which `ucrtbase.dll` takes from a newer Unicode.
const fn latin(flavor: Flavor, byte: u8) -> u16 {
    let ucrt = matches!(flavor, Flavor::Ucrt);
    match byte {
        b'\t' if !ucrt => CONTROL | SPACE | BLANK,
        b'A'..=b'Z' | b'a'..=b'z' => LETTER | narrow::ascii(byte),
        0x85 if ucrt => CONTROL | SPACE,
        0..=0x9F => {
            if byte < 0x80 {
                narrow::ascii(byte)
            } else {
                CONTROL
            }
        }
        0xA0 if ucrt => SPACE,
        0xA0 => SPACE | BLANK,
        0xAA | 0xB5 | 0xBA if ucrt => LETTER | LOWER | PUNCT,
        0xAD if ucrt => PUNCT | CONTROL,
        0xB2 | 0xB3 | 0xB9 => PUNCT | DIGIT,
        0xA1..=0xBF | 0xD7 | 0xF7 => PUNCT,
        0xC0..=0xDE => LETTER | UPPER,
        0xDF..=0xFF => LETTER | LOWER,
    }
}

/// The value of a decimal digit beyond ASCII, of those that `wcstol` knows.
pub fn decimal_digit(unit: u16) -> Option<u32> {
    const ZEROS: [u16; 17] =
        [0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10];
    let zero = ZEROS.iter().rfind(|&&zero| zero <= unit)?;
    Some(u32::from(unit - zero)).filter(|&value| value < 10)
}
