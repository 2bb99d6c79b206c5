//! Waiting on an address.

use super::{pointer, timeout};
use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_TIMEOUT, STATUS_TIMEOUT};

guest::forward!(
    WakeByAddressSingle = 185 => "ntdll.RtlWakeAddressSingle",
    WakeByAddressAll = 170 => "ntdll.RtlWakeAddressAll",
);

/// Waits until the value at an address differs from the one given, or the time is over; may return early.
#[shim(ix = 169, mapping = "RtlWaitOnAddress", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitOnAddress(
    address: *const c_void,
    compare: *const c_void,
    size: usize,
    milliseconds: u32,
) -> Result<Bool, Win32Error> {
    let timeout = timeout(milliseconds);
    let status = unsafe { nt::RtlWaitOnAddress(address, compare, size, pointer(timeout.as_ref())) };
    if status == STATUS_TIMEOUT { Err(Win32Error(ERROR_TIMEOUT)) } else { check(status).map(|_| Bool) }
}
