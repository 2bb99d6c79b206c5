//! One-time initialisation.

use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::STATUS_PENDING;

guest::forward!(InitOnceInitialize = 623 => "ntdll.RtlRunOnceInitialize");

/// Runs a function once; threads that come meanwhile wait. FALSE when the function fails, with the last error that it set.
#[shim(ix = 196, mapping = "RtlRunOnceExecuteOnce", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn InitOnceExecuteOnce(
    once: *mut c_void,
    function: *const c_void,
    parameter: *mut c_void,
    context: *mut *mut c_void,
) -> i32 {
    (unsafe { nt::RtlRunOnceExecuteOnce(once, function, parameter, context) } >= 0).into()
}

/// Begins: done already, or the caller is to initialise.
#[shim(ix = 240, mapping = "RtlRunOnceBeginInitialize", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn InitOnceBeginInitialize(
    once: *mut c_void,
    flags: u32,
    pending: *mut i32,
    context: *mut *mut c_void,
) -> Result<Bool, Win32Error> {
    let status = check(unsafe { nt::RtlRunOnceBeginInitialize(once, flags, context) })?;
    unsafe { *pending = (status == STATUS_PENDING).into() };
    Ok(Bool)
}

/// Ends: done with a context, or failed, and somebody else may try.
#[shim(ix = 241, mapping = "RtlRunOnceComplete", risk = Functional("initialised twice, or never"))]
pub unsafe extern "system" fn InitOnceComplete(once: *mut c_void, flags: u32, context: *mut c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlRunOnceComplete(once, flags, context) }).map(|_| Bool)
}
