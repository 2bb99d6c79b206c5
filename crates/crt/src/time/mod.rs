//! Dates: `gmtime`, `localtime`, `mktime`, `asctime`, `strftime`.
//!
//! Times are seconds since the start of 1970 in UTC. The 32-bit functions are the 64-bit ones with narrower limits.

mod calendar;
mod convert;
mod format;
mod text;
mod zone;

pub use convert::{gmtime, localtime, localtime32, mkgmtime, mkgmtime32, mktime, mktime32};
pub use format::{Environment, strftime};
pub use text::{ASCTIME_SIZE, asctime, date, time_of_day};
pub use zone::{Rule, Switch, Zone};

/// The last time of the 64-bit functions: the documented end of the year 3000, which Windows takes in Pacific time.
pub const MAXIMUM: i64 = 0x7_9340_6FFF;
/// The last time of `_mktime32` and `_mkgmtime32`: 23:59:59 on 18 January 2038.
pub const MAXIMUM_32: i64 = 0x7FFF_D27F;
/// How far before and behind the limits `gmtime` still answers, so that local times near them can be converted.
const SLACK: (i64, i64) = (12 * 3600, 13 * 3600);

/// `struct tm`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tm {
    /// Seconds, 0 to 59.
    pub sec: i32,
    /// Minutes, 0 to 59.
    pub min: i32,
    /// Hours, 0 to 23.
    pub hour: i32,
    /// Day of the month, 1 to 31.
    pub mday: i32,
    /// Month, 0 to 11.
    pub mon: i32,
    /// Years since 1900.
    pub year: i32,
    /// Day of the week, 0 (Sunday) to 6.
    pub wday: i32,
    /// Day of the year, 0 to 365.
    pub yday: i32,
    /// Positive in daylight saving time, 0 otherwise, negative if not known.
    pub isdst: i32,
}

impl Tm {
    /// What the `_s` functions leave where they fail.
    pub const INVALID: Self = Self { sec: -1, min: -1, hour: -1, mday: -1, mon: -1, year: -1, wday: -1, yday: -1, isdst: -1 };
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
