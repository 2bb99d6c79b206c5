//! The functions of io.h that work on descriptors.

use super::super::errno::{EACCES, EBADF};
use super::super::fault::{Code, Fault, INVALID, Int, Long, Word};
use super::super::kernel32::{CURRENT_PROCESS, DuplicateHandle, FlushFileBuffers, SetEndOfFile};
use super::open::{self, BINARY, CREAT, DENY_NONE, NOINHERIT, Opening, TEXT_MODE, TRUNC, U8_TEXT, U16_TEXT, WIDE_TEXT};
use super::path::{Name, required};
use super::table::{self, DEVICE, Descriptor, Encoding, NOT_INHERITED, OPEN, TEXT};
use super::{read, write};
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;

unsafe fn open_path<C: Name>(path: *const C, flags: i32, share: i32, mode: i32) -> Result<i32, Fault> {
    // SAFETY: it is NULL or a string.
    open::open(&unsafe { required(path) }?, Opening { flags, share, mode })
}

/// The mode among the variable arguments, which is there for new files alone.
unsafe fn mode_of(flags: i32, arguments: *const i32) -> i32 {
    // SAFETY: the caller passed a mode with `_O_CREAT`.
    if flags & CREAT != 0 { unsafe { *arguments } } else { 0 }
}

unsafe fn open_s<C: Name>(number: *mut i32, path: *const C, flags: i32, share: i32, mode: i32) -> Result<Code, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        let number = number.as_mut().ok_or(INVALID)?;
        *number = -1;
        if mode & !0x180 != 0 {
            return Err(INVALID);
        }
        *number = open_path(path, flags, share, mode)?;
    }
    Ok(Code)
}

/// Opens a file.
#[shim(ix = {msvcrt: 51, ucrtbase: 199}, entry = variadic, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _open(path: *const u8, flags: i32, arguments: *const i32) -> Result<Int, Fault> {
    open_path(path, flags, DENY_NONE, mode_of(flags, arguments)).map(Int)
}

/// Opens a file.
#[shim(ix = {msvcrt: 94, ucrtbase: 377}, entry = variadic, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wopen(path: *const u16, flags: i32, arguments: *const i32) -> Result<Int, Fault> {
    open_path(path, flags, DENY_NONE, mode_of(flags, arguments)).map(Int)
}

/// Opens a file for sharing.
#[shim(ix = {msvcrt: 274, ucrtbase: 357}, entry = variadic, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _sopen(path: *const u8, flags: i32, share: i32, arguments: *const i32) -> Result<Int, Fault> {
    open_path(path, flags, share, mode_of(flags, arguments)).map(Int)
}

/// Opens a file for sharing.
#[shim(ix = {msvcrt: 222, ucrtbase: 298}, entry = variadic, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wsopen(path: *const u16, flags: i32, share: i32, arguments: *const i32) -> Result<Int, Fault> {
    open_path(path, flags, share, mode_of(flags, arguments)).map(Int)
}

/// Opens a file for sharing.
#[shim(ix = {msvcrt: 394, ucrtbase: 497}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _sopen_s(number: *mut i32, path: *const u8, flags: i32, share: i32, mode: i32) -> Result<Code, Fault> {
    open_s(number, path, flags, share, mode)
}

/// Opens a file for sharing.
#[shim(ix = {msvcrt: 395, ucrtbase: 498}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wsopen_s(number: *mut i32, path: *const u16, flags: i32, share: i32, mode: i32) -> Result<Code, Fault> {
    open_s(number, path, flags, share, mode)
}

/// Opens a file for sharing; `secure` asks for a check of the mode.
#[shim(ix = {ucrtbase: 499}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _sopen_dispatch(path: *const u8, flags: i32, share: i32, mode: i32, number: *mut i32, secure: i32) -> Result<Code, Fault> {
    open_s(number, path, flags, share, if secure != 0 { mode } else { mode & 0x180 })
}

/// Opens a file for sharing; `secure` asks for a check of the mode.
#[shim(ix = {ucrtbase: 500}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wsopen_dispatch(path: *const u16, flags: i32, share: i32, mode: i32, number: *mut i32, secure: i32) -> Result<Code, Fault> {
    open_s(number, path, flags, share, if secure != 0 { mode } else { mode & 0x180 })
}

/// Makes a file, or empties it.
#[shim(ix = {msvcrt: 396, ucrtbase: 281}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _creat(path: *const u8, mode: i32) -> Result<Int, Fault> {
    open_path(path, CREAT | TRUNC | open::RDWR, DENY_NONE, mode).map(Int)
}

/// Makes a file, or empties it.
#[shim(ix = {msvcrt: 397, ucrtbase: 501}, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wcreat(path: *const u16, mode: i32) -> Result<Int, Fault> {
    open_path(path, CREAT | TRUNC | open::RDWR, DENY_NONE, mode).map(Int)
}

