//! The audit: what programs asked for, what was granted, what was refused and why.

mod event;
mod log;
mod read;

pub use event::{Event, Kind, Outcome, Trust};
pub use log::{Log, now};
pub use read::{Entry, entries};
