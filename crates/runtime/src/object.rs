//! Objects: events, mutants, semaphores, threads and the like. The state of those that no other process knows is one word each,
//! which is changed without a lock as long as nobody waits; that of shared ones is the broker's.

use crate::bell::{Bell, Ended};
use crate::words::Word;
use crate::{current, shared};
use gate::cell::{self, ABANDONED, LOCKED};
use gate::service::ObjectKind;
use gate::state::Taking;
use std::any::Any;
use std::fmt::Debug;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ABANDONED_WAIT_0, STATUS_WAIT_0};

/// An object and its state word.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub body: Body,
    /// What only its kind has.
    part: Option<Arc<dyn Part>>,
    word: Word,
    /// Who waits for it, in order; the dispatcher's.
    waiters: Mutex<Vec<Entry>>,
    /// How many handles it has.
    handles: AtomicU32,
    name: OnceLock<Name>,
}

/// What only one kind of object has. The kind's own file knows its type: [`Object::part`].
pub trait Part: Any + Debug + Send + Sync {
    /// The object's last handle is closed.
    fn close(&self) {}

    /// The count that queries tell, where the state is none.
    fn count(&self) -> Option<u32> {
        None
    }
}

/// A thread that waits.
#[derive(Debug)]
pub struct Waiter {
    /// What it sleeps on.
    pub bell: Bell,
    /// What the wait answers once this process has ended it.
    pub status: AtomicI32,
    /// The thread's number.
    pub thread: u32,
    /// It waits for all of its objects, and not for one of them.
    pub all: bool,
    /// Once it could have them all, it only looks again: it waits for shared objects too.
    pub looks: bool,
    /// What it waits for, shared objects not among them.
    pub objects: Vec<Arc<Object>>,
}

impl Waiter {
    /// Ends its wait with a status, unless somebody has ended it; the dispatcher is locked.
    pub fn end(&self, status: NTSTATUS) -> bool {
        if self.bell.ended() != Ended::No {
            return false;
        }
        self.status.store(status, Ordering::Relaxed);
        self.bell.end()
    }
}

/// A waiter in an object's list, and the object's place among those that it waits for.
pub type Entry = (Arc<Waiter>, usize);

/// A name that an object has.
#[derive(Debug)]
pub struct Name {
    /// The broker's number for it.
    pub number: u32,
    /// UTF-16, as bytes.
    pub text: Vec<u8>,
    /// The broker keeps the object's state.
    pub shared: bool,
    /// How many opens the broker has answered with this object.
    pub opens: AtomicU32,
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
    },
    /// The state is the owner's thread number, or 0, with [`ABANDONED`].
    Mutant,
    /// The state is the count.
    Semaphore {
        /// The highest count.
        limit: u32,
    },
    /// The state is 1 once it has ended.
    Thread,
    /// This process, which never ends while anybody looks, or another one.
    Process,
    /// Memory or a file's bytes, which views map.
    Section,
    /// The process's access token.
    Token,
    /// A completion port; the state is 1 while it has packets.
    Completion,
    /// A keyed event.
    Keyed,
    /// A job, which the broker keeps.
    Job,
}

/// Every mutant, for the end of a thread that owns some.
static MUTANTS: Mutex<Vec<Weak<Object>>> = Mutex::new(Vec::new());

fn mutants() -> MutexGuard<'static, Vec<Weak<Object>>> {
    let mut mutants = MUTANTS.lock().unwrap_or_else(PoisonError::into_inner);
    // Those that are gone are taken out before the list would grow.
    if mutants.len() == mutants.capacity() {
        mutants.retain(|mutant| mutant.strong_count() > 0);
    }
    mutants
}

