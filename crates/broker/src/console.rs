//! Terminals: what Windows' console modes are on the host.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::os::fd::BorrowedFd;
use store::status;
use windows_sys::Win32::Foundation::NTSTATUS;
use windows_sys::Win32::System::Console::{
    ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT, ENABLE_PROCESSED_INPUT, ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING,
    ENABLE_WRAP_AT_EOL_OUTPUT,
};

/// What Windows' input modes are on the host: line editing, echo, Ctrl-C.
const INPUT: [(u32, LocalModes); 3] =
    [(ENABLE_LINE_INPUT, LocalModes::ICANON), (ENABLE_ECHO_INPUT, LocalModes::ECHO), (ENABLE_PROCESSED_INPUT, LocalModes::ISIG)];

/// The mode of a console handle. Output is always processed, wraps and understands sequences: the terminal is one.
pub fn mode(terminal: BorrowedFd<'_>, input: bool) -> Result<u32, NTSTATUS> {
    if !input {
        return Ok(ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    }
    let settings = tcgetattr(terminal).map_err(status)?;
    Ok(INPUT.iter().filter(|(_, host)| settings.local_modes.contains(*host)).fold(0, |mode, (windows, _)| mode | windows))
}

/// Sets the mode of a console's input.
pub fn set_mode(terminal: BorrowedFd<'_>, mode: u32) -> Result<(), NTSTATUS> {
    let mut settings: Termios = tcgetattr(terminal).map_err(status)?;
    for (windows, host) in INPUT {
        settings.local_modes.set(host, mode & windows != 0);
    }
    tcsetattr(terminal, OptionalActions::Now, &settings).map_err(status)
}

/// Columns and rows.
pub fn size(terminal: BorrowedFd<'_>) -> Result<(u32, u32), NTSTATUS> {
    let size = tcgetwinsize(terminal).map_err(status)?;
    // A terminal that does not know its size has the classic one.
    let or = |value: u16, other: u32| if value == 0 { other } else { u32::from(value) };
    Ok((or(size.ws_col, 80), or(size.ws_row, 25)))
}
