//! Funclets of 64-bit code: they run on the stack of whoever calls them, for the frame of their function.

use super::catch::{Catch, leave, leave_by};
use super::tables::{CONTINUE_SEARCH, Dispatcher};
use core::ffi::c_void;
use windows_sys::Win32::Foundation::STATUS_UNWIND_CONSOLIDATE;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

/// Runs a `catch` at the end of an unwinding; answers where the function goes on.
pub unsafe extern "C" fn run(end: *const EXCEPTION_RECORD) -> u64 {
    let [_, variables, funclet, _, context, frame, record, state, ..] = unsafe { (*end).ExceptionInformation };
    let mut catch = Catch::new(frame as u64, state as i32, record as *mut EXCEPTION_RECORD);
    catch.begin(context as *mut c_void);
    let next = unsafe { call(funclet as u64, variables as u64, &raw mut catch) };
    unsafe { leave(&catch, None) };
    // Packed tables list where to go on: the funclet answers which.
    match next {
        0 | 1 => unsafe { (*end).ExceptionInformation[8 + next as usize] as u64 },
        address => address,
    }
}

/// An unwinding comes through a `catch`: it ends here.
unsafe extern "C" fn leaving(record: *const EXCEPTION_RECORD, frame: u64, _context: *mut CONTEXT, _about: *mut Dispatcher) -> i32 {
    unsafe {
        let catch = *((frame + KEPT) as *const *const Catch);
        if let Some(catch) = catch.as_ref() {
            let record = if (*record).ExceptionCode == STATUS_UNWIND_CONSOLIDATE {
                (*record).ExceptionInformation[6] as *const EXCEPTION_RECORD
            } else {
                record
            };
            leave_by(catch, record);
        }
    }
    CONTINUE_SEARCH
}

/// Where [`call`] keeps its `catch`, above its frame.
const KEPT: u64 = 32;

/// Calls a funclet for a function's frame; an unwinding that passes ends the `catch`, if it is one.
#[cfg(target_os = "windows")]
#[unsafe(naked)]
pub unsafe extern "C" fn call(funclet: u64, variables: u64, catch: *mut Catch) -> u64 {
    core::arch::naked_asm!(
        ".seh_proc {this}",
        "sub rsp, 40",
        ".seh_stackalloc 40",
        ".seh_handler {leaving}, @unwind",
        ".seh_endprologue",
        "mov [rsp + 32], r8",
        "mov rax, rcx",
        "call rax",
        "nop",
        "add rsp, 40",
        "ret",
        ".seh_endproc",
        this = sym call,
        leaving = sym leaving,
    )
}

/// Native tests have no funclets.
#[cfg(not(target_os = "windows"))]
pub unsafe fn call(_funclet: u64, _variables: u64, _catch: *mut Catch) -> u64 {
    0
}
