//! What error numbers mean, in words.

use super::super::errno;
use super::super::fault::{Code, Fault, INVALID, Pointer};
use super::super::process::complain;
use super::super::thread::{self, MESSAGE};
use super::super::variables::variables;
use alloc::string::String;
use alloc::vec::Vec;
use guest::{shim, text};

/// The messages by number.
static MESSAGES: [&core::ffi::CStr; 44] = [
    c"No error",
    c"Operation not permitted",
    c"No such file or directory",
    c"No such process",
    c"Interrupted function call",
    c"Input/output error",
    c"No such device or address",
    c"Arg list too long",
    c"Exec format error",
    c"Bad file descriptor",
    c"No child processes",
    c"Resource temporarily unavailable",
    c"Not enough space",
    c"Permission denied",
    c"Bad address",
    c"Unknown error",
    c"Resource device",
    c"File exists",
    c"Improper link",
    c"No such device",
    c"Not a directory",
    c"Is a directory",
    c"Invalid argument",
    c"Too many open files in system",
    c"Too many open files",
    c"Inappropriate I/O control operation",
    c"Unknown error",
    c"File too large",
    c"No space left on device",
    c"Invalid seek",
    c"Read-only file system",
    c"Too many links",
    c"Broken pipe",
    c"Domain error",
    c"Result too large",
    c"Unknown error",
    c"Resource deadlock avoided",
    c"Unknown error",
    c"Filename too long",
    c"No locks available",
    c"Function not implemented",
    c"Directory not empty",
    c"Illegal byte sequence",
    c"Unknown error",
];

const COUNT: usize = MESSAGES.len();

const fn addresses() -> [*mut u8; COUNT] {
    let mut addresses = [core::ptr::null_mut(); COUNT];
    let mut index = 0;
    while index < COUNT {
        addresses[index] = MESSAGES[index].as_ptr().cast::<u8>().cast_mut();
        index += 1;
    }
    addresses
}

variables! {
    "the messages of error numbers": _sys_errlist: [*mut u8; COUNT] = addresses();
    "how many messages there are": _sys_nerr: i32 = COUNT as i32 - 1;
}

fn message(code: i32) -> &'static str {
    let known = usize::try_from(code).ok().and_then(|code| MESSAGES.get(code)).unwrap_or(&MESSAGES[COUNT - 1]);
    known.to_str().unwrap_or_default()
}

/// A text and a message, with a line end.
fn with_prefix(prefix: &str, code: i32) -> String {
    let colon = if prefix.is_empty() { "" } else { ": " };
    alloc::format!("{prefix}{colon}{}\n", message(code))
}

fn keep(bytes: &[u8]) -> Pointer<u8> {
    let place = thread::current().message.get().cast::<u8>();
    let length = bytes.len().min(MESSAGE - 1);
    // SAFETY: the place is the thread's own, and long enough.
    unsafe {
        place.copy_from_nonoverlapping(bytes.as_ptr(), length);
        place.add(length).write(0);
    }
    Pointer(place)
}

fn keep_wide(text: &str) -> Pointer<u16> {
    let place = thread::current().wide_message.get().cast::<u16>();
    let units: Vec<u16> = text.encode_utf16().take(MESSAGE - 1).chain([0]).collect();
    // SAFETY: the place is the thread's own, and long enough.
    unsafe { place.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    Pointer(place)
}

unsafe fn cut<C: crt::Unit>(to: *mut C, size: usize, units: impl Iterator<Item = C>) -> Result<Code, Fault> {
    if to.is_null() || size == 0 {
        return Err(INVALID);
    }
    let mut length = 0;
    for unit in units.take(size - 1) {
        // SAFETY: the buffer is as long as said.
        unsafe { to.add(length).write(unit) };
        length += 1;
    }
    // SAFETY: as above.
    unsafe { to.add(length).write(C::NUL) };
    Ok(Code)
}

/// The message of an error number.
#[shim(ix = {msvcrt: 33, ucrtbase: 89}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn strerror(code: i32) -> Result<Pointer<u8>, Fault> {
    Ok(keep(message(code).as_bytes()))
}

/// The message of an error number.
#[shim(ix = {msvcrt: 780, ucrtbase: 882}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wcserror(code: i32) -> Result<Pointer<u16>, Fault> {
    Ok(keep_wide(message(code)))
}

/// The message of an error number, cut where it does not fit.
#[shim(ix = {msvcrt: 781, ucrtbase: 232}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn strerror_s(buffer: *mut u8, size: usize, code: i32) -> Result<Code, Fault> {
    cut(buffer, size, message(code).bytes())
}

/// The message of an error number, cut where it does not fit.
#[shim(ix = {msvcrt: 782, ucrtbase: 883}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wcserror_s(buffer: *mut u16, size: usize, code: i32) -> Result<Code, Fault> {
    cut(buffer, size, message(code).encode_utf16())
}

/// A text and the message of `errno`.
#[shim(ix = {msvcrt: 783, ucrtbase: 884}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strerror(prefix: *const u8) -> Result<Pointer<u8>, Fault> {
    Ok(keep(with_prefix(&String::from_utf8_lossy(text::narrow(prefix)), errno::get()).as_bytes()))
}

/// Writes a text and the message of `errno` to standard error.
#[shim(ix = {msvcrt: 142, ucrtbase: 413}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn perror(prefix: *const u8) {
    complain(with_prefix(&String::from_utf8_lossy(text::narrow(prefix)), errno::get()).as_bytes());
}

/// Writes a text and the message of `errno` to standard error.
#[shim(ix = {msvcrt: 784, ucrtbase: 885}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wperror(prefix: *const u16) {
    complain(with_prefix(&text::lossy(text::wide(prefix)), errno::get()).as_bytes());
}

/// Where the messages lie.
#[shim(ix = {ucrtbase: 886}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn __sys_errlist() -> *mut *mut u8 {
    (&raw mut _sys_errlist).cast()
}

/// Where it lies how many messages there are.
#[shim(ix = {ucrtbase: 321}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn __sys_nerr() -> *mut i32 {
    &raw mut _sys_nerr
}
