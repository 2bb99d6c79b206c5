//! Waitable timers.

use crate::named::{ObjectName, attributes, created, open};
use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::{router, shim, teb};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, CREATE_WAITABLE_TIMER_MANUAL_RESET};

/// `TIMER_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x1F_0003;

router! {
    /// By flags. Every timer is as exact as the host's.
    fn create(flags: u32) -> Result<(), Win32Error> for "CreateWaitableTimer", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & !(CREATE_WAITABLE_TIMER_MANUAL_RESET | CREATE_WAITABLE_TIMER_HIGH_RESOLUTION) == 0 => Ok(());
    }
}

unsafe fn create_timer(security: *const SECURITY_ATTRIBUTES, name: Option<&ObjectName>, flags: u32, access: u32) -> Result<Handle, Win32Error> {
    create(flags)?;
    // SAFETY: NULL, or the caller's structure.
    let object = unsafe { attributes(security, name) };
    let kind = i32::from(flags & CREATE_WAITABLE_TIMER_MANUAL_RESET == 0);
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    let status = unsafe { nt::NtCreateTimer(&raw mut handle, access, &raw const object, kind) };
    created(status, handle)
}

fn flags(manual: i32) -> u32 {
    if manual != 0 { CREATE_WAITABLE_TIMER_MANUAL_RESET } else { 0 }
}

/// Creates a waitable timer.
#[shim(ix = 650, mapping = "NtCreateTimer", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateWaitableTimerW(
    security: *const SECURITY_ATTRIBUTES,
    manual: i32,
    name: *const u16,
) -> Result<Handle, Win32Error> {
    unsafe { create_timer(security, ObjectName::wide(name)?.as_deref(), flags(manual), ALL_ACCESS) }
}

/// Creates a waitable timer.
#[shim(ix = 477, mapping = "CreateWaitableTimerW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateWaitableTimerA(security: *const SECURITY_ATTRIBUTES, manual: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { create_timer(security, ObjectName::narrow(name)?.as_deref(), flags(manual), ALL_ACCESS) }
}

/// Creates a waitable timer whose handle has the access wanted.
#[shim(ix = 222, mapping = "NtCreateTimer", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateWaitableTimerExW(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_timer(security, ObjectName::wide(name)?.as_deref(), flags, access) }
}

/// Creates a waitable timer whose handle has the access wanted.
#[shim(ix = 702, mapping = "CreateWaitableTimerExW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateWaitableTimerExA(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u8,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_timer(security, ObjectName::narrow(name)?.as_deref(), flags, access) }
}

/// Opens a named waitable timer.
#[shim(ix = 651, mapping = "NtOpenTimer", risk = Functional("a timer that is not found"))]
pub unsafe extern "system" fn OpenWaitableTimerW(access: u32, inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), access, inherits, nt::NtOpenTimer) }
}

/// Opens a named waitable timer.
#[shim(ix = 652, mapping = "OpenWaitableTimerW", risk = Functional("a timer that is not found"))]
pub unsafe extern "system" fn OpenWaitableTimerA(access: u32, inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), access, inherits, nt::NtOpenTimer) }
}

/// Starts a waitable timer. A machine that sleeps is not woken, which the last error tells of, as documented.
#[shim(ix = 211, mapping = "NtSetTimer", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn SetWaitableTimer(
    timer: HANDLE,
    due: *const i64,
    period: i32,
    routine: *const c_void,
    argument: *const c_void,
    resume: i32,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtSetTimer(timer, due, routine, argument, (resume != 0).into(), period, null_mut()) })?;
    if resume != 0 {
        teb::set_last_error(ERROR_NOT_SUPPORTED);
    }
    Ok(Bool)
}

/// Starts a waitable timer, which may be late by some milliseconds, and is not.
#[shim(ix = 703, mapping = "NtSetTimer", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn SetWaitableTimerEx(
    timer: HANDLE,
    due: *const i64,
    period: i32,
    routine: *const c_void,
    argument: *const c_void,
    _reason: *const c_void,
    _tolerable: u32,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtSetTimer(timer, due, routine, argument, 0, period, null_mut()) }).map(|_| Bool)
}

/// Stops a waitable timer; its state stays.
#[shim(ix = 653, mapping = "NtCancelTimer", risk = Functional("a timer that goes on"))]
pub unsafe extern "system" fn CancelWaitableTimer(timer: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtCancelTimer(timer, null_mut()) }).map(|_| Bool)
}
