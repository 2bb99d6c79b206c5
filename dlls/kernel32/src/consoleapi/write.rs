//! WriteConsole.

use crate::ansi;
use crate::console::{Output, SCREEN, has_sequences, without_sequences};
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{nls, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};

/// Shows a text.
fn show(output: &Output, units: &[u16]) -> Result<(), Win32Error> {
    SCREEN.with(|screen| {
        let mut text = screen.take(units);
        if has_sequences(&text) && !output.obeys_sequences()? {
            text = without_sequences(&text);
        }
        output.put(text.as_bytes())?;
        screen.follow(output, &text);
        Ok(())
    })
}

unsafe fn given<'a, T>(buffer: *const c_void, length: u32) -> Result<&'a [T], Win32Error> {
    match (buffer.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Win32Error(ERROR_INVALID_PARAMETER)),
        // SAFETY: as the caller promises.
        (false, _) => Ok(unsafe { core::slice::from_raw_parts(buffer.cast(), length as usize) }),
    }
}

unsafe fn write(handle: HANDLE, units: &[u16], length: u32, written: *mut u32) -> Result<Bool, Win32Error> {
    show(&Output::of(handle)?, units)?;
    if !written.is_null() {
        // SAFETY: the caller's number.
        unsafe { *written = length };
    }
    Ok(Bool)
}

/// Shows a text at the cursor.
#[shim(ix = 40, mapping = "NtWriteFile", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn WriteConsoleW(
    handle: HANDLE,
    buffer: *const c_void,
    length: u32,
    written: *mut u32,
    _reserved: *const c_void,
) -> Result<Bool, Win32Error> {
    unsafe { write(handle, given(buffer, length)?, length, written) }
}

/// Shows a text of the console's code page at the cursor.
#[shim(ix = 283, mapping = "WriteConsoleW", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn WriteConsoleA(
    handle: HANDLE,
    buffer: *const c_void,
    length: u32,
    written: *mut u32,
    _reserved: *const c_void,
) -> Result<Bool, Win32Error> {
    let units = ansi::units(nls::UTF8, unsafe { given(buffer, length)? });
    unsafe { write(handle, &units, length, written) }
}
