//! What our own DLLs ask of the gate, which only `ntdll` goes through: exports that Windows does not have.

use crate::gate::ask;
use crate::system::{DynamicTimeZone, machine, time_zone_of};
use core::ffi::c_void;
use gate::service::{Console, DebugPrint, Random, WaitControl};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;

/// Answers the user's time zone, by its rules of a year.
#[shim(ix = 205, mapping = "gate QueryTimeZone", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn WcQueryTimeZone(year: u32, zone: *mut DynamicTimeZone) -> Result<NtStatus, Status> {
    unsafe { *zone = time_zone_of(year)? };
    Ok(NtStatus::SUCCESS)
}

/// Answers the machine's memory: total and available physical bytes, total and available of physical and swap.
#[shim(ix = 206, mapping = "gate QuerySystem", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn WcQueryMemory(answer: *mut [u64; 4]) -> Result<NtStatus, Status> {
    unsafe { *answer = machine()?.memory };
    Ok(NtStatus::SUCCESS)
}

/// Fills memory with random bytes of the host's generator.
#[shim(ix = 207, mapping = "gate Random", risk = Isolation("numbers that can be guessed"))]
pub unsafe extern "system" fn WcRandom(buffer: *mut c_void, size: usize) -> Result<NtStatus, Status> {
    ask(&mut Random { buffer: buffer as u64, size: size as u64 }).map(NtStatus)
}

/// Reads or sets a console's mode, or reads its size (columns, rows). `kind` is a `gate::service::ConsoleKind`.
#[shim(ix = 288, mapping = "gate Console", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn WcConsole(console: *mut c_void, kind: u32, mode: *mut u32, size: *mut [u32; 2]) -> Result<NtStatus, Status> {
    let mut request = Console { handle: console as u64, kind, mode: unsafe { *mode }, size: [0; 2] };
    ask(&mut request)?;
    unsafe {
        *mode = request.mode;
        *size = request.size;
    }
    Ok(NtStatus::SUCCESS)
}

/// Waits for Ctrl-C and the like; with `ignore` 1 it says that Ctrl-C is ignored from now on, with 2 that it is not, with 3 that
/// somebody will wait.
#[shim(ix = 289, mapping = "gate WaitControl", risk = Functional("a program that Ctrl-C does not end"))]
pub unsafe extern "system" fn WcWaitControl(ignore: u32, event: *mut u32) -> Result<NtStatus, Status> {
    let mut request = WaitControl { event: 0, ignore };
    ask(&mut request)?;
    unsafe { *event = request.event };
    Ok(NtStatus::SUCCESS)
}

/// Shows text for a debugger, UTF-8.
#[shim(ix = 290, mapping = "gate DebugPrint", risk = Functional("a text that nobody sees"))]
pub unsafe extern "system" fn WcDebugPrint(text: *const u8, size: usize) -> Result<NtStatus, Status> {
    ask(&mut DebugPrint { text: text as u64, text_size: size as u64 }).map(NtStatus)
}
