//! signal.h.

use super::super::errno::EINVAL;
use super::super::fault::{Fault, Int};
use super::super::kernel32::SetConsoleCtrlHandler;
use super::super::thread;
use super::exit::{ABORTED, leave};
use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use guest::shim;
use windows_sys::Win32::Foundation as win32;
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_POINTERS;

const SIGINT: i32 = 2;
const SIGILL: i32 = 4;
const SIGABRT_COMPAT: i32 = 6;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
const SIGTERM: i32 = 15;
const SIGBREAK: i32 = 21;
const SIGABRT: i32 = 22;

const DEFAULT: usize = 0;
const IGNORE: usize = 1;
const GET: usize = 2;
const DIE: usize = 5;

/// The process's handlers: interrupt, break, abort, terminate.
static HANDLERS: [AtomicUsize; 4] = [const { AtomicUsize::new(DEFAULT) }; 4];
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Where a signal's handler is kept: for the process, or for the thread.
enum Place {
    Process(&'static AtomicUsize),
    Thread(usize),
}

fn place(signal: i32) -> Option<Place> {
    Some(match signal {
        SIGINT => Place::Process(&HANDLERS[0]),
        SIGBREAK => Place::Process(&HANDLERS[1]),
        SIGABRT | SIGABRT_COMPAT => Place::Process(&HANDLERS[2]),
        SIGTERM => Place::Process(&HANDLERS[3]),
        SIGFPE => Place::Thread(0),
        SIGILL => Place::Thread(1),
        SIGSEGV => Place::Thread(2),
        _ => return None,
    })
}

impl Place {
    fn get(&self) -> usize {
        match self {
            Self::Process(handler) => handler.load(Ordering::Acquire),
            Self::Thread(index) => thread::current().signals[*index].get(),
        }
    }

    fn swap(&self, new: usize) -> usize {
        match self {
            Self::Process(handler) => handler.swap(new, Ordering::AcqRel),
            Self::Thread(index) => thread::current().signals[*index].replace(new),
        }
    }
}

unsafe fn call(handler: usize, signal: i32, detail: i32) {
    // SAFETY: the program's own function; one that takes a single parameter does not see the second.
    unsafe { core::mem::transmute::<usize, unsafe extern "C" fn(i32, i32)>(handler)(signal, detail) };
}

/// What `abort` does with its signal: calls the handler, if there is one.
pub fn aborted() {
    let handler = HANDLERS[2].load(Ordering::Acquire);
    if handler != DEFAULT && handler != IGNORE {
        // SAFETY: the program's own function.
        unsafe { call(handler, SIGABRT, 0) };
    }
}

/// The console's events.
unsafe extern "system" fn console(event: u32) -> i32 {
    const CTRL_C: u32 = 0;
    const CTRL_BREAK: u32 = 1;
    let (signal, handlers) = match event {
        CTRL_C => (SIGINT, &HANDLERS[0]),
        CTRL_BREAK => (SIGBREAK, &HANDLERS[1]),
        _ => return 0,
    };
    match handlers.load(Ordering::Acquire) {
        DEFAULT => 0,
        IGNORE => 1,
        handler => {
            handlers.store(DEFAULT, Ordering::Release);
            // SAFETY: the program's own function.
            unsafe { call(handler, signal, 0) };
            1
        }
    }
}

/// The signal that an exception is, and the detail of a floating-point one.
fn signal_of(code: i32) -> Option<(i32, i32)> {
    const FPE_INVALID: i32 = 0x81;
    Some(match code {
        win32::STATUS_ACCESS_VIOLATION => (SIGSEGV, 0),
        win32::STATUS_ILLEGAL_INSTRUCTION | win32::STATUS_PRIVILEGED_INSTRUCTION => (SIGILL, 0),
        win32::STATUS_FLOAT_INVALID_OPERATION => (SIGFPE, FPE_INVALID),
        win32::STATUS_FLOAT_DENORMAL_OPERAND => (SIGFPE, FPE_INVALID + 1),
        win32::STATUS_FLOAT_DIVIDE_BY_ZERO => (SIGFPE, FPE_INVALID + 2),
        win32::STATUS_FLOAT_OVERFLOW => (SIGFPE, FPE_INVALID + 3),
        win32::STATUS_FLOAT_UNDERFLOW => (SIGFPE, FPE_INVALID + 4),
        win32::STATUS_FLOAT_INEXACT_RESULT => (SIGFPE, FPE_INVALID + 5),
        win32::STATUS_FLOAT_STACK_CHECK => (SIGFPE, FPE_INVALID + 9),
        _ => return None,
    })
}

/// What the filter of the program's start-up code answers: whether a handler took the exception.
unsafe fn filter(code: i32, pointers: *mut EXCEPTION_POINTERS) -> i32 {
    const CONTINUE_EXECUTION: i32 = -1;
    const CONTINUE_SEARCH: i32 = 0;
    const EXECUTE_HANDLER: i32 = 1;
    let Some((signal, detail)) = signal_of(code) else { return CONTINUE_SEARCH };
    let Some(place) = place(signal) else { return CONTINUE_SEARCH };
    match place.get() {
        DEFAULT => CONTINUE_SEARCH,
        IGNORE => CONTINUE_EXECUTION,
        DIE => EXECUTE_HANDLER,
        handler => {
            place.swap(DEFAULT);
            let thread = thread::current();
            let before = (thread.exception.replace(pointers.cast()), thread.float_error.replace(detail));
            // SAFETY: the program's own function.
            unsafe { call(handler, signal, detail) };
            thread.exception.set(before.0);
            thread.float_error.set(before.1);
            CONTINUE_EXECUTION
        }
    }
}

/// Sets what a signal does; answers what it did before, `SIG_ERR` for a signal that is none.
#[shim(ix = {msvcrt: 32, ucrtbase: 130}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn signal(signal: i32, handler: usize) -> Result<super::super::fault::Word, Fault> {
    const ACKNOWLEDGE: usize = 4;
    let place = place(signal).filter(|_| handler != ACKNOWLEDGE).ok_or(Fault::Errno(EINVAL))?;
    if handler == GET {
        return Ok(super::super::fault::Word(place.get() as isize));
    }
    if matches!(signal, SIGINT | SIGBREAK) && !LISTENING.swap(true, Ordering::AcqRel) {
        SetConsoleCtrlHandler(console as *const c_void, 1);
    }
    Ok(super::super::fault::Word(place.swap(handler) as isize))
}

