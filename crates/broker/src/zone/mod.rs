//! The user's time zone, as Windows tells it: the host's, by its rules for one year and by Windows' names.

mod host;
mod names;

use gate::zone::{Change, Zone};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Years that are kept; a program that asks for more is answered all the same.
const MOST_YEARS: usize = 64;

/// The zone and the years that were asked for.
#[derive(Debug, Default)]
pub struct Zones {
    zone: OnceLock<TimeZone>,
    years: Mutex<HashMap<u32, Zone>>,
}

/// The local time's distance from UTC, and how long it stays so.
#[derive(Clone, Debug)]
pub struct Bias {
    /// UTC less local time, in 100 ns.
    pub bias: i64,
    /// Whether that is a standard time (1), a daylight time (2), or the zone's only one (0).
    pub id: u32,
    /// From when until when it was worked out, in seconds since 1970: to the next change of the clocks, or of the year, whose
    /// rules may be others.
    pub holds: Range<i64>,
}

impl Zones {
    fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(host::zone)
    }

    /// The rules of a year.
    pub fn of_year(&self, year: u32) -> Zone {
        let mut years = self.years.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = years.get(&year) {
            return *zone;
        }
        let zone = rules(self.zone(), i16::try_from(year).unwrap_or(i16::MAX));
        if years.len() < MOST_YEARS {
            years.insert(year, zone);
        }
        zone
    }

    /// What holds at the moment.
    pub fn now(&self) -> Bias {
        bias(self.zone(), Timestamp::now())
    }
}

fn bias(zone: &TimeZone, now: Timestamp) -> Bias {
    let (offset, year) = (zone.to_offset(now), zone.to_datetime(now).year());
    let id = summer(zone, year).map_or(0, |(_, to_standard)| 1 + u32::from(offset != to_standard.after));
    // The year that rules is that of the zone's own calendar.
    let next_year = Date::new(year.saturating_add(1), 1, 1).ok().and_then(|date| date.to_zoned(zone.clone()).ok()).map(|date| date.timestamp());
    let next_change = zone.following(now).next().map(|transition| transition.timestamp());
    let end = next_year.into_iter().chain(next_change).min().unwrap_or(Timestamp::MAX);
    Bias { bias: -i64::from(offset.seconds()) * 10_000_000, id, holds: now.as_second()..end.as_second() }
}

/// The offset before and after a change of the clocks.
#[derive(Clone, Copy)]
struct Turn {
    at: Timestamp,
    before: Offset,
    after: Offset,
}

