//! Control events: Ctrl-C, Ctrl-Break, and who handles them.

use crate::lock::Lock;
use crate::nt::{NtClose, RtlCreateUserThread, RtlExitUserProcess, WcWaitControl, check};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, STATUS_CONTROL_C_EXIT};

/// A handler: whether it has dealt with an event.
type Handler = unsafe extern "system" fn(event: u32) -> i32;

/// The program's handlers, the last one first asked.
static HANDLERS: Lock<Vec<usize>> = Lock::new(Vec::new());
/// Whether a thread waits for events.
static WAITING: AtomicBool = AtomicBool::new(false);

const IGNORE: u32 = 1;
const HEED: u32 = 2;
const ANNOUNCE: u32 = 3;

fn wait_control(ignore: u32) -> Result<u32, Win32Error> {
    let mut event = 0;
    // SAFETY: writes the event.
    check(unsafe { WcWaitControl(ignore, &raw mut event) })?;
    Ok(event)
}

fn start() -> Result<(), Win32Error> {
    let mut handle: HANDLE = null_mut();
    let (current, start) = (usize::MAX as HANDLE, wait as unsafe extern "system" fn(*mut c_void) -> u32);
    // SAFETY: the function is a thread's.
    check(unsafe { RtlCreateUserThread(current, null(), 0, 0, 0, 0, start as *const c_void, null(), &raw mut handle, null_mut()) })?;
    // SAFETY: made above.
    unsafe { NtClose(handle) };
    Ok(())
}

/// Waits for one event, lets another thread wait for the next, and handles it.
unsafe extern "system" fn wait(_parameter: *mut c_void) -> u32 {
    let Ok(event) = wait_control(0) else { return 0 };
    if start().is_err() {
        WAITING.store(false, Ordering::Release);
    }
    let handlers = HANDLERS.with(|handlers| handlers.clone());
    for handler in handlers.into_iter().rev() {
        // SAFETY: the program gave it as a handler.
        let handler: Handler = unsafe { core::mem::transmute(handler) };
        // SAFETY: as above.
        if unsafe { handler(event) } != 0 {
            return 0;
        }
    }
    // SAFETY: ends the process, as the last handler of Windows does.
    unsafe { RtlExitUserProcess(STATUS_CONTROL_C_EXIT as u32) };
    0
}

fn add(handler: usize) -> Result<(), Win32Error> {
    HANDLERS.with(|handlers| handlers.push(handler));
    if !WAITING.swap(true, Ordering::AcqRel) {
        // An event that comes before the thread runs waits for it.
        wait_control(ANNOUNCE).and_then(|_| start()).inspect_err(|_| WAITING.store(false, Ordering::Release))?;
    }
    Ok(())
}

fn remove(handler: usize) -> Result<(), Win32Error> {
    HANDLERS.with(|handlers| {
        let place = handlers.iter().rposition(|known| *known == handler).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
        handlers.remove(place);
        Ok(())
    })
}

/// Adds or removes a handler of control events; without one it says whether Ctrl-C is ignored.
#[shim(ix = 56, mapping = "gate WaitControl, a thread of its own", risk = Functional("a program that Ctrl-C does not end"))]
pub unsafe extern "system" fn SetConsoleCtrlHandler(handler: Option<Handler>, adds: i32) -> Result<Bool, Win32Error> {
    match (handler, adds != 0) {
        (None, ignore) => wait_control(if ignore { IGNORE } else { HEED }).map(|_| ())?,
        (Some(handler), true) => add(handler as usize)?,
        (Some(handler), false) => remove(handler as usize)?,
    }
    Ok(Bool)
}
