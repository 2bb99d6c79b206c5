//! datetimeapi.h and timezoneapi.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER, FILETIME, SYSTEMTIME};
use windows_sys::Win32::Globalization::{DATE_LONGDATE, DATE_SHORTDATE, GetDateFormatW, GetTimeFormatW, TIME_FORCE24HOURFORMAT, TIME_NOSECONDS};
use windows_sys::Win32::System::Time::*;

/// The 29th of February 2024, a Thursday.
const LEAP: SYSTEMTIME = SYSTEMTIME { wYear: 2024, wMonth: 2, wDayOfWeek: 4, wDay: 29, wHour: 15, wMinute: 4, wSecond: 5, wMilliseconds: 6 };

fn date(flags: u32, picture: Option<&str>) -> String {
    let mut buffer = [0_u16; 80];
    let picture = picture.map(wide);
    unsafe { GetDateFormatW(0x409, flags, &LEAP, picture.as_ref().map_or(core::ptr::null(), |picture| picture.as_ptr()), buffer.as_mut_ptr(), 80) };
    narrow(&buffer)
}

fn time(flags: u32, picture: Option<&str>) -> String {
    let mut buffer = [0_u16; 80];
    let picture = picture.map(wide);
    unsafe { GetTimeFormatW(0x409, flags, &LEAP, picture.as_ref().map_or(core::ptr::null(), |picture| picture.as_ptr()), buffer.as_mut_ptr(), 80) };
    narrow(&buffer)
}

fn fields(time: &SYSTEMTIME) -> [u16; 8] {
    [time.wYear, time.wMonth, time.wDayOfWeek, time.wDay, time.wHour, time.wMinute, time.wSecond, time.wMilliseconds]
}

fn zeroed<T>() -> T {
    // SAFETY: only used for plain numbers.
    unsafe { core::mem::zeroed() }
}

