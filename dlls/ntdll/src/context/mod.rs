//! Register contexts: capturing and restoring.

use core::ffi::c_void;
use core::mem::offset_of;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// A context that the processor can save its registers to.
#[cfg(not(all(target_os = "windows", target_arch = "x86")))]
#[repr(C, align(16))]
pub struct Aligned(pub CONTEXT);

/// A naked function on whose frame a CONTEXT lies: how the frame begins, then what the function does, then its operands. Unwinding
/// finds the caller's registers in the context.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
macro_rules! naked_on_context {
    ([$($frame:literal),* $(,)?], [$($does:literal),* $(,)?], $($operands:tt)*) => {
        core::arch::naked_asm!(
            $($frame,)*
            ".seh_savereg rbx, {rbx_}",
            ".seh_savereg rbp, {rbp_}",
            ".seh_savereg rsi, {rsi_}",
            ".seh_savereg rdi, {rdi_}",
            ".seh_savereg r12, {r12_}",
            ".seh_savereg r13, {r12_} + 8",
            ".seh_savereg r14, {r12_} + 16",
            ".seh_savereg r15, {r12_} + 24",
            ".seh_savexmm xmm6, {xmm6_}",
            ".seh_savexmm xmm7, {xmm6_} + 16",
            ".seh_savexmm xmm8, {xmm6_} + 32",
            ".seh_savexmm xmm9, {xmm6_} + 48",
            ".seh_savexmm xmm10, {xmm6_} + 64",
            ".seh_savexmm xmm11, {xmm6_} + 80",
            ".seh_savexmm xmm12, {xmm6_} + 96",
            ".seh_savexmm xmm13, {xmm6_} + 112",
            ".seh_savexmm xmm14, {xmm6_} + 128",
            ".seh_savexmm xmm15, {xmm6_} + 144",
            ".seh_endprologue",
            $($does,)*
            ".seh_endproc",
            rbx_ = const core::mem::offset_of!(CONTEXT, Rbx),
            rbp_ = const core::mem::offset_of!(CONTEXT, Rbp),
            rsi_ = const core::mem::offset_of!(CONTEXT, Rsi),
            rdi_ = const core::mem::offset_of!(CONTEXT, Rdi),
            r12_ = const core::mem::offset_of!(CONTEXT, R12),
            xmm6_ = const core::mem::offset_of!(CONTEXT, Anonymous) + 0xA0 + 6 * 16,
            $($operands)*
        )
    };
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
pub(crate) use naked_on_context;

/// The instruction that a context stands at.
#[cfg(target_arch = "x86_64")]
pub fn instruction(context: &CONTEXT) -> *mut c_void {
    context.Rip as *mut c_void
}

/// The instruction that a context stands at.
#[cfg(target_arch = "x86")]
pub fn instruction(context: &CONTEXT) -> *mut c_void {
    context.Eip as usize as *mut c_void
}

#[cfg(target_os = "windows")]
mod extended;
mod flags;
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
mod x64;
#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod x86;

#[cfg(target_os = "windows")]
pub use extended::restore;
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
pub use x64::RtlCaptureContext;
#[cfg(all(target_os = "windows", target_arch = "x86"))]
pub use x86::RtlCaptureContext;

#[cfg(not(target_os = "windows"))]
mod elsewhere {
    use super::CONTEXT;

    /// Native tests have no guest registers.
    pub unsafe extern "system" fn RtlCaptureContext(_context: *mut CONTEXT) {}

    /// Native tests never continue.
    pub unsafe extern "system" fn restore(_context: *mut CONTEXT) -> ! {
        unreachable!("only guests continue")
    }
}

#[cfg(not(target_os = "windows"))]
pub use elsewhere::{RtlCaptureContext, restore};

const _: usize = offset_of!(CONTEXT, ContextFlags);
