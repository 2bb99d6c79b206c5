//! Fiber-local storage: slots with a callback, kept per thread as long as there are no fibers.

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

/// The calling thread's values; `TEB.FlsData` points at them.
type Values = Vec<*mut c_void>;

fn values<'a>(make: bool) -> Option<&'a mut Values> {
    let data = teb::fls_data();
    if data.is_null() {
        if !make {
            return None;
        }
        teb::set_fls_data(Box::into_raw(Box::new(Values::new())).cast());
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

/// Gives a slot back; its callback sees the calling thread's value.
#[shim(ix = 37, mapping = "a table of the process", risk = Functional("a value that is not cleaned up"))]
pub unsafe extern "system" fn RtlFlsFree(index: u32) -> Result<NtStatus, Status> {
    let index = index as usize;
    let callback = {
        let mut slots = SLOTS.lock();
        slots.get_mut(index).filter(|_| index > 0).and_then(Option::take).ok_or(Status(STATUS_INVALID_PARAMETER))?
    };
    let value = values(false).and_then(|values| values.get_mut(index)).map_or(null_mut(), |value| core::mem::replace(value, null_mut()));
    if let Some(callback) = callback.filter(|_| !value.is_null()) {
        unsafe { callback(value) };
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

/// Calls the callbacks for the calling thread's values, and lets go of them: the thread ends.
pub fn thread_detach() {
    let Some(values) = values(false) else { return };
    for (index, value) in values.iter_mut().enumerate().skip(1) {
        let value = core::mem::replace(value, null_mut());
        let callback = SLOTS.lock().get(index).copied().flatten().flatten();
        if let Some(callback) = callback.filter(|_| !value.is_null()) {
            unsafe { callback(value) };
        }
    }
    let data = teb::fls_data();
    teb::set_fls_data(null_mut());
    // SAFETY: made by `values`, and nobody else holds it.
    drop(unsafe { Box::from_raw(data.cast::<Values>()) });
}
