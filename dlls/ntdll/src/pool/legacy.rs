//! The older pool: work items, registered waits, timer queues.

use super::item::{Callback, Item, Routine, WaitedOrTimed, give, shared};
use super::task::Outcome;
use super::watch::{self, What};
use crate::lock::Mutex;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_1, STATUS_PENDING,
};

const IN_WAIT_THREAD: u32 = 4;
const ONLY_ONCE: u32 = 8;
const IN_TIMER_THREAD: u32 = 0x20;
const INFINITE: u32 = u32::MAX;
/// The event that stands for "wait here".
const WAIT: HANDLE = usize::MAX as HANDLE;

const fn units(milliseconds: u32) -> u64 {
    milliseconds as u64 * 10_000
}

/// Lets go of a registered wait or a timer: at once, with an event that is set when its callbacks are over, or waiting.
fn end(item: &Arc<Item>, event: HANDLE) -> Result<NtStatus, Status> {
    watch::unset(item);
    if event == WAIT {
        item.wait(false);
        return Ok(NtStatus::SUCCESS);
    }
    let busy = item.tell_when_idle(event);
    Ok(if busy { NtStatus(STATUS_PENDING) } else { NtStatus::SUCCESS })
}

/// Queues a routine to the pool.
#[shim(ix = 423, mapping = "threads of the process", risk = Functional("a routine that does not run"))]
pub unsafe extern "system" fn RtlQueueWorkItem(routine: Option<Routine>, context: *mut c_void, _flags: u32) -> Result<NtStatus, Status> {
    let routine = routine.ok_or(Status(STATUS_INVALID_PARAMETER_1))?;
    unsafe { Item::new(Callback::Routine(routine), context, null()) }?.post(Outcome::default())?;
    Ok(NtStatus::SUCCESS)
}

/// Registers a wait: a callback for each time that the handle is signalled, or the time is over.
#[shim(ix = 424, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RtlRegisterWait(
    answer: *mut *const Item,
    handle: HANDLE,
    callback: Option<WaitedOrTimed>,
    context: *mut c_void,
    milliseconds: u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    watch::check_handle(handle)?;
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let item = unsafe { Item::new(Callback::WaitedOrTimed(callback), context, null()) }?;
    let timeout = (milliseconds != INFINITE).then(|| units(milliseconds));
    // The callback may already use the answer.
    unsafe { give(answer, Arc::clone(&item)) }?;
    let what = What { handle, timeout, period: 0, again: flags & ONLY_ONCE == 0, here: flags & IN_WAIT_THREAD != 0 };
    let set = watch::set(&item, what);
    if set.is_err() {
        // SAFETY: just given.
        drop(unsafe { Arc::from_raw(*answer) });
    }
    set.map(|()| NtStatus::SUCCESS)
}

/// Ends a registered wait; the event is set, or waited for, once its callbacks are over.
#[shim(ix = 425, mapping = "a thread that watches", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn RtlDeregisterWaitEx(wait: *const Item, event: HANDLE) -> Result<NtStatus, Status> {
    if wait.is_null() {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    // SAFETY: the caller's reference.
    end(&unsafe { Arc::from_raw(wait) }, event)
}

/// Ends a registered wait.
#[shim(ix = 426, mapping = "a thread that watches", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn RtlDeregisterWait(wait: *const Item) -> Result<NtStatus, Status> {
    unsafe { Status::check(RtlDeregisterWaitEx(wait, null_mut())) }.map(NtStatus)
}

/// A timer queue.
pub struct Queue {
    timers: Mutex<Vec<Arc<Item>>>,
}

/// The queue of timers that name none.
fn default() -> Arc<Queue> {
    static DEFAULT: Mutex<Option<Arc<Queue>>> = Mutex::new(None);
    Arc::clone(DEFAULT.lock().get_or_insert_with(|| Arc::new(Queue { timers: Mutex::new(Vec::new()) })))
}

unsafe fn queue(pointer: *const Queue) -> Arc<Queue> {
    // SAFETY: the program's queue, or NULL.
    if pointer.is_null() { default() } else { unsafe { shared(pointer) } }
}

