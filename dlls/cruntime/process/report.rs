//! What the runtime itself has to say, on standard error.

use super::super::fault::{Fault, INVALID, Int};
use super::super::kernel32::{GetStdHandle, WriteFile};
use alloc::format;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, Ordering};
use guest::shim;

static MODE: AtomicI32 = AtomicI32::new(0);

/// Writes to the process's standard error.
pub fn write(message: &str) {
    const STD_ERROR_HANDLE: u32 = -12i32 as u32;
    let mut written = 0;
    // SAFETY: the text is as long as said.
    unsafe { WriteFile(GetStdHandle(STD_ERROR_HANDLE), message.as_ptr().cast(), message.len() as u32, &raw mut written, null_mut()) };
}

/// Tells a runtime error.
pub fn runtime_error(number: i32) {
    write(&format!("\r\nruntime error R60{number:02}\r\n"));
}

/// Says where runtime errors are told (0 to 2), or asks (3); answers what was before.
#[shim(ix = {msvcrt: 437, ucrtbase: 214}, mapping = "WriteFile, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _set_error_mode(mode: i32) -> Result<Int, Fault> {
    const REPORT: i32 = 3;
    match mode {
        0..=2 => Ok(Int(MODE.swap(mode, Ordering::Relaxed))),
        REPORT => Ok(Int(MODE.load(Ordering::Relaxed))),
        _ => Err(INVALID),
    }
}

/// Writes a text to the runtime's standard error.
pub fn complain(bytes: &[u8]) {
    const STANDARD_ERROR: i32 = 2;
    // Where there is none, nobody can be told.
    let _ = super::super::io::write(STANDARD_ERROR, bytes);
}
