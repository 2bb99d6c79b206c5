//! Waitable timers. No thread runs for them: who waits for one wakes up when it is due, and signals it; a thread that is
//! to run a routine then wakes up from its alertable waits.

mod service;

use crate::object::{Object, Part};
use crate::thread::Thread;
use crate::thread::call::Call;
use crate::time::{self, Deadline, monotonic};
use crate::{dispatch, shared};
use gate::state::next_beat;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use windows_sys::Win32::Foundation::NTSTATUS;

/// When a timer is signalled.
#[derive(Debug, Default)]
pub struct Due(Mutex<Setting>);

#[derive(Debug, Default)]
struct Setting {
    /// A time of the monotonic clock, in nanoseconds.
    at: Option<i128>,
    /// Nanoseconds until the next time, or 0.
    period: i128,
    /// Who runs what then.
    routine: Option<Routine>,
    /// A shared timer: the broker's number for this setting, which another process may have replaced.
    shared: u32,
}

/// A routine that a thread runs when a timer is due.
#[derive(Debug)]
struct Routine {
    thread: Weak<Thread>,
    address: u64,
    argument: u64,
}

impl Routine {
    /// Queues it, with the time as its last two arguments, unless it is queued already.
    fn queue(&self, timer: &Arc<Object>) {
        let now = time::since_1601() as u64;
        if let Some(thread) = self.thread.upgrade() {
            let call = Call { routine: self.address, arguments: [self.argument, now & 0xFFFF_FFFF, now >> 32], timer: Some(Arc::downgrade(timer)) };
            // A thread that has ended runs nothing.
            let _ = thread.queue_call(call);
        }
    }
}

impl Setting {
    /// Whether it is due by `now`; its next time is then set.
    fn pass(&mut self, now: i128) -> bool {
        let Some(at) = self.at.filter(|at| *at <= now) else { return false };
        self.at = (self.period > 0).then(|| next_beat(at, self.period, now));
        true
    }
}

impl Part for Due {}

impl Due {
    fn get(&self) -> MutexGuard<'_, Setting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signals those timers among some objects that are due.
pub fn look(objects: &[Arc<Object>]) {
    for object in objects {
        if let Some(due) = object.part::<Due>() {
            let mut setting = due.get();
            if setting.at.is_some() && setting.pass(monotonic()) {
                // The setting stays locked, so that nobody stops the timer between its time and its signal.
                match object.shared() {
                    None => drop(dispatch::signal(object, |_| Ok::<u32, NTSTATUS>(1), false)),
                    // The broker signals it; only the routine is this process's, as long as nobody else has set the timer.
                    Some(number) if shared::query(number).is_ok_and(|state| state.setting == setting.shared) => {}
                    Some(_) => *setting = Setting::default(),
                }
                if let Some(routine) = &setting.routine {
                    routine.queue(object);
                }
            }
        }
    }
}

/// The earlier of a deadline and the next time of a timer among some objects.
pub fn next(objects: &[Arc<Object>], deadline: Deadline) -> Deadline {
    let dues = objects.iter().filter_map(|object| object.part::<Due>()?.get().at);
    match (dues.min(), deadline) {
        (Some(due), Deadline::At(at)) => Deadline::At(due.min(at)),
        (Some(due), Deadline::Never) => Deadline::At(due),
        _ => deadline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_keeps_its_beat_and_missed_times_are_one() {
        let mut setting = Setting { at: Some(100), period: 30, ..Setting::default() };
        assert!(!setting.pass(99));
        assert!(setting.pass(165));
        assert_eq!(setting.at, Some(190));
        let mut once = Setting { at: Some(100), ..Setting::default() };
        assert!(once.pass(100));
        assert_eq!(once.at, None);
        assert!(!once.pass(200));
    }
}
