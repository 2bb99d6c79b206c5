//! What queues callbacks for timers that are due and for handles that are signalled: threads that wait for up to 63
//! handles each, and for the next time. A handle that several items wait for is waited for by each.

use super::worker::start_thread;
use crate::lock::Mutex;
use crate::sync;
use crate::time::performance_counter;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU64, Ordering};
use guest::error::Status;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_HANDLE, STATUS_TIMEOUT};

/// Handles that one thread watches, beside the event that wakes it.
const HANDLES: usize = 63;
const NEVER: i64 = i64::MAX;

/// What is queued when something has happened.
pub trait Watched: Send + Sync {
    /// Where it is watched.
    fn place(&self) -> &Mutex<Option<Place>>;
    /// Queues its callback.
    fn queue(self: Arc<Self>, result: u32) -> Result<(), Status>;
    /// Runs its callback on the thread that watches.
    fn run_here(self: Arc<Self>, result: u32);
}

/// A thread that watches.
pub struct Watcher {
    entries: Mutex<Vec<Entry>>,
    /// Tells it that the entries have changed.
    changed: HANDLE,
}

// SAFETY: a handle is a number; any thread may use it.
unsafe impl Send for Watcher {}
// SAFETY: as above.
unsafe impl Sync for Watcher {}

struct Entry {
    number: u64,
    item: Arc<dyn Watched>,
    what: What,
    due: i64,
}

// SAFETY: as above.
unsafe impl Send for Entry {}

/// What is watched, and what happens then.
#[derive(Clone, Copy)]
pub struct What {
    /// The handle, or NULL for a timer.
    pub handle: HANDLE,
    /// 100 ns units until it is due, again and again where there is a period or the handle is watched on.
    pub timeout: Option<u64>,
    /// 100 ns units between two times, or 0.
    pub period: u64,
    /// A handle is watched on after it was signalled.
    pub again: bool,
    /// The callback runs on the thread that watches.
    pub here: bool,
}

/// Where an item's entry is.
pub struct Place {
    watcher: Arc<Watcher>,
    number: u64,
}

static WATCHERS: Mutex<Vec<Arc<Watcher>>> = Mutex::new(Vec::new());

fn due(timeout: Option<u64>) -> i64 {
    timeout.map_or(NEVER, |timeout| performance_counter().saturating_add(i64::try_from(timeout).unwrap_or(NEVER)))
}

/// Watches something for an item, and nothing else any more.
pub fn set<W: Watched + 'static>(item: &Arc<W>, what: What) -> Result<(), Status> {
    unset(item);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let entry = Entry { number, item: Arc::<W>::clone(item), what, due: due(what.timeout) };
    let mut watchers = WATCHERS.lock();
    let room = |watcher: &&Arc<Watcher>| {
        what.handle.is_null() || watcher.entries.lock().iter().filter(|entry| !entry.what.handle.is_null()).count() < HANDLES
    };
    let watcher = match watchers.iter().find(room) {
        Some(watcher) => Arc::clone(watcher),
        None => {
            let watcher = start()?;
            watchers.push(Arc::clone(&watcher));
            watcher
        }
    };
    watcher.entries.lock().push(entry);
    drop(watchers);
    sync::set_if_given(watcher.changed);
    *item.place().lock() = Some(Place { watcher, number });
    Ok(())
}

/// Watches nothing for an item any more. Whether something was watched.
pub fn unset(item: &Arc<impl Watched>) -> bool {
    let Some(place) = item.place().lock().take() else { return false };
    let mut entries = place.watcher.entries.lock();
    let before = entries.len();
    entries.retain(|entry| entry.number != place.number);
    let found = entries.len() < before;
    drop(entries);
    if found {
        sync::set_if_given(place.watcher.changed);
    }
    found
}

/// Whether something is watched for an item.
pub fn is_set(item: &Arc<impl Watched>) -> bool {
    let watched = item.place().lock();
    watched.as_ref().is_some_and(|place| place.watcher.entries.lock().iter().any(|entry| entry.number == place.number))
}

