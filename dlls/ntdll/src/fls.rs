//! Fiber-local storage: slots with a callback, and values of each thread, or fiber, which changes `TEB.FlsData`.

use crate::lock::Mutex;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY};

/// `RTL_FLS_MAXIMUM_AVAILABLE`.
const MOST: usize = 4080;

type Callback = unsafe extern "system" fn(*mut c_void);

/// What a slot in use carries.
type Slot = Option<Option<Callback>>;

static SLOTS: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

/// The values of a thread or fiber; `TEB.FlsData` points at them while it runs.
type Values = Vec<*mut c_void>;

/// Everybody's values, for a slot that is given back.
static ALL: Mutex<Vec<Listed>> = Mutex::new(Vec::new());

/// Values that a thread or fiber has.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Listed(*mut Values);

// SAFETY: reached under the list's lock, or by the thread that runs with them.
unsafe impl Send for Listed {}

fn values<'a>(make: bool) -> Option<&'a mut Values> {
    let data = teb::fls_data();
    if data.is_null() {
        if !make {
            return None;
        }
        let made = Box::into_raw(Box::new(Values::new()));
        ALL.lock().push(Listed(made));
        teb::set_fls_data(made.cast());
    }
    // SAFETY: made above, and only the thread itself uses it.
    unsafe { teb::fls_data().cast::<Values>().as_mut() }
}

/// Takes a slot, with a callback for the values that are left in it.
#[shim(ix = 36, mapping = "a table of the process", risk = Functional("a slot given twice"))]
pub unsafe extern "system" fn RtlFlsAlloc(callback: Option<Callback>, index: *mut u32) -> Result<NtStatus, Status> {
    let mut slots = SLOTS.lock();
    // Slot 0 is never given out: programs take 0 for "none".
    let free = slots.iter().skip(1).position(Option::is_none).map(|at| at + 1);
    let at = match free {
        Some(at) => {
            slots[at] = Some(callback);
            at
        }
        None if slots.len() < MOST => {
            if slots.is_empty() {
                slots.push(Some(None));
            }
            slots.push(Some(callback));
            slots.len() - 1
        }
        None => return Err(Status(STATUS_NO_MEMORY)),
    };
    unsafe { *index = at as u32 };
    Ok(NtStatus::SUCCESS)
}

/// Gives a slot back; its callback sees every thread's and fiber's value.
#[shim(ix = 37, mapping = "a table of the process", risk = Functional("a value that is not cleaned up"))]
pub unsafe extern "system" fn RtlFlsFree(index: u32) -> Result<NtStatus, Status> {
    let index = index as usize;
    let callback = {
        let mut slots = SLOTS.lock();
        slots.get_mut(index).filter(|_| index > 0).and_then(Option::take).ok_or(Status(STATUS_INVALID_PARAMETER))?
    };
    let mut left = Vec::new();
    for listed in ALL.lock().iter() {
        // SAFETY: listed, so that they are there; their owner looks for no value of a slot that is given back.
        if let Some(value) = unsafe { &mut *listed.0 }.get_mut(index) {
            left.push(core::mem::replace(value, null_mut()));
        }
    }
    // No lock is held while guest code runs.
    for value in left.into_iter().filter(|value| !value.is_null()) {
        if let Some(callback) = callback {
            unsafe { callback(value) };
        }
    }
    Ok(NtStatus::SUCCESS)
}

/// Sets the calling thread's value of a slot.
#[shim(ix = 38, mapping = "the thread's own table", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlFlsSetValue(index: u32, value: *mut c_void) -> Result<NtStatus, Status> {
    let index = index as usize;
    if index == 0 || index >= MOST {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let values = values(true).ok_or(Status(STATUS_NO_MEMORY))?;
    if values.len() <= index {
        values.resize(index + 1, null_mut());
    }
    values[index] = value;
    Ok(NtStatus::SUCCESS)
}

/// Answers the calling thread's value of a slot.
#[shim(ix = 39, mapping = "the thread's own table", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlFlsGetValue(index: u32, value: *mut *mut c_void) -> Result<NtStatus, Status> {
    let index = index as usize;
    if index == 0 || index >= MOST {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    unsafe { *value = values(false).and_then(|values| values.get(index).copied()).unwrap_or(null_mut()) };
    Ok(NtStatus::SUCCESS)
}

/// Calls the callbacks for a fiber's or thread's values (1), and lets go of them (2).
#[shim(ix = 447, mapping = "the values' own table", risk = Functional("a value that is not cleaned up"))]
pub unsafe extern "system" fn RtlProcessFlsData(data: *mut c_void, flags: u32) {
    const CALL: u32 = 1;
    const FREE: u32 = 2;
    let values = data.cast::<Values>();
    if values.is_null() {
        return;
    }
    // SAFETY: made by `values`, as the caller promises.
    let count = if flags & CALL != 0 { unsafe { &*values }.len() } else { 0 };
    for index in 1..count {
        // SAFETY: as above; a callback may set values, but takes none away.
        let value = unsafe { core::mem::replace(&mut (&mut *values)[index], null_mut()) };
        let callback = SLOTS.lock().get(index).copied().flatten().flatten();
        if let Some(callback) = callback.filter(|_| !value.is_null()) {
            unsafe { callback(value) };
        }
    }
    if flags & FREE != 0 {
        ALL.lock().retain(|listed| *listed != Listed(values));
        // SAFETY: made by `values`, and nobody else holds it.
        drop(unsafe { Box::from_raw(values) });
    }
}

/// Calls the callbacks for the calling thread's values, and lets go of them: the thread ends.
pub fn thread_detach() {
    let data = teb::fls_data();
    // The callbacks may look at what is left.
    unsafe { RtlProcessFlsData(data, 1) };
    teb::set_fls_data(null_mut());
    unsafe { RtlProcessFlsData(data, 2) };
}
