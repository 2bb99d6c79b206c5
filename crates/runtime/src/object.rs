//! Local objects, as data: events, mutants, semaphores, threads and the like that no other process knows, and who waits
//! for them. Their state is one word each, which is changed without a lock as long as nobody waits ([`crate::dispatch`]).

use crate::memory::Stack;
use crate::section::Section;
use crate::words::Word;
use gate::service::ObjectKind;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// A mutant's bit that says that its last owner ended without releasing it; threads' numbers are multiples of 4.
pub const ABANDONED: u32 = 1;

/// A word's bit that says that somebody waits: changes go through the dispatcher.
pub const WAITERS: u64 = 1 << 32;

/// A word's bit that says that the dispatcher works on it.
pub const LOCKED: u64 = 1 << 33;

/// An object and its state word.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub body: Body,
    pub word: Word,
    /// Who waits for it, in order; the dispatcher's.
    pub waiters: Mutex<Vec<Entry>>,
}

/// What kind of object it is, with what only that kind needs.
#[derive(Debug)]
pub enum Body {
    /// The state is 1 while signalled.
    Event {
        /// It stays signalled until it is reset.
        manual: bool,
    },
    /// The state is 1 while signalled.
    Timer {
        /// It stays signalled until it is set again.
        manual: bool,
        /// When it is signalled.
        due: crate::due::Due,
    },
    /// The state is the owner's thread number, or 0, with [`ABANDONED`].
    Mutant {
        /// How often its owner holds it; only the owner changes it.
        depth: AtomicU32,
    },
    /// The state is the count.
    Semaphore {
        /// The highest count.
        limit: u32,
    },
    /// The state is 1 once it has ended.
    Thread(Arc<Thread>),
    /// This process; it never ends while anybody looks.
    Process,
    /// A section.
    Section(Arc<Section>),
    /// The process's access token.
    Token,
}

/// What became of an attempt to take an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is taken.
    Yes,
    /// It is taken; its owner had ended without releasing it.
    Abandoned,
    /// It is not signalled.
    No,
}

impl Object {
    /// A new object in its first state.
    pub fn new(body: Body, state: u32) -> Option<Arc<Self>> {
        let word = Word::new(state)?;
        Some(Arc::new(Self { body, word, waiters: Mutex::default() }))
    }

    /// The kind's number.
    pub fn kind(&self) -> ObjectKind {
        match self.body {
            Body::Event { .. } => ObjectKind::Event,
            Body::Mutant { .. } => ObjectKind::Mutant,
            Body::Semaphore { .. } => ObjectKind::Semaphore,
            Body::Thread(_) => ObjectKind::Thread,
            Body::Process => ObjectKind::Process,
            Body::Section(_) => ObjectKind::Section,
            Body::Token => ObjectKind::Token,
            Body::Timer { .. } => ObjectKind::Timer,
        }
    }

    /// Whether it can be waited for.
    pub fn is_waitable(&self) -> bool {
        !matches!(self.body, Body::Section(_) | Body::Token)
    }

    /// The state word.
    pub fn word(&self) -> &AtomicU64 {
        self.word.get()
    }

    /// Who waits for it; the dispatcher is locked.
    pub fn waiters(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the state becomes when a thread takes the object; `None` where it cannot.
    pub fn after(&self, state: u32, thread: u32) -> Option<u32> {
        match &self.body {
            Body::Event { manual: true } | Body::Timer { manual: true, .. } | Body::Thread(_) | Body::Process => (state != 0).then_some(state),
            Body::Event { manual: false } | Body::Timer { manual: false, .. } | Body::Semaphore { .. } => state.checked_sub(1),
            Body::Mutant { .. } => (state & !ABANDONED == 0 || state == thread).then_some(thread),
            Body::Section(_) | Body::Token => None,
        }
    }

    /// Whether taking it in this state tells of an owner that had ended.
    pub fn tells_of_abandonment(&self, state: u32) -> bool {
        matches!(self.body, Body::Mutant { .. }) && state & ABANDONED != 0
    }

    /// The word, as soon as the dispatcher has let go of it.
    pub fn unlocked(&self) -> u64 {
        loop {
            let now = self.word().load(Ordering::Acquire);
            if now & LOCKED == 0 {
                return now;
            }
            rustix::thread::sched_yield();
        }
    }
}

/// A guest thread.
#[derive(Debug)]
pub struct Thread {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// Its TEB.
    pub teb: u64,
    pub slice: u32,
    pub stack: Mutex<Stack>,
    pub start: Start,
    pub code: AtomicU32,
    pub priority: AtomicI32,
    pub boost_off: AtomicBool,
    /// The processors that may run it.
    pub affinity: AtomicU64,
    /// How often it is suspended; it sleeps on this word while that is not 0.
    pub suspended: AtomicU32,
    /// Counts the interruptions that it has acknowledged.
    pub interruptions: AtomicU32,
    pub created: i64,
    pub ended: AtomicI64,
    /// What it had used of the processor when it ended.
    pub used: AtomicI64,
    /// The host's number of the thread, while it runs.
    pub host: AtomicI32,
    /// The mutants that it owns, which it abandons when it ends.
    pub owned: Mutex<Vec<Arc<Object>>>,
    pub object: Mutex<Weak<Object>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub routine: u64,
    pub parameter: u64,
}

impl Thread {
    /// Its object.
    pub fn object(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).upgrade().ok_or(windows_sys::Win32::Foundation::STATUS_THREAD_IS_TERMINATING)
    }

    /// The mutants that it owns.
    pub fn owned(&self) -> MutexGuard<'_, Vec<Arc<Object>>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host's number of the thread; 0 while it does not run.
    pub fn host(&self) -> i32 {
        self.host.load(Ordering::SeqCst)
    }
}

/// A thread that waits.
#[derive(Debug)]
pub struct Waiter {
    /// 1 once it has what it waits for; it sleeps here.
    pub done: AtomicU32,
    pub status: AtomicI32,
    pub thread: u32,
    pub all: bool,
    pub objects: Vec<Arc<Object>>,
}

/// A waiter in an object's list, and the object's place among those that it waits for.
pub type Entry = (Arc<Waiter>, usize);

/// The process as an object to wait for.
pub fn this_process() -> Result<Arc<Object>, NTSTATUS> {
    static OBJECT: OnceLock<Option<Arc<Object>>> = OnceLock::new();
    OBJECT.get_or_init(|| Object::new(Body::Process, 0)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// An object that is always signalled.
pub fn signalled() -> Result<Arc<Object>, NTSTATUS> {
    static OBJECT: OnceLock<Option<Arc<Object>>> = OnceLock::new();
    OBJECT.get_or_init(|| Object::new(Body::Event { manual: true }, 1)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
}
