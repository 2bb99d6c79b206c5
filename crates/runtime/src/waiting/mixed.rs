//! Waits for objects some of which the broker keeps. The thread sleeps on the alarm of its channel, which the broker and this
//! process's dispatcher both may settle, and only one of them does: so a thread is given one object, and no other is taken.
//!
//! A wait for all of them takes those of this process and the shared ones in one step, while the dispatcher holds this process's.
//! Until then it waits for the half that is not there, and looks again: what is there already would not let it sleep.

use super::sleep_on;
use crate::bell::{Bell, Ended};
use crate::dispatch::{Dispatcher, LOOK_AGAIN, leave};
use crate::object::{Object, Taken, Waiter};
use crate::shared::{self, How};
use crate::time::Deadline;
use crate::{broker, current, thread, timer};
use channel::code;
use gate::service::SignalKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ABANDONED_WAIT_0, STATUS_TIMEOUT, STATUS_WAIT_0};

/// The objects of a wait, each with its place in it.
struct Objects<'a> {
    all: &'a [Arc<Object>],
    /// Those of this process.
    own: Vec<Arc<Object>>,
    own_places: Vec<usize>,
    /// Those that the broker keeps.
    shared: Vec<u32>,
    shared_places: Vec<usize>,
}

/// What became of a round.
type Round = Result<NTSTATUS, Again>;

/// Something has changed meanwhile.
struct Again;

/// Waits for one or all of some objects, after it has signalled a shared one, if one is named.
pub fn wait(all_objects: &[Arc<Object>], all: bool, alertable: bool, deadline: Deadline, mut signalled: Option<(u32, SignalKind)>) -> NTSTATUS {
    let objects = Objects::of(all_objects);
    let thread = thread::current();
    loop {
        let timers = if alertable { thread.calls().timers() } else { Vec::new() };
        timer::look(&timers);
        timer::look(&objects.own);
        let wait = Wait { objects: &objects, alertable, deadline, timers: &timers };
        let round = if all { wait.for_all(signalled.take()) } else { wait.for_one(signalled.take()) };
        if let Ok(status) = round {
            return status;
        }
    }
}

impl<'a> Objects<'a> {
    fn of(all: &'a [Arc<Object>]) -> Self {
        let mut objects = Self { all, own: Vec::new(), own_places: Vec::new(), shared: Vec::new(), shared_places: Vec::new() };
        for (place, object) in all.iter().enumerate() {
            if let Some(number) = object.shared() {
                objects.shared.push(number);
                objects.shared_places.push(place);
            } else {
                objects.own.push(Arc::clone(object));
                objects.own_places.push(place);
            }
        }
        objects
    }

    /// What the wait answers to what the broker gave, one object or all shared ones; nothing for other codes.
    fn given(&self, told: u8, all: bool) -> Option<NTSTATUS> {
        let (index, first) = match told {
            1..code::GIVEN_END => (told - 1, STATUS_WAIT_0),
            code::GIVEN_END..=0x80 => (told - code::GIVEN_END, STATUS_ABANDONED_WAIT_0),
            _ => return None,
        };
        let place = *self.shared_places.get(usize::from(index))?;
        let noted = if all { self.shared_places.as_slice() } else { std::slice::from_ref(&place) };
        noted.iter().for_each(|place| self.all[*place].note_taken());
        Some(if all && first == STATUS_WAIT_0 { STATUS_WAIT_0 } else { first + place as NTSTATUS })
    }

    /// Takes the first object of this process that can be taken.
    fn take_own(&self) -> Option<NTSTATUS> {
        self.own.iter().zip(&self.own_places).find_map(|(object, place)| match object.try_take(current::id()) {
            Taken::Yes => Some(STATUS_WAIT_0 + *place as NTSTATUS),
            Taken::Abandoned => Some(STATUS_ABANDONED_WAIT_0 + *place as NTSTATUS),
            Taken::No => None,
        })
    }

    /// The place of the first object of this process that could be taken now.
    fn first_free(&self) -> Option<usize> {
        let free = |object: &Arc<Object>| object.after(object.unlocked() as u32, current::id()).is_some();
        self.own.iter().zip(&self.own_places).find(|(object, _)| free(object)).map(|(_, place)| *place)
    }
}

/// One wait.
struct Wait<'a> {
    objects: &'a Objects<'a>,
    alertable: bool,
    deadline: Deadline,
    timers: &'a [Arc<Object>],
}

