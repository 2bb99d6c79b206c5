//! The console's title.

use crate::ansi;
use crate::console::{SCREEN, with_screen};
use crate::processenv::{parameters, text as parameter};
use alloc::format;
use alloc::vec::Vec;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY};

/// Longer titles are refused, as Windows refuses those above 64 KB.
const LONGEST: usize = 0x7FFF;

fn set(title: &[u16]) -> Result<Bool, Win32Error> {
    if title.len() > LONGEST {
        return Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY));
    }
    let shown: alloc::string::String = text::lossy(title).chars().filter(|character| !character.is_control()).collect();
    with_screen(|output| output.put(format!("\x1b]0;{shown}\x07").as_bytes()))?;
    SCREEN.with(|screen| screen.title = Some(title.to_vec()));
    Ok(Bool)
}

/// Sets the console's title.
#[shim(ix = 401, mapping = "the terminal's title", risk = Functional("a wrong title"))]
pub unsafe extern "system" fn SetConsoleTitleW(title: *const u16) -> Result<Bool, Win32Error> {
    if title.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    set(unsafe { text::wide(title) })
}

/// Sets the console's title.
#[shim(ix = 682, mapping = "SetConsoleTitleW", risk = Functional("a wrong title"))]
pub unsafe extern "system" fn SetConsoleTitleA(title: *const u8) -> Result<Bool, Win32Error> {
    if title.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    set(&ansi::units(nls::UTF8, unsafe { text::narrow(title) }))
}

/// The title: what this process set, or what it was started with.
fn title() -> Result<Vec<u16>, Win32Error> {
    with_screen(|_| Ok(()))?;
    Ok(SCREEN.with(|screen| screen.title.clone()).unwrap_or_else(|| parameter(&parameters().window_title).to_vec()))
}

/// Copies what fits with a NUL, and answers the title's length.
unsafe fn answer<T: Copy + Default>(title: &[T], buffer: *mut T, room: u32) -> Count<u32> {
    let fits = title.len().min((room as usize).saturating_sub(1));
    if room > 0 && !buffer.is_null() {
        // SAFETY: the caller's buffer has room for that and a NUL.
        unsafe {
            buffer.copy_from_nonoverlapping(title.as_ptr(), fits);
            *buffer.add(fits) = T::default();
        }
    }
    Count(title.len() as u32)
}

/// Answers the console's title, as far as this process knows it.
#[shim(ix = 487, mapping = "what was set, the process parameters", risk = Wrong("a wrong title"))]
pub unsafe extern "system" fn GetConsoleTitleW(buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(&title()?, buffer, room) })
}

/// Answers the console's title, as far as this process knows it.
#[shim(ix = 683, mapping = "GetConsoleTitleW", risk = Wrong("a wrong title"))]
pub unsafe extern "system" fn GetConsoleTitleA(buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    Ok(unsafe { answer(&ansi::from_wide(nls::UTF8, &title()?), buffer, room) })
}
