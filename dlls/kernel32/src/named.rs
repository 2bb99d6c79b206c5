//! Objects that have a name: how it is said to `ntdll`, and what a new object's handle is like.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guest::error::Win32Error;
use guest::teb;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_FILENAME_EXCED_RANGE, ERROR_INVALID_PARAMETER, HANDLE, NTSTATUS, OBJ_INHERIT, OBJ_OPENIF, STATUS_OBJECT_NAME_EXISTS,
    UNICODE_STRING,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

/// The NT name of a named object: names lie in the session's directory unless they say `Global\\`.
pub struct ObjectName {
    units: Vec<u16>,
    text: UNICODE_STRING,
}

impl ObjectName {
    /// The name that a function was given; an empty one, or NULL, is none.
    pub fn new(name: &[u16]) -> Result<Option<Box<Self>>, Win32Error> {
        const MAX_PATH: usize = 260;
        if name.is_empty() {
            return Ok(None);
        }
        if name.len() > MAX_PATH {
            return Err(Win32Error(ERROR_FILENAME_EXCED_RANGE));
        }
        let rest = |prefix: &str| name.strip_prefix(prefix.encode_utf16().collect::<Vec<_>>().as_slice());
        let (directory, rest) = match rest("Global\\") {
            Some(rest) => ("\\BaseNamedObjects\\", rest),
            None => ("\\Sessions\\1\\BaseNamedObjects\\", rest("Local\\").unwrap_or(name)),
        };
        let units: Vec<u16> = directory.encode_utf16().chain(rest.iter().copied()).collect();
        let bytes = (2 * units.len()) as u16;
        let mut name = Box::new(Self { units, text: UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: null_mut() } });
        name.text.Buffer = name.units.as_mut_ptr();
        Ok(Some(name))
    }

    /// What a wide function was given.
    ///
    /// # Safety
    /// `name` is NULL or ends in a NUL.
    pub unsafe fn wide(name: *const u16) -> Result<Option<Box<Self>>, Win32Error> {
        // SAFETY: as the caller promises.
        Self::new(unsafe { guest::text::wide(name) })
    }

    /// What a narrow function was given.
    ///
    /// # Safety
    /// `name` is NULL or ends in a NUL.
    pub unsafe fn narrow(name: *const u8) -> Result<Option<Box<Self>>, Win32Error> {
        // SAFETY: as the caller promises.
        let wide = unsafe { crate::ansi::to_wide(name) };
        // SAFETY: NULL, or just made, with its NUL.
        unsafe { Self::wide(wide.as_ref().map_or(null(), |wide| wide.as_ptr())) }
    }
}

/// What a new object's handle is like: `security` says whether children inherit it. One of that name is opened.
///
/// # Safety
/// `security` is NULL or the caller's structure.
pub unsafe fn attributes(security: *const SECURITY_ATTRIBUTES, name: Option<&ObjectName>) -> OBJECT_ATTRIBUTES {
    // SAFETY: NULL, or the caller's structure.
    let inherits = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: name.map_or(null(), |name| &raw const name.text),
        Attributes: OBJ_OPENIF | if inherits { OBJ_INHERIT } else { 0 },
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    }
}

/// Opens a named object through one of `ntdll`'s functions.
///
/// # Safety
/// The function is one that opens objects.
pub unsafe fn open(
    name: Option<&ObjectName>,
    access: u32,
    inherits: i32,
    function: unsafe extern "system" fn(*mut HANDLE, u32, *const OBJECT_ATTRIBUTES) -> i32,
) -> Result<guest::call::Handle, Win32Error> {
    let Some(name) = name else { return Err(Win32Error(ERROR_INVALID_PARAMETER)) };
    // SAFETY: no security attributes.
    let mut object = unsafe { attributes(null(), Some(name)) };
    object.Attributes = if inherits != 0 { OBJ_INHERIT } else { 0 };
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    crate::nt::check(unsafe { function(&raw mut handle, access, &raw const object) })?;
    Ok(guest::call::Handle(handle))
}

/// A new object's handle; the last error says whether there was one of its name before.
pub fn created(status: NTSTATUS, handle: HANDLE) -> Result<guest::call::Handle, Win32Error> {
    let status = crate::nt::check(status)?;
    teb::set_last_error(if status == STATUS_OBJECT_NAME_EXISTS { ERROR_ALREADY_EXISTS } else { 0 });
    Ok(guest::call::Handle(handle))
}
