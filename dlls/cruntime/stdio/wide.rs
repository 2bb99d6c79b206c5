//! Wide characters in streams: of the locale's page in a text, as they are in Unicode texts and binary files.

use super::super::errno::{self, EILSEQ};
use super::super::fault::{Fault, INVALID, Int, Pointer, Unit};
use super::super::locale;
use super::{File, hold};
use core::ptr::null_mut;
use guest::{shim, text};

/// `WEOF`, where the stream already knows why.
const END: Fault = Fault::Quiet(-1);

impl File {
    /// The next wide character.
    pub fn get_wide(&mut self) -> Option<u16> {
        if !self.converts() {
            let low = self.get()?;
            let high = self.get()?;
            return Some(u16::from_le_bytes([low, high]));
        }
        let codec = locale::current().codec();
        let mut bytes = [0; 4];
        let mut length = 0;
        while length < codec.longest().min(bytes.len()) {
            bytes[length] = self.get()?;
            length += 1;
            if let Some((wide, _)) = codec.decode(&bytes[..length]) {
                return wide.as_slice().first().copied();
            }
        }
        errno::set(EILSEQ);
        None
    }

    /// Takes a wide character back.
    pub fn unget_wide(&mut self, unit: u16) -> bool {
        if !self.converts() {
            let [low, high] = unit.to_le_bytes();
            return self.unget(high) && self.unget(low);
        }
        match locale::current().codec().encode(&[unit]) {
            Some((bytes, _)) => bytes.as_slice().iter().rev().all(|byte| self.unget(*byte)),
            None => {
                errno::set(EILSEQ);
                false
            }
        }
    }

    /// Writes wide characters; answers whether all were written.
    pub fn write_wide(&mut self, units: &[u16]) -> bool {
        let mut bytes = alloc::vec::Vec::with_capacity(units.len() * 2);
        if !self.converts() {
            bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            return self.write(&bytes) == bytes.len();
        }
        let codec = locale::current().codec();
        let mut rest = units;
        let mut encoded = true;
        while !rest.is_empty() {
            let Some((character, used)) = codec.encode(rest) else {
                errno::set(EILSEQ);
                encoded = false;
                break;
            };
            bytes.extend_from_slice(character.as_slice());
            rest = &rest[used.max(1)..];
        }
        self.write(&bytes) == bytes.len() && encoded
    }
}

fn standard(index: usize) -> *mut File {
    (&raw mut super::_iob).cast::<File>().wrapping_add(index)
}

unsafe fn get(file: *mut File) -> Result<Unit, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a stream.
    unsafe {
        let _held = hold(file);
        (*file).get_wide().map(Unit).ok_or(END)
    }
}

unsafe fn put(unit: u16, file: *mut File) -> Result<Unit, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a stream.
    unsafe {
        let _held = hold(file);
        if (*file).write_wide(&[unit]) { Ok(Unit(unit)) } else { Err(END) }
    }
}

/// The next wide character.
#[shim(ix = {msvcrt: 306, ucrtbase: 187}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fgetwc(file: *mut File) -> Result<Unit, Fault> {
    get(file)
}

/// The next wide character.
#[shim(ix = {msvcrt: 182, ucrtbase: 402}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn getwc(file: *mut File) -> Result<Unit, Fault> {
    get(file)
}

/// The next wide character of standard input.
#[shim(ix = {msvcrt: 518, ucrtbase: 592}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn getwchar() -> Result<Unit, Fault> {
    get(standard(0))
}

/// Writes a wide character.
#[shim(ix = {msvcrt: 179, ucrtbase: 87}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fputwc(unit: u16, file: *mut File) -> Result<Unit, Fault> {
    put(unit, file)
}

/// Writes a wide character.
#[shim(ix = {msvcrt: 186, ucrtbase: 415}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn putwc(unit: u16, file: *mut File) -> Result<Unit, Fault> {
    put(unit, file)
}

/// Writes a wide character to standard output.
#[shim(ix = {msvcrt: 519, ucrtbase: 593}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn putwchar(unit: u16) -> Result<Unit, Fault> {
    put(unit, standard(1))
}

/// Takes a wide character back.
#[shim(ix = {msvcrt: 153, ucrtbase: 158}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn ungetwc(unit: u16, file: *mut File) -> Result<Unit, Fault> {
    const WEOF: u16 = 0xFFFF;
    if file.is_null() {
        return Err(INVALID);
    }
    let _held = hold(file);
    if unit != WEOF && (*file).unget_wide(unit) { Ok(Unit(unit)) } else { Err(END) }
}

/// Reads a line, with its end.
#[shim(ix = {msvcrt: 307, ucrtbase: 594}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fgetws(buffer: *mut u16, size: i32, file: *mut File) -> Result<Pointer<u16>, Fault> {
    if file.is_null() || size < 0 || (buffer.is_null() && size != 0) {
        return Err(INVALID);
    }
    if size == 0 {
        return Ok(Pointer(null_mut()));
    }
    let _held = hold(file);
    let mut at = buffer;
    for _ in 1..size {
        match (*file).get_wide() {
            Some(unit) => {
                at.write(unit);
                at = at.add(1);
                if unit == u16::from(b'\n') {
                    break;
                }
            }
            None if at == buffer => return Ok(Pointer(null_mut())),
            None => break,
        }
    }
    at.write(0);
    Ok(Pointer(buffer))
}

/// Writes a wide string.
#[shim(ix = {msvcrt: 520, ucrtbase: 399}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fputws(string: *const u16, file: *mut File) -> Result<Int, Fault> {
    if string.is_null() || file.is_null() {
        return Err(INVALID);
    }
    let _held = hold(file);
    if (*file).write_wide(text::wide(string)) { Ok(Int(0)) } else { Err(END) }
}

/// Writes a wide string and a line end to standard output.
#[shim(ix = {msvcrt: 521, ucrtbase: 595}, mapping = "the stream's buffer", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _putws(string: *const u16) -> Result<Int, Fault> {
    if string.is_null() {
        return Err(INVALID);
    }
    let file = standard(1);
    let _held = hold(file);
    if (*file).write_wide(text::wide(string)) && (*file).write_wide(&[u16::from(b'\n')]) { Ok(Int(0)) } else { Err(END) }
}
