//! A thread's registers, as others see and set them. One that was interrupted in guest code has them in its signal's
//! frame; one inside a service has those that the service preserves, and takes new ones on its way out.

use super::Thread;
use super::run::first_context;
use crate::guest::saved;
use crate::registers::{
    CODE, CONTROL, Contents, DATA, DEBUG_REGISTERS, EXCEPTION_ACTIVE, EXCEPTION_REPORTING, EXCEPTION_REQUEST, FLOATING_POINT, FRAME, INTEGER,
    SEGMENTS, SERVICE_ACTIVE, X87, context as registers_in, empty, load, merge, x86,
};
use crate::serve::{Answer, Serve};
use crate::{bitness, current, handle, user};
use gate::block;
use gate::service::ThreadContext;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_THREAD_IS_TERMINATING, STATUS_UNSUCCESSFUL};
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;
use windows_sys::Win32::System::Threading::{THREAD_GET_CONTEXT, THREAD_SET_CONTEXT};

fn read<T: Copy>(address: u64) -> Result<T, NTSTATUS> {
    let mut context = MaybeUninit::<T>::zeroed();
    // SAFETY: the bytes of a value that any bytes make.
    let bytes = unsafe { std::slice::from_raw_parts_mut(context.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    user::read_bytes(address, bytes)?;
    // SAFETY: plain data, all of it written.
    Ok(unsafe { context.assume_init() })
}

impl Thread {
    /// The thread begins, once it is not suspended: what it was given to start with, if it was.
    pub fn begin(&self) -> Option<CONTEXT> {
        loop {
            self.stay_suspended();
            let mut registers = self.registers();
            // Who suspends it from here on sees that it has begun.
            if self.may_run() {
                registers.begun = true;
                return registers.first.take().map(|first| first.0);
            }
        }
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
        load(frame, &context, CONTROL | INTEGER | FRAME);
        load(frame, &contents.0, flags);
        let _ = user::write(self.teb + block::GATE_GUEST_STACK as u64, &0_u64);
    }

    /// The registers of the thread, which is inside a service, and the service's answer.
    fn inside(&self) -> (CONTEXT, u64) {
        let host = user::read::<u64>(self.teb + block::GATE_HOST_STACK as u64).unwrap_or(0);
        let mut context = empty();
        (context.SegCs, context.SegSs, context.SegDs, context.SegEs) = (CODE[usize::from(!bitness::is_32())], DATA, DATA, DATA);
        (context.SegFs, context.SegGs, context.EFlags) = (0x53, DATA, 0x202);
        if host == 0 {
            return (context, 0);
        }
        // SAFETY: the thread is inside, or is the calling one.
        let (saved, answer) = unsafe { saved(host) };
        (context.Rbx, context.Rbp, context.Rsi, context.Rdi) = (saved.rbx, saved.rbp, saved.rsi, saved.rdi);
        [context.R15, context.R14, context.R13, context.R12] = saved.r15_to_r12;
        context.Rip = bitness::read_word(saved.stack).unwrap_or(0);
        context.Rsp = saved.stack + bitness::teb().word;
        (context, answer)
    }

    /// Where the registers lie that the thread was interrupted with, which is suspended; `None` while it is inside a service.
    /// Its registers are locked, so that it does not leave meanwhile.
    fn frame(&self) -> Result<Option<NonNull<libc::ucontext_t>>, NTSTATUS> {
        loop {
            if let Some(frame) = NonNull::new(self.stopped.load(Ordering::SeqCst)) {
                return Ok(Some(frame));
            }
            if self.is_inside() {
                return Ok(None);
            }
            // Between a resumption and this suspension its frame has no place for a moment; one that is to end gets none again.
            if self.is_doomed() {
                return Err(STATUS_UNSUCCESSFUL);
            }
            rustix::thread::sched_yield();
        }
    }

    /// The registers of a thread that is stopped, or is the calling one; which of them are known.
    fn registers_of(&self) -> Result<(CONTEXT, u32), NTSTATUS> {
        const ALL: u32 = CONTROL | INTEGER | FRAME | SEGMENTS | FLOATING_POINT | DEBUG_REGISTERS;
        let registers = self.registers();
        if registers.gone {
            return Err(STATUS_UNSUCCESSFUL);
        }
        if !registers.begun {
            let base = self.stack_base();
            let first = registers.first.as_ref().map(|first| first.0);
            return Ok((first.unwrap_or_else(|| first_context(base, self.start.routine, self.start.parameter)), ALL));
        }
        let pending = registers.pending.as_ref().map(|(contents, flags)| (contents.0, *flags));
        if let Some(frame) = self.frame()? {
            // SAFETY: the frame stays as long as the thread is suspended and its registers are locked.
            return Ok((registers_in(unsafe { frame.as_ref() }), ALL));
        }
        // What a service does with the vector registers is its own; they are no answer.
        let (mut context, _) = self.inside();
        let Some((contents, flags)) = pending else { return Ok((context, (ALL & !FLOATING_POINT) | SERVICE_ACTIVE)) };
        merge(&mut context, &contents, flags);
        Ok((context, (ALL & !FLOATING_POINT) | flags & (FLOATING_POINT | X87) | SERVICE_ACTIVE))
    }

    fn set_registers(&self, context: &CONTEXT, flags: u32) -> Answer {
        let mut registers = self.registers();
        if registers.gone {
            return Err(STATUS_UNSUCCESSFUL);
        }
        if !registers.begun {
            let base = self.stack_base();
            let mut first = registers.first.take().map_or_else(|| first_context(base, self.start.routine, self.start.parameter), |first| first.0);
            merge(&mut first, context, flags);
            registers.first = Some(Box::new(Contents(first)));
            return Ok(());
        }
        if let Some(mut frame) = self.frame()? {
            // SAFETY: the frame stays as long as the thread is suspended and its registers are locked, and who locks them writes there alone.
            load(unsafe { frame.as_mut() }, context, flags);
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

/// What a context's flags say besides naming registers.
const STATE: u32 = EXCEPTION_ACTIVE | SERVICE_ACTIVE | EXCEPTION_REQUEST | EXCEPTION_REPORTING;

impl Serve for ThreadContext {
    fn serve(&mut self) -> Answer {
        let access = if self.set != 0 { THREAD_SET_CONTEXT } else { THREAD_GET_CONTEXT };
        let (_object, thread) = handle::part::<Thread>(self.thread, access)?;
        // A 32-bit one is kept as it came, so that what is not asked for stays.
        let narrow = if bitness::is_32() { Some(read::<x86::Context>(self.context)?) } else { None };
        let mut context = match &narrow {
            Some(narrow) => narrow.wide(),
            None => read(self.context)?,
        };
        let own = thread.id == current::id();
        if !own {
            thread.suspend().map_err(|status| if status == STATUS_THREAD_IS_TERMINATING { STATUS_UNSUCCESSFUL } else { status })?;
        }
        let answer = exchange(&thread, &mut context, self.set != 0);
        if !own {
            thread.resume();
        }
        answer?;
        if self.set != 0 {
            return Ok(());
        }
        match narrow {
            Some(mut narrow) => {
                let flags = narrow.flags & x86::Context::known(context.ContextFlags);
                narrow.merge(&x86::Context::new(&context, flags), flags);
                narrow.flags = flags | context.ContextFlags & STATE;
                user::write(self.context, &narrow)?;
            }
            None => user::write(self.context, &context)?,
        }
        Ok(())
    }
}

/// Answers or sets the registers of a thread that is stopped, or is the calling one.
fn exchange(thread: &Thread, context: &mut CONTEXT, set: bool) -> Answer {
    let own = context.ContextFlags;
    // On x86-64 the frame pointer is an integer register like the others.
    let wanted = if bitness::is_32() || own & INTEGER == 0 { own } else { own | FRAME };
    if set {
        let watches = [context.Dr0, context.Dr1, context.Dr2, context.Dr3, context.Dr7 & 0xFF];
        // The processor's debug registers are the host's.
        if wanted & DEBUG_REGISTERS != 0 && watches.iter().any(|register| *register != 0) {
            return Err(STATUS_NOT_SUPPORTED);
        }
        return thread.set_registers(context, wanted & (CONTROL | INTEGER | FRAME | SEGMENTS | FLOATING_POINT | X87));
    }
    let (found, known) = thread.registers_of()?;
    let known = if known & FLOATING_POINT != 0 { known | X87 } else { known };
    merge(context, &found, wanted & known);
    if wanted & DEBUG_REGISTERS != 0 {
        (context.Dr0, context.Dr1, context.Dr2, context.Dr3, context.Dr6, context.Dr7) = (0, 0, 0, 0, 0, 0);
    }
    context.ContextFlags = own & !(EXCEPTION_ACTIVE | SERVICE_ACTIVE | EXCEPTION_REPORTING);
    if known & FLOATING_POINT == 0 {
        context.ContextFlags &= !(FLOATING_POINT | X87);
    }
    if wanted & EXCEPTION_REQUEST != 0 {
        context.ContextFlags |= EXCEPTION_REPORTING | known & SERVICE_ACTIVE;
    }
    Ok(())
}
