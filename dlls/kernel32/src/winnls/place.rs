//! Countries, as far as the user lives in one: the United States.

use super::info::english;
use crate::ansi;
use crate::buffer::put;
use alloc::format;
use alloc::string::String;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, router, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{
    GEO_FRIENDLYNAME, GEO_ISO_UN_NUMBER, GEO_ISO2, GEO_ISO3, GEO_LATITUDE, GEO_LCID, GEO_LONGITUDE, GEO_NATION, GEO_OFFICIALNAME, GEO_RFC1766,
    GEOCLASS_NATION, LOCALE_SENGLISHCOUNTRYNAME, LOCALE_SISO3166CTRYNAME, LOCALE_SISO3166CTRYNAME2,
};

/// The number of the user's country (Microsoft's table of geographical locations).
const NATION: i32 = 244;
/// `GEOID_NOT_AVAILABLE`.
const NOT_AVAILABLE: i32 = -1;

/// The number of the user's country.
#[shim(ix = 314, mapping = "the user's locale", risk = Wrong("a wrong country"))]
pub unsafe extern "system" fn GetUserGeoID(class: i32) -> i32 {
    if class == GEOCLASS_NATION as i32 { NATION } else { NOT_AVAILABLE }
}

fn invariant(code: &'static str) -> String {
    String::from(code)
}

router! {
    /// By what is asked of the user's country; the other countries are not there.
    fn fact(place: i32, kind: i32) -> Result<String, Win32Error> for "GetGeoInfoW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        !(GEO_NATION..=GEO_ISO_UN_NUMBER).contains(&kind) => Err(Win32Error(ERROR_INVALID_FLAGS));
        place == NATION && kind == GEO_NATION => Ok(format!("{NATION}"));
        place == NATION && kind == GEO_LATITUDE => Ok(invariant("39.45"));
        place == NATION && kind == GEO_LONGITUDE => Ok(invariant("-98.908"));
        place == NATION && kind == GEO_ISO2 => Ok(english(LOCALE_SISO3166CTRYNAME).into());
        place == NATION && kind == GEO_ISO3 => Ok(english(LOCALE_SISO3166CTRYNAME2).into());
        place == NATION && kind == GEO_RFC1766 => Ok(invariant("en-us"));
        place == NATION && kind == GEO_LCID => Ok(invariant("00000409"));
        place == NATION && kind == GEO_FRIENDLYNAME => Ok(english(LOCALE_SENGLISHCOUNTRYNAME).into());
        place == NATION && kind == GEO_OFFICIALNAME => Ok(invariant("United States of America"));
        place == NATION && kind == GEO_ISO_UN_NUMBER => Ok(invariant("840"));
    }
}

/// Answers a fact of a country.
#[shim(ix = 312, mapping = "a table of the user's country", risk = Wrong("a wrong country"))]
pub unsafe extern "system" fn GetGeoInfoW(place: i32, kind: i32, target: *mut u16, room: i32, _language: u16) -> Result<Count<i32>, Win32Error> {
    unsafe { put(&text::terminated(&fact(place, kind)?), target, room) }.map(Count)
}

/// Answers a fact of a country.
#[shim(ix = 615, mapping = "GetGeoInfoW", risk = Wrong("a wrong country"))]
pub unsafe extern "system" fn GetGeoInfoA(place: i32, kind: i32, target: *mut u8, room: i32, _language: u16) -> Result<Count<i32>, Win32Error> {
    unsafe { put(&ansi::from_wide(nls::ANSI, &text::terminated(&fact(place, kind)?)), target, room) }.map(Count)
}
