//! Ctrl-C and Ctrl-Break: batch files end, and what is typed begins anew.

use core::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;

/// The exit code of who was interrupted (`STATUS_CONTROL_C_EXIT`).
pub const CODE: u32 = 0xC000_013A;

static HAPPENED: AtomicBool = AtomicBool::new(false);

unsafe extern "system" fn handle(event: u32) -> i32 {
    const CTRL_BREAK: u32 = 1;
    if event <= CTRL_BREAK {
        HAPPENED.store(true, Ordering::Relaxed);
    }
    i32::from(event <= CTRL_BREAK)
}

/// Hears of them from now on.
pub fn watch() {
    // SAFETY: the handler stays.
    unsafe { SetConsoleCtrlHandler(Some(handle), 1) };
}

/// Whether one has come.
pub fn happened() -> bool {
    HAPPENED.load(Ordering::Relaxed)
}

/// Forgets that one has come.
pub fn clear() {
    HAPPENED.store(false, Ordering::Relaxed);
}
