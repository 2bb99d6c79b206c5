//! A stream's position.

use super::super::errno::EINVAL;
use super::super::fault::{Fault, INVALID, Int, Long};
use super::stream::{ERROR, IN_USE};
use super::{File, hold};
use guest::shim;

unsafe fn seek(file: *mut File, offset: i64, origin: i32) -> Result<Int, Fault> {
    if file.is_null() || !(0..=2).contains(&origin) {
        return Err(INVALID);
    }
    // SAFETY: it is a stream.
    unsafe {
        let _held = hold(file);
        if (*file).flags & IN_USE == 0 {
            return Err(Fault::Errno(EINVAL));
        }
        (*file).seek(offset, origin).map(|()| Int(0))
    }
}

unsafe fn tell(file: *mut File) -> Result<i64, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a stream.
    unsafe {
        let _held = hold(file);
        (*file).tell()
    }
}

/// Moves the position.
#[shim(ix = {msvcrt: 86, ucrtbase: 125}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn fseek(file: *mut File, offset: i32, origin: i32) -> Result<Int, Fault> {
    seek(file, offset.into(), origin)
}

/// Moves the position.
#[shim(ix = {msvcrt: 467, ucrtbase: 69}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _fseeki64(file: *mut File, offset: i64, origin: i32) -> Result<Int, Fault> {
    seek(file, offset, origin)
}

/// Moves the position, without the stream's lock.
#[shim(ix = {msvcrt: 468, ucrtbase: 570}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _fseeki64_nolock(file: *mut File, offset: i64, origin: i32) -> Result<Int, Fault> {
    seek(file, offset, origin)
}

/// The position.
#[shim(ix = {msvcrt: 71, ucrtbase: 202}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn ftell(file: *mut File) -> Result<Int, Fault> {
    tell(file).and_then(|at| i32::try_from(at).map(Int).map_err(|_| Fault::Errno(EINVAL)))
}

/// The position.
#[shim(ix = {msvcrt: 469, ucrtbase: 117}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _ftelli64(file: *mut File) -> Result<Long, Fault> {
    tell(file).map(Long)
}

/// The position, without the stream's lock.
#[shim(ix = {msvcrt: 470, ucrtbase: 571}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn _ftelli64_nolock(file: *mut File) -> Result<Long, Fault> {
    tell(file).map(Long)
}

/// Moves the position to the start, and forgets errors.
#[shim(ix = {msvcrt: 230, ucrtbase: 417}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn rewind(file: *mut File) {
    match seek(file, 0, 0) {
        Ok(_) => (*file).flags &= !ERROR,
        Err(fault) => {
            fault.tell();
        }
    }
}

/// Keeps the position.
#[shim(ix = {msvcrt: 177, ucrtbase: 103}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn fgetpos(file: *mut File, position: *mut i64) -> Result<Int, Fault> {
    if position.is_null() {
        return Err(INVALID);
    }
    *position = tell(file)?;
    Ok(Int(0))
}

/// Goes to a position that was kept.
#[shim(ix = {msvcrt: 180, ucrtbase: 107}, mapping = "SetFilePointerEx", risk = Wrong("a wrong place"))]
pub unsafe extern "C" fn fsetpos(file: *mut File, position: *const i64) -> Result<Int, Fault> {
    if position.is_null() {
        return Err(INVALID);
    }
    seek(file, *position, 0)
}
