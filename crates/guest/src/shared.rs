//! `KUSER_SHARED_DATA`, whose clock the broker keeps: reading it costs no call.

use core::sync::atomic::{AtomicI32, AtomicU8, AtomicU32, Ordering};
use gate::map::SHARED_DATA;
use gate::shared::{INTERRUPT_TIME, PROCESSOR_FEATURES, SYSTEM_TIME, TICK_COUNT, TIME_ZONE_BIAS, TIME_ZONE_ID, TIME_ZONE_UNSEEN};

/// Reads a `KSYSTEM_TIME`: its high half is there twice, and both agree unless it is being written.
#[inline]
fn time(offset: usize) -> i64 {
    let word = |at: usize| (SHARED_DATA as usize + offset + at) as *const AtomicU32;
    // SAFETY: the page is mapped as long as the process runs.
    let (low, high, check) = unsafe { (&*word(0), &*word(4).cast::<AtomicI32>(), &*word(8).cast::<AtomicI32>()) };
    loop {
        let first = high.load(Ordering::Acquire);
        let value = low.load(Ordering::Acquire);
        if first == check.load(Ordering::Acquire) {
            return i64::from(first) << 32 | i64::from(value);
        }
        core::hint::spin_loop();
    }
}

/// The time in 100 ns since 1601 (UTC), as of the last tick.
#[inline]
pub fn system_time() -> i64 {
    time(SYSTEM_TIME)
}

/// The time in 100 ns since the machine started, as of the last tick.
#[inline]
pub fn interrupt_time() -> i64 {
    time(INTERRUPT_TIME)
}

/// Milliseconds since the machine started, as of the last tick.
#[inline]
pub fn tick_count() -> u64 {
    time(TICK_COUNT) as u64
}

/// UTC less local time, in 100 ns; none in the first moments of a process.
pub fn time_zone_bias() -> Option<i64> {
    (word(TIME_ZONE_ID) != TIME_ZONE_UNSEEN).then(|| time(TIME_ZONE_BIAS))
}

/// A word of the page.
pub fn word(offset: usize) -> u32 {
    // SAFETY: the page is mapped as long as the process runs, and the offset is one of its members'.
    unsafe { &*((SHARED_DATA as usize + offset) as *const AtomicU32) }.load(Ordering::Acquire)
}

/// Whether the processor has a feature (`PF_*`).
pub fn has_feature(number: u32) -> bool {
    const FEATURES: usize = 64;
    let number = number as usize;
    // SAFETY: as above; the feature is one of the page's.
    number < FEATURES && unsafe { &*((SHARED_DATA as usize + PROCESSOR_FEATURES + number) as *const AtomicU8) }.load(Ordering::Relaxed) != 0
}
