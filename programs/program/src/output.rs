//! What a program says: to the console as UTF-16, to files and pipes in the console's code page.

use crate::error::{Result, check};
use crate::{console, text};
use alloc::string::String;
use core::ptr::null_mut;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Storage::FileSystem::WriteFile;
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_OUTPUT_HANDLE, WriteConsoleW};

/// Where text goes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    handle: HANDLE,
    console: bool,
}

impl Output {
    /// A handle's.
    pub fn of(handle: HANDLE) -> Self {
        Self { handle, console: console::is(handle) }
    }

    /// Standard output.
    pub fn standard() -> Self {
        // SAFETY: takes a number.
        Self::of(unsafe { GetStdHandle(STD_OUTPUT_HANDLE) })
    }

    /// Standard error.
    pub fn error() -> Self {
        // SAFETY: takes a number.
        Self::of(unsafe { GetStdHandle(STD_ERROR_HANDLE) })
    }

    /// Whether it is a console.
    pub fn is_console(&self) -> bool {
        self.console
    }

    /// Writes a text.
    pub fn write(&self, text: &str) -> Result<()> {
        if !self.console {
            return self.write_bytes(&text::to_page(console::page(), text));
        }
        let units: alloc::vec::Vec<u16> = text.encode_utf16().collect();
        for piece in units.chunks(0x2000) {
            let mut written = 0;
            // SAFETY: reads so many units.
            check(unsafe { WriteConsoleW(self.handle, piece.as_ptr(), piece.len() as u32, &raw mut written, null_mut()) })?;
        }
        Ok(())
    }

    /// Writes bytes as they are.
    pub fn write_bytes(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (mut written, piece) = (0, bytes.len().min(1 << 20));
            // SAFETY: reads so many bytes.
            check(unsafe { WriteFile(self.handle, bytes.as_ptr(), piece as u32, &raw mut written, null_mut()) })?;
            if written == 0 {
                break;
            }
            bytes = &bytes[(written as usize).min(bytes.len())..];
        }
        Ok(())
    }
}

/// Says something on standard output. Who does not listen any more does not matter to what is done.
pub fn say(text: &str) {
    let _ = Output::standard().write(text);
}

/// Says something on standard error.
pub fn complain(text: &str) {
    let _ = Output::error().write(text);
}

/// A line, and its end.
pub fn line(text: &str) -> String {
    alloc::format!("{text}\r\n")
}
