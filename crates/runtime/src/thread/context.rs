//! A thread's registers, as others see and set them. One that was interrupted in guest code has them in its signal's
//! frame; one inside a service has those that the service preserves, and takes new ones on its way out.

use super::{Thread, current};
use crate::gate::{Answer, Serve, saved};
use crate::{process, signal, user};
use gate::block;
use gate::service::ThreadContext;
use std::mem::{MaybeUninit, zeroed};
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_UNSUCCESSFUL};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, XSAVE_FORMAT};
use windows_sys::Win32::System::Threading::{THREAD_GET_CONTEXT, THREAD_SET_CONTEXT};

const CONTROL: u32 = 1;
const INTEGER: u32 = 2;
const SEGMENTS: u32 = 4;
const FLOATING_POINT: u32 = 8;
const DEBUG_REGISTERS: u32 = 0x10;
const EXCEPTION_ACTIVE: u32 = 0x0800_0000;
const SERVICE_ACTIVE: u32 = 0x1000_0000;
const EXCEPTION_REQUEST: u32 = 0x4000_0000;
const EXCEPTION_REPORTING: u32 = 0x8000_0000;

/// Bytes of the floating-point state that are the program's: behind the last register the kernel keeps notes of its own.
const FLOAT_BYTES: usize = 416;

/// An empty context.
fn empty() -> CONTEXT {
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    unsafe { zeroed() }
}

fn read(address: u64) -> Result<CONTEXT, NTSTATUS> {
    let mut context = MaybeUninit::<CONTEXT>::zeroed();
    // SAFETY: the bytes of a value that any bytes make.
    let bytes = unsafe { std::slice::from_raw_parts_mut(context.as_mut_ptr().cast::<u8>(), size_of::<CONTEXT>()) };
    user::read_bytes(address, bytes)?;
    // SAFETY: plain data, all of it written.
    Ok(unsafe { context.assume_init() })
}

/// Copies the registers that `flags` name.
fn merge(into: &mut CONTEXT, from: &CONTEXT, flags: u32) {
    if flags & CONTROL != 0 {
        (into.Rip, into.Rsp, into.EFlags, into.SegCs, into.SegSs) = (from.Rip, from.Rsp, from.EFlags, from.SegCs, from.SegSs);
    }
    if flags & INTEGER != 0 {
        (into.Rax, into.Rcx, into.Rdx, into.Rbx) = (from.Rax, from.Rcx, from.Rdx, from.Rbx);
        (into.Rbp, into.Rsi, into.Rdi) = (from.Rbp, from.Rsi, from.Rdi);
        (into.R8, into.R9, into.R10, into.R11) = (from.R8, from.R9, from.R10, from.R11);
        (into.R12, into.R13, into.R14, into.R15) = (from.R12, from.R13, from.R14, from.R15);
    }
    if flags & SEGMENTS != 0 {
        (into.SegDs, into.SegEs, into.SegFs, into.SegGs) = (from.SegDs, from.SegEs, from.SegFs, from.SegGs);
    }
    if flags & FLOATING_POINT != 0 {
        into.Anonymous = from.Anonymous;
        into.MxCsr = from.MxCsr;
    }
}

/// Sets the interrupted registers that `flags` name.
fn load(frame: &mut libc::ucontext_t, context: &CONTEXT, flags: u32) {
    let mut set = |number: libc::c_int, value: u64| frame.uc_mcontext.gregs[number as usize] = value as i64;
    if flags & CONTROL != 0 {
        /// The flags that a program may set: arithmetic, trap, direction, and the processor's identification bit.
        const OWN: u64 = 0x24_0FD5;
        set(libc::REG_RIP, context.Rip);
        set(libc::REG_RSP, context.Rsp);
        set(libc::REG_EFL, u64::from(context.EFlags) & OWN | 0x202);
    }
    if flags & INTEGER != 0 {
        let rows = [
            (libc::REG_RAX, context.Rax),
            (libc::REG_RCX, context.Rcx),
            (libc::REG_RDX, context.Rdx),
            (libc::REG_RBX, context.Rbx),
            (libc::REG_RBP, context.Rbp),
            (libc::REG_RSI, context.Rsi),
            (libc::REG_RDI, context.Rdi),
            (libc::REG_R8, context.R8),
            (libc::REG_R9, context.R9),
            (libc::REG_R10, context.R10),
            (libc::REG_R11, context.R11),
            (libc::REG_R12, context.R12),
            (libc::REG_R13, context.R13),
            (libc::REG_R14, context.R14),
            (libc::REG_R15, context.R15),
        ];
        rows.into_iter().for_each(|(number, value)| set(number, value));
    }
    if flags & FLOATING_POINT != 0 {
        load_float(frame, context);
    }
}

