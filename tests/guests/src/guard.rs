//! Frames with handlers, for tests of exceptions: Rust has no `__try`, so they are assembly with the tables that a C
//! compiler would make for it.

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
    /// Its language handler, for [`guard_raw`].
    pub raw: unsafe extern "system" fn(*mut Guard, *mut EXCEPTION_RECORD, u64, *mut CONTEXT, *mut Dispatcher) -> i32,
    /// Whatever the test wants.
    pub data: [u64; 6],
}

/// `DISPATCHER_CONTEXT`.
#[repr(C)]
pub struct Dispatcher {
    pub pc: u64,
    pub base: u64,
    pub row: *const [u32; 3],
    pub establisher: u64,
    pub target: u64,
    pub context: *mut CONTEXT,
    pub handler: *const c_void,
    pub data: *const c_void,
    pub history: *mut c_void,
    pub scope: u32,
    pub fill: u32,
}

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

unsafe extern "system" {
    /// `__try { body } __except (filter) { }`: what the body answers, or bit 32 alone; then rax, as the
    /// block found it, is the last word of the data.
    pub fn guard_except(guard: *mut Guard) -> u64;
    /// `__try { body } __finally { finally }`: what the body answers.
    pub fn guard_finally(guard: *mut Guard) -> u64;
    /// Calls the body in a frame whose language handler is `raw`; what the body answers, or what an unwinding to
    /// [`guard_raw_target`] wants to be answered.
    pub fn guard_raw(guard: *mut Guard) -> u64;
    /// Calls `call` with numbers from `first` on in registers that are kept; what came back of them goes to `kept`: four
    /// integers, then two floating-point numbers.
    pub fn guard_keeping(call: unsafe extern "system" fn(*mut Guard) -> u64, guard: *mut Guard, first: u64, kept: *mut [u64; 6]) -> u64;
    /// Where unwindings to a frame of [`guard_raw`] go on.
    pub fn guard_raw_target();
}

/// What comes back of registers that are kept.
pub fn kept(first: u64) -> [u64; 6] {
    [first, first + 1, first + 2, first + 3, (first as f64).to_bits(), ((first + 2) as f64).to_bits()]
}

/// Unwinds to a frame of [`guard_raw`], which answers this value; where there is no record, by the simpler of the two functions.
///
/// # Safety
/// It runs in the frame's handler.
pub unsafe fn unwind_to_raw(frame: u64, record: *mut EXCEPTION_RECORD, value: usize, about: *mut Dispatcher) {
    // SAFETY: the frame is one of this stack's, and the target is its function's.
    unsafe {
        let (frame, target) = (frame as *mut c_void, guard_raw_target as *mut c_void);
        if record.is_null() {
            RtlUnwind(frame, target, record, value as *mut c_void);
        } else {
            RtlUnwindEx(frame, target, record, value as *mut c_void, (*about).context, (*about).history);
        }
    }
}

windows_link::link!("kernel32.dll" "system" fn RtlUnwind(target: *mut c_void, ip: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void));

windows_link::link!("kernel32.dll" "system" fn RtlUnwindEx(target: *mut c_void, ip: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void, context: *mut CONTEXT, history: *mut c_void));

windows_link::link!("ntdll.dll" "system" fn __C_specific_handler(record: *mut EXCEPTION_RECORD, frame: *mut c_void, context: *mut CONTEXT, dispatcher: *mut c_void) -> i32);

