//! The locales that have a name, and the one whose conventions are there: American English, the user's and the system's.

use guest::error::Win32Error;
use guest::{teb, text};
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::Globalization::{LOCALE_SYSTEM_DEFAULT, LOCALE_USER_DEFAULT};

/// `LOCALE_NEUTRAL`: the default of whoever asks.
const LOCALE_NEUTRAL: u32 = 0;
/// `LOCALE_INVARIANT`.
const LOCALE_INVARIANT: u32 = 0x7F;
/// `LOCALE_CUSTOM_DEFAULT`.
const LOCALE_CUSTOM_DEFAULT: u32 = 0x0C00;

/// A locale: its identifier, its name.
pub type Locale = (u32, &'static str);

/// The locale of the user and of the system.
pub const USER: Locale = (0x0409, "en-US");
/// Its language alone.
pub const USER_LANGUAGE: Locale = (0x0009, "en");
/// The locale of no place.
pub const INVARIANT: Locale = (LOCALE_INVARIANT, "");
/// `LOCALE_NAME_SYSTEM_DEFAULT`.
const SYSTEM_DEFAULT_NAME: &str = "!x-sys-default-locale";

/// Locales and languages, sorted by identifier.
pub static NAMES: &[Locale] = &include!("names.rs");

/// The locale that an identifier stands for.
pub fn by_id(id: u32) -> Result<Locale, Win32Error> {
    match id {
        LOCALE_NEUTRAL | LOCALE_USER_DEFAULT | LOCALE_SYSTEM_DEFAULT | LOCALE_CUSTOM_DEFAULT => Ok(USER),
        LOCALE_INVARIANT => Ok(INVARIANT),
        _ => find(id).ok_or(Win32Error(ERROR_INVALID_PARAMETER)),
    }
}

fn find(id: u32) -> Option<Locale> {
    NAMES.binary_search_by_key(&id, |locale| locale.0).ok().map(|index| NAMES[index])
}

/// The locale that a name stands for; NULL is the user's.
///
/// # Safety
/// The name is NULL or ends in a NUL.
pub unsafe fn by_name(name: *const u16) -> Result<Locale, Win32Error> {
    // SAFETY: as the caller promises.
    if name.is_null() { Ok(USER) } else { by_text(unsafe { text::wide(name) }).ok_or(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// The locale with this name.
pub fn by_text(name: &[u16]) -> Option<Locale> {
    if name.is_empty() {
        return Some(INVARIANT);
    }
    let is = |other: &str| name.len() == other.len() && name.iter().zip(other.bytes()).all(|(unit, byte)| lower(*unit) == lower(byte.into()));
    if is(SYSTEM_DEFAULT_NAME) { Some(USER) } else { NAMES.iter().copied().find(|locale| is(locale.1)) }
}

fn lower(unit: u16) -> u16 {
    if (0x41..=0x5A).contains(&unit) { unit + 0x20 } else { unit }
}

/// Whether a locale is a language of no country.
pub fn is_neutral(locale: Locale) -> bool {
    locale.0 >> 10 == 0 && locale.0 != LOCALE_INVARIANT || locale.1 == "zh-Hant"
}

/// The locale that a language stands for where a country is needed.
pub fn specific(locale: Locale) -> Locale {
    match locale.1 {
        "zh-Hans" => (0x0804, "zh-CN"),
        "zh-Hant" => (0x0C04, "zh-HK"),
        "es" => (0x0C0A, "es-ES"),
        _ if is_neutral(locale) => find(locale.0 | 0x0400).unwrap_or(locale),
        _ => locale,
    }
}

/// The thread's locale: what SetThreadLocale set, at first the user's.
pub fn of_thread() -> u32 {
    // SAFETY: it lies in the thread block.
    match unsafe { *teb::block().add(CURRENT_LOCALE).cast::<u32>() } {
        0 => USER.0,
        id => id,
    }
}

/// Sets the thread's locale.
pub fn set_of_thread(id: u32) {
    // SAFETY: it lies in the thread block.
    unsafe { *teb::block().add(CURRENT_LOCALE).cast() = id };
}

#[cfg(target_pointer_width = "32")]
use gate::teb::offset32::CURRENT_LOCALE;
#[cfg(target_pointer_width = "64")]
use gate::teb::offset64::CURRENT_LOCALE;

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn the_table_is_sorted_and_holds_the_user() {
        assert!(NAMES.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!((by_id(USER.0), by_id(USER_LANGUAGE.0)), (Ok(USER), Ok(USER_LANGUAGE)));
    }

    #[test]
    fn names_count_whatever_their_case() {
        assert_eq!(by_text(&wide("DE-de")), Some((0x407, "de-DE")));
        assert_eq!((by_text(&[]), by_text(&wide("xx-YY"))), (Some(INVARIANT), None));
    }

    #[test]
    fn languages_lead_to_countries() {
        assert_eq!(specific((0x07, "de")), (0x0407, "de-DE"));
        assert_eq!(specific((0x0A, "es")).1, "es-ES");
        assert_eq!(specific(USER), USER);
    }
}
