//! Faults of 32-bit code: they arrive as any other, in 64-bit frames, and go on in the 32-bit dispatcher of `ntdll`.

use super::Exception;
use crate::registers::x86::{CONTEXT_ALL, Context};
use crate::registers::{CODE, DATA, Extended, code_selector, context};
use crate::segment::{fs_selector, restore_fs_selector};
use crate::{process, thread, user};
use gate::block::GATE_EXIT;
use std::ffi::c_int;
use windows_sys::Win32::Foundation::{STATUS_FLOAT_MULTIPLE_FAULTS, STATUS_FLOAT_MULTIPLE_TRAPS};

/// `EXCEPTION_RECORD`, 32-bit.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    code: u32,
    flags: u32,
    next: u32,
    address: u32,
    count: u32,
    information: [u32; 15],
}

const _: () = assert!(size_of::<Record>() == 80);

/// Where things lie on the stack that KiUserExceptionDispatcher is given: pointers to record and context are at its top.
mod frame {
    /// The exception record.
    pub const RECORD: u64 = 8;
    /// The context.
    pub const CONTEXT: u64 = 0x58;
    /// `CONTEXT_EX`: where the context and its extended state lie.
    pub const EXTENSION: u64 = CONTEXT + 716;
    /// The extended state's header, then its parts.
    pub const EXTENDED: u64 = EXTENSION + 24 + 4;
}

const _: () = assert!(frame::RECORD + size_of::<Record>() as u64 == frame::CONTEXT);

/// Gives 32-bit code back the FS that it has lost, because it loaded the selector: then the base is 0, or there is none. Whether it
/// had, and what it did is to be tried again.
pub fn bring_back_fs(frame: &libc::ucontext_t, base: &mut u64) -> bool {
    if code_selector(frame) != CODE[0] {
        return false;
    }
    let block = thread::current().teb;
    let lost = *base != block || fs_selector() & !3 != DATA & !3;
    if lost {
        restore_fs_selector();
        *base = block;
    }
    lost
}

/// What 32-bit code is told of arithmetic in vector registers: not which fault it was, but the register that says so.
pub fn vectors(code: c_int, frame: &libc::ucontext_t) -> Exception {
    // The codes of overflow, underflow and inexact results (asm-generic/siginfo.h).
    let status = if (4..=6).contains(&code) { STATUS_FLOAT_MULTIPLE_FAULTS } else { STATUS_FLOAT_MULTIPLE_TRAPS };
    let registers = context(frame);
    Exception { code: status, count: 2, parameter: [0, registers.MxCsr.into(), 0], at: registers.Rip }
}

/// Puts record and context below the guest's stack pointer, and lets the thread continue in `ntdll`'s dispatcher.
pub fn deliver(exception: &Exception, frame: &libc::ucontext_t) -> ! {
    // 64-bit code that the program has gone to by itself has nobody to handle its faults.
    if code_selector(frame) != CODE[0] {
        exception.end_process();
    }
    const CONTEXT_XSTATE: u32 = 0x1_0040;
    let extended = Extended::of(frame);
    let wide = context(frame);
    let narrow = Context::new(&wide, CONTEXT_ALL | if extended.is_some() { CONTEXT_XSTATE } else { 0 });
    let low = |value: u64| value as u32;
    let mut record = Record { code: exception.code as u32, address: low(exception.at), count: exception.count, ..Record::default() };
    for (slot, value) in record.information.iter_mut().zip(exception.parameter) {
        *slot = low(value);
    }
    let length = extended.as_ref().map_or(0, |state| Extended::HEADER + state.parts.len() as u64);
    let stack = (wide.Rsp & 0xFFFF_FFFF).wrapping_sub(frame::EXTENDED + length) & !63;
    let before = frame::CONTEXT as i64 - frame::EXTENSION as i64;
    let distance = (frame::EXTENDED - frame::EXTENSION) as i32;
    let all = (frame::EXTENDED - frame::CONTEXT + length) as i32;
    let extension = [before as i32, all, before as i32, -(before as i32), distance, length as i32];
    let written = user::write(stack, &[low(stack + frame::RECORD), low(stack + frame::CONTEXT)])
        .and_then(|()| user::write(stack + frame::RECORD, &record))
        .and_then(|()| user::write(stack + frame::CONTEXT, &narrow))
        .and_then(|()| user::write(stack + frame::EXTENSION, &extension))
        .and_then(|()| extended.map_or(Ok(()), |state| state.write(stack + frame::EXTENDED)));
    let block = thread::current().teb;
    let exit = block + GATE_EXIT as u64;
    let led = written.and_then(|()| user::write(exit, &low(process::get().dispatcher))).and_then(|()| user::write(exit + 4, &CODE[0]));
    if led.is_err() {
        exception.end_process();
    }
    // As for 64-bit code there is no return from the signal. The program may have changed every selector.
    // SAFETY: nothing in the frames that are left has anything to give back, and the words live in the context.
    unsafe {
        let control = wide.Anonymous.FltSave.ControlWord;
        std::arch::asm!(
            "ldmxcsr [{status}]",
            "fldcw [{control}]",
            "mov ds, eax",
            "mov es, eax",
            "mov fs, eax",
            "wrfsbase {block}",
            "mov rsp, {stack}",
            "jmp fword ptr [{exit}]",
            status = in(reg) &raw const wide.MxCsr,
            control = in(reg) &raw const control,
            block = in(reg) block,
            stack = in(reg) stack,
            exit = in(reg) exit,
            in("eax") u32::from(DATA),
            options(noreturn),
        )
    }
}
