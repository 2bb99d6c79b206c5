//! MultiByteToWideChar and WideCharToMultiByte.

use crate::buffer::{counted, put};
use crate::unicode;
use alloc::vec::Vec;
use guest::call::Count;
use guest::error::Win32Error;
use guest::nls::{self, ANSI, NoCharacter, OEM, UTF8};
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER, ERROR_NO_UNICODE_TRANSLATION};
use windows_sys::Win32::Globalization::{
    CP_ACP, CP_MACCP, CP_OEMCP, CP_SYMBOL, CP_THREAD_ACP, MB_COMPOSITE, MB_ERR_INVALID_CHARS, MB_PRECOMPOSED, MB_USEGLYPHCHARS, WC_COMPOSITECHECK,
    WC_DEFAULTCHAR, WC_DISCARDNS, WC_ERR_INVALID_CHARS, WC_NO_BEST_FIT_CHARS, WC_SEPCHARS,
};

const MAC_ROMAN: u32 = 10000;

/// The page that a number names; unknown ones are refused.
pub fn page_number(page: u32) -> Result<u32, Win32Error> {
    match page {
        CP_ACP | CP_THREAD_ACP => Ok(ANSI),
        CP_OEMCP => Ok(OEM),
        CP_MACCP => Ok(MAC_ROMAN),
        CP_SYMBOL => Ok(CP_SYMBOL),
        _ if nls::is_known(page) => Ok(page),
        _ => Err(Win32Error(ERROR_INVALID_PARAMETER)),
    }
}

fn is_oem(page: u32) -> bool {
    matches!(page, 437..=869)
}

/// What a console shows for the control characters 1 to 31.
static GLYPHS: [u16; 31] = [
    0x263A, 0x263B, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25D8, 0x25CB, 0x25D9, 0x2642, 0x2640, 0x266A, 0x266B, 0x263C, 0x25BA, 0x25C4, 0x2195,
    0x203C, 0xB6, 0xA7, 0x25AC, 0x21A8, 0x2191, 0x2193, 0x2192, 0x2190, 0x221F, 0x2194, 0x25B2, 0x25BC,
];

/// The house that a console shows for the character 127.
const HOUSE: u16 = 0x2302;

fn glyph(unit: u16) -> u16 {
    match unit {
        1..=31 => GLYPHS[usize::from(unit) - 1],
        0x7F => HOUSE,
        _ => unit,
    }
}

/// Bytes of a page as UTF-16. The symbol page is the private characters from U+F020 on.
pub fn units_of(page: u32, bytes: &[u8], strict: bool) -> Result<Vec<u16>, NoCharacter> {
    if page == CP_SYMBOL {
        return Ok(bytes.iter().map(|byte| if *byte < 0x20 { u16::from(*byte) } else { 0xF000 | u16::from(*byte) }).collect());
    }
    nls::to_wide(page, bytes, strict)
}

/// Maps a text of a code page to UTF-16.
#[shim(ix = 12, mapping = "tables of single-byte pages, UTF-8", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn MultiByteToWideChar(
    page: u32,
    flags: u32,
    source: *const u8,
    length: i32,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    let bytes = unsafe { counted(source, length)? };
    if room < 0 || room > 0 && (target.is_null() || target as usize == source as usize) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let page = page_number(page)?;
    let allowed = match page {
        CP_SYMBOL => 0,
        UTF8 => MB_ERR_INVALID_CHARS,
        _ => MB_ERR_INVALID_CHARS | MB_PRECOMPOSED | MB_COMPOSITE | MB_USEGLYPHCHARS,
    };
    if flags & !allowed != 0 || flags & MB_PRECOMPOSED != 0 && flags & MB_COMPOSITE != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    let units = units_of(page, bytes, flags & MB_ERR_INVALID_CHARS != 0);
    let mut units = units.map_err(|NoCharacter| Win32Error(ERROR_NO_UNICODE_TRANSLATION))?;
    if flags & MB_USEGLYPHCHARS != 0 && is_oem(page) {
        units.iter_mut().for_each(|unit| *unit = glyph(*unit));
    }
    if flags & MB_COMPOSITE != 0 {
        units = unicode::decompose(&units).into_owned();
    }
    unsafe { put(&units, target, room) }.map(Count)
}

