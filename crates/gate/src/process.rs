//! What is said of processes, in fixed widths: by the broker, and by each process of itself.

use crate::block::{SLICES, TELEMETRY_SIZE};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a process takes of the machine's memory, as the host counts it: in bytes, but for the faults.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct MemoryUse {
    /// How often a page was missing when it was touched.
    pub faults: u64,
    /// Resident now, and at most so far.
    pub resident: [u64; 2],
    /// Address space now, and at most so far.
    pub space: [u64; 2],
    /// Memory that is nobody else's.
    pub private: u64,
}

/// What is known of a process of the sandbox.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Facts {
    /// When it began, and when it ended or 0, in 100 ns since 1601.
    pub times: [i64; 2],
    /// User and kernel time that it has used, in 100 ns.
    pub used: [i64; 2],
    /// Its memory; zeroes once it has ended.
    pub memory: MemoryUse,
    /// Where its PEB lies, as it says; 0 before it has begun, and once it has ended.
    pub peb: u64,
    /// Its number, and that of the process that started it, or 0.
    pub ids: [u32; 2],
    /// Its first thread's number.
    pub thread: u32,
    /// Its exit code, once it has ended.
    pub code: u32,
    /// Non-zero once it has ended.
    pub ended: u32,
    /// Non-zero where it runs 32-bit code.
    pub narrow: u32,
    /// How many handles it has open.
    pub handles: u32,
    /// How many threads it has.
    pub threads: u32,
}

/// One process in a list: its program's path (UTF-16, `image` bytes, and up to 7 that fill them to a multiple of 8) follows, and a
/// [`ThreadRow`] for each of its threads.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Row {
    /// What is known of it.
    pub facts: Facts,
    /// Bytes of the path.
    pub image: u32,
    /// Unused.
    pub pad: u32,
}

/// A thread, as its process says; one without a number is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct ThreadRow {
    /// Its number.
    pub id: u32,
    /// Its priority, relative to the process's.
    pub priority: i32,
}

/// Where the outline lies in the memory that a process shares with the broker: behind the slices of its threads.
pub const OUTLINE: u64 = (SLICES * TELEMETRY_SIZE) as u64;

/// What a process says of itself for all that ask the broker about it. It is believed for nothing else.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Outline {
    /// Where its PEB lies.
    pub peb: u64,
    /// Handles that the broker does not know.
    pub handles: u32,
    /// Unused.
    pub pad: u32,
    /// Its threads, by the numbers of their slices.
    pub threads: [ThreadRow; SLICES],
}
