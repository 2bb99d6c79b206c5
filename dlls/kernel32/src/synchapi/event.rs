//! Events.

use crate::named::{ObjectName, attributes, created, open};
use crate::nt::{self, check};
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET, EVENT_ALL_ACCESS};

router! {
    /// By flags.
    fn create(flags: u32) -> Result<(), Win32Error> for "CreateEvent", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & !(CREATE_EVENT_INITIAL_SET | CREATE_EVENT_MANUAL_RESET) == 0 => Ok(());
    }
}

unsafe fn create_event(security: *const SECURITY_ATTRIBUTES, name: Option<&ObjectName>, flags: u32, access: u32) -> Result<Handle, Win32Error> {
    const NOTIFICATION: i32 = 0;
    const SYNCHRONIZATION: i32 = 1;
    create(flags)?;
    // SAFETY: NULL, or the caller's structure.
    let object = unsafe { attributes(security, name) };
    let kind = if flags & CREATE_EVENT_MANUAL_RESET != 0 { NOTIFICATION } else { SYNCHRONIZATION };
    let set = u8::from(flags & CREATE_EVENT_INITIAL_SET != 0);
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    let status = unsafe { nt::NtCreateEvent(&raw mut handle, access, &raw const object, kind, set) };
    created(status, handle)
}

fn flags(manual: i32, initial: i32) -> u32 {
    (if manual != 0 { CREATE_EVENT_MANUAL_RESET } else { 0 }) | (if initial != 0 { CREATE_EVENT_INITIAL_SET } else { 0 })
}

/// Creates an event.
#[shim(ix = 89, mapping = "NtCreateEvent", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateEventW(
    security: *const SECURITY_ATTRIBUTES,
    manual: i32,
    initial: i32,
    name: *const u16,
) -> Result<Handle, Win32Error> {
    unsafe { create_event(security, ObjectName::wide(name)?.as_deref(), flags(manual, initial), EVENT_ALL_ACCESS) }
}

/// Creates an event.
#[shim(ix = 172, mapping = "CreateEventW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateEventA(
    security: *const SECURITY_ATTRIBUTES,
    manual: i32,
    initial: i32,
    name: *const u8,
) -> Result<Handle, Win32Error> {
    unsafe { create_event(security, ObjectName::narrow(name)?.as_deref(), flags(manual, initial), EVENT_ALL_ACCESS) }
}

/// Creates an event whose handle has the access wanted.
#[shim(ix = 344, mapping = "NtCreateEvent", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateEventExW(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_event(security, ObjectName::wide(name)?.as_deref(), flags, access) }
}

/// Creates an event whose handle has the access wanted.
#[shim(ix = 644, mapping = "CreateEventExW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateEventExA(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u8,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_event(security, ObjectName::narrow(name)?.as_deref(), flags, access) }
}

/// Opens a named event.
#[shim(ix = 378, mapping = "NtOpenEvent", risk = Functional("an event that is not found"))]
pub unsafe extern "system" fn OpenEventW(access: u32, inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), access, inherits, nt::NtOpenEvent) }
}

/// Opens a named event.
#[shim(ix = 645, mapping = "OpenEventW", risk = Functional("an event that is not found"))]
pub unsafe extern "system" fn OpenEventA(access: u32, inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), access, inherits, nt::NtOpenEvent) }
}

/// Sets an event.
#[shim(ix = 83, mapping = "NtSetEvent", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn SetEvent(event: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtSetEvent(event, null_mut()) }).map(|_| Bool)
}

/// Resets an event.
#[shim(ix = 110, mapping = "NtClearEvent", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn ResetEvent(event: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtClearEvent(event) }).map(|_| Bool)
}

/// Wakes those who wait for an event, and leaves it reset.
#[shim(ix = 646, mapping = "NtPulseEvent", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn PulseEvent(event: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtPulseEvent(event, null_mut()) }).map(|_| Bool)
}
