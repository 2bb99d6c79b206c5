//! Waiting: for objects, for a value in the guest's memory, for time.

use crate::dispatch::Dispatcher;
use crate::handle::{self, Target};
use crate::object::{Body, Object};
use crate::port::step_aside;
use crate::serve::{Answer, Serve};
use crate::waiting::{self, sleep};
use crate::{thread, time, timer, user};
use gate::service::{Delay, SignalAndWait, SignalKind, Wait, WaitAddress, WakeAddress};
use rustix::thread::futex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_MIX, STATUS_NO_YIELD_PERFORMED,
    STATUS_OBJECT_TYPE_MISMATCH, STATUS_THREAD_IS_TERMINATING, STATUS_TIMEOUT, STATUS_WAIT_0,
};
use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;

impl Serve for Wait {
    fn serve(&mut self) -> Answer {
        if self.count == 0 || self.count > MAXIMUM_WAIT_OBJECTS {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let mut numbers = [0_u8; 8 * MAXIMUM_WAIT_OBJECTS as usize];
        let numbers = &mut numbers[..8 * self.count as usize];
        user::read_bytes(self.handles, numbers)?;
        let objects = numbers.as_chunks().0.iter().map(|bytes| waitable(u64::from_le_bytes(*bytes))).collect::<Result<Vec<_>, _>>()?;
        let deadline = time::Deadline::new(self.timed != 0, self.timeout);
        let all = self.all != 0 && objects.len() > 1;
        if all && objects.iter().enumerate().any(|(index, object)| objects[..index].iter().any(|other| Arc::ptr_eq(other, object))) {
            return Err(STATUS_INVALID_PARAMETER_MIX);
        }
        timer::look(&objects);
        let status = waiting::wait_for(objects, all, self.alertable != 0, deadline, None);
        if status == STATUS_WAIT_0 { Ok(()) } else { Err(status) }
    }
}

/// The object to wait for behind a handle.
fn waitable(handle: u64) -> Result<Arc<Object>, NTSTATUS> {
    match handle::target(handle)? {
        Target::Local(object, _) if !object.is_waitable() => Err(STATUS_OBJECT_TYPE_MISMATCH),
        Target::Local(object, access) if access & SYNCHRONIZE != 0 => Ok(object),
        Target::Local(..) => Err(STATUS_ACCESS_DENIED),
        Target::File(file) if file.access & SYNCHRONIZE != 0 => file.object.completion.event(),
        Target::File(_) => Err(STATUS_ACCESS_DENIED),
        Target::Key(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

impl Serve for SignalAndWait {
    fn serve(&mut self) -> Answer {
        let object = waitable(self.wait)?;
        let signalled = handle::object(self.signal, 0)?;
        let deadline = time::Deadline::new(self.timed != 0, self.timeout);
        handle::check_signal(self.signal, &signalled)?;
        timer::look(std::slice::from_ref(&object));
        if signalled.shared().is_some() || object.shared().is_some() {
            return signal_and_wait_shared(&signalled, object, self.alertable != 0, deadline);
        }
        if let Body::Mutant = signalled.body {
            // Only its owner can release it, so that nothing comes between that and the wait that could be noticed.
            signalled.release(1)?;
            let status = waiting::wait(vec![object], false, self.alertable != 0, deadline);
            return if status == STATUS_WAIT_0 { Ok(()) } else { Err(status) };
        }
        let mut dispatcher = Dispatcher::lock();
        match &signalled.body {
            Body::Event { .. } => dispatcher.signal(&signalled, |_| Ok(1), false)?,
            Body::Semaphore { limit } => {
                let raise = |state: u32| state.checked_add(1).filter(|sum| sum <= limit);
                let full = windows_sys::Win32::Foundation::STATUS_SEMAPHORE_LIMIT_EXCEEDED;
                dispatcher.signal(&signalled, |state| raise(state).ok_or(full), false)?
            }
            _ => return Err(STATUS_OBJECT_TYPE_MISMATCH),
        };
        let status = waiting::wait_with(dispatcher, vec![object], false, self.alertable != 0, deadline);
        if status == STATUS_WAIT_0 { Ok(()) } else { Err(status) }
    }
}

/// As above, where the broker keeps one of the two: one step where it keeps both. (Windows promises no more than that the wait
/// follows the signal.)
fn signal_and_wait_shared(signalled: &Object, object: Arc<Object>, alertable: bool, deadline: time::Deadline) -> Answer {
    let how = if let Body::Event { .. } = signalled.body { SignalKind::Set } else { SignalKind::Release };
    let both = signalled.shared().filter(|_| object.shared().is_some() && !matches!(signalled.body, Body::Mutant));
    if both.is_none() {
        match how {
            SignalKind::Set => signalled.set()?,
            _ => signalled.release(1)?,
        };
    }
    match waiting::wait_for(vec![object], false, alertable, deadline, both.map(|number| (number, how))) {
        STATUS_WAIT_0 => Ok(()),
        status => Err(status),
    }
}

impl Serve for WaitAddress {
    fn serve(&mut self) -> Answer {
        let deadline = time::Deadline::new(self.timed != 0, self.timeout);
        if self.size == 4 && self.address.is_multiple_of(4) {
            return wait_word(self.address, self.value as u32, deadline);
        }
        let queue = Queue::of(self.address);
        let sleeper = {
            // Who changes the value looks at the count afterwards; here it is the other way round.
            queue.count.fetch_add(1, Ordering::SeqCst);
            let mut sleepers = queue.lock();
            let same = self.holds();
            if !matches!(same, Ok(true)) || matches!(deadline, time::Deadline::Now) {
                queue.count.fetch_sub(1, Ordering::SeqCst);
                return if same? { Err(STATUS_TIMEOUT) } else { Ok(()) };
            }
            let sleeper = Arc::new(AtomicU32::new(0));
            sleepers.push((self.address, Arc::clone(&sleeper)));
            sleeper
        };
        let thread = thread::current();
        while sleeper.load(Ordering::Acquire) == 0 {
            if !sleep(&sleeper, 0, deadline) && queue.leave(&sleeper) {
                return Err(STATUS_TIMEOUT);
            }
            if thread.is_doomed() && queue.leave(&sleeper) {
                return Err(STATUS_THREAD_IS_TERMINATING);
            }
        }
        Ok(())
    }
}

/// Whether an address holds a value.
trait Holds {
    fn holds(&self) -> Result<bool, NTSTATUS>;
}

impl Holds for WaitAddress {
    fn holds(&self) -> Result<bool, NTSTATUS> {
        Ok(match self.size {
            1 => u64::from(user::read::<u8>(self.address)?) == self.value & 0xFF,
            2 => u64::from(user::read::<u16>(self.address)?) == self.value & 0xFFFF,
            4 => u64::from(user::read::<u32>(self.address)?) == self.value & 0xFFFF_FFFF,
            8 => user::read::<u64>(self.address)? == self.value,
            _ => return Err(STATUS_INVALID_PARAMETER),
        })
    }
}

impl Serve for WakeAddress {
    fn serve(&mut self) -> Answer {
        let most = if self.all == 0 { 1 } else { i32::MAX };
        let woken = if self.address.is_multiple_of(4) { wake_word(self.address, most) } else { 0 };
        let queue = Queue::of(self.address);
        // The guest's store comes before the look at the sleepers, as their entry comes before their look at the value.
        std::sync::atomic::fence(Ordering::SeqCst);
        if (woken == 0 || self.all != 0) && queue.count.load(Ordering::SeqCst) > 0 {
            queue.wake(self.address, self.all != 0);
        }
        Ok(())
    }
}

/// Sleeps on a word of the guest's own: the kernel itself compares it.
fn wait_word(address: u64, value: u32, deadline: time::Deadline) -> Answer {
    let Some(limit) = deadline.timespec() else {
        return if user::read::<u32>(address)? == value { Err(STATUS_TIMEOUT) } else { Ok(()) };
    };
    let _place = step_aside();
    let limit = limit.map(|limit| libc::timespec { tv_sec: limit.tv_sec, tv_nsec: limit.tv_nsec });
    let pointer = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the kernel answers a bad address with an error.
    let slept = unsafe { libc::syscall(libc::SYS_futex, address, FUTEX_WAIT_BITSET_PRIVATE, value, pointer, 0, u32::MAX) };
    if slept == 0 {
        return Ok(());
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::ETIMEDOUT) => Err(STATUS_TIMEOUT),
        Some(libc::EFAULT) => Err(STATUS_ACCESS_VIOLATION),
        // The value is another one by now, or a signal came: waits on addresses may end early.
        _ => Ok(()),
    }
}

const FUTEX_WAKE_PRIVATE: i32 = 129;
const FUTEX_WAIT_BITSET_PRIVATE: i32 = 137;

/// Wakes those who sleep on a word of the guest's own; answers how many.
fn wake_word(address: u64, most: i32) -> i64 {
    // SAFETY: the kernel touches nothing of the guest's.
    unsafe { libc::syscall(libc::SYS_futex, address, FUTEX_WAKE_PRIVATE, most) }
}

/// A thread that sleeps: the address, and a word of its own that is 1 once it is woken.
type Sleeper = (u64, Arc<AtomicU32>);

/// The queue that waiters on other values than aligned words sleep in, in the order in which they came.
struct Queue {
    /// How many sleep there, or are about to.
    count: AtomicU32,
    sleepers: Mutex<Vec<Sleeper>>,
}

impl Queue {
    /// An address's queue, which it shares with others.
    fn of(address: u64) -> &'static Self {
        static QUEUES: [Queue; 256] = [const { Queue { count: AtomicU32::new(0), sleepers: Mutex::new(Vec::new()) } }; 256];
        &QUEUES[address.wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 56]
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a sleeper out; false when it was woken already.
    fn leave(&self, sleeper: &Arc<AtomicU32>) -> bool {
        let mut sleepers = self.lock();
        let Some(at) = sleepers.iter().position(|(_, other)| Arc::ptr_eq(other, sleeper)) else { return false };
        sleepers.remove(at);
        self.count.fetch_sub(1, Ordering::SeqCst);
        true
    }

    /// Wakes the first sleeper of an address, or all of them.
    fn wake(&self, address: u64, all: bool) {
        let mut sleepers = self.lock();
        let mut woken = Vec::new();
        sleepers.retain(|(other, sleeper)| {
            let takes = *other == address && (all || woken.is_empty());
            if takes {
                woken.push(Arc::clone(sleeper));
            }
            !takes
        });
        self.count.fetch_sub(woken.len() as u32, Ordering::SeqCst);
        drop(sleepers);
        for sleeper in woken {
            sleeper.store(1, Ordering::Release);
            let _ = futex::wake(&sleeper, futex::Flags::PRIVATE, 1);
        }
    }
}

impl Serve for Delay {
    fn serve(&mut self) -> Answer {
        if self.timeout == 0 && self.alertable == 0 {
            let start = time::stamp();
            rustix::thread::sched_yield();
            // The host does not say whether another thread ran; a call that took that long came back from one.
            return if time::stamp() - start > time::SWITCH { Ok(()) } else { Err(STATUS_NO_YIELD_PERFORMED) };
        }
        match waiting::wait(Vec::new(), false, self.alertable != 0, time::Deadline::new(true, self.timeout)) {
            STATUS_TIMEOUT => Ok(()),
            status => Err(status),
        }
    }
}
