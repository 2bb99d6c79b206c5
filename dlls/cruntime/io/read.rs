//! Reading, and what it makes of a text: CR LF becomes LF, Ctrl-Z is the end.

use super::super::errno::EBADF;
use super::super::fault::{BAD_DESCRIPTOR, Fault, INVALID};
use super::super::kernel32::{GetConsoleMode, ReadConsoleW, ReadFile};
use super::table::{self, AT_END, DEVICE, Descriptor, Encoding, PIPE, TRANSLATED};
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_BROKEN_PIPE, HANDLE};

pub const CTRL_Z: u8 = 0x1A;
const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// Reads bytes as they are; none at the end.
pub fn raw(handle: HANDLE, room: &mut [u8]) -> Result<usize, Fault> {
    let mut count = 0;
    let length = u32::try_from(room.len()).unwrap_or(i32::MAX as u32);
    // SAFETY: there is room for what is said.
    if unsafe { ReadFile(handle, room.as_mut_ptr().cast(), length, &raw mut count, null_mut()) } != 0 {
        return Ok(count as usize);
    }
    match guest::teb::last_error() {
        ERROR_BROKEN_PIPE => Ok(0),
        ERROR_ACCESS_DENIED => Err(Fault::Errno(EBADF)),
        error => Err(Fault::Win32(error)),
    }
}

/// Reads into a buffer as `_read` does; answers how many bytes that were.
pub fn read(number: i32, room: &mut [u8]) -> Result<usize, Fault> {
    let descriptor = table::get(number)?;
    if room.len() > i32::MAX as usize {
        return Err(INVALID);
    }
    if room.is_empty() || descriptor.flags & AT_END != 0 {
        return Ok(0);
    }
    if !descriptor.is_text() {
        let first = usize::from(descriptor.ahead.is_some());
        if let Some(byte) = descriptor.ahead {
            room[0] = byte;
            table::update(number, |descriptor| descriptor.ahead = None);
        }
        if first == room.len() {
            return Ok(first);
        }
        return raw(descriptor.handle, &mut room[first..]).map(|count| first + count).or_else(|fault| if first > 0 { Ok(first) } else { Err(fault) });
    }
    match descriptor.encoding {
        Encoding::Ansi => text(number, descriptor, room),
        Encoding::Utf16 => wide(number, descriptor, room),
        Encoding::Utf8 => utf8(number, descriptor, room),
    }
}

/// A text of bytes.
fn text(number: i32, descriptor: Descriptor, room: &mut [u8]) -> Result<usize, Fault> {
    loop {
        let mut ahead = descriptor.ahead;
        table::update(number, |descriptor| descriptor.ahead = None);
        let mut count = 0;
        if let Some(byte) = ahead.take() {
            room[0] = byte;
            count = 1;
        }
        if count < room.len() {
            count += match raw(descriptor.handle, &mut room[count..]) {
                Err(fault) if count == 0 => return Err(fault),
                result => result.unwrap_or(0),
            };
        }
        if count == 0 {
            return Ok(0);
        }
        let (kept, translated, ended) = translate(number, descriptor, room, count);
        table::update(number, |descriptor| {
            descriptor.flags = descriptor.flags & !TRANSLATED | if translated { TRANSLATED } else { 0 };
            if ended {
                descriptor.flags |= AT_END;
            }
        });
        // A lone CR whose LF did not come yet leaves nothing: then there is more to read.
        if kept > 0 || ended {
            return Ok(kept);
        }
    }
}

/// Translates what was read in its place: how much is left, whether a CR LF was among it, whether a Ctrl-Z ended it.
fn translate(number: i32, descriptor: Descriptor, room: &mut [u8], count: usize) -> (usize, bool, bool) {
    let (mut from, mut to, mut translated) = (0, 0, false);
    while from < count {
        let byte = room[from];
        from += 1;
        match byte {
            CTRL_Z if descriptor.flags & DEVICE == 0 => return (to, translated, true),
            CR if from < count => {
                if room[from] == LF {
                    from += 1;
                    translated = true;
                    room[to] = LF;
                } else {
                    room[to] = CR;
                }
                to += 1;
            }
            CR => {
                let mut next = [0];
                let more = raw(descriptor.handle, &mut next).unwrap_or(0);
                room[to] = CR;
                if more == 0 {
                    to += 1;
                } else if next[0] == LF {
                    room[to] = LF;
                    translated = true;
                    to += 1;
                } else {
                    to += 1;
                    if descriptor.flags & (DEVICE | PIPE) != 0 {
                        table::update(number, |descriptor| descriptor.ahead = Some(next[0]));
                    } else {
                        // A file can be read again from there.
                        let _ = table::seek(number, -1, 1);
                    }
                }
            }
            _ => {
                room[to] = byte;
                to += 1;
            }
        }
    }
    (to, translated, false)
}

