//! Frames with handlers as a 32-bit C compiler makes them, for tests of exceptions: registered in the chain, with
//! `_except_handler3` and its blocks.

use core::ffi::c_void;
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
    /// Its own handler, for [`guard_raw`].
    pub raw: unsafe extern "system" fn(*mut Guard, *mut EXCEPTION_RECORD, u64, *mut CONTEXT, *mut Dispatcher) -> i32,
    /// Whatever the test wants.
    pub data: [u64; 6],
}

/// What a handler of the chain is told of its caller: nothing that a test uses.
pub type Dispatcher = c_void;

impl Guard {
    /// A frame that only passes things on.
    pub fn new(body: unsafe extern "system" fn(*mut Self) -> u64) -> Self {
        unsafe extern "system" fn filter(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
            0
        }
        unsafe extern "system" fn finally(_: *mut Guard, _: bool) {}
        unsafe extern "system" fn raw(_: *mut Guard, _: *mut EXCEPTION_RECORD, _: u64, _: *mut CONTEXT, _: *mut Dispatcher) -> i32 {
            1
        }
        Self { body, filter, finally, raw, data: [0; 6] }
    }
}

/// A handler of the chain.
pub type Handler = unsafe extern "C" fn(*mut EXCEPTION_RECORD, *mut Registration, *mut CONTEXT, *mut c_void) -> i32;

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
    /// Calls the body in a frame whose handler is `raw`; what the body answers, or what [`unwind_to_raw`] wants to be answered.
    pub fn guard_raw(guard: *mut Guard) -> u64;
    /// Calls `call` with numbers from `first` on in the four registers that are kept; what came back of them goes to `kept`.
    pub fn guard_keeping(call: unsafe extern "system" fn(*mut Guard) -> u64, guard: *mut Guard, first: u64, kept: *mut [u64; 6]) -> u64;
}

/// What comes back of registers that are kept.
pub fn kept(first: u64) -> [u64; 6] {
    [first, first + 1, first + 2, first + 3, 0, 0]
}

windows_link::link!("ntdll.dll" "system" fn RtlUnwind(target: *mut c_void, address: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void));

/// Unwinds to a frame of [`guard_raw`], which answers this value.
///
/// # Safety
/// It runs in the frame's handler.
pub unsafe fn unwind_to_raw(frame: u64, record: *mut EXCEPTION_RECORD, value: usize, _about: *mut Dispatcher) {
    // SAFETY: the frame is in the chain, and its function brings its own stack back.
    unsafe {
        RtlUnwind(frame as *mut c_void, core::ptr::null_mut(), record, core::ptr::null_mut());
        core::arch::asm!(
            "lea ebp, [ecx + 24]",
            "xor edx, edx",
            "jmp guard_raw_target",
            in("ecx") frame as usize,
            in("eax") value,
            options(noreturn),
        )
    }
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
    ".globl _guard_raw@4",
    "_guard_raw@4:",
    "push ebp",
    "mov ebp, esp",
    "push ebx",
    "push esi",
    "push edi",
    "push dword ptr [ebp + 8]",
    "lea eax, [guard_handler]",
    "push eax",
    "push dword ptr fs:[0]",
    "mov fs:[0], esp",
    "mov eax, [ebp + 8]",
    "push eax",
    "call dword ptr [eax]",
    "guard_raw_target:",
    "mov ecx, [ebp - 24]",
    "mov fs:[0], ecx",
    "lea esp, [ebp - 12]",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret 4",
    "guard_handler:",
    "mov eax, [esp + 8]",
    "mov ecx, [eax + 8]",
    "push dword ptr [esp + 16]",
    "push dword ptr [esp + 16]",
    "push 0",
    "push eax",
    "push dword ptr [esp + 20]",
    "push ecx",
    "call dword ptr [ecx + 12]",
    "ret",
    ".globl _guard_keeping@20",
    "_guard_keeping@20:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov eax, [esp + 20]",
    "mov ecx, [esp + 24]",
    "mov ebx, [esp + 28]",
    "lea esi, [ebx + 1]",
    "lea edi, [ebx + 2]",
    "lea ebp, [ebx + 3]",
    "push ecx",
    "call eax",
    "mov ecx, [esp + 36]",
    "mov [ecx], ebx",
    "mov [ecx + 8], esi",
    "mov [ecx + 16], edi",
    "mov [ecx + 24], ebp",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret 20",
    "guard_taken:",
    "mov esp, [ebp - 24]",
    "mov dword ptr [ebp - 4], -1",
    "xor eax, eax",
    "mov edx, 1",
    "jmp 2b",
    handler = sym _except_handler3,
);
