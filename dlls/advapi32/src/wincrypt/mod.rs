//! wincrypt.h: providers without keys: random numbers and hashes.

mod context;
mod hash;

use guest::call::Bool;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_MORE_DATA};

/// An error of this header's: an HRESULT that is told as the last error.
const fn bad(code: i32) -> Win32Error {
    Win32Error(code as u32)
}

/// Copies a fact, or tells how much it is.
unsafe fn put(fact: &[u8], data: *mut u8, size: *mut u32) -> Result<Bool, Win32Error> {
    let size = unsafe { size.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let room = core::mem::replace(size, fact.len() as u32) as usize;
    if data.is_null() {
        return Ok(Bool);
    }
    if room < fact.len() {
        return Err(Win32Error(ERROR_MORE_DATA));
    }
    // SAFETY: it fits.
    unsafe { data.copy_from_nonoverlapping(fact.as_ptr(), fact.len()) };
    Ok(Bool)
}
