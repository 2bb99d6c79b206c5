//! profileapi.h: the performance counter.

use crate::nt::{RtlQueryPerformanceCounter, RtlQueryPerformanceFrequency};
use guest::shim;

/// Answers the performance counter.
#[shim(ix = 13, mapping = "RtlQueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn QueryPerformanceCounter(counter: *mut i64) -> i32 {
    i32::from(unsafe { RtlQueryPerformanceCounter(counter) })
}

/// Answers the performance counter's ticks per second.
#[shim(ix = 94, mapping = "RtlQueryPerformanceFrequency", risk = Wrong("a wrong frequency"))]
pub unsafe extern "system" fn QueryPerformanceFrequency(frequency: *mut i64) -> i32 {
    i32::from(unsafe { RtlQueryPerformanceFrequency(frequency) })
}
