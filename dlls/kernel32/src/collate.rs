//! The order of texts: that of the Unicode Collation Algorithm with CLDR's root table, which is English's too.
//!
//! A word sort lets hyphens and apostrophes count only where all else is equal, so that `coop` and `co-op` stay together; a
//! string sort treats them as symbols, which come before digits and letters.

use crate::unicode;
use alloc::vec::Vec;
use core::cmp::Ordering;
use guest::error::Win32Error;
use guest::{nls, router};
use icu_collator::CollatorBorrowed;
use icu_collator::options::CollatorOptions;
use windows_sys::Win32::Foundation::ERROR_INVALID_FLAGS;
use windows_sys::Win32::Globalization::{
    LINGUISTIC_IGNORECASE, LINGUISTIC_IGNOREDIACRITIC, NORM_IGNORECASE, NORM_IGNOREKANATYPE, NORM_IGNORENONSPACE, NORM_IGNORESYMBOLS,
    NORM_IGNOREWIDTH, NORM_LINGUISTIC_CASING, SORT_DIGITSASNUMBERS, SORT_STRINGSORT,
};

const HYPHEN: u16 = 0x2D;
const APOSTROPHE: u16 = 0x27;

/// Every flag that changes the order.
pub const FLAGS: u32 = LINGUISTIC_IGNORECASE
    | LINGUISTIC_IGNOREDIACRITIC
    | NORM_IGNORECASE
    | NORM_IGNOREKANATYPE
    | NORM_IGNORENONSPACE
    | NORM_IGNORESYMBOLS
    | NORM_IGNOREWIDTH
    | NORM_LINGUISTIC_CASING
    | SORT_DIGITSASNUMBERS
    | SORT_STRINGSORT;

/// How texts are ordered, as the catalog names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    CldrRootWithMinorHyphens,
    CldrRoot,
}

router! {
    /// By the flags, for every locale.
    fn order(flags: u32) -> Result<Order, Win32Error> for "CompareStringW", otherwise Win32Error(ERROR_INVALID_FLAGS); {
        flags & !FLAGS == 0 && flags & SORT_STRINGSORT == 0 => Ok(Order::CldrRootWithMinorHyphens);
        flags & !FLAGS == 0 => Ok(Order::CldrRoot);
    }
}

/// Refuses flags that say nothing about an order.
pub fn check(flags: u32) -> Result<u32, Win32Error> {
    order(flags).map(|_| flags)
}

fn collator() -> CollatorBorrowed<'static> {
    CollatorBorrowed::new_root(CollatorOptions::default())
}

/// A text as it is compared: without what the flags ignore, and the minor characters of a word sort with their places.
fn prepare(text: &[u16], flags: u32) -> (Vec<u16>, Vec<(usize, u16)>) {
    let ignores = |flag: u32| flags & flag != 0;
    let mut units = text.to_vec();
    if ignores(NORM_IGNORENONSPACE | LINGUISTIC_IGNOREDIACRITIC) {
        units = unicode::decompose(&units).iter().copied().filter(|unit| !unicode::is_mark(*unit)).collect();
    }
    if ignores(NORM_IGNOREWIDTH) {
        units.iter_mut().for_each(|unit| *unit = unicode::ordinary_width(*unit));
    }
    if ignores(NORM_IGNOREKANATYPE) {
        units.iter_mut().for_each(|unit| *unit = unicode::hiragana(*unit));
    }
    if ignores(NORM_IGNORECASE | LINGUISTIC_IGNORECASE) {
        units.iter_mut().for_each(|unit| *unit = nls::upcase(*unit));
    }
    if ignores(NORM_IGNORESYMBOLS) {
        units.retain(|unit| !unicode::is_symbol(*unit));
    }
    let mut minor = Vec::new();
    if !ignores(SORT_STRINGSORT) && units.iter().any(|unit| is_minor(*unit)) {
        minor = units.iter().copied().enumerate().filter(|(_, unit)| is_minor(*unit)).collect();
        units.retain(|unit| !is_minor(*unit));
    }
    if ignores(SORT_DIGITSASNUMBERS) {
        units = numbers(&units);
    }
    (units, minor)
}

fn is_minor(unit: u16) -> bool {
    matches!(unit, HYPHEN | APOSTROPHE)
}

