//! Times as FAT volumes keep them: local, in steps of two seconds, from 1980 on.

use crate::information::{file_time, time_of};
use crate::nt::{RtlTimeFieldsToTime, RtlTimeToTimeFields};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::System::SystemServices::TIME_FIELDS;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME};

/// Turns an MS-DOS date and time into a file time.
#[shim(ix = 411, mapping = "RtlTimeFieldsToTime", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn DosDateTimeToFileTime(date: u16, time: u16, answer: *mut FILETIME) -> Result<Bool, Win32Error> {
    let fields = TIME_FIELDS {
        Year: (date >> 9) as i16 + 1980,
        Month: (date >> 5 & 15) as i16,
        Day: (date & 31) as i16,
        Hour: (time >> 11) as i16,
        Minute: (time >> 5 & 63) as i16,
        Second: (time & 31) as i16 * 2,
        Milliseconds: 0,
        Weekday: 0,
    };
    let mut ticks = 0;
    if unsafe { RtlTimeFieldsToTime(&raw const fields, &raw mut ticks) } == 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *answer = file_time(ticks) };
    Ok(Bool)
}

/// Turns a file time into an MS-DOS date and time; an odd second is cut.
#[shim(ix = 392, mapping = "RtlTimeToTimeFields", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn FileTimeToDosDateTime(given: *const FILETIME, date: *mut u16, time: *mut u16) -> Result<Bool, Win32Error> {
    let refused = Win32Error(ERROR_INVALID_PARAMETER);
    let ticks = time_of(unsafe { &*given });
    if ticks < 0 {
        return Err(refused);
    }
    let mut fields = TIME_FIELDS::default();
    unsafe { RtlTimeToTimeFields(&raw const ticks, &raw mut fields) };
    let years = u16::try_from(fields.Year - 1980).ok().filter(|years| *years < 128).ok_or(refused)?;
    unsafe {
        *date = years << 9 | (fields.Month as u16) << 5 | fields.Day as u16;
        *time = (fields.Hour as u16) << 11 | (fields.Minute as u16) << 5 | fields.Second as u16 / 2;
    }
    Ok(Bool)
}
