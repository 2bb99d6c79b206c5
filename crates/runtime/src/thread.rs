//! Guest threads: their blocks, their start, their end.

use crate::gate::{Answer, Serve, gate_entry, leave_guest, run_guest};
use crate::memory::{Backing, Kind, Page, Region, Stack, StackSize};
use crate::object::{Body, Object};
use crate::{handle, memory, process, signal, time, user};
use gate::block;
use gate::map::PAGE;
use gate::service::{CreateThread, ExitThread, ObjectKind, QueryThread, SetThread, SuspendThread};
use gate::teb::offset64 as teb;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use rustix::thread::futex;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MEMORY, STATUS_NOT_SUPPORTED, STATUS_PENDING, STATUS_SUSPEND_COUNT_EXCEEDED};
use windows_sys::Win32::System::Memory::PAGE_READWRITE;
use windows_sys::Win32::System::Threading::{THREAD_QUERY_LIMITED_INFORMATION, THREAD_SET_LIMITED_INFORMATION, THREAD_SUSPEND_RESUME};

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
    /// How often it is suspended; it sleeps on this word before its first instruction.
    suspended: AtomicU32,
    created: i64,
    ended: AtomicI64,
    /// The host's number of the thread, once it runs.
    host: AtomicI32,
    object: Mutex<Weak<Object>>,
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

/// The calling thread's number; 0 in a thread of the runtime's own.
pub fn id() -> u32 {
    ID.get()
}

/// How many threads run.
pub fn count() -> u32 {
    running().len() as u32
}

fn running() -> std::sync::MutexGuard<'static, HashMap<u32, Arc<Object>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Thread {
    /// Makes a thread's stack and block, and its object; it does not run yet.
    fn create(routine: u64, parameter: u64, size: StackSize, suspended: u32) -> Result<Arc<Object>, NTSTATUS> {
        let stack = Stack::new(size)?;
        let (teb, slice) = map_block()?;
        let thread = Arc::new(Self {
            id: process::next_id(),
            teb,
            slice,
            stack: Mutex::new(stack),
            start: Start { routine, parameter },
            code: AtomicU32::new(STATUS_PENDING as u32),
            priority: AtomicI32::new(0),
            suspended: AtomicU32::new(suspended),
            created: time::since_1601(),
            ended: AtomicI64::new(0),
            host: AtomicI32::new(0),
            object: Mutex::default(),
        });
        thread.fill_block(&stack)?;
        let object = Object::new(Body::Thread(Arc::clone(&thread)), 0).ok_or(STATUS_NO_MEMORY)?;
        *thread.object.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&object);
        running().insert(thread.id, Arc::clone(&object));
        Ok(object)
    }

    /// Its object.
    pub fn object(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).upgrade().ok_or(windows_sys::Win32::Foundation::STATUS_THREAD_IS_TERMINATING)
    }

    /// Grows the stack after its guard page was hit. `None` when the page is no part of it, false on overflow.
    pub fn grow_stack(&self, page: u64) -> Option<bool> {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        if !stack.holds(page) {
            return None;
        }
        let grown = stack.grow(page);
        let _ = user::write(self.teb + teb::STACK_LIMIT as u64, &stack.limit);
        Some(grown)
    }

    fn fill_block(&self, stack: &Stack) -> Result<(), user::BadAddress> {
        let word = |offset: usize, value: u64| user::write(self.teb + offset as u64, &value);
        word(teb::STACK_BASE, stack.base)?;
        word(teb::STACK_LIMIT, stack.limit)?;
        word(teb::SELF, self.teb)?;
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
        signal::prepare_thread();
        jail::dispatch_thread();
        self.host.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::SeqCst);
        park_if_stopped();
        while self.suspended.load(Ordering::Acquire) != 0 {
            let _ = futex::wait(&self.suspended, futex::Flags::PRIVATE, self.suspended.load(Ordering::Acquire), None);
        }
        let base = self.stack.lock().unwrap_or_else(PoisonError::into_inner).base;
        let (stack, context) = process::first_frame(base, self.start.routine, self.start.parameter);
        // SAFETY: the block and the stack were made for this thread; what runs there is the guest.
        unsafe {
            set_gs(self.teb);
            run_guest(process::get().loader, context, stack);
        }
    }

    /// What is left to do when the guest's part is over, in the thread itself.
    fn finish(self: Arc<Self>) {
        crate::object::owned::abandon();
        self.ended.store(time::since_1601(), Ordering::Relaxed);
        let object = running().remove(&self.id);
        crate::broker::let_go();
        let mut space = memory::lock();
        space.remove(self.teb);
        space.remove(self.stack.lock().unwrap_or_else(PoisonError::into_inner).allocation);
        drop(space);
        SLICE.lock().unwrap_or_else(PoisonError::into_inner).1.push(self.slice);
        if let Some(object) = object {
            object.finish();
        }
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
    let region = Region::new(block::SIZE as u64, Kind::System, PAGE_READWRITE, Page::Committed(PAGE_READWRITE), Backing::Mapped);
    let teb = memory::lock().insert_anywhere(region, 0)?;
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
    mapped.map_err(|_| STATUS_NO_MEMORY)?;
    Ok((teb, slice))
}

/// Makes the first thread and runs it on the calling host thread.
pub fn run_first(routine: u64, size: StackSize) -> Result<Infallible, NTSTATUS> {
    let object = Thread::create(routine, process::get().peb, size, 0)?;
    let Body::Thread(thread) = &object.body else { return Err(STATUS_NO_MEMORY) };
    let thread = Arc::clone(thread);
    drop(object);
    run_to_the_end(thread);
    // The process lives on in its other threads.
    park()
}

