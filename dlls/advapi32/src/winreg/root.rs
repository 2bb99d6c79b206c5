//! The roots: numbers in the place of handles, behind which keys are opened when they are first used.

use super::{Key, Owned};
use crate::nt::{self, NtClose, NtDuplicateObject, WcOpenClasses};
use alloc::format;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, HANDLE};

const FIRST: u32 = 0x8000_0000;
const CLASSES: usize = 0;
const USER: usize = 1;

/// Everything that is allowed.
pub const MAXIMUM_ALLOWED: u32 = 0x0200_0000;

/// The opened roots; 0 where one is not.
static OPENED: [AtomicUsize; 8] = [const { AtomicUsize::new(0) }; 8];

/// Which root a key is.
pub fn number(key: Key) -> Option<usize> {
    let high = (key as u64) >> 32;
    let low = key as usize as u32;
    let number = low.wrapping_sub(FIRST) as usize;
    ((high == 0 || high == 0xFFFF_FFFF) && low >= FIRST && number < OPENED.len()).then_some(number)
}

/// Opens a root.
fn open(number: usize) -> Result<HANDLE, Win32Error> {
    let path = match number {
        CLASSES => {
            let mut handle = null_mut();
            // SAFETY: the answer's place lives through the call.
            nt::check(unsafe { WcOpenClasses(&raw mut handle, MAXIMUM_ALLOWED) })?;
            return Ok(handle);
        }
        USER => format!("\\Registry\\User\\{}", gate::names::USER_SID),
        2 => "\\Registry\\Machine".into(),
        3 => "\\Registry\\User".into(),
        5 => "\\Registry\\Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current".into(),
        7 => format!("\\Registry\\User\\{}\\Software\\Classes\\Local Settings", gate::names::USER_SID),
        // Performance data, and what Windows 95 had.
        _ => return Err(Win32Error(ERROR_INVALID_HANDLE)),
    };
    let path: alloc::vec::Vec<u16> = path.encode_utf16().collect();
    nt::open_key(null_mut(), &path, MAXIMUM_ALLOWED, 0)
}

/// The handle behind a key.
pub fn handle(key: Key) -> Result<HANDLE, Win32Error> {
    let Some(number) = number(key) else {
        return if key.is_null() { Err(Win32Error(ERROR_INVALID_HANDLE)) } else { Ok(key) };
    };
    let opened = OPENED[number].load(Ordering::Acquire);
    if opened != 0 {
        return Ok(opened as HANDLE);
    }
    let fresh = Owned(open(number)?);
    match OPENED[number].compare_exchange(0, fresh.0 as usize, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(fresh.keep()),
        Err(other) => Ok(other as HANDLE),
    }
}

fn replace(number: usize, with: usize) {
    let before = OPENED[number].swap(with, Ordering::AcqRel);
    if before != 0 {
        // SAFETY: it was the table's alone.
        unsafe { NtClose(before as HANDLE) };
    }
}

/// Lets a root lead to another key, or back to its own.
#[shim(ix = 164, mapping = "a table of the process", risk = Wrong("a key that is another one"))]
pub unsafe extern "system" fn RegOverridePredefKey(root: Key, key: Key) -> Result<LStatus, Win32Error> {
    const DUPLICATE_SAME_ACCESS: u32 = 2;
    let number = number(root).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
    if key.is_null() {
        replace(number, 0);
        return Ok(LStatus);
    }
    let this = usize::MAX as HANDLE;
    let mut copy = null_mut();
    // SAFETY: the answer's place lives through the call.
    nt::check(unsafe { NtDuplicateObject(this, handle(key)?, this, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS) })?;
    replace(number, copy as usize);
    Ok(LStatus)
}

/// Lets `HKEY_CURRENT_USER` be looked up anew.
#[shim(ix = 165, mapping = "a table of the process", risk = Functional("a handle that stays"))]
pub unsafe extern "system" fn RegDisablePredefinedCache() -> Result<LStatus, Win32Error> {
    replace(USER, 0);
    Ok(LStatus)
}

/// Lets every root be looked up anew.
#[shim(ix = 166, mapping = "a table of the process", risk = Functional("a handle that stays"))]
pub unsafe extern "system" fn RegDisablePredefinedCacheEx() -> Result<LStatus, Win32Error> {
    (0..OPENED.len()).for_each(|number| replace(number, 0));
    Ok(LStatus)
}

/// Closes a key. A root stays.
#[shim(ix = 0, mapping = "NtClose", risk = Functional("a handle that stays"))]
pub unsafe extern "system" fn RegCloseKey(key: Key) -> Result<LStatus, Win32Error> {
    if key.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    if number(key).is_none() {
        nt::check(unsafe { NtClose(key) })?;
    }
    Ok(LStatus)
}

/// Opens the user's part of the registry.
#[shim(ix = 124, mapping = "NtOpenKey", risk = Functional("a key that is not opened"))]
pub unsafe extern "system" fn RegOpenCurrentUser(access: u32, result: *mut Key) -> Result<LStatus, Win32Error> {
    let path: alloc::vec::Vec<u16> = format!("\\Registry\\User\\{}", gate::names::USER_SID).encode_utf16().collect();
    let result = unsafe { super::demanded(result)? };
    *result = nt::open_key(null_mut(), &path, access, 0)?;
    Ok(LStatus)
}

/// Opens the merged classes of a user: there is one.
#[shim(ix = 167, mapping = "WcOpenClasses", risk = Functional("a key that is not opened"))]
pub unsafe extern "system" fn RegOpenUserClassesRoot(_token: HANDLE, options: u32, access: u32, result: *mut Key) -> Result<LStatus, Win32Error> {
    if options != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let result = unsafe { super::demanded(result)? };
    nt::check(unsafe { WcOpenClasses(result, access) })?;
    Ok(LStatus)
}
