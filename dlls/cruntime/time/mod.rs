//! time.h: the clock, dates and the time zone.

mod clock;
mod date;
mod text;
mod zone;

/// `time_t` of the old runtime: it had 32 bits before there were programs of 64.
#[cfg(target_arch = "x86")]
pub type Native = i32;
/// `time_t` of the old runtime: it had 32 bits before there were programs of 64.
#[cfg(not(target_arch = "x86"))]
pub type Native = i64;

pub use clock::start;
