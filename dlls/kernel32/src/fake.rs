//! What native tests have in the place of `ntdll`: calendar, locks that nobody contends for, and no zone.

use core::ffi::c_void;
use windows_sys::Wdk::System::SystemServices::TIME_FIELDS;
use windows_sys::Win32::Foundation::{ERROR_MR_MID_NOT_FOUND, NTSTATUS, STATUS_NOT_IMPLEMENTED};

const MILLISECOND: i64 = 10_000;
const DAY: i64 = 86_400_000 * MILLISECOND;

/// Days of each month that went before in a year.
fn days_before(year: i64, month: usize) -> i64 {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    LENGTHS[..month].iter().sum::<i64>() + i64::from(leap && month > 1)
}

/// Days from 1601 to a year's first.
fn days_to(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1601) + before / 4 - before / 100 + before / 400 - (1600 / 4 - 1600 / 100 + 1600 / 400)
}

#[unsafe(no_mangle)]
extern "system" fn RtlTimeFieldsToTime(given: &TIME_FIELDS, answer: &mut i64) -> u8 {
    let (year, month) = (i64::from(given.Year), given.Month as usize);
    if !(1601..=30827).contains(&year) || !(1..=12).contains(&month) {
        return 0;
    }
    let days = days_to(year) + days_before(year, month - 1) + i64::from(given.Day) - 1;
    if given.Day < 1 || days >= days_to(year) + days_before(year, month) {
        return 0;
    }
    let minutes = i64::from(given.Hour) * 60 + i64::from(given.Minute);
    *answer = days * DAY + ((minutes * 60 + i64::from(given.Second)) * 1000 + i64::from(given.Milliseconds)) * MILLISECOND;
    1
}

#[unsafe(no_mangle)]
extern "system" fn RtlTimeToTimeFields(time: &i64, answer: &mut TIME_FIELDS) {
    let (days, rest) = (time / DAY, time % DAY / MILLISECOND);
    let year = (1601..).take_while(|year| days_to(*year) <= days).last().unwrap_or(1601);
    let in_year = days - days_to(year);
    let month = (0..12).take_while(|month| days_before(year, *month) <= in_year).last().unwrap_or(0);
    *answer = TIME_FIELDS {
        Year: year as i16,
        Month: month as i16 + 1,
        Day: (in_year - days_before(year, month)) as i16 + 1,
        Hour: (rest / 3_600_000) as i16,
        Minute: (rest / 60_000 % 60) as i16,
        Second: (rest / 1000 % 60) as i16,
        Milliseconds: (rest % 1000) as i16,
        // 1601 began on a Monday.
        Weekday: ((days + 1) % 7) as i16,
    };
}

#[unsafe(no_mangle)]
extern "system" fn RtlNtStatusToDosError(_status: NTSTATUS) -> u32 {
    ERROR_MR_MID_NOT_FOUND
}

#[unsafe(no_mangle)]
extern "system" fn RtlAcquireSRWLockExclusive(_lock: *mut c_void) {}

#[unsafe(no_mangle)]
extern "system" fn RtlReleaseSRWLockExclusive(_lock: *mut c_void) {}

#[unsafe(no_mangle)]
extern "system" fn WcQueryTimeZone(_year: u32, _zone: *mut c_void) -> NTSTATUS {
    STATUS_NOT_IMPLEMENTED
}
