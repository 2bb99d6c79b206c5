//! fileapi.h: files.

use crate::nt::{NtWriteFile, check};
use core::ffi::c_void;
use core::ptr::null;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, OVERLAPPED};

/// Writes to a file, pipe or console.
#[shim(ix = 0, mapping = "NtWriteFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn WriteFile(
    file: HANDLE,
    buffer: *const c_void,
    length: u32,
    written: *mut u32,
    _overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    // SAFETY: plain data, for which zero is a value.
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let status = unsafe { NtWriteFile(file, core::ptr::null_mut(), null(), null(), &raw mut block, buffer, length, null(), null()) };
    if !written.is_null() {
        unsafe { *written = block.Information as u32 };
    }
    check(status).map(|_| Bool)
}
