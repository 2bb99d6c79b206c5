//! What the Unicode Character Database says of UTF-16 units, in the words of `GetStringType` and `FoldString`.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointMapData;
use icu_properties::props::{BidiClass, GeneralCategory};
use windows_sys::Win32::Globalization::{
    C1_ALPHA, C1_BLANK, C1_CNTRL, C1_DEFINED, C1_DIGIT, C1_LOWER, C1_PUNCT, C1_SPACE, C1_UPPER, C1_XDIGIT, C2_ARABICNUMBER, C2_BLOCKSEPARATOR,
    C2_COMMONSEPARATOR, C2_EUROPENUMBER, C2_EUROPESEPARATOR, C2_EUROPETERMINATOR, C2_LEFTTORIGHT, C2_NOTAPPLICABLE, C2_OTHERNEUTRAL, C2_RIGHTTOLEFT,
    C2_SEGMENTSEPARATOR, C2_WHITESPACE, C3_ALPHA, C3_DIACRITIC, C3_FULLWIDTH, C3_HALFWIDTH, C3_HIGHSURROGATE, C3_HIRAGANA, C3_IDEOGRAPH, C3_KASHIDA,
    C3_KATAKANA, C3_LOWSURROGATE, C3_NONSPACING, C3_SYMBOL,
};

use GeneralCategory as G;

fn category(unit: u16) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(unit.into())
}

/// Whether a unit is a mark that stands on the letter before it.
pub fn is_mark(unit: u16) -> bool {
    unit >= 0x300 && category(unit) == G::NonspacingMark
}

/// Whether a unit is punctuation or a symbol.
pub fn is_symbol(unit: u16) -> bool {
    use GeneralCategory::*;
    matches!(
        category(unit),
        ConnectorPunctuation
            | DashPunctuation
            | OpenPunctuation
            | ClosePunctuation
            | InitialPunctuation
            | FinalPunctuation
            | OtherPunctuation
            | MathSymbol
            | CurrencySymbol
            | ModifierSymbol
            | OtherSymbol
    )
}

/// The value of a decimal digit of any script.
pub fn digit(unit: u16) -> Option<u16> {
    if category(unit) != G::DecimalNumber {
        return None;
    }
    // Digits come in runs of ten.
    let before = (1..=unit).take_while(|back| category(unit - back) == G::DecimalNumber).count() as u16;
    Some(before % 10)
}

/// `CT_CTYPE1`: letters, digits, space.
pub fn kind1(unit: u16) -> u16 {
    let kind = match category(unit) {
        G::UppercaseLetter => C1_UPPER | C1_ALPHA,
        G::LowercaseLetter => C1_LOWER | C1_ALPHA,
        G::TitlecaseLetter => C1_UPPER | C1_LOWER | C1_ALPHA,
        G::ModifierLetter | G::OtherLetter | G::LetterNumber => C1_ALPHA,
        G::DecimalNumber => C1_DIGIT,
        G::OtherNumber if matches!(unit, 0xB2 | 0xB3 | 0xB9) => C1_DIGIT | C1_PUNCT,
        G::Control => C1_CNTRL,
        G::Format => C1_CNTRL,
        G::SpaceSeparator => C1_SPACE | if matches!(unit, 0x20 | 0xA0 | 0x3000) { C1_BLANK } else { 0 },
        G::LineSeparator | G::ParagraphSeparator => C1_SPACE,
        G::Unassigned => return 0,
        _ if is_symbol(unit) => C1_PUNCT,
        _ => 0,
    };
    let more = match unit {
        0x09 => C1_SPACE | C1_BLANK,
        0x0A..=0x0D | 0x85 => C1_SPACE,
        0x30..=0x39 | 0x41..=0x46 | 0x61..=0x66 => C1_XDIGIT,
        _ => 0,
    };
    (kind | more | C1_DEFINED) as u16
}

/// `CT_CTYPE2`: direction.
pub fn kind2(unit: u16) -> u16 {
    use BidiClass as B;
    let kind = match CodePointMapData::<BidiClass>::new().get32(unit.into()) {
        B::LeftToRight => C2_LEFTTORIGHT,
        B::RightToLeft | B::ArabicLetter => C2_RIGHTTOLEFT,
        B::EuropeanNumber => C2_EUROPENUMBER,
        B::EuropeanSeparator => C2_EUROPESEPARATOR,
        B::EuropeanTerminator => C2_EUROPETERMINATOR,
        B::ArabicNumber => C2_ARABICNUMBER,
        B::CommonSeparator => C2_COMMONSEPARATOR,
        B::ParagraphSeparator => C2_BLOCKSEPARATOR,
        B::SegmentSeparator => C2_SEGMENTSEPARATOR,
        B::WhiteSpace => C2_WHITESPACE,
        B::BoundaryNeutral => C2_NOTAPPLICABLE,
        _ => C2_OTHERNEUTRAL,
    };
    if category(unit) == G::Unassigned { C2_NOTAPPLICABLE as u16 } else { kind as u16 }
}

/// `CT_CTYPE3`: what word processors want to know.
pub fn kind3(unit: u16) -> u16 {
    let place = match unit {
        0x20..=0x7E | 0xFF61..=0xFFDC => C3_HALFWIDTH,
        0xFF01..=0xFF60 => C3_FULLWIDTH,
        0x640 => C3_KASHIDA,
        0x3041..=0x309F => C3_HIRAGANA,
        0x30A0..=0x30FF | 0x31F0..=0x31FF => C3_KATAKANA,
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF => C3_IDEOGRAPH,
        0xD800..=0xDBFF => C3_HIGHSURROGATE,
        0xDC00..=0xDFFF => C3_LOWSURROGATE,
        _ => 0,
    };
    let katakana = if matches!(unit, 0xFF66..=0xFF9D) { C3_KATAKANA } else { 0 };
    let kind = match category(unit) {
        G::UppercaseLetter | G::LowercaseLetter | G::TitlecaseLetter | G::ModifierLetter | G::OtherLetter => {
            C3_ALPHA | if is_accented(unit) { C3_NONSPACING | C3_DIACRITIC } else { 0 }
        }
        G::NonspacingMark => C3_NONSPACING | C3_DIACRITIC,
        _ if is_symbol(unit) => C3_SYMBOL,
        _ => 0,
    };
    (place | katakana | kind) as u16
}

