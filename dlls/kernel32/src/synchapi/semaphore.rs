//! Semaphores.

use crate::named::{ObjectName, attributes, created, open};
use crate::nt::{self, check};
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::SEMAPHORE_ALL_ACCESS;

router! {
    /// By flags.
    fn create(flags: u32) -> Result<(), Win32Error> for "CreateSemaphore", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags == 0 => Ok(());
    }
}

unsafe fn create_semaphore(
    security: *const SECURITY_ATTRIBUTES,
    [initial, most]: [i32; 2],
    name: Option<&ObjectName>,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    create(flags)?;
    // SAFETY: NULL, or the caller's structure.
    let object = unsafe { attributes(security, name) };
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    let status = unsafe { nt::NtCreateSemaphore(&raw mut handle, access, &raw const object, initial, most) };
    created(status, handle)
}

/// Creates a semaphore.
#[shim(ix = 142, mapping = "NtCreateSemaphore", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateSemaphoreW(
    security: *const SECURITY_ATTRIBUTES,
    initial: i32,
    most: i32,
    name: *const u16,
) -> Result<Handle, Win32Error> {
    unsafe { create_semaphore(security, [initial, most], ObjectName::wide(name)?.as_deref(), 0, SEMAPHORE_ALL_ACCESS) }
}

/// Creates a semaphore.
#[shim(ix = 193, mapping = "CreateSemaphoreW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateSemaphoreA(
    security: *const SECURITY_ATTRIBUTES,
    initial: i32,
    most: i32,
    name: *const u8,
) -> Result<Handle, Win32Error> {
    unsafe { create_semaphore(security, [initial, most], ObjectName::narrow(name)?.as_deref(), 0, SEMAPHORE_ALL_ACCESS) }
}

/// Creates a semaphore whose handle has the access wanted; the flags are reserved.
#[shim(ix = 345, mapping = "NtCreateSemaphore", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateSemaphoreExW(
    security: *const SECURITY_ATTRIBUTES,
    initial: i32,
    most: i32,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_semaphore(security, [initial, most], ObjectName::wide(name)?.as_deref(), flags, access) }
}

/// Creates a semaphore whose handle has the access wanted; the flags are reserved.
#[shim(ix = 649, mapping = "CreateSemaphoreExW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn CreateSemaphoreExA(
    security: *const SECURITY_ATTRIBUTES,
    initial: i32,
    most: i32,
    name: *const u8,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_semaphore(security, [initial, most], ObjectName::narrow(name)?.as_deref(), flags, access) }
}

/// Opens a named semaphore.
#[shim(ix = 558, mapping = "NtOpenSemaphore", risk = Functional("a semaphore that is not found"))]
pub unsafe extern "system" fn OpenSemaphoreW(access: u32, inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), access, inherits, nt::NtOpenSemaphore) }
}

/// Opens a named semaphore.
#[shim(ix = 508, mapping = "OpenSemaphoreW", risk = Functional("a semaphore that is not found"))]
pub unsafe extern "system" fn OpenSemaphoreA(access: u32, inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), access, inherits, nt::NtOpenSemaphore) }
}

/// Raises a semaphore's count; answers the count before.
#[shim(ix = 102, mapping = "NtReleaseSemaphore", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn ReleaseSemaphore(semaphore: HANDLE, count: i32, previous: *mut i32) -> Result<Bool, Win32Error> {
    let count = u32::try_from(count).map_err(|_| Win32Error(ERROR_INVALID_PARAMETER))?;
    check(unsafe { nt::NtReleaseSemaphore(semaphore, count, previous.cast()) }).map(|_| Bool)
}
