//! The terminal behind a console's handle: its mode, its size, and bytes for it.

use crate::nt::{NtWriteFile, WcConsole, check};
use core::ptr::{null, null_mut};
use gate::service::ConsoleKind;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Console::ENABLE_VIRTUAL_TERMINAL_PROCESSING;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Asks the console behind a handle; its mode, and its size in columns and rows.
fn ask(handle: HANDLE, kind: ConsoleKind, mode: u32) -> Result<(u32, [u32; 2]), Win32Error> {
    let (mut mode, mut size) = (mode, [0; 2]);
    // SAFETY: writes both.
    check(unsafe { WcConsole(handle, kind as u32, &raw mut mode, &raw mut size) })?;
    Ok((mode, size))
}

/// The mode of a console's handle.
pub fn mode(handle: HANDLE) -> Result<u32, Win32Error> {
    ask(handle, ConsoleKind::Mode, 0).map(|answer| answer.0)
}

/// Sets the mode of a console's handle.
pub fn set_mode(handle: HANDLE, mode: u32) -> Result<(), Win32Error> {
    ask(handle, ConsoleKind::SetMode, mode).map(|_| ())
}

/// What a console shows.
#[derive(Clone, Copy)]
pub struct Output {
    handle: HANDLE,
    /// Columns.
    pub columns: i16,
    /// Rows.
    pub rows: i16,
}

impl Output {
    /// The screen behind a handle; a handle of anything else is refused.
    pub fn of(handle: HANDLE) -> Result<Self, Win32Error> {
        let (_, [columns, rows]) = ask(handle, ConsoleKind::Size, 0)?;
        let short = |size: u32| i16::try_from(size).unwrap_or(i16::MAX);
        Ok(Self { handle, columns: short(columns), rows: short(rows) })
    }

    /// A screen that nothing is behind.
    #[cfg(test)]
    pub const fn fake(columns: i16, rows: i16) -> Self {
        Self { handle: null_mut(), columns, rows }
    }

    /// Writes bytes as they are.
    pub fn put(&self, bytes: &[u8]) -> Result<(), Win32Error> {
        // SAFETY: plain data, for which zero is a value.
        let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
        let buffer = bytes.as_ptr().cast();
        // SAFETY: reads the bytes.
        check(unsafe { NtWriteFile(self.handle, null_mut(), null(), null(), &raw mut block, buffer, bytes.len() as u32, null(), null()) })?;
        Ok(())
    }

    /// Whether control sequences are obeyed.
    pub fn obeys_sequences(&self) -> Result<bool, Win32Error> {
        Ok(mode(self.handle)? & ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0)
    }
}
