//! The end of a program that finds itself wrong: `abort`, assertions, runtime errors.

use super::super::invalid::{FATAL_APP_EXIT, fail_fast};
use super::super::kernel32::{CURRENT_PROCESS, TerminateProcess};
use super::exit::{ABORTED, leave};
use super::{report, signal};
use alloc::format;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::{shim, text};

/// `_set_abort_behavior`.
static ABORT: AtomicU32 = AtomicU32::new(WRITE_ABORT_MESSAGE | CALL_REPORT_FAULT);

const WRITE_ABORT_MESSAGE: u32 = 1;
const CALL_REPORT_FAULT: u32 = 4;

/// What `abort` does.
pub fn abort_now() -> ! {
    if ABORT.load(Ordering::Relaxed) & WRITE_ABORT_MESSAGE != 0 && cfg!(dll = "msvcrt") {
        report::write("\r\nabnormal program termination\r\n");
    }
    signal::aborted();
    if cfg!(dll = "ucrtbase") && ABORT.load(Ordering::Relaxed) & CALL_REPORT_FAULT != 0 {
        fail_fast(FATAL_APP_EXIT);
    }
    leave(ABORTED)
}

fn assertion(expression: &str, file: &str, line: u32) -> ! {
    report::write(&format!("Assertion failed: {expression}, file {file}, line {line}\r\n"));
    signal::aborted();
    leave(ABORTED)
}

/// Raises SIGABRT, and ends the program where that comes back.
#[shim(ix = {msvcrt: 20, ucrtbase: 37}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn abort() {
    abort_now()
}

/// What `abort` does: answers what it did before.
#[shim(ix = {msvcrt: 434, ucrtbase: 254}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn _set_abort_behavior(flags: u32, mask: u32) -> u32 {
    let before = ABORT.load(Ordering::Relaxed);
    ABORT.store(before & !mask | flags & mask, Ordering::Relaxed);
    before
}

/// Tells an assertion that does not hold, and ends the program.
#[shim(ix = {msvcrt: 82, ucrtbase: 242}, mapping = "WriteFile, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _assert(expression: *const u8, file: *const u8, line: u32) {
    let lossy = |bytes| alloc::string::String::from_utf8_lossy(bytes);
    assertion(&lossy(text::narrow(expression)), &lossy(text::narrow(file)), line)
}

/// Tells an assertion that does not hold, and ends the program.
#[shim(ix = {msvcrt: 436, ucrtbase: 216}, mapping = "WriteFile, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _wassert(expression: *const u16, file: *const u16, line: u32) {
    assertion(&text::lossy(text::wide(expression)), &text::lossy(text::wide(file)), line)
}

/// Ends the program with a runtime error's number.
#[shim(ix = {msvcrt: 26, ucrtbase: 543}, mapping = "TerminateProcess", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _amsg_exit(number: i32) {
    report::runtime_error(number);
    TerminateProcess(CURRENT_PROCESS, 255);
}

/// What a call of a pure virtual function does: ends the program.
#[shim(ix = {msvcrt: 84, ucrtbase: 544}, mapping = "TerminateProcess", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _purecall() {
    const PURE_VIRTUAL_CALL: i32 = 25;
    report::runtime_error(PURE_VIRTUAL_CALL);
    signal::aborted();
    leave(ABORTED)
}
