//! What our own DLLs ask of the gate, which only `ntdll` goes through: exports that Windows does not have.

use crate::gate::ask;
use crate::system::{DynamicTimeZone, machine, time_zone_of};
use core::ffi::c_void;
use gate::service::Random;
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
