//! A guest thread's life: its stack and its block are made, it runs on a thread of the host, and gives everything back.

use super::block::Block;
use super::{CURRENT, Start, Thread, running};
use crate::memory::{self, Stack, StackSize};
use crate::object::{Body, Object, Part};
use crate::process::outline;
use crate::registers::x86::{CONTEXT_ALL, Context};
use crate::registers::{CODE, DATA, MXCSR};
use crate::{bitness, broker, current, guest, port, process, processor, segment, time, user};
use gate::block;
use rustix::time::ClockId;
use std::mem::zeroed;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MEMORY, STATUS_PENDING};
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

impl Thread {
    /// Makes a thread's stack and block, and its object; it does not run yet.
    pub(super) fn create(routine: u64, parameter: u64, size: StackSize, suspended: u32) -> Result<(Arc<Object>, Arc<Self>), NTSTATUS> {
        let stack = Stack::new(size)?;
        let block = Block::take().inspect_err(|_| drop(memory::lock().remove(stack.allocation)))?;
        let thread = Arc::new(Self {
            id: process::next_id(),
            teb: block.teb,
            block,
            stack: Mutex::new(stack),
            start: Start { routine, parameter },
            code: AtomicU32::new(STATUS_PENDING as u32),
            priority: AtomicI32::new(0),
            boost_off: AtomicBool::new(false),
            affinity: AtomicU64::new(processor::process_mask()),
            suspended: AtomicU32::new(suspended),
            stopped: AtomicPtr::default(),
            loading: AtomicBool::new(false),
            registers: Mutex::default(),
            interruptions: AtomicU32::new(0),
            created: time::since_1601(),
            ended: AtomicI64::new(0),
            used: AtomicI64::new(0),
            used_before: AtomicI64::new(0),
            host: AtomicI32::new(0),
            object: Mutex::default(),
            calls: Mutex::default(),
            alert: AtomicU32::new(0),
        });
        let filled = thread.fill_block(&stack).map_err(NTSTATUS::from);
        let object = filled.and_then(|()| Object::with(Body::Thread, 0, Arc::clone(&thread) as Arc<dyn Part>).ok_or(STATUS_NO_MEMORY));
        let object = object.inspect_err(|_| thread.release())?;
        *thread.object.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&object);
        running().insert(thread.id, Arc::clone(&object));
        outline::enter(thread.block.slice(), thread.id);
        Ok((object, thread))
    }

    fn fill_block(&self, stack: &Stack) -> Result<(), user::BadAddress> {
        let teb = bitness::teb();
        let word = |offset: u64, value: u64| bitness::write_word(self.teb + offset, value);
        word(teb.stack_base, stack.base)?;
        word(teb.stack_limit, stack.limit)?;
        word(teb.own_address, self.teb)?;
        // Where a fiber's data will be, NT_TIB has its version.
        word(teb.fiber_data, 0x1E00)?;
        word(teb.client_id, u64::from(process::get().id))?;
        word(teb.client_id + teb.word, u64::from(self.id))?;
        word(teb.peb, process::get().peb)?;
        word(teb.deallocation_stack, stack.allocation)?;
        const STATIC_BYTES: u32 = 261 * 2;
        user::write(self.teb + teb.static_unicode_string, &(STATIC_BYTES << 16))?;
        word(teb.static_unicode_string + teb.word, self.teb + teb.static_unicode_string + 2 * teb.word)?;
        if bitness::is_32() {
            // The chain of handlers is empty.
            word(0, u64::from(u32::MAX))?;
            user::write(self.teb + block::GATE_ENTRY as u64 + 4, &CODE[1])?;
        }
        word(block::GATE_ENTRY as u64, process::get().gate)?;
        word(block::GATE_BLOCK as u64, self.teb)?;
        word(block::PER_CALL as u64, process::get().per_call)?;
        word(block::CLOCK as u64, if bitness::is_32() { 0 } else { process::get().clock })
    }

    /// Runs the guest's part on the calling host thread, until the guest ends it. The host thread had used so much of the
    /// processor before.
    pub(super) fn run(self: Arc<Self>, used_before: i64) {
        self.used_before.store(used_before, Ordering::Relaxed);
        CURRENT.set(Some(Arc::clone(&self)));
        current::enter(self.id, self.teb);
        processor::apply(self.affinity.load(Ordering::Relaxed));
        self.host.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::SeqCst);
        let base = self.stack_base();
        let given = self.begin();
        if self.is_doomed() {
            return;
        }
        let first = given.unwrap_or_else(|| first_context(base, self.start.routine, self.start.parameter));
        let (stack, context) = first_frame(base, &first);
        let _ = user::write(self.teb + block::GATE_HOST_FS as u64, &segment::fs_base());
        // SAFETY: the block and the stack were made for this thread; what runs there is the guest.
        unsafe {
            set_gs(self.teb);
            if bitness::is_32() {
                guest::x86::run_guest(process::get().loader, stack);
            } else {
                guest::run_guest(process::get().loader, context, stack);
            }
        }
    }

    /// What is left to do when the guest's part is over, in the thread itself; `free` is called just before anybody hears
    /// of the end.
    pub(super) fn finish(&self, free: impl FnOnce()) {
        self.used.store(time::used(ClockId::ThreadCPUTime) - self.used_before.load(Ordering::Relaxed), Ordering::Relaxed);
        self.host.store(0, Ordering::SeqCst);
        self.leave();
        CURRENT.set(None);
        current::enter(0, 0);
        let object = running().remove(&self.id);
        port::leave();
        let owned = self.owned();
        // As long as it has its channel; and also where it counts as ended already, and was given something after that.
        self.abandon_shared(owned);
        broker::let_go();
        self.release();
        free();
        if let Some(object) = object {
            self.note_end(&object, owned & !block::OWNS_SHARED);
        }
    }

    /// Gives back what the thread took of the address space.
    pub(super) fn release(&self) {
        outline::enter(self.block.slice(), 0);
        memory::lock().remove(self.stack.lock().unwrap_or_else(PoisonError::into_inner).allocation);
        self.block.give_back();
    }
}

