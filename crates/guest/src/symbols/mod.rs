//! The symbols that the compiler calls by itself: memory, stack probes, x86 arithmetic.
//!
//! They are assembly because a `no_mangle` function would be exported from every DLL, and because the compiler may
//! turn a loop in `memcpy` into a call of `memcpy`.

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(include_str!("x86_64.s"));
#[cfg(target_arch = "x86")]
core::arch::global_asm!(include_str!("x86.s"));

#[cfg(target_arch = "x86")]
mod divisions;
