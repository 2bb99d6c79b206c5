//! A time zone's rules for one year, as `DYNAMIC_TIME_ZONE_INFORMATION` tells them.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// When the clocks change, in the fields of a `SYSTEMTIME`: `year` 0 stands for every year, and `day` for the week of the
/// month then (5 is the last); month 0 says that they do not change.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Change {
    /// The year, or 0.
    pub year: u16,
    /// 1 to 12, or 0.
    pub month: u16,
    /// 0 is Sunday.
    pub weekday: u16,
    /// The day or the week.
    pub day: u16,
    /// The local time before the change.
    pub hour: u16,
    /// Minutes.
    pub minute: u16,
    /// Seconds.
    pub second: u16,
    /// Milliseconds.
    pub millisecond: u16,
}

/// The rules of one year.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Zone {
    /// UTC less local time, in minutes.
    pub bias: i32,
    /// What standard time adds to the bias.
    pub standard_bias: i32,
    /// What daylight time adds to the bias.
    pub daylight_bias: i32,
    /// When standard time starts.
    pub standard: Change,
    /// When daylight time starts.
    pub daylight: Change,
    /// Standard time's name, UTF-16, padded with NUL.
    pub standard_name: [u16; 32],
    /// Daylight time's name.
    pub daylight_name: [u16; 32],
    /// The zone's name in Windows' registry; empty where Windows has none.
    pub key: [u16; 128],
}

impl Default for Zone {
    fn default() -> Self {
        Self {
            bias: 0,
            standard_bias: 0,
            daylight_bias: 0,
            standard: Change::default(),
            daylight: Change::default(),
            standard_name: [0; 32],
            daylight_name: [0; 32],
            key: [0; 128],
        }
    }
}
