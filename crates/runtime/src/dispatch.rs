//! The dispatcher: who waits for which objects, and who gets one that is signalled. One lock, which nobody takes as long
//! as nobody waits. A signalled object goes to its first waiter that can have it, before any thread that comes later.

use crate::bell::{Bell, Ended};
use crate::object::{Body, Object, Waiter, take_one};
use crate::{current, shared};
use gate::cell::{ABANDONED, GENERATION, LOCKED, STATE, WAITERS};
use gate::service::SignalKind;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ABANDONED_WAIT_0, STATUS_INVALID_PARAMETER, STATUS_MUTANT_NOT_OWNED, STATUS_OBJECT_TYPE_MISMATCH,
    STATUS_SEMAPHORE_LIMIT_EXCEEDED, STATUS_WAIT_0,
};

/// The dispatcher's lock, and whom to wake once it is given back.
pub struct Dispatcher {
    lock: Option<MutexGuard<'static, ()>>,
    woken: Vec<Arc<Waiter>>,
}

impl Dispatcher {
    /// Takes the lock.
    pub fn lock() -> Self {
        static LOCK: Mutex<()> = Mutex::new(());
        Self { lock: Some(LOCK.lock().unwrap_or_else(PoisonError::into_inner)), woken: Vec::new() }
    }

    /// Changes an object's state, and serves its waiters; answers the state before.
    pub fn signal(&mut self, object: &Object, change: impl FnOnce(u32) -> Result<u32, NTSTATUS>, pulse: bool) -> Result<u32, NTSTATUS> {
        let before = lock_word(object);
        let state = match change(before) {
            Ok(state) => self.serve(object, state),
            Err(status) => {
                unlock_word(object, before);
                return Err(status);
            }
        };
        unlock_word(object, if pulse { 0 } else { state });
        Ok(before)
    }

    /// Gives an object to its waiters as long as it lasts; its word is locked. Answers the state that is left.
    fn serve(&mut self, object: &Object, mut state: u32) -> u32 {
        let mut index = 0;
        loop {
            let Some((waiter, place)) = object.waiters().get(index).cloned() else { return state };
            if waiter.bell.ended() != Ended::No {
                // The broker was first.
                leave(&waiter);
                continue;
            }
            let Some(next) = object.after(state, waiter.thread) else { return state };
            let mut left = state;
            let status = if waiter.all {
                let mut free = false;
                let taken = take_all(&waiter.objects, waiter.thread, Some((object, &mut left)), || {
                    free = true;
                    !waiter.looks
                });
                if free && waiter.looks { Some(LOOK_AGAIN) } else { taken }
            } else {
                let first = if object.tells_of_abandonment(state) { STATUS_ABANDONED_WAIT_0 } else { STATUS_WAIT_0 };
                left = next;
                Some(first + place as NTSTATUS)
            };
            match status {
                Some(status) => {
                    if self.end(waiter, status) {
                        state = left;
                    }
                }
                None => index += 1,
            }
        }
    }

    /// Ends a thread's wait, if it is not over yet. Whether it ended for that.
    pub fn end(&mut self, waiter: Arc<Waiter>, status: NTSTATUS) -> bool {
        let ended = waiter.end(status);
        if ended {
            leave(&waiter);
            self.woken.push(waiter);
        }
        ended
    }

    /// Enters the calling thread as a waiter, or answers what it could take at once.
    pub fn enter(&mut self, objects: Vec<Arc<Object>>, all: bool) -> Result<Arc<Waiter>, NTSTATUS> {
        let thread = current::id();
        if all && let Some(status) = self.take_all(&objects, || true) {
            return Err(status);
        }
        let status = AtomicI32::new(0);
        let waiter = Arc::new(Waiter { bell: Bell::own(), status, thread, all, looks: false, objects });
        self.list(&waiter, 0..);
        // What was signalled before the list was seen has to be looked for again.
        let late = if all { self.take_all(&waiter.objects, || true) } else { take_one(&waiter.objects) };
        match late {
            Some(status) => {
                leave(&waiter);
                Err(status)
            }
            None => Ok(waiter),
        }
    }

    /// Enters a waiter in the lists of its objects, which have these places in its wait. What was signalled before is for the
    /// caller to look for.
    pub fn list(&mut self, waiter: &Arc<Waiter>, places: impl IntoIterator<Item = usize>) {
        for (place, object) in places.into_iter().zip(&waiter.objects) {
            object.waiters().push((Arc::clone(waiter), place));
            object.word().fetch_or(WAITERS, Ordering::AcqRel);
        }
    }

    /// Takes all objects for the calling thread, or none. Where all of them could be taken, `also` has the last word.
    pub fn take_all(&mut self, objects: &[Arc<Object>], also: impl FnOnce() -> bool) -> Option<NTSTATUS> {
        take_all(objects, current::id(), None, also).inspect(|_| objects.iter().for_each(|object| object.note_taken()))
    }
}

/// What ends the wait of a thread that only looks; no status of Windows.
pub const LOOK_AGAIN: NTSTATUS = NTSTATUS::MAX;

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.lock = None;
        for waiter in &self.woken {
            waiter.bell.ring();
        }
    }
}

