//! What a pool runs: work, timers, waits, single callbacks; and groups of them that are cleaned up together.

use super::callback::{self, Owner};
use super::task::{Outcome, Task};
use super::watch::{self, Place, Watched};
use super::worker::{Pool, pool};
use crate::address;
use crate::error::RtlNtStatusToDosError;
use crate::lock::Mutex;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// `TP_CALLBACK_ENVIRON`; the last two fields are there in version 3 alone.
#[repr(C)]
pub struct Environment {
    version: u32,
    pool: *const Pool,
    group: *const Group,
    cancelled: Option<Cancelled>,
    race_dll: *mut c_void,
    activation: *mut c_void,
    finalization: Option<Simple>,
    flags: u32,
    priority: u32,
    size: u32,
}

type Cancelled = unsafe extern "system" fn(*mut c_void, *mut c_void);
/// A callback of its own.
pub type Simple = unsafe extern "system" fn(*mut callback::Instance, *mut c_void);
/// A callback of work or of a timer.
pub type Plain = unsafe extern "system" fn(*mut callback::Instance, *mut c_void, *const Item);
/// A callback of a wait.
pub type Waited = unsafe extern "system" fn(*mut callback::Instance, *mut c_void, *const Item, u32);
/// A callback of RegisterWaitForSingleObject or of a timer queue.
pub type WaitedOrTimed = unsafe extern "system" fn(*mut c_void, u8);
/// A callback of QueueUserWorkItem.
pub type Routine = unsafe extern "system" fn(*mut c_void) -> u32;

/// A callback of `TpAllocIoCompletion`.
pub type Completed = unsafe extern "system" fn(*mut callback::Instance, *mut c_void, *mut c_void, *mut IO_STATUS_BLOCK, *const Item);
/// A callback of CreateThreadpoolIo, with a Win32 error.
pub type Win32Completed = unsafe extern "system" fn(*mut callback::Instance, *mut c_void, *mut c_void, u32, usize, *const Item);
/// A callback of BindIoCompletionCallback, with a status.
pub type Bound = unsafe extern "system" fn(u32, u32, *mut c_void);

/// What is called, and how.
#[derive(Clone, Copy)]
pub enum Callback {
    /// A single callback.
    Simple(Simple),
    /// Work or a timer.
    Plain(Plain),
    /// A wait.
    Waited(Waited),
    /// A registered wait or a timer queue's timer.
    WaitedOrTimed(WaitedOrTimed),
    /// A work item.
    Routine(Routine),
    /// What is completed on a file.
    Completed(Completed),
    /// The same, for Win32.
    Win32Completed(Win32Completed),
    /// The same, of files that are bound to a function.
    Bound(Bound),
}

/// Something that a pool runs.
pub struct Item {
    callback: Callback,
    context: *mut c_void,
    pool: Arc<Pool>,
    group: Option<Arc<Group>>,
    cancelled: Option<Cancelled>,
    finalization: Option<Simple>,
    priority: u32,
    counts: Mutex<Counts>,
    /// Counts the callbacks that are over: who waits for them sleeps here.
    turn: AtomicU32,
    /// Where a timer or a handle is watched for it.
    watched: Mutex<Option<Place>>,
}

// SAFETY: the context is the program's, which says that any thread may use it.
unsafe impl Send for Item {}
// SAFETY: as above; everything else is behind locks.
unsafe impl Sync for Item {}

#[derive(Default)]
struct Counts {
    queued: u32,
    running: u32,
    /// Requests that were announced, and are not completed.
    expected: u32,
    /// Requests that nobody waits for any more: their packets are dropped.
    skipped: u32,
    /// Set once nothing is under way any more.
    done: HANDLE,
}

impl Counts {
    const fn is_idle(&self) -> bool {
        self.queued == 0 && self.running == 0 && self.expected == 0
    }
}

impl Task for Item {
    fn priority(&self) -> usize {
        self.priority as usize
    }

