//! A callback that runs: what it wants to be done when it returns.

use alloc::sync::Arc;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_TOO_MANY_THREADS};
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

/// Whose callback runs.
pub trait Owner {
    /// A callback is over, or nobody waits for it any more.
    fn note_done(&self);
    /// A callback has returned, and what it wanted is done.
    fn note_returned(self: Arc<Self>);
    /// Whether its pool may start another worker, or has an idle one.
    fn pool_has_room(&self) -> bool;
}

/// `TP_CALLBACK_INSTANCE`.
pub struct Instance {
    item: Arc<dyn Owner>,
    section: *mut CRITICAL_SECTION,
    mutex: HANDLE,
    semaphore: (HANDLE, u32),
    event: HANDLE,
    library: *mut c_void,
    /// Nobody waits for the callback any more.
    apart: bool,
}

impl Instance {
    /// A callback that is about to run.
    pub fn new(item: Arc<dyn Owner>) -> Self {
        Self { item, section: null_mut(), mutex: null_mut(), semaphore: (null_mut(), 0), event: null_mut(), library: null_mut(), apart: false }
    }

    /// Does what the callback wanted, in the order that is documented.
    pub fn finish(self) {
        // SAFETY: what the callback named is its own.
        unsafe {
            if !self.section.is_null() {
                crate::critical::leave(self.section);
            }
            if !self.mutex.is_null() {
                crate::sync::NtReleaseMutant(self.mutex, null_mut());
            }
            if !self.semaphore.0.is_null() {
                crate::sync::NtReleaseSemaphore(self.semaphore.0, self.semaphore.1, null_mut());
            }
            crate::sync::set_if_given(self.event);
            if !self.library.is_null() {
                crate::loader::unload(self.library);
            }
        }
        if !self.apart {
            self.item.note_done();
        }
        self.item.note_returned();
    }
}

/// Leaves a critical section when the callback returns.
#[shim(ix = 408, mapping = "the callback's instance", risk = Functional("a section that stays"))]
pub unsafe extern "system" fn TpCallbackLeaveCriticalSectionOnCompletion(instance: *mut Instance, section: *mut CRITICAL_SECTION) {
    unsafe { (*instance).section = section };
}

/// Releases a mutex when the callback returns.
#[shim(ix = 409, mapping = "the callback's instance", risk = Functional("a mutex that stays"))]
pub unsafe extern "system" fn TpCallbackReleaseMutexOnCompletion(instance: *mut Instance, mutex: HANDLE) {
    unsafe { (*instance).mutex = mutex };
}

/// Releases a semaphore when the callback returns.
#[shim(ix = 410, mapping = "the callback's instance", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpCallbackReleaseSemaphoreOnCompletion(instance: *mut Instance, semaphore: HANDLE, count: u32) {
    unsafe { (*instance).semaphore = (semaphore, count) };
}

/// Sets an event when the callback returns.
#[shim(ix = 411, mapping = "the callback's instance", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn TpCallbackSetEventOnCompletion(instance: *mut Instance, event: HANDLE) {
    unsafe { (*instance).event = event };
}

/// Unloads a library when the callback returns.
#[shim(ix = 412, mapping = "the callback's instance", risk = Functional("a library that stays"))]
pub unsafe extern "system" fn TpCallbackUnloadDllOnCompletion(instance: *mut Instance, library: *mut c_void) {
    unsafe { (*instance).library = library };
}

/// The callback takes long: whether another thread can run the others meanwhile.
#[shim(ix = 413, mapping = "the pool's count", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn TpCallbackMayRunLong(instance: *mut Instance) -> Result<NtStatus, Status> {
    if unsafe { &*instance }.item.pool_has_room() { Ok(NtStatus::SUCCESS) } else { Err(Status(STATUS_TOO_MANY_THREADS)) }
}

/// Nobody waits for the callback any more, though it runs on.
#[shim(ix = 414, mapping = "the callback's instance", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn TpDisassociateCallback(instance: *mut Instance) {
    let instance = unsafe { &mut *instance };
    if !core::mem::replace(&mut instance.apart, true) {
        instance.item.note_done();
    }
}
