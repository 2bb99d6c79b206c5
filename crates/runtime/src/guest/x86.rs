//! Between 32-bit guest code and the runtime.

use super::between::{Between, Entry};
use super::push_kept;
use crate::registers::{CODE, DATA};
use core::arch::naked_asm;
use gate::block::{GATE_BLOCK, GATE_EXIT, GATE_HOST_STACK};
use gate::map::GATE_32;

/// Where 32-bit code stands in the page that is about to enter the gate: to enter it again is to go there.
pub const ENTER_AGAIN: u64 = GATE_32 + 0x20;

/// Where an instruction of the gate stands; `None` for any other.
pub fn between(at: u64) -> Option<Between> {
    unsafe extern "C" {
        static gate32_start: u8;
        static gate32_entered: u8;
        static gate32_leaving: u8;
        static gate32_left: u8;
    }
    let entry = Entry {
        start: &raw const gate32_start as u64,
        entered: &raw const gate32_entered as u64,
        leaving: &raw const gate32_leaving as u64,
        left: &raw const gate32_left as u64,
    };
    if at == GATE_32 { Some(Between::Entering(at)) } else { entry.between(at) }
}

/// Leaves the runtime for 32-bit guest code, on a stack of the guest's; returns when the thread leaves for good.
///
/// # Safety
/// GS holds the thread's block, `stack` is the guest's, and `start` is guest code.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn run_guest(start: u64, stack: u64) {
    naked_asm!(
        push_kept!(),
        "mov gs:[{host}], rsp",
        "mov rcx, gs:[{block}]",
        "mov gs:[{exit}], edi",
        "mov word ptr gs:[{exit} + 4], {code}",
        "mov eax, {data}",
        "mov ds, eax",
        "mov es, eax",
        "mov fs, eax",
        "wrfsbase rcx",
        "mov rsp, rsi",
        "xor ebp, ebp",
        "jmp fword ptr gs:[{exit}]",
        host = const GATE_HOST_STACK,
        block = const GATE_BLOCK,
        exit = const GATE_EXIT,
        code = const CODE[0],
        data = const DATA,
    )
}
