//! userenv.h: the user's folders, and texts with variables in them.

use alloc::vec::Vec;
use guest::call::Bool;
use guest::error::{Status, Win32Error};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    ERROR_ENVVAR_NOT_FOUND, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, HANDLE, STATUS_BUFFER_TOO_SMALL, UNICODE_STRING,
};

guest::imports! {
    "ntdll" {
        fn RtlQueryEnvironmentVariable_U(environment: *const u16, name: *const UNICODE_STRING, value: *mut UNICODE_STRING) -> i32;
        fn RtlExpandEnvironmentStrings_U(environment: *const u16, source: *const UNICODE_STRING, target: *mut UNICODE_STRING, needed: *mut u32) -> i32;
    }
}

fn string(units: &[u16]) -> UNICODE_STRING {
    let bytes = size_of_val(units) as u16;
    UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() }
}

/// A variable's value.
fn variable(name: &str) -> Result<Vec<u16>, Win32Error> {
    let name: Vec<u16> = name.encode_utf16().collect();
    let mut buffer = alloc::vec![0_u16; 260];
    loop {
        let mut value = UNICODE_STRING { Length: 0, ..string(&buffer) };
        // SAFETY: both strings live through the call.
        match unsafe { RtlQueryEnvironmentVariable_U(core::ptr::null(), &string(&name), &raw mut value) } {
            STATUS_BUFFER_TOO_SMALL if usize::from(value.Length / 2) > buffer.len() => buffer.resize(usize::from(value.Length / 2) + 1, 0),
            status => {
                Status::check(status).map_err(|_| Win32Error(ERROR_ENVVAR_NOT_FOUND))?;
                buffer.truncate(usize::from(value.Length / 2));
                return Ok(buffer);
            }
        }
    }
}

/// Copies a path with its NUL, or tells the room that it needs.
unsafe fn put(path: &[u16], buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    let room = unsafe { room.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let given = *room as usize;
    *room = path.len() as u32 + 1;
    if buffer.is_null() || given <= path.len() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    // SAFETY: it fits.
    unsafe {
        buffer.copy_from_nonoverlapping(path.as_ptr(), path.len());
        *buffer.add(path.len()) = 0;
    }
    Ok(Bool)
}

/// Answers the folder of the user's profile.
#[shim(ix = 0, mapping = "the variable USERPROFILE", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn GetUserProfileDirectoryW(_token: HANDLE, buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { put(&variable("USERPROFILE")?, buffer, room) }
}

/// Answers the folder that holds every user's profile.
#[shim(ix = 1, mapping = "the variable USERPROFILE, without its last part", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn GetProfilesDirectoryW(buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    let own = variable("USERPROFILE")?;
    let end = own.iter().rposition(|unit| *unit == u16::from(b'\\')).unwrap_or(own.len());
    unsafe { put(&own[..end], buffer, room) }
}

/// Replaces the variables in a text by their values.
#[shim(ix = 2, mapping = "RtlExpandEnvironmentStrings_U", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn ExpandEnvironmentStringsForUserW(
    _token: HANDLE,
    source: *const u16,
    buffer: *mut u16,
    room: u32,
) -> Result<Bool, Win32Error> {
    if source.is_null() || buffer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let source = unsafe { text::wide(source) };
    let maximum = (room.min(0x7FFF) * 2) as u16;
    let mut target = UNICODE_STRING { Length: 0, MaximumLength: maximum, Buffer: buffer };
    let mut needed = 0;
    let status = unsafe { RtlExpandEnvironmentStrings_U(core::ptr::null(), &string(source), &raw mut target, &raw mut needed) };
    Status::check(status).map(|_| Bool).map_err(|_| Win32Error(ERROR_INSUFFICIENT_BUFFER))
}