/// Closes a descriptor.
#[shim(ix = {msvcrt: 39, ucrtbase: 31}, mapping = "CloseHandle", risk = Functional("a file that stays open"))]
pub unsafe extern "C" fn _close(number: i32) -> Result<Int, Fault> {
    table::close(number).map(|()| Int(0))
}

/// Reads; 0 at the end.
#[shim(ix = {msvcrt: 43, ucrtbase: 36}, mapping = "ReadFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _read(number: i32, buffer: *mut u8, size: u32) -> Result<Int, Fault> {
    table::get(number)?;
    if buffer.is_null() || size > i32::MAX as u32 {
        return Err(INVALID);
    }
    read::read(number, core::slice::from_raw_parts_mut(buffer, size as usize)).map(|count| Int(count as i32))
}

/// Writes; answers how many bytes.
#[shim(ix = {msvcrt: 37, ucrtbase: 48}, mapping = "WriteFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _write(number: i32, buffer: *const u8, size: u32) -> Result<Int, Fault> {
    table::get(number)?;
    if size == 0 {
        return Ok(Int(0));
    }
    if buffer.is_null() {
        return Err(INVALID);
    }
    write::write(number, core::slice::from_raw_parts(buffer, size as usize)).map(|count| Int(count as i32))
}

/// Moves the position; answers it.
#[shim(ix = {msvcrt: 209, ucrtbase: 212}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _lseek(number: i32, offset: i32, origin: i32) -> Result<Int, Fault> {
    table::seek(number, offset.into(), origin).and_then(|at| i32::try_from(at).map(Int).map_err(|_| INVALID))
}

/// Moves the position; answers it.
#[shim(ix = {msvcrt: 68, ucrtbase: 46}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _lseeki64(number: i32, offset: i64, origin: i32) -> Result<Long, Fault> {
    table::seek(number, offset, origin).map(Long)
}

/// The position.
#[shim(ix = {msvcrt: 398, ucrtbase: 502}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _tell(number: i32) -> Result<Int, Fault> {
    table::seek(number, 0, 1).and_then(|at| i32::try_from(at).map(Int).map_err(|_| INVALID))
}

/// The position.
#[shim(ix = {msvcrt: 399, ucrtbase: 503}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _telli64(number: i32) -> Result<Long, Fault> {
    table::seek(number, 0, 1).map(Long)
}

fn length(number: i32) -> Result<i64, Fault> {
    let here = table::seek(number, 0, 1)?;
    let end = table::seek(number, 0, 2)?;
    table::seek(number, here, 0)?;
    Ok(end)
}

/// The file's length.
#[shim(ix = {msvcrt: 400, ucrtbase: 504}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _filelength(number: i32) -> Result<Int, Fault> {
    length(number).map(|length| Int(length as i32))
}

/// The file's length.
#[shim(ix = {msvcrt: 200, ucrtbase: 505}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _filelengthi64(number: i32) -> Result<Long, Fault> {
    length(number).map(Long)
}

/// Whether the position is the end: 1, 0 or -1.
#[shim(ix = {msvcrt: 401, ucrtbase: 506}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _eof(number: i32) -> Result<Int, Fault> {
    let here = table::seek(number, 0, 1)?;
    Ok(Int((here >= length(number)?).into()))
}

fn change_size(number: i32, size: i64) -> Result<(), Fault> {
    let descriptor = table::get(number)?;
    if size < 0 {
        return Err(INVALID);
    }
    let here = table::seek(number, 0, 1)?;
    table::seek(number, size, 0)?;
    // SAFETY: the handle is open.
    let set = unsafe { SetEndOfFile(descriptor.handle) } != 0;
    let fault = Fault::last();
    table::seek(number, here, 0)?;
    if set {
        Ok(())
    } else if fault.code() == EACCES {
        Err(Fault::Errno(EBADF))
    } else {
        Err(fault)
    }
}

/// Changes the file's length.
#[shim(ix = {msvcrt: 402, ucrtbase: 507}, mapping = "SetEndOfFile", risk = Wrong("a wrong length"))]
pub unsafe extern "C" fn _chsize(number: i32, size: i32) -> Result<Int, Fault> {
    change_size(number, size.into()).map(|()| Int(0))
}

/// Changes the file's length.
#[shim(ix = {msvcrt: 403, ucrtbase: 244}, mapping = "SetEndOfFile", risk = Wrong("a wrong length"))]
pub unsafe extern "C" fn _chsize_s(number: i32, size: i64) -> Result<Code, Fault> {
    change_size(number, size).map(|()| Code)
}