/// Puts the count of its digits before each number, so that the order of digits is the order of numbers.
fn numbers(units: &[u16]) -> Vec<u16> {
    const LONGEST: usize = 99;
    let digit = |unit: &u16| unicode::digit(*unit).map(|value| 0x30 + value);
    let mut changed = Vec::with_capacity(units.len());
    let mut rest = units;
    while let Some(first) = rest.first() {
        if digit(first).is_none() {
            changed.push(*first);
            rest = &rest[1..];
            continue;
        }
        let run: Vec<u16> = rest.iter().map_while(digit).collect();
        rest = &rest[run.len()..];
        let start = run.iter().position(|digit| *digit != 0x30).unwrap_or(run.len());
        for number in run[start..].chunks(LONGEST) {
            changed.extend([0x30 + (number.len() / 10) as u16, 0x30 + (number.len() % 10) as u16]);
            changed.extend(number);
        }
        if start == run.len() {
            changed.extend([0x30, 0x30]);
        }
    }
    changed
}

/// Compares two texts.
pub fn compare(left: &[u16], right: &[u16], flags: u32) -> Ordering {
    let needs_nothing = |text: &[u16]| flags == 0 && !text.iter().any(|unit| is_minor(*unit));
    if needs_nothing(left) && needs_nothing(right) {
        return collator().compare_utf16(left, right);
    }
    let ((left, left_minor), (right, right_minor)) = (prepare(left, flags), prepare(right, flags));
    collator().compare_utf16(&left, &right).then_with(|| left_minor.cmp(&right_minor))
}

/// A text's sort key: compared byte by byte, keys have the order of their texts. It ends in 0.
pub fn key(text: &[u16], flags: u32) -> Vec<u8> {
    const LEVEL: u8 = 1;
    let (units, minor) = prepare(text, flags);
    let mut key = Vec::new();
    // Writing to a vector does not fail.
    let _ = collator().write_sort_key_utf16_to(&units, &mut key);
    key.push(LEVEL);
    for (at, unit) in minor {
        // Digits of the place, none of them below 2.
        key.extend([at / (64 * 64) % 64, at / 64 % 64, at % 64].map(|digit| digit as u8 + 2));
        key.push(unit as u8);
    }
    key.push(0);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn compared(left: &str, right: &str, flags: u32) -> Ordering {
        let (left, right): (Vec<u16>, Vec<u16>) = (left.encode_utf16().collect(), right.encode_utf16().collect());
        let found = compare(&left, &right, flags);
        assert_eq!(key(&left, flags).cmp(&key(&right, flags)), found, "keys");
        found
    }

    #[test]
    fn letters_come_before_their_capitals_and_marks_count_after_letters() {
        for texts in [vec!["a", "A", "b"], vec!["cote", "coté", "côte"], vec!["_x", "1x", "ax"], vec!["a b", "ab"]] {
            for pair in texts.windows(2) {
                assert_eq!(compared(pair[0], pair[1], 0), Ordering::Less, "{pair:?}");
            }
        }
    }

    #[test]
    fn flags_ignore_what_they_say() {
        for (left, right, flags) in [
            ("abc", "ABC", NORM_IGNORECASE),
            ("résumé", "resume", NORM_IGNORENONSPACE),
            ("a-b.c", "abc", NORM_IGNORESYMBOLS),
            ("ａ", "a", NORM_IGNOREWIDTH),
            ("ア", "あ", NORM_IGNOREKANATYPE),
            ("007", "7", SORT_DIGITSASNUMBERS),
        ] {
            assert_eq!(compared(left, right, flags), Ordering::Equal, "{left} {right}");
            assert_ne!(compared(left, right, 0), Ordering::Equal, "{left} {right}");
        }
        assert_eq!(compared("a10", "a9", SORT_DIGITSASNUMBERS), Ordering::Greater);
        assert_eq!(compared("a10", "a9", 0), Ordering::Less);
    }

    #[test]
    fn hyphens_count_last_in_a_word_sort() {
        assert_eq!(compared("coop", "co-op", 0), Ordering::Less);
        assert_eq!(compared("co-op", "coops", 0), Ordering::Less);
        assert_eq!(compared("co-op", "coop", SORT_STRINGSORT), Ordering::Less);
    }
}
