//! A thread's wait, from its beginning to its end: for objects, or for time alone.

use crate::dispatch::{Dispatcher, leave};
use crate::object::{Object, Waiter};
use crate::time::Deadline;
use crate::{port, thread, timer};
use rustix::io::Errno;
use rustix::thread::futex;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_TIMEOUT, STATUS_USER_APC, STATUS_WAIT_0};

/// Sleeps while a word holds a value; may return early. False when the time is over.
pub fn sleep(word: &AtomicU32, value: u32, deadline: Deadline) -> bool {
    let Some(limit) = deadline.timespec() else { return false };
    let _place = port::step_aside();
    let slept = match &limit {
        None => futex::wait(word, futex::Flags::PRIVATE, value, None),
        Some(limit) => futex::wait_bitset(word, futex::Flags::PRIVATE, value, Some(limit), NonZeroU32::MAX),
    };
    slept != Err(Errno::TIMEDOUT)
}

/// Waits for one or all of some objects, or for time alone. With `alertable`, asynchronous procedure calls end the wait.
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
    let status = sleep_on(&waiter, &timers, deadline);
    thread.calls().end_wait();
    finish(&waiter, status);
    status
}

/// Sleeps until the waiter has what it waits for, or the time is over.
fn sleep_on(waiter: &Arc<Waiter>, timers: &[Arc<Object>], deadline: Deadline) -> NTSTATUS {
    while waiter.done.load(Ordering::Acquire) == 0 {
        let over = !sleep(&waiter.done, 0, timer::next(&waiter.objects, timer::next(timers, deadline)));
        timer::look(&waiter.objects);
        timer::look(timers);
        if over && deadline.is_over() {
            let _dispatcher = Dispatcher::lock();
            if waiter.done.load(Ordering::Acquire) == 0 {
                leave(waiter);
                return STATUS_TIMEOUT;
            }
        }
    }
    waiter.status.load(Ordering::Relaxed)
}

/// Notes what the calling thread was given.
fn finish(waiter: &Waiter, status: NTSTATUS) {
    if !(STATUS_WAIT_0..STATUS_USER_APC).contains(&status) {
        return;
    }
    if waiter.all {
        waiter.objects.iter().for_each(Object::note_taken);
    } else if let Some(object) = waiter.objects.get((status & 0x3F) as usize) {
        object.note_taken();
    }
}
