//! A thread's registers, by what they are for: the tests that read and set them are the same for both processors.

use core::ffi::c_void;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// A context that the processor can save its registers to.
#[repr(C, align(16))]
pub struct Context(pub CONTEXT);

/// An empty context with these flags.
pub fn context(flags: u32) -> Context {
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    let mut context: Context = unsafe { core::mem::zeroed() };
    context.0.ContextFlags = flags;
    context
}

#[cfg(target_arch = "x86_64")]
pub use x64::*;
#[cfg(target_arch = "x86")]
pub use x86::*;

#[cfg(target_arch = "x86_64")]
mod x64 {
    use super::*;

    /// `CONTEXT_CONTROL`, `CONTEXT_INTEGER`, `CONTEXT_FULL`.
    pub const CONTROL: u32 = 0x10_0001;
    pub const INTEGER: u32 = 0x10_0002;
    pub const FULL: u32 = 0x10_000B;
    /// The selector of code.
    pub const CODE: u16 = 0x33;

    pub fn instruction(context: &CONTEXT) -> usize {
        context.Rip as usize
    }

    pub fn set_instruction(context: &mut CONTEXT, at: usize) {
        context.Rip = at as u64;
    }

    pub fn stack(context: &CONTEXT) -> usize {
        context.Rsp as usize
    }

    pub fn code(context: &CONTEXT) -> u16 {
        context.SegCs
    }

    /// A register that functions keep: rbx, ebx.
    pub fn kept(context: &CONTEXT) -> usize {
        context.Rbx as usize
    }

    pub fn set_kept(context: &mut CONTEXT, value: usize) {
        context.Rbx = value as u64;
    }

    /// What lies in the lower half of xmm6.
    pub fn vector(context: &CONTEXT) -> u64 {
        // SAFETY: every context has this form of the state.
        unsafe { context.Anonymous.Anonymous.Xmm6.Low }
    }

    /// Lets a thread call a function of one argument, from a lower place of its stack.
    ///
    /// # Safety
    /// The context's stack is one.
    pub unsafe fn call(context: &mut CONTEXT, function: usize, argument: usize) {
        context.Rip = function as u64;
        context.Rcx = argument as u64;
        context.Rsp = ((context.Rsp - 0x200) & !15) - 8;
    }

    /// What a thread that has not begun will run, and with what.
    pub fn first(context: &CONTEXT) -> (usize, usize) {
        (context.Rcx as usize, context.Rdx as usize)
    }

    pub fn set_first_parameter(context: &mut CONTEXT, parameter: usize) {
        context.Rdx = parameter as u64;
    }

    /// Counts at `turns` for as long as a register that functions keep, and xmm6, hold `mark`.
    pub fn spin(mark: *mut c_void, turns: *mut usize) {
        // SAFETY: the register is put back.
        unsafe {
            core::arch::asm!(
                "mov {kept}, rbx",
                "mov rbx, {mark}",
                "movq xmm6, {mark}",
                "2:",
                "inc qword ptr [{turns}]",
                "cmp rbx, {mark}",
                "je 2b",
                "mov rbx, {kept}",
                kept = out(reg) _,
                mark = in(reg) mark,
                turns = in(reg) turns,
                out("xmm6") _,
            );
        }
    }
}

#[cfg(target_arch = "x86")]
mod x86 {
    use super::*;

    /// `CONTEXT_CONTROL`, `CONTEXT_INTEGER`, and everything that FXSAVE writes beside them.
    pub const CONTROL: u32 = 0x1_0001;
    pub const INTEGER: u32 = 0x1_0002;
    pub const FULL: u32 = 0x1_0027;
    /// The selector of code.
    pub const CODE: u16 = 0x23;

    pub fn instruction(context: &CONTEXT) -> usize {
        context.Eip as usize
    }

    pub fn set_instruction(context: &mut CONTEXT, at: usize) {
        context.Eip = at as u32;
    }

    pub fn stack(context: &CONTEXT) -> usize {
        context.Esp as usize
    }

    pub fn code(context: &CONTEXT) -> u16 {
        context.SegCs as u16
    }

    /// A register that functions keep: rbx, ebx.
    pub fn kept(context: &CONTEXT) -> usize {
        context.Ebx as usize
    }

    pub fn set_kept(context: &mut CONTEXT, value: usize) {
        context.Ebx = value as u32;
    }

    /// What lies in the lower half of xmm6.
    pub fn vector(context: &CONTEXT) -> u64 {
        let bytes = &context.ExtendedRegisters[160 + 6 * 16..160 + 6 * 16 + 8];
        u64::from_le_bytes(core::array::from_fn(|index| bytes[index]))
    }

    /// Lets a thread call a function of one argument, from a lower place of its stack.
    ///
    /// # Safety
    /// The context's stack is one.
    pub unsafe fn call(context: &mut CONTEXT, function: usize, argument: usize) {
        context.Eip = function as u32;
        context.Esp = ((context.Esp - 0x200) & !15) - 8;
        // SAFETY: below the thread's stack pointer nothing is kept.
        unsafe { (context.Esp as usize as *mut usize).add(1).write(argument) };
    }

    /// What a thread that has not begun will run, and with what.
    pub fn first(context: &CONTEXT) -> (usize, usize) {
        (context.Eax as usize, context.Ebx as usize)
    }

    pub fn set_first_parameter(context: &mut CONTEXT, parameter: usize) {
        context.Ebx = parameter as u32;
    }

    /// Counts at `turns` for as long as a register that functions keep, and xmm6, hold `mark`.
    pub fn spin(mark: *mut c_void, turns: *mut usize) {
        // SAFETY: the register is put back.
        unsafe {
            core::arch::asm!(
                "push ebx",
                "mov ebx, eax",
                "movd xmm6, eax",
                "2:",
                "inc dword ptr [ecx]",
                "cmp ebx, eax",
                "je 2b",
                "pop ebx",
                in("eax") mark,
                in("ecx") turns,
                out("xmm6") _,
            );
        }
    }
}
