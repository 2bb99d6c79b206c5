//! Code pages and letter case: UTF-8, and the single-byte pages of `generated.rs`.

mod case;

pub use case::{downcase, upcase};

use alloc::vec::Vec;

/// `CP_UTF8`.
pub const UTF8: u32 = 65001;
/// The ANSI code page of an English Windows.
pub const ANSI: u32 = 1252;
/// The OEM code page of an English Windows.
pub const OEM: u32 = 437;

const ASCII: u32 = 20127;
const LATIN1: u32 = 28591;

/// A single-byte page whose lower half is ASCII.
struct Page {
    number: u32,
    name: &'static str,
    upper: [u16; 128],
}

/// Sorted by number.
static PAGES: &[Page] = &include!("generated.rs");

fn page(number: u32) -> Option<&'static Page> {
    PAGES.binary_search_by_key(&number, |page| page.number).ok().map(|index| &PAGES[index])
}

/// The numbers of all pages, in order.
pub fn numbers() -> Vec<u32> {
    let mut numbers: Vec<u32> = PAGES.iter().map(|page| page.number).chain([ASCII, LATIN1, UTF8]).collect();
    numbers.sort_unstable();
    numbers
}

/// Whether texts of a code page can be converted.
pub fn is_known(number: u32) -> bool {
    matches!(number, UTF8 | ASCII | LATIN1) || page(number).is_some()
}

/// A page's name.
pub fn name(number: u32) -> Option<&'static str> {
    match number {
        UTF8 => Some("UTF-8"),
        ASCII => Some("US-ASCII"),
        LATIN1 => Some("ISO 8859-1 Latin I"),
        _ => page(number).map(|page| page.name),
    }
}

/// Whether a byte starts a character of several bytes in a double-byte page; the table holds none of those.
pub fn is_lead_byte(_number: u32, _byte: u8) -> bool {
    false
}

/// Bytes that are no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCharacter;

/// Bytes of a code page as UTF-16. Bytes that are no character become U+FFFD or a private character, or are refused when
/// `strict`.
pub fn to_wide(number: u32, bytes: &[u8], strict: bool) -> Result<Vec<u16>, NoCharacter> {
    let units: Vec<u16> = match number {
        UTF8 => return utf8_to_wide(bytes, strict),
        // Windows takes the low seven bits.
        ASCII => bytes.iter().map(|byte| u16::from(byte & 0x7F)).collect(),
        LATIN1 => bytes.iter().map(|byte| u16::from(*byte)).collect(),
        _ => {
            let upper = &page(number).ok_or(NoCharacter)?.upper;
            bytes.iter().map(|byte| if *byte < 0x80 { u16::from(*byte) } else { upper[usize::from(*byte & 0x7F)] }).collect()
        }
    };
    if strict && units.iter().any(|unit| (0xE000..=0xF8FF).contains(unit)) { Err(NoCharacter) } else { Ok(units) }
}

fn utf8_to_wide(bytes: &[u8], strict: bool) -> Result<Vec<u16>, NoCharacter> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().encode_utf16());
        if !chunk.invalid().is_empty() {
            if strict {
                return Err(NoCharacter);
            }
            units.push(0xFFFD);
        }
    }
    Ok(units)
}

/// The byte of a single-byte page that stands for a UTF-16 unit.
pub fn byte_of(number: u32, unit: u16) -> Option<u8> {
    match (number, unit) {
        (_, 0..0x80) => Some(unit as u8),
        (ASCII, _) => None,
        (LATIN1, _) => u8::try_from(unit).ok(),
        _ => page(number)?.upper.iter().position(|other| *other == unit).map(|index| index as u8 | 0x80),
    }
}

/// UTF-16 as bytes of a code page. What the page does not have becomes `default`; the second value tells whether
/// anything did. For UTF-8, lone surrogates become U+FFFD.
pub fn from_wide(number: u32, units: &[u16], default: u8) -> Option<(Vec<u8>, bool)> {
    if number == UTF8 { Some(wide_to_utf8(units)) } else { from_wide_by(number, units, |_| alloc::vec![default]) }
}

/// UTF-16 as bytes of a single-byte page, where `other` says what stands for a character that the page does not have (a
/// surrogate pair is one character).
pub fn from_wide_by(number: u32, units: &[u16], mut other: impl FnMut(&[u16]) -> Vec<u8>) -> Option<(Vec<u8>, bool)> {
    if !is_known(number) {
        return None;
    }
    let mut replaced = false;
    let mut bytes = Vec::with_capacity(units.len());
    let mut rest = units;
    while let [unit, tail @ ..] = rest {
        let pair = (0xD800..0xDC00).contains(unit) && tail.first().is_some_and(|next| (0xDC00..0xE000).contains(next));
        let (character, tail) = rest.split_at(1 + usize::from(pair));
        rest = tail;
        match byte_of(number, *unit) {
            Some(byte) => bytes.push(byte),
            None => {
                replaced = true;
                bytes.extend(other(character));
            }
        }
    }
    Some((bytes, replaced))
}

fn wide_to_utf8(units: &[u16]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(units.len());
    let mut replaced = false;
    for unit in char::decode_utf16(units.iter().copied()) {
        let character = unit.unwrap_or_else(|_| {
            replaced = true;
            char::REPLACEMENT_CHARACTER
        });
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    (bytes, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_page_survives_both_ways() {
        for number in numbers().into_iter().filter(|number| ![UTF8, ASCII].contains(number)) {
            let bytes: Vec<u8> = (0..=255).collect();
            let wide = to_wide(number, &bytes, false).unwrap();
            assert_eq!(from_wide(number, &wide, b'?'), Some((bytes, false)), "page {number}");
        }
    }

    #[test]
    fn pages_are_in_order_and_have_names() {
        assert!(numbers().array_windows().all(|[one, next]| one < next));
        assert!(numbers().into_iter().all(|number| is_known(number) && name(number).is_some()));
        assert_eq!((is_known(65000), name(0)), (false, None));
    }

    #[test]
    fn what_a_page_lacks_becomes_the_default() {
        let wide: Vec<u16> = "a\u{4E2D}\u{1F600}b".encode_utf16().collect();
        assert_eq!(from_wide(1252, &wide, b'?'), Some((b"a??b".to_vec(), true)));
    }

    #[test]
    fn utf8_that_is_none_is_refused_or_replaced() {
        assert_eq!(to_wide(UTF8, b"a\xFFb", true), Err(NoCharacter));
        assert_eq!(to_wide(UTF8, b"a\xFFb", false).unwrap(), [0x61, 0xFFFD, 0x62]);
    }

    #[test]
    fn bytes_that_a_page_leaves_undefined_are_refused_where_that_is_wanted() {
        assert_eq!(to_wide(1253, b"\xAA", true), Err(NoCharacter));
        assert_eq!(to_wide(1252, b"\x81", true), Ok(alloc::vec![0x81]));
    }
}
