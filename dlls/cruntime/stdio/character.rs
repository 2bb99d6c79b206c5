//! Reading and writing characters and lines.

use super::super::fault::{Fault, INVALID, Int, Pointer};
use super::stream::{AT_END, ERROR};
use super::{File, hold};
use core::ptr::null_mut;
use guest::{shim, text};

/// `EOF`, where the stream already knows why.
const END: Fault = Fault::Quiet(-1);

fn standard(index: usize) -> *mut File {
    (&raw mut super::_iob).cast::<File>().wrapping_add(index)
}

unsafe fn get(file: *mut File, locked: bool) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a stream.
    unsafe {
        let _held = locked.then(|| hold(file));
        (*file).get().map(|byte| Int(byte.into())).ok_or(END)
    }
}

unsafe fn put(character: i32, file: *mut File, locked: bool) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    let byte = character as u8;
    // SAFETY: it is a stream.
    unsafe {
        let _held = locked.then(|| hold(file));
        if (*file).write(&[byte]) == 1 { Ok(Int(byte.into())) } else { Err(END) }
    }
}

unsafe fn line(buffer: *mut u8, size: i32, file: *mut File) -> Result<Pointer<u8>, Fault> {
    if file.is_null() || size < 0 || (buffer.is_null() && size != 0) {
        return Err(INVALID);
    }
    if size == 0 {
        return Ok(Pointer(null_mut()));
    }
    // SAFETY: it is a stream, and the buffer is as long as said.
    unsafe {
        let _held = hold(file);
        let mut at = buffer;
        for _ in 1..size {
            match (*file).get() {
                Some(byte) => {
                    at.write(byte);
                    at = at.add(1);
                    if byte == b'\n' {
                        break;
                    }
                }
                None if at == buffer => return Ok(Pointer(null_mut())),
                None => break,
            }
        }
        at.write(0);
    }
    Ok(Pointer(buffer))
}

unsafe fn put_text(bytes: &[&[u8]], file: *mut File) -> Result<Int, Fault> {
    // SAFETY: it is a stream.
    unsafe {
        let _held = hold(file);
        let whole = bytes.concat();
        if (*file).write(&whole) == whole.len() { Ok(Int(0)) } else { Err(END) }
    }
}

/// The next character.
#[shim(ix = {msvcrt: 57, ucrtbase: 72}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fgetc(file: *mut File) -> Result<Int, Fault> {
    get(file, true)
}

/// The next character.
#[shim(ix = {msvcrt: 181, ucrtbase: 263}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn getc(file: *mut File) -> Result<Int, Fault> {
    get(file, true)
}

/// The next character, without the stream's lock.
#[shim(ix = {msvcrt: 446, ucrtbase: 554}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _getc_nolock(file: *mut File) -> Result<Int, Fault> {
    get(file, false)
}

/// The next character, without the stream's lock.
#[shim(ix = {ucrtbase: 555}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fgetc_nolock(file: *mut File) -> Result<Int, Fault> {
    get(file, false)
}

/// The next character of standard input.
#[shim(ix = {msvcrt: 310, ucrtbase: 401}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn getchar() -> Result<Int, Fault> {
    get(standard(0), true)
}

/// The next character of standard input.
#[shim(ix = {msvcrt: 447, ucrtbase: 556}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fgetchar() -> Result<Int, Fault> {
    get(standard(0), true)
}

/// Writes a character.
#[shim(ix = {msvcrt: 10, ucrtbase: 58}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fputc(character: i32, file: *mut File) -> Result<Int, Fault> {
    put(character, file, true)
}

/// Writes a character.
#[shim(ix = {msvcrt: 143, ucrtbase: 414}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn putc(character: i32, file: *mut File) -> Result<Int, Fault> {
    put(character, file, true)
}

/// Writes a character, without the stream's lock.
#[shim(ix = {msvcrt: 448, ucrtbase: 557}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _putc_nolock(character: i32, file: *mut File) -> Result<Int, Fault> {
    put(character, file, false)
}

/// Writes a character, without the stream's lock.
#[shim(ix = {ucrtbase: 558}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fputc_nolock(character: i32, file: *mut File) -> Result<Int, Fault> {
    put(character, file, false)
}

/// Writes a character to standard output.
#[shim(ix = {msvcrt: 227, ucrtbase: 311}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn putchar(character: i32) -> Result<Int, Fault> {
    put(character, standard(1), true)
}

/// Writes a character to standard output.
#[shim(ix = {msvcrt: 449, ucrtbase: 559}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fputchar(character: i32) -> Result<Int, Fault> {
    put(character, standard(1), true)
}

/// Takes a character back.
#[shim(ix = {msvcrt: 101, ucrtbase: 67}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn ungetc(character: i32, file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    let _held = hold(file);
    if character != -1 && (*file).unget(character as u8) { Ok(Int((character as u8).into())) } else { Err(END) }
}

