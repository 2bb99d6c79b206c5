//! float.h: how the processor computes.

use super::super::fault::{Code, Fault, INVALID};
use core::arch::asm;
use guest::shim;

/// The exceptions as Windows numbers them, with their bits in the processor's control and status words.
const EXCEPTIONS: [(u32, u32); 6] = [(0x10, 1), (0x0008_0000, 2), (8, 4), (4, 8), (2, 0x10), (1, 0x20)];
const ALL: u32 = 0x0008_001F;
const DENORMALS: u32 = 0x0008_0000;
const ROUNDING: u32 = 0x300;
const FLUSH: u32 = 0x0300_0000;
const PRECISION: u32 = 0x0003_0000;
const AFFINE: u32 = 0x0004_0000;
/// What `_fpreset` sets: every exception masked, to the nearest.
const DEFAULT: u32 = 0x1F80;

/// The SSE control and status word.
fn word() -> u32 {
    let mut word = 0u32;
    // SAFETY: stores four bytes.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack)) };
    word
}

fn set_word(word: u32) {
    // SAFETY: the reserved bits are zero.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack)) };
}

/// The x87 control word.
fn old_word() -> u16 {
    let mut word = 0u16;
    // SAFETY: stores two bytes.
    unsafe { asm!("fnstcw [{}]", in(reg) &raw mut word, options(nostack)) };
    word
}

fn set_old_word(word: u16) {
    // SAFETY: loads two bytes.
    unsafe { asm!("fldcw [{}]", in(reg) &raw const word, options(nostack)) };
}

fn of_bits(bits: u32) -> u32 {
    EXCEPTIONS.iter().filter(|(_, bit)| bits & bit != 0).map(|(flag, _)| flag).sum()
}

fn to_bits(flags: u32) -> u32 {
    EXCEPTIONS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bit)| bit).sum()
}

/// The control word as Windows has it.
fn control() -> u32 {
    let word = word();
    let rounding = (word >> 13 & 3) << 8;
    let flush = match (word >> 15 & 1, word >> 6 & 1) {
        (0, 0) => 0,
        (1, 1) => 0x0100_0000,
        (0, _) => 0x0200_0000,
        _ => 0x0300_0000,
    };
    let precision = if cfg!(target_arch = "x86") {
        match old_word() >> 8 & 3 {
            0 => 0x0002_0000,
            2 => 0x0001_0000,
            _ => 0,
        }
    } else {
        0
    };
    of_bits(word >> 7) | rounding | flush | precision
}

fn set_control(control: u32) {
    let (flush, denormals) = match control & FLUSH {
        0x0100_0000 => (1, 1),
        0x0200_0000 => (0, 1),
        0x0300_0000 => (1, 0),
        _ => (0, 0),
    };
    let rounding = control >> 8 & 3;
    set_word(word() & 0x3F | to_bits(control) << 7 | rounding << 13 | flush << 15 | denormals << 6);
    if cfg!(target_arch = "x86") {
        let precision = match control & PRECISION {
            0x0002_0000 => 0,
            0x0001_0000 => 2,
            _ => 3,
        };
        set_old_word(old_word() & !0xF3F | to_bits(control) as u16 | (rounding << 10) as u16 | precision << 8);
    }
}

/// Changes what a mask says; answers the whole.
fn change(new: u32, mask: u32) -> u32 {
    let before = control();
    let mask = mask & (ALL | ROUNDING | FLUSH | if cfg!(target_arch = "x86") { PRECISION | AFFINE } else { 0 });
    if mask != 0 {
        set_control(before & !mask | new & mask);
    }
    control()
}

fn status() -> u32 {
    of_bits(word())
}

/// Changes how the processor computes, but for denormals; answers that.
#[shim(ix = {msvcrt: 120, ucrtbase: 802}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _controlfp(new: u32, mask: u32) -> u32 {
    change(new, mask & !DENORMALS)
}

/// Changes how the processor computes; answers that.
#[shim(ix = {msvcrt: 700, ucrtbase: 803}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _control87(new: u32, mask: u32) -> u32 {
    change(new, mask)
}

/// Changes how the processor computes; answers that.
#[shim(ix = {msvcrt: 701, ucrtbase: 116}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _controlfp_s(current: *mut u32, new: u32, mask: u32) -> Result<Code, Fault> {
    if new & mask & !(ALL | ROUNDING | FLUSH | PRECISION | AFFINE) != 0 {
        if let Some(current) = current.as_mut() {
            *current = control();
        }
        return Err(INVALID);
    }
    let word = change(new, mask & !DENORMALS);
    if let Some(current) = current.as_mut() {
        *current = word;
    }
    Ok(Code)
}

/// The exceptions that computing met.
#[shim(ix = {msvcrt: 702, ucrtbase: 804}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _statusfp() -> u32 {
    status()
}

/// The exceptions that computing met, which are forgotten.
#[shim(ix = {msvcrt: 703, ucrtbase: 805}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _clearfp() -> u32 {
    let before = status();
    set_word(word() & !0x3F);
    before
}

/// Sets the processor to compute as at the start.
#[shim(ix = {msvcrt: 259, ucrtbase: 247}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn _fpreset() {
    set_word(DEFAULT);
    #[cfg(target_arch = "x86")]
    {
        const DOUBLE_PRECISION: u16 = 0x27F;
        asm!("fninit", options(nostack));
        set_old_word(DOUBLE_PRECISION);
    }
}

/// How numbers are rounded: to the nearest (0), down, up, or towards 0.
#[shim(ix = {ucrtbase: 806}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn fegetround() -> i32 {
    (control() & ROUNDING) as i32
}

/// Says how numbers are rounded; 0 where that is a way.
#[shim(ix = {ucrtbase: 807}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn fesetround(rounding: i32) -> i32 {
    if rounding as u32 & !ROUNDING != 0 {
        return 1;
    }
    change(rounding as u32, ROUNDING);
    0
}

/// Keeps how the processor computes, and what it met.
#[shim(ix = {ucrtbase: 808}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn fegetenv(to: *mut [u32; 2]) -> i32 {
    to.write([control(), status()]);
    0
}

/// Sets how the processor computes, and what it met.
#[shim(ix = {ucrtbase: 809}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn fesetenv(from: *const [u32; 2]) -> i32 {
    let [control, status] = *from;
    set_control(control);
    set_word(word() & !0x3F | to_bits(status));
    0
}

/// Keeps how the processor computes, and masks every exception.
#[shim(ix = {ucrtbase: 810}, mapping = "the processor's control words", risk = Wrong("numbers that are rounded wrongly"))]
pub unsafe extern "C" fn feholdexcept(to: *mut [u32; 2]) -> i32 {
    to.write([control(), status()]);
    set_word(word() & !0x3F);
    change(ALL, ALL);
    0
}
