//! fibersapi.h: fiber-local storage, which `ntdll` keeps for each thread, or fiber.

use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Number, Pointer};
use guest::error::Win32Error;
use guest::shim;

/// Takes a slot, with a callback for the values that are left in it.
#[shim(ix = 124, mapping = "RtlFlsAlloc", risk = Functional("a slot given twice"))]
pub unsafe extern "system" fn FlsAlloc(callback: *const c_void) -> Result<Number, Win32Error> {
    let mut index = 0;
    check(unsafe { nt::RtlFlsAlloc(callback, &raw mut index) })?;
    Ok(Number(index))
}

/// Gives a slot back; its callback sees the values that are left in it.
#[shim(ix = 128, mapping = "RtlFlsFree", risk = Functional("a value that is not cleaned up"))]
pub unsafe extern "system" fn FlsFree(index: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlFlsFree(index) }).map(|_| Bool)
}

/// Answers the calling thread's value of a slot; a last error of 0 tells a NULL from a failure.
#[shim(ix = 131, mapping = "RtlFlsGetValue", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn FlsGetValue(index: u32) -> Result<Pointer<c_void>, Win32Error> {
    let mut value = null_mut();
    check(unsafe { nt::RtlFlsGetValue(index, &raw mut value) })?;
    guest::teb::set_last_error(0);
    Ok(Pointer(value))
}

/// Sets the calling thread's value of a slot.
#[shim(ix = 125, mapping = "RtlFlsSetValue", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn FlsSetValue(index: u32, value: *const c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlFlsSetValue(index, value.cast_mut()) }).map(|_| Bool)
}
