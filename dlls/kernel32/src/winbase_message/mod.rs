//! winbase.h: FormatMessage.

mod insert;
mod table;

use crate::ansi;
use crate::heap;
use alloc::vec::Vec;
use core::ffi::c_void;
use crt::Unit;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY};
use windows_sys::Win32::System::Diagnostics::Debug::{
    FORMAT_MESSAGE_ALLOCATE_BUFFER, FORMAT_MESSAGE_ARGUMENT_ARRAY, FORMAT_MESSAGE_FROM_HMODULE, FORMAT_MESSAGE_FROM_STRING,
    FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS,
};

const REFUSED: Win32Error = Win32Error(ERROR_INVALID_PARAMETER);
/// The bits that hold the longest line.
const WIDTH: u32 = 0xFF;

/// A message's definition, but for one that the caller brings.
fn defined(flags: u32, source: *const c_void, id: u32, language: u32) -> Result<Vec<u16>, Win32Error> {
    let mut found = Err(REFUSED);
    if flags & FORMAT_MESSAGE_FROM_HMODULE != 0 {
        found = table::of_module(source.cast(), id, language);
    }
    if found.is_err() && flags & FORMAT_MESSAGE_FROM_SYSTEM != 0 {
        found = table::of_system(id, language);
    }
    found
}

/// The arguments of inserts: an array of words, or a `va_list`, which is one behind a pointer.
unsafe fn arguments(flags: u32, given: *const c_void) -> *const u8 {
    if given.is_null() || flags & FORMAT_MESSAGE_ARGUMENT_ARRAY != 0 {
        return given.cast();
    }
    // SAFETY: as the caller promises.
    unsafe { *given.cast() }
}

/// Writes a message into the caller's buffer, or into one that LocalFree frees.
unsafe fn answer<C: Unit + Default>(flags: u32, message: &[C], buffer: *mut C, room: u32) -> Result<Count<u32>, Win32Error> {
    let length = message.len() as u32;
    if flags & FORMAT_MESSAGE_ALLOCATE_BUFFER == 0 {
        if length >= room {
            return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
        }
        return Ok(Count(unsafe { ansi::copy_or_need(message, buffer, room) }));
    }
    if message.is_empty() {
        return Ok(Count(0));
    }
    // What was asked for is the least.
    let units = (length + 1).max(room);
    let memory = heap::allocate(units as usize * size_of::<C>()).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?.cast::<C>();
    unsafe {
        ansi::copy_or_need(message, memory, units);
        *buffer.cast::<*mut C>() = memory;
    }
    Ok(Count(length))
}

/// Refuses what no flags make sense of, and empties an answer that is to be allocated.
unsafe fn check<C>(flags: u32, source: *const c_void, buffer: *mut C) -> Result<(), Win32Error> {
    const SOURCES: u32 = FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_FROM_SYSTEM;
    if flags & FORMAT_MESSAGE_ALLOCATE_BUFFER != 0 {
        if buffer.is_null() {
            return Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY));
        }
        unsafe { *buffer.cast::<*mut C>() = core::ptr::null_mut() };
    }
    let of_string = flags & FORMAT_MESSAGE_FROM_STRING != 0;
    if flags & SOURCES == 0 || of_string && (flags & SOURCES != FORMAT_MESSAGE_FROM_STRING || source.is_null()) { Err(REFUSED) } else { Ok(()) }
}

unsafe fn format<C: Unit + Default>(flags: u32, definition: &[C], buffer: *mut C, room: u32, given: *const c_void) -> Result<Count<u32>, Win32Error> {
    unsafe {
        let inserts = if flags & FORMAT_MESSAGE_IGNORE_INSERTS != 0 { None } else { Some(arguments(flags, given)) };
        let message = insert::message(definition, inserts, flags & WIDTH)?;
        answer(flags, &message, buffer, room)
    }
}

/// Writes a message: the system's, a module's or the caller's, with its inserts.
#[shim(ix = 35, mapping = "a table of our own texts, the module's messages", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn FormatMessageW(
    flags: u32,
    source: *const c_void,
    id: u32,
    language: u32,
    buffer: *mut u16,
    room: u32,
    arguments: *const c_void,
) -> Result<Count<u32>, Win32Error> {
    unsafe { check(flags, source, buffer)? };
    let own;
    let definition = if flags & FORMAT_MESSAGE_FROM_STRING != 0 {
        unsafe { text::wide(source.cast()) }
    } else {
        own = defined(flags, source, id, language)?;
        &own
    };
    unsafe { format(flags, definition, buffer, room, arguments) }
}

/// Writes a message in the ANSI code page: the system's, a module's or the caller's, with its inserts.
#[shim(ix = 122, mapping = "FormatMessageW", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn FormatMessageA(
    flags: u32,
    source: *const c_void,
    id: u32,
    language: u32,
    buffer: *mut u8,
    room: u32,
    arguments: *const c_void,
) -> Result<Count<u32>, Win32Error> {
    unsafe { check(flags, source, buffer)? };
    let own;
    let definition = if flags & FORMAT_MESSAGE_FROM_STRING != 0 {
        unsafe { text::narrow(source.cast()) }
    } else {
        own = ansi::from_wide(nls::ANSI, &defined(flags, source, id, language)?);
        &own
    };
    unsafe { format(flags, definition, buffer, room, arguments) }
}
