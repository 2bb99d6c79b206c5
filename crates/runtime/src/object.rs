//! Local objects: events, mutants, semaphores and threads that no other process knows. Their state is one word each,
//! which waiters sleep on.

use crate::words::Word;
use gate::service::ObjectKind;
use rustix::thread::futex::{Flags, wake};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_MUTANT_NOT_OWNED, STATUS_OBJECT_TYPE_MISMATCH, STATUS_SEMAPHORE_LIMIT_EXCEEDED,
};

/// The owner's bit that says the last owner ended without releasing.
const ABANDONED: u32 = 1 << 31;

/// An object and its state word.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub body: Body,
    word: Word,
}

/// What kind of object it is, with what only that kind needs.
#[derive(Debug)]
pub enum Body {
    /// The word is 1 while signalled.
    Event {
        /// It stays signalled until it is reset.
        manual: bool,
    },
    /// The word is the owner's thread number, or 0, with [`ABANDONED`].
    Mutant {
        /// How often its owner holds it; only the owner changes it.
        depth: AtomicU32,
    },
    /// The word is the count.
    Semaphore {
        /// The highest count.
        limit: u32,
    },
    /// The word is 1 once it has ended.
    Thread(Arc<crate::thread::Thread>),
    /// This process; it never ends while anybody looks.
    Process,
    /// A section.
    Section(Arc<crate::section::Section>),
}

/// What became of an attempt to take an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is taken.
    Yes,
    /// It is taken; its owner had ended without releasing it.
    Abandoned,
    /// It is not signalled while its word holds this value.
    NotWhile(u32),
}

impl Object {
    /// A new object in its first state.
    pub fn new(body: Body, state: u32) -> Option<Arc<Self>> {
        let word = Word::new(state)?;
        Some(Arc::new(Self { body, word }))
    }

    /// A mutant, owned by the calling thread (its number) or by nobody (0).
    pub fn mutant(owner: u32) -> Option<Arc<Self>> {
        let mutant = Self::new(Body::Mutant { depth: AtomicU32::new(u32::from(owner != 0)) }, owner)?;
        if owner != 0 {
            owned::add(&mutant);
        }
        Some(mutant)
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
        }
    }

    /// The word that waiters sleep on.
    pub fn word(&self) -> &AtomicU32 {
        self.word.get()
    }

    /// Tries to take the object for the calling thread, whose number is `thread`, as a wait does.
    pub fn try_take(self: &Arc<Self>, thread: u32) -> Taken {
        let word = self.word();
        match &self.body {
            Body::Event { manual: true } | Body::Thread(_) | Body::Process => match word.load(Ordering::Acquire) {
                0 => Taken::NotWhile(0),
                _ => Taken::Yes,
            },
            Body::Event { manual: false } => match word.compare_exchange(1, 0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => Taken::Yes,
                Err(state) => Taken::NotWhile(state),
            },
            Body::Semaphore { .. } => match word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| count.checked_sub(1)) {
                Ok(_) => Taken::Yes,
                Err(count) => Taken::NotWhile(count),
            },
            Body::Mutant { depth } => self.take_mutant(depth, thread),
            Body::Section(_) => Taken::NotWhile(word.load(Ordering::Relaxed)),
        }
    }

    /// Gives back what [`Object::try_take`] took, for a wait that wanted more.
    pub fn untake(self: &Arc<Self>, thread: u32) {
        match &self.body {
            Body::Event { manual: false } => self.set().map_or((), |_| ()),
            Body::Semaphore { .. } => self.release(1, thread).map_or((), |_| ()),
            Body::Mutant { .. } => self.release(1, thread).map_or((), |_| ()),
            _ => {}
        }
    }

    /// Sets an event; answers its state before.
    pub fn set(&self) -> Result<u32, NTSTATUS> {
        let Body::Event { manual } = self.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        let before = self.word().swap(1, Ordering::AcqRel);
        if before == 0 {
            self.wake(if manual { u32::MAX } else { 1 });
        }
        Ok(before)
    }

    /// Resets an event; answers its state before.
    pub fn reset(&self) -> Result<u32, NTSTATUS> {
        let Body::Event { .. } = self.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        Ok(self.word().swap(0, Ordering::AcqRel))
    }

    /// Releases a semaphore by `count`, or a mutant once; answers the state before.
    pub fn release(self: &Arc<Self>, count: u32, thread: u32) -> Result<u32, NTSTATUS> {
        match &self.body {
            Body::Semaphore { .. } if count == 0 => Err(STATUS_INVALID_PARAMETER),
            Body::Semaphore { limit } => {
                let raise = |now: u32| now.checked_add(count).filter(|sum| sum <= limit);
                let before = self.word().fetch_update(Ordering::AcqRel, Ordering::Acquire, raise).map_err(|_| STATUS_SEMAPHORE_LIMIT_EXCEEDED)?;
                self.wake(count);
                Ok(before)
            }
            Body::Mutant { depth } => {
                if self.word().load(Ordering::Acquire) != thread {
                    return Err(STATUS_MUTANT_NOT_OWNED);
                }
                let held = depth.fetch_sub(1, Ordering::Relaxed);
                if held == 1 {
                    owned::remove(self);
                    self.word().store(0, Ordering::Release);
                    self.wake(1);
                }
                Ok(held)
            }
            _ => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }

    fn take_mutant(self: &Arc<Self>, depth: &AtomicU32, thread: u32) -> Taken {
        let word = self.word();
        let owner = word.load(Ordering::Acquire);
        if owner == thread {
            depth.fetch_add(1, Ordering::Relaxed);
            return Taken::Yes;
        }
        if owner & !ABANDONED != 0 {
            return Taken::NotWhile(owner);
        }
        match word.compare_exchange(owner, thread, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                depth.store(1, Ordering::Relaxed);
                owned::add(self);
                if owner & ABANDONED != 0 { Taken::Abandoned } else { Taken::Yes }
            }
            Err(now) => Taken::NotWhile(now),
        }
    }

    fn abandon(&self) {
        if let Body::Mutant { depth } = &self.body {
            depth.store(0, Ordering::Relaxed);
            self.word().store(ABANDONED, Ordering::Release);
            self.wake(1);
        }
    }

    /// Marks a thread as ended.
    pub fn finish(&self) {
        self.word().store(1, Ordering::Release);
        self.wake(u32::MAX);
    }

    fn wake(&self, count: u32) {
        let _ = wake(self.word(), Flags::PRIVATE, count.min(i32::MAX as u32));
    }
}

/// The mutants that the calling thread owns, which it abandons when it ends.
pub mod owned {
    use super::Object;
    use std::cell::RefCell;
    use std::sync::Arc;

    thread_local! {
        static OWNED: RefCell<Vec<Arc<Object>>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn add(mutant: &Arc<Object>) {
        OWNED.with_borrow_mut(|owned| owned.push(Arc::clone(mutant)));
    }

    pub(super) fn remove(mutant: &Arc<Object>) {
        OWNED.with_borrow_mut(|owned| {
            if let Some(index) = owned.iter().rposition(|other| Arc::ptr_eq(other, mutant)) {
                owned.swap_remove(index);
            }
        });
    }

    /// Abandons them all: the thread ends.
    pub fn abandon() {
        OWNED.with_borrow_mut(|owned| owned.drain(..).for_each(|mutant| mutant.abandon()));
    }
}
