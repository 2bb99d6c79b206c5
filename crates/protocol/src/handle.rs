//! The number ranges of handles: a sandbox process numbers its local objects, the broker everything that it holds.

/// The most local handles of a process.
pub const LOCAL_MOST: u32 = 0xF_FFFF;
/// The first number that the broker gives; local numbers are below.
pub const BROKER: u32 = 0x40_0000;
/// The end of the broker's numbers.
pub const BROKER_END: u32 = 0x80_0000;