    fn note_queued(&self) {
        self.counts.lock().queued += 1;
    }

    fn note_cancelled(&self, count: u32) {
        let mut counts = self.counts.lock();
        counts.queued -= count;
        self.look(counts);
    }

    fn run(self: Arc<Self>, outcome: Outcome) {
        {
            let mut counts = self.counts.lock();
            counts.queued -= 1;
            counts.running += 1;
        }
        self.call(outcome);
    }
}

impl Owner for Item {
    fn note_done(&self) {
        let mut counts = self.counts.lock();
        counts.running -= 1;
        self.look(counts);
    }

    fn note_returned(self: Arc<Self>) {
        if self.is_idle() && self.is_single() {
            self.leave_group();
        }
    }

    fn pool_has_room(&self) -> bool {
        self.pool.has_room()
    }
}

impl Watched for Item {
    fn place(&self) -> &Mutex<Option<Place>> {
        &self.watched
    }

    fn queue(self: Arc<Self>, result: u32) -> Result<(), Status> {
        self.post(result.into())
    }

    fn run_here(self: Arc<Self>, result: u32) {
        self.counts.lock().running += 1;
        self.call(result.into());
    }
}

impl Item {
    /// An item; what the environment says of pool, group and priority counts.
    pub unsafe fn new(callback: Callback, context: *mut c_void, environment: *const Environment) -> Result<Arc<Self>, Status> {
        const NORMAL: u32 = 1;
        // SAFETY: NULL, or the caller's structure.
        let environment = unsafe { environment.as_ref() };
        if environment.is_some_and(|environment| !matches!(environment.version, 1 | 3)) {
            return Err(Status(STATUS_INVALID_PARAMETER));
        }
        let priority = environment.filter(|environment| environment.version == 3).map_or(NORMAL, |environment| environment.priority);
        if priority > 2 {
            return Err(Status(STATUS_INVALID_PARAMETER));
        }
        let group = environment.map_or(core::ptr::null(), |environment| environment.group);
        let item = Arc::new(Self {
            callback,
            context,
            // SAFETY: the program's pool, or NULL.
            pool: unsafe { pool(environment.map_or(core::ptr::null(), |environment| environment.pool)) },
            // SAFETY: the program's group, or NULL.
            group: (!group.is_null()).then(|| unsafe { shared(group) }),
            cancelled: environment.and_then(|environment| environment.cancelled),
            finalization: environment.and_then(|environment| environment.finalization),
            priority,
            counts: Mutex::default(),
            turn: AtomicU32::new(0),
            watched: Mutex::new(None),
        });
        if let Some(group) = &item.group {
            group.members.lock().push(Arc::clone(&item));
        }
        Ok(item)
    }

    /// Queues a callback.
    pub fn post(self: &Arc<Self>, outcome: Outcome) -> Result<(), Status> {
        self.pool.queue(Arc::<Self>::clone(self), outcome)
    }

    /// A request is about to be made whose completion is to be told. It keeps the item.
    pub fn expect(self: Arc<Self>) {
        self.counts.lock().expected += 1;
        let _ = Arc::into_raw(self);
    }

    /// A request that was announced was not made.
    pub fn expect_less(self: &Arc<Self>) {
        let mut counts = self.counts.lock();
        let Some(less) = counts.expected.checked_sub(1) else { return };
        counts.expected = less;
        self.look(counts);
        self.let_go();
    }

    /// Lets go of what a request has kept.
    fn let_go(self: &Arc<Self>) {
        // SAFETY: `expect` has kept one reference, which its count says.
        unsafe { Arc::decrement_strong_count(Arc::as_ptr(self)) };
    }

