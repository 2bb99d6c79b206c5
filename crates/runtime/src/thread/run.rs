//! A guest thread's life: its stack and its block are made, it runs on a thread of the host, and gives everything back.

use super::block::Block;
use super::{CURRENT, Start, Thread, running};
use crate::memory::{self, Stack, StackSize};
use crate::object::{Body, Object, Part};
use crate::registers::MXCSR;
use crate::{broker, current, guest, port, process, processor, time, user};
use gate::block;
use gate::teb::offset64 as teb;
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
        Ok((object, thread))
    }

    fn fill_block(&self, stack: &Stack) -> Result<(), user::BadAddress> {
        let word = |offset: usize, value: u64| user::write(self.teb + offset as u64, &value);
        word(teb::STACK_BASE, stack.base)?;
        word(teb::STACK_LIMIT, stack.limit)?;
        word(teb::SELF, self.teb)?;
        // Where a fiber's data will be, NT_TIB has its version.
        word(teb::FIBER_DATA, 0x1E00)?;
        word(teb::CLIENT_ID, u64::from(process::get().id))?;
        word(teb::CLIENT_ID + 8, u64::from(self.id))?;
        word(teb::PROCESS_ENVIRONMENT_BLOCK, process::get().peb)?;
        word(teb::DEALLOCATION_STACK, stack.allocation)?;
        const STATIC_BYTES: u64 = 261 * 2;
        word(teb::STATIC_UNICODE_STRING, STATIC_BYTES << 16)?;
        word(teb::STATIC_UNICODE_STRING + 8, self.teb + teb::STATIC_UNICODE_STRING as u64 + 16)?;
        word(block::GATE_ENTRY, process::get().gate)?;
        word(block::PER_CALL, process::get().per_call)?;
        word(block::CLOCK, process::get().clock)
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
        // SAFETY: the block and the stack were made for this thread; what runs there is the guest.
        unsafe {
            set_gs(self.teb);
            guest::run_guest(process::get().loader, context, stack);
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
    context.Rcx = routine;
    context.Rdx = parameter;
    context.Rsp = base - 0x28;
    context.MxCsr = MXCSR;
    context.EFlags = 0x200;
    (context.SegCs, context.SegSs) = (0x33, 0x2B);
    context.Anonymous.FltSave.ControlWord = 0x27F;
    context.Anonymous.FltSave.MxCsr = MXCSR;
    context.Anonymous.FltSave.MxCsr_Mask = 0xFFFF;
    context
}

/// Puts the registers that a new thread starts with on its stack. Answers the stack pointer and where they lie.
fn first_frame(base: u64, context: &CONTEXT) -> (u64, u64) {
    let context_address = (base - 0x28 - size_of::<CONTEXT>() as u64) & !63;
    let _ = user::write(context_address, context);
    (context_address - 0x28, context_address)
}

/// # Safety
/// `base` is a thread block that lives as long as the thread.
unsafe fn set_gs(base: u64) {
    // SAFETY: the process checked at its start that the kernel lets it set the base; Rust does not use GS.
    unsafe { std::arch::asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}
