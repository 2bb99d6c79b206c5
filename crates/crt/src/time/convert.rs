//! Between seconds and dates.

use super::calendar::{civil_from_days, days_from_civil, weekday};
use super::{MAXIMUM, MAXIMUM_32, SLACK, Tm, Zone};
use crate::Errno;

const DAY: i64 = 86_400;

/// `_gmtime64_s`, and `_gmtime32_s` of what 32 bits can say.
///
/// # Errors
/// [`Errno::Invalid`] more than 12 hours before 1970 or more than 13 behind the year 3000, which is what Windows allows.
pub fn gmtime(time: i64) -> Result<Tm, Errno> {
    if !(-SLACK.0..=MAXIMUM + SLACK.1).contains(&time) {
        return Err(Errno::Invalid);
    }
    Ok(civil(time))
}

/// `_localtime64_s`.
///
/// # Errors
/// [`Errno::Invalid`] before 1970 and behind the year 3000.
pub fn localtime(time: i64, zone: &Zone) -> Result<Tm, Errno> {
    if !(0..=MAXIMUM).contains(&time) {
        return Err(Errno::Invalid);
    }
    Ok(local(time, zone))
}

/// `_localtime32_s`.
///
/// # Errors
/// [`Errno::Invalid`] before 1970.
pub fn localtime32(time: i32, zone: &Zone) -> Result<Tm, Errno> {
    localtime(time.into(), zone)
}

/// `_mktime64`: the time of a local date, whose fields may lie outside their ranges and are put right.
///
/// # Errors
/// [`Errno::Invalid`] before 1970 and behind the year 3000; the date stays as it is then.
pub fn mktime(tm: &mut Tm, zone: &Zone) -> Result<i64, Errno> {
    make(tm, Some(zone), MAXIMUM)
}

/// `_mktime32`.
///
/// # Errors
/// [`Errno::Invalid`] before 1970 and behind 18 January 2038; the date stays as it is then.
pub fn mktime32(tm: &mut Tm, zone: &Zone) -> Result<i32, Errno> {
    make(tm, Some(zone), MAXIMUM_32).map(|time| time as i32)
}

/// `_mkgmtime64`: the time of a date in UTC, whose fields may lie outside their ranges and are put right.
///
/// # Errors
/// [`Errno::Invalid`] before 1970 and behind the year 3000; the date stays as it is then.
pub fn mkgmtime(tm: &mut Tm) -> Result<i64, Errno> {
    make(tm, None, MAXIMUM)
}

/// `_mkgmtime32`.
///
/// # Errors
/// [`Errno::Invalid`] before 1970 and behind 18 January 2038; the date stays as it is then.
pub fn mkgmtime32(tm: &mut Tm) -> Result<i32, Errno> {
    make(tm, None, MAXIMUM_32).map(|time| time as i32)
}

fn civil(time: i64) -> Tm {
    let (days, second) = (time.div_euclid(DAY), time.rem_euclid(DAY) as i32);
    let (year, month, day) = civil_from_days(days);
    Tm {
        sec: second % 60,
        min: second / 60 % 60,
        hour: second / 3600,
        mday: day as i32,
        mon: month as i32,
        year: (year - 1900) as i32,
        wday: weekday(days) as i32,
        yday: (days - days_from_civil(year, 0, 1)) as i32,
        isdst: 0,
    }
}

fn local(time: i64, zone: &Zone) -> Tm {
    let standard = time - zone.standard();
    let tm = civil(standard);
    match zone.is_daylight(&tm) {
        true => Tm { isdst: 1, ..civil(standard - zone.daylight()) },
        false => tm,
    }
}

fn make(tm: &mut Tm, zone: Option<&Zone>, maximum: i64) -> Result<i64, Errno> {
    // Further out no field can bring the date back.
    if !(69..=1101).contains(&(i64::from(tm.year) + i64::from(tm.mon).div_euclid(12))) {
        return Err(Errno::Invalid);
    }
    let days = days_from_civil(i64::from(tm.year) + 1900, tm.mon.into(), 1) + i64::from(tm.mday) - 1;
    let mut time = days * DAY + i64::from(tm.hour) * 3600 + i64::from(tm.min) * 60 + i64::from(tm.sec);
    if let Some(zone) = zone {
        time += zone.standard();
        if tm.isdst > 0 || tm.isdst < 0 && zone.is_daylight(&civil(time - zone.standard())) {
            time += zone.daylight();
        }
    }
    if !(0..=maximum).contains(&time) {
        return Err(Errno::Invalid);
    }
    *tm = zone.map_or_else(|| civil(time), |zone| local(time, zone));
    Ok(time)
}