/// Maps UTF-16 to a text of a code page.
#[shim(ix = 17, mapping = "tables of single-byte pages, UTF-8; the best fit of a character is its letter without marks", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn WideCharToMultiByte(
    page: u32,
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u8,
    room: i32,
    default: *const u8,
    used_default: *mut i32,
) -> Result<Count<i32>, Win32Error> {
    let units = unsafe { counted(source, length)? };
    if room < 0 || room > 0 && (target.is_null() || target as usize == source as usize) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let page = page_number(page)?;
    let single = WC_COMPOSITECHECK | WC_DISCARDNS | WC_SEPCHARS | WC_DEFAULTCHAR | WC_NO_BEST_FIT_CHARS;
    let allowed = match page {
        CP_SYMBOL => 0,
        UTF8 => WC_ERR_INVALID_CHARS,
        _ => single,
    };
    if flags & !allowed != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    if page == UTF8 && (!default.is_null() || !used_default.is_null()) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let own = unsafe { default.as_ref() }.copied();
    let (bytes, replaced) = bytes_of(page, flags, units, own)?;
    if page == UTF8 && replaced && flags & WC_ERR_INVALID_CHARS != 0 {
        return Err(Win32Error(ERROR_NO_UNICODE_TRANSLATION));
    }
    if !used_default.is_null() {
        unsafe { *used_default = replaced.into() };
    }
    unsafe { put(&bytes, target, room) }.map(Count)
}

/// UTF-16 as bytes of a page, and whether the default character stands anywhere in them.
pub fn bytes_of(page: u32, flags: u32, units: &[u16], default: Option<u8>) -> Result<(Vec<u8>, bool), Win32Error> {
    let refused = || Win32Error(ERROR_INVALID_PARAMETER);
    let default = default.unwrap_or(b'?');
    match page {
        UTF8 => return nls::from_wide(UTF8, units, default).ok_or_else(refused),
        CP_SYMBOL => {
            let byte = |unit: &u16| match unit {
                0..0x20 => Some(*unit as u8),
                0xF020..=0xF0FF => Some((unit & 0xFF) as u8),
                _ => None,
            };
            let bytes: Option<Vec<u8>> = units.iter().map(byte).collect();
            return bytes.map(|bytes| (bytes, false)).ok_or(Win32Error(ERROR_NO_UNICODE_TRANSLATION));
        }
        _ => {}
    }
    let composed = if flags & WC_COMPOSITECHECK != 0 { compose(units, flags) } else { units.to_vec() };
    let mut used = false;
    let stand_in = |character: &[u16]| {
        let fit = if flags & WC_NO_BEST_FIT_CHARS == 0 { best_fit(page, character) } else { None };
        used |= fit.is_none();
        alloc::vec![fit.unwrap_or(default)]
    };
    let (bytes, _) = nls::from_wide_by(page, &composed, stand_in).ok_or_else(refused)?;
    Ok((bytes, used))
}

/// Letters and marks put together; marks that are left stay apart (WC_SEPCHARS, which is the default), go (WC_DISCARDNS),
/// or make the default character of their letter (WC_DEFAULTCHAR).
fn compose(units: &[u16], flags: u32) -> Vec<u16> {
    const NOT_A_CHARACTER: u16 = 0xFFFF;
    let mut composed = Vec::with_capacity(units.len());
    for unit in unicode::compose(units).iter() {
        match (unicode::is_mark(*unit), composed.last_mut()) {
            (true, _) if flags & WC_DISCARDNS != 0 => {}
            (true, Some(letter)) if flags & WC_DEFAULTCHAR != 0 => *letter = NOT_A_CHARACTER,
            _ => composed.push(*unit),
        }
    }
    composed
}

/// The byte that looks most like a character which the page does not have.
fn best_fit(page: u32, character: &[u16]) -> Option<u8> {
    let [unit] = character else { return None };
    let plain = match unit {
        0x2010..=0x2015 | 0x2212 => 0x2D,
        0x2018 | 0x2019 | 0x201B | 0x2032 | 0x2BC => 0x27,
        0x201C..=0x201F | 0x2033 => 0x22,
        0x2039 => 0x3C,
        0x203A => 0x3E,
        0x2044 => 0x2F,
        0x141 => 0x4C,
        0x142 => 0x6C,
        _ => unicode::base_letter(character)?,
    };
    nls::byte_of(page, plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, flags: u32) -> (Vec<u8>, bool) {
        bytes_of(1252, flags, &text.encode_utf16().collect::<Vec<_>>(), None).unwrap()
    }

    #[test]
    fn the_best_fit_is_no_default_character() {
        assert_eq!(bytes("\u{100}\u{FF21}", 0), (b"AA".to_vec(), false));
        assert_eq!(bytes("\u{100}", WC_NO_BEST_FIT_CHARS), (b"?".to_vec(), true));
        assert_eq!(bytes("\u{4E2D}", 0), (b"?".to_vec(), true));
    }

    #[test]
    fn marks_go_where_the_flags_say() {
        assert_eq!(bytes("e\u{301}", WC_COMPOSITECHECK), (vec![0xE9], false));
        assert_eq!(bytes("x\u{301}", WC_COMPOSITECHECK | WC_DISCARDNS), (b"x".to_vec(), false));
        assert_eq!(bytes("x\u{301}", WC_COMPOSITECHECK | WC_DEFAULTCHAR), (b"?".to_vec(), true));
    }
}
