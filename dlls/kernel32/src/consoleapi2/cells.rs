//! Cells of the screen.

use crate::ansi;
use crate::console::{Output, SCREEN, is_valid};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{nls, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, HANDLE};
use windows_sys::Win32::System::Console::COORD;

unsafe fn fill(handle: HANDLE, unit: u16, count: u32, at: COORD, written: *mut u32) -> Result<Bool, Win32Error> {
    let character = char::from_u32(unit.into()).filter(|character| !character.is_control()).unwrap_or(' ');
    let output = Output::of(handle)?;
    let done = SCREEN.with(|screen| screen.fill(&output, at, count, character))?;
    if !written.is_null() {
        // SAFETY: the caller's number.
        unsafe { *written = done };
    }
    Ok(Bool)
}

/// Writes a character into cells, and leaves the cursor where it is.
#[shim(ix = 393, mapping = "the terminal's control sequences", risk = Wrong("wrong cells"))]
pub unsafe extern "system" fn FillConsoleOutputCharacterW(
    handle: HANDLE,
    unit: u16,
    count: u32,
    at: COORD,
    written: *mut u32,
) -> Result<Bool, Win32Error> {
    unsafe { fill(handle, unit, count, at, written) }
}

/// Writes a character into cells, and leaves the cursor where it is.
#[shim(ix = 308, mapping = "FillConsoleOutputCharacterW", risk = Wrong("wrong cells"))]
pub unsafe extern "system" fn FillConsoleOutputCharacterA(
    handle: HANDLE,
    byte: u8,
    count: u32,
    at: COORD,
    written: *mut u32,
) -> Result<Bool, Win32Error> {
    let unit = ansi::units(nls::UTF8, &[byte]).first().copied().unwrap_or_default();
    unsafe { fill(handle, unit, count, at, written) }
}

/// Colours cells that were filled with blanks before: a terminal cannot colour characters that stand already.
#[shim(ix = 261, mapping = "the terminal's control sequences, for blank cells", risk = Wrong("wrong colours"))]
pub unsafe extern "system" fn FillConsoleOutputAttribute(
    handle: HANDLE,
    attribute: u16,
    count: u32,
    at: COORD,
    written: *mut u32,
) -> Result<Bool, Win32Error> {
    if !is_valid(attribute) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let output = Output::of(handle)?;
    let done = SCREEN.with(|screen| screen.colour(&output, at, count, attribute))?.ok_or(Win32Error(ERROR_NOT_SUPPORTED))?;
    if !written.is_null() {
        unsafe { *written = done };
    }
    Ok(Bool)
}