fn first_of(year: i16) -> Option<Timestamp> {
    Some(Date::new(year, 1, 1).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Changes of the offset in a year of the zone's.
fn turns(zone: &TimeZone, year: i16) -> Vec<Turn> {
    let (Some(start), Some(end)) = (first_of(year), first_of(year.saturating_add(1))) else { return Vec::new() };
    let mut before = zone.to_offset(start);
    let mut turns = Vec::new();
    for transition in zone.following(start).take_while(|transition| transition.timestamp() < end) {
        let after = transition.offset();
        if after != before {
            turns.push(Turn { at: transition.timestamp(), before, after });
        }
        before = after;
    }
    turns
}

fn minutes(offset: Offset) -> i32 {
    -offset.seconds() / 60
}

/// The changes to daylight time and to standard time in a year.
fn summer(zone: &TimeZone, year: i16) -> Option<(Turn, Turn)> {
    // Windows knows two changes in a year, or none: a year in which a country changes its mind has the time of its end.
    let [one, other] = turns(zone, year)[..] else { return None };
    if one.before != other.after {
        return None;
    }
    // Ireland's standard time is that of its summer, but not on Windows.
    Some(if one.after > one.before { (one, other) } else { (other, one) })
}

/// What the zone's clocks do in a year.
fn rules(zone: &TimeZone, year: i16) -> Zone {
    let last = first_of(year.saturating_add(1)).and_then(|next| next.checked_sub(1.second()).ok()).unwrap_or(Timestamp::MAX);
    let name = names::of(zone, last);
    let mut rules = Zone { bias: minutes(zone.to_offset(last)), key: padded(&name.key), ..Zone::default() };
    rules.standard_name = padded(&name.standard);
    rules.daylight_name = padded(&name.daylight);
    let Some((to_daylight, to_standard)) = summer(zone, year) else { return rules };
    rules.bias = minutes(to_standard.after);
    rules.daylight_bias = minutes(to_daylight.after) - rules.bias;
    rules.daylight = change(zone, to_daylight, year);
    rules.standard = change(zone, to_standard, year);
    rules
}

fn local(turn: Turn) -> DateTime {
    turn.before.to_datetime(turn.at)
}

/// A change as a week of a month.
fn change(zone: &TimeZone, turn: Turn, year: i16) -> Change {
    let at = local(turn);
    Change {
        year: 0,
        month: at.month() as u16,
        weekday: weekday(at.weekday()),
        day: week(zone, turn, year),
        hour: at.hour() as u16,
        minute: at.minute() as u16,
        second: at.second() as u16,
        millisecond: at.millisecond() as u16,
    }
}

fn weekday(day: Weekday) -> u16 {
    day.to_sunday_zero_offset() as u16
}

/// The week of a month: a day of its last seven is the last one, unless later years count from the month's start.
fn week(zone: &TimeZone, turn: Turn, year: i16) -> u16 {
    const LAST: u16 = 5;
    let nth = |at: DateTime| (at.day() as u16 - 1) / 7 + 1;
    let is_last = |at: DateTime| at.day() + 7 > at.date().days_in_month();
    let at = local(turn);
    if !is_last(at) {
        return nth(at);
    }
    let later = (1..=6).filter_map(|ahead| {
        let turns = turns(zone, year.checked_add(ahead)?);
        turns.into_iter().map(local).find(|other| (other.month(), other.weekday()) == (at.month(), at.weekday()))
    });
    if later.into_iter().all(is_last) { LAST } else { nth(at) }
}

/// A text in UTF-16, cut to its room.
fn padded<const N: usize>(text: &str) -> [u16; N] {
    let mut units = [0; N];
    units[..N - 1].iter_mut().zip(text.encode_utf16()).for_each(|(target, unit)| *target = unit);
    units
}

#[cfg(test)]
mod base;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, year: i16) -> Zone {
        rules(&host::named(name).unwrap(), year)
    }

    fn text(units: &[u16]) -> String {
        String::from_utf16_lossy(units).trim_end_matches('\0').to_owned()
    }

    /// Month, week, weekday, hour.
    fn when(change: Change) -> (u16, u16, u16, u16) {
        (change.month, change.day, change.weekday, change.hour)
    }

    #[test]
    fn northern_and_southern_summers() {
        let berlin = of("Europe/Berlin", 2026);
        assert_eq!((berlin.bias, berlin.standard_bias, berlin.daylight_bias), (-60, 0, -60));
        assert_eq!((when(berlin.daylight), when(berlin.standard)), ((3, 5, 0, 2), (10, 5, 0, 3)));
        assert_eq!((text(&berlin.key), text(&berlin.daylight_name)), ("W. Europe Standard Time".into(), "W. Europe Daylight Time".into()));
        let york = of("America/New_York", 2026);
        assert_eq!((york.bias, when(york.daylight), when(york.standard)), (300, (3, 2, 0, 2), (11, 1, 0, 2)));
        let sydney = of("Australia/Sydney", 2026);
        assert_eq!((sydney.bias, when(sydney.daylight), when(sydney.standard)), (-600, (10, 1, 0, 2), (4, 1, 0, 3)));
    }

    #[test]
    fn zones_without_summer() {
        for (name, bias, key) in [("UTC", 0, "UTC"), ("Asia/Kolkata", -330, "India Standard Time"), ("Asia/Tokyo", -540, "Tokyo Standard Time")] {
            let zone = of(name, 2026);
            assert_eq!((zone.bias, zone.daylight_bias, zone.daylight.month, text(&zone.key).as_str()), (bias, 0, 0, key));
        }
    }

    #[test]
    fn odd_rules() {
        let dublin = of("Europe/Dublin", 2026);
        assert_eq!((dublin.bias, dublin.daylight_bias, when(dublin.daylight)), (0, -60, (3, 5, 0, 1)));
        let howe = of("Australia/Lord_Howe", 2026);
        assert_eq!((howe.bias, howe.daylight_bias), (-630, -30));
        // Clocks changed twice in 2014 in Moscow's, to stay so.
        assert_eq!((of("Europe/Moscow", 2014).bias, of("Europe/Moscow", 2014).daylight.month), (-180, 0));
    }

    #[test]
    fn a_zone_that_windows_does_not_know_keeps_its_own_names() {
        let zone = TimeZone::posix("ABC-1DEF,M3.5.0,M10.5.0/3").unwrap();
        let rules = rules(&zone, 2026);
        assert_eq!((text(&rules.standard_name), text(&rules.daylight_name), text(&rules.key)), ("ABC".into(), "DEF".into(), String::new()));
        assert_eq!((rules.bias, when(rules.daylight)), (-60, (3, 5, 0, 2)));
    }

    #[test]
    fn a_bias_holds_until_the_clocks_change() {
        let berlin = host::named("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let minutes = |bias: &Bias| bias.bias / 600_000_000;
        let winter = bias(&berlin, at("2026-03-29T00:59:59Z"));
        assert_eq!((minutes(&winter), winter.id, winter.holds.end), (-60, 1, at("2026-03-29T01:00:00Z").as_second()));
        let summer = bias(&berlin, at("2026-03-29T01:00:00Z"));
        assert_eq!((minutes(&summer), summer.id, summer.holds.end), (-120, 2, at("2026-10-25T01:00:00Z").as_second()));
        // A new year may have other rules.
        let autumn = bias(&berlin, at("2026-11-22T12:00:00Z"));
        assert_eq!((minutes(&autumn), autumn.id, autumn.holds.end), (-60, 1, at("2026-12-31T23:00:00Z").as_second()));
        let india = bias(&host::named("Asia/Kolkata").unwrap(), at("2026-11-22T12:00:00Z"));
        assert_eq!((minutes(&india), india.id), (-330, 0));
    }

    #[test]
    fn years_without_end_are_answered() {
        for year in [0, 1601, 9999, 30827, u32::MAX] {
            Zones::default().of_year(year);
        }
    }
}
