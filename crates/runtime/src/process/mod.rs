//! The process: what it was started with, its PEB and parameters, its end.

pub mod end;
pub mod other;
pub mod outline;
pub mod peb;
mod service;

use crate::memory::StackSize;
use crate::object::{Body, Object};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// What every thread needs to know of its process.
#[derive(Debug)]
pub struct Process {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// The number of the process that started it, or 0.
    pub parent: u32,
    /// Its PEB.
    pub peb: u64,
    /// Time stamps per microsecond while every call is to be reported, else 0.
    pub per_call: u64,
    /// The vDSO's `clock_gettime`.
    pub clock: u64,
    /// The gate's entry.
    pub gate: u64,
    /// `ntdll!LdrInitializeThunk`.
    pub loader: u64,
    /// `ntdll!RtlUserThreadStart`.
    pub thread_start: u64,
    /// `ntdll!KiUserExceptionDispatcher`.
    pub dispatcher: u64,
    /// What the program's headers want for its stacks.
    pub stack: StackSize,
    /// When it started, in 100 ns since 1601.
    pub created: i64,
}

static PROCESS: OnceLock<Process> = OnceLock::new();
static NEXT_ID: AtomicU32 = AtomicU32::new(0);
static FIRST_THREAD: AtomicU32 = AtomicU32::new(0);

/// The process; set before the first thread runs.
pub fn get() -> &'static Process {
    PROCESS.get().expect("set before the first thread runs")
}

/// Sets the process, once.
pub fn set(process: Process, first_thread: u32) {
    NEXT_ID.store(first_thread, Ordering::Relaxed);
    FIRST_THREAD.store(first_thread, Ordering::Relaxed);
    let _ = PROCESS.set(process);
}

/// The number of the first thread.
pub fn first_thread() -> u32 {
    FIRST_THREAD.load(Ordering::Relaxed)
}

/// The next thread's number: a multiple of 4, as on Windows.
pub fn next_id() -> u32 {
    NEXT_ID.fetch_add(4, Ordering::Relaxed)
}

/// The process as an object to wait for.
pub fn object() -> Result<Arc<Object>, NTSTATUS> {
    static OBJECT: OnceLock<Option<Arc<Object>>> = OnceLock::new();
    OBJECT.get_or_init(|| Object::new(Body::Process, 0)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
}
