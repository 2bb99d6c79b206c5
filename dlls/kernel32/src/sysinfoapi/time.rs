//! Clocks.

use crate::clock::{file_time_of, system_time};
use crate::nt::RtlGetSystemTimePrecise;
use crate::zone::local_time;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{shared, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_PRIVILEGE_NOT_HELD, FILETIME, SYSTEMTIME};

/// Answers the time (UTC) as calendar fields.
#[shim(ix = 195, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetSystemTime(answer: *mut SYSTEMTIME) {
    if let Ok(now) = system_time(shared::system_time()) {
        unsafe { *answer = now };
    }
}

/// Answers the user's local time as calendar fields.
#[shim(ix = 250, mapping = "the shared page, the host's time zone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetLocalTime(answer: *mut SYSTEMTIME) {
    if let Ok(now) = local_time() {
        unsafe { *answer = now };
    }
}

/// Answers the time (UTC) as of the last tick.
#[shim(ix = 11, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetSystemTimeAsFileTime(answer: *mut FILETIME) {
    unsafe { *answer = file_time_of(shared::system_time()) };
}

/// Answers the time (UTC) as precise as the host has it.
#[shim(ix = 213, mapping = "the host's clock", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetSystemTimePreciseAsFileTime(answer: *mut FILETIME) {
    unsafe { *answer = file_time_of(RtlGetSystemTimePrecise()) };
}

/// Milliseconds since the machine started, which begin anew after 49.7 days.
#[shim(ix = 90, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTickCount() -> u32 {
    shared::tick_count() as u32
}

/// Milliseconds since the machine started.
#[shim(ix = 265, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTickCount64() -> u64 {
    shared::tick_count()
}

/// Refuses to set the clock: no program of a sandbox has the privilege.
#[shim(ix = 466, mapping = "refused: SE_SYSTEMTIME_NAME is never held", risk = Isolation("the host's clock set"))]
pub unsafe extern "system" fn SetSystemTime(time: *const SYSTEMTIME) -> Result<Bool, Win32Error> {
    let time = unsafe { time.as_ref() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    crate::clock::file_time(time)?;
    Err(Win32Error(ERROR_PRIVILEGE_NOT_HELD))
}

/// Refuses to set the clock: no program of a sandbox has the privilege.
#[shim(ix = 519, mapping = "refused: SE_SYSTEMTIME_NAME is never held", risk = Isolation("the host's clock set"))]
pub unsafe extern "system" fn SetLocalTime(time: *const SYSTEMTIME) -> Result<Bool, Win32Error> {
    let time = unsafe { time.as_ref() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    crate::clock::file_time(time)?;
    Err(Win32Error(ERROR_PRIVILEGE_NOT_HELD))
}

/// Answers how far the clock is moved at each tick: it is the host's matter, and programs see a clock that is not adjusted.
#[shim(ix = 449, mapping = "the shared page's tick", risk = Wrong("a wrong period"))]
pub unsafe extern "system" fn GetSystemTimeAdjustment(adjustment: *mut u32, period: *mut u32, disabled: *mut i32) -> Result<Bool, Win32Error> {
    if adjustment.is_null() || period.is_null() || disabled.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        *adjustment = gate::shared::TICK_UNITS;
        *period = gate::shared::TICK_UNITS;
        *disabled = 1;
    }
    Ok(Bool)
}

/// 100 ns units that the machine has run, without its sleep.
#[shim(ix = 568, mapping = "the shared page", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn QueryUnbiasedInterruptTime(answer: *mut u64) -> Result<Bool, Win32Error> {
    if answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *answer = shared::interrupt_time() as u64 };
    Ok(Bool)
}
