//! Guest threads: what is known of each, and which of them run.

mod affinity;
mod alert;
pub mod attend;
mod block;
pub mod call;
mod context;
mod run;
pub mod runner;
mod service;
mod stack;
pub mod stop;

use crate::dispatch::Dispatcher;
use crate::memory::Stack;
use crate::object::{Object, Part, owned_by};
use crate::registers::Contents;
use crate::serve::Answer;
use crate::{process, shared, time, user};
use block::Block;
use call::{Call, Calls};
use gate::block as layout;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_THREAD_IS_TERMINATING};

/// A guest thread.
#[derive(Debug)]
pub struct Thread {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// Its TEB.
    pub teb: u64,
    block: Block,
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
    /// What its host thread had used before it ran.
    used_before: AtomicI64,
    /// The host's number of the thread, while it runs.
    host: AtomicI32,
    object: Mutex<Weak<Object>>,
    /// What it runs in its alertable waits.
    calls: Mutex<Calls>,
    /// 1 once it was alerted by its number; it sleeps here.
    alert: AtomicU32,
}

/// What a thread is given, and where it takes it.
#[derive(Debug, Default)]
struct Registers {
    /// New ones for a thread inside a service, and which of them count.
    pending: Option<(Box<Contents>, u32)>,
    /// What a thread starts with that has not begun.
    first: Option<Box<Contents>>,
    /// It runs guest code, or has.
    begun: bool,
    /// It runs no guest code any more: its registers are nobody's, and its block may be another's.
    gone: bool,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    routine: u64,
    parameter: u64,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
}

/// Threads that have not ended, by number.
static RUNNING: LazyLock<Mutex<HashMap<u32, Arc<Object>>>> = LazyLock::new(Mutex::default);
/// The calling thread.
pub fn current() -> Arc<Thread> {
    CURRENT.with_borrow(|current| current.clone()).expect("only guest threads enter the gate")
}

/// The calling thread, in a signal's handler: `None` where it is none of the guest's, or ends.
pub fn interrupted() -> Option<Arc<Thread>> {
    CURRENT.try_with(|current| current.try_borrow().ok().and_then(|current| current.clone())).ok().flatten()
}

/// How many threads run.
pub fn count() -> u32 {
    running().len() as u32
}

/// The threads that run.
pub fn all() -> Vec<Arc<Thread>> {
    running().values().filter_map(|object| object.shared_part()).collect()
}

fn running() -> MutexGuard<'static, HashMap<u32, Arc<Object>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Part for Thread {}

impl Thread {
    /// Its object.
    pub fn object(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).upgrade().ok_or(STATUS_THREAD_IS_TERMINATING)
    }

    fn registers(&self) -> MutexGuard<'_, Registers> {
        self.registers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stack_base(&self) -> u64 {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner).base
    }

    /// Whether it runs guest code, or has.
    pub fn has_begun(&self) -> bool {
        self.registers().begun
    }

    /// Its exit code, once it has ended.
    pub fn code(&self) -> u32 {
        self.code.load(Ordering::Acquire)
    }

    /// Its guest code is over: who looks at its registers or writes to its block has done so, or finds it gone.
    fn leave(&self) {
        self.registers().gone = true;
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst) != 0
    }

    /// The host's number of the thread; 0 while it does not run.
    pub fn host(&self) -> i32 {
        self.host.load(Ordering::SeqCst)
    }

    /// The calls that are queued for it.
    pub fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a call, which ends an alertable wait of the thread.
    pub fn queue_call(&self, call: Call) -> Answer {
        let mut dispatcher = Dispatcher::lock();
        self.calls().queue(call, &mut dispatcher)
    }

    /// Ends the wait that is under way, and lets no other begin: the thread is to end.
    pub fn end_waits(&self) {
        let mut dispatcher = Dispatcher::lock();
        self.calls().end(&mut dispatcher);
    }

    /// How many mutants the thread owns, as far as its block says.
    fn owned(&self) -> u32 {
        let owned = user::read(self.teb + layout::OWNED as u64).unwrap_or(layout::OWNS_SHARED | 1);
        // The first thread is known to other processes: they hear of its end in the same way.
        owned | if self.id == process::first_thread() { layout::OWNS_SHARED } else { 0 }
    }

    /// Tells the broker that the thread has ended, where it may own mutants that processes share, or is known to other processes.
    fn abandon_shared(&self, owned: u32) {
        if owned & layout::OWNS_SHARED != 0 {
            shared::end_thread(self.id);
        }
    }

    /// Lets everybody know that the thread has ended: whoever waits for it, or for what it owned.
    fn note_end(&self, object: &Object, owned: u32) {
        if self.ended.compare_exchange(0, time::since_1601(), Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        self.end_waits();
        self.abandon_shared(owned);
        // Most threads own none, which saves looking at every mutant.
        if owned & !layout::OWNS_SHARED != 0 {
            owned_by(self.id).iter().for_each(|mutant| mutant.abandon());
        }
        object.finish();
    }
}
