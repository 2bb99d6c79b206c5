//! The way into guest code, and out of it for good.

use core::arch::naked_asm;
use gate::block::GATE_HOST_STACK;

/// Leaves the runtime for guest code, on a stack of the guest's; returns when the thread leaves for good.
///
/// # Safety
/// GS holds the thread's block, `stack` is the guest's, and `start` is guest code.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn run_guest(start: u64, argument: u64, stack: u64) {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov gs:[{host}], rsp",
        "mov rcx, rsi",
        "mov rsp, rdx",
        "xor edx, edx",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor ebp, ebp",
        "jmp rdi",
        host = const GATE_HOST_STACK,
    )
}

/// Ends the guest's part of a thread: continues behind its [`run_guest`]. Nothing between is dropped.
///
/// # Safety
/// The thread runs a service.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn leave_guest() -> ! {
    naked_asm!(
        "mov rsp, gs:[{host}]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
        host = const GATE_HOST_STACK,
    )
}
