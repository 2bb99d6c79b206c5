//! consoleapi3.h: the console's window.

use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::HWND;

/// The console's window: a terminal has none that a program could reach, as a pseudoconsole has none.
#[shim(ix = 311, mapping = "a terminal has no window", risk = Wrong("a window of somebody else's"))]
pub unsafe extern "system" fn GetConsoleWindow() -> HWND {
    null_mut()
}
