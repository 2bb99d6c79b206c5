//! GetLocaleInfo: the conventions of American English and of no place, and what every locale's name says of it.

use super::locale::{self, INVARIANT, Locale, USER, USER_LANGUAGE};
use crate::ansi;
use crate::buffer::put;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, router, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::*;

/// What American English has, sorted by constant.
static ENGLISH: &[(u32, &str)] = &include!("english.rs");

/// Where the locale of no place differs.
static NO_PLACE: &[(u32, &str)] = &[
    (LOCALE_ILANGUAGE, "007f"),
    (LOCALE_SLOCALIZEDDISPLAYNAME, "Invariant Language (Invariant Country)"),
    (LOCALE_SABBREVLANGNAME, "IVL"),
    (LOCALE_SNATIVELANGUAGENAME, "Invariant Language"),
    (LOCALE_SLOCALIZEDCOUNTRYNAME, "Invariant Country"),
    (LOCALE_SABBREVCTRYNAME, "IVC"),
    (LOCALE_SNATIVECOUNTRYNAME, "Invariant Country"),
    (LOCALE_IMEASURE, "0"),
    (LOCALE_SCURRENCY, "\u{A4}"),
    (LOCALE_SINTLSYMBOL, "XDR"),
    (LOCALE_SSHORTDATE, "MM/dd/yyyy"),
    (LOCALE_SLONGDATE, "dddd, dd MMMM yyyy"),
    (LOCALE_ILDATE, "1"),
    (LOCALE_ITIME, "1"),
    (LOCALE_ITLZERO, "1"),
    (LOCALE_IDAYLZERO, "1"),
    (LOCALE_IMONLZERO, "1"),
    (LOCALE_SISO639LANGNAME, "iv"),
    (LOCALE_SISO3166CTRYNAME, "IV"),
    (LOCALE_SNAME, ""),
    (LOCALE_SDURATION, "HH:mm:ss"),
    (LOCALE_SISO639LANGNAME2, "ivl"),
    (LOCALE_SISO3166CTRYNAME2, "ivc"),
    (LOCALE_SPOSINFINITY, "Infinity"),
    (LOCALE_SNEGINFINITY, "-Infinity"),
    (LOCALE_SPARENT, ""),
    (LOCALE_SLOCALIZEDLANGUAGENAME, "Invariant Language"),
    (LOCALE_SENGLISHDISPLAYNAME, "Invariant Language (Invariant Country)"),
    (LOCALE_SNATIVEDISPLAYNAME, "Invariant Language (Invariant Country)"),
    (LOCALE_SMONTHDAY, "MMMM dd"),
    (LOCALE_SSHORTTIME, "HH:mm"),
    (LOCALE_SENGLISHLANGUAGENAME, "Invariant Language"),
    (LOCALE_SENGLISHCOUNTRYNAME, "Invariant Country"),
    (LOCALE_STIMEFORMAT, "HH:mm:ss"),
    (LOCALE_SYEARMONTH, "yyyy MMMM"),
    (LOCALE_SENGCURRNAME, "International Monetary Fund"),
    (LOCALE_SNATIVECURRNAME, "International Monetary Fund"),
    (LOCALE_IPAPERSIZE, "9"),
    (LOCALE_IFIRSTDAYOFWEEK, "6"),
];

/// Whose conventions are asked for.
fn is_english(locale: Locale) -> bool {
    locale == USER || locale == USER_LANGUAGE
}

/// Whether a locale's name alone answers it.
fn is_in_the_name(kind: u32) -> bool {
    matches!(
        kind,
        LOCALE_ILANGUAGE
            | LOCALE_IDEFAULTLANGUAGE
            | LOCALE_SNAME
            | LOCALE_SISO639LANGNAME
            | LOCALE_SISO3166CTRYNAME
            | LOCALE_SPARENT
            | LOCALE_INEUTRAL
    )
}

fn is_known(kind: u32) -> bool {
    ENGLISH.iter().any(|row| row.0 == kind)
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    NoPlace,
    Name,
    English,
}

router! {
    /// By locale and by what is asked.
    fn source(locale: Locale, kind: u32) -> Result<Source, Win32Error> for "GetLocaleInfoW", otherwise Win32Error(ERROR_INVALID_FLAGS); {
        locale == INVARIANT && is_known(kind) => Ok(Source::NoPlace);
        is_in_the_name(kind) => Ok(Source::Name);
        is_english(locale) && is_known(kind) => Ok(Source::English);
    }
}

/// A convention of American English.
pub fn english(kind: u32) -> &'static str {
    find(ENGLISH, kind).unwrap_or_default()
}

fn find(table: &'static [(u32, &str)], kind: u32) -> Option<&'static str> {
    table.iter().find(|row| row.0 == kind).map(|row| row.1)
}

/// What a locale has for a constant.
pub fn look_up(locale: Locale, kind: u32) -> Result<Cow<'static, str>, Win32Error> {
    Ok(match source(locale, kind)? {
        Source::NoPlace => find(NO_PLACE, kind).unwrap_or_else(|| english(kind)).into(),
        Source::English => english(kind).into(),
        Source::Name => named(locale, kind).into(),
    })
}

