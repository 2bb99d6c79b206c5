//! FoldString.

use crate::ansi;
use crate::buffer::{counted, put};
use crate::unicode;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{MAP_COMPOSITE, MAP_EXPAND_LIGATURES, MAP_FOLDCZONE, MAP_FOLDDIGITS, MAP_PRECOMPOSED};

const NO_LIGATURES: u32 = MAP_PRECOMPOSED | MAP_FOLDCZONE | MAP_COMPOSITE | MAP_FOLDDIGITS;

/// Whether flags exclude one another.
fn at_odds(flags: u32) -> bool {
    flags & MAP_PRECOMPOSED != 0 && flags & (MAP_COMPOSITE | MAP_EXPAND_LIGATURES) != 0
        || flags & MAP_COMPOSITE != 0 && flags & MAP_EXPAND_LIGATURES != 0
}

router! {
    /// By what is folded.
    fn route(flags: u32) -> Result<u32, Win32Error> for "FoldStringW", otherwise Win32Error(ERROR_INVALID_FLAGS); {
        at_odds(flags) => Err(Win32Error(ERROR_INVALID_FLAGS));
        flags != 0 && flags & !NO_LIGATURES == 0 => Ok(flags);
        flags & MAP_EXPAND_LIGATURES != 0 && flags & !(NO_LIGATURES | MAP_EXPAND_LIGATURES) == 0 => Ok(flags);
    }
}

/// Letters that Unicode does not take apart, and ligatures do.
static LIGATURES: [(u16, &str); 8] =
    [(0xC6, "AE"), (0xE6, "ae"), (0xDF, "ss"), (0xDE, "TH"), (0xFE, "th"), (0x152, "OE"), (0x153, "oe"), (0x1E9E, "SS")];

fn expand(unit: u16) -> Vec<u16> {
    if let Some((_, letters)) = LIGATURES.iter().find(|(ligature, _)| *ligature == unit) {
        return letters.encode_utf16().collect();
    }
    match unit {
        0x132 | 0x133 | 0x1C4..=0x1CC | 0x1F1..=0x1F3 | 0xFB00..=0xFB06 => unicode::decompose_compatible(&[unit]).into_owned(),
        _ => alloc::vec![unit],
    }
}

fn fold(units: &[u16], flags: u32) -> Vec<u16> {
    let mut folded = Cow::Borrowed(units);
    if flags & MAP_FOLDCZONE != 0 {
        let plain = |unit: &u16| if *unit >= 0xF900 { unicode::plain_form(*unit).unwrap_or(*unit) } else { *unit };
        folded = folded.iter().map(plain).collect();
    }
    if flags & MAP_FOLDDIGITS != 0 {
        folded = folded.iter().map(|unit| unicode::digit(*unit).map_or(*unit, |value| 0x30 + value)).collect();
    }
    if flags & MAP_EXPAND_LIGATURES != 0 {
        folded = folded.iter().flat_map(|unit| expand(*unit)).collect();
    }
    if flags & MAP_COMPOSITE != 0 {
        return unicode::decompose(&folded).into_owned();
    }
    if flags & MAP_PRECOMPOSED != 0 {
        return unicode::compose(&folded).into_owned();
    }
    folded.into_owned()
}

/// Maps a text to another form: digits, compatibility characters, letters with and without their marks.
#[shim(ix = 581, mapping = "the Unicode normal forms", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn FoldStringW(
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    let units = unsafe { counted(source, length)? };
    if room < 0 || room > 0 && core::ptr::eq(source, target) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { put(&fold(units, route(flags)?), target, room) }.map(Count)
}

/// Maps an ANSI text to another form.
#[shim(ix = 582, mapping = "FoldStringW", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn FoldStringA(flags: u32, source: *const u8, length: i32, target: *mut u8, room: i32) -> Result<Count<i32>, Win32Error> {
    let units = ansi::units(nls::ANSI, unsafe { counted(source, length)? });
    if room < 0 || room > 0 && core::ptr::eq(source, target) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { put(&ansi::from_wide(nls::ANSI, &fold(&units, route(flags)?)), target, room) }.map(Count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str, flags: u32) -> String {
        String::from_utf16(&fold(&text.encode_utf16().collect::<Vec<_>>(), flags)).unwrap()
    }

    #[test]
    fn each_flag_folds_its_own() {
        assert_eq!(folded("٣५", MAP_FOLDDIGITS), "35");
        assert_eq!(folded("ﬁæß", MAP_EXPAND_LIGATURES), "fiaess");
        assert_eq!(folded("Ａ１", MAP_FOLDCZONE), "A1");
        assert_eq!(folded("é", MAP_COMPOSITE), "e\u{301}");
        assert_eq!(folded("e\u{301}", MAP_PRECOMPOSED), "é");
    }
}
