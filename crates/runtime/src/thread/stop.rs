//! Stopping threads: for a while, or for the end of the thread or of the process. A thread in guest code stops in a
//! signal's handler; one inside a service works on to its end, so that it lets go of the runtime's own locks, and stops on
//! its way out (`attend`). Where a signal finds the runtime's code elsewhere (the handler of a fault), it is sent again.

use super::{Thread, running};
use crate::current::id;
use crate::object::Object;
use crate::{interrupt, user};
use gate::block;
use rustix::thread::futex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_SUSPEND_COUNT_EXCEEDED, STATUS_THREAD_IS_TERMINATING};

static STOPPED: AtomicBool = AtomicBool::new(false);
static STOPPER: AtomicU32 = AtomicU32::new(0);

/// The bit of the count of suspensions that says that the thread runs no guest code any more.
const DOOMED: u32 = 1 << 31;

/// Keeps every other thread from running guest code again, because the process ends with `code`.
pub fn stop_others(code: u32) {
    // Whoever comes first ends the process; it still uses services, a second one waits for the end.
    let stopper = STOPPER.compare_exchange(0, id(), Ordering::SeqCst, Ordering::SeqCst);
    STOPPED.store(true, Ordering::SeqCst);
    if stopper.is_err() {
        return park_if_stopped();
    }
    let others: Vec<Arc<Object>> = running().values().filter(|object| is_other(object)).cloned().collect();
    let threads = || others.iter().filter_map(|object| Some((object, object.part::<Thread>()?)));
    // All are told before any is waited for.
    let told: Vec<_> = threads().map(|(_, thread)| (thread, thread.interrupt())).collect();
    told.into_iter().for_each(|(thread, seen)| thread.await_stop(seen));
    // From here on they count as ended: what the last thread waits for at its end may be one of them.
    for (object, thread) in threads() {
        thread.code.store(code, Ordering::Release);
        thread.note_end(object, thread.owned());
    }
}

fn is_other(object: &Object) -> bool {
    object.part::<Thread>().is_some_and(|thread| thread.id != id())
}

impl Thread {
    /// Whether the thread is inside a service.
    pub(super) fn is_inside(&self) -> bool {
        user::read::<u64>(self.teb + block::GATE_GUEST_STACK as u64) != Ok(0)
    }

    /// Lets the thread look up before it runs guest code again.
    pub fn call_attention(&self) {
        let registers = self.registers();
        if !registers.gone {
            let _ = user::write(self.teb + block::ATTENTION as u64, &1_u32);
        }
    }

    /// The calling thread ends by itself: once nobody suspends it, and nobody does from here on.
    pub fn end_itself(&self) {
        while self.suspended.compare_exchange(0, DOOMED, Ordering::SeqCst, Ordering::SeqCst).is_err() && !self.is_doomed() {
            self.stay_suspended();
        }
        self.leave();
    }

    /// Whether the thread runs no guest code any more.
    pub fn is_doomed(&self) -> bool {
        self.suspended.load(Ordering::SeqCst) & DOOMED != 0
    }

    /// Whether it may run guest code: nobody has suspended it, or it is to run to its end.
    pub fn may_run(&self) -> bool {
        let count = self.suspended.load(Ordering::SeqCst);
        count == 0 || count & DOOMED != 0
    }

    /// How often it is suspended.
    pub fn suspensions(&self) -> u32 {
        self.suspended.load(Ordering::SeqCst) & !DOOMED
    }

    /// Sleeps as long as the thread is suspended, and for ever once the process ends elsewhere.
    pub fn stay_suspended(&self) {
        loop {
            park_if_stopped();
            let count = self.suspended.load(Ordering::Acquire);
            if count == 0 || count & DOOMED != 0 {
                return;
            }
            let _ = futex::wait(&self.suspended, futex::Flags::PRIVATE, count, None);
        }
    }

    /// Tells the thread to look up; answers which interruption it has acknowledged last.
    fn interrupt(&self) -> u32 {
        let seen = self.interruptions.load(Ordering::SeqCst);
        self.call_attention();
        if self.host() != 0 {
            interrupt::interrupt(self.host());
        }
        seen
    }

    /// Waits until the thread, which was told to, has stopped: in guest code, or inside, where it stays.
    fn await_stop(&self, mut seen: u32) {
        loop {
            if !self.has_begun() {
                return;
            }
            while self.interruptions.load(Ordering::SeqCst) == seen {
                // Where it stands in the handler already, the next interruption waits for its end.
                if self.host() == 0 || !self.stopped.load(Ordering::SeqCst).is_null() {
                    return;
                }
                rustix::thread::sched_yield();
            }
            if self.host() == 0 || !self.stopped.load(Ordering::SeqCst).is_null() || self.is_inside() {
                return;
            }
            rustix::thread::sched_yield();
            seen = self.interrupt();
        }
    }

    /// Suspends the thread once more; answers how often it was before. It runs no guest code when this returns, unless
    /// it is the calling thread: that one stops on its way back.
    pub fn suspend(&self) -> Result<u32, NTSTATUS> {
        const MOST: u32 = 127;
        let raise = |now: u32| (now < MOST).then_some(now + 1);
        let before = self.suspended.fetch_update(Ordering::SeqCst, Ordering::SeqCst, raise);
        let before = before.map_err(|now| if now & DOOMED != 0 { STATUS_THREAD_IS_TERMINATING } else { STATUS_SUSPEND_COUNT_EXCEEDED })?;
        if self.id == id() {
            self.call_attention();
        } else {
            self.await_stop(self.interrupt());
        }
        Ok(before)
    }

    /// Takes one suspension back; answers how many there were.
    pub fn resume(&self) -> u32 {
        let lower = |now: u32| if now & DOOMED != 0 { None } else { now.checked_sub(1) };
        let before = self.suspended.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lower).unwrap_or(0);
        if before == 1 {
            let _ = futex::wake(&self.suspended, futex::Flags::PRIVATE, 1);
        }
        before
    }

    /// Stops the thread, which is to be terminated, however often it is suspended.
    pub fn hold(&self) {
        self.suspended.fetch_add(1, Ordering::SeqCst);
        self.await_stop(self.interrupt());
    }

    /// Ends the thread, which is stopped. It is gone when this returns, unless the host keeps it in a call: then it counts
    /// as ended, and goes as soon as it comes back.
    pub fn terminate(&self, code: u32, object: &Object) {
        const PATIENCE: u32 = 200;
        const LOOKS: u32 = 50;
        self.code.store(code, Ordering::Release);
        self.suspended.fetch_or(DOOMED, Ordering::SeqCst);
        let _ = futex::wake(&self.suspended, futex::Flags::PRIVATE, 1);
        self.call_attention();
        self.end_waits();
        for _ in 0..PATIENCE {
            let host = self.host();
            if host == 0 {
                break;
            }
            // Repeated, as one that comes just before the thread goes to sleep wakes nobody.
            interrupt::break_off(host);
            for _ in 0..LOOKS {
                if self.host() == 0 {
                    break;
                }
                rustix::thread::sched_yield();
            }
        }
        if self.host() != 0 {
            running().remove(&self.id);
            self.note_end(object, self.owned());
        }
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