/// The mutants that a thread owns.
pub fn owned_by(thread: u32) -> Vec<Arc<Object>> {
    mutants().iter().filter_map(Weak::upgrade).filter(|mutant| mutant.unlocked() as u32 == thread).collect()
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
        Self::make(body, state, None)
    }

    /// A new object in its first state, with what only its kind has.
    pub fn with(body: Body, state: u32, part: Arc<dyn Part>) -> Option<Arc<Self>> {
        Self::make(body, state, Some(part))
    }

    fn make(body: Body, state: u32, part: Option<Arc<dyn Part>>) -> Option<Arc<Self>> {
        let limit = if let Body::Semaphore { limit } = body { limit } else { 0 };
        let word = Word::new(state, limit)?;
        Some(Arc::new(Self { body, part, word, waiters: Mutex::default(), handles: AtomicU32::new(0), name: OnceLock::new() }))
    }

    /// What only its kind has, where that is a `T`.
    pub fn part<T: Part>(&self) -> Option<&T> {
        let part: &dyn Any = self.part.as_deref()?;
        part.downcast_ref()
    }

    /// As [`Object::part`], to keep.
    pub fn shared_part<T: Part>(&self) -> Option<Arc<T>> {
        let part: Arc<dyn Any + Send + Sync> = Arc::clone(self.part.as_ref()?) as _;
        part.downcast().ok()
    }

    /// A mutant, owned by the calling thread or by nobody.
    pub fn mutant(owned: bool) -> Option<Arc<Self>> {
        let mutant = Self::new(Body::Mutant, if owned { current::id() } else { 0 })?;
        mutants().push(Arc::downgrade(&mutant));
        if owned {
            mutant.note_taken();
        }
        Some(mutant)
    }

    /// Gives it a name, once.
    pub fn set_name(&self, name: Name) {
        let _ = self.name.set(name);
    }

    /// Its name.
    pub fn name(&self) -> Option<&Name> {
        self.name.get()
    }

    /// The number by which the broker knows it, where that keeps its state.
    pub fn shared(&self) -> Option<u32> {
        self.name.get().filter(|name| name.shared).map(|name| name.number)
    }

    /// The number by which the broker knows another process, or its first thread.
    pub fn other(&self) -> Option<u32> {
        self.shared().filter(|_| matches!(self.body, Body::Process | Body::Thread))
    }

    /// How many handles it has.
    pub fn handles(&self) -> u32 {
        self.handles.load(Ordering::Relaxed)
    }

    /// Counts one more handle.
    pub fn add_handle(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one more handle of an object that has some; false where the last one is gone.
    pub fn hold(&self) -> bool {
        let more = |count: u32| (count > 0).then(|| count.saturating_add(1));
        self.handles.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// Counts one handle less; whether it was the last one.
    pub fn drop_handle(&self) -> bool {
        let last = self.handles.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && let Some(part) = &self.part {
            part.close();
        }
        last
    }

    /// The kind's number.
    pub fn kind(&self) -> ObjectKind {
        match self.body {
            Body::Event { .. } => ObjectKind::Event,
            Body::Mutant => ObjectKind::Mutant,
            Body::Semaphore { .. } => ObjectKind::Semaphore,
            Body::Thread => ObjectKind::Thread,
            Body::Process => ObjectKind::Process,
            Body::Section => ObjectKind::Section,
            Body::Token => ObjectKind::Token,
            Body::Timer { .. } => ObjectKind::Timer,
            Body::Completion => ObjectKind::Completion,
            Body::Keyed => ObjectKind::KeyedEvent,
            Body::Job => ObjectKind::Job,
        }
    }

    /// Whether it can be waited for.
    pub fn is_waitable(&self) -> bool {
        !matches!(self.body, Body::Section | Body::Token | Body::Keyed)
    }

    /// The state word.
    pub fn word(&self) -> &AtomicU64 {
        self.word.get()
    }

    /// Who waits for it; the dispatcher is locked.
    pub fn waiters(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What being given it does to the state.
    const fn taking(&self) -> Taking {
        match &self.body {
            Body::Event { manual: true } | Body::Timer { manual: true } | Body::Thread | Body::Process | Body::Completion | Body::Job => {
                Taking::Keeps
            }
            Body::Event { manual: false } | Body::Timer { manual: false } | Body::Semaphore { .. } => Taking::Counts,
            Body::Mutant => Taking::Owns,
            Body::Section | Body::Token | Body::Keyed => Taking::Never,
        }
    }

    /// What the state becomes when a thread takes the object; `None` where it cannot.
    pub fn after(&self, state: u32, thread: u32) -> Option<u32> {
        self.taking().after(state.into(), thread.into()).map(|state| state as u32)
    }

    /// Whether taking it in this state tells of an owner that had ended.
    pub const fn tells_of_abandonment(&self, state: u32) -> bool {
        self.taking().tells_of_abandonment(state as u64)
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

    /// Tries to take the object for the calling thread, whose number is `thread`, as a wait does.
    pub fn try_take(&self, thread: u32) -> Taken {
        loop {
            let now = self.unlocked();
            let Some(next) = self.after(now as u32, thread) else { return Taken::No };
            let next = now & !0xFFFF_FFFF | u64::from(next);
            if next == now || self.word().compare_exchange(now, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                self.note_taken();
                return if self.tells_of_abandonment(now as u32) { Taken::Abandoned } else { Taken::Yes };
            }
        }
    }

    /// Notes that the calling thread has taken the object. How often it has a shared one is for the broker to know.
    pub fn note_taken(&self) {
        if let Body::Mutant = &self.body {
            if self.shared().is_some() {
                current::note_shared();
            } else if self.word.depth().fetch_add(1, Ordering::Relaxed) == 0 {
                current::count_owned(1);
            }
        }
    }

    /// Notes that the calling thread releases a mutant of its process, which it owns, once; how often it had it.
    pub fn note_released(&self) -> u32 {
        let held = self.word.depth().fetch_sub(1, Ordering::Relaxed);
        if held == 1 {
            current::count_owned(-1);
        }
        held
    }

    /// Notes that the thread that owned a mutant has ended.
    pub fn note_abandoned(&self) {
        self.word.depth().store(0, Ordering::Relaxed);
    }

    /// What the map of handles says of a handle with that access; 0 where `ntdll` does nothing by itself.
    pub fn entry(&self, access: u32) -> u64 {
        if self.shared().is_some() {
            return 0;
        }
        use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
        let (kind, change) = match self.body {
            Body::Event { manual: true } => (cell::MANUAL_EVENT, 2),
            Body::Event { manual: false } => (cell::AUTO_EVENT, 2),
            Body::Semaphore { .. } => (cell::SEMAPHORE, 2),
            // Releasing a mutant asks for no right: only its owner can.
            Body::Mutant => (cell::MUTANT, 0),
            _ => return 0,
        };
        let wait = if access & SYNCHRONIZE != 0 { cell::MAY_WAIT } else { 0 };
        let change = if access & change == change { cell::MAY_CHANGE } else { 0 };
        self.word.entry() | kind | wait | change
    }

    /// An object's state as NtQueryEvent and the like tell it: state, limit, abandoned.
    pub fn state(&self) -> Result<(i32, u32, u32), NTSTATUS> {
        if let Some(number) = self.shared() {
            return shared::query(number).map(|told| (told.state, told.limit, told.abandoned));
        }
        let state = self.unlocked() as u32;
        Ok(match &self.body {
            Body::Event { manual } => (state as i32, (*manual).into(), 0),
            Body::Semaphore { limit } => (state as i32, *limit, 0),
            Body::Mutant => {
                let owned = state == current::id();
                let held = self.word.depth().load(Ordering::Relaxed).max(u32::from(state & !ABANDONED != 0));
                (1_i32.wrapping_sub(held as i32), owned.into(), state & ABANDONED)
            }
            _ => (self.part.as_ref().and_then(|part| part.count()).unwrap_or(state) as i32, 0, 0),
        })
    }
}

/// Takes the first object that can be taken for the calling thread; answers the wait's status.
pub fn take_one(objects: &[Arc<Object>]) -> Option<NTSTATUS> {
    let me = current::id();
    objects.iter().enumerate().find_map(|(index, object)| match object.try_take(me) {
        Taken::Yes => Some(STATUS_WAIT_0 + index as NTSTATUS),
        Taken::Abandoned => Some(STATUS_ABANDONED_WAIT_0 + index as NTSTATUS),
        Taken::No => None,
    })
}