fn run_to_the_end(thread: Arc<Thread>) {
    Arc::clone(&thread).run();
    Arc::clone(&thread).finish();
    if running().is_empty() {
        process::last_thread_ended(thread.code.load(Ordering::Acquire));
    }
}

static STOPPED: AtomicBool = AtomicBool::new(false);
static ACKNOWLEDGED: AtomicU32 = AtomicU32::new(0);

/// Keeps every other thread from running guest code again, because the process ends. A thread inside a service works
/// on to the service's end, so that it lets go of the runtime's own locks.
pub fn stop_others() {
    // Whoever comes first ends the process; it still uses services, a second one waits for the end.
    let stopper = STOPPER.compare_exchange(0, id(), Ordering::SeqCst, Ordering::SeqCst);
    STOPPED.store(true, Ordering::SeqCst);
    if stopper.is_err() {
        return park_if_stopped();
    }
    let others: Vec<i32> = running()
        .values()
        .filter_map(|object| match &object.body {
            Body::Thread(thread) if thread.id != id() => Some(thread.host.load(Ordering::SeqCst)),
            _ => None,
        })
        .filter(|host| *host != 0)
        .collect();
    let told = others.iter().filter(|host| signal::stop(**host)).count() as u32;
    while ACKNOWLEDGED.load(Ordering::Acquire) < told {
        rustix::thread::sched_yield();
    }
}

static STOPPER: AtomicU32 = AtomicU32::new(0);

/// Acknowledges that the thread is to stop; it stops here, or at the gate.
pub fn acknowledge_stop(in_guest: bool) {
    ACKNOWLEDGED.fetch_add(1, Ordering::Release);
    if in_guest {
        park();
    }
}

/// Stays here for ever if the process is ending and another thread ends it.
pub fn park_if_stopped() {
    if STOPPED.load(Ordering::Relaxed) && STOPPER.load(Ordering::Relaxed) != id() {
        park();
    }
}

fn park() -> ! {
    static FOREVER: AtomicU32 = AtomicU32::new(0);
    loop {
        let _ = futex::wait(&FOREVER, futex::Flags::PRIVATE, 0, None);
    }
}

/// # Safety
/// `base` is a thread block that lives as long as the thread.
unsafe fn set_gs(base: u64) {
    // SAFETY: the process checked at its start that the kernel lets it set the base; Rust does not use GS.
    unsafe { std::arch::asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}

impl Serve for CreateThread {
    fn serve(&mut self) -> Answer {
        let image = process::get().stack;
        let size = StackSize {
            reserve: if self.reserve == 0 { image.reserve } else { self.reserve },
            commit: if self.commit == 0 { image.commit } else { self.commit },
        };
        let object = Thread::create(self.start, self.parameter, size, u32::from(self.suspended != 0))?;
        let Body::Thread(thread) = &object.body else { return Err(STATUS_NO_MEMORY) };
        self.id = u64::from(thread.id);
        self.teb = thread.teb;
        let runner = Arc::clone(thread);
        let started = std::thread::Builder::new().stack_size(HOST_STACK).spawn(move || run_to_the_end(runner));
        if started.is_err() {
            running().remove(&thread.id);
            return Err(STATUS_NO_MEMORY);
        }
        self.handle = handle::insert(Arc::clone(&object), handle::granted(ObjectKind::Thread, self.access), 0)?;
        Ok(())
    }
}

impl Serve for ExitThread {
    fn serve(&mut self) -> Answer {
        let thread = current();
        thread.code.store(self.code, Ordering::Release);
        drop(thread);
        // SAFETY: this is a service, and nothing of it is left to drop.
        unsafe { leave_guest() }
    }
}

impl Serve for SuspendThread {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.thread, THREAD_SUSPEND_RESUME)?;
        let Body::Thread(thread) = &object.body else { return Err(windows_sys::Win32::Foundation::STATUS_OBJECT_TYPE_MISMATCH) };
        let count = &thread.suspended;
        if self.resume == 0 {
            // A thread that has not started yet sleeps on its count. One that runs is not stopped yet.
            let raised = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (1..127).contains(&now).then_some(now + 1));
            self.previous = raised.map_err(|now| if now == 0 { STATUS_NOT_SUPPORTED } else { STATUS_SUSPEND_COUNT_EXCEEDED })?;
            return Ok(());
        }
        self.previous = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| now.checked_sub(1)).unwrap_or(0);
        if self.previous == 1 {
            let _ = futex::wake(count, futex::Flags::PRIVATE, 1);
        }
        Ok(())
    }
}

impl Serve for QueryThread {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.thread, THREAD_QUERY_LIMITED_INFORMATION)?;
        let Body::Thread(thread) = &object.body else { return Err(windows_sys::Win32::Foundation::STATUS_OBJECT_TYPE_MISMATCH) };
        self.code = thread.code.load(Ordering::Acquire);
        self.priority = thread.priority.load(Ordering::Relaxed);
        self.id = u64::from(thread.id);
        self.teb = thread.teb;
        self.times = [thread.created, thread.ended.load(Ordering::Relaxed), 0, time::used_by(thread.host.load(Ordering::Relaxed))];
        Ok(())
    }
}

impl Serve for SetThread {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.thread, THREAD_SET_LIMITED_INFORMATION)?;
        let Body::Thread(thread) = &object.body else { return Err(windows_sys::Win32::Foundation::STATUS_OBJECT_TYPE_MISMATCH) };
        thread.priority.store(self.priority, Ordering::Relaxed);
        Ok(())
    }
}

const _: () = assert!(block::TELEMETRY_SIZE.is_multiple_of(PAGE as usize));