    /// A request is completed: its callback is queued, unless nobody waits for it any more.
    pub fn complete(self: &Arc<Self>, outcome: Outcome) {
        let mut counts = self.counts.lock();
        if let Some(less) = counts.skipped.checked_sub(1) {
            counts.skipped = less;
            drop(counts);
            return self.let_go();
        }
        let announced = counts.expected.checked_sub(1);
        counts.expected = announced.unwrap_or(0);
        // Counted as running until it is queued: something is always under way.
        counts.running += 1;
        drop(counts);
        // Without memory for a first worker nobody runs it, and there is nobody to tell.
        let _ = self.post(outcome);
        self.note_done();
        if announced.is_some() {
            self.let_go();
        }
    }

    /// Wakes who waits for the callbacks, and tells who wanted to be told, once none is under way.
    fn look(&self, mut counts: crate::lock::Guard<'_, Counts>) {
        let over = counts.is_idle();
        let done = if over { core::mem::replace(&mut counts.done, null_mut()) } else { null_mut() };
        drop(counts);
        self.turn.fetch_add(1, Ordering::Release);
        address::wake(&self.turn, true);
        crate::sync::set_if_given(done);
    }

    fn call(self: Arc<Self>, outcome: Outcome) {
        const TIMED_OUT: u32 = 0x102;
        let Outcome { result, overlapped, information } = outcome;
        let overlapped = overlapped as *mut c_void;
        let mut instance = callback::Instance::new(Arc::<Self>::clone(&self));
        let (at, me) = (&raw mut instance, Arc::as_ptr(&self));
        // SAFETY: the program's own callbacks, of the forms that it says.
        unsafe {
            match self.callback {
                Callback::Simple(callback) => callback(at, self.context),
                Callback::Plain(callback) => callback(at, self.context, me),
                Callback::Waited(callback) => callback(at, self.context, me, result),
                Callback::WaitedOrTimed(callback) => callback(self.context, (result == TIMED_OUT).into()),
                Callback::Routine(callback) => {
                    callback(self.context);
                }
                Callback::Completed(callback) => {
                    let mut block: IO_STATUS_BLOCK = core::mem::zeroed();
                    block.Anonymous.Status = result as i32;
                    block.Information = information;
                    callback(at, self.context, overlapped, &raw mut block, me);
                }
                Callback::Win32Completed(callback) => {
                    callback(at, self.context, overlapped, RtlNtStatusToDosError(result as i32), information, me);
                }
                Callback::Bound(callback) => callback(result, information as u32, overlapped),
            }
            if let Some(finalization) = self.finalization {
                finalization(at, self.context);
            }
        }
        instance.finish();
    }

    /// Waits until no callback is under way; with `cancel`, those that have not begun are taken back. Answers how many.
    pub fn wait(self: &Arc<Self>, cancel: bool) -> u32 {
        let cancelled = if cancel { self.cancel() } else { 0 };
        loop {
            let seen = self.turn.load(Ordering::Acquire);
            if self.is_idle() {
                return cancelled;
            }
            address::wait(&self.turn, seen, None);
        }
    }

    /// Takes back what has not begun; requests go on, but nobody hears of their ends.
    fn cancel(self: &Arc<Self>) -> u32 {
        let cancelled = self.pool.cancel(&**self);
        let mut counts = self.counts.lock();
        counts.skipped += core::mem::take(&mut counts.expected);
        self.look(counts);
        cancelled
    }

    /// Whether no callback is under way, and none is expected.
    pub fn is_idle(&self) -> bool {
        self.counts.lock().is_idle()
    }

    /// Sets an event once no callback is under way. Whether there was one.
    pub fn tell_when_idle(&self, event: HANDLE) -> bool {
        let mut counts = self.counts.lock();
        let busy = !counts.is_idle();
        if busy {
            counts.done = event;
        } else {
            drop(counts);
            crate::sync::set_if_given(event);
        }
        busy
    }

    /// Whether it is a single callback, which no program holds.
    pub const fn is_single(&self) -> bool {
        matches!(self.callback, Callback::Simple(_))
    }

    /// Takes it out of its group.
    pub fn leave_group(self: &Arc<Self>) {
        if let Some(group) = &self.group {
            group.members.lock().retain(|other| !Arc::ptr_eq(other, self));
        }
    }
}

