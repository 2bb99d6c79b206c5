//! corecrt.h: what happens where a parameter is invalid.

use super::thread;
use core::sync::atomic::{AtomicUsize, Ordering};
use guest::shim;

/// `_invalid_parameter_handler`: expression, function, file, line, reserved. The release runtimes have no texts to pass.
type Handler = unsafe extern "C" fn(*const u16, *const u16, *const u16, u32, usize);

static HANDLER: AtomicUsize = AtomicUsize::new(0);

fn handler(address: usize) -> Option<Handler> {
    // SAFETY: only handlers are kept, and 0.
    unsafe { core::mem::transmute::<usize, Option<Handler>>(address) }
}

fn address(handler: Option<Handler>) -> usize {
    handler.map_or(0, |handler| handler as usize)
}

/// Calls the thread's handler, or the process's. Without one, `ucrtbase` ends the process; `msvcrt` goes on.
#[cold]
pub fn call_handler() {
    let own = thread::current().invalid_parameter.get();
    match handler(if own == 0 { HANDLER.load(Ordering::Relaxed) } else { own }) {
        // SAFETY: the program's own function.
        Some(handler) => unsafe { handler(core::ptr::null(), core::ptr::null(), core::ptr::null(), 0, 0) },
        None if cfg!(dll = "msvcrt") => {}
        None => fail_fast(FAST_FAIL_INVALID_ARG),
    }
}

const FAST_FAIL_INVALID_ARG: u32 = 5;
/// `FAST_FAIL_FATAL_APP_EXIT`.
pub const FATAL_APP_EXIT: u32 = 7;

/// `__fastfail`: ends the process without handlers.
pub fn fail_fast(code: u32) -> ! {
    #[cfg(target_os = "windows")]
    // SAFETY: interrupt 29h never returns.
    unsafe {
        core::arch::asm!("int 0x29", in("ecx") code, options(noreturn))
    }
    #[cfg(not(target_os = "windows"))]
    panic!("fast fail {code}")
}

/// Sets the process's handler of invalid parameters; answers the one before.
#[shim(ix = {ucrtbase: 200}, mapping = "a variable of the process", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn _set_invalid_parameter_handler(handler: Option<Handler>) -> usize {
    HANDLER.swap(address(handler), Ordering::Relaxed)
}

/// Answers the process's handler of invalid parameters.
#[shim(ix = {ucrtbase: 485}, mapping = "a variable of the process", risk = Wrong("a wrong handler"))]
pub unsafe extern "C" fn _get_invalid_parameter_handler() -> usize {
    HANDLER.load(Ordering::Relaxed)
}

/// Sets the thread's handler of invalid parameters, which comes before the process's.
#[shim(ix = {ucrtbase: 486}, mapping = "the thread's data", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn _set_thread_local_invalid_parameter_handler(handler: Option<Handler>) -> usize {
    thread::current().invalid_parameter.replace(address(handler))
}

/// Answers the thread's handler of invalid parameters.
#[shim(ix = {ucrtbase: 487}, mapping = "the thread's data", risk = Wrong("a wrong handler"))]
pub unsafe extern "C" fn _get_thread_local_invalid_parameter_handler() -> usize {
    thread::current().invalid_parameter.get()
}

/// Calls the handler of invalid parameters.
#[shim(ix = {ucrtbase: 96}, mapping = "the handler", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _invalid_parameter_noinfo() {
    call_handler();
}

/// Calls the handler of invalid parameters, and ends the process where it comes back.
#[shim(ix = {ucrtbase: 138}, mapping = "the handler, then a fast fail", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _invalid_parameter_noinfo_noreturn() {
    call_handler();
    fail_fast(FAST_FAIL_INVALID_ARG);
}

/// Ends the process as for an invalid parameter without a handler.
#[shim(ix = {ucrtbase: 488}, mapping = "a fast fail", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _invoke_watson(_expression: *const u16, _function: *const u16, _file: *const u16, _line: u32, _reserved: usize) {
    fail_fast(FAST_FAIL_INVALID_ARG);
}