/// Takes a waiter out of every list.
pub fn leave(waiter: &Arc<Waiter>) {
    for object in &waiter.objects {
        let mut waiters = object.waiters();
        waiters.retain(|(other, _)| !Arc::ptr_eq(other, waiter));
        if waiters.is_empty() {
            object.word().fetch_and(!WAITERS, Ordering::AcqRel);
        }
    }
}

/// Keeps everybody but the dispatcher from an object's word; answers its state.
fn lock_word(object: &Object) -> u32 {
    object.word().fetch_or(LOCKED, Ordering::AcqRel) as u32
}

/// Sets an object's state and gives its word back.
fn unlock_word(object: &Object, state: u32) {
    let waiters = if object.waiters().is_empty() { 0 } else { WAITERS };
    // Nobody else changes a locked word but for its bits.
    let generation = object.word().load(Ordering::Relaxed) & GENERATION;
    object.word().store(generation | u64::from(state) | waiters, Ordering::Release);
}

/// Takes all objects for a thread, or none. One of them may be locked already, and has its state apart. Where all of them could be
/// taken, `also` has the last word.
fn take_all(objects: &[Arc<Object>], thread: u32, mut own: Option<(&Object, &mut u32)>, also: impl FnOnce() -> bool) -> Option<NTSTATUS> {
    let mut states = Vec::with_capacity(objects.len());
    let is_own =
        |object: &Arc<Object>, own: &Option<(&Object, &mut u32)>| own.as_ref().is_some_and(|(other, _)| std::ptr::eq(*other, &raw const **object));
    for object in objects {
        let state = match &own {
            Some((_, state)) if is_own(object, &own) => **state,
            _ => lock_word(object),
        };
        states.push(state);
    }
    let nexts: Option<Vec<u32>> = objects.iter().zip(&states).map(|(object, state)| object.after(*state, thread)).collect();
    let nexts = nexts.filter(|_| also());
    let abandoned = objects.iter().zip(&states).position(|(object, state)| object.tells_of_abandonment(*state));
    for (index, object) in objects.iter().enumerate() {
        let state = nexts.as_ref().map_or(states[index], |nexts| nexts[index]);
        if is_own(object, &own) {
            if let Some((_, own)) = &mut own {
                **own = state;
            }
        } else {
            unlock_word(object, state);
        }
    }
    nexts.map(|_| abandoned.map_or(STATUS_WAIT_0, |index| STATUS_ABANDONED_WAIT_0 + index as NTSTATUS))
}

/// Changes an object's state, and serves its waiters; answers the state before. With `pulse`, the object is signalled for
/// those who wait now alone.
pub fn signal(object: &Object, change: impl Fn(u32) -> Result<u32, NTSTATUS>, pulse: bool) -> Result<u32, NTSTATUS> {
    loop {
        let now = object.unlocked();
        if now & WAITERS != 0 {
            return Dispatcher::lock().signal(object, change, pulse);
        }
        let next = if pulse { 0 } else { change(now as u32)? };
        if object.word().compare_exchange(now, now & !STATE | u64::from(next), Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return Ok(now as u32);
        }
    }
}

/// Wakes an object's waiters, to look again at how long they sleep.
pub fn wake_waiters(object: &Object) {
    let _dispatcher = Dispatcher::lock();
    for (waiter, _) in object.waiters().iter() {
        waiter.bell.ring();
    }
}

impl Object {
    /// Sets an event; answers its state before.
    pub fn set(&self) -> Result<u32, NTSTATUS> {
        self.change_event(SignalKind::Set)
    }

    /// Resets an event; answers its state before.
    pub fn reset(&self) -> Result<u32, NTSTATUS> {
        self.change_event(SignalKind::Reset)
    }

    /// Wakes an event's waiters, and leaves it reset; answers its state before.
    pub fn pulse(&self) -> Result<u32, NTSTATUS> {
        self.change_event(SignalKind::Pulse)
    }

    fn change_event(&self, how: SignalKind) -> Result<u32, NTSTATUS> {
        let Body::Event { .. } = self.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if let Some(number) = self.shared() {
            return shared::signal(number, how, 1);
        }
        signal(self, |_| Ok(u32::from(how != SignalKind::Reset)), how == SignalKind::Pulse)
    }

    /// Releases a semaphore by `count`, or a mutant once; answers the state before.
    pub fn release(&self, count: u32) -> Result<u32, NTSTATUS> {
        if let (Some(number), Body::Semaphore { .. } | Body::Mutant) = (self.shared(), &self.body) {
            return shared::signal(number, SignalKind::Release, count);
        }
        match &self.body {
            Body::Semaphore { .. } if count == 0 => Err(STATUS_INVALID_PARAMETER),
            Body::Semaphore { limit } => {
                let raise = |state: u32| state.checked_add(count).filter(|sum| sum <= limit).ok_or(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
                signal(self, raise, false)
            }
            Body::Mutant => {
                if self.unlocked() as u32 != current::id() {
                    return Err(STATUS_MUTANT_NOT_OWNED);
                }
                let held = self.note_released();
                if held == 1 {
                    signal(self, |_| Ok(0), false)?;
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
            self.note_abandoned();
            let _ = signal(self, |_| Ok(ABANDONED), false);
        }
    }

    /// Marks a thread as ended.
    pub fn finish(&self) {
        let _ = signal(self, |_| Ok(1), false);
    }
}