/// The registers that a new thread starts with.
pub fn first_context(base: u64, routine: u64, parameter: u64) -> CONTEXT {
    const CONTEXT_AMD64_FULL: u32 = 0x10_000B;
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    let mut context: CONTEXT = unsafe { zeroed() };
    context.ContextFlags = CONTEXT_AMD64_FULL;
    context.Rip = process::get().thread_start;
    if bitness::is_32() {
        (context.Rax, context.Rbx) = (routine, parameter);
        context.Rsp = base - 0x10;
    } else {
        (context.Rcx, context.Rdx) = (routine, parameter);
        context.Rsp = base - 0x28;
    }
    context.MxCsr = MXCSR;
    context.EFlags = 0x200;
    (context.SegCs, context.SegSs) = (CODE[usize::from(!bitness::is_32())], DATA);
    context.Anonymous.FltSave.ControlWord = 0x27F;
    context.Anonymous.FltSave.MxCsr = MXCSR;
    context.Anonymous.FltSave.MxCsr_Mask = 0xFFFF;
    context
}

/// Puts the registers that a new thread starts with on its stack. Answers the stack pointer and where they lie.
fn first_frame(base: u64, context: &CONTEXT) -> (u64, u64) {
    if bitness::is_32() {
        let narrow = Context::new(context, CONTEXT_ALL);
        let place = (base - 0x40 - size_of::<Context>() as u64) & !63;
        // As if it had been called: where to go back to, which is nowhere, and the argument.
        let _ = user::write(place, &narrow).and_then(|()| user::write(place - 8, &[0, place as u32]));
        return (place - 8, place);
    }
    let place = (base - 0x28 - size_of::<CONTEXT>() as u64) & !63;
    let _ = user::write(place, context);
    (place - 0x28, place)
}

/// # Safety
/// `base` is a thread block that lives as long as the thread.
pub unsafe fn set_gs(base: u64) {
    // SAFETY: the process checked at its start that the kernel lets it set the base; Rust does not use GS.
    unsafe { std::arch::asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}
