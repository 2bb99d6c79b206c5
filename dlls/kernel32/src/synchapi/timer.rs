//! Waitable timers: not supported yet.

use crate::ansi;
use core::ffi::c_void;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

router! {
    /// Timers come with the threads' asynchronous calls.
    fn create(named: bool, flags: u32) -> Result<Handle, Win32Error> for "CreateWaitableTimer", otherwise Win32Error(ERROR_NOT_SUPPORTED); {
        flags & !3 != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
}

/// Creates a waitable timer; not supported.
#[shim(ix = 650, mapping = "none yet", risk = Functional("a timer that is not there"))]
pub unsafe extern "system" fn CreateWaitableTimerW(
    _security: *const SECURITY_ATTRIBUTES,
    _manual: i32,
    name: *const u16,
) -> Result<Handle, Win32Error> {
    create(!unsafe { super::name(name) }.is_empty(), 0)
}

/// Creates a waitable timer; not supported.
#[shim(ix = 477, mapping = "CreateWaitableTimerW", risk = Functional("a timer that is not there"))]
pub unsafe extern "system" fn CreateWaitableTimerA(
    _security: *const SECURITY_ATTRIBUTES,
    _manual: i32,
    name: *const u8,
) -> Result<Handle, Win32Error> {
    create(!unsafe { guest::text::narrow(name) }.is_empty(), 0)
}

/// Creates a waitable timer whose handle has the access wanted; not supported.
#[shim(ix = 222, mapping = "none yet", risk = Functional("a timer that is not there"))]
pub unsafe extern "system" fn CreateWaitableTimerExW(
    _security: *const SECURITY_ATTRIBUTES,
    name: *const u16,
    flags: u32,
    _access: u32,
) -> Result<Handle, Win32Error> {
    create(!unsafe { super::name(name) }.is_empty(), flags)
}

/// Opens a named waitable timer; there are none.
#[shim(ix = 651, mapping = "none yet", risk = Functional("a timer that is not there"))]
pub unsafe extern "system" fn OpenWaitableTimerW(_access: u32, _inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    Err(Win32Error(if name.is_null() { ERROR_INVALID_PARAMETER } else { ERROR_FILE_NOT_FOUND }))
}

/// Opens a named waitable timer; there are none.
#[shim(ix = 652, mapping = "OpenWaitableTimerW", risk = Functional("a timer that is not there"))]
pub unsafe extern "system" fn OpenWaitableTimerA(_access: u32, _inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    let wide = unsafe { ansi::to_wide(name) };
    Err(Win32Error(if wide.is_none() { ERROR_INVALID_PARAMETER } else { ERROR_FILE_NOT_FOUND }))
}

/// Starts a waitable timer; no handle is one yet.
#[shim(ix = 211, mapping = "none yet", risk = Functional("a timer that does not run"))]
pub unsafe extern "system" fn SetWaitableTimer(
    _timer: HANDLE,
    _due: *const i64,
    _period: i32,
    _routine: *const c_void,
    _argument: *const c_void,
    _resume: i32,
) -> Result<Bool, Win32Error> {
    Err(Win32Error(ERROR_INVALID_HANDLE))
}

/// Stops a waitable timer; no handle is one yet.
#[shim(ix = 653, mapping = "none yet", risk = Functional("a timer that goes on"))]
pub unsafe extern "system" fn CancelWaitableTimer(_timer: HANDLE) -> Result<Bool, Win32Error> {
    Err(Win32Error(ERROR_INVALID_HANDLE))
}
