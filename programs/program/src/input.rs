//! What a program reads: bytes of a handle, whole or by the line.

use crate::error::{Error, Result};
use crate::{console, text};
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF, HANDLE};
use windows_sys::Win32::Storage::FileSystem::ReadFile;
use windows_sys::Win32::System::Console::{GetStdHandle, ReadConsoleW, STD_INPUT_HANDLE};

/// Standard input.
pub fn standard() -> HANDLE {
    // SAFETY: takes a number.
    unsafe { GetStdHandle(STD_INPUT_HANDLE) }
}

/// Reads bytes; none is the end.
pub fn read(handle: HANDLE, buffer: &mut [u8]) -> Result<usize> {
    let mut count = 0;
    // SAFETY: writes no more than there is room for.
    if unsafe { ReadFile(handle, buffer.as_mut_ptr(), buffer.len() as u32, &raw mut count, null_mut()) } == 0 {
        return match Error::last() {
            Error(ERROR_BROKEN_PIPE | ERROR_HANDLE_EOF) => Ok(0),
            error => Err(error),
        };
    }
    Ok(count as usize)
}

/// Reads everything that is left.
pub fn read_all(handle: HANDLE) -> Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), alloc::vec![0; 0x1_0000]);
    loop {
        match read(handle, &mut buffer)? {
            0 => return Ok(bytes),
            count => bytes.extend(&buffer[..count]),
        }
    }
}

/// A line's text without its end.
fn finished(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    text::decode(line.strip_suffix(b"\r").unwrap_or(line))
}

/// One line of a handle without reading more than it, as several programs may read one input.
pub fn one_line(handle: HANDLE) -> Result<Option<String>> {
    if console::is(handle) {
        return read_console(handle);
    }
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        if read(handle, &mut byte)? == 0 {
            return Ok((!line.is_empty()).then(|| finished(&line)));
        }
        line.push(byte[0]);
        if byte == *b"\n" {
            return Ok(Some(finished(&line)));
        }
    }
}

/// A line that is typed; `None` at the end (Ctrl-Z).
fn read_console(handle: HANDLE) -> Result<Option<String>> {
    let mut units: Vec<u16> = Vec::new();
    loop {
        let (mut buffer, mut count) = ([0_u16; 0x400], 0);
        // SAFETY: writes no more than there is room for.
        crate::error::check(unsafe { ReadConsoleW(handle, buffer.as_mut_ptr().cast(), buffer.len() as u32, &raw mut count, null()) })?;
        units.extend(&buffer[..count as usize]);
        if count == 0 || units.ends_with(&[u16::from(b'\n')]) {
            break;
        }
    }
    let text = String::from_utf16_lossy(&units);
    let line = text.trim_end_matches(['\r', '\n']);
    let ended = units.is_empty() || line.starts_with('\u{1A}');
    Ok((!ended).then(|| line.into()))
}
