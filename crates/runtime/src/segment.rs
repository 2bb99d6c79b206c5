//! The segment register that tells whose turn it is in a 32-bit process: FS.

use crate::registers::DATA;

/// The calling thread's FS base.
pub fn fs_base() -> u64 {
    let base;
    // SAFETY: the process checked at its start that the kernel lets it read the base.
    unsafe { std::arch::asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

/// The calling thread's FS selector.
pub fn fs_selector() -> u16 {
    let selector: u16;
    // SAFETY: reads a register.
    unsafe { std::arch::asm!("mov {:x}, fs", out(reg) selector, options(nomem, nostack, preserves_flags)) };
    selector
}

/// Gives the calling thread the FS selector that 32-bit code needs, and the base back that it has.
pub fn restore_fs_selector() {
    let base = fs_base();
    // SAFETY: between the two instructions the base is 0, which the handler of a signal sets right for itself.
    unsafe { std::arch::asm!("mov fs, {:x}", "wrfsbase {}", in(reg) DATA, in(reg) base, options(nostack, preserves_flags)) };
}
