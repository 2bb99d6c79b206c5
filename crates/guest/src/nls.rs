//! Code pages and letter case: ANSI (1252), OEM (437), ASCII, Latin-1, UTF-8.

use alloc::vec::Vec;

/// `CP_UTF8`.
pub const UTF8: u32 = 65001;
/// The ANSI code page of an English Windows.
pub const ANSI: u32 = 1252;
/// The OEM code page of an English Windows.
pub const OEM: u32 = 437;

/// What a code page makes of its upper half. `None` for a page that this table does not hold.
fn upper(page: u32) -> Option<&'static [u16; 128]> {
    match page {
        437 => Some(&CP437),
        1252 => Some(&CP1252),
        28591 => Some(&LATIN1),
        20127 => Some(&ASCII),
        _ => None,
    }
}

/// Whether texts of a code page can be converted.
pub fn is_known(page: u32) -> bool {
    page == UTF8 || upper(page).is_some()
}

/// Bytes that are no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCharacter;

/// Bytes of a code page as UTF-16. Bytes that are no character become U+FFFD, or are refused when `strict`.
pub fn to_wide(page: u32, bytes: &[u8], strict: bool) -> Result<Vec<u16>, NoCharacter> {
    if page == UTF8 {
        return utf8_to_wide(bytes, strict);
    }
    let table = upper(page).ok_or(NoCharacter)?;
    Ok(bytes.iter().map(|byte| if *byte < 0x80 { u16::from(*byte) } else { table[usize::from(*byte) - 0x80] }).collect())
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

/// UTF-16 as bytes of a code page. What the page does not have becomes `default`; the second value tells whether
/// anything did. For UTF-8, lone surrogates become U+FFFD.
pub fn from_wide(page: u32, units: &[u16], default: u8) -> Option<(Vec<u8>, bool)> {
    if page == UTF8 {
        let mut bytes = Vec::with_capacity(units.len());
        let mut replaced = false;
        for unit in char::decode_utf16(units.iter().copied()) {
            let character = unit.unwrap_or_else(|_| {
                replaced = true;
                char::REPLACEMENT_CHARACTER
            });
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        return Some((bytes, replaced));
    }
    let table = upper(page)?;
    let mut replaced = false;
    let mut bytes = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        at += 1;
        let byte = if *unit < 0x80 { Some(*unit as u8) } else { table.iter().position(|other| other == unit).map(|index| index as u8 + 0x80) };
        bytes.push(byte.unwrap_or_else(|| {
            replaced = true;
            // A surrogate pair is one character, and becomes one default.
            if (0xD800..0xDC00).contains(unit) && units.get(at).is_some_and(|next| (0xDC00..0xE000).contains(next)) {
                at += 1;
            }
            default
        }));
    }
    Some((bytes, replaced))
}

/// The upper-case form of a UTF-16 unit, where that is one unit too.
pub fn upcase(unit: u16) -> u16 {
    simple(unit, |character| character.to_uppercase().collect::<ArrayOf>().one())
}

/// The lower-case form of a UTF-16 unit, where that is one unit too.
pub fn downcase(unit: u16) -> u16 {
    simple(unit, |character| character.to_lowercase().collect::<ArrayOf>().one())
}

fn simple(unit: u16, map: impl Fn(char) -> Option<char>) -> u16 {
    let character = char::from_u32(unit.into()).and_then(map);
    character.and_then(|character| u16::try_from(u32::from(character)).ok()).unwrap_or(unit)
}

/// The characters of a case mapping: only a single one counts.
#[derive(Default)]
struct ArrayOf(Option<char>, bool);

impl ArrayOf {
    fn one(self) -> Option<char> {
        self.0.filter(|_| !self.1)
    }
}

impl FromIterator<char> for ArrayOf {
    fn from_iter<I: IntoIterator<Item = char>>(characters: I) -> Self {
        let mut characters = characters.into_iter();
        Self(characters.next(), characters.next().is_some())
    }
}

static ASCII: [u16; 128] = [0xFFFD; 128];

static LATIN1: [u16; 128] = {
    let mut table = [0; 128];
    let mut index = 0;
    while index < 128 {
        table[index] = 0x80 + index as u16;
        index += 1;
    }
    table
};

/// Windows keeps the five bytes that the page leaves undefined as control characters.
static CP1252: [u16; 128] = {
    let mut table = LATIN1;
    let upper: [u16; 32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018,
        0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ];
    let mut index = 0;
    while index < upper.len() {
        table[index] = upper[index];
        index += 1;
    }
    table
};

static CP437: [u16; 128] = [
    0xC7, 0xFC, 0xE9, 0xE2, 0xE4, 0xE0, 0xE5, 0xE7, 0xEA, 0xEB, 0xE8, 0xEF, 0xEE, 0xEC, 0xC4, 0xC5, 0xC9, 0xE6, 0xC6, 0xF4, 0xF6, 0xF2, 0xFB, 0xF9,
    0xFF, 0xD6, 0xDC, 0xA2, 0xA3, 0xA5, 0x20A7, 0x192, 0xE1, 0xED, 0xF3, 0xFA, 0xF1, 0xD1, 0xAA, 0xBA, 0xBF, 0x2310, 0xAC, 0xBD, 0xBC, 0xA1, 0xAB,
    0xBB, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514,
    0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568, 0x2564, 0x2565,
    0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x3B1, 0xDF, 0x393, 0x3C0, 0x3A3, 0x3C3,
    0xB5, 0x3C4, 0x3A6, 0x398, 0x3A9, 0x3B4, 0x221E, 0x3C6, 0x3B5, 0x2229, 0x2261, 0xB1, 0x2265, 0x2264, 0x2320, 0x2321, 0xF7, 0x2248, 0xB0, 0x2219,
    0xB7, 0x221A, 0x207F, 0xB2, 0x25A0, 0xA0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_page_survives_both_ways() {
        for page in [437, 1252, 28591] {
            let bytes: Vec<u8> = (0..=255).collect();
            let wide = to_wide(page, &bytes, true).unwrap();
            assert_eq!(from_wide(page, &wide, b'?'), Some((bytes, false)), "page {page}");
        }
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
    fn case_maps_to_one_unit_or_not_at_all() {
        assert_eq!((upcase(0xE9), upcase(0xDF), downcase(0x41)), (0xC9, 0xDF, 0x61));
    }
}
