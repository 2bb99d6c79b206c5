//! The environment.

use super::unicode_string;
use crate::ansi;
use crate::nt::{
    RtlCreateEnvironment, RtlDestroyEnvironment, RtlExpandEnvironmentStrings_U, RtlQueryEnvironmentVariable_U, RtlSetEnvironmentVariable, check,
};
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Count, Pointer};
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{
    ERROR_ENVVAR_NOT_FOUND, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, STATUS_BUFFER_TOO_SMALL, UNICODE_STRING,
};

/// The longest text of a counted string, its NUL included.
const LONGEST: usize = 0x7FFF;

/// A block of `NAME=value` texts with the empty text that ends it.
unsafe fn block<'a, T: Copy + Default + PartialEq>(start: *const T) -> &'a [T] {
    let mut length = 0;
    // SAFETY: a block ends in an empty text.
    unsafe {
        while *start.add(length) != T::default() {
            while *start.add(length) != T::default() {
                length += 1;
            }
            length += 1;
        }
        core::slice::from_raw_parts(start, length + 1)
    }
}

fn copy() -> Result<*mut u16, Win32Error> {
    let mut environment = null_mut();
    // SAFETY: writes the address of the copy.
    check(unsafe { RtlCreateEnvironment(1, &raw mut environment) })?;
    Ok(environment)
}

/// A caller's block in UTF-16, with the empty text that ends it.
///
/// # Safety
/// It is a block of UTF-16, or of the ANSI code page.
pub unsafe fn units_of(start: *const core::ffi::c_void, wide: bool) -> Vec<u16> {
    if wide { unsafe { block(start.cast()) }.to_vec() } else { ansi::units(nls::ANSI, unsafe { block(start.cast::<u8>()) }) }
}

/// The environment of this process, with the empty text that ends it.
pub fn block_of_this_process() -> Result<Vec<u16>, Win32Error> {
    let copy = copy()?;
    // SAFETY: the copy is a block, and this function's own.
    unsafe {
        let units = block(copy).to_vec();
        RtlDestroyEnvironment(copy);
        Ok(units)
    }
}

/// Copies the environment, for FreeEnvironmentStringsW.
#[shim(ix = 37, mapping = "RtlCreateEnvironment", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn GetEnvironmentStringsW() -> Result<Pointer<u16>, Win32Error> {
    copy().map(Pointer)
}

/// Copies the environment in the ANSI code page, for FreeEnvironmentStringsA.
#[shim(ix = 685, mapping = "GetEnvironmentStringsW", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn GetEnvironmentStringsA() -> Result<Pointer<u8>, Win32Error> {
    let wide = copy()?;
    let bytes = ansi::from_wide(nls::ANSI, unsafe { block(wide) });
    unsafe { RtlDestroyEnvironment(wide) };
    let memory = crate::heap::allocate(bytes.len()).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?.cast::<u8>();
    unsafe { memory.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(Pointer(memory))
}

guest::forward!(GetEnvironmentStrings = 295 => "kernel32.GetEnvironmentStringsA");

/// Frees a copy of the environment.
#[shim(ix = 36, mapping = "RtlDestroyEnvironment", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn FreeEnvironmentStringsW(environment: *mut u16) -> Result<Bool, Win32Error> {
    check(unsafe { RtlDestroyEnvironment(environment) }).map(|_| Bool)
}

/// Frees a copy of the environment.
#[shim(ix = 293, mapping = "RtlDestroyEnvironment", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn FreeEnvironmentStringsA(environment: *mut u8) -> Result<Bool, Win32Error> {
    check(unsafe { RtlDestroyEnvironment(environment.cast()) }).map(|_| Bool)
}

/// A variable's value; none where there is no such variable.
fn value(name: &[u16]) -> Option<Vec<u16>> {
    let name = unicode_string(name).ok()?;
    let mut found = alloc::vec![0_u16; 128];
    loop {
        let mut target = UNICODE_STRING { Length: 0, MaximumLength: 2 * found.len() as u16, Buffer: found.as_mut_ptr() };
        // SAFETY: reads the name, and writes no more than the target has room for.
        let status = unsafe { RtlQueryEnvironmentVariable_U(null(), &raw const name, &raw mut target) };
        match status {
            STATUS_BUFFER_TOO_SMALL if found.len() < LONGEST => found.resize((usize::from(target.Length / 2) + 1).min(LONGEST), 0),
            0 => {
                found.truncate(usize::from(target.Length / 2));
                return Some(found);
            }
            _ => return None,
        }
    }
}

/// Whether a variable is set.
pub fn is_set(name: &str) -> bool {
    value(&name.encode_utf16().collect::<Vec<u16>>()).is_some()
}

/// A variable's value by a name in ASCII.
pub fn of(name: &str) -> Option<Vec<u16>> {
    value(&name.encode_utf16().collect::<Vec<u16>>())
}

fn existing(name: &[u16]) -> Result<Vec<u16>, Win32Error> {
    value(name).ok_or(Win32Error(ERROR_ENVVAR_NOT_FOUND))
}

/// Answers a variable's value; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 98, mapping = "RtlQueryEnvironmentVariable_U", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn GetEnvironmentVariableW(name: *const u16, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    let found = existing(unsafe { text::wide(name) })?;
    Ok(Count(unsafe { ansi::copy_or_need(&found, buffer, room) }))
}

