//! Calls of a module's own routines: entry points and TLS callbacks have the same parameters.

use core::ffi::c_void;

/// Calls a routine with a module's base, a reason, and what goes with it. Compilers and programmers have disagreed who takes the
/// parameters off a 32-bit stack, and which registers are kept: neither matters here, as on Windows.
#[cfg(all(target_os = "windows", target_arch = "x86"))]
#[unsafe(naked)]
pub unsafe extern "C" fn call(routine: usize, base: *mut c_void, reason: u32, reserved: *mut c_void) -> i32 {
    core::arch::naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "push esi",
        "push edi",
        "push dword ptr [ebp + 20]",
        "push dword ptr [ebp + 16]",
        "push dword ptr [ebp + 12]",
        "call dword ptr [ebp + 8]",
        "lea esp, [ebp - 12]",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret",
    )
}

/// Calls a routine with a module's base, a reason, and what goes with it.
#[cfg(not(all(target_os = "windows", target_arch = "x86")))]
pub unsafe fn call(routine: usize, base: *mut c_void, reason: u32, reserved: *mut c_void) -> i32 {
    type Routine = unsafe extern "system" fn(base: *mut c_void, reason: u32, reserved: *mut c_void) -> i32;
    // SAFETY: a module's routines have this form, as far as anybody knows.
    unsafe { core::mem::transmute::<usize, Routine>(routine)(base, reason, reserved) }
}
