//! Opening and closing streams.

use super::super::errno::{EINVAL, EMFILE};
use super::super::fault::{Code, Fault, INVALID, Int, Pointer};
use super::super::io::open::{
    APPENDING, BINARY, CREAT, DENY_NONE, EXCL, NOINHERIT, RANDOM, RDWR, SEQUENTIAL, SHORT_LIVED, TEMPORARY, TEXT_MODE, TRUNC, U8_TEXT, U16_TEXT,
    WIDE_TEXT, WRONLY,
};
use super::super::io::{self, Name, Opening};
use super::stream::{BOTH, COMMIT, READ, RESERVED, UNBUFFERED, WRITE};
use super::{File, hold};
use core::ptr::null_mut;
use guest::shim;

/// What a mode means: flags of `_open`, and of the stream.
fn parse<C: Name>(mode: &[C]) -> Option<(i32, i32)> {
    let text: alloc::string::String = mode.iter().map(|unit| char::from(unit.ascii())).collect();
    let (letters, encoding) = match text.split_once(',') {
        Some((letters, encoding)) => (letters, Some(encoding)),
        None => (text.as_str(), None),
    };
    let mut letters = letters.trim_start_matches(' ').chars();
    let (mut flags, mut stream) = match letters.next()? {
        'r' => (0, READ),
        'w' => (WRONLY | CREAT | TRUNC, WRITE),
        'a' => (WRONLY | CREAT | APPENDING, WRITE),
        _ => return None,
    };
    // SAFETY: a number that the program may set at any time.
    stream |= if unsafe { (&raw const super::_commode).read_volatile() } & COMMIT != 0 { COMMIT } else { 0 };
    for letter in letters {
        match letter {
            '+' if flags & RDWR == 0 => {
                flags = flags & !WRONLY | RDWR;
                stream = stream & !(READ | WRITE) | BOTH;
            }
            'b' if flags & (BINARY | TEXT_MODE) == 0 => flags |= BINARY,
            't' if flags & (BINARY | TEXT_MODE) == 0 => flags |= TEXT_MODE,
            'c' => stream |= COMMIT,
            'n' => stream &= !COMMIT,
            'S' => flags |= SEQUENTIAL,
            'R' => flags |= RANDOM,
            'T' => flags |= SHORT_LIVED,
            'D' => flags |= TEMPORARY,
            'N' => flags |= NOINHERIT,
            'x' if cfg!(dll = "ucrtbase") && flags & TRUNC != 0 => flags |= EXCL,
            ' ' => {}
            _ => return None,
        }
    }
    if let Some(encoding) = encoding {
        let name = encoding.trim_matches(' ').strip_prefix("ccs")?.trim_matches(' ').strip_prefix('=')?.trim_matches(' ');
        flags |= match name {
            name if name.eq_ignore_ascii_case("UTF-8") => U8_TEXT,
            name if name.eq_ignore_ascii_case("UTF-16LE") => U16_TEXT,
            name if name.eq_ignore_ascii_case("UNICODE") => WIDE_TEXT,
            _ => return None,
        };
    }
    Some((flags, stream))
}

unsafe fn units<'a, C: Name>(text: *const C) -> &'a [C] {
    // SAFETY: the caller vouches for a string.
    unsafe { core::slice::from_raw_parts(text, crt::text::length(text)) }
}

unsafe fn open_into<C: Name>(file: *mut File, path: *const C, mode: *const C, share: i32) -> Result<(), Fault> {
    const ALL: i32 = 0x180;
    // SAFETY: the program's strings; the stream is ours.
    unsafe {
        let (flags, stream) = parse(units(mode)).ok_or(INVALID)?;
        let number = io::open(&C::wide(path), Opening { flags, share, mode: ALL })?;
        *file = File { flags: stream, number, ..File::CLOSED };
    }
    Ok(())
}

/// Opens a stream.
pub unsafe fn open<C: Name>(path: *const C, mode: *const C, share: i32) -> Result<*mut File, Fault> {
    if path.is_null() || mode.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's strings.
    unsafe {
        if *mode == C::NUL {
            return Err(INVALID);
        }
        if *path == C::NUL {
            return Err(Fault::Errno(EINVAL));
        }
        let file = super::unused().ok_or(Fault::Errno(EMFILE))?;
        open_into(file, path, mode, share).inspect_err(|_| (*file).flags = 0)?;
        Ok(file)
    }
}

