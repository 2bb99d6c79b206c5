//! The console: its code page, and whether a handle leads to it.

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Globalization::CP_UTF8;
use windows_sys::Win32::System::Console::{GetConsoleMode, GetConsoleOutputCP};

/// The code page in which text is written to files and pipes: the console's, and UTF-8, which is what our consoles have, where there is
/// none.
pub fn page() -> u32 {
    // SAFETY: takes nothing.
    match unsafe { GetConsoleOutputCP() } {
        0 => CP_UTF8,
        page => page,
    }
}

/// Whether a handle is a console's.
pub fn is(handle: HANDLE) -> bool {
    let mut mode = 0;
    // SAFETY: writes the mode.
    unsafe { GetConsoleMode(handle, &raw mut mode) != 0 }
}

/// The console's size in columns and rows, where there is one.
pub fn size(handle: HANDLE) -> Option<(usize, usize)> {
    use windows_sys::Win32::System::Console::{CONSOLE_SCREEN_BUFFER_INFO, GetConsoleScreenBufferInfo};
    let mut facts = CONSOLE_SCREEN_BUFFER_INFO::default();
    // SAFETY: writes the facts.
    let known = unsafe { GetConsoleScreenBufferInfo(handle, &raw mut facts) } != 0;
    let window = facts.srWindow;
    let length = |first: i16, last: i16| usize::try_from(i32::from(last) - i32::from(first) + 1).unwrap_or(0);
    known.then(|| (length(window.Left, window.Right), length(window.Top, window.Bottom)))
}
