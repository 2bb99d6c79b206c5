//! A pool: its queues, and the workers. It has workers as long as it has work, and for some seconds afterwards.

use super::task::{Outcome, Task};
use crate::address;
use crate::lock::Mutex;
use crate::thread::NtCreateThreadEx;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY};

/// The most workers of a pool that nobody set.
const MOST: u32 = 500;
/// How long a worker without work stays, in 100 ns units.
const PATIENCE: i64 = -50_000_000;

/// A pool.
pub struct Pool {
    state: Mutex<State>,
    /// Counts what may wake a worker: they sleep here.
    turn: AtomicU32,
}

struct State {
    /// What is to run, by priority, the highest first; and what the callback is told.
    queues: [VecDeque<(Arc<dyn Task>, Outcome)>; 3],
    workers: u32,
    idle: u32,
    least: u32,
    most: u32,
    closed: bool,
}

impl Pool {
    const fn new() -> Self {
        let queues = [VecDeque::new(), VecDeque::new(), VecDeque::new()];
        Self { state: Mutex::new(State { queues, workers: 0, idle: 0, least: 0, most: MOST, closed: false }), turn: AtomicU32::new(0) }
    }

    /// The pool of callbacks that name none.
    pub fn default() -> Arc<Self> {
        static DEFAULT: Mutex<Option<Arc<Pool>>> = Mutex::new(None);
        Arc::clone(DEFAULT.lock().get_or_insert_with(|| Arc::new(Self::new())))
    }

    /// Queues a callback of an item. Fails where nobody could run it.
    pub fn queue(self: &Arc<Self>, item: Arc<dyn Task>, outcome: Outcome) -> Result<(), Status> {
        item.note_queued();
        let mut state = self.state.lock();
        let place = item.priority();
        state.queues[place].push_back((Arc::clone(&item), outcome));
        let needed = state.queues.iter().map(VecDeque::len).sum::<usize>() > state.idle as usize && state.workers < state.most;
        let first = state.workers == 0;
        if needed {
            state.workers += 1;
        }
        drop(state);
        self.turn.fetch_add(1, Ordering::Release);
        if !needed {
            address::wake(&self.turn, false);
            return Ok(());
        }
        let started = self.start_worker();
        if started.is_err() && first {
            self.cancel(&*item);
            return started;
        }
        Ok(())
    }

    /// Starts a worker, which is counted already.
    fn start_worker(self: &Arc<Self>) -> Result<(), Status> {
        let parameter = Arc::into_raw(Arc::clone(self));
        // SAFETY: the worker takes the reference over.
        let started = unsafe { start_thread(work, parameter.cast_mut().cast()) };
        if started.is_err() {
            // SAFETY: nobody took it over.
            drop(unsafe { Arc::from_raw(parameter) });
            self.state.lock().workers -= 1;
        }
        started
    }

    /// Takes an item's callbacks that no worker runs yet out of the queue; answers how many.
    pub fn cancel(&self, item: &dyn Task) -> u32 {
        let mut taken = 0;
        for queue in &mut self.state.lock().queues {
            let before = queue.len();
            queue.retain(|(other, _)| !core::ptr::addr_eq(Arc::as_ptr(other), item));
            taken += (before - queue.len()) as u32;
        }
        item.note_cancelled(taken);
        taken
    }

    /// Whether a callback that takes long leaves a worker, or room for one.
    pub fn has_room(&self) -> bool {
        let state = self.state.lock();
        state.idle > 0 || state.workers < state.most
    }

    /// The next callback for a worker; `None` when it is to end.
    fn next(&self) -> Option<(Arc<dyn Task>, Outcome)> {
        let mut over = false;
        loop {
            let seen = self.turn.load(Ordering::Acquire);
            let mut state = self.state.lock();
            if let Some(next) = state.queues.iter_mut().find_map(VecDeque::pop_front) {
                return Some(next);
            }
            if state.closed || over && state.workers > state.least || state.workers > state.most {
                state.workers -= 1;
                return None;
            }
            state.idle += 1;
            drop(state);
            over = !address::wait(&self.turn, seen, Some(PATIENCE));
            self.state.lock().idle -= 1;
        }
    }
}

/// Starts a thread of ours.
///
/// # Safety
/// The parameter is what the routine wants.
pub unsafe fn start_thread(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void) -> Result<(), Status> {
    const THIS_PROCESS: HANDLE = usize::MAX as HANDLE;
    const ALL: u32 = 0x1F_FFFF;
    let mut handle: HANDLE = null_mut();
    let routine = routine as *const c_void;
    // SAFETY: as the caller promises.
    let status = unsafe { NtCreateThreadEx(&raw mut handle, ALL, null(), THIS_PROCESS, routine, parameter, 0, 0, 0, 0, null_mut()) };
    if status < 0 {
        return Err(Status(STATUS_NO_MEMORY));
    }
    // SAFETY: the handle is ours.
    unsafe { crate::object::NtClose(handle) };
    Ok(())
}

/// A worker: runs callbacks as long as there are some.
unsafe extern "system" fn work(parameter: *mut c_void) -> u32 {
    // SAFETY: `start_worker` gives the reference away.
    let pool = unsafe { Arc::from_raw(parameter.cast_const().cast::<Pool>()) };
    while let Some((item, outcome)) = pool.next() {
        item.run(outcome);
    }
    0
}

/// The pool behind a pointer that programs hold; NULL is the default one.
pub unsafe fn pool(pointer: *const Pool) -> Arc<Pool> {
    if pointer.is_null() {
        return Pool::default();
    }
    // SAFETY: made by `TpAllocPool`, as the caller promises.
    unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    }
}

/// Creates a pool.
#[shim(ix = 432, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpAllocPool(answer: *mut *const Pool, reserved: *mut c_void) -> Result<NtStatus, Status> {
    if !reserved.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    unsafe { *answer = Arc::into_raw(Arc::new(Pool::new())) };
    Ok(NtStatus::SUCCESS)
}

/// Lets go of a pool, which ends once its callbacks have run.
#[shim(ix = 433, mapping = "threads of the process", risk = Functional("threads that stay"))]
pub unsafe extern "system" fn TpReleasePool(pool: *const Pool) {
    // SAFETY: the caller's reference, from `TpAllocPool`.
    let pool = unsafe { Arc::from_raw(pool) };
    pool.state.lock().closed = true;
    pool.turn.fetch_add(1, Ordering::Release);
    address::wake(&pool.turn, true);
}

/// Sets the most workers of a pool.
#[shim(ix = 434, mapping = "threads of the process", risk = Functional("a callback that runs late"))]
pub unsafe extern "system" fn TpSetPoolMaxThreads(pool: *const Pool, most: u32) {
    let mut state = unsafe { &*pool }.state.lock();
    state.most = most.max(1);
    state.least = state.least.min(state.most);
}

/// Sets the least workers of a pool, and starts those that are missing.
#[shim(ix = 435, mapping = "threads of the process", risk = Functional("a callback that runs late"))]
pub unsafe extern "system" fn TpSetPoolMinThreads(pool: *const Pool, least: u32) -> Result<NtStatus, Status> {
    let pool = unsafe { self::pool(pool) };
    loop {
        let mut state = pool.state.lock();
        if least > state.most {
            state.most = least;
        }
        if state.workers >= least {
            state.least = least;
            return Ok(NtStatus::SUCCESS);
        }
        state.workers += 1;
        drop(state);
        pool.start_worker()?;
    }
}
