//! Stopping threads: for a while, or for the end of the process. A thread in guest code stops in a signal's handler; one
//! inside a service works on to its end, so that it lets go of the runtime's own locks, and stops on its way out.

use super::running::running;
use crate::current_thread;
use crate::current_thread::id;
use crate::interrupt;
use crate::object::{Body, Object, Thread};
use crate::{processor, user};
use gate::block;
use rustix::thread::futex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_SUSPEND_COUNT_EXCEEDED};

static STOPPED: AtomicBool = AtomicBool::new(false);
static STOPPER: AtomicU32 = AtomicU32::new(0);

static ACKNOWLEDGED: AtomicU32 = AtomicU32::new(0);

/// Keeps every other thread from running guest code again, because the process ends with `code`.
pub fn stop_others(code: u32) {
    // Whoever comes first ends the process; it still uses services, a second one waits for the end.
    let stopper = STOPPER.compare_exchange(0, id(), Ordering::SeqCst, Ordering::SeqCst);
    STOPPED.store(true, Ordering::SeqCst);
    if stopper.is_err() {
        return park_if_stopped();
    }
    let others: Vec<Arc<Object>> = running().values().filter(|object| is_other(object)).cloned().collect();
    for object in &others {
        if let Body::Thread(thread) = &object.body {
            thread.call_attention();
        }
    }
    let told = others.iter().filter(|object| host(object) != 0 && interrupt::stop(host(object))).count() as u32;
    while ACKNOWLEDGED.load(Ordering::Acquire) < told {
        rustix::thread::sched_yield();
    }
    // From here on they count as ended: what the last thread waits for at its end may be one of them.
    for object in &others {
        if let Body::Thread(thread) = &object.body {
            thread.code.store(code, Ordering::Release);
            thread.note_end(object);
        }
    }
}

fn is_other(object: &Object) -> bool {
    matches!(&object.body, Body::Thread(thread) if thread.id != id())
}

fn host(object: &Object) -> i32 {
    if let Body::Thread(thread) = &object.body { thread.host() } else { 0 }
}

impl Thread {
    /// Whether the thread runs guest code, or is about to.
    fn is_in_guest(&self) -> bool {
        user::read::<u64>(self.teb + block::GATE_GUEST_STACK as u64) == Ok(0)
    }

    /// Lets the thread look up before it runs guest code again.
    fn call_attention(&self) {
        let _ = user::write(self.teb + block::ATTENTION as u64, &1_u32);
    }

    /// Sleeps as long as the thread is suspended, and for ever once the process ends elsewhere.
    pub fn stay_suspended(&self) {
        loop {
            park_if_stopped();
            let count = self.suspended.load(Ordering::Acquire);
            if count == 0 {
                return;
            }
            let _ = futex::wait(&self.suspended, futex::Flags::PRIVATE, count, None);
        }
    }

    /// Suspends the thread once more; answers how often it was before. It runs no guest code when this returns, unless
    /// it is the calling thread: that one stops on its way back.
    pub fn suspend(&self) -> Result<u32, NTSTATUS> {
        const MOST: u32 = 127;
        let raise = |now: u32| (now < MOST).then_some(now + 1);
        let before = self.suspended.fetch_update(Ordering::SeqCst, Ordering::SeqCst, raise).map_err(|_| STATUS_SUSPEND_COUNT_EXCEEDED)?;
        self.call_attention();
        if self.id == id() {
            return Ok(before);
        }
        let seen = self.interruptions.load(Ordering::SeqCst);
        let host = self.host();
        if host != 0 && interrupt::interrupt(host) {
            while self.interruptions.load(Ordering::SeqCst) == seen && self.host() != 0 {
                rustix::thread::sched_yield();
            }
        }
        Ok(before)
    }

    /// Takes one suspension back; answers how many there were.
    pub fn resume(&self) -> u32 {
        let before = self.suspended.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| now.checked_sub(1)).unwrap_or(0);
        if before == 1 {
            let _ = futex::wake(&self.suspended, futex::Flags::PRIVATE, 1);
        }
        before
    }
}

/// Looks up, on the way out of the gate.
pub extern "win64" fn attend() {
    let thread = current_thread::get();
    thread.stay_suspended();
    let _ = user::write(thread.teb + block::ATTENTION as u64, &0_u32);
    // A suspension that came meanwhile has set the word before it was cleared.
    thread.stay_suspended();
}

/// Acknowledges that the thread is to stop; it stops here, or at the gate.
pub fn acknowledge_stop() {
    ACKNOWLEDGED.fetch_add(1, Ordering::Release);
    if current_thread::interrupted().is_some_and(|thread| thread.is_in_guest()) {
        park_if_stopped();
    }
}

/// Acknowledges an interruption: the thread runs where it is allowed to, and stops here, or at the gate, where it is
/// suspended.
pub fn acknowledge_interruption() {
    let Some(thread) = current_thread::interrupted() else { return };
    processor::apply(thread.affinity.load(Ordering::Relaxed));
    thread.interruptions.fetch_add(1, Ordering::SeqCst);
    if thread.is_in_guest() {
        thread.stay_suspended();
    }
}

/// Stays here for ever if the process is ending and another thread ends it.
fn park_if_stopped() {
    if STOPPED.load(Ordering::Relaxed) && STOPPER.load(Ordering::Relaxed) != id() {
        park();
    }
}

/// Stays here for ever.
pub fn park() -> ! {
    static FOREVER: AtomicU32 = AtomicU32::new(0);
    loop {
        let _ = futex::wait(&FOREVER, futex::Flags::PRIVATE, 0, None);
    }
}
