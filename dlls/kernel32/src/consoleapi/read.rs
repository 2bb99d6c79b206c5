//! ReadConsole.

use crate::ansi;
use crate::console::{self, Output, SCREEN};
use crate::lock::Lock;
use crate::nt::{NtReadFile, check};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::System::Console::{CONSOLE_READCONSOLE_CONTROL, ENABLE_ECHO_INPUT};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// What was read and did not fit.
static REST: Lock<VecDeque<u16>> = Lock::new(VecDeque::new());

/// Reads bytes of what was typed.
fn read(handle: HANDLE, buffer: &mut [u8]) -> Result<usize, Win32Error> {
    // SAFETY: plain data, for which zero is a value.
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let (target, length) = (buffer.as_mut_ptr().cast(), buffer.len() as u32);
    // SAFETY: writes no more than there is room for.
    check(unsafe { NtReadFile(handle, null_mut(), null(), null(), &raw mut block, target, length, null(), null()) })?;
    Ok(block.Information.min(buffer.len()))
}

/// How many bytes the character takes whose first byte this is.
fn length_of(first: u8) -> usize {
    match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

/// Whole characters that were typed, of no more bytes than there is room for, but for the rest of the last one. Nothing is the
/// end of the input.
fn characters(handle: HANDLE, room: usize) -> Result<Vec<u16>, Win32Error> {
    let mut bytes = alloc::vec![0; room.clamp(1, 0x1_0000)];
    let count = read(handle, &mut bytes)?;
    bytes.truncate(count);
    let begun = bytes.iter().rev().take(4).position(|byte| *byte & 0xC0 != 0x80).map(|back| bytes.len() - 1 - back);
    if let Some(begun) = begun {
        while bytes.len() - begun < length_of(bytes[begun]) {
            let mut next = [0];
            if read(handle, &mut next)? == 0 {
                break;
            }
            bytes.push(next[0]);
        }
    }
    Ok(nls::to_wide(nls::UTF8, &bytes, false).unwrap_or_default())
}

/// What was typed, of no more units than there is room for.
fn typed(handle: HANDLE, room: usize) -> Result<Vec<u16>, Win32Error> {
    let mode = console::mode(handle)?;
    let mut units: Vec<u16> = REST.with(|rest| rest.drain(..room.min(rest.len())).collect());
    if units.is_empty() && room > 0 {
        units = characters(handle, room)?;
        if mode & ENABLE_ECHO_INPUT != 0 {
            // What is typed appears on the screen as well; where that is no console, nothing follows.
            let shown = text::lossy(&units);
            let _ = console::with_screen(|output: &Output| {
                SCREEN.with(|screen| screen.follow(output, &shown.replace('\r', "")));
                Ok(())
            });
        }
        let more = units.split_off(room.min(units.len()));
        REST.with(|rest| rest.extend(more));
    }
    Ok(units)
}

/// Reads what the user types, as far as the mode says: a line, or characters.
#[shim(ix = 117, mapping = "NtReadFile", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn ReadConsoleW(
    handle: HANDLE,
    buffer: *mut c_void,
    room: u32,
    count: *mut u32,
    control: *const CONSOLE_READCONSOLE_CONTROL,
) -> Result<Bool, Win32Error> {
    let control = unsafe { control.as_ref() };
    let initial =
        control.filter(|control| control.nLength as usize == size_of::<CONSOLE_READCONSOLE_CONTROL>()).map_or(0, |control| control.nInitialChars);
    if initial > room || buffer.is_null() && room > 0 || count.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let units = typed(handle, (room - initial) as usize)?;
    unsafe {
        buffer.cast::<u16>().add(initial as usize).copy_from_nonoverlapping(units.as_ptr(), units.len());
        *count = initial + units.len() as u32;
    }
    Ok(Bool)
}

/// Reads what the user types, in the console's code page.
#[shim(ix = 462, mapping = "ReadConsoleW", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn ReadConsoleA(
    handle: HANDLE,
    buffer: *mut c_void,
    room: u32,
    count: *mut u32,
    _control: *const CONSOLE_READCONSOLE_CONTROL,
) -> Result<Bool, Win32Error> {
    /// The most bytes of UTF-8 that one unit takes.
    const WIDEST: u32 = 3;
    if buffer.is_null() && room > 0 || count.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if room > 0 && room < WIDEST {
        // A character might not fit, and there is no place for half of one.
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let bytes = ansi::from_wide(nls::UTF8, &typed(handle, (room / WIDEST) as usize)?);
    unsafe {
        buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        *count = bytes.len() as u32;
    }
    Ok(Bool)
}

/// Throws away what was typed and not read.
#[shim(ix = 484, mapping = "what this process holds of the input", risk = Functional("a key that is taken for an answer"))]
pub unsafe extern "system" fn FlushConsoleInputBuffer(handle: HANDLE) -> Result<Bool, Win32Error> {
    console::mode(handle)?;
    if Output::of(handle).is_ok() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    REST.with(VecDeque::clear);
    Ok(Bool)
}