/// Answers a variable's value; where it does not fit, the room that it needs with its NUL.
#[shim(ix = 205, mapping = "GetEnvironmentVariableW", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn GetEnvironmentVariableA(name: *const u8, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    let found = existing(&ansi::units(nls::ANSI, unsafe { text::narrow(name) }))?;
    Ok(Count(unsafe { ansi::copy_or_need(&ansi::from_wide(nls::ANSI, &found), buffer, room) }))
}

fn set(name: Option<&[u16]>, value: Option<&[u16]>) -> Result<Bool, Win32Error> {
    let name = unicode_string(name.ok_or(Win32Error(ERROR_ENVVAR_NOT_FOUND))?)?;
    let value = value.map(unicode_string).transpose()?;
    let value = value.as_ref().map_or(null(), core::ptr::from_ref);
    // SAFETY: reads both texts.
    check(unsafe { RtlSetEnvironmentVariable(null_mut(), &raw const name, value) }).map(|_| Bool)
}

unsafe fn given<'a>(text: *const u16) -> Option<&'a [u16]> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { text::wide(text) })
}

/// Sets a variable; NULL takes it out.
#[shim(ix = 111, mapping = "RtlSetEnvironmentVariable", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> Result<Bool, Win32Error> {
    unsafe { set(given(name), given(value)) }
}

/// Sets a variable; NULL takes it out.
#[shim(ix = 340, mapping = "SetEnvironmentVariableW", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn SetEnvironmentVariableA(name: *const u8, value: *const u8) -> Result<Bool, Win32Error> {
    let wide = |text: *const u8| (!text.is_null()).then(|| ansi::units(nls::ANSI, unsafe { text::narrow(text) }));
    set(wide(name).as_deref(), wide(value).as_deref())
}

/// Replaces the whole environment by a block of `NAME=value` texts.
#[shim(ix = 686, mapping = "RtlSetEnvironmentVariable", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn SetEnvironmentStringsW(environment: *const u16) -> Result<Bool, Win32Error> {
    const REFUSED: Win32Error = Win32Error(ERROR_INVALID_PARAMETER);
    if environment.is_null() {
        return Err(REFUSED);
    }
    let parts = |variable: &[u16]| {
        let at = variable.iter().skip(1).position(|unit| *unit == u16::from(b'='))? + 1;
        Some((variable[..at].to_vec(), variable[at + 1..].to_vec()))
    };
    let variables = |block: &[u16]| block.split(|unit| *unit == 0).filter(|variable| !variable.is_empty()).map(parts).collect::<Option<Vec<_>>>();
    let new = variables(unsafe { block(environment) }).ok_or(REFUSED)?;
    let old = copy()?;
    let known = variables(unsafe { block(old) }).unwrap_or_default();
    unsafe { RtlDestroyEnvironment(old) };
    for (name, _) in known {
        set(Some(&name), None)?;
    }
    for (name, value) in new {
        set(Some(&name), Some(&value))?;
    }
    Ok(Bool)
}

/// A text with its variables replaced, and the NUL behind it.
fn expanded(source: &[u16]) -> Result<Vec<u16>, Win32Error> {
    let source = unicode_string(source)?;
    let mut answer = alloc::vec![0_u16; usize::from(source.Length / 2) + 128];
    loop {
        let mut needed = 0;
        let mut target = UNICODE_STRING { Length: 0, MaximumLength: 2 * answer.len().min(LONGEST) as u16, Buffer: answer.as_mut_ptr() };
        // SAFETY: reads the source, and writes no more than the target has room for.
        let status = unsafe { RtlExpandEnvironmentStrings_U(null(), &raw const source, &raw mut target, &raw mut needed) };
        if status == STATUS_BUFFER_TOO_SMALL && answer.len() < LONGEST {
            answer.resize((needed as usize / 2).clamp(answer.len() + 1, LONGEST), 0);
            continue;
        }
        check(status)?;
        answer.truncate(usize::from(target.Length / 2) + 1);
        return Ok(answer);
    }
}

/// Copies what fits whole, and answers the room needed with the NUL.
unsafe fn answer<T: Copy>(expanded: &[T], buffer: *mut T, room: u32) -> Count<u32> {
    if !buffer.is_null() && expanded.len() <= room as usize {
        // SAFETY: it fits.
        unsafe { buffer.copy_from_nonoverlapping(expanded.as_ptr(), expanded.len()) };
    }
    Count(expanded.len() as u32)
}

/// Replaces `%NAME%` by values; answers the room that takes with its NUL.
#[shim(ix = 259, mapping = "RtlExpandEnvironmentStrings_U", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn ExpandEnvironmentStringsW(source: *const u16, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    let expanded = expanded(unsafe { text::wide(source) })?;
    Ok(unsafe { answer(&expanded, buffer, room) })
}

/// Replaces `%NAME%` by values; answers the room that takes with its NUL.
#[shim(ix = 391, mapping = "ExpandEnvironmentStringsW", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn ExpandEnvironmentStringsA(source: *const u8, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    let expanded = expanded(&ansi::units(nls::ANSI, unsafe { text::narrow(source) }))?;
    Ok(unsafe { answer(&ansi::from_wide(nls::ANSI, &expanded), buffer, room) })
}
