//! A thread's wait, from its beginning to its end: for objects, or for time alone.

mod mixed;

use crate::bell::{self, Ended};
use crate::dispatch::{Dispatcher, leave};
use crate::object::{Object, Waiter, take_one};
use crate::time::Deadline;
use crate::{port, thread, timer};
use gate::service::SignalKind;
use rustix::thread::futex::Flags;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_TIMEOUT, STATUS_USER_APC, STATUS_WAIT_0};

/// Sleeps while a word of this process holds a value; may return early. False when the time is over.
pub fn sleep(word: &AtomicU32, value: u32, deadline: Deadline) -> bool {
    let Some(limit) = deadline.timespec() else { return false };
    let _place = port::step_aside();
    bell::sleep(word, Flags::PRIVATE, value, limit.as_ref())
}

/// Waits for objects of which some may be shared between processes; a shared one may be signalled first. What can be taken at once
/// is, without the dispatcher's lock.
pub fn wait_for(objects: Vec<Arc<Object>>, all: bool, alertable: bool, deadline: Deadline, signalled: Option<(u32, SignalKind)>) -> NTSTATUS {
    if signalled.is_some() || objects.iter().any(|object| object.shared().is_some()) {
        return mixed::wait(&objects, all, alertable, deadline, signalled);
    }
    match if all { None } else { take_one(&objects) } {
        Some(status) => status,
        None if !all && !alertable && matches!(deadline, Deadline::Now) => STATUS_TIMEOUT,
        None => wait(objects, all, alertable, deadline),
    }
}

/// Waits for one or all of some objects of this process, or for time alone. With `alertable`, asynchronous procedure calls end the wait.
pub fn wait(objects: Vec<Arc<Object>>, all: bool, alertable: bool, deadline: Deadline) -> NTSTATUS {
    wait_with(Dispatcher::lock(), objects, all, alertable, deadline)
}

/// As [`wait`], with the dispatcher locked already.
pub fn wait_with(mut dispatcher: Dispatcher, objects: Vec<Arc<Object>>, all: bool, alertable: bool, deadline: Deadline) -> NTSTATUS {
    let thread = thread::current();
    let timers = if alertable { thread.calls().timers() } else { Vec::new() };
    if !timers.is_empty() {
        // Their turn is before the dispatcher's lock, as everywhere.
        drop(dispatcher);
        timer::look(&timers);
        dispatcher = Dispatcher::lock();
    }
    let waiter = match dispatcher.enter(objects, all) {
        Ok(waiter) => waiter,
        Err(status) => return status,
    };
    if let Err(status) = thread.calls().begin_wait(&waiter, alertable) {
        leave(&waiter);
        return status;
    }
    drop(dispatcher);
    sleep_on(&waiter, &timers, deadline);
    thread.calls().end_wait();
    let status = waiter.status.load(Ordering::Relaxed);
    finish(&waiter, status);
    status
}

/// Sleeps until the waiter's sleep is ended, for which its time may be the reason.
fn sleep_on(waiter: &Arc<Waiter>, timers: &[Arc<Object>], deadline: Deadline) {
    while waiter.bell.ended() == Ended::No {
        let until = timer::next(&waiter.objects, timer::next(timers, deadline));
        let over = until.timespec().is_none_or(|limit| {
            let _place = port::step_aside();
            !waiter.bell.sleep(limit.as_ref())
        });
        timer::look(&waiter.objects);
        timer::look(timers);
        if over && deadline.is_over() {
            let _dispatcher = Dispatcher::lock();
            if waiter.end(STATUS_TIMEOUT) {
                leave(waiter);
            }
        }
    }
}

/// Notes what the calling thread was given.
fn finish(waiter: &Waiter, status: NTSTATUS) {
    if !(STATUS_WAIT_0..STATUS_USER_APC).contains(&status) {
        return;
    }
    if waiter.all {
        waiter.objects.iter().for_each(|object| object.note_taken());
    } else if let Some(object) = waiter.objects.get((status & 0x3F) as usize) {
        object.note_taken();
    }
}
