//! Modes and code pages of the console.

use crate::console;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::{nls, shim};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, HANDLE};

/// Answers the mode of a console's handle.
#[shim(ix = 27, mapping = "gate Console", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn GetConsoleMode(handle: HANDLE, answer: *mut u32) -> Result<Bool, Win32Error> {
    let mode = console::mode(handle)?;
    unsafe { *answer = mode };
    Ok(Bool)
}

/// Sets the mode of a console's handle; the user's terminal follows.
#[shim(ix = 129, mapping = "gate Console", risk = Functional("a terminal that is left without echo"))]
pub unsafe extern "system" fn SetConsoleMode(handle: HANDLE, mode: u32) -> Result<Bool, Win32Error> {
    console::set_mode(handle, mode).map(|()| Bool)
}

/// The console's code page: what terminals take and give is UTF-8.
fn page() -> Result<Count<u32>, Win32Error> {
    if console::exists() { Ok(Count(nls::UTF8)) } else { Err(Win32Error(ERROR_INVALID_HANDLE)) }
}

fn set_page(page: u32) -> Result<Bool, Win32Error> {
    if !console::exists() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    if page == nls::UTF8 { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// Answers the code page of what is typed.
#[shim(ix = 150, mapping = "the terminal's UTF-8", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn GetConsoleCP() -> Result<Count<u32>, Win32Error> {
    page()
}

/// Answers the code page of what is shown.
#[shim(ix = 105, mapping = "the terminal's UTF-8", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn GetConsoleOutputCP() -> Result<Count<u32>, Win32Error> {
    page()
}

/// Sets the code page of what is typed: a terminal has UTF-8 alone.
#[shim(ix = 429, mapping = "UTF-8 alone", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn SetConsoleCP(page: u32) -> Result<Bool, Win32Error> {
    set_page(page)
}

/// Sets the code page of what is shown: a terminal has UTF-8 alone.
#[shim(ix = 380, mapping = "UTF-8 alone", risk = Wrong("wrong characters"))]
pub unsafe extern "system" fn SetConsoleOutputCP(page: u32) -> Result<Bool, Win32Error> {
    set_page(page)
}

/// Refuses a new console: a process has one already, or the sandbox has no terminal to give.
#[shim(ix = 361, mapping = "refused: the terminal is the command line's to give", risk = Functional("a program without a console"))]
pub unsafe extern "system" fn AllocConsole() -> Result<Bool, Win32Error> {
    Err(Win32Error(ERROR_ACCESS_DENIED))
}

/// Attaches to another process's console: a process that has one already is refused, and so is one whose parent has none.
#[shim(ix = 325, mapping = "the command line's terminal", risk = Functional("a program without a console"))]
pub unsafe extern "system" fn AttachConsole(_process: u32) -> Result<Bool, Win32Error> {
    Err(Win32Error(if console::exists() { ERROR_ACCESS_DENIED } else { ERROR_INVALID_HANDLE }))
}
