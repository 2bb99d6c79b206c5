//! Upper and lower case.

use crate::Unit;

/// `tolower` and `towlower` in the "C" locale, which knows ASCII only.
pub fn to_lower<C: Unit>(unit: C) -> C {
    match unit.ascii() {
        letter @ b'A'..=b'Z' => C::from_ascii(letter.to_ascii_lowercase()),
        _ => unit,
    }
}

/// `toupper` and `towupper` in the "C" locale, which knows ASCII only.
pub fn to_upper<C: Unit>(unit: C) -> C {
    match unit.ascii() {
        letter @ b'a'..=b'z' => C::from_ascii(letter.to_ascii_uppercase()),
        _ => unit,
    }
}

/// `towlower` in every other locale: the simple mapping of Unicode, where the way back leads to the same character.
pub fn unicode_lower(unit: u16) -> u16 {
    let lower = lower(unit);
    if upper(lower) == unit { lower } else { unit }
}

/// `towupper` in every other locale: the simple mapping of Unicode, where the way back leads to the same character.
pub fn unicode_upper(unit: u16) -> u16 {
    let upper = upper(unit);
    if lower(upper) == unit { upper } else { unit }
}

fn lower(unit: u16) -> u16 {
    char::from_u32(unit.into()).and_then(|character| single(character.to_lowercase())).unwrap_or(unit)
}

fn upper(unit: u16) -> u16 {
    match unit {
        // Their full mapping is two letters, their simple one the same letter with the iota beside it.
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => unit + 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => unit + 9,
        _ => char::from_u32(unit.into()).and_then(|character| single(character.to_uppercase())).unwrap_or(unit),
    }
}

/// The only character of a mapping, if it is one 16-bit unit.
fn single(mut characters: impl Iterator<Item = char>) -> Option<u16> {
    let first = characters.next()?;
    if characters.next().is_some() {
        return None;
    }
    u16::try_from(u32::from(first)).ok()
}