/// Whether a letter is another one with a mark.
fn is_accented(unit: u16) -> bool {
    unit >= 0xC0 && decompose(&[unit]).iter().skip(1).any(|unit| is_mark(*unit))
}

/// Letters and their marks apart (NFD).
pub fn decompose(units: &[u16]) -> Cow<'_, [u16]> {
    DecomposingNormalizerBorrowed::new_nfd().normalize_utf16(units)
}

/// Letters and their marks together (NFC).
pub fn compose(units: &[u16]) -> Cow<'_, [u16]> {
    ComposingNormalizerBorrowed::new_nfc().normalize_utf16(units)
}

/// Compatibility characters as what they stand for (NFKD).
pub fn decompose_compatible(units: &[u16]) -> Cow<'_, [u16]> {
    DecomposingNormalizerBorrowed::new_nfkd().normalize_utf16(units)
}

/// Compatibility characters as what they stand for, letters and their marks together (NFKC).
pub fn compose_compatible(units: &[u16]) -> Cow<'_, [u16]> {
    ComposingNormalizerBorrowed::new_nfkc().normalize_utf16(units)
}

/// The one unit that a compatibility character stands for.
pub fn plain_form(unit: u16) -> Option<u16> {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize_utf16(core::slice::from_ref(&unit)).into_owned();
    if let [one] = composed[..] { Some(one) } else { None }
}

/// The letter that a character is when its marks are taken away.
pub fn base_letter(character: &[u16]) -> Option<u16> {
    let parts = decompose_compatible(character);
    let mut letters = parts.iter().filter(|unit| !is_mark(**unit));
    letters.next().copied().filter(|_| letters.next().is_none())
}

/// Katakana as hiragana.
pub fn hiragana(unit: u16) -> u16 {
    if matches!(unit, 0x30A1..=0x30F6 | 0x30FD | 0x30FE) { unit - 0x60 } else { unit }
}

/// Hiragana as katakana.
pub fn katakana(unit: u16) -> u16 {
    if matches!(unit, 0x3041..=0x3096 | 0x309D | 0x309E) { unit + 0x60 } else { unit }
}

/// Full-width forms as ordinary ones, half-width katakana as full-width ones.
pub fn ordinary_width(unit: u16) -> u16 {
    if matches!(unit, 0x3000 | 0xFF01..=0xFFEE) { plain_form(unit).unwrap_or(unit) } else { unit }
}

/// Ordinary forms as full-width ones.
pub fn full_width(unit: u16) -> u16 {
    match unit {
        0x20 => 0x3000,
        0x21..=0x7E => unit + 0xFEE0,
        0xFF61..=0xFFDC => plain_form(unit).unwrap_or(unit),
        _ => unit,
    }
}

/// Ordinary and full-width forms as half-width ones.
pub fn half_width(unit: u16) -> Vec<u16> {
    if matches!(unit, 0x3000 | 0xFF01..=0xFF5E) {
        return alloc::vec![ordinary_width(unit)];
    }
    // Katakana with a voice mark becomes two characters.
    let parts = if matches!(unit, 0x30A1..=0x30FC) { decompose(&[unit]).into_owned() } else { alloc::vec![unit] };
    let half = |part: &u16| match part {
        0x3099 => Some(0xFF9E),
        0x309A => Some(0xFF9F),
        _ => (0xFF61..=0xFF9D).find(|half| plain_form(*half) == Some(*part)),
    };
    parts.iter().map(half).collect::<Option<Vec<u16>>>().filter(|_| matches!(unit, 0x3001..=0x30FF)).unwrap_or_else(|| alloc::vec![unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_have_values() {
        assert_eq!([0x30, 0x39, 0x661, 0x96F, 0x41].map(digit), [Some(0), Some(9), Some(1), Some(9), None]);
    }

    #[test]
    fn kinds_are_what_the_documentation_lists() {
        assert_eq!([0x41, 0x61, 0x67, 0x30, 0x20, 0x09, 0x21, 0x07].map(kind1), [0x381, 0x382, 0x302, 0x284, 0x248, 0x268, 0x210, 0x220]);
        assert_eq!([0x41, 0x5D0, 0x31, 0x20].map(kind2), [1, 2, 3, 10]);
        assert_eq!([0xC0, 0x3042, 0x4E00, 0xFF21].map(kind3), [0x8003, 0x8020, 0x8100, 0x8080]);
    }

    #[test]
    fn widths_change_both_ways() {
        assert_eq!((full_width(0x41), ordinary_width(0xFF21), ordinary_width(0xFF76)), (0xFF21, 0x41, 0x30AB));
        assert_eq!(
            (half_width(0x30AC), half_width(0xFF21), half_width(0x4E00)),
            (alloc::vec![0xFF76, 0xFF9E], alloc::vec![0x41], alloc::vec![0x4E00])
        );
    }

    #[test]
    fn letters_lose_their_marks() {
        assert_eq!((base_letter(&[0x100]), base_letter(&[0xFB01]), base_letter(&[0xFF21])), (Some(0x41), None, Some(0x41)));
    }
}