fn load_float(frame: &mut libc::ucontext_t, context: &CONTEXT) {
    /// Where the kernel notes that an XSAVE header follows, and what it notes (asm/sigcontext.h).
    const MAGIC_AT: usize = 464;
    const MAGIC: u32 = 0x4650_5853;
    const HEADER: usize = 512;
    // SAFETY: the kernel's `sigcontext` has the floating-point state's address behind the general registers.
    let state = unsafe { (&raw const frame.uc_mcontext.gregs).add(1).cast::<*mut u8>().read() };
    if state.is_null() {
        return;
    }
    // SAFETY: every context holds this form of the state.
    let mut float: XSAVE_FORMAT = unsafe { context.Anonymous.FltSave };
    // A reserved bit would make the kernel refuse the frame.
    float.MxCsr = context.MxCsr & 0xFFBF;
    // SAFETY: the frame holds an FXSAVE area there, and an XSAVE header behind it where the kernel says so.
    unsafe {
        state.copy_from_nonoverlapping((&raw const float).cast(), 28);
        state.add(32).copy_from_nonoverlapping((&raw const float).cast::<u8>().add(32), FLOAT_BYTES - 32);
        if state.add(MAGIC_AT).cast::<u32>().read_unaligned() == MAGIC {
            let present = state.add(HEADER).cast::<u64>();
            // x87 and SSE come from the frame, and are not their first states.
            present.write_unaligned(present.read_unaligned() | 3);
        }
    }
}

/// What a thread is given, and where it takes it.
#[derive(Debug, Default)]
pub struct Registers {
    /// New ones for a thread inside a service, and which of them count.
    pending: Option<(Box<Contents>, u32)>,
    /// What a thread starts with that has not begun.
    first: Option<Box<Contents>>,
    /// It runs guest code, or has.
    begun: bool,
}

/// A context that can be printed and sent: it is plain data.
#[repr(transparent)]
pub struct Contents(CONTEXT);

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {:#x}", self.0.Rip)
    }
}

impl Thread {
    /// The thread begins, once it is not suspended: what it was given to start with, if it was.
    pub fn begin(&self) -> Option<CONTEXT> {
        loop {
            self.stay_suspended();
            let mut registers = self.registers();
            // Who suspends it from here on sees that it has begun.
            if self.suspensions() == 0 || self.is_doomed() {
                registers.begun = true;
                return registers.first.take().map(|first| first.0);
            }
        }
    }

    /// Whether it runs guest code, or has.
    pub fn has_begun(&self) -> bool {
        self.registers().begun
    }

    /// Whether the thread has registers to take on its way out of the gate.
    pub fn has_pending(&self) -> bool {
        self.registers().pending.is_some()
    }

    /// Loads the interrupted registers with those of the way out and those that are pending: the calling thread, which
    /// is inside a service, goes on in guest code.
    pub fn load_pending(&self, frame: &mut libc::ucontext_t) {
        let Some((contents, flags)) = self.registers().pending.take() else { return };
        let (mut context, answer) = self.inside();
        context.Rax = answer;
        load(frame, &context, CONTROL | INTEGER);
        load(frame, &contents.0, flags);
        let _ = user::write(self.teb + block::GATE_GUEST_STACK as u64, &0_u64);
    }

    /// The registers of the thread, which is inside a service, and the service's answer.
    fn inside(&self) -> (CONTEXT, u64) {
        let host = user::read::<u64>(self.teb + block::GATE_HOST_STACK as u64).unwrap_or(0);
        let mut context = empty();
        (context.SegCs, context.SegSs, context.SegDs, context.SegEs) = (0x33, 0x2B, 0x2B, 0x2B);
        (context.SegFs, context.SegGs, context.EFlags) = (0x53, 0x2B, 0x202);
        if host == 0 {
            return (context, 0);
        }
        // SAFETY: the thread is inside, or is the calling one.
        let (saved, answer) = unsafe { saved(host) };
        (context.Rbx, context.Rbp, context.Rsi, context.Rdi) = (saved.rbx, saved.rbp, saved.rsi, saved.rdi);
        [context.R15, context.R14, context.R13, context.R12] = saved.r15_to_r12;
        context.Rip = user::read::<u64>(saved.stack).unwrap_or(0);
        context.Rsp = saved.stack + 8;
        (context, answer)
    }

