//! Guest threads: their blocks, their start, their end.

mod alert;
mod call;
mod context;
mod service;
mod stack;
mod stop;

use crate::gate::{gate_entry, run_guest};
use crate::memory::{self, Backing, Kind, Page, Region, Stack, StackSize};
use crate::object::{Body, Object};
use crate::{process, processor, signal, time, user};
use gate::block;
use gate::map::PAGE;
use gate::teb::offset64 as teb;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MEMORY, STATUS_PENDING};
use windows_sys::Win32::System::Memory::PAGE_READWRITE;

pub use call::{Call, Calls};
use context::Registers;
pub use stop::{acknowledge_interruption, attend, stop_others};

/// Bytes of the runtime's own stack in each thread.
const HOST_STACK: usize = 256 * 1024;

/// A guest thread.
#[derive(Debug)]
pub struct Thread {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// Its TEB.
    pub teb: u64,
    slice: u32,
    stack: Mutex<Stack>,
    start: Start,
    code: AtomicU32,
    priority: AtomicI32,
    boost_off: AtomicBool,
    /// The processors that may run it.
    pub affinity: AtomicU64,
    /// How often it is suspended; it sleeps on this word while that is not 0.
    suspended: AtomicU32,
    /// Its interrupted registers, while it is stopped in guest code.
    stopped: AtomicPtr<libc::ucontext_t>,
    /// The registers that it is given while it is not.
    registers: Mutex<Registers>,
    /// It has sent itself an interruption to load its registers.
    loading: AtomicBool,
    /// Counts the interruptions that it has acknowledged.
    interruptions: AtomicU32,
    created: i64,
    ended: AtomicI64,
    /// What it had used of the processor when it ended.
    used: AtomicI64,
    /// The host's number of the thread, while it runs.
    host: AtomicI32,
    object: Mutex<Weak<Object>>,
    /// What it runs in its alertable waits.
    calls: Mutex<Calls>,
    /// 1 once it was alerted by its number; it sleeps here.
    alert: AtomicU32,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    routine: u64,
    parameter: u64,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
    static ID: Cell<u32> = const { Cell::new(0) };
}

/// Threads that have not ended, by number.
static RUNNING: LazyLock<Mutex<HashMap<u32, Arc<Object>>>> = LazyLock::new(Mutex::default);
/// The free slices of the telemetry.
static SLICE: Mutex<(u32, Vec<u32>)> = Mutex::new((0, Vec::new()));

/// The calling thread.
pub fn current() -> Arc<Thread> {
    CURRENT.with_borrow(|current| current.clone()).expect("only guest threads enter the gate")
}

/// The calling thread, in a signal's handler: `None` where it is none of the guest's, or ends.
pub fn interrupted() -> Option<Arc<Thread>> {
    CURRENT.try_with(|current| current.try_borrow().ok().and_then(|current| current.clone())).ok().flatten()
}

/// The calling thread's number; 0 in a thread of the runtime's own.
pub fn id() -> u32 {
    ID.get()
}

/// How many threads run.
pub fn count() -> u32 {
    running().len() as u32
}

/// The threads that run.
pub fn all() -> Vec<Arc<Thread>> {
    running().values().filter_map(|object| if let Body::Thread(thread) = &object.body { Some(Arc::clone(thread)) } else { None }).collect()
}

