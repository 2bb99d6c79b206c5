//! The computer's name.

use crate::ansi;
use alloc::vec::Vec;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{nls, router, shim};
use windows_sys::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_INVALID_PARAMETER, ERROR_MORE_DATA};

router! {
    /// By the kind of name: NetBIOS and DNS, of the machine and of a cluster, which there is none of. It belongs to no domain.
    fn name_of(kind: i32) -> Result<&'static str, Win32Error> for "GetComputerNameExW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        matches!(kind, 0 | 4) => Ok(gate::names::COMPUTER);
        matches!(kind, 1 | 3 | 5 | 7) => Ok(gate::names::COMPUTER);
        matches!(kind, 2 | 6) => Ok("");
    }
}

/// Writes a name and its length; where it does not fit, the room that it needs with its NUL.
unsafe fn answer<T: Copy + Default>(name: &[T], buffer: *mut T, room: *mut u32, refusal: u32) -> Result<Bool, Win32Error> {
    let room = unsafe { room.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    if buffer.is_null() && *room != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let given = *room;
    if name.len() >= given as usize {
        *room = name.len() as u32 + 1;
        return Err(Win32Error(refusal));
    }
    *room = unsafe { ansi::copy_or_need(name, buffer, given) };
    Ok(Bool)
}

fn wide(kind: i32) -> Result<Vec<u16>, Win32Error> {
    Ok(name_of(kind)?.encode_utf16().collect())
}

/// Answers the computer's NetBIOS name.
#[shim(ix = 486, mapping = "the sandbox's name", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetComputerNameW(buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&wide(0)?, buffer, room, ERROR_BUFFER_OVERFLOW) }
}

/// Answers the computer's NetBIOS name.
#[shim(ix = 545, mapping = "GetComputerNameW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetComputerNameA(buffer: *mut u8, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&ansi::from_wide(nls::ANSI, &wide(0)?), buffer, room, ERROR_BUFFER_OVERFLOW) }
}

/// Answers one of the computer's names.
#[shim(ix = 285, mapping = "the sandbox's name", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetComputerNameExW(kind: i32, buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&wide(kind)?, buffer, room, ERROR_MORE_DATA) }
}

/// Answers one of the computer's names.
#[shim(ix = 692, mapping = "GetComputerNameExW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetComputerNameExA(kind: i32, buffer: *mut u8, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { answer(&ansi::from_wide(nls::ANSI, &wide(kind)?), buffer, room, ERROR_MORE_DATA) }
}
