//! Times of files and of now, in the user's zone.

use windows_sys::Win32::Foundation::{FILETIME, SYSTEMTIME};
use windows_sys::Win32::System::SystemInformation::GetLocalTime;
use windows_sys::Win32::System::Time::{FileTimeToSystemTime, SystemTimeToTzSpecificLocalTime};

/// Now.
pub fn now() -> SYSTEMTIME {
    let mut time = SYSTEMTIME::default();
    // SAFETY: writes the time.
    unsafe { GetLocalTime(&raw mut time) };
    time
}

/// A time in 100 ns since 1601, in the user's zone.
pub fn local(time: u64) -> SYSTEMTIME {
    let file = FILETIME { dwLowDateTime: time as u32, dwHighDateTime: (time >> 32) as u32 };
    let (mut universal, mut local) = (SYSTEMTIME::default(), SYSTEMTIME::default());
    // SAFETY: reads and writes times.
    unsafe {
        FileTimeToSystemTime(&raw const file, &raw mut universal);
        SystemTimeToTzSpecificLocalTime(core::ptr::null(), &raw const universal, &raw mut local);
    }
    local
}

/// A number that differs from run to run.
pub fn seed() -> u32 {
    // SAFETY: takes nothing.
    let ticks = unsafe { windows_sys::Win32::System::SystemInformation::GetTickCount() };
    // SAFETY: takes nothing.
    ticks ^ unsafe { windows_sys::Win32::System::Threading::GetCurrentProcessId() }.rotate_left(16)
}
