//! Time zones: when clocks change, and what that makes of a time.

use crate::clock::{file_time, system_time};
use crate::lock::Lock;
use crate::nt::{WcQueryTimeZone, check};
use alloc::vec::Vec;
use guest::error::Win32Error;
use guest::shared;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, SYSTEMTIME};
use windows_sys::Win32::System::Time::{DYNAMIC_TIME_ZONE_INFORMATION, TIME_ZONE_INFORMATION};

const MINUTE: i64 = 600_000_000;
const DAY: i64 = 864_000_000_000;

/// The user's zone, by year.
static YEARS: Lock<Vec<(u16, DYNAMIC_TIME_ZONE_INFORMATION)>> = Lock::new(Vec::new());

/// The rules of the user's zone for a year.
pub fn of_year(year: u16) -> Result<DYNAMIC_TIME_ZONE_INFORMATION, Win32Error> {
    const MOST: usize = 32;
    if let Some(known) = YEARS.with(|years| years.iter().find(|known| known.0 == year).map(|known| known.1)) {
        return Ok(known);
    }
    // SAFETY: plain numbers, for which zero is a value.
    let mut zone: DYNAMIC_TIME_ZONE_INFORMATION = unsafe { core::mem::zeroed() };
    // SAFETY: writes the rules.
    check(unsafe { WcQueryTimeZone(year.into(), (&raw mut zone).cast()) })?;
    YEARS.with(|years| {
        if years.len() < MOST {
            years.push((year, zone));
        }
    });
    Ok(zone)
}

/// The part of the rules that does not depend on the year's name.
pub fn head(zone: &DYNAMIC_TIME_ZONE_INFORMATION) -> TIME_ZONE_INFORMATION {
    TIME_ZONE_INFORMATION {
        Bias: zone.Bias,
        StandardName: zone.StandardName,
        StandardDate: zone.StandardDate,
        StandardBias: zone.StandardBias,
        DaylightName: zone.DaylightName,
        DaylightDate: zone.DaylightDate,
        DaylightBias: zone.DaylightBias,
    }
}

/// The rules that hold at a time: those of its local year.
pub fn at(units: i64) -> Result<TIME_ZONE_INFORMATION, Win32Error> {
    let year = system_time(units)?.wYear;
    let zone = of_year(year)?;
    let local = system_time(units.saturating_sub(i64::from(zone.Bias) * MINUTE).max(0))?.wYear;
    Ok(head(&if local == year { zone } else { of_year(local)? }))
}

/// A time of UTC as the user's local time.
pub fn to_local(units: i64) -> Result<i64, Win32Error> {
    local(&at(units)?, units)
}

/// What the user's clock shows now.
pub fn local_time() -> Result<SYSTEMTIME, Win32Error> {
    let now = shared::system_time();
    system_time(shared::time_zone_bias().map_or_else(|| to_local(now), |bias| Ok(now - bias))?)
}

/// The user's local time as a time of UTC.
pub fn to_universal(units: i64) -> Result<i64, Win32Error> {
    universal(&head(&of_year(system_time(units)?.wYear)?), units)
}

/// Whether a zone's clocks change at all.
pub fn changes(zone: &TIME_ZONE_INFORMATION) -> bool {
    zone.StandardDate.wMonth != 0 && zone.DaylightDate.wMonth != 0
}

/// When clocks change in a year, as they show it before.
fn change(date: &SYSTEMTIME, year: u16) -> Result<i64, Win32Error> {
    if date.wYear != 0 {
        return file_time(date);
    }
    let refused = Win32Error(ERROR_INVALID_PARAMETER);
    if !(1..=5).contains(&date.wDay) || date.wDayOfWeek > 6 {
        return Err(refused);
    }
    let first = file_time(&SYSTEMTIME { wYear: year, wDay: 1, ..*date })?;
    let weekday = i64::from(system_time(first)?.wDayOfWeek);
    let ahead = (i64::from(date.wDayOfWeek) - weekday).rem_euclid(7);
    let mut at = first + (ahead + 7 * (i64::from(date.wDay) - 1)) * DAY;
    // The fifth week is the last one, where there is no fifth.
    if system_time(at)?.wMonth != date.wMonth {
        at -= 7 * DAY;
    }
    Ok(at)
}

/// Whether it is summer between two changes; south of the equator summer spans the new year.
fn is_between(time: i64, daylight: i64, standard: i64) -> bool {
    if daylight < standard { (daylight..standard).contains(&time) } else { !(standard..daylight).contains(&time) }
}

/// Whether daylight time holds at a time of UTC.
pub fn is_daylight(zone: &TIME_ZONE_INFORMATION, units: i64) -> Result<bool, Win32Error> {
    if !changes(zone) {
        return Ok(false);
    }
    let minutes = |bias: i32| i64::from(bias) * MINUTE;
    let (standard_bias, daylight_bias) = (minutes(zone.Bias + zone.StandardBias), minutes(zone.Bias + zone.DaylightBias));
    let year = system_time((units - standard_bias).max(0))?.wYear;
    let daylight = change(&zone.DaylightDate, year)? + standard_bias;
    let standard = change(&zone.StandardDate, year)? + daylight_bias;
    Ok(is_between(units, daylight, standard))
}

fn total_bias(zone: &TIME_ZONE_INFORMATION, daylight: bool) -> i64 {
    let more = if !changes(zone) {
        0
    } else if daylight {
        zone.DaylightBias
    } else {
        zone.StandardBias
    };
    (i64::from(zone.Bias) + i64::from(more)) * MINUTE
}

/// A time of UTC as local time.
pub fn local(zone: &TIME_ZONE_INFORMATION, units: i64) -> Result<i64, Win32Error> {
    let local = units - total_bias(zone, is_daylight(zone, units)?);
    if local < 0 { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(local) }
}

/// Local time as a time of UTC. An hour that comes twice is the first one.
pub fn universal(zone: &TIME_ZONE_INFORMATION, units: i64) -> Result<i64, Win32Error> {
    let daylight = changes(zone) && {
        let year = system_time(units)?.wYear;
        is_between(units, change(&zone.DaylightDate, year)?, change(&zone.StandardDate, year)?)
    };
    let universal = units + total_bias(zone, daylight);
    if universal < 0 { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(universal) }
}

/// Whether rules are rules: both dates are there or neither is, and they are dates.
pub fn check_rules(zone: &TIME_ZONE_INFORMATION) -> Result<(), Win32Error> {
    let refused = Err(Win32Error(ERROR_INVALID_PARAMETER));
    match (zone.StandardDate.wMonth, zone.DaylightDate.wMonth) {
        (0, 0) => Ok(()),
        (0, _) | (_, 0) => refused,
        _ => change(&zone.StandardDate, 2000).and(change(&zone.DaylightDate, 2000)).map(|_| ()),
    }
}
