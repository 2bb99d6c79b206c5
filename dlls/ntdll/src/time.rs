//! Time: the shared page that the broker keeps, the vDSO's clock, and calendar fields.

use gate::shared::QPC_TICKS_PER_SECOND;
use guest::call::NtStatus;
use guest::error::Status;
pub use guest::shared::{interrupt_time, system_time};
use guest::shim;
use windows_sys::Wdk::System::SystemServices::TIME_FIELDS;

/// 100 ns units of a day.
const DAY: i64 = 864_000_000_000;
/// 100 ns units between 1601 and 1970.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

const MONOTONIC: i32 = 1;
const REALTIME: i32 = 0;

/// A clock of the host, in 100 ns units.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn host_clock(clock: i32) -> Option<i64> {
    type Clock = unsafe extern "sysv64" fn(i32, *mut [i64; 2]) -> i32;
    let function: usize;
    // SAFETY: the runtime keeps the vDSO's function there, or 0.
    unsafe { core::arch::asm!("mov {}, gs:[{}]", out(reg) function, const gate::block::CLOCK, options(nostack, readonly)) };
    if function == 0 {
        return None;
    }
    let mut time = [0; 2];
    // SAFETY: that is the function's form.
    let read = unsafe { core::mem::transmute::<usize, Clock>(function)(clock, &raw mut time) };
    (read == 0).then(|| time[0] * 10_000_000 + time[1] / 100)
}

/// A clock of the host: 32-bit code cannot call the vDSO, but the runtime can.
#[cfg(not(all(target_os = "windows", target_arch = "x86_64")))]
fn host_clock(clock: i32) -> Option<i64> {
    let mut request = gate::service::ReadClock { real: (clock == REALTIME).into(), ..Default::default() };
    (crate::gate::call(&mut request) == 0).then_some(request.ticks as i64)
}

/// The performance counter: 100 ns of the host's monotonic clock.
#[inline]
pub fn performance_counter() -> i64 {
    host_clock(MONOTONIC).unwrap_or_else(interrupt_time)
}

/// The time in 100 ns since 1601 (UTC), as precise as the host has it.
pub fn precise_system_time() -> i64 {
    host_clock(REALTIME).map_or_else(system_time, |ticks| ticks + UNIX_EPOCH)
}

/// Answers the performance counter.
#[shim(ix = 166, mapping = "the vDSO's monotonic clock", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn RtlQueryPerformanceCounter(counter: *mut i64) -> u8 {
    unsafe { *counter = performance_counter() };
    1
}

/// Answers the performance counter's ticks per second.
#[shim(ix = 167, mapping = "10 MHz, as on Windows 10", risk = Wrong("a wrong frequency"))]
pub unsafe extern "system" fn RtlQueryPerformanceFrequency(frequency: *mut i64) -> u8 {
    unsafe { *frequency = QPC_TICKS_PER_SECOND as i64 };
    1
}

/// Answers the performance counter, and its ticks per second where that is wanted.
#[shim(ix = 168, mapping = "the vDSO's monotonic clock", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn NtQueryPerformanceCounter(counter: *mut i64, frequency: *mut i64) -> Result<NtStatus, Status> {
    unsafe {
        *counter = performance_counter();
        if !frequency.is_null() {
            *frequency = QPC_TICKS_PER_SECOND as i64;
        }
    }
    Ok(NtStatus::SUCCESS)
}

/// Answers the time in 100 ns since 1601 (UTC).
#[shim(ix = 169, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn NtQuerySystemTime(time: *mut i64) -> Result<NtStatus, Status> {
    unsafe { *time = system_time() };
    Ok(NtStatus::SUCCESS)
}

/// Answers the time in 100 ns since 1601 (UTC), as precise as the host has it.
#[shim(ix = 170, mapping = "the vDSO's clock", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn RtlGetSystemTimePrecise() -> i64 {
    precise_system_time()
}

/// Days since 1601 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that start in March put the leap day at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 584_694
}

/// The calendar's fields of a time.
pub fn fields(time: i64) -> TIME_FIELDS {
    let (days_since, within) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    // Days since 1 March of the year 0, in eras of 400 years.
    let shifted = days_since + 584_694;
    let (era, in_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let milliseconds = within / 10_000;
    TIME_FIELDS {
        Year: year as i16,
        Month: month as i16,
        Day: (day_of_year - (153 * month_index + 2) / 5 + 1) as i16,
        Hour: (milliseconds / 3_600_000) as i16,
        Minute: (milliseconds / 60_000 % 60) as i16,
        Second: (milliseconds / 1000 % 60) as i16,
        Milliseconds: (milliseconds % 1000) as i16,
        // 1 January 1601 was a Monday.
        Weekday: (days_since + 1).rem_euclid(7) as i16,
    }
}

/// The time of calendar fields; `None` where they are no date.
pub fn from_fields(fields: &TIME_FIELDS) -> Option<i64> {
    let (year, month, day) = (i64::from(fields.Year), i64::from(fields.Month), i64::from(fields.Day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    let (hour, minute, second) = (i64::from(fields.Hour), i64::from(fields.Minute), i64::from(fields.Second));
    let milliseconds = i64::from(fields.Milliseconds);
    let valid = (1601..=30827).contains(&year)
        && (1..=longest).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1000).contains(&milliseconds);
    valid.then(|| days(year, month, day) * DAY + (((hour * 60 + minute) * 60 + second) * 1000 + milliseconds) * 10_000)
}

/// The calendar's fields of a time.
#[shim(ix = 171, mapping = "the Gregorian calendar", risk = Wrong("a wrong date"))]
pub unsafe extern "system" fn RtlTimeToTimeFields(time: *const i64, answer: *mut TIME_FIELDS) {
    unsafe { *answer = fields(*time) };
}

/// The time of calendar fields; FALSE where they are no date.
#[shim(ix = 172, mapping = "the Gregorian calendar", risk = Wrong("a wrong date"))]
pub unsafe extern "system" fn RtlTimeFieldsToTime(given: *const TIME_FIELDS, answer: *mut i64) -> u8 {
    from_fields(unsafe { &*given }).map(|time| unsafe { *answer = time }).is_some().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_survives_both_ways() {
        for day in (0..200_000).step_by(17).chain([0, 59, 60, 146_096, 146_097]) {
            let time = day * DAY + 12_345_670_000;
            let fields = fields(time);
            assert_eq!(from_fields(&fields), Some(time / 10_000 * 10_000), "day {day}");
        }
    }

    #[test]
    fn known_dates() {
        let first = fields(0);
        assert_eq!((first.Year, first.Month, first.Day, first.Weekday), (1601, 1, 1, 1));
        let unix = fields(UNIX_EPOCH);
        assert_eq!((unix.Year, unix.Month, unix.Day, unix.Weekday), (1970, 1, 1, 4));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let mut fields = fields(UNIX_EPOCH);
        (fields.Month, fields.Day) = (2, 29);
        assert_eq!(from_fields(&fields), None);
        fields.Year = 1972;
        assert!(from_fields(&fields).is_some());
    }
}