/// Takes a character back, without the stream's lock.
#[shim(ix = {msvcrt: 450, ucrtbase: 560}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _ungetc_nolock(character: i32, file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    if character != -1 && (*file).unget(character as u8) { Ok(Int((character as u8).into())) } else { Err(END) }
}

/// Reads a line, with its end.
#[shim(ix = {msvcrt: 178, ucrtbase: 124}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fgets(buffer: *mut u8, size: i32, file: *mut File) -> Result<Pointer<u8>, Fault> {
    line(buffer, size, file)
}

/// Reads a line of standard input, without its end.
#[shim(ix = {msvcrt: 451, ucrtbase: 561}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn gets(buffer: *mut u8) -> Result<Pointer<u8>, Fault> {
    if buffer.is_null() {
        return Err(INVALID);
    }
    let Pointer(read) = line(buffer, i32::MAX, standard(0))?;
    if !read.is_null() {
        let length = crt::text::length(read);
        if length > 0 && *read.add(length - 1) == b'\n' {
            *read.add(length - 1) = 0;
        }
    }
    Ok(Pointer(read))
}

/// Reads a line of standard input, without its end; one that is too long is the caller's fault.
#[shim(ix = {msvcrt: 452, ucrtbase: 562}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn gets_s(buffer: *mut u8, size: usize) -> Result<Pointer<u8>, Fault> {
    if buffer.is_null() || size == 0 {
        return Err(INVALID);
    }
    *buffer = 0;
    let _held = hold(standard(0));
    let mut length = 0;
    loop {
        match (*standard(0)).get() {
            None if length == 0 => return Ok(Pointer(null_mut())),
            None | Some(b'\n') => break,
            Some(_) if length + 1 == size => {
                *buffer = 0;
                return Err(Fault::Invalid(super::super::errno::ERANGE));
            }
            Some(byte) => *buffer.add(length) = byte,
        }
        length += 1;
    }
    *buffer.add(length) = 0;
    Ok(Pointer(buffer))
}

/// Writes a string.
#[shim(ix = {msvcrt: 17, ucrtbase: 105}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn fputs(string: *const u8, file: *mut File) -> Result<Int, Fault> {
    if string.is_null() || file.is_null() {
        return Err(INVALID);
    }
    put_text(&[text::narrow(string)], file)
}

/// Writes a string and a line end to standard output.
#[shim(ix = {msvcrt: 113, ucrtbase: 228}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn puts(string: *const u8) -> Result<Int, Fault> {
    if string.is_null() {
        return Err(INVALID);
    }
    put_text(&[text::narrow(string), b"\n"], standard(1))
}

/// Whether the end was met.
#[shim(ix = {msvcrt: 109, ucrtbase: 123}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn feof(file: *mut File) -> i32 {
    if file.is_null() {
        INVALID.tell();
        return 0;
    }
    (*file).flags & AT_END
}

/// Whether there was an error.
#[shim(ix = {msvcrt: 95, ucrtbase: 305}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn ferror(file: *mut File) -> i32 {
    if file.is_null() {
        INVALID.tell();
        return 0;
    }
    (*file).flags & ERROR
}

/// Forgets the end and errors.
#[shim(ix = {msvcrt: 453, ucrtbase: 387}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn clearerr(file: *mut File) {
    if file.is_null() {
        INVALID.tell();
        return;
    }
    let _held = hold(file);
    (*file).flags &= !(AT_END | ERROR);
    super::super::io::update((*file).number, |descriptor| descriptor.flags &= !super::super::io::AT_END);
}

/// Forgets the end and errors.
#[shim(ix = {msvcrt: 454, ucrtbase: 563}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn clearerr_s(file: *mut File) -> Result<super::super::fault::Code, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    let _held = hold(file);
    (*file).flags &= !(AT_END | ERROR);
    super::super::io::update((*file).number, |descriptor| descriptor.flags &= !super::super::io::AT_END);
    Ok(super::super::fault::Code)
}

/// The stream's descriptor.
#[shim(ix = {msvcrt: 50, ucrtbase: 32}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _fileno(file: *mut File) -> Result<Int, Fault> {
    if file.is_null() { Err(INVALID) } else { Ok(Int((*file).number)) }
}

/// Reads into the buffer; answers the first byte.
#[shim(ix = {msvcrt: 256}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _filbuf(file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    (*file).fill().map(|byte| Int(byte.into())).ok_or(END)
}

/// Makes room in the buffer; writes a byte there.
#[shim(ix = {msvcrt: 257}, mapping = "the stream's buffer", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _flsbuf(character: i32, file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    (*file).left = 0;
    let byte = character as u8;
    if (*file).write(&[byte]) == 1 { Ok(Int(byte.into())) } else { Err(END) }
}