core::arch::global_asm!(
    ".text",
    ".globl guard_except",
    ".seh_proc guard_except",
    "guard_except:",
    "sub rsp, 56",
    ".seh_stackalloc 56",
    ".seh_handler guard_specific, @except, @unwind",
    ".seh_endprologue",
    "mov [rsp + 32], rcx",
    "10:",
    "call qword ptr [rcx]",
    "nop",
    "11:",
    "add rsp, 56",
    "ret",
    "12:",
    "mov rcx, [rsp + 32]",
    "mov [rcx + 72], rax",
    "xor eax, eax",
    "bts rax, 32",
    "add rsp, 56",
    "ret",
    ".seh_handlerdata",
    ".long 1",
    ".long 10b@IMGREL, 11b@IMGREL, guard_filter@IMGREL, 12b@IMGREL",
    ".text",
    ".seh_endproc",
    "",
    ".globl guard_finally",
    ".seh_proc guard_finally",
    "guard_finally:",
    "sub rsp, 56",
    ".seh_stackalloc 56",
    ".seh_handler guard_specific, @except, @unwind",
    ".seh_endprologue",
    "mov [rsp + 32], rcx",
    "20:",
    "call qword ptr [rcx]",
    "nop",
    "21:",
    "mov [rsp + 40], rax",
    "mov rcx, [rsp + 32]",
    "xor edx, edx",
    "call qword ptr [rcx + 16]",
    "mov rax, [rsp + 40]",
    "add rsp, 56",
    "ret",
    ".seh_handlerdata",
    ".long 1",
    ".long 20b@IMGREL, 21b@IMGREL, guard_termination@IMGREL, 0",
    ".text",
    ".seh_endproc",
    "",
    ".globl guard_raw",
    ".globl guard_raw_target",
    ".seh_proc guard_raw",
    "guard_raw:",
    "sub rsp, 56",
    ".seh_stackalloc 56",
    ".seh_handler guard_handler, @except, @unwind",
    ".seh_endprologue",
    "mov [rsp + 32], rcx",
    "call qword ptr [rcx]",
    "nop",
    "guard_raw_target:",
    "add rsp, 56",
    "ret",
    ".seh_endproc",
    "",
    ".globl guard_keeping",
    ".seh_proc guard_keeping",
    "guard_keeping:",
    "push r12",
    ".seh_pushreg r12",
    "push r13",
    ".seh_pushreg r13",
    "push r14",
    ".seh_pushreg r14",
    "push r15",
    ".seh_pushreg r15",
    "push rdi",
    ".seh_pushreg rdi",
    "sub rsp, 64",
    ".seh_stackalloc 64",
    "movaps [rsp + 32], xmm6",
    ".seh_savexmm xmm6, 32",
    "movaps [rsp + 48], xmm15",
    ".seh_savexmm xmm15, 48",
    ".seh_endprologue",
    "mov rdi, r9",
    "mov r12, r8",
    "lea r13, [r8 + 1]",
    "lea r14, [r8 + 2]",
    "lea r15, [r8 + 3]",
    "cvtsi2sd xmm6, r12",
    "cvtsi2sd xmm15, r14",
    "mov rax, rcx",
    "mov rcx, rdx",
    "call rax",
    "mov [rdi], r12",
    "mov [rdi + 8], r13",
    "mov [rdi + 16], r14",
    "mov [rdi + 24], r15",
    "movsd [rdi + 32], xmm6",
    "movsd [rdi + 40], xmm15",
    "movaps xmm6, [rsp + 32]",
    "movaps xmm15, [rsp + 48]",
    "add rsp, 64",
    "pop rdi",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "ret",
    ".seh_endproc",
    "",
    // The frame's own words: its guard lies 32 bytes above the establisher.
    "guard_filter:",
    "mov r8, rcx",
    "mov rcx, [rdx + 32]",
    "mov rdx, r8",
    "jmp qword ptr [rcx + 8]",
    "guard_termination:",
    "mov eax, ecx",
    "mov rcx, [rdx + 32]",
    "mov edx, eax",
    "jmp qword ptr [rcx + 16]",
    ".seh_proc guard_handler",
    "guard_handler:",
    "sub rsp, 56",
    ".seh_stackalloc 56",
    ".seh_endprologue",
    "mov [rsp + 32], r9",
    "mov r9, r8",
    "mov r8, rdx",
    "mov rdx, rcx",
    "mov rcx, [r8 + 32]",
    "call qword ptr [rcx + 24]",
    "add rsp, 56",
    "ret",
    ".seh_endproc",
    "guard_specific:",
    "jmp qword ptr [rip + {specific}]",
    specific = sym SPECIFIC,
);

#[used]
static SPECIFIC: unsafe extern "system" fn(*mut EXCEPTION_RECORD, *mut c_void, *mut CONTEXT, *mut c_void) -> i32 = __C_specific_handler;