unsafe fn open_s<C: Name>(file: *mut *mut File, path: *const C, mode: *const C) -> Result<Code, Fault> {
    const DENY_SECURE: i32 = 0x80;
    // SAFETY: the program's pointers.
    unsafe {
        let file = file.as_mut().ok_or(INVALID)?;
        *file = null_mut();
        *file = open(path, mode, DENY_SECURE)?;
    }
    Ok(Code)
}

unsafe fn reopen<C: Name>(path: *const C, mode: *const C, file: *mut File, share: i32) -> Result<*mut File, Fault> {
    if mode.is_null() || file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's strings and stream.
    unsafe {
        let _held = hold(file);
        let standard = super::place(file);
        let number = (*file).number;
        if (*file).flags & super::stream::IN_USE != 0 {
            (*file).flush();
            (*file).drop_buffer();
            if io::get_open(number) {
                // What was there is gone in any case.
                let _ = io::close(number);
            }
        }
        if path.is_null() {
            (*file).flags = 0;
            return Err(INVALID);
        }
        *file = File { flags: RESERVED, ..File::CLOSED };
        open_into(file, path, mode, share).inspect_err(|_| (*file).flags = 0)?;
        // Standard error has no buffer, whatever it leads to.
        if standard == Some(2) {
            (*file).flags |= UNBUFFERED;
        }
        Ok(file)
    }
}

unsafe fn of_descriptor<C: Name>(number: i32, mode: *const C) -> Result<Pointer<File>, Fault> {
    if mode.is_null() {
        return Err(INVALID);
    }
    io::get(number)?;
    // SAFETY: the program's string.
    let (flags, stream) = unsafe { parse(units(mode)) }.ok_or(INVALID)?;
    let file = super::unused().ok_or(Fault::Errno(EMFILE))?;
    if flags & (BINARY | TEXT_MODE | U8_TEXT | U16_TEXT | WIDE_TEXT) != 0 {
        io::update(number, |descriptor| {
            descriptor.flags = descriptor.flags & !io::TEXT | if flags & BINARY != 0 { 0 } else { io::TEXT };
            if flags & U8_TEXT != 0 {
                descriptor.encoding = io::Encoding::Utf8;
            } else if flags & (U16_TEXT | WIDE_TEXT) != 0 {
                descriptor.encoding = io::Encoding::Utf16;
            }
        });
    }
    // SAFETY: the stream is ours.
    unsafe { *file = File { flags: stream, number, ..File::CLOSED } };
    Ok(Pointer(file))
}

/// Opens a stream.
#[shim(ix = {msvcrt: 52, ucrtbase: 188}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn fopen(path: *const u8, mode: *const u8) -> Result<Pointer<File>, Fault> {
    open(path, mode, DENY_NONE).map(Pointer)
}

/// Opens a stream.
#[shim(ix = {msvcrt: 85, ucrtbase: 297}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfopen(path: *const u16, mode: *const u16) -> Result<Pointer<File>, Fault> {
    open(path, mode, DENY_NONE).map(Pointer)
}

/// Opens a stream for sharing.
#[shim(ix = {msvcrt: 459, ucrtbase: 174}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fsopen(path: *const u8, mode: *const u8, share: i32) -> Result<Pointer<File>, Fault> {
    open(path, mode, share).map(Pointer)
}

/// Opens a stream for sharing.
#[shim(ix = {msvcrt: 294, ucrtbase: 180}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfsopen(path: *const u16, mode: *const u16, share: i32) -> Result<Pointer<File>, Fault> {
    open(path, mode, share).map(Pointer)
}

/// Opens a stream that is not shared.
#[shim(ix = {msvcrt: 460, ucrtbase: 398}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn fopen_s(file: *mut *mut File, path: *const u8, mode: *const u8) -> Result<Code, Fault> {
    open_s(file, path, mode)
}

/// Opens a stream that is not shared.
#[shim(ix = {msvcrt: 293, ucrtbase: 565}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfopen_s(file: *mut *mut File, path: *const u16, mode: *const u16) -> Result<Code, Fault> {
    open_s(file, path, mode)
}

