//! time.h: the clock, dates and the time zone.

mod clock;
mod date;
mod text;
mod zone;

pub use clock::{Native, start};
