//! Local objects: events, mutants, semaphores and threads that no other process knows. Their state is one word each,
//! which is changed without a lock as long as nobody waits.

use crate::dispatch::{self, Entry};
use crate::name::Name;
use crate::thread;
use crate::words::Word;
use gate::cell::{self, ABANDONED, LOCKED};
use gate::service::ObjectKind;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_MUTANT_NOT_OWNED, STATUS_OBJECT_TYPE_MISMATCH, STATUS_SEMAPHORE_LIMIT_EXCEEDED,
};

/// An object and its state word.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub body: Body,
    word: Word,
    /// Who waits for it, in order; the dispatcher's.
    waiters: Mutex<Vec<Entry>>,
    /// How many handles it has.
    handles: AtomicU32,
    name: OnceLock<Name>,
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
        due: crate::timer::Due,
    },
    /// The state is the owner's thread number, or 0, with [`ABANDONED`].
    Mutant,
    /// The state is the count.
    Semaphore {
        /// The highest count.
        limit: u32,
    },
    /// The state is 1 once it has ended.
    Thread(Arc<thread::Thread>),
    /// This process; it never ends while anybody looks.
    Process,
    /// A section.
    Section(Arc<crate::section::Section>),
    /// The process's access token.
    Token,
    /// A completion port; the state is 1 while it has packets.
    Completion(crate::io::Port),
    /// A keyed event.
    Keyed(crate::keyed::Keyed),
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
        let limit = if let Body::Semaphore { limit } = body { limit } else { 0 };
        let word = Word::new(state, limit)?;
        Some(Arc::new(Self { body, word, waiters: Mutex::default(), handles: AtomicU32::new(0), name: OnceLock::new() }))
    }

    /// A mutant, owned by the calling thread or by nobody.
    pub fn mutant(owned: bool) -> Option<Arc<Self>> {
        let mutant = Self::new(Body::Mutant, if owned { thread::id() } else { 0 })?;
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

    /// Its name, UTF-16 as bytes.
    pub fn name(&self) -> Option<&[u8]> {
        self.name.get().map(Name::text)
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

    /// Counts one handle less; its name goes with the last one.
    pub fn let_go(&self) {
        if self.handles.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        if let Some(name) = self.name.get() {
            name.forget();
        }
        if let Body::Completion(port) = &self.body {
            port.close();
        }
    }

    /// The kind's number.
    pub fn kind(&self) -> ObjectKind {
        match self.body {
            Body::Event { .. } => ObjectKind::Event,
            Body::Mutant => ObjectKind::Mutant,
            Body::Semaphore { .. } => ObjectKind::Semaphore,
            Body::Thread(_) => ObjectKind::Thread,
            Body::Process => ObjectKind::Process,
            Body::Section(_) => ObjectKind::Section,
            Body::Token => ObjectKind::Token,
            Body::Timer { .. } => ObjectKind::Timer,
            Body::Completion(_) => ObjectKind::Completion,
            Body::Keyed(_) => ObjectKind::KeyedEvent,
        }
    }

    /// Whether it can be waited for.
    pub fn is_waitable(&self) -> bool {
        !matches!(self.body, Body::Section(_) | Body::Token | Body::Keyed(_))
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
            Body::Event { manual: true } | Body::Timer { manual: true, .. } | Body::Thread(_) | Body::Process | Body::Completion(_) => {
                (state != 0).then_some(state)
            }
            Body::Event { manual: false } | Body::Timer { manual: false, .. } | Body::Semaphore { .. } => state.checked_sub(1),
            Body::Mutant => (state & !ABANDONED == 0 || state == thread).then_some(thread),
            Body::Section(_) | Body::Token | Body::Keyed(_) => None,
        }
    }

    /// Whether taking it in this state tells of an owner that had ended.
    pub fn tells_of_abandonment(&self, state: u32) -> bool {
        matches!(self.body, Body::Mutant) && state & ABANDONED != 0
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
    pub fn try_take(self: &Arc<Self>, thread: u32) -> Taken {
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

    /// Notes that the calling thread has taken the object.
    pub fn note_taken(self: &Arc<Self>) {
        if let Body::Mutant = &self.body
            && self.word.depth().fetch_add(1, Ordering::Relaxed) == 0
        {
            thread::current().count_owned(1);
        }
    }

    /// What the map of handles says of a handle with that access; 0 where `ntdll` does nothing by itself.
    pub fn entry(&self, access: u32) -> u64 {
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

    /// Sets an event; answers its state before.
    pub fn set(&self) -> Result<u32, NTSTATUS> {
        self.change_event(|_| 1, false)
    }

    /// Resets an event; answers its state before.
    pub fn reset(&self) -> Result<u32, NTSTATUS> {
        self.change_event(|_| 0, false)
    }

    /// Wakes an event's waiters, and leaves it reset; answers its state before.
    pub fn pulse(&self) -> Result<u32, NTSTATUS> {
        self.change_event(|_| 1, true)
    }

    fn change_event(&self, change: impl Fn(u32) -> u32, pulse: bool) -> Result<u32, NTSTATUS> {
        let Body::Event { .. } = self.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        dispatch::signal(self, |state| Ok(change(state)), pulse)
    }

    /// Releases a semaphore by `count`, or a mutant once; answers the state before.
    pub fn release(&self, count: u32) -> Result<u32, NTSTATUS> {
        match &self.body {
            Body::Semaphore { .. } if count == 0 => Err(STATUS_INVALID_PARAMETER),
            Body::Semaphore { limit } => {
                let raise = |state: u32| state.checked_add(count).filter(|sum| sum <= limit).ok_or(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
                dispatch::signal(self, raise, false)
            }
            Body::Mutant => {
                let depth = self.word.depth();
                if self.unlocked() as u32 != thread::id() {
                    return Err(STATUS_MUTANT_NOT_OWNED);
                }
                let held = depth.fetch_sub(1, Ordering::Relaxed);
                if held == 1 {
                    thread::current().count_owned(-1);
                    dispatch::signal(self, |_| Ok(0), false)?;
                }
                // The count that the kernel keeps: 1 while free, 0 and below while owned.
                Ok(1_u32.wrapping_sub(held))
            }
            _ => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }

    /// Lets go of a mutant whose owner has ended.
    pub fn abandon(&self) {
        if let Body::Mutant = &self.body {
            self.word.depth().store(0, Ordering::Relaxed);
            let _ = dispatch::signal(self, |_| Ok(ABANDONED), false);
        }
    }

    /// Marks a thread as ended.
    pub fn finish(&self) {
        let _ = dispatch::signal(self, |_| Ok(1), false);
    }

    /// An object's state as NtQueryEvent and the like tell it: state, limit, abandoned.
    pub fn state(&self) -> (i32, u32, u32) {
        let state = self.unlocked() as u32;
        match &self.body {
            Body::Event { manual } => (state as i32, (*manual).into(), 0),
            Body::Semaphore { limit } => (state as i32, *limit, 0),
            Body::Mutant => {
                let owned = state == thread::id();
                let held = self.word.depth().load(Ordering::Relaxed).max(u32::from(state & !ABANDONED != 0));
                (1_i32.wrapping_sub(held as i32), owned.into(), state & ABANDONED)
            }
            Body::Completion(port) => (port.depth() as i32, 0, 0),
            _ => (state as i32, 0, 0),
        }
    }
}
