//! What is completed on files: one completion port for all pools, and a thread that takes its packets and queues their
//! callbacks. An operation that was announced keeps its item, until its packet has come.

use super::item::{Bound, Callback, Completed, Environment, Item, Win32Completed, give, shared, take_back};
use super::task::Outcome;
use super::worker::start_thread;
use crate::completion::{Association, NtCreateIoCompletion, NtRemoveIoCompletion, associate};
use crate::lock::Mutex;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_3};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Which item a packet is for, by the key of its file. A file keeps its key as long as it is open, its item or not.
static ITEMS: Mutex<Items> = Mutex::new(Items { port: 0, next: 1, listed: BTreeMap::new(), bound: BTreeMap::new() });

struct Items {
    /// The port, once there is one.
    port: usize,
    next: usize,
    listed: BTreeMap<usize, Weak<Item>>,
    /// The item of each function that files are bound to, and its key: they stay.
    bound: BTreeMap<usize, (usize, Arc<Item>)>,
}

impl Items {
    /// Gives an item a key.
    fn list(&mut self, item: &Arc<Item>) -> usize {
        // Those that are gone make room.
        if self.listed.len() >= 64 && self.listed.len().is_power_of_two() {
            self.listed.retain(|_, item| item.strong_count() > 0);
        }
        let key = self.next;
        self.next += 1;
        self.listed.insert(key, Arc::downgrade(item));
        key
    }

    /// The port that a thread reads.
    fn port(&mut self) -> Result<HANDLE, Status> {
        const ALL: u32 = 0x1F_0003;
        if self.port == 0 {
            let mut port = null_mut();
            // SAFETY: the variable is ours.
            Status::check(unsafe { NtCreateIoCompletion(&raw mut port, ALL, null(), 0) })?;
            // SAFETY: the thread's parameter is the port's number.
            let started = unsafe { start_thread(read, port) };
            if started.is_err() {
                // SAFETY: the handle is ours, and nobody has it.
                unsafe { crate::object::NtClose(port) };
                started?;
            }
            self.port = port as usize;
        }
        Ok(self.port as HANDLE)
    }
}

/// Takes packets until the process ends.
unsafe extern "system" fn read(port: HANDLE) -> u32 {
    loop {
        let (mut key, mut overlapped) = (null_mut(), null_mut());
        // SAFETY: zero is a value of it.
        let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
        // SAFETY: the variables live through the call.
        let status = unsafe { NtRemoveIoCompletion(port, &raw mut key, &raw mut overlapped, &raw mut block, null()) };
        if status < 0 {
            // A program that closes handles at random has closed the port.
            return 0;
        }
        let item = ITEMS.lock().listed.get(&(key as usize)).and_then(Weak::upgrade);
        if let Some(item) = item {
            // SAFETY: any value is a status.
            let result = unsafe { block.Anonymous.Status } as u32;
            item.complete(Outcome { result, overlapped: overlapped as usize, information: block.Information });
        }
    }
}

/// Lets the pool hear of what is completed on a file.
fn bind(file: HANDLE, key: usize, port: HANDLE) -> Result<(), Status> {
    associate(file as u64, Association::new(port, key as *mut c_void)).map(|_| ())
}

unsafe fn create(
    answer: *mut *const Item,
    file: HANDLE,
    callback: Callback,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    // SAFETY: the caller's environment.
    let item = unsafe { Item::new(callback, context, environment) }?;
    let mut items = ITEMS.lock();
    let key = items.list(&item);
    let bound = items.port().and_then(|port| bind(file, key, port));
    if bound.is_err() {
        items.listed.remove(&key);
    }
    drop(items);
    bound.inspect_err(|_| item.leave_group())?;
    // SAFETY: the caller's variable.
    unsafe { give(answer, item) }
}

/// Creates an object that hears of what is completed on a file.
#[shim(ix = 462, mapping = "a completion port", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TpAllocIoCompletion(
    answer: *mut *const Item,
    file: HANDLE,
    callback: Option<Completed>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER_3))?;
    unsafe { create(answer, file, Callback::Completed(callback), context, environment) }
}

/// As `TpAllocIoCompletion`, with a callback that is told a Win32 error.
#[shim(ix = 463, mapping = "a completion port", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn WcAllocWin32IoCompletion(
    answer: *mut *const Item,
    file: HANDLE,
    callback: Option<Win32Completed>,
    context: *mut c_void,
    environment: *const Environment,
) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { create(answer, file, Callback::Win32Completed(callback), context, environment) }
}

/// Announces an operation whose completion is to be told.
#[shim(ix = 464, mapping = "the item's counts", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn TpStartAsyncIoOperation(io: *const Item) {
    unsafe { shared(io) }.expect();
}

/// Takes an announcement back: the operation was not begun, or no packet tells of its end.
#[shim(ix = 465, mapping = "the item's counts", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpCancelAsyncIoOperation(io: *const Item) {
    unsafe { shared(io) }.expect_less();
}

/// Waits for the callbacks of all operations that were announced; those that have not begun are cancelled, if wanted.
#[shim(ix = 466, mapping = "a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpWaitForIoCompletion(io: *const Item, cancel: u32) {
    unsafe { shared(io) }.wait(cancel != 0);
}

/// Lets go of the object once its callbacks have run.
#[shim(ix = 467, mapping = "memory alone", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn TpReleaseIoCompletion(io: *const Item) {
    unsafe { take_back(io) };
}

/// Lets a function hear of everything that is completed on a file, for as long as the file is open.
#[shim(ix = 468, mapping = "a completion port", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn RtlSetIoCompletionCallback(file: HANDLE, callback: Option<Bound>, _flags: u32) -> Result<NtStatus, Status> {
    let callback = callback.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let mut items = ITEMS.lock();
    let key = match items.bound.get(&(callback as usize)) {
        Some((key, _)) => *key,
        None => {
            // SAFETY: there is no environment.
            let item = unsafe { Item::new(Callback::Bound(callback), null_mut(), null()) }?;
            let key = items.list(&item);
            items.bound.insert(callback as usize, (key, item));
            key
        }
    };
    let port = items.port()?;
    bind(file, key, port)?;
    Ok(NtStatus::SUCCESS)
}