/// Closes a stream and opens another in its place.
#[shim(ix = {msvcrt: 461, ucrtbase: 400}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn freopen(path: *const u8, mode: *const u8, file: *mut File) -> Result<Pointer<File>, Fault> {
    reopen(path, mode, file, DENY_NONE).map(Pointer)
}

/// Closes a stream and opens another in its place.
#[shim(ix = {msvcrt: 462, ucrtbase: 566}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfreopen(path: *const u16, mode: *const u16, file: *mut File) -> Result<Pointer<File>, Fault> {
    reopen(path, mode, file, DENY_NONE).map(Pointer)
}

/// Closes a stream and opens another in its place.
#[shim(ix = {msvcrt: 463, ucrtbase: 189}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn freopen_s(to: *mut *mut File, path: *const u8, mode: *const u8, file: *mut File) -> Result<Code, Fault> {
    let to = to.as_mut().ok_or(INVALID)?;
    *to = null_mut();
    *to = reopen(path, mode, file, 0x80)?;
    Ok(Code)
}

/// Closes a stream and opens another in its place.
#[shim(ix = {msvcrt: 464, ucrtbase: 567}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfreopen_s(to: *mut *mut File, path: *const u16, mode: *const u16, file: *mut File) -> Result<Code, Fault> {
    let to = to.as_mut().ok_or(INVALID)?;
    *to = null_mut();
    *to = reopen(path, mode, file, 0x80)?;
    Ok(Code)
}

/// A stream over a descriptor.
#[shim(ix = {msvcrt: 90, ucrtbase: 284}, mapping = "the runtime's streams", risk = Functional("a stream of another file"))]
pub unsafe extern "C" fn _fdopen(number: i32, mode: *const u8) -> Result<Pointer<File>, Fault> {
    of_descriptor(number, mode)
}

/// A stream over a descriptor.
#[shim(ix = {msvcrt: 465, ucrtbase: 296}, mapping = "the runtime's streams", risk = Functional("a stream of another file"))]
pub unsafe extern "C" fn _wfdopen(number: i32, mode: *const u16) -> Result<Pointer<File>, Fault> {
    of_descriptor(number, mode)
}

/// Writes a stream out and closes it.
#[shim(ix = {msvcrt: 21, ucrtbase: 57}, mapping = "CloseHandle", risk = Functional("data that is lost"))]
pub unsafe extern "C" fn fclose(file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    let _held = hold(file);
    if (*file).flags & super::stream::IN_USE == 0 {
        return Err(Fault::Quiet(EINVAL));
    }
    if (*file).close() { Ok(Int(0)) } else { Err(Fault::Quiet(-1)) }
}

/// Closes all streams but the standard ones; answers how many.
#[shim(ix = {msvcrt: 466, ucrtbase: 568}, mapping = "CloseHandle", risk = Functional("data that is lost"))]
pub unsafe extern "C" fn _fcloseall() -> i32 {
    let mut count = 0;
    for file in super::all() {
        if super::place(file).is_some_and(|index| index < 3) {
            continue;
        }
        let _held = hold(file);
        count += i32::from((*file).close());
    }
    count
}

/// Writes a stream out, or all for NULL.
#[shim(ix = {msvcrt: 9, ucrtbase: 49}, mapping = "WriteFile", risk = Functional("data that is lost"))]
pub unsafe extern "C" fn fflush(file: *mut File) -> Result<Int, Fault> {
    if file.is_null() {
        return super::flush_all().map(|_| Int(0)).ok_or(Fault::Quiet(-1));
    }
    let _held = hold(file);
    if !(*file).flush() {
        return Err(Fault::Quiet(-1));
    }
    if (*file).flags & COMMIT != 0 {
        let descriptor = io::get((*file).number)?;
        super::super::kernel32::FlushFileBuffers(descriptor.handle);
    }
    Ok(Int(0))
}

/// Writes all streams out; answers how many there are.
#[shim(ix = {msvcrt: 258, ucrtbase: 569}, mapping = "WriteFile", risk = Functional("data that is lost"))]
pub unsafe extern "C" fn _flushall() -> i32 {
    super::flush_all().unwrap_or(-1)
}