fn start() -> Result<Arc<Watcher>, Status> {
    const ALL: u32 = 0x1F_0003;
    const SYNCHRONIZATION: i32 = 1;
    let mut changed: HANDLE = null_mut();
    // SAFETY: the variable is ours.
    Status::check(unsafe { sync::NtCreateEvent(&raw mut changed, ALL, null(), SYNCHRONIZATION, 0) })?;
    let watcher = Arc::new(Watcher { entries: Mutex::new(Vec::new()), changed });
    let parameter = Arc::into_raw(Arc::clone(&watcher));
    // SAFETY: the thread takes the reference over.
    let started = unsafe { start_thread(watch, parameter.cast_mut().cast()) };
    if started.is_err() {
        // SAFETY: nobody took it over, and the event is ours.
        unsafe {
            drop(Arc::from_raw(parameter));
            crate::object::NtClose(changed);
        }
        started?;
    }
    Ok(watcher)
}

/// Watches until the process ends.
unsafe extern "system" fn watch(parameter: *mut c_void) -> u32 {
    // SAFETY: `start` gives the reference away.
    let watcher = unsafe { Arc::from_raw(parameter.cast_const().cast::<Watcher>()) };
    loop {
        watcher.turn();
    }
}

impl Watcher {
    fn turn(&self) {
        let mut handles = [self.changed; HANDLES + 1];
        let mut numbers = [0; HANDLES + 1];
        let mut count = 1;
        let mut next = NEVER;
        for entry in self.entries.lock().iter() {
            next = next.min(entry.due);
            if !entry.what.handle.is_null() && count <= HANDLES {
                (handles[count], numbers[count]) = (entry.what.handle, entry.number);
                count += 1;
            }
        }
        let timeout = (next - performance_counter()).max(0).saturating_neg();
        let timeout = if next == NEVER { null() } else { &raw const timeout };
        const ANY: i32 = 1;
        // SAFETY: the arrays live through the call.
        let status = unsafe { sync::NtWaitForMultipleObjects(count as u32, handles.as_ptr(), ANY, 1, timeout) };
        match status {
            status if status < 0 => numbers[1..count].iter().zip(&handles[1..count]).for_each(|(number, handle)| self.check(*number, *handle)),
            // An abandoned mutex is signalled, too.
            0..64 | 0x80..0xC0 => {
                if let Some(number) = numbers.get((status & 0x3F) as usize).filter(|number| **number != 0) {
                    self.fire(*number, 0);
                }
            }
            _ => {}
        }
        self.look();
    }

    /// Lets go of a handle that is none.
    fn check(&self, number: u64, handle: HANDLE) {
        let zero = 0;
        // SAFETY: the time lives through the call.
        let status = unsafe { sync::NtWaitForSingleObject(handle, 0, &raw const zero) };
        if status >= 0 && status != STATUS_TIMEOUT {
            self.fire(number, 0);
        } else if status < 0 {
            self.entries.lock().retain(|entry| entry.number != number);
        }
    }

    /// Queues for everything that is due.
    fn look(&self) {
        let now = performance_counter();
        loop {
            let Some(number) = self.entries.lock().iter().find(|entry| entry.due <= now).map(|entry| entry.number) else { return };
            self.fire(number, STATUS_TIMEOUT as u32);
        }
    }

    /// Something has happened: its callback is queued, and it is watched on where that is wanted.
    fn fire(&self, number: u64, result: u32) {
        let mut entries = self.entries.lock();
        let Some(at) = entries.iter().position(|entry| entry.number == number) else { return };
        let entry = &mut entries[at];
        let (item, here) = (Arc::clone(&entry.item), entry.what.here);
        if entry.what.period > 0 {
            // The beat is kept, and times that nobody could see are one.
            let period = entry.what.period as i64;
            let late = (performance_counter() - entry.due).max(0);
            entry.due = entry.due.saturating_add((late / period).saturating_add(1).saturating_mul(period));
        } else if entry.what.again {
            entry.due = due(entry.what.timeout);
        } else {
            entries.swap_remove(at);
        }
        if here {
            drop(entries);
            item.run_here(result);
        } else {
            // Queued under the lock: once `unset` has come back, nothing new is.
            let _ = item.queue(result);
        }
    }
}

/// A handle that can be waited for at all.
pub fn check_handle(handle: HANDLE) -> Result<(), Status> {
    if handle.is_null() { Err(Status(STATUS_INVALID_HANDLE)) } else { Ok(()) }
}
