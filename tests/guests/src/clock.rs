//! The clock of programs that time things.

use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};

/// Nanoseconds of a clock that goes on evenly.
pub fn nanoseconds() -> i64 {
    let (mut count, mut frequency) = (0, 0);
    // SAFETY: writes the numbers.
    unsafe {
        QueryPerformanceCounter(&raw mut count);
        QueryPerformanceFrequency(&raw mut frequency);
    }
    (i128::from(count) * 1_000_000_000 / i128::from(frequency.max(1))) as i64
}