/// Sends a signal to the program itself.
#[shim(ix = {msvcrt: 228, ucrtbase: 312}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn raise(signal: i32) -> Result<Int, Fault> {
    let place = place(signal).ok_or(super::super::fault::INVALID)?;
    match place.get() {
        DEFAULT => leave(ABORTED),
        IGNORE => {}
        handler => {
            place.swap(DEFAULT);
            const EXPLICIT: i32 = 0x8C;
            call(handler, signal, if signal == SIGFPE { EXPLICIT } else { 0 });
        }
    }
    Ok(Int(0))
}

/// What the program's start-up code asks at an exception that nobody handled.
#[shim(ix = {msvcrt: 79}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn _XcptFilter(code: i32, pointers: *mut EXCEPTION_POINTERS) -> i32 {
    filter(code, pointers)
}

/// What a program's start-up code asks at an exception that nobody handled.
#[shim(ix = {ucrtbase: 12}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn _seh_filter_exe(code: i32, pointers: *mut EXCEPTION_POINTERS) -> i32 {
    filter(code, pointers)
}

/// What a DLL's start-up code asks at an exception: only C++ exceptions are its own.
#[shim(ix = {ucrtbase: 84}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn _seh_filter_dll(code: i32, pointers: *mut EXCEPTION_POINTERS) -> i32 {
    const CPP: i32 = 0xE06D_7363_u32 as i32;
    if code == CPP { filter(code, pointers) } else { 0 }
}

/// Where the pointer to the exception lies that a signal's handler looks at.
#[shim(ix = {msvcrt: 438, ucrtbase: 545}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn __pxcptinfoptrs() -> *mut *mut c_void {
    thread::current().exception.as_ptr()
}

/// Where the detail of a floating-point signal lies.
#[shim(ix = {msvcrt: 439, ucrtbase: 546}, mapping = "handlers of the process and of threads", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn __fpecode() -> *mut i32 {
    thread::current().float_error.as_ptr()
}
