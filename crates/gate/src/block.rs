//! The thread block: what lies behind each thread's TEB, at the same offsets in both bitnesses.
//!
//! `TEB | gate page | call counters | failure log`. The gate page belongs to the runtime, the rest is a slice of
//! memory that the broker reads. The guest can forge all of it: it is telemetry, never authority.

/// Where the gate page starts, in bytes from the TEB.
pub const GATE: usize = 0x2000;
/// The gate's entry point; on x86 a far pointer (offset, selector).
pub const GATE_ENTRY: usize = GATE;
/// Where the runtime keeps the thread's own stack pointer.
pub const GATE_HOST_STACK: usize = GATE + 0x10;
/// Where the runtime keeps the guest's stack pointer while the gate works.
pub const GATE_GUEST_STACK: usize = GATE + 0x18;
/// Non-zero while the policy asks for one audit event per call: how many time stamps make a microsecond.
pub const PER_CALL: usize = GATE + 0x20;
/// The vDSO's `clock_gettime` (System V convention), or 0 where there is none.
pub const CLOCK: usize = GATE + 0x28;
/// `ntdll`'s entry for reports of the other DLLs.
pub const REPORT: usize = GATE + 0x30;
/// Non-zero once the runtime wants the thread's attention before it runs guest code again.
pub const ATTENTION: usize = GATE + 0x38;
/// Where 32-bit code left to: the far pointer by which the gate goes back there.
pub const GATE_EXIT: usize = GATE + 0x40;
/// The block's own address, for 64-bit code that serves 32-bit code.
pub const GATE_BLOCK: usize = GATE + 0x48;
/// The runtime's own FS base, which is this block's while 32-bit code runs.
pub const GATE_HOST_FS: usize = GATE + 0x50;
/// Non-zero while the thread, which runs 32-bit code, has its names of files mean what they say (`dlls/ntdll/src/redirection.rs`).
pub const REDIRECTION: usize = GATE + 0x58;
/// How many mutants the thread owns, as far as it and the runtime have counted.
pub const OWNED: usize = GATE + 0x3C;
/// The bit of that count which says that the thread has taken mutants that processes share.
pub const OWNS_SHARED: u32 = 1 << 31;
/// The [`Calls`] that are under way, in per-call mode.
pub const CALLS: usize = GATE + 0x100;

/// When the calls that are under way started, in per-call mode.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// How many are under way.
    pub depth: usize,
    /// The time stamps of the outermost ones.
    pub starts: [u64; 64],
}

/// Where the call counters start, in bytes from the TEB; one `u64` per ledger slot.
pub const COUNTERS: usize = 0x3000;
/// How many functions the ledger can number.
pub const SLOTS: usize = 5120;
/// Where the failure log starts, in bytes from the TEB.
pub const FAILURES: usize = COUNTERS + SLOTS * 8;
/// How many different failures one thread can note between two readings.
pub const FAILURE_ENTRIES: usize = 256;
/// Bytes of the slice that the broker reads: counters and failure log.
pub const TELEMETRY_SIZE: usize = SLOTS * 8 + FAILURE_ENTRIES * size_of::<Failure>();
/// How many threads have a slice at a time.
pub const SLICES: usize = 4096;
/// Bytes of the whole block.
pub const SIZE: usize = COUNTERS + TELEMETRY_SIZE;

/// One row of the failure log: a function, the error it returned, and how often.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The ledger slot plus one; 0 marks a free row.
    pub slot: u32,
    /// The Win32 error, HRESULT or NTSTATUS that the function returned.
    pub code: u32,
    /// How often.
    pub count: u64,
}

const _: () = assert!(SIZE.is_multiple_of(0x1000) && SIZE <= 0x1_0000);
const _: () = assert!(FAILURES == 0xD000);
