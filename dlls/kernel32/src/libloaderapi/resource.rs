//! Finding and loading resources.

use crate::nt::{self, check};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null;
use guest::call::{Count, Handle, Pointer};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_RESOURCE_NAME_NOT_FOUND, ERROR_RESOURCE_TYPE_NOT_FOUND, HANDLE};

/// A type or a name: a number below 65,536, or a string's address.
pub enum Id {
    /// Passed on as it is.
    Given(usize),
    /// Converted from ANSI.
    Own(Vec<u16>),
}

impl Id {
    /// From an ANSI string, or a number.
    pub unsafe fn from_ansi(given: *const u8) -> Option<Self> {
        if given as usize >> 16 == 0 {
            return Some(Self::Given(given as usize));
        }
        // SAFETY: the caller's string, which ends in a NUL.
        unsafe { crate::ansi::to_wide(given) }.map(Self::Own)
    }

    /// What `ntdll` takes.
    pub fn value(&self) -> usize {
        match self {
            Self::Given(value) => *value,
            Self::Own(units) => units.as_ptr() as usize,
        }
    }
}

fn find(module: HANDLE, kind: usize, name: usize, language: u16) -> Result<Handle, Win32Error> {
    // NULL is no type and no name, though 0 would be a number.
    for (value, missing) in [(kind, ERROR_RESOURCE_TYPE_NOT_FOUND), (name, ERROR_RESOURCE_NAME_NOT_FOUND)] {
        if value == 0 {
            return Err(Win32Error(missing));
        }
    }
    let path = [kind, name, usize::from(language)];
    let mut entry = null();
    // SAFETY: strings end in a NUL, as the caller promises.
    check(unsafe { nt::LdrFindResource_U(module, path.as_ptr(), 3, &raw mut entry) })?;
    Ok(Handle(entry.cast_mut()))
}

/// Finds a resource by name and type.
#[shim(ix = 292, mapping = "LdrFindResource_U", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn FindResourceW(module: HANDLE, name: *const u16, kind: *const u16) -> Result<Handle, Win32Error> {
    find(module, kind as usize, name as usize, 0)
}

/// Finds a resource by name and type.
#[shim(ix = 329, mapping = "FindResourceW", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn FindResourceA(module: HANDLE, name: *const u8, kind: *const u8) -> Result<Handle, Win32Error> {
    unsafe { find_ansi(module, kind, name, 0) }
}

/// Finds a resource by type, name and language.
#[shim(ix = 394, mapping = "LdrFindResource_U", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn FindResourceExW(module: HANDLE, kind: *const u16, name: *const u16, language: u16) -> Result<Handle, Win32Error> {
    find(module, kind as usize, name as usize, language)
}

/// Finds a resource by type, name and language.
#[shim(ix = 701, mapping = "FindResourceExW", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn FindResourceExA(module: HANDLE, kind: *const u8, name: *const u8, language: u16) -> Result<Handle, Win32Error> {
    unsafe { find_ansi(module, kind, name, language) }
}

unsafe fn find_ansi(module: HANDLE, kind: *const u8, name: *const u8, language: u16) -> Result<Handle, Win32Error> {
    let kind = unsafe { Id::from_ansi(kind) }.ok_or(Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND))?;
    let name = unsafe { Id::from_ansi(name) }.ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?;
    find(module, kind.value(), name.value(), language)
}

/// A found resource's bytes.
fn access(module: HANDLE, found: HANDLE) -> Result<(*const c_void, u32), Win32Error> {
    let (mut data, mut size) = (null(), 0);
    // SAFETY: the entry was found in the module, as the caller promises; NULL is refused.
    check(unsafe { nt::LdrAccessResource(module, found, &raw mut data, &raw mut size) })?;
    Ok((data, size))
}

/// Answers what LockResource makes a pointer of.
#[shim(ix = 217, mapping = "LdrAccessResource", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn LoadResource(module: HANDLE, found: HANDLE) -> Result<Handle, Win32Error> {
    // A NULL stays a NULL, and is no error of its own.
    if found.is_null() {
        return Ok(Handle(found));
    }
    access(module, found).map(|(data, _)| Handle(data.cast_mut()))
}

/// Answers a resource's size in bytes.
#[shim(ix = 225, mapping = "LdrAccessResource", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn SizeofResource(module: HANDLE, found: HANDLE) -> Result<Count<u32>, Win32Error> {
    access(module, found).map(|(_, size)| Count(size))
}

/// Answers where a loaded resource lies: its handle is that address.
#[shim(ix = 218, mapping = "the address itself", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn LockResource(loaded: HANDLE) -> Result<Pointer<c_void>, Win32Error> {
    if loaded.is_null() { Err(Win32Error(windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE)) } else { Ok(Pointer(loaded)) }
}

/// Does nothing since 32-bit Windows, and answers FALSE, which says that it worked.
#[shim(ix = 367, mapping = "nothing", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn FreeResource(_loaded: HANDLE) -> i32 {
    0
}
