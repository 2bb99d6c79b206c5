//! debugapi.h: what a program and its debugger tell each other. There is no debugger inside of a sandbox.

use crate::ansi;
use crate::nt::{NtQueryInformationProcess, WcDebugPrint, check};
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};

/// Shows a text.
fn show(units: &[u16]) {
    let text = text::lossy(units);
    // SAFETY: reads the text.
    unsafe { WcDebugPrint(text.as_ptr(), text.len()) };
}

/// Tells a debugger a text.
#[shim(ix = 175, mapping = "gate DebugPrint", risk = Functional("a text that nobody sees"))]
pub unsafe extern "system" fn OutputDebugStringW(string: *const u16) {
    show(unsafe { text::wide(string) });
}

/// Tells a debugger a text.
#[shim(ix = 220, mapping = "OutputDebugStringW", risk = Functional("a text that nobody sees"))]
pub unsafe extern "system" fn OutputDebugStringA(string: *const u8) {
    show(&ansi::units(nls::ANSI, unsafe { text::narrow(string) }));
}

/// Whether a debugger watches the process.
#[shim(ix = 25, mapping = "the PEB", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsDebuggerPresent() -> i32 {
    unsafe { (*guest::teb::peb()).being_debugged }.into()
}

/// Answers whether a debugger watches a process.
#[shim(ix = 684, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn CheckRemoteDebuggerPresent(process: HANDLE, answer: *mut i32) -> Result<Bool, Win32Error> {
    const DEBUG_PORT: i32 = 7;
    if process.is_null() || answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut port = 0_usize;
    check(unsafe { NtQueryInformationProcess(process, DEBUG_PORT, (&raw mut port).cast(), size_of::<usize>() as u32, null_mut()) })?;
    unsafe { *answer = (port != 0).into() };
    Ok(Bool)
}

/// Raises a breakpoint's exception.
#[shim(ix = 275, mapping = "the processor's breakpoint", risk = Functional("a program that does not stop"))]
pub unsafe extern "system" fn DebugBreak() {
    unsafe { core::arch::asm!("int3") };
}