    /// The registers of a thread that is stopped, or is the calling one; which of them are known.
    fn registers_of(&self) -> Result<(CONTEXT, u32), NTSTATUS> {
        const ALL: u32 = CONTROL | INTEGER | SEGMENTS | FLOATING_POINT | DEBUG_REGISTERS;
        let registers = self.registers();
        if !registers.begun {
            let base = self.stack_base();
            let first = registers.first.as_ref().map(|first| first.0);
            return Ok((first.unwrap_or_else(|| process::first_context(base, self.start.routine, self.start.parameter)), ALL));
        }
        let pending = registers.pending.as_ref().map(|(contents, flags)| (contents.0, *flags));
        drop(registers);
        let frame = self.stopped.load(Ordering::Acquire);
        // SAFETY: the frame stays as long as the thread is suspended, and it is.
        if let Some(frame) = unsafe { frame.as_ref() } {
            return Ok((signal::context(frame), ALL));
        }
        // What a service does with the vector registers is its own; they are no answer.
        let (mut context, _) = self.inside();
        let Some((contents, flags)) = pending else { return Ok((context, (ALL & !FLOATING_POINT) | SERVICE_ACTIVE)) };
        merge(&mut context, &contents, flags);
        Ok((context, (ALL & !FLOATING_POINT) | flags & FLOATING_POINT | SERVICE_ACTIVE))
    }

    fn set_registers(&self, context: &CONTEXT, flags: u32) -> Answer {
        let mut registers = self.registers();
        if !registers.begun {
            let base = self.stack_base();
            let mut first =
                registers.first.take().map_or_else(|| process::first_context(base, self.start.routine, self.start.parameter), |first| first.0);
            merge(&mut first, context, flags);
            registers.first = Some(Box::new(Contents(first)));
            return Ok(());
        }
        let frame = self.stopped.load(Ordering::Acquire);
        // SAFETY: the frame stays as long as the thread is suspended, and it is; nobody else writes there.
        if let Some(frame) = unsafe { frame.as_mut() } {
            load(frame, context, flags);
            return Ok(());
        }
        let (mut pending, before) = registers.pending.take().unwrap_or_else(|| (Box::new(Contents(empty())), 0));
        merge(&mut pending.0, context, flags);
        registers.pending = Some((pending, before | flags));
        drop(registers);
        self.call_attention();
        Ok(())
    }
}

impl Serve for ThreadContext {
    fn serve(&mut self) -> Answer {
        let access = if self.set != 0 { THREAD_SET_CONTEXT } else { THREAD_GET_CONTEXT };
        let (_object, thread) = super::service::thread(self.thread, access)?;
        let mut context = read(self.context)?;
        let own = thread.id == current().id;
        if !own {
            thread.suspend()?;
        }
        let answer = if thread.has_ended() { Err(STATUS_UNSUCCESSFUL) } else { exchange(&thread, &mut context, self.set != 0) };
        if !own {
            thread.resume();
        }
        answer?;
        if self.set == 0 {
            user::write(self.context, &context)?;
        }
        Ok(())
    }
}

/// Answers or sets the registers of a thread that is stopped, or is the calling one.
fn exchange(thread: &Thread, context: &mut CONTEXT, set: bool) -> Answer {
    let wanted = context.ContextFlags;
    if set {
        let watches = [context.Dr0, context.Dr1, context.Dr2, context.Dr3, context.Dr7 & 0xFF];
        // The processor's debug registers are the host's.
        if wanted & DEBUG_REGISTERS != 0 && watches.iter().any(|register| *register != 0) {
            return Err(STATUS_NOT_SUPPORTED);
        }
        return thread.set_registers(context, wanted & (CONTROL | INTEGER | SEGMENTS | FLOATING_POINT));
    }
    let (found, known) = thread.registers_of()?;
    merge(context, &found, wanted & known);
    if wanted & DEBUG_REGISTERS != 0 {
        (context.Dr0, context.Dr1, context.Dr2, context.Dr3, context.Dr6, context.Dr7) = (0, 0, 0, 0, 0, 0);
    }
    context.ContextFlags = wanted & !(EXCEPTION_ACTIVE | SERVICE_ACTIVE | EXCEPTION_REPORTING);
    if known & FLOATING_POINT == 0 {
        context.ContextFlags &= !FLOATING_POINT;
    }
    if wanted & EXCEPTION_REQUEST != 0 {
        context.ContextFlags |= EXCEPTION_REPORTING | known & SERVICE_ACTIVE;
    }
    Ok(())
}