fn running() -> MutexGuard<'static, HashMap<u32, Arc<Object>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Thread {
    /// Makes a thread's stack and block, and its object; it does not run yet.
    fn create(routine: u64, parameter: u64, size: StackSize, suspended: u32) -> Result<Arc<Object>, NTSTATUS> {
        let stack = Stack::new(size)?;
        let (teb, slice) = map_block().inspect_err(|_| drop(memory::lock().remove(stack.allocation)))?;
        let thread = Arc::new(Self {
            id: process::next_id(),
            teb,
            slice,
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
            host: AtomicI32::new(0),
            object: Mutex::default(),
            calls: Mutex::default(),
            alert: AtomicU32::new(0),
        });
        let filled = thread.fill_block(&stack).map_err(NTSTATUS::from);
        let object = filled.and_then(|()| Object::new(Body::Thread(Arc::clone(&thread)), 0).ok_or(STATUS_NO_MEMORY));
        let object = object.inspect_err(|_| thread.release())?;
        *thread.object.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&object);
        running().insert(thread.id, Arc::clone(&object));
        Ok(object)
    }

    /// Its object.
    pub fn object(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).upgrade().ok_or(windows_sys::Win32::Foundation::STATUS_THREAD_IS_TERMINATING)
    }

    /// Counts the mutants that the thread owns, which is the calling one.
    pub fn count_owned(&self, change: i32) {
        let place = self.teb + block::OWNED as u64;
        let owned = user::read::<u32>(place).unwrap_or(0);
        let _ = user::write(place, &owned.wrapping_add_signed(change));
    }

    fn registers(&self) -> MutexGuard<'_, Registers> {
        self.registers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stack_base(&self) -> u64 {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner).base
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst) != 0
    }

    /// The host's number of the thread; 0 while it does not run.
    pub fn host(&self) -> i32 {
        self.host.load(Ordering::SeqCst)
    }

    /// Grows the stack after its guard page was hit. `None` when the page is no part of it, false on overflow.
    pub fn grow_stack(&self, page: u64) -> Option<bool> {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        if !stack.holds(page) {
            drop(stack);
            return self.grow_other_stack(page);
        }
        let guaranteed = user::read::<u32>(self.teb + teb::GUARANTEED_STACK_BYTES as u64).unwrap_or(0);
        let grown = stack.grow(page, guaranteed.into());
        let _ = user::write(self.teb + teb::STACK_LIMIT as u64, &stack.limit);
        Some(grown)
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
        word(block::GATE_ENTRY, gate_entry as *const () as u64)?;
        word(block::PER_CALL, process::get().per_call)?;
        word(block::CLOCK, process::get().clock)
    }

    /// Runs the guest's part on the calling host thread, until the guest ends it.
    fn run(self: Arc<Self>) {
        CURRENT.set(Some(Arc::clone(&self)));
        ID.set(self.id);
        let _handlers = signal::prepare_thread();
        jail::dispatch_thread();
        processor::apply(self.affinity.load(Ordering::Relaxed));
        self.host.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::SeqCst);
        let base = self.stack_base();
        let given = self.begin();
        if self.is_doomed() {
            return;
        }
        let first = given.unwrap_or_else(|| process::first_context(base, self.start.routine, self.start.parameter));
        let (stack, context) = process::first_frame(base, &first);
        // SAFETY: the block and the stack were made for this thread; what runs there is the guest.
        unsafe {
            set_gs(self.teb);
            run_guest(process::get().loader, context, stack);
        }
    }

    /// What is left to do when the guest's part is over, in the thread itself.
    fn finish(&self) {
        self.used.store(time::used(rustix::time::ClockId::ThreadCPUTime), Ordering::Relaxed);
        self.host.store(0, Ordering::SeqCst);
        let object = running().remove(&self.id);
        crate::io::leave();
        crate::broker::let_go();
        let owned = self.owned();
        self.release();
        if let Some(object) = object {
            self.note_end(&object, owned);
        }
    }

    /// How many mutants the thread owns, as far as its block says.
    fn owned(&self) -> u32 {
        user::read(self.teb + block::OWNED as u64).unwrap_or(1)
    }

    /// Lets everybody know that the thread has ended: whoever waits for it, or for what it owned.
    fn note_end(&self, object: &Object, owned: u32) {
        if self.ended.compare_exchange(0, time::since_1601(), Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        self.end_waits();
        // Most threads own none, which saves looking at every mutant.
        if owned != 0 {
            crate::object::owned_by(self.id).iter().for_each(|mutant| mutant.abandon());
        }
        object.finish();
    }

    /// Gives back what the thread took of the address space.
    fn release(&self) {
        let mut space = memory::lock();
        space.remove(self.teb);
        space.remove(self.stack.lock().unwrap_or_else(PoisonError::into_inner).allocation);
        drop(space);
        SLICE.lock().unwrap_or_else(PoisonError::into_inner).1.push(self.slice);
    }
}

/// Maps a thread block: TEB and gate page private, counters and failure log shared with the broker.
fn map_block() -> Result<(u64, u32), NTSTATUS> {
    let slice = {
        let mut slices = SLICE.lock().unwrap_or_else(PoisonError::into_inner);
        match slices.1.pop() {
            Some(slice) => slice,
            None if (slices.0 as usize) < block::SLICES => {
                slices.0 += 1;
                slices.0 - 1
            }
            None => return Err(STATUS_NO_MEMORY),
        }
    };
    let mapped = map_slice(slice);
    if mapped.is_err() {
        SLICE.lock().unwrap_or_else(PoisonError::into_inner).1.push(slice);
    }
    mapped.map(|teb| (teb, slice))
}

fn map_slice(slice: u32) -> Result<u64, NTSTATUS> {
    let region = Region::new(block::SIZE as u64, Kind::System, PAGE_READWRITE, Page::Committed(PAGE_READWRITE), Backing::Mapped);
    let mut space = memory::lock();
    let teb = space.insert_anywhere(region, 0)?;
    // SAFETY: the descriptor is one of those that the process is born with.
    let telemetry = unsafe { BorrowedFd::borrow_raw(protocol::start::descriptor::TELEMETRY) };
    let both = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the account has just given the place to this block.
    let mapped = unsafe {
        mmap_anonymous(teb as *mut c_void, block::COUNTERS, both, MapFlags::PRIVATE | MapFlags::FIXED).and_then(|_| {
            let place = (teb + block::COUNTERS as u64) as *mut c_void;
            mmap(place, block::TELEMETRY_SIZE, both, MapFlags::SHARED | MapFlags::FIXED, telemetry, u64::from(slice) * block::TELEMETRY_SIZE as u64)
        })
    };
    if mapped.is_err() {
        space.remove(teb);
        return Err(STATUS_NO_MEMORY);
    }
    Ok(teb)
}

/// Makes the first thread and runs it on the calling host thread.
pub fn run_first(routine: u64, size: StackSize) -> Result<Infallible, NTSTATUS> {
    let object = Thread::create(routine, process::get().peb, size, 0)?;
    let Body::Thread(thread) = &object.body else { return Err(STATUS_NO_MEMORY) };
    let thread = Arc::clone(thread);
    drop(object);
    run_to_the_end(thread);
    // The process lives on in its other threads.
    stop::park()
}

fn run_to_the_end(thread: Arc<Thread>) {
    Arc::clone(&thread).run();
    thread.finish();
    if running().is_empty() {
        process::last_thread_ended(thread.code.load(Ordering::Acquire));
    }
}

/// # Safety
/// `base` is a thread block that lives as long as the thread.
unsafe fn set_gs(base: u64) {
    // SAFETY: the process checked at its start that the kernel lets it set the base; Rust does not use GS.
    unsafe { std::arch::asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}

const _: () = assert!(block::TELEMETRY_SIZE.is_multiple_of(PAGE as usize));
