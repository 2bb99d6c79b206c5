//! Times as calendar fields and as file times.

use crate::nt::{RtlTimeFieldsToTime, RtlTimeToTimeFields};
use guest::error::Win32Error;
use windows_sys::Wdk::System::SystemServices::TIME_FIELDS;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, SYSTEMTIME};

/// The 100 ns units since 1601 of a FILETIME.
pub fn units(time: FILETIME) -> i64 {
    (u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)) as i64
}

/// A FILETIME of 100 ns units since 1601.
pub fn file_time_of(units: i64) -> FILETIME {
    FILETIME { dwLowDateTime: units as u32, dwHighDateTime: (units as u64 >> 32) as u32 }
}

/// The 100 ns units since 1601 of calendar fields. The day of the week does not count.
pub fn file_time(fields: &SYSTEMTIME) -> Result<i64, Win32Error> {
    let fields = TIME_FIELDS {
        Year: fields.wYear as i16,
        Month: fields.wMonth as i16,
        Day: fields.wDay as i16,
        Hour: fields.wHour as i16,
        Minute: fields.wMinute as i16,
        Second: fields.wSecond as i16,
        Milliseconds: fields.wMilliseconds as i16,
        Weekday: 0,
    };
    let mut units = 0;
    // SAFETY: reads the fields and writes the time.
    if unsafe { RtlTimeFieldsToTime(&raw const fields, &raw mut units) } == 0 { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(units) }
}

/// The calendar fields of 100 ns units since 1601; none where the time is negative.
pub fn system_time(units: i64) -> Result<SYSTEMTIME, Win32Error> {
    if units < 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: plain numbers, for which zero is a value.
    let mut fields: TIME_FIELDS = unsafe { core::mem::zeroed() };
    // SAFETY: reads the time and writes the fields.
    unsafe { RtlTimeToTimeFields(&raw const units, &raw mut fields) };
    Ok(SYSTEMTIME {
        wYear: fields.Year as u16,
        wMonth: fields.Month as u16,
        wDayOfWeek: fields.Weekday as u16,
        wDay: fields.Day as u16,
        wHour: fields.Hour as u16,
        wMinute: fields.Minute as u16,
        wSecond: fields.Second as u16,
        wMilliseconds: fields.Milliseconds as u16,
    })
}
