//! The host's threads that run the guest's, one after the other: one that becomes free waits a turn for the next.

use super::stop::park;
use super::{Thread, running};
use crate::memory::StackSize;
use crate::process::{self, end};
use crate::{interrupt, time};
use rustix::thread::futex;
use rustix::time::ClockId;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::NTSTATUS;

/// Bytes of the runtime's own stack in each thread.
const HOST_STACK: usize = 256 * 1024;

/// More host threads than this do not wait for work.
const MOST: usize = 16;

/// A host thread that is free, or about to be.
#[derive(Debug, Default)]
struct Runner {
    /// What it is to run next.
    next: Mutex<Option<Arc<Thread>>>,
    /// 1 once it has something to run; it sleeps on this word.
    called: AtomicU32,
}

static FREE: Mutex<Vec<Arc<Runner>>> = Mutex::new(Vec::new());

fn free() -> MutexGuard<'static, Vec<Arc<Runner>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a thread of the host run a thread of the guest.
pub(super) fn start(thread: Arc<Thread>) -> io::Result<()> {
    let runner = free().pop();
    match runner {
        Some(runner) => runner.call(thread),
        None => drop(std::thread::Builder::new().stack_size(HOST_STACK).spawn(move || Runner::default().work(thread))?),
    }
    Ok(())
}

/// Makes the first thread and runs it on the calling host thread.
pub fn run_first(routine: u64, size: StackSize) -> Result<Infallible, NTSTATUS> {
    let (object, thread) = Thread::create(routine, process::get().peb, size, 0)?;
    drop(object);
    let _handlers = interrupt::prepare_thread();
    jail::dispatch_thread();
    run(thread, 0, || ());
    // The process lives on in its other threads.
    park()
}

/// Runs a guest thread to its end, and the process's, where it is the last one.
fn run(thread: Arc<Thread>, used_before: i64, free: impl FnOnce()) {
    Arc::clone(&thread).run(used_before);
    thread.finish(free);
    if running().is_empty() {
        end::last_thread_ended(thread.code());
    }
}

impl Runner {
    /// Runs guest threads as long as there is room to wait for the next.
    fn work(self, first: Arc<Thread>) {
        let _handlers = interrupt::prepare_thread();
        jail::dispatch_thread();
        let (runner, mut thread, mut used) = (Arc::new(self), first, 0);
        loop {
            // It is free before anybody hears of the end: who waits for one thread to start another finds it.
            let mut waits = false;
            run(thread, used, || waits = runner.wait_a_turn());
            if !waits {
                return;
            }
            thread = runner.next();
            used = time::used(ClockId::ThreadCPUTime);
        }
    }

    /// Enters it as free; false where enough others are.
    fn wait_a_turn(self: &Arc<Self>) -> bool {
        let mut free = free();
        let room = free.len() < MOST;
        if room {
            free.push(Arc::clone(self));
        }
        room
    }

    fn call(&self, thread: Arc<Thread>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        self.called.store(1, Ordering::Release);
        let _ = futex::wake(&self.called, futex::Flags::PRIVATE, 1);
    }

    /// Sleeps until there is something to run.
    fn next(&self) -> Arc<Thread> {
        loop {
            while self.called.load(Ordering::Acquire) == 0 {
                let _ = futex::wait(&self.called, futex::Flags::PRIVATE, 0, None);
            }
            self.called.store(0, Ordering::Relaxed);
            if let Some(thread) = self.next.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return thread;
            }
        }
    }
}
