//! The screen's size, cursor and colours.

use crate::console::{Output, SCREEN, is_valid};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::System::Console::{CONSOLE_CURSOR_INFO, CONSOLE_SCREEN_BUFFER_INFO, COORD, SMALL_RECT};

/// Describes the screen: the terminal's window is all of it.
#[shim(ix = 112, mapping = "the terminal's size, the cursor as counted", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn GetConsoleScreenBufferInfo(handle: HANDLE, answer: *mut CONSOLE_SCREEN_BUFFER_INFO) -> Result<Bool, Win32Error> {
    let output = Output::of(handle)?;
    let ((column, row), attribute) = SCREEN.with(|screen| (screen.cursor, screen.attribute));
    let size = COORD { X: output.columns, Y: output.rows };
    unsafe {
        *answer = CONSOLE_SCREEN_BUFFER_INFO {
            dwSize: size,
            dwCursorPosition: COORD { X: column.min(output.columns - 1), Y: row.min(output.rows - 1) },
            wAttributes: attribute,
            srWindow: SMALL_RECT { Left: 0, Top: 0, Right: output.columns - 1, Bottom: output.rows - 1 },
            dwMaximumWindowSize: size,
        };
    }
    Ok(Bool)
}

/// Sets the size of what is shown: the terminal's own is the only one.
#[shim(ix = 430, mapping = "the terminal's size, which the user sets", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn SetConsoleScreenBufferSize(handle: HANDLE, size: COORD) -> Result<Bool, Win32Error> {
    let output = Output::of(handle)?;
    if (size.X, size.Y) == (output.columns, output.rows) { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// The largest window: the terminal's own.
#[shim(ix = 490, mapping = "the terminal's size", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetLargestConsoleWindowSize(handle: HANDLE) -> u32 {
    match Output::of(handle) {
        Ok(output) => u32::from(output.columns as u16) | u32::from(output.rows as u16) << 16,
        Err(error) => {
            guest::teb::set_last_error(error.0);
            0
        }
    }
}

/// Brings the cursor to a cell.
#[shim(ix = 176, mapping = "the terminal's control sequences", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn SetConsoleCursorPosition(handle: HANDLE, to: COORD) -> Result<Bool, Win32Error> {
    let output = Output::of(handle)?;
    SCREEN.with(|screen| screen.go(&output, to)).map(|()| Bool)
}

/// Sets the colours of what is written from now on.
#[shim(ix = 137, mapping = "the terminal's control sequences", risk = Wrong("wrong colours"))]
pub unsafe extern "system" fn SetConsoleTextAttribute(handle: HANDLE, attribute: u16) -> Result<Bool, Win32Error> {
    let output = Output::of(handle)?;
    if !is_valid(attribute) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    SCREEN.with(|screen| screen.set_attribute(&output, attribute)).map(|()| Bool)
}

/// Answers the cursor's form, as this process set it.
#[shim(ix = 294, mapping = "what was set", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn GetConsoleCursorInfo(handle: HANDLE, answer: *mut CONSOLE_CURSOR_INFO) -> Result<Bool, Win32Error> {
    Output::of(handle)?;
    let (size, visible) = SCREEN.with(|screen| screen.cursor_form);
    unsafe { *answer = CONSOLE_CURSOR_INFO { dwSize: size, bVisible: visible.into() } };
    Ok(Bool)
}

/// Shows or hides the cursor, as an underscore or as a block.
#[shim(ix = 339, mapping = "the terminal's control sequences", risk = Functional("a cursor that stays hidden"))]
pub unsafe extern "system" fn SetConsoleCursorInfo(handle: HANDLE, given: *const CONSOLE_CURSOR_INFO) -> Result<Bool, Win32Error> {
    let output = Output::of(handle)?;
    let given = unsafe { given.as_ref() }.filter(|given| (1..=100).contains(&given.dwSize)).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    SCREEN.with(|screen| {
        let visible = given.bVisible != 0;
        if given.dwSize != screen.cursor_form.0 {
            output.put(if given.dwSize > 50 { b"\x1b[2 q" } else { b"\x1b[4 q" })?;
        }
        output.put(if visible { b"\x1b[?25h" } else { b"\x1b[?25l" })?;
        screen.cursor_form = (given.dwSize, visible);
        Ok(Bool)
    })
}
