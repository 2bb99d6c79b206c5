//! Asynchronous procedure calls: what is queued for a thread to run in its alertable waits. Whoever completes something
//! for a thread queues a [`Call`]; `ntdll` takes one after the other when a wait ends with `STATUS_USER_APC`.

use crate::dispatch::Dispatcher;
use crate::object::{Object, Waiter};
use crate::serve::Answer;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use windows_sys::Win32::Foundation::{STATUS_ALERTED, STATUS_THREAD_IS_TERMINATING, STATUS_UNSUCCESSFUL, STATUS_USER_APC};

/// One call.
#[derive(Debug)]
pub struct Call {
    /// The guest's routine.
    pub routine: u64,
    /// Its arguments.
    pub arguments: [u64; 3],
    /// The timer that queued it, which has one call queued at most.
    pub timer: Option<Weak<Object>>,
}

/// A thread's calls, and what it waits for meanwhile. Changes that may end a wait are made under the dispatcher's lock.
#[derive(Debug, Default)]
pub struct Calls {
    queued: VecDeque<Call>,
    /// The wait that is under way, and whether calls end it.
    waiting: Option<(Arc<Waiter>, bool)>,
    /// The timers that queue calls here.
    timers: Vec<Weak<Object>>,
    /// The thread is to end, and waits no more.
    over: bool,
    /// It was alerted outside of an alertable wait.
    alerted: bool,
}

fn is_of(timer: Option<&Weak<Object>>, object: &Arc<Object>) -> bool {
    timer.is_some_and(|timer| std::ptr::eq(timer.as_ptr(), Arc::as_ptr(object)))
}

impl Calls {
    /// Notes the wait that the thread begins, under the dispatcher's lock; fails where a call is queued already, and
    /// where the thread is to end.
    pub fn begin_wait(&mut self, waiter: &Arc<Waiter>, alertable: bool) -> Answer {
        if self.over {
            return Err(STATUS_THREAD_IS_TERMINATING);
        }
        if alertable && self.take_alert() {
            return Err(STATUS_ALERTED);
        }
        if alertable && !self.queued.is_empty() {
            return Err(STATUS_USER_APC);
        }
        self.waiting = Some((Arc::clone(waiter), alertable));
        Ok(())
    }

    /// The wait is over.
    pub fn end_wait(&mut self) {
        self.waiting = None;
    }

    /// The timers that queue calls here.
    pub fn timers(&mut self) -> Vec<Arc<Object>> {
        let timers: Vec<_> = self.timers.iter().filter_map(Weak::upgrade).collect();
        self.timers.retain(|timer| timer.strong_count() > 0);
        timers
    }

    /// Enters a timer that queues calls here.
    pub fn note_timer(&mut self, timer: &Arc<Object>) {
        self.timers.push(Arc::downgrade(timer));
    }

    /// Takes a timer out again, with the call that it may have queued.
    pub fn forget_timer(&mut self, timer: &Arc<Object>) {
        self.timers.retain(|other| !is_of(Some(other), timer));
        self.queued.retain(|call| !is_of(call.timer.as_ref(), timer));
    }

    /// Queues a call, which ends an alertable wait.
    pub fn queue(&mut self, call: Call, dispatcher: &mut Dispatcher) -> Answer {
        if self.over {
            return Err(STATUS_UNSUCCESSFUL);
        }
        if call.timer.as_ref().is_some_and(|timer| self.holds_call_of(timer)) {
            return Ok(());
        }
        self.queued.push_back(call);
        if let Some((waiter, true)) = &self.waiting {
            dispatcher.end(Arc::clone(waiter), STATUS_USER_APC);
        }
        Ok(())
    }

    /// Ends an alertable wait, the one that is under way or the next.
    pub fn alert(&mut self, dispatcher: &mut Dispatcher) {
        let ended = match &self.waiting {
            Some((waiter, true)) => dispatcher.end(Arc::clone(waiter), STATUS_ALERTED),
            _ => false,
        };
        self.alerted |= !ended;
    }

    /// Takes an alert back; whether there was one.
    pub fn take_alert(&mut self) -> bool {
        std::mem::take(&mut self.alerted)
    }

    /// Takes the next call.
    pub fn take(&mut self) -> Option<Call> {
        self.queued.pop_front()
    }

    /// Ends the wait that is under way, and lets no other begin.
    pub fn end(&mut self, dispatcher: &mut Dispatcher) {
        self.over = true;
        self.queued.clear();
        if let Some((waiter, _)) = self.waiting.take() {
            dispatcher.end(waiter, STATUS_THREAD_IS_TERMINATING);
        }
    }

    fn holds_call_of(&self, timer: &Weak<Object>) -> bool {
        self.queued.iter().any(|call| call.timer.as_ref().is_some_and(|other| other.ptr_eq(timer)))
    }
}