/// Writes the file to its device.
#[shim(ix = {msvcrt: 197, ucrtbase: 508}, mapping = "FlushFileBuffers", risk = Functional("data that is lost"))]
pub unsafe extern "C" fn _commit(number: i32) -> Result<Int, Fault> {
    let descriptor = table::get(number)?;
    if FlushFileBuffers(descriptor.handle) != 0 { Ok(Int(0)) } else { Err(Fault::Errno(EBADF)) }
}

fn duplicate(number: i32) -> Result<Descriptor, Fault> {
    let descriptor = table::get(number)?;
    let mut copy = null_mut();
    // SAFETY: the handle is open.
    if unsafe { DuplicateHandle(CURRENT_PROCESS, descriptor.handle, CURRENT_PROCESS, &raw mut copy, 0, 1, 2) } == 0 {
        return Err(Fault::last());
    }
    Ok(Descriptor { handle: copy, flags: descriptor.flags & !NOT_INHERITED, ..descriptor })
}

/// A second descriptor for the same file.
#[shim(ix = {msvcrt: 198, ucrtbase: 245}, mapping = "DuplicateHandle", risk = Functional("a descriptor of another file"))]
pub unsafe extern "C" fn _dup(number: i32) -> Result<Int, Fault> {
    table::add(duplicate(number)?).map(Int)
}

/// Makes a descriptor one for the same file as another.
#[shim(ix = {msvcrt: 121, ucrtbase: 246}, mapping = "DuplicateHandle", risk = Functional("a descriptor of another file"))]
pub unsafe extern "C" fn _dup2(number: i32, target: i32) -> Result<Int, Fault> {
    table::get(number)?;
    if number == target {
        return Ok(Int(0));
    }
    if target < 0 {
        return Err(super::super::fault::BAD_DESCRIPTOR);
    }
    let copy = duplicate(number)?;
    if table::get_open(target) {
        // What was there is gone in any case.
        let _ = table::close(target);
    }
    table::put(target, copy)?;
    Ok(Int(0))
}

/// Whether a descriptor leads to a device: 0x40 or 0.
#[shim(ix = {msvcrt: 67, ucrtbase: 252}, mapping = "the runtime's table", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _isatty(number: i32) -> Result<Int, Fault> {
    table::get(number)
        .map(|descriptor| Int((descriptor.flags & DEVICE).into()))
        .map_err(|fault| match fault {
            Fault::Invalid(code) => {
                Fault::Invalid(code).tell();
                Fault::Quiet(code)
            }
            fault => fault,
        })
        .or_else(|_| Ok(Int(0)))
}

/// The handle behind a descriptor.
#[shim(ix = {msvcrt: 91, ucrtbase: 45}, mapping = "the runtime's table", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _get_osfhandle(number: i32) -> Result<Word, Fault> {
    table::get(number).map(|descriptor| Word(descriptor.handle as isize))
}

/// A descriptor for a handle, which it owns from now on.
#[shim(ix = {msvcrt: 125, ucrtbase: 47}, mapping = "the runtime's table", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _open_osfhandle(handle: isize, flags: i32) -> Result<Int, Fault> {
    let Some(kind) = table::kind(handle as HANDLE) else {
        return Err(Fault::last()).map_err(|fault: Fault| if fault.code() == 0 { Fault::Errno(EBADF) } else { fault });
    };
    let mut bits = OPEN | kind;
    if flags & TEXT_MODE != 0 {
        bits |= TEXT;
    }
    if flags & open::APPENDING != 0 {
        bits |= table::APPEND;
    }
    if flags & NOINHERIT != 0 {
        bits |= NOT_INHERITED;
    }
    table::add(Descriptor { handle: handle as HANDLE, flags: bits, encoding: Encoding::Ansi, ahead: None }).map(Int)
}

/// Says how a descriptor translates text; answers what it did before.
#[shim(ix = {msvcrt: 44, ucrtbase: 55}, mapping = "the runtime's table", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _setmode(number: i32, mode: i32) -> Result<Int, Fault> {
    let descriptor = table::get(number)?;
    let (text, encoding) = match mode {
        BINARY => (0, Encoding::Ansi),
        TEXT_MODE => (TEXT, Encoding::Ansi),
        U8_TEXT => (TEXT, Encoding::Utf8),
        U16_TEXT | WIDE_TEXT => (TEXT, Encoding::Utf16),
        _ => return Err(INVALID),
    };
    table::update(number, |descriptor| {
        descriptor.flags = descriptor.flags & !TEXT | text;
        descriptor.encoding = encoding;
    });
    Ok(Int(match (descriptor.is_text(), descriptor.encoding) {
        (false, _) => BINARY,
        (true, Encoding::Ansi) => TEXT_MODE,
        (true, Encoding::Utf8) => U8_TEXT,
        (true, Encoding::Utf16) => U16_TEXT,
    }))
}
