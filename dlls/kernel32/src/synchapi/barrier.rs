//! Synchronization barriers.

use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;

/// Prepares a barrier for a number of threads.
#[shim(ix = 733, mapping = "RtlInitBarrier", risk = Functional("a thread that goes on too early"))]
pub unsafe extern "system" fn InitializeSynchronizationBarrier(barrier: *mut c_void, threads: i32, spins: i32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlInitBarrier(barrier, threads, spins) }).map(|_| Bool)
}

/// Waits until as many threads have come as the barrier is for. TRUE for the last of them.
#[shim(ix = 734, mapping = "RtlBarrier", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn EnterSynchronizationBarrier(barrier: *mut c_void, flags: u32) -> i32 {
    unsafe { nt::RtlBarrier(barrier, flags) }.into()
}

/// Waits until no thread has anything to do with a barrier any more.
#[shim(ix = 735, mapping = "RtlDeleteBarrier", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn DeleteSynchronizationBarrier(barrier: *mut c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlDeleteBarrier(barrier) }).map(|_| Bool)
}