/// Creates a timer queue.
#[shim(ix = 427, mapping = "a list of timers", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RtlCreateTimerQueue(answer: *mut *const Queue) -> Result<NtStatus, Status> {
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    unsafe { *answer = Arc::into_raw(Arc::new(Queue { timers: Mutex::new(Vec::new()) })) };
    Ok(NtStatus::SUCCESS)
}

/// Ends a timer queue and its timers; the event is set, or waited for, once their callbacks are over.
#[shim(ix = 428, mapping = "a list of timers", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn RtlDeleteTimerQueueEx(queue: *const Queue, event: HANDLE) -> Result<NtStatus, Status> {
    if queue.is_null() {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    // SAFETY: the caller's reference.
    let queue = unsafe { Arc::from_raw(queue) };
    let timers = core::mem::take(&mut *queue.timers.lock());
    timers.iter().for_each(|timer| drop(watch::unset(timer)));
    if event == WAIT {
        timers.iter().for_each(|timer| drop(timer.wait(false)));
        return Ok(NtStatus::SUCCESS);
    }
    let busy: Vec<_> = timers.iter().filter(|timer| !timer.is_idle()).collect();
    // Only the last one's end sets the event; the others are over by then, or are waited for.
    let Some((last, others)) = busy.split_last() else {
        crate::sync::set_if_given(event);
        return Ok(NtStatus::SUCCESS);
    };
    if !event.is_null() {
        others.iter().for_each(|timer| drop(timer.wait(false)));
    }
    Ok(if last.tell_when_idle(event) { NtStatus(STATUS_PENDING) } else { NtStatus::SUCCESS })
}

/// Creates a timer of a queue.
#[shim(ix = 429, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RtlCreateTimer(
    queue: *const Queue,
    answer: *mut *const Item,
    callback: Option<WaitedOrTimed>,
    context: *mut c_void,
    due: u32,
    period: u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let queue = unsafe { self::queue(queue) };
    let item = unsafe { Item::new(Callback::WaitedOrTimed(callback), context, null()) }?;
    if !answer.is_null() {
        // The queue keeps the reference: a program need not give a timer back.
        unsafe { *answer = Arc::as_ptr(&item) };
    }
    queue.timers.lock().push(Arc::clone(&item));
    let period = if flags & ONLY_ONCE != 0 { 0 } else { period };
    let timeout = (due != INFINITE).then(|| units(due));
    watch::set(&item, What { handle: null_mut(), timeout, period: units(period), again: false, here: flags & IN_TIMER_THREAD != 0 })?;
    Ok(NtStatus::SUCCESS)
}

/// Sets when a timer of a queue is due, and how often.
#[shim(ix = 430, mapping = "a thread that watches", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RtlUpdateTimer(queue: *const Queue, timer: *const Item, due: u32, period: u32) -> Result<NtStatus, Status> {
    let item = unsafe { listed(queue, timer) }?;
    let timeout = (due != INFINITE).then(|| units(due));
    watch::set(&item, What { handle: null_mut(), timeout, period: units(period), again: false, here: false })?;
    Ok(NtStatus::SUCCESS)
}

/// A timer of a queue.
unsafe fn listed(queue: *const Queue, timer: *const Item) -> Result<Arc<Item>, Status> {
    // SAFETY: the program's queue, or NULL.
    let queue = unsafe { self::queue(queue) };
    let timers = queue.timers.lock();
    timers.iter().find(|other| core::ptr::eq(Arc::as_ptr(other), timer)).cloned().ok_or(Status(STATUS_INVALID_PARAMETER))
}

/// Ends a timer of a queue; the event is set, or waited for, once its callbacks are over.
#[shim(ix = 431, mapping = "a thread that watches", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn RtlDeleteTimer(queue: *const Queue, timer: *const Item, event: HANDLE) -> Result<NtStatus, Status> {
    if timer.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER_1));
    }
    let item = unsafe { listed(queue, timer) }?;
    unsafe { self::queue(queue) }.timers.lock().retain(|other| !Arc::ptr_eq(other, &item));
    end(&item, event)
}
