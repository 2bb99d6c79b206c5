//! The program that a process runs.

use crate::ansi;
use crate::nt::{self, check};
use alloc::format;
use alloc::vec::Vec;
use core::ptr::null_mut;
use gate::file::{DEVICE, number};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, HANDLE, UNICODE_STRING};

/// `PROCESS_NAME_NATIVE` (winbase.h).
pub const NATIVE: u32 = 1;
/// `ProcessImageFileNameWin32`.
const WIN32_NAME: i32 = 43;

/// The path of a process's program.
pub fn image_name(process: HANDLE, flags: u32) -> Result<Vec<u16>, Win32Error> {
    match flags {
        0 => win32_name(process),
        NATIVE => Ok(native(win32_name(process)?)),
        _ => Err(Win32Error(ERROR_INVALID_PARAMETER)),
    }
}

/// A path on a drive, with the drive's device instead of its letter.
fn native(path: Vec<u16>) -> Vec<u16> {
    match path.as_slice() {
        [letter @ 0x41..=0x5A, 0x3A, rest @ ..] => format!("{DEVICE}{}", number(*letter as u8)).encode_utf16().chain(rest.iter().copied()).collect(),
        _ => path,
    }
}

fn win32_name(process: HANDLE) -> Result<Vec<u16>, Win32Error> {
    let mut buffer = alloc::vec![0_usize; 0x1_0010 / size_of::<usize>()];
    let size = size_of_val(buffer.as_slice()) as u32;
    // SAFETY: the buffer is as long as it says, and aligned for the string at its start.
    unsafe {
        check(nt::NtQueryInformationProcess(process, WIN32_NAME, buffer.as_mut_ptr().cast(), size, null_mut()))?;
        let name = &*buffer.as_ptr().cast::<UNICODE_STRING>();
        Ok(core::slice::from_raw_parts(name.Buffer, usize::from(name.Length / 2)).to_vec())
    }
}

unsafe fn answer<T: Copy + Default>(name: &[T], buffer: *mut T, size: *mut u32) -> Result<Bool, Win32Error> {
    // SAFETY: the caller's variable.
    let size = unsafe { size.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    if name.len() >= *size as usize {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    // SAFETY: it has room for the name and a NUL.
    unsafe {
        buffer.copy_from_nonoverlapping(name.as_ptr(), name.len());
        buffer.add(name.len()).write(T::default());
    }
    *size = name.len() as u32;
    Ok(Bool)
}

/// Answers the path of the program that a process runs.
#[shim(ix = 512, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn QueryFullProcessImageNameW(process: HANDLE, flags: u32, buffer: *mut u16, size: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&image_name(process, flags)?, buffer, size) }
}

/// Answers the path of the program that a process runs.
#[shim(ix = 769, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn QueryFullProcessImageNameA(process: HANDLE, flags: u32, buffer: *mut u8, size: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&ansi::from_wide(guest::nls::ANSI, &image_name(process, flags)?), buffer, size) }
}
