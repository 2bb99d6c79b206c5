//! timezoneapi.h: time zones, and times in other forms.

use crate::clock::{file_time, file_time_of, system_time, units};
use crate::zone;
use guest::call::{Bool, Number};
use guest::error::Win32Error;
use guest::{shared, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, SYSTEMTIME};
use windows_sys::Win32::System::Time::{DYNAMIC_TIME_ZONE_INFORMATION, TIME_ZONE_INFORMATION};

/// `TIME_ZONE_ID_UNKNOWN`, `_STANDARD` and `_DAYLIGHT`.
const UNKNOWN: u32 = 0;
const STANDARD: u32 = 1;
const DAYLIGHT: u32 = 2;

const REFUSED: Win32Error = Win32Error(ERROR_INVALID_PARAMETER);

/// Which of the zone's times holds now.
fn now_is(zone: &TIME_ZONE_INFORMATION) -> Result<Number, Win32Error> {
    let daylight = zone::is_daylight(zone, shared::system_time())?;
    Ok(Number(match (zone::changes(zone), daylight) {
        (false, _) => UNKNOWN,
        (true, false) => STANDARD,
        (true, true) => DAYLIGHT,
    }))
}

/// Answers the user's time zone, and which of its times holds.
#[shim(ix = 133, mapping = "the host's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTimeZoneInformation(answer: *mut TIME_ZONE_INFORMATION) -> Result<Number, Win32Error> {
    let zone = zone::at(shared::system_time())?;
    unsafe { answer.as_mut() }.map(|answer| *answer = zone).ok_or(REFUSED)?;
    now_is(&zone)
}

/// Answers the user's time zone and its name in the registry, and which of its times holds.
#[shim(ix = 349, mapping = "the host's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetDynamicTimeZoneInformation(answer: *mut DYNAMIC_TIME_ZONE_INFORMATION) -> Result<Number, Win32Error> {
    let year = zone::local_time()?.wYear;
    let zone = zone::of_year(year)?;
    unsafe { answer.as_mut() }.map(|answer| *answer = zone).ok_or(REFUSED)?;
    now_is(&zone::head(&zone))
}

/// Answers the user's time zone as it is in a year.
#[shim(ix = 419, mapping = "the host's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTimeZoneInformationForYear(
    year: u16,
    given: *const DYNAMIC_TIME_ZONE_INFORMATION,
    answer: *mut TIME_ZONE_INFORMATION,
) -> Result<Bool, Win32Error> {
    let own = zone::of_year(year)?;
    // Only the user's own zone has rules by year here; another one has those that it brings.
    let zone = match unsafe { given.as_ref() } {
        Some(given) if given.TimeZoneKeyName != own.TimeZoneKeyName || given.DynamicDaylightTimeDisabled => zone::head(given),
        _ => zone::head(&own),
    };
    unsafe { answer.as_mut() }.map(|answer| *answer = zone).ok_or(REFUSED)?;
    Ok(Bool)
}

/// Calendar fields as a file time.
#[shim(ix = 177, mapping = "the Gregorian calendar", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn SystemTimeToFileTime(given: *const SYSTEMTIME, answer: *mut FILETIME) -> Result<Bool, Win32Error> {
    let (given, answer) = unsafe { (given.as_ref().ok_or(REFUSED)?, answer.as_mut().ok_or(REFUSED)?) };
    *answer = file_time_of(file_time(given)?);
    Ok(Bool)
}

/// A file time as calendar fields.
#[shim(ix = 135, mapping = "the Gregorian calendar", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn FileTimeToSystemTime(given: *const FILETIME, answer: *mut SYSTEMTIME) -> Result<Bool, Win32Error> {
    let (given, answer) = unsafe { (given.as_ref().ok_or(REFUSED)?, answer.as_mut().ok_or(REFUSED)?) };
    *answer = system_time(units(*given))?;
    Ok(Bool)
}

unsafe fn convert(
    zone: *const TIME_ZONE_INFORMATION,
    given: *const SYSTEMTIME,
    answer: *mut SYSTEMTIME,
    by_zone: fn(&TIME_ZONE_INFORMATION, i64) -> Result<i64, Win32Error>,
    by_user: fn(i64) -> Result<i64, Win32Error>,
) -> Result<Bool, Win32Error> {
    let (given, answer) = unsafe { (given.as_ref().ok_or(REFUSED)?, answer.as_mut().ok_or(REFUSED)?) };
    let time = file_time(given)?;
    let converted = match unsafe { zone.as_ref() } {
        None => by_user(time)?,
        Some(zone) => {
            zone::check_rules(zone)?;
            by_zone(zone, time)?
        }
    };
    *answer = system_time(converted)?;
    Ok(Bool)
}

/// A time of UTC as local time of a zone; NULL is the user's.
#[shim(ix = 288, mapping = "the zone's rules", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn SystemTimeToTzSpecificLocalTime(
    zone: *const TIME_ZONE_INFORMATION,
    given: *const SYSTEMTIME,
    answer: *mut SYSTEMTIME,
) -> Result<Bool, Win32Error> {
    unsafe { convert(zone, given, answer, zone::local, zone::to_local) }
}

/// Local time of a zone as a time of UTC; NULL is the user's.
#[shim(ix = 384, mapping = "the zone's rules", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn TzSpecificLocalTimeToSystemTime(
    zone: *const TIME_ZONE_INFORMATION,
    given: *const SYSTEMTIME,
    answer: *mut SYSTEMTIME,
) -> Result<Bool, Win32Error> {
    unsafe { convert(zone, given, answer, zone::universal, zone::to_universal) }
}

/// The rules of a zone for the year of a time.
unsafe fn of_zone(zone: *const DYNAMIC_TIME_ZONE_INFORMATION, given: *const SYSTEMTIME) -> Result<Option<TIME_ZONE_INFORMATION>, Win32Error> {
    let Some(zone) = (unsafe { zone.as_ref() }) else { return Ok(None) };
    let year = unsafe { given.as_ref() }.ok_or(REFUSED)?.wYear;
    let own = zone::of_year(year)?;
    let by_year = zone.TimeZoneKeyName == own.TimeZoneKeyName && zone.TimeZoneKeyName[0] != 0 && !zone.DynamicDaylightTimeDisabled;
    Ok(Some(zone::head(if by_year { &own } else { zone })))
}

/// A time of UTC as local time of a zone; NULL is the user's.
#[shim(ix = 585, mapping = "the zone's rules", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn SystemTimeToTzSpecificLocalTimeEx(
    zone: *const DYNAMIC_TIME_ZONE_INFORMATION,
    given: *const SYSTEMTIME,
    answer: *mut SYSTEMTIME,
) -> Result<Bool, Win32Error> {
    let rules = unsafe { of_zone(zone, given)? };
    unsafe { convert(rules.as_ref().map_or(core::ptr::null(), core::ptr::from_ref), given, answer, zone::local, zone::to_local) }
}

/// Local time of a zone as a time of UTC; NULL is the user's.
#[shim(ix = 586, mapping = "the zone's rules", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn TzSpecificLocalTimeToSystemTimeEx(
    zone: *const DYNAMIC_TIME_ZONE_INFORMATION,
    given: *const SYSTEMTIME,
    answer: *mut SYSTEMTIME,
) -> Result<Bool, Win32Error> {
    let rules = unsafe { of_zone(zone, given)? };
    unsafe { convert(rules.as_ref().map_or(core::ptr::null(), core::ptr::from_ref), given, answer, zone::universal, zone::to_universal) }
}
