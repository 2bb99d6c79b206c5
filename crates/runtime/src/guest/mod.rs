//! Between guest code and the runtime: how a thread goes there and leaves for good, what the gate keeps of it, and where an
//! interrupted thread stands.

pub mod x86;

mod between;

pub use between::Between;

use crate::bitness;
use crate::registers::{MXCSR, flag};
use between::Entry;
use core::arch::naked_asm;
use gate::block::GATE_HOST_STACK;

/// What the entry leaves on the runtime's stack, below the pointer that the gate page keeps.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    /// r15 to r12.
    pub r15_to_r12: [u64; 4],
    /// rdi.
    pub rdi: u64,
    /// rsi.
    pub rsi: u64,
    /// rbp.
    pub rbp: u64,
    /// rbx.
    pub rbx: u64,
    /// The guest's stack pointer; the way back lies on top of that stack.
    pub stack: u64,
}

/// Pushes what makes a [`Saved`]; the guest's stack pointer is in r10.
macro_rules! push_saved {
    () => {
        "push r10; push rbx; push rbp; push rsi; push rdi; push r12; push r13; push r14; push r15"
    };
}

pub(crate) use push_saved;

/// Pushes what a function of the runtime keeps for its caller.
macro_rules! push_kept {
    () => {
        "push rbx; push rbp; push r12; push r13; push r14; push r15; sub rsp, 8"
    };
}

use push_kept;

/// The reverse.
macro_rules! pop_kept {
    () => {
        "add rsp, 8; pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx"
    };
}

/// The registers of a thread that is inside a service, and the service's answer, which is there once the thread looks up
/// on its way out.
///
/// # Safety
/// `host` is the thread's stack pointer in its gate page, and the thread stays inside.
pub unsafe fn saved(host: u64) -> (Saved, u64) {
    let below = host - size_of::<Saved>() as u64;
    // SAFETY: the entry has written both, as the caller promises.
    unsafe { ((below as *const Saved).read(), ((below - 8) as *const u64).read()) }
}

/// Where an instruction of the gate stands; `None` for any other.
pub fn between(at: u64) -> Option<Between> {
    if bitness::is_32() {
        return x86::between(at);
    }
    unsafe extern "C" {
        static gate_start: u8;
        static gate_entered: u8;
        static gate_leaving: u8;
        static gate_left: u8;
    }
    let entry = Entry {
        start: &raw const gate_start as u64,
        entered: &raw const gate_entered as u64,
        leaving: &raw const gate_leaving as u64,
        left: &raw const gate_left as u64,
    };
    entry.between(at)
}

/// Leaves the runtime for guest code, on a stack of the guest's; returns when the thread leaves for good.
///
/// # Safety
/// GS holds the thread's block, `stack` is the guest's, and `start` is guest code.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn run_guest(start: u64, argument: u64, stack: u64) {
    naked_asm!(
        push_kept!(),
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
        // What the guest left in the processor governs nothing here: direction, alignment checks, floating point.
        "cld",
        "pushfq",
        "and dword ptr [rsp], {flags}",
        "popfq",
        "fninit",
        "mov dword ptr [rsp], {control}",
        "ldmxcsr [rsp]",
        pop_kept!(),
        "ret",
        host = const GATE_HOST_STACK,
        flags = const !(flag::ALIGNMENT_CHECK as i32),
        control = const MXCSR,
    )
}
