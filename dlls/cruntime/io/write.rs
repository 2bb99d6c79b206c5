//! Writing, and what it makes of a text: LF becomes CR LF.

use super::super::errno::{EBADF, ENOSPC};
use super::super::fault::{Fault, INVALID};
use super::super::kernel32::{GetConsoleMode, WriteConsoleW, WriteFile};
use super::read;
use super::table::{self, APPEND, DEVICE, Descriptor, Encoding};
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, HANDLE};

const LF: u8 = b'\n';
const CR: u8 = b'\r';
/// Bytes of a text that are translated at once.
const PIECE: usize = 4096;

/// Writes bytes as they are; answers how many.
pub fn raw(handle: HANDLE, bytes: &[u8]) -> Result<usize, Fault> {
    let mut count = 0;
    // SAFETY: the bytes are as many as said.
    if unsafe { WriteFile(handle, bytes.as_ptr().cast(), bytes.len() as u32, &raw mut count, null_mut()) } != 0 {
        return Ok(count as usize);
    }
    match guest::teb::last_error() {
        ERROR_ACCESS_DENIED => Err(Fault::Errno(EBADF)),
        error => Err(Fault::Win32(error)),
    }
}

/// Writes as `_write` does; answers how many of the program's bytes were written.
pub fn write(number: i32, bytes: &[u8]) -> Result<usize, Fault> {
    let descriptor = table::get(number)?;
    if bytes.is_empty() {
        return Ok(0);
    }
    if bytes.len() > i32::MAX as usize {
        return Err(INVALID);
    }
    if descriptor.flags & APPEND != 0 {
        // What cannot be moved is written where it is.
        let _ = table::seek(number, 0, 2);
    }
    let written = match (descriptor.is_text(), descriptor.encoding) {
        (false, _) => raw(descriptor.handle, bytes)?,
        (true, Encoding::Ansi) => text(descriptor, bytes)?,
        (true, _) => wide(descriptor, bytes)?,
    };
    if written == 0 && !(descriptor.flags & DEVICE != 0 && bytes[0] == read::CTRL_Z) {
        return Err(Fault::Errno(ENOSPC));
    }
    Ok(written)
}

/// A text of bytes.
fn text(descriptor: Descriptor, bytes: &[u8]) -> Result<usize, Fault> {
    if !bytes.contains(&LF) {
        return raw(descriptor.handle, bytes);
    }
    let mut done = 0;
    let mut piece = Vec::with_capacity(PIECE + 1);
    while done < bytes.len() {
        piece.clear();
        let mut end = done;
        while end < bytes.len() && piece.len() < PIECE {
            if bytes[end] == LF {
                piece.push(CR);
            }
            piece.push(bytes[end]);
            end += 1;
        }
        let written = match raw(descriptor.handle, &piece) {
            Err(fault) if done == 0 => return Err(fault),
            result => result.unwrap_or(0),
        };
        if written < piece.len() {
            let returns = piece[..written].windows(2).filter(|pair| *pair == [CR, LF]).count();
            return Ok(done + written.saturating_sub(returns));
        }
        done = end;
    }
    Ok(done)
}

/// A text in Unicode: the program's bytes are UTF-16.
fn wide(descriptor: Descriptor, bytes: &[u8]) -> Result<usize, Fault> {
    if !bytes.len().is_multiple_of(2) {
        return Err(INVALID);
    }
    let mut units = Vec::with_capacity(bytes.len() / 2 + 16);
    for pair in bytes.chunks_exact(2) {
        let unit = u16::from_le_bytes([pair[0], pair[1]]);
        if unit == u16::from(LF) {
            units.push(u16::from(CR));
        }
        units.push(unit);
    }
    let mut mode = 0;
    // SAFETY: there is room for the mode.
    if descriptor.flags & DEVICE != 0 && unsafe { GetConsoleMode(descriptor.handle, &raw mut mode) } != 0 {
        let mut count = 0;
        // SAFETY: the units are as many as said.
        if unsafe { WriteConsoleW(descriptor.handle, units.as_ptr().cast(), units.len() as u32, &raw mut count, null()) } == 0 {
            return Err(Fault::last());
        }
        return Ok(bytes.len());
    }
    let encoded: Vec<u8> = match descriptor.encoding {
        Encoding::Utf8 => guest::nls::from_wide(guest::nls::UTF8, &units, b'?').map(|(bytes, _)| bytes).unwrap_or_default(),
        _ => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
    };
    if raw(descriptor.handle, &encoded)? < encoded.len() { Err(Fault::Errno(ENOSPC)) } else { Ok(bytes.len()) }
}