/// Central European rules: an hour ahead, summer from the last Sunday of March to that of October.
fn berlin() -> TIME_ZONE_INFORMATION {
    let mut zone: TIME_ZONE_INFORMATION = zeroed();
    let change = |month, hour| SYSTEMTIME { wMonth: month, wDay: 5, wHour: hour, ..zeroed() };
    zone.Bias = -60;
    zone.DaylightBias = -60;
    zone.StandardDate = change(10, 3);
    zone.DaylightDate = change(3, 2);
    zone
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!GetDateFormatW", Success, "an American's dates, and pictures", {
            same!(date(DATE_SHORTDATE, None), "2/29/2024");
            same!(date(DATE_LONGDATE, None), "Thursday, February 29, 2024");
            same!(date(0, Some("dd.MM.yy 'at' ddd MMM d")), "29.02.24 at Thu Feb 29");
        });
        case!(cases, "kernel32!GetTimeFormatW", Success, "an American's times, and pictures", {
            same!(time(0, None), "3:04:05 PM");
            same!(time(TIME_NOSECONDS, None), "3:04 PM");
            same!(time(TIME_FORCE24HOURFORMAT, Some("HH:mm:ss")), "15:04:05");
            same!(time(0, Some("h 'o''clock' t")), "3 o'clock P");
        });
        case!(cases, "kernel32!GetDateFormatW kernel32!GetTimeFormatW", Failure, "a day that is not there, flags, and a small buffer", {
            let mut buffer = [0_u16; 2];
            let wrong = SYSTEMTIME { wDay: 30, ..LEAP };
            clear_error();
            same!((unsafe { GetDateFormatW(0x409, 0, &wrong, core::ptr::null(), buffer.as_mut_ptr(), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((unsafe { GetDateFormatW(0x409, DATE_SHORTDATE | DATE_LONGDATE, &LEAP, core::ptr::null(), buffer.as_mut_ptr(), 0) }, last_error()), (0, ERROR_INVALID_FLAGS));
            clear_error();
            same!((unsafe { GetTimeFormatW(0x409, 0, &LEAP, core::ptr::null(), buffer.as_mut_ptr(), 2) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
        });
        case!(cases, "kernel32!SystemTimeToFileTime kernel32!FileTimeToSystemTime", Success, "there and back", {
            let (mut file, mut again): (FILETIME, SYSTEMTIME) = (zeroed(), zeroed());
            same!(unsafe { SystemTimeToFileTime(&LEAP, &raw mut file) }, 1);
            same!(unsafe { FileTimeToSystemTime(&raw const file, &raw mut again) }, 1);
            same!(fields(&again), fields(&LEAP));
            file = FILETIME { dwLowDateTime: 0xD53E_8000, dwHighDateTime: 0x019D_B1DE };
            same!(unsafe { FileTimeToSystemTime(&raw const file, &raw mut again) }, 1);
            same!(fields(&again), [1970, 1, 4, 1, 0, 0, 0, 0]);
        });
        case!(cases, "kernel32!SystemTimeToFileTime kernel32!FileTimeToSystemTime", Failure, "a month that is not there, and a negative time", {
            let (mut file, mut again): (FILETIME, SYSTEMTIME) = (zeroed(), zeroed());
            let wrong = SYSTEMTIME { wMonth: 13, ..LEAP };
            clear_error();
            same!((unsafe { SystemTimeToFileTime(&wrong, &raw mut file) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            file.dwHighDateTime = 0x8000_0000;
            clear_error();
            same!((unsafe { FileTimeToSystemTime(&raw const file, &raw mut again) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        case!(cases, "kernel32!SystemTimeToTzSpecificLocalTime kernel32!TzSpecificLocalTimeToSystemTime", Success, "winter and summer of rules that are given", {
            let zone = berlin();
            for (month, hour) in [(1, 16), (7, 17)] {
                let universal = SYSTEMTIME { wMonth: month, wDay: 15, ..LEAP };
                let (mut local, mut again): (SYSTEMTIME, SYSTEMTIME) = (zeroed(), zeroed());
                same!(unsafe { SystemTimeToTzSpecificLocalTime(&zone, &universal, &raw mut local) }, 1);
                same!((local.wMonth, local.wHour), (month, hour));
                same!(unsafe { TzSpecificLocalTimeToSystemTime(&zone, &local, &raw mut again) }, 1);
                same!(again.wHour, 15);
            }
        });
        case!(cases, "kernel32!GetTimeZoneInformation kernel32!GetDynamicTimeZoneInformation", Success, "the same zone twice", {
            let (mut zone, mut dynamic): (TIME_ZONE_INFORMATION, DYNAMIC_TIME_ZONE_INFORMATION) = (zeroed(), zeroed());
            let id = unsafe { GetTimeZoneInformation(&raw mut zone) };
            holds!(id <= 2);
            same!(unsafe { GetDynamicTimeZoneInformation(&raw mut dynamic) }, id);
            same!((zone.Bias, zone.DaylightBias, narrow(&zone.StandardName)), (dynamic.Bias, dynamic.DaylightBias, narrow(&dynamic.StandardName)));
            holds!(zone.Bias.abs() <= 14 * 60 && zone.StandardName[0] != 0);
        });
        case!(cases, "kernel32!SystemTimeToTzSpecificLocalTime", Success, "without rules it is the user's own zone", {
            let mut zone: TIME_ZONE_INFORMATION = zeroed();
            let (mut ours, mut given): (SYSTEMTIME, SYSTEMTIME) = (zeroed(), zeroed());
            unsafe {
                GetTimeZoneInformationForYear(2024, core::ptr::null(), &raw mut zone);
                same!(SystemTimeToTzSpecificLocalTime(core::ptr::null(), &LEAP, &raw mut ours), 1);
                same!(SystemTimeToTzSpecificLocalTime(&raw const zone, &LEAP, &raw mut given), 1);
            }
            same!(fields(&ours), fields(&given));
        });
        cases.code()
    }
}
