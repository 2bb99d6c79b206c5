//! Frames with handlers as a 32-bit C compiler makes them, for tests of exceptions: registered in the chain, with
//! `_except_handler3` and its blocks.

use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD};

/// What a guarded frame knows.
#[repr(C)]
pub struct Guard {
    /// What runs inside of it.
    pub body: unsafe extern "system" fn(*mut Guard) -> u64,
    /// Its filter (`__except`), or nothing that is called.
    pub filter: unsafe extern "system" fn(*mut Guard, *mut EXCEPTION_POINTERS) -> i32,
    /// Its termination handler (`__finally`), or nothing that is called.
    pub finally: unsafe extern "system" fn(*mut Guard, bool),
    /// Whatever the test wants.
    pub data: [u64; 6],
}

impl Guard {
    /// A frame that only passes things on.
    pub fn new(body: unsafe extern "system" fn(*mut Self) -> u64) -> Self {
        unsafe extern "system" fn filter(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
            0
        }
        unsafe extern "system" fn finally(_: *mut Guard, _: bool) {}
        Self { body, filter, finally, data: [0; 6] }
    }
}

/// A handler of the chain.
pub type Handler = unsafe extern "C" fn(*mut EXCEPTION_RECORD, *mut Registration, *mut CONTEXT, *mut core::ffi::c_void) -> i32;

/// `EXCEPTION_REGISTRATION_RECORD`.
#[repr(C)]
pub struct Registration {
    pub next: *mut Registration,
    pub handler: Handler,
}

/// Runs work with a registration in the chain.
pub fn registered<T>(registration: &mut Registration, work: impl FnOnce() -> T) -> T {
    // SAFETY: the registration lies on the stack and is taken off again.
    unsafe {
        core::arch::asm!("mov {}, fs:[0]", out(reg) registration.next);
        core::arch::asm!("mov fs:[0], {}", in(reg) &raw mut *registration);
    }
    let done = work();
    // SAFETY: as above.
    unsafe { core::arch::asm!("mov fs:[0], {}", in(reg) registration.next) };
    done
}

unsafe extern "system" {
    /// `__try { body } __except (filter) { }`: what the body answers, or bit 32 alone.
    pub fn guard_except(guard: *mut Guard) -> u64;
    /// `__try { body } __finally { finally }`: what the body answers.
    pub fn guard_finally(guard: *mut Guard) -> u64;
}

#[link(name = "msvcrt", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "C" {
    // The linker takes one underscore off.
    #[link_name = "__except_handler3"]
    fn _except_handler3() -> i32;
}

core::arch::global_asm!(
    ".section .rdata,\"dr\"",
    "guard_except_scopes: .long -1, guard_filter, guard_taken",
    "guard_finally_scopes: .long -1, 0, guard_finally_part",
    ".text",
    ".globl _guard_except@4",
    "_guard_except@4:",
    "lea eax, [guard_except_scopes]",
    "jmp guard_enter",
    ".globl _guard_finally@4",
    "_guard_finally@4:",
    "lea eax, [guard_finally_scopes]",
    "guard_enter:",
    "push ebp",
    "mov ebp, esp",
    "push -1",
    "push eax",
    "lea eax, [{handler}]",
    "push eax",
    "push dword ptr fs:[0]",
    "mov fs:[0], esp",
    "sub esp, 8",
    "push ebx",
    "push esi",
    "push edi",
    "mov [ebp - 24], esp",
    "mov dword ptr [ebp - 4], 0",
    "mov eax, [ebp + 8]",
    "push eax",
    "call dword ptr [eax]",
    "lea ecx, [guard_finally_scopes]",
    "cmp [ebp - 8], ecx",
    "mov dword ptr [ebp - 4], -1",
    "jne 2f",
    "push eax",
    "push edx",
    "push 0",
    "push dword ptr [ebp + 8]",
    "mov eax, [ebp + 8]",
    "call dword ptr [eax + 8]",
    "pop edx",
    "pop eax",
    "2:",
    "mov ecx, [ebp - 16]",
    "mov fs:[0], ecx",
    "lea esp, [ebp - 36]",
    "pop edi",
    "pop esi",
    "pop ebx",
    "mov esp, ebp",
    "pop ebp",
    "ret 4",
    "guard_filter:",
    "push dword ptr [ebp - 20]",
    "push dword ptr [ebp + 8]",
    "mov eax, [ebp + 8]",
    "call dword ptr [eax + 4]",
    "ret",
    "guard_finally_part:",
    "push 1",
    "push dword ptr [ebp + 8]",
    "mov eax, [ebp + 8]",
    "call dword ptr [eax + 8]",
    "ret",
    "guard_taken:",
    "mov esp, [ebp - 24]",
    "mov dword ptr [ebp - 4], -1",
    "xor eax, eax",
    "mov edx, 1",
    "jmp 2b",
    handler = sym _except_handler3,
);
