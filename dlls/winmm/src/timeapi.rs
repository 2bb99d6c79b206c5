//! timeapi.h: the clock in milliseconds, and how fine timers are. Every timer here is as fine as the host's, which a
//! program need not ask for.

use guest::shim;

guest::imports! {
    "ntdll" {
        fn RtlQueryPerformanceCounter(counter: *mut i64) -> u8;
    }
}

/// `TIMERR_NOERROR` and `TIMERR_NOCANDO` (mmsystem.h).
const NO_ERROR: u32 = 0;
const CANNOT: u32 = 97;

/// The finest and the coarsest period in milliseconds, as Windows has them.
const PERIODS: core::ops::RangeInclusive<u32> = 1..=1_000_000;

/// `TIMECAPS`.
#[repr(C)]
pub struct Capabilities {
    least: u32,
    most: u32,
}

/// Answers the milliseconds since the system started.
#[shim(ix = 0, mapping = "RtlQueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn timeGetTime() -> u32 {
    const PER_MILLISECOND: i64 = 10_000;
    let mut counter = 0;
    // SAFETY: the counter is ours.
    unsafe { RtlQueryPerformanceCounter(&raw mut counter) };
    (counter / PER_MILLISECOND) as u32
}

/// Answers the finest and the coarsest period that a program may ask for.
#[shim(ix = 5, mapping = "fixed periods", risk = Wrong("a wrong period"))]
pub unsafe extern "system" fn timeGetDevCaps(answer: *mut Capabilities, size: u32) -> u32 {
    if answer.is_null() || (size as usize) < size_of::<Capabilities>() {
        return CANNOT;
    }
    unsafe { answer.write_unaligned(Capabilities { least: *PERIODS.start(), most: *PERIODS.end() }) };
    NO_ERROR
}

/// Asks for timers of a period at most, which they are.
#[shim(ix = 3, mapping = "nothing is needed: timers are the host's", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn timeBeginPeriod(period: u32) -> u32 {
    if PERIODS.contains(&period) { NO_ERROR } else { CANNOT }
}

/// Takes a wish for finer timers back.
#[shim(ix = 4, mapping = "nothing is needed: timers are the host's", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn timeEndPeriod(period: u32) -> u32 {
    if PERIODS.contains(&period) { NO_ERROR } else { CANNOT }
}
