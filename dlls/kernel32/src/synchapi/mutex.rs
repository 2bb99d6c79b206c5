//! Mutexes.

use crate::named::{ObjectName, attributes, created, open};
use crate::nt::{self, check};
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS};

router! {
    /// By flags.
    fn create(flags: u32) -> Result<(), Win32Error> for "CreateMutex", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & !CREATE_MUTEX_INITIAL_OWNER == 0 => Ok(());
    }
}

unsafe fn create_mutex(security: *const SECURITY_ATTRIBUTES, name: Option<&ObjectName>, flags: u32, access: u32) -> Result<Handle, Win32Error> {
    create(flags)?;
    // SAFETY: NULL, or the caller's structure.
    let object = unsafe { attributes(security, name) };
    let mut handle = null_mut();
    let owned = u8::from(flags & CREATE_MUTEX_INITIAL_OWNER != 0);
    // SAFETY: the structures live through the call.
    let status = unsafe { nt::NtCreateMutant(&raw mut handle, access, &raw const object, owned) };
    created(status, handle)
}

/// Creates a mutex.
#[shim(ix = 249, mapping = "NtCreateMutant", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn CreateMutexW(security: *const SECURITY_ATTRIBUTES, owned: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { create_mutex(security, ObjectName::wide(name)?.as_deref(), (owned != 0).into(), MUTEX_ALL_ACCESS) }
}

/// Creates a mutex.
#[shim(ix = 192, mapping = "CreateMutexW", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn CreateMutexA(security: *const SECURITY_ATTRIBUTES, owned: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { create_mutex(security, ObjectName::narrow(name)?.as_deref(), (owned != 0).into(), MUTEX_ALL_ACCESS) }
}

/// Creates a mutex whose handle has the access wanted.
#[shim(ix = 539, mapping = "NtCreateMutant", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn CreateMutexExW(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_mutex(security, ObjectName::wide(name)?.as_deref(), flags, access) }
}

/// Creates a mutex whose handle has the access wanted.
#[shim(ix = 647, mapping = "CreateMutexExW", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn CreateMutexExA(
    security: *const SECURITY_ATTRIBUTES,
    name: *const u8,
    flags: u32,
    access: u32,
) -> Result<Handle, Win32Error> {
    unsafe { create_mutex(security, ObjectName::narrow(name)?.as_deref(), flags, access) }
}

/// Opens a named mutex.
#[shim(ix = 507, mapping = "NtOpenMutant", risk = Functional("a mutex that is not found"))]
pub unsafe extern "system" fn OpenMutexW(access: u32, inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), access, inherits, nt::NtOpenMutant) }
}

/// Opens a named mutex.
#[shim(ix = 648, mapping = "OpenMutexW", risk = Functional("a mutex that is not found"))]
pub unsafe extern "system" fn OpenMutexA(access: u32, inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), access, inherits, nt::NtOpenMutant) }
}

/// Releases a mutex once; only its owner can.
#[shim(ix = 136, mapping = "NtReleaseMutant", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn ReleaseMutex(mutex: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtReleaseMutant(mutex, null_mut()) }).map(|_| Bool)
}
