//! Reading and writing blocks, and the buffer itself.

use super::super::fault::{Fault, INVALID, Int, Size};
use super::{File, hold};
use guest::shim;

unsafe fn read(buffer: *mut u8, size: usize, count: usize, file: *mut File, locked: bool) -> Result<Size, Fault> {
    if size == 0 || count == 0 {
        return Ok(Size(0));
    }
    let bytes = size.checked_mul(count).filter(|_| !buffer.is_null() && !file.is_null()).ok_or(INVALID)?;
    // SAFETY: it is a stream, and the buffer is as long as said.
    unsafe {
        let _held = locked.then(|| hold(file));
        Ok(Size((*file).read(core::slice::from_raw_parts_mut(buffer, bytes)) / size))
    }
}

unsafe fn write(buffer: *const u8, size: usize, count: usize, file: *mut File, locked: bool) -> Result<Size, Fault> {
    if size == 0 || count == 0 {
        return Ok(Size(0));
    }
    let bytes = size.checked_mul(count).filter(|_| !buffer.is_null() && !file.is_null()).ok_or(INVALID)?;
    // SAFETY: it is a stream, and the buffer is as long as said.
    unsafe {
        let _held = locked.then(|| hold(file));
        Ok(Size((*file).write(core::slice::from_raw_parts(buffer, bytes)) / size))
    }
}

/// Reads elements; answers how many whole ones.
#[shim(ix = {msvcrt: 96, ucrtbase: 66}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fread(buffer: *mut u8, size: usize, count: usize, file: *mut File) -> Result<Size, Fault> {
    read(buffer, size, count, file, true)
}

/// Reads elements, without the stream's lock.
#[shim(ix = {msvcrt: 440, ucrtbase: 549}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fread_nolock(buffer: *mut u8, size: usize, count: usize, file: *mut File) -> Result<Size, Fault> {
    read(buffer, size, count, file, false)
}

/// Reads elements into a buffer of known size.
#[shim(ix = {msvcrt: 441, ucrtbase: 550}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fread_s(buffer: *mut u8, room: usize, size: usize, count: usize, file: *mut File) -> Result<Size, Fault> {
    if size == 0 || count == 0 {
        return Ok(Size(0));
    }
    if size.checked_mul(count).is_none_or(|bytes| bytes > room) {
        if !buffer.is_null() {
            buffer.write_bytes(0, room);
        }
        return Err(Fault::Invalid(super::super::errno::ERANGE));
    }
    read(buffer, size, count, file, true)
}

/// Writes elements; answers how many whole ones.
#[shim(ix = {msvcrt: 22, ucrtbase: 59}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fwrite(buffer: *const u8, size: usize, count: usize, file: *mut File) -> Result<Size, Fault> {
    write(buffer, size, count, file, true)
}

/// Writes elements, without the stream's lock.
#[shim(ix = {msvcrt: 442, ucrtbase: 551}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fwrite_nolock(buffer: *const u8, size: usize, count: usize, file: *mut File) -> Result<Size, Fault> {
    write(buffer, size, count, file, false)
}

/// Reads an `int`.
#[shim(ix = {msvcrt: 443, ucrtbase: 552}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _getw(file: *mut File) -> Result<Int, Fault> {
    let mut bytes = [0; 4];
    let Size(count) = read(bytes.as_mut_ptr(), 4, 1, file, true)?;
    if count == 1 { Ok(Int(i32::from_le_bytes(bytes))) } else { Err(Fault::Quiet(-1)) }
}

/// Writes an `int`.
#[shim(ix = {msvcrt: 444, ucrtbase: 553}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _putw(value: i32, file: *mut File) -> Result<Int, Fault> {
    let Size(count) = write(value.to_le_bytes().as_ptr(), 4, 1, file, true)?;
    if count == 1 { Ok(Int(value)) } else { Err(Fault::Quiet(-1)) }
}

/// Sets how a stream buffers.
#[shim(ix = {msvcrt: 144, ucrtbase: 39}, mapping = "the stream's buffer", risk = Functional("data that comes late"))]
pub unsafe extern "C" fn setvbuf(file: *mut File, buffer: *mut u8, mode: i32, size: usize) -> Result<Int, Fault> {
    const FULL: i32 = 0;
    const LINE: i32 = 0x40;
    const NONE: i32 = 4;
    if file.is_null() || !matches!(mode, FULL | LINE | NONE) {
        return Err(INVALID);
    }
    let size = i32::try_from(size).ok().filter(|size| mode == NONE || *size >= 2).map(|size| size & !1);
    let wanted = match mode {
        NONE => None,
        _ => Some((buffer, size.ok_or(INVALID)?)),
    };
    let _held = hold(file);
    if (*file).set_buffer(wanted) { Ok(Int(0)) } else { Err(Fault::Quiet(-1)) }
}

/// Gives a stream a buffer of 512 bytes, or none.
#[shim(ix = {msvcrt: 445, ucrtbase: 419}, mapping = "the stream's buffer", risk = Functional("data that comes late"))]
pub unsafe extern "C" fn setbuf(file: *mut File, buffer: *mut u8) {
    if file.is_null() {
        INVALID.tell();
        return;
    }
    let _held = hold(file);
    (*file).set_buffer((!buffer.is_null()).then_some((buffer, 512)));
}

/// Where a stream's buffer and its state lie.
#[shim(ix = {ucrtbase: 95}, mapping = "the stream's buffer", risk = Functional("data that comes late"))]
pub unsafe extern "C" fn _get_stream_buffer_pointers(
    file: *mut File,
    base: *mut *mut *mut u8,
    at: *mut *mut *mut u8,
    left: *mut *mut i32,
) -> Result<super::super::fault::Code, Fault> {
    let file = file.as_mut().ok_or(INVALID)?;
    if let Some(base) = base.as_mut() {
        *base = &raw mut file.base;
    }
    if let Some(at) = at.as_mut() {
        *at = &raw mut file.at;
    }
    if let Some(left) = left.as_mut() {
        *left = &raw mut file.left;
    }
    Ok(super::super::fault::Code)
}
