//! Synchronous calls that wait for a pipe or a terminal: each blocks its own thread, which others may free.

use super::FileObject;
use crate::interrupt::{BREAK_OFF, break_off};
use crate::port::step_aside;
use crate::serve::Answer;
use crate::thread::{self, Thread};
use rustix::event::PollFlags;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use windows_sys::Win32::Foundation::{STATUS_CANCELLED, STATUS_THREAD_IS_TERMINATING};

/// A thread that waits for a descriptor.
pub struct Blocked {
    thread: u32,
    host: i32,
    object: *const FileObject,
    block: u64,
    cancelled: AtomicBool,
    /// What it waits for has changed.
    again: AtomicBool,
}

// SAFETY: the object's address is compared only.
unsafe impl Send for Blocked {}
// SAFETY: as above.
unsafe impl Sync for Blocked {}

static BLOCKED: Mutex<Vec<Arc<Blocked>>> = Mutex::new(Vec::new());

fn blocked() -> MutexGuard<'static, Vec<Arc<Blocked>>> {
    BLOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a file object's descriptor is ready for `events`, or the call is cancelled.
pub fn until_ready(object: &FileObject, block: u64, descriptor: BorrowedFd<'_>, events: PollFlags) -> Answer {
    wait_until(object, block, Some((descriptor, events)), None)
}

/// Waits so long, unless the call is cancelled.
pub fn pause(object: &FileObject, block: u64, time: Duration) -> Answer {
    wait_until(object, block, None, Some(time))
}

fn wait_until(object: &FileObject, block: u64, wanted: Option<(BorrowedFd<'_>, PollFlags)>, limit: Option<Duration>) -> Answer {
    let thread = thread::current();
    let me =
        Arc::new(Blocked { thread: thread.id, host: thread.host(), object, block, cancelled: AtomicBool::new(false), again: AtomicBool::new(false) });
    blocked().push(Arc::clone(&me));
    let _place = step_aside();
    let outcome = wait(&thread, &me, wanted, limit);
    blocked().retain(|other| !Arc::ptr_eq(other, &me));
    outcome
}

fn wait(thread: &Thread, me: &Blocked, wanted: Option<(BorrowedFd<'_>, PollFlags)>, limit: Option<Duration>) -> Answer {
    // SAFETY: zeroed sets are sets; the kernel writes into them.
    let (mut masked, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { (zeroed(), zeroed()) };
    // The signal is held back until the wait itself, so that none is lost between the look at the flag and the wait.
    // SAFETY: as above.
    unsafe {
        libc::sigemptyset(&raw mut masked);
        libc::sigaddset(&raw mut masked, BREAK_OFF);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const masked, &raw mut before);
    }
    let outcome = loop {
        if me.cancelled.load(Ordering::SeqCst) {
            break Err(STATUS_CANCELLED);
        }
        if me.again.load(Ordering::SeqCst) {
            break Ok(());
        }
        if thread.is_doomed() {
            break Err(STATUS_THREAD_IS_TERMINATING);
        }
        let limit = limit.map(|limit| libc::timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: limit.subsec_nanos().into() });
        let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // A negative number is passed over.
        let (fd, events) = wanted.map_or((-1, 0), |(descriptor, events)| (descriptor.as_raw_fd(), events.bits().cast_signed()));
        let mut descriptor = libc::pollfd { fd, events, revents: 0 };
        // SAFETY: one descriptor, a time limit or none, and the mask from before.
        let ready = unsafe { libc::ppoll(&raw mut descriptor, 1, limit, &raw const before) };
        if ready >= 0 {
            break Ok(());
        }
    };
    // SAFETY: the mask from before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    outcome
}

fn cancel(which: impl Fn(&Blocked) -> bool) -> bool {
    let mut any = false;
    for blocked in blocked().iter().filter(|blocked| which(blocked)) {
        blocked.cancelled.store(true, Ordering::SeqCst);
        break_off(blocked.host);
        any = true;
    }
    any
}

/// Lets the calls that wait on a file object look again.
pub fn look_again(object: &FileObject) {
    for blocked in blocked().iter().filter(|blocked| std::ptr::eq(blocked.object, object)) {
        blocked.again.store(true, Ordering::SeqCst);
        break_off(blocked.host);
    }
}

/// Cancels the call that a thread waits in; false where it waits in none.
pub fn cancel_thread(thread: u32, block: u64) -> bool {
    cancel(|blocked| blocked.thread == thread && (block == 0 || blocked.block == block))
}

/// Cancels the calls that wait on a file object; false where there are none.
pub fn cancel_file(object: &FileObject, block: u64) -> bool {
    cancel(|blocked| std::ptr::eq(blocked.object, object) && (block == 0 || blocked.block == block))
}