/// What the name of a locale says: `language[-Script][-COUNTRY]`.
fn named((id, name): Locale, kind: u32) -> String {
    let specific = locale::specific((id, name));
    match kind {
        LOCALE_ILANGUAGE => format!("{id:04x}"),
        LOCALE_IDEFAULTLANGUAGE => format!("{:04x}", specific.0),
        LOCALE_SNAME => name.into(),
        LOCALE_SISO639LANGNAME => name.split('-').next().unwrap_or_default().into(),
        LOCALE_SPARENT => name.rsplit_once('-').map_or_else(String::new, |(parent, _)| parent.into()),
        LOCALE_INEUTRAL => format!("{}", u32::from(locale::is_neutral((id, name)))),
        _ => country(specific.1).into(),
    }
}

/// The country's part of a locale's name.
fn country(name: &str) -> &str {
    // `es-ES_tradnl` has the order of its texts behind the country.
    let name = name.split('_').next().unwrap_or_default();
    name.split('-').skip(1).find(|part| part.len() == 2 || part.starts_with('0')).unwrap_or_default()
}

/// Flags beside the constant.
const FLAGS: u32 = LOCALE_NOUSEROVERRIDE | LOCALE_USE_CP_ACP | LOCALE_RETURN_NUMBER | LOCALE_RETURN_GENITIVE_NAMES | LOCALE_ALLOW_NEUTRAL_NAMES;

/// The answer as a number, where it is one.
fn number(kind: u32, answer: &str) -> Result<u32, Win32Error> {
    let radix = if matches!(kind, LOCALE_ILANGUAGE | LOCALE_IDEFAULTLANGUAGE) { 16 } else { 10 };
    let is_text = matches!(kind, LOCALE_SNATIVEDIGITS | LOCALE_SGROUPING | LOCALE_SMONGROUPING);
    u32::from_str_radix(answer, radix).ok().filter(|_| !is_text).ok_or(Win32Error(ERROR_INVALID_FLAGS))
}

/// Writes an answer as text of either width, or as a number.
unsafe fn answer<T: Copy>(
    locale: Locale,
    kind: u32,
    target: *mut T,
    room: i32,
    encode: impl Fn(&str) -> alloc::vec::Vec<T>,
) -> Result<Count<i32>, Win32Error> {
    if room < 0 || room > 0 && target.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let flags = kind & FLAGS;
    let kind = kind & !FLAGS;
    let found = look_up(locale, kind)?;
    if flags & LOCALE_RETURN_NUMBER == 0 {
        return unsafe { put(&encode(&found), target, room) }.map(Count);
    }
    let number = number(kind, &found)?;
    let elements = (size_of::<u32>() / size_of::<T>()) as i32;
    if room > 0 {
        if room < elements {
            return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
        }
        unsafe { target.cast::<u32>().write_unaligned(number) };
    }
    Ok(Count(elements))
}

/// Answers a convention of a locale.
#[shim(ix = 155, mapping = "a table of American English, and one of no place", risk = Wrong("a wrong convention"))]
pub unsafe extern "system" fn GetLocaleInfoW(id: u32, kind: u32, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { answer(locale::by_id(id)?, kind, target, room, text::terminated) }
}

/// Answers a convention of a locale.
#[shim(ix = 201, mapping = "a table of American English, and one of no place", risk = Wrong("a wrong convention"))]
pub unsafe extern "system" fn GetLocaleInfoEx(name: *const u16, kind: u32, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { answer(locale::by_name(name)?, kind, target, room, text::terminated) }
}

/// Answers a convention of a locale.
#[shim(ix = 330, mapping = "GetLocaleInfoW", risk = Wrong("a wrong convention"))]
pub unsafe extern "system" fn GetLocaleInfoA(id: u32, kind: u32, target: *mut u8, room: i32) -> Result<Count<i32>, Win32Error> {
    let encode = |found: &str| ansi::from_wide(nls::ANSI, &text::terminated(found));
    unsafe { answer(locale::by_id(id)?, kind, target, room, encode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_stands_once_and_in_order() {
        assert!(ENGLISH.is_sorted_by(|one, next| one.0 < next.0));
        assert!(NO_PLACE.is_sorted_by(|one, next| one.0 < next.0));
        assert!(NO_PLACE.iter().all(|row| is_known(row.0)));
    }

    #[test]
    fn names_tell_language_and_country() {
        for (locale, language, country, parent) in [
            ((0x407, "de-DE"), "de", "DE", "de"),
            ((0x42C, "az-Latn-AZ"), "az", "AZ", "az-Latn"),
            ((0x40A, "es-ES_tradnl"), "es", "ES", "es"),
            ((0x07, "de"), "de", "DE", ""),
        ] {
            let of = |kind| look_up(locale, kind).unwrap().into_owned();
            assert_eq!(
                (of(LOCALE_SISO639LANGNAME).as_str(), of(LOCALE_SISO3166CTRYNAME).as_str(), of(LOCALE_SPARENT).as_str()),
                (language, country, parent)
            );
        }
        assert_eq!(look_up((0x407, "de-DE"), LOCALE_SDECIMAL), Err(Win32Error(ERROR_INVALID_FLAGS)));
    }
}
