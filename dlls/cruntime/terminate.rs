//! The end of C++ programs that cannot go on, and the handlers that are asked before it.

use super::process::abort_now;
use super::thread;
use core::sync::atomic::{AtomicUsize, Ordering};
use guest::shim;

/// `terminate`: calls the thread's handler, then ends the program.
#[shim(ix = {msvcrt: 77}, entry = jump, export = "?terminate@@YAXXZ", mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn terminate_old() {
    end()
}

/// `terminate`: calls the thread's handler, then ends the program.
#[shim(ix = {ucrtbase: 21}, export = "terminate", mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn terminate_new() {
    end()
}

/// `terminate`, for the compiler.
#[shim(ix = {ucrtbase: 763}, mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn __std_terminate() {
    end()
}

/// Calls the thread's handler, then ends the program.
pub fn terminate_now() -> ! {
    // SAFETY: the handler is the program's own.
    unsafe { end() };
    abort_now()
}

/// Calls the thread's handler, then ends the program.
unsafe fn end() {
    let handler = thread::current().terminate.get();
    // SAFETY: the program's own function, or 0.
    unsafe {
        if let Some(handler) = core::mem::transmute::<usize, Option<unsafe extern "C" fn()>>(handler) {
            handler();
        }
    }
    abort_now()
}

/// Sets the thread's handler of `terminate`; answers the one before.
#[shim(ix = {ucrtbase: 764}, mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn set_terminate(handler: usize) -> usize {
    thread::current().terminate.replace(handler)
}

/// Sets the thread's handler of `terminate`; answers the one before.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 682}, entry = jump, export = "?set_terminate@@YAP6AXXZP6AXXZ@Z", mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn set_terminate_old(handler: usize) -> usize {
    thread::current().terminate.replace(handler)
}

/// The thread's handler of `terminate`.
#[shim(ix = {ucrtbase: 765}, mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _get_terminate() -> usize {
    thread::current().terminate.get()
}

static PURE: AtomicUsize = AtomicUsize::new(0);

/// Sets the handler of calls of pure virtual functions; answers the one before.
#[shim(ix = {ucrtbase: 766}, mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _set_purecall_handler(handler: usize) -> usize {
    PURE.swap(handler, Ordering::Relaxed)
}

/// The handler of calls of pure virtual functions.
#[shim(ix = {ucrtbase: 767}, mapping = "a handler of the thread, then the end", risk = Functional("a program that goes on"))]
pub unsafe extern "C" fn _get_purecall_handler() -> usize {
    PURE.load(Ordering::Relaxed)
}
