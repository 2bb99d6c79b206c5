//! Waiting on an address: `RtlWaitOnAddress` and its wake-ups.

use crate::gate::{ask, call};
use core::ffi::c_void;
use core::sync::atomic::AtomicU32;
use gate::service::{WaitAddress, WakeAddress};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;

/// Sleeps while a word holds a value; may return early. False when the time is over.
pub fn wait(word: &AtomicU32, value: u32, timeout: Option<i64>) -> bool {
    let address = core::ptr::from_ref(word) as u64;
    let mut request = WaitAddress { address, value: value.into(), size: 4, timed: timeout.is_some().into(), timeout: timeout.unwrap_or(0) };
    call(&mut request) != windows_sys::Win32::Foundation::STATUS_TIMEOUT
}

/// Wakes one or all of those who sleep on a word.
pub fn wake(word: &AtomicU32, all: bool) {
    call(&mut WakeAddress { address: core::ptr::from_ref(word) as u64, all: all.into(), pad: 0 });
}

/// Wakes those who sleep on a word that may be gone.
pub fn wake_at(word: *const AtomicU32) {
    call(&mut WakeAddress { address: word as u64, all: 1, pad: 0 });
}

/// Waits until the value at an address differs from the one given, or the time is over.
#[shim(ix = 0, mapping = "gate WaitAddress", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlWaitOnAddress(
    address: *const c_void,
    compare: *const c_void,
    size: usize,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    let value = match size {
        1 => u64::from(unsafe { *compare.cast::<u8>() }),
        2 => u64::from(unsafe { compare.cast::<u16>().read_unaligned() }),
        4 => u64::from(unsafe { compare.cast::<u32>().read_unaligned() }),
        8 => unsafe { compare.cast::<u64>().read_unaligned() },
        _ => return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER)),
    };
    let timed = !timeout.is_null();
    let timeout = if timed { unsafe { *timeout } } else { 0 };
    ask(&mut WaitAddress { address: address as u64, value, size: size as u32, timed: timed.into(), timeout }).map(NtStatus)
}

/// Wakes one thread that waits on an address.
#[shim(ix = 1, mapping = "gate WakeAddress", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlWakeAddressSingle(address: *const c_void) {
    call(&mut WakeAddress { address: address as u64, all: 0, pad: 0 });
}

/// Wakes every thread that waits on an address.
#[shim(ix = 2, mapping = "gate WakeAddress", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlWakeAddressAll(address: *const c_void) {
    call(&mut WakeAddress { address: address as u64, all: 1, pad: 0 });
}
