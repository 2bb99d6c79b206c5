//! Timers with a name: a thread that is there from the first one on signals them when they are due.

use super::{Dispatcher, Inner, Shared};
use gate::service::ObjectKind;
use gate::state::next_beat;
use protocol::message::ObjectState;
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_TYPE_MISMATCH};

/// The timers that are set.
#[derive(Default)]
pub struct Timers {
    due: HashMap<u32, Due>,
    /// The thread runs.
    served: bool,
    /// The sandbox is over.
    over: bool,
}

/// When a timer is due: nanoseconds of the monotonic clock, and until the next time, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    at: i64,
    period: i64,
}

impl Due {
    /// Its next time after it was due.
    fn next(self, now: i64) -> Option<Self> {
        let beat = |period: i64| i64::try_from(next_beat(self.at.into(), period.into(), now.into())).unwrap_or(i64::MAX);
        (self.period > 0).then(|| Self { at: beat(self.period), ..self })
    }
}

impl Timers {
    /// A timer is gone.
    pub fn forget(&mut self, number: u32) {
        self.due.remove(&number);
    }
}

fn monotonic() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

impl Dispatcher {
    /// Sets a timer to a time of the monotonic clock, in nanoseconds, with a period in milliseconds, or stops it (`None`). Answers
    /// whether it was signalled; set, it is not until its time.
    pub fn set_timer(&self, process: u32, number: u32, at: Option<i64>, period: u32) -> Result<ObjectState, NTSTATUS> {
        let mut inner = self.lock();
        let object = inner.opened(process, number)?;
        if object.kind != ObjectKind::Timer as u32 {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        let waitable = object.waitable().ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
        waitable.setting = waitable.setting.wrapping_add(1);
        let before = ObjectState { state: waitable.state as i32, setting: waitable.setting, ..ObjectState::default() };
        let Some(at) = at else {
            inner.timers.forget(number);
            return Ok(before);
        };
        waitable.settle();
        if !inner.timers.served {
            let shared = Arc::clone(&self.0);
            let started = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || serve(&shared));
            started.map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
            inner.timers.served = true;
        }
        inner.timers.due.insert(number, Due { at, period: i64::from(period) * 1_000_000 });
        // One that is due already is signalled before the call returns.
        inner.fire(monotonic());
        self.0.changed.notify_one();
        Ok(before)
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.lock().timers.over = true;
        self.0.changed.notify_all();
    }
}

/// Signals timers as they fall due, until the sandbox is over.
fn serve(shared: &Shared) {
    let mut inner = shared.lock();
    while !inner.timers.over {
        let now = monotonic();
        inner.fire(now);
        let next = inner.timers.due.values().map(|due| due.at).min();
        // Those who sleep are woken before this thread does.
        drop(inner);
        let guard = shared.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.timers.over || guard.timers.due.values().map(|due| due.at).min() != next {
            drop(guard);
        } else if let Some(next) = next {
            let left = Duration::from_nanos(u64::try_from(next.saturating_sub(monotonic())).unwrap_or(0));
            drop(shared.changed.wait_timeout(guard, left));
        } else {
            drop(shared.changed.wait(guard));
        }
        inner = shared.lock();
    }
}

impl Inner {
    fn fire(&mut self, now: i64) {
        let due: Vec<(u32, Due)> = self.timers.due.iter().filter(|(_, due)| due.at <= now).map(|(number, due)| (*number, *due)).collect();
        for (number, due) in due {
            match due.next(now) {
                Some(next) => self.timers.due.insert(number, next),
                None => self.timers.due.remove(&number),
            };
            if let Some(waitable) = self.objects.get_mut(&number).and_then(super::Object::waitable) {
                waitable.state = 1;
                self.serve(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_keeps_its_beat_and_missed_times_are_one() {
        let due = Due { at: 100, period: 30 };
        assert_eq!(due.next(165), Some(Due { at: 190, period: 30 }));
        assert_eq!(due.next(100), Some(Due { at: 130, period: 30 }));
        assert_eq!(Due { at: 100, period: 0 }.next(100), None);
        assert_eq!(Due { at: i64::MIN, period: 1 }.next(i64::MAX / 2).map(|due| due.period), Some(1));
    }
}