/// Units without the CR of each CR LF, up to a Ctrl-Z.
fn without_returns(units: &[u16]) -> (Vec<u16>, bool) {
    let mut kept = Vec::with_capacity(units.len());
    for (index, unit) in units.iter().enumerate() {
        match *unit {
            unit if unit == u16::from(CTRL_Z) => return (kept, true),
            unit if unit == u16::from(CR) && units.get(index + 1) == Some(&u16::from(LF)) => {}
            unit => kept.push(unit),
        }
    }
    (kept, false)
}

fn store(number: i32, units: &[u16], room: &mut [u8]) -> usize {
    let (kept, ended) = without_returns(units);
    if ended {
        table::update(number, |descriptor| descriptor.flags |= AT_END);
    }
    for (pair, unit) in room.chunks_exact_mut(2).zip(&kept) {
        pair.copy_from_slice(&unit.to_le_bytes());
    }
    kept.len() * 2
}

/// A text in UTF-16; from a console it comes as the console has it.
fn wide(number: i32, descriptor: Descriptor, room: &mut [u8]) -> Result<usize, Fault> {
    if !room.len().is_multiple_of(2) {
        return Err(INVALID);
    }
    let mut units = alloc::vec![0u16; room.len() / 2];
    let count = console(descriptor, &mut units);
    let count = match count {
        Some(count) => count?,
        None => {
            let mut bytes = alloc::vec![0; room.len()];
            let count = raw(descriptor.handle, &mut bytes)? / 2;
            for (unit, pair) in units.iter_mut().zip(bytes.chunks_exact(2)) {
                *unit = u16::from_le_bytes([pair[0], pair[1]]);
            }
            // A CR at the end takes the LF behind it along.
            if count > 0 && units[count - 1] == u16::from(CR) {
                let mut next = [0; 2];
                let more = raw(descriptor.handle, &mut next)?;
                if more == 2 && u16::from_le_bytes(next) == u16::from(LF) {
                    units[count - 1] = u16::from(LF);
                } else if more > 0 {
                    table::seek(number, -(more as i64), 1)?;
                }
            }
            count
        }
    };
    Ok(store(number, &units[..count], room))
}

/// Reads from a console; nothing where it is none.
fn console(descriptor: Descriptor, units: &mut [u16]) -> Option<Result<usize, Fault>> {
    let mut mode = 0;
    // SAFETY: there is room for the mode.
    if descriptor.flags & DEVICE == 0 || unsafe { GetConsoleMode(descriptor.handle, &raw mut mode) } == 0 {
        return None;
    }
    let mut count = 0;
    // SAFETY: there is room for what is said.
    let read = unsafe { ReadConsoleW(descriptor.handle, units.as_mut_ptr().cast(), units.len() as u32, &raw mut count, null()) };
    Some(if read == 0 { Err(Fault::last()) } else { Ok(count as usize) })
}

/// A text in UTF-8, of which the program gets UTF-16.
fn utf8(number: i32, descriptor: Descriptor, room: &mut [u8]) -> Result<usize, Fault> {
    if !room.len().is_multiple_of(2) {
        return Err(INVALID);
    }
    let mut bytes = alloc::vec![0; room.len() / 2];
    let mut count = raw(descriptor.handle, &mut bytes)?;
    // What is cut off at the end is read again with the rest of its character.
    let cut = incomplete(&bytes[..count]);
    if cut > 0 && cut < count {
        table::seek(number, -(cut as i64), 1)?;
        count -= cut;
    }
    let units = guest::nls::to_wide(guest::nls::UTF8, &bytes[..count], false).map_err(|_| BAD_DESCRIPTOR)?;
    Ok(store(number, &units, room))
}

/// How many bytes at the end start a character and do not complete it; a CR waits for its LF.
fn incomplete(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&CR) {
        return 1;
    }
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let length = match byte {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if length > back { back } else { 0 };
    }
    0
}