impl Wait<'_> {
    /// Nothing but a look is wanted.
    const fn is_look(&self) -> bool {
        matches!(self.deadline, Deadline::Now) && !self.alertable
    }

    /// What a thread sleeps on that waits for some objects of this process.
    fn waiter(all: bool, objects: Vec<Arc<Object>>) -> Result<(Arc<Waiter>, u32), NTSTATUS> {
        let alarm = broker::alarm()?;
        let sleep = alarm.arm();
        let (bell, status) = (Bell::Alarm(alarm, sleep), AtomicI32::new(0));
        Ok((Arc::new(Waiter { bell, status, thread: current::id(), all, looks: all, objects }), sleep))
    }

    /// Sleeps until somebody has ended the waiter's sleep, which the thread has begun under the dispatcher's lock.
    fn sleep(&self, waiter: &Arc<Waiter>, all: bool) -> Round {
        sleep_on(waiter, self.timers, self.deadline);
        thread::current().calls().end_wait();
        {
            let _dispatcher = Dispatcher::lock();
            leave(waiter);
        }
        match waiter.bell.ended() {
            Ended::There(told) => self.objects.given(told, all).ok_or(Again),
            Ended::Here | Ended::No => match waiter.status.load(Ordering::Relaxed) {
                LOOK_AGAIN => Err(Again),
                status => {
                    self.note_own(status);
                    Ok(status)
                }
            },
        }
    }

    /// Notes an object of this process that the dispatcher gave.
    fn note_own(&self, status: NTSTATUS) {
        let place = (status & 0x3F) as usize;
        let given =
            (STATUS_WAIT_0..STATUS_WAIT_0 + 64).contains(&status) || (STATUS_ABANDONED_WAIT_0..STATUS_ABANDONED_WAIT_0 + 64).contains(&status);
        if given && let Some(object) = self.objects.all.get(place) {
            object.note_taken();
        }
    }

    fn for_one(&self, mut signalled: Option<(u32, SignalKind)>) -> Round {
        let objects = self.objects;
        if let Some(first) = objects.first_free() {
            // The first of those that are there is the answer: shared ones that come before are asked for.
            let before = objects.shared_places.iter().take_while(|place| **place < first).count();
            if before > 0 {
                let told = shared::wait(&objects.shared[..before], How { signalled: signalled.take(), ..How::default() });
                if let Some(status) = told.map_or_else(Some, |told| objects.given(told, false)) {
                    return Ok(status);
                }
            }
            if let Some(status) = objects.take_own() {
                return Ok(status);
            }
        }
        if self.is_look() {
            let told = shared::wait(&objects.shared, How { signalled, ..How::default() });
            return Ok(told.map_or_else(|status| status, |told| objects.given(told, false).unwrap_or(STATUS_TIMEOUT)));
        }
        let (waiter, sleep) = match Self::waiter(false, objects.own.clone()) {
            Ok(waiter) => waiter,
            Err(status) => return Ok(status),
        };
        let mut dispatcher = Dispatcher::lock();
        dispatcher.list(&waiter, objects.own_places.iter().copied());
        let late = objects.take_own().or_else(|| thread::current().calls().begin_wait(&waiter, self.alertable).err());
        if let Some(status) = late {
            waiter.bell.end();
            leave(&waiter);
            drop(dispatcher);
            // What is to be signalled is, though the wait ends before it begins.
            let signalled = signalled.map_or(Ok(0), |(number, how)| shared::signal(number, how, 1));
            return Ok(signalled.err().unwrap_or(status));
        }
        drop(dispatcher);
        if let Err(status) = shared::wait(&objects.shared, How { sleep: Some(sleep), signalled, ..How::default() }) {
            let mut dispatcher = Dispatcher::lock();
            // What an object of this process gave meanwhile is not lost for that.
            dispatcher.end(Arc::clone(&waiter), status);
        }
        self.sleep(&waiter, false)
    }

    fn for_all(&self, signalled: Option<(u32, SignalKind)>) -> Round {
        let objects = self.objects;
        let (waiter, sleep) = match Self::waiter(true, objects.own.clone()) {
            Ok(waiter) => waiter,
            Err(status) => return Ok(status),
        };
        let how = How { sleep: (!self.is_look()).then_some(sleep), all: true, looks: !objects.own.is_empty(), signalled };
        let mut dispatcher = Dispatcher::lock();
        // Under the lock: only the shared ones are then missing, and the broker tells when they are there.
        let mut told = None;
        let own = dispatcher.take_all(&objects.own, || matches!(told.insert(shared::wait(&objects.shared, how)), Ok(told) if Self::is_given(*told)));
        match (own, told) {
            (_, Some(Err(status))) => return Ok(status),
            (Some(own), Some(Ok(told))) => {
                let shared = objects.given(told, true).unwrap_or(STATUS_WAIT_0);
                return Ok(self.all_status(own, shared));
            }
            (None, None) => {
                // Those of this process are missing.
                dispatcher.list(&waiter, 0..);
                let mut free = false;
                dispatcher.take_all(&objects.own, || {
                    free = true;
                    false
                });
                if free {
                    waiter.bell.end();
                    leave(&waiter);
                    return Err(Again);
                }
            }
            _ => {}
        }
        if self.is_look() {
            waiter.bell.end();
            leave(&waiter);
            return Ok(STATUS_TIMEOUT);
        }
        if let Err(status) = thread::current().calls().begin_wait(&waiter, self.alertable) {
            if waiter.bell.end() {
                leave(&waiter);
                return Ok(status);
            }
            // The broker was first.
            thread::current().calls().end_wait();
        }
        drop(dispatcher);
        self.sleep(&waiter, true)
    }

    const fn is_given(told: u8) -> bool {
        matches!(told, 1..=0x80)
    }

    /// What a wait for all answers: the first of those whose owner had ended is named.
    fn all_status(&self, own: NTSTATUS, shared: NTSTATUS) -> NTSTATUS {
        let own = match own {
            STATUS_WAIT_0 => None,
            abandoned => {
                self.objects.own_places.get((abandoned - STATUS_ABANDONED_WAIT_0) as usize).map(|place| STATUS_ABANDONED_WAIT_0 + *place as NTSTATUS)
            }
        };
        match (own, shared) {
            (None, shared) => shared,
            (Some(own), STATUS_WAIT_0) => own,
            (Some(own), shared) => own.min(shared),
        }
    }
}
