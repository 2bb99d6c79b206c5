//! Searching a folder: `_findfirst` and its family.

use super::super::errno::{EINVAL, ENOENT, ENOMEM};
use super::super::fault::{Fault, INVALID, Int, Word};
use super::super::kernel32::{FindClose, FindFirstFileW, FindNextFileW, INVALID_HANDLE};
use super::super::time::Native;
use super::path::{Name, required};
use super::time::seconds;
use guest::shim;
use windows_sys::Win32::Foundation::{self as win32, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_NORMAL, WIN32_FIND_DATAW};

/// `struct _finddata_t`, for each width of characters, times and sizes.
#[repr(C)]
pub struct Found<C, T, S> {
    attributes: u32,
    created: T,
    accessed: T,
    written: T,
    size: S,
    name: [C; 260],
}

/// What the runtime makes of a search's error.
fn fault() -> Fault {
    Fault::Errno(match guest::teb::last_error() {
        win32::ERROR_NO_MORE_FILES | win32::ERROR_FILE_NOT_FOUND | win32::ERROR_PATH_NOT_FOUND => ENOENT,
        win32::ERROR_NOT_ENOUGH_MEMORY => ENOMEM,
        _ => EINVAL,
    })
}

/// A time in seconds; one that is not known is -1.
fn time<T: TryFrom<i64>>(time: win32::FILETIME) -> Option<T> {
    let seconds = if time.dwLowDateTime == 0 && time.dwHighDateTime == 0 { -1 } else { seconds(time) };
    T::try_from(seconds).ok()
}

unsafe fn give<C: Name, T: TryFrom<i64>, S: TryFrom<i64>>(data: &WIN32_FIND_DATAW, to: *mut Found<C, T, S>) -> Option<()> {
    let length = data.cFileName.iter().position(|unit| *unit == 0).unwrap_or(data.cFileName.len());
    let mut name = [C::NUL; 260];
    for (place, unit) in name[..259].iter_mut().zip(C::of_wide(&data.cFileName[..length])) {
        *place = unit;
    }
    let found = Found {
        attributes: if data.dwFileAttributes == FILE_ATTRIBUTE_NORMAL { 0 } else { data.dwFileAttributes },
        created: time(data.ftCreationTime)?,
        accessed: time(data.ftLastAccessTime)?,
        written: time(data.ftLastWriteTime)?,
        // A size of 32 bits holds the lower half of a longer one.
        size: S::try_from(i64::from(data.nFileSizeHigh) << 32 | i64::from(data.nFileSizeLow))
            .or_else(|_| S::try_from(i64::from(data.nFileSizeLow as i32)))
            .ok()?,
        name,
    };
    // SAFETY: the program's pointer, which was checked.
    unsafe { to.write(found) };
    Some(())
}

unsafe fn first<C: Name, T: TryFrom<i64>, S: TryFrom<i64>>(pattern: *const C, to: *mut Found<C, T, S>) -> Result<Word, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        let pattern = required(pattern)?;
        if to.is_null() {
            return Err(INVALID);
        }
        let mut data: WIN32_FIND_DATAW = core::mem::zeroed();
        let search = FindFirstFileW(pattern.as_ptr(), &raw mut data);
        if search == INVALID_HANDLE {
            return Err(fault());
        }
        give(&data, to).ok_or(INVALID)?;
        Ok(Word(search as isize))
    }
}

unsafe fn next<C: Name, T: TryFrom<i64>, S: TryFrom<i64>>(search: isize, to: *mut Found<C, T, S>) -> Result<Int, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        if search == -1 || to.is_null() {
            return Err(INVALID);
        }
        let mut data: WIN32_FIND_DATAW = core::mem::zeroed();
        if FindNextFileW(search as HANDLE, &raw mut data) == 0 {
            return Err(fault());
        }
        give(&data, to).ok_or(INVALID)?;
        Ok(Int(0))
    }
}

/// Ends a search.
#[shim(ix = {msvcrt: 83, ucrtbase: 285}, mapping = "FindClose", risk = Functional("a search that stays open"))]
pub unsafe extern "C" fn _findclose(search: isize) -> Result<Int, Fault> {
    if FindClose(search as HANDLE) != 0 { Ok(Int(0)) } else { Err(INVALID) }
}

/// Starts a search.
#[shim(ix = {msvcrt: 201}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirst(pattern: *const u8, to: *mut Found<u8, Native, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 203}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnext(search: isize, to: *mut Found<u8, Native, i32>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {msvcrt: 291}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirst(pattern: *const u16, to: *mut Found<u16, Native, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 292}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnext(search: isize, to: *mut Found<u16, Native, i32>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {msvcrt: 405}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirsti64(pattern: *const u8, to: *mut Found<u8, Native, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 406}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnexti64(search: isize, to: *mut Found<u8, Native, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {msvcrt: 407}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirsti64(pattern: *const u16, to: *mut Found<u16, Native, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 408}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnexti64(search: isize, to: *mut Found<u16, Native, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {msvcrt: 202, ucrtbase: 325}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirst64(pattern: *const u8, to: *mut Found<u8, i64, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 204, ucrtbase: 327}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnext64(search: isize, to: *mut Found<u8, i64, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {msvcrt: 172, ucrtbase: 509}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirst64(pattern: *const u16, to: *mut Found<u16, i64, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {msvcrt: 173, ucrtbase: 510}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnext64(search: isize, to: *mut Found<u16, i64, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 511}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirst32(pattern: *const u8, to: *mut Found<u8, i32, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 512}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnext32(search: isize, to: *mut Found<u8, i32, i32>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 513}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirst32(pattern: *const u16, to: *mut Found<u16, i32, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 514}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnext32(search: isize, to: *mut Found<u16, i32, i32>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 515}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirst32i64(pattern: *const u8, to: *mut Found<u8, i32, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 516}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnext32i64(search: isize, to: *mut Found<u8, i32, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 517}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirst32i64(pattern: *const u16, to: *mut Found<u16, i32, i64>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 518}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnext32i64(search: isize, to: *mut Found<u16, i32, i64>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 326}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findfirst64i32(pattern: *const u8, to: *mut Found<u8, i64, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 328}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _findnext64i32(search: isize, to: *mut Found<u8, i64, i32>) -> Result<Int, Fault> {
    next(search, to)
}

/// Starts a search.
#[shim(ix = {ucrtbase: 372}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindfirst64i32(pattern: *const u16, to: *mut Found<u16, i64, i32>) -> Result<Word, Fault> {
    first(pattern, to)
}

/// Goes on with a search.
#[shim(ix = {ucrtbase: 373}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wfindnext64i32(search: isize, to: *mut Found<u16, i64, i32>) -> Result<Int, Fault> {
    next(search, to)
}
