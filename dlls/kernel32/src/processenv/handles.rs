//! Standard handles and the command line.

use super::{parameters, text};
use crate::ansi;
use crate::lock::Lock;
use alloc::vec::Vec;
use gate::peb::ProcessParameters;
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::{nls, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, HANDLE};
use windows_sys::Win32::System::Console::{STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};

/// Where one of the standard handles is kept.
fn place(which: u32) -> Result<*mut usize, Win32Error> {
    // SAFETY: made before the first thread ran, and never freed.
    let parameters = unsafe { (*guest::teb::peb()).process_parameters as *mut ProcessParameters<usize> };
    // SAFETY: addresses of the parameters' members.
    unsafe {
        match which {
            STD_INPUT_HANDLE => Ok(&raw mut (*parameters).standard_input),
            STD_OUTPUT_HANDLE => Ok(&raw mut (*parameters).standard_output),
            STD_ERROR_HANDLE => Ok(&raw mut (*parameters).standard_error),
            _ => Err(Win32Error(ERROR_INVALID_HANDLE)),
        }
    }
}

/// Answers one of the standard handles.
#[shim(ix = 1, mapping = "the process parameters", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetStdHandle(which: u32) -> Result<FileHandle, Win32Error> {
    Ok(FileHandle(unsafe { *place(which)? } as HANDLE))
}

/// Sets one of the standard handles.
#[shim(ix = 100, mapping = "the process parameters", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn SetStdHandle(which: u32, handle: HANDLE) -> Result<Bool, Win32Error> {
    unsafe { *place(which)? = handle as usize };
    Ok(Bool)
}

/// Sets one of the standard handles, and answers the one before.
#[shim(ix = 687, mapping = "the process parameters", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn SetStdHandleEx(which: u32, handle: HANDLE, before: *mut HANDLE) -> Result<Bool, Win32Error> {
    let place = place(which)?;
    unsafe {
        if !before.is_null() {
            *before = *place as HANDLE;
        }
        *place = handle as usize;
    }
    Ok(Bool)
}

/// The command line.
#[shim(ix = 22, mapping = "the process parameters", risk = Wrong("wrong arguments"))]
pub unsafe extern "system" fn GetCommandLineW() -> *const u16 {
    parameters().command_line.buffer as *const u16
}

/// The command line in the ANSI code page.
#[shim(ix = 97, mapping = "GetCommandLineW", risk = Wrong("wrong arguments"))]
pub unsafe extern "system" fn GetCommandLineA() -> *const u8 {
    static LINE: Lock<Vec<u8>> = Lock::new(Vec::new());
    LINE.with(|line| {
        if line.is_empty() {
            *line = ansi::from_wide(nls::ANSI, text(&parameters().command_line));
            line.push(0);
        }
        line.as_ptr()
    })
}
