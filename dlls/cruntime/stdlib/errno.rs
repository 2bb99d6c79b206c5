//! `errno` and `_doserrno`, as programs reach them.

use super::super::errno;
use super::super::fault::{Code, Fault, INVALID};
use super::super::thread;
use guest::shim;

/// Where the thread's `errno` lies.
#[shim(ix = {msvcrt: 19, ucrtbase: 29}, mapping = "the thread's data", risk = Wrong("another thread's error"))]
pub unsafe extern "C" fn _errno() -> *mut i32 {
    thread::current().errno.as_ptr()
}

/// Where the Win32 error behind the thread's `errno` lies.
#[shim(ix = {msvcrt: 246, ucrtbase: 477}, mapping = "the thread's data", risk = Wrong("another thread's error"))]
pub unsafe extern "C" fn __doserrno() -> *mut u32 {
    thread::current().doserrno.as_ptr()
}

/// Answers `errno`.
#[shim(ix = {msvcrt: 378, ucrtbase: 332}, mapping = "the thread's data", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _get_errno(value: *mut i32) -> Result<Code, Fault> {
    *value.as_mut().ok_or(INVALID)? = errno::get();
    Ok(Code)
}

/// Sets `errno`.
#[shim(ix = {msvcrt: 379, ucrtbase: 355}, mapping = "the thread's data", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _set_errno(value: i32) -> i32 {
    errno::set(value);
    0
}

/// Answers `_doserrno`.
#[shim(ix = {msvcrt: 380, ucrtbase: 478}, mapping = "the thread's data", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _get_doserrno(value: *mut u32) -> Result<Code, Fault> {
    *value.as_mut().ok_or(INVALID)? = thread::current().doserrno.get();
    Ok(Code)
}

/// Sets `_doserrno`.
#[shim(ix = {msvcrt: 381, ucrtbase: 479}, mapping = "the thread's data", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _set_doserrno(value: u32) -> i32 {
    thread::current().doserrno.set(value);
    0
}
