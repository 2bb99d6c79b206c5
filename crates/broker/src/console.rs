//! Consoles: the modes that programs set, and the terminal that follows them.

use crate::wire::Answer;
use rustix::termios::tcgetwinsize;
use std::os::fd::BorrowedFd;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;
use store::status;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::Console::{
    DISABLE_NEWLINE_AUTO_RETURN, ENABLE_AUTO_POSITION, ENABLE_ECHO_INPUT, ENABLE_EXTENDED_FLAGS, ENABLE_INSERT_MODE, ENABLE_LINE_INPUT,
    ENABLE_LVB_GRID_WORLDWIDE, ENABLE_MOUSE_INPUT, ENABLE_PROCESSED_INPUT, ENABLE_PROCESSED_OUTPUT, ENABLE_QUICK_EDIT_MODE,
    ENABLE_VIRTUAL_TERMINAL_INPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING, ENABLE_WINDOW_INPUT, ENABLE_WRAP_AT_EOL_OUTPUT,
};

/// The modes that exist, by SetConsoleMode's documentation.
const INPUT_MODES: u32 = ENABLE_PROCESSED_INPUT
    | ENABLE_LINE_INPUT
    | ENABLE_ECHO_INPUT
    | ENABLE_WINDOW_INPUT
    | ENABLE_MOUSE_INPUT
    | ENABLE_INSERT_MODE
    | ENABLE_QUICK_EDIT_MODE
    | ENABLE_EXTENDED_FLAGS
    | ENABLE_AUTO_POSITION
    | ENABLE_VIRTUAL_TERMINAL_INPUT;
const OUTPUT_MODES: u32 = ENABLE_PROCESSED_OUTPUT
    | ENABLE_WRAP_AT_EOL_OUTPUT
    | ENABLE_VIRTUAL_TERMINAL_PROCESSING
    | DISABLE_NEWLINE_AUTO_RETURN
    | ENABLE_LVB_GRID_WORLDWIDE;

/// How long the command line may take to change the user's terminal.
const PATIENCE: Duration = Duration::from_secs(1);

/// The console of a command line's programs. They share it, as they share its window on Windows.
#[derive(Debug, Default)]
pub struct ConsoleModes {
    modes: Mutex<Modes>,
    /// Held while a mode is set and told of: the terminal follows in the same order.
    telling: Mutex<()>,
    answered: Condvar,
}

#[derive(Debug)]
struct Modes {
    input: u32,
    output: u32,
    /// Changes that the command line has not answered yet.
    open: u32,
}

impl Default for Modes {
    /// A new console's.
    fn default() -> Self {
        let window = ENABLE_MOUSE_INPUT | ENABLE_INSERT_MODE | ENABLE_QUICK_EDIT_MODE | ENABLE_EXTENDED_FLAGS | ENABLE_AUTO_POSITION;
        Self {
            input: ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | window,
            output: ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT,
            open: 0,
        }
    }
}

impl ConsoleModes {
    /// The mode of a handle for input or for output.
    pub fn get(&self, input: bool) -> u32 {
        let modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        if input { modes.input } else { modes.output }
    }

    /// Sets a mode, tells the command line where the user's terminal is to follow, and returns when it has. Unknown bits are
    /// refused, and echo without lines.
    pub fn set(&self, input: bool, mode: u32, tell: impl FnOnce(&Answer)) -> Result<(), NTSTATUS> {
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        if !input {
            modes.output = (mode & !OUTPUT_MODES == 0).then_some(mode).ok_or(STATUS_INVALID_PARAMETER)?;
            return Ok(());
        }
        let echo_alone = mode & (ENABLE_ECHO_INPUT | ENABLE_LINE_INPUT) == ENABLE_ECHO_INPUT;
        if mode & !INPUT_MODES != 0 || echo_alone {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let changed = (modes.input ^ mode) & (ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT) != 0;
        modes.input = mode;
        if changed {
            modes.open += 1;
            drop(modes);
            tell(&Answer::TerminalMode {
                lines: mode & ENABLE_LINE_INPUT != 0,
                echo: mode & ENABLE_ECHO_INPUT != 0,
                interrupts: mode & ENABLE_PROCESSED_INPUT != 0,
            });
            drop(telling);
            let modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self.answered.wait_timeout_while(modes, PATIENCE, |modes| modes.open > 0);
            waited.unwrap_or_else(PoisonError::into_inner).0.open = 0;
        }
        Ok(())
    }

    /// The command line has changed the terminal.
    pub fn answered(&self) {
        let mut modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        modes.open = modes.open.saturating_sub(1);
        self.answered.notify_all();
    }
}

/// Columns and rows.
pub fn size(terminal: BorrowedFd<'_>) -> Result<(u32, u32), NTSTATUS> {
    let size = tcgetwinsize(terminal).map_err(status)?;
    // A terminal that does not know its size has the classic one.
    let or = |value: u16, other: u32| if value == 0 { other } else { u32::from(value) };
    Ok((or(size.ws_col, 80), or(size.ws_row, 25)))
}