/// Gives an item to the program.
pub unsafe fn give(answer: *mut *const Item, item: Arc<Item>) -> Result<NtStatus, Status> {
    if answer.is_null() {
        item.leave_group();
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    // SAFETY: the caller's variable.
    unsafe { *answer = Arc::into_raw(item) };
    Ok(NtStatus::SUCCESS)
}

/// Another reference to what the program holds.
pub unsafe fn shared<T>(pointer: *const T) -> Arc<T> {
    // SAFETY: the program's reference, as the caller promises.
    unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    }
}

/// Takes an item back from the program: its callbacks run to their end, and nothing new is queued.
pub unsafe fn take_back(pointer: *const Item) {
    // SAFETY: the program's reference, as the caller promises.
    let item = unsafe { Arc::from_raw(pointer) };
    watch::unset(&item);
    item.leave_group();
}

/// A group of items that are cleaned up together.
pub struct Group {
    members: Mutex<Vec<Arc<Item>>>,
}

/// Creates a cleanup group.
#[shim(ix = 415, mapping = "a list of items", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn TpAllocCleanupGroup(answer: *mut *const Group) -> Result<NtStatus, Status> {
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    unsafe { *answer = Arc::into_raw(Arc::new(Group { members: Mutex::new(Vec::new()) })) };
    Ok(NtStatus::SUCCESS)
}

/// Lets go of a cleanup group, which has no members any more.
#[shim(ix = 416, mapping = "a list of items", risk = Functional("memory that stays"))]
pub unsafe extern "system" fn TpReleaseCleanupGroup(group: *const Group) {
    // SAFETY: the caller's reference.
    drop(unsafe { Arc::from_raw(group) });
}

/// Waits for the callbacks of a group's members and lets go of them; those that have not begun are cancelled, if wanted,
/// and the group's own callback hears of each member that had some.
#[shim(ix = 417, mapping = "a list of items", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn TpReleaseCleanupGroupMembers(group: *const Group, cancel: u32, context: *mut c_void) {
    let group = unsafe { shared(group) };
    let members = core::mem::take(&mut *group.members.lock());
    for item in &members {
        watch::unset(item);
    }
    for item in members {
        let cancelled = item.wait(cancel != 0);
        if let Some(callback) = item.cancelled.filter(|_| cancelled > 0) {
            unsafe { callback(item.context, context) };
        }
        if !item.is_single() {
            // SAFETY: the program held one reference, which it gives up here.
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&item)) };
        }
    }
}

/// Queues a single callback.
#[shim(ix = 418, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpSimpleTryPost(
    callback: Option<Simple>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let item = unsafe { Item::new(Callback::Simple(callback), context, environment) }?;
    item.post(Outcome::default()).inspect_err(|_| item.leave_group())?;
    Ok(NtStatus::SUCCESS)
}

/// Creates a work object.
#[shim(ix = 419, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpAllocWork(
    answer: *mut *const Item,
    callback: Option<Plain>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { give(answer, Item::new(Callback::Plain(callback), context, environment)?) }
}

/// Queues a callback of a work object.
#[shim(ix = 420, mapping = "threads of the process", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpPostWork(work: *const Item) {
    // Without memory for a first thread there is nobody to run it, and no way to say so.
    let _ = unsafe { shared(work) }.post(Outcome::default());
}

/// Waits for a work object's callbacks; those that have not begun are cancelled, if wanted.
#[shim(ix = 421, mapping = "a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpWaitForWork(work: *const Item, cancel: u32) {
    unsafe { shared(work) }.wait(cancel != 0);
}

/// Lets go of a work object once its callbacks have run.
#[shim(ix = 422, mapping = "memory alone", risk = Functional("memory that stays"))]
pub unsafe extern "system" fn TpReleaseWork(work: *const Item) {
    unsafe { take_back(work) };
}
