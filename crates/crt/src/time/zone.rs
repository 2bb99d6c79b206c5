//! A time zone as Windows describes it.

use super::Tm;
use super::calendar::{days_from_civil, days_in_month, weekday};

/// When a rule starts: `SYSTEMTIME` as `TIME_ZONE_INFORMATION` uses it, in the local time that was valid until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Whether `day` is a day of the month; else it counts weeks.
    pub absolute: bool,
    /// 1 to 12.
    pub month: u16,
    /// 0 (Sunday) to 6; for weeks only.
    pub weekday: u16,
    /// The day of the month, or which of the weekdays in the month, 5 for the last.
    pub day: u16,
    /// Seconds since midnight.
    pub second: i32,
}

/// Standard or daylight saving time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When it starts.
    pub start: Switch,
    /// Minutes that come to the zone's bias: usually 0, and -60 for daylight saving time.
    pub bias: i32,
}

/// A time zone. The rules count for every year, as in the C runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Minutes to add to local time for UTC.
    pub bias: i32,
    /// The rules of standard and of daylight saving time, if the zone has both.
    pub rules: Option<(Rule, Rule)>,
}

impl Zone {
    /// Seconds to add to local standard time for UTC (`_timezone`).
    pub fn standard(&self) -> i64 {
        let bias = self.rules.map_or(0, |(standard, _)| standard.bias);
        (i64::from(self.bias) + i64::from(bias)) * 60
    }

    /// Seconds that daylight saving time adds to that (`_dstbias`), usually -3600.
    pub fn daylight(&self) -> i64 {
        self.rules.map_or(0, |(standard, daylight)| (i64::from(daylight.bias) - i64::from(standard.bias)) * 60)
    }

    /// Whether a local standard time lies in daylight saving time.
    pub(super) fn is_daylight(&self, tm: &Tm) -> bool {
        let Some((standard, daylight)) = self.rules else { return false };
        let year = i64::from(tm.year) + 1900;
        let start = daylight.start.second_of_year(year);
        // The end is told in daylight saving time.
        let end = standard.start.second_of_year(year) + self.daylight();
        let now = ((i64::from(tm.yday) * 24 + i64::from(tm.hour)) * 60 + i64::from(tm.min)) * 60 + i64::from(tm.sec);
        if start < end { (start..end).contains(&now) } else { !(end..start).contains(&now) }
    }
}

impl Switch {
    fn second_of_year(&self, year: i64) -> i64 {
        let month = i64::from(self.month) - 1;
        let first = days_from_civil(year, month, 1);
        let day = if self.absolute {
            i64::from(self.day) - 1
        } else {
            let weeks = (i64::from(self.weekday) - weekday(first)).rem_euclid(7) + (i64::from(self.day) - 1) * 7;
            if weeks >= days_in_month(year, month) { weeks - 7 } else { weeks }
        };
        (first + day - days_from_civil(year, 0, 1)) * 86_400 + i64::from(self.second)
    }
}
