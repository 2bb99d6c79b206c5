//! File times: comparing them, and local time. And the code page of file names.

use crate::ansi;
use crate::information::{file_time, time_of};
use gate::map::SHARED_DATA;
use gate::shared::{SYSTEM_TIME, TIME_ZONE_BIAS};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME};

/// A `KSYSTEM_TIME` of the shared page: the broker writes its second upper half first, its first one last.
fn shared(offset: usize) -> i64 {
    let word = |index: usize| {
        // SAFETY: the page is mapped as long as the process runs.
        unsafe { ((SHARED_DATA as usize + offset + 4 * index) as *const u32).read_volatile() }
    };
    loop {
        let (upper, low, again) = (word(1), word(0), word(2));
        if upper == again {
            return i64::from(upper as i32) << 32 | i64::from(low);
        }
    }
}

/// The time of day, in 100 ns since 1601.
pub fn now() -> i64 {
    shared(SYSTEM_TIME)
}

/// Says which of two times is earlier: -1, 0 or 1.
#[shim(ix = 252, mapping = "a comparison", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn CompareFileTime(first: *const FILETIME, second: *const FILETIME) -> i32 {
    // The halves are unsigned: a time has no sign here.
    let [first, second] = unsafe { [time_of(&*first) as u64, time_of(&*second) as u64] };
    first.cmp(&second) as i32
}

unsafe fn moved(source: *const FILETIME, target: *mut FILETIME, distance: i64) -> Result<Bool, Win32Error> {
    let time = unsafe { time_of(&*source) }.checked_add(distance).filter(|time| *time >= 0);
    unsafe { *target = file_time(time.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?) };
    Ok(Bool)
}

/// Turns a UTC time into local time, by the bias of now.
#[shim(ix = 260, mapping = "the shared page's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn FileTimeToLocalFileTime(time: *const FILETIME, local: *mut FILETIME) -> Result<Bool, Win32Error> {
    unsafe { moved(time, local, -shared(TIME_ZONE_BIAS)) }
}

/// Turns a local time into UTC, by the bias of now.
#[shim(ix = 377, mapping = "the shared page's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn LocalFileTimeToFileTime(local: *const FILETIME, time: *mut FILETIME) -> Result<Bool, Win32Error> {
    unsafe { moved(local, time, shared(TIME_ZONE_BIAS)) }
}

/// Lets the `A` functions for files take the OEM code page.
#[shim(ix = 356, mapping = "a flag of the process", risk = Wrong("a wrong code page"))]
pub unsafe extern "system" fn SetFileApisToOEM() {
    ansi::set_files_oem(true);
}

/// Lets the `A` functions for files take the ANSI code page.
#[shim(ix = 518, mapping = "a flag of the process", risk = Wrong("a wrong code page"))]
pub unsafe extern "system" fn SetFileApisToANSI() {
    ansi::set_files_oem(false);
}

/// Says whether the `A` functions for files take the ANSI code page.
#[shim(ix = 235, mapping = "a flag of the process", risk = Wrong("a wrong code page"))]
pub unsafe extern "system" fn AreFileApisANSI() -> i32 {
    (!ansi::files_are_oem()).into()
}
