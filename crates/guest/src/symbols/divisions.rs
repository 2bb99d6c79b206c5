//! What `global_asm` cannot say by itself: the 64-bit divisions of x86, whose bodies the compiler's runtime holds.

use core::arch::global_asm;

unsafe extern "C" {
    fn __udivdi3(dividend: u64, divisor: u64) -> u64;
    fn __umoddi3(dividend: u64, divisor: u64) -> u64;
}

unsafe extern "stdcall" fn unsigned_quotient(dividend: u64, divisor: u64) -> u64 {
    // SAFETY: the compiler's runtime takes any operands; a zero divisor faults as the instruction would.
    unsafe { __udivdi3(dividend, divisor) }
}

unsafe extern "stdcall" fn unsigned_remainder(dividend: u64, divisor: u64) -> u64 {
    // SAFETY: as above.
    unsafe { __umoddi3(dividend, divisor) }
}

unsafe extern "stdcall" fn quotient(dividend: i64, divisor: i64) -> i64 {
    // SAFETY: as above.
    let magnitude = unsafe { __udivdi3(dividend.unsigned_abs(), divisor.unsigned_abs()) } as i64;
    if (dividend < 0) != (divisor < 0) { magnitude.wrapping_neg() } else { magnitude }
}

unsafe extern "stdcall" fn remainder(dividend: i64, divisor: i64) -> i64 {
    // SAFETY: as above.
    let magnitude = unsafe { __umoddi3(dividend.unsigned_abs(), divisor.unsigned_abs()) } as i64;
    if dividend < 0 { magnitude.wrapping_neg() } else { magnitude }
}

global_asm!(
    ".text",
    ".globl __aulldiv", "__aulldiv:", "jmp {}",
    ".globl __aullrem", "__aullrem:", "jmp {}",
    ".globl __alldiv", "__alldiv:", "jmp {}",
    ".globl __allrem", "__allrem:", "jmp {}",
    sym unsigned_quotient, sym unsigned_remainder, sym quotient, sym remainder,
);
