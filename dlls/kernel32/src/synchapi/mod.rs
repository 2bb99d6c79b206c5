//! synchapi.h: events, mutexes, semaphores, waits, locks.

mod address;
mod event;
mod lock;
mod mutex;
mod once;
mod semaphore;
mod timer;
mod wait;

use core::ptr::{null, null_mut};
use guest::error::Win32Error;
use guest::teb;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, OBJ_INHERIT, UNICODE_STRING};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::INFINITE;

/// A timeout in milliseconds as `ntdll` wants it; `None` for INFINITE.
pub fn timeout(milliseconds: u32) -> Option<i64> {
    (milliseconds != INFINITE).then(|| -10_000 * i64::from(milliseconds))
}

/// A pointer to a timeout, NULL for none.
pub fn pointer(timeout: Option<&i64>) -> *const i64 {
    timeout.map_or(null(), core::ptr::from_ref)
}

/// A creation function's name: an empty one is none.
unsafe fn name<'a>(name: *const u16) -> &'a [u16] {
    // SAFETY: NULL, or a string that ends in a NUL.
    unsafe { guest::text::wide(name) }
}

/// What a new object's handle is like: `security` says whether children inherit it.
unsafe fn unnamed(security: *const SECURITY_ATTRIBUTES) -> OBJECT_ATTRIBUTES {
    // SAFETY: NULL, or the caller's structure.
    let inherits = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: null(),
        Attributes: if inherits { OBJ_INHERIT } else { 0 },
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    }
}

/// Opens a named object through one of `ntdll`'s functions.
unsafe fn open(
    name: *const u16,
    access: u32,
    inherits: i32,
    function: unsafe extern "system" fn(*mut windows_sys::Win32::Foundation::HANDLE, u32, *const OBJECT_ATTRIBUTES) -> i32,
) -> Result<guest::call::Handle, Win32Error> {
    if name.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: a string that ends in a NUL.
    let units = unsafe { self::name(name) };
    let bytes = u16::try_from(2 * units.len()).map_err(|_| Win32Error(windows_sys::Win32::Foundation::ERROR_FILENAME_EXCED_RANGE))?;
    let text = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: name.cast_mut() };
    // SAFETY: no security attributes.
    let mut object = unsafe { unnamed(null()) };
    object.ObjectName = &raw const text;
    object.Attributes = if inherits != 0 { OBJ_INHERIT } else { 0 };
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    crate::nt::check(unsafe { function(&raw mut handle, access, &raw const object) })?;
    Ok(guest::call::Handle(handle))
}

/// A new object's handle; the last error says that there was none of its name before.
fn created(handle: windows_sys::Win32::Foundation::HANDLE) -> guest::call::Handle {
    teb::set_last_error(0);
    guest::call::Handle(handle)
}
