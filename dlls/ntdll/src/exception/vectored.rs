//! Vectored handlers: functions that see every exception of the process before any frame does, or after the decision to
//! go on.

use crate::lock::Mutex;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};
use guest::shim;
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_POINTERS;

const EXCEPTION_CONTINUE_EXECUTION: i32 = -1;

type Handler = unsafe extern "system" fn(*mut EXCEPTION_POINTERS) -> i32;

/// A list of handlers, by the number that removes them. The length can be read without the lock.
pub struct List {
    handlers: Mutex<Handlers>,
    length: AtomicUsize,
    changes: AtomicUsize,
}

struct Handlers {
    next: usize,
    list: Vec<(usize, Handler)>,
}

/// Handlers that see an exception first.
pub static FIRST: List = List::new();
/// Handlers that hear when a thread is about to go on, or when nothing handled its exception.
pub static CONTINUE: List = List::new();

impl List {
    const fn new() -> Self {
        Self { handlers: Mutex::new(Handlers { next: 1, list: Vec::new() }), length: AtomicUsize::new(0), changes: AtomicUsize::new(0) }
    }

    fn changed(&self, handlers: &Handlers) {
        self.length.store(handlers.list.len(), Ordering::Release);
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    fn add(&self, first: u32, handler: Option<Handler>) -> *mut c_void {
        let Some(handler) = handler else { return null_mut() };
        let mut handlers = self.handlers.lock();
        let number = handlers.next;
        handlers.next += 1;
        let at = if first != 0 { 0 } else { handlers.list.len() };
        handlers.list.insert(at, (number, handler));
        self.changed(&handlers);
        number as *mut c_void
    }

    fn remove(&self, number: *mut c_void) -> u32 {
        let mut handlers = self.handlers.lock();
        let before = handlers.list.len();
        handlers.list.retain(|(other, _)| *other != number as usize);
        self.changed(&handlers);
        (handlers.list.len() < before).into()
    }

    /// The handler at a place, and how often the list had changed.
    fn at(&self, index: usize) -> (Option<(usize, Handler)>, usize) {
        let handlers = self.handlers.lock();
        (handlers.list.get(index).copied(), self.changes.load(Ordering::Relaxed))
    }

    /// Asks one after the other until one wants to go on. No lock is held while a handler runs, and one may change the
    /// list: who was removed is not asked.
    pub fn ask(&self, pointers: &mut EXCEPTION_POINTERS) -> bool {
        let mut index = 0;
        while index < self.length.load(Ordering::Acquire) {
            let (Some((number, handler)), changes) = self.at(index) else { return false };
            if unsafe { handler(pointers) } == EXCEPTION_CONTINUE_EXECUTION {
                return true;
            }
            index += 1;
            if self.changes.load(Ordering::Acquire) != changes {
                let handlers = self.handlers.lock();
                // One that removed itself has made way for its successor.
                index = handlers.list.iter().position(|(other, _)| *other == number).map_or(index - 1, |at| at + 1);
            }
        }
        false
    }
}

/// Adds a vectored exception handler, first or last; answers the value that removes it, or NULL.
#[shim(ix = 19, mapping = "the dispatcher's list", risk = Functional("a handler that is not asked"))]
pub unsafe extern "system" fn RtlAddVectoredExceptionHandler(first: u32, handler: Option<Handler>) -> *mut c_void {
    FIRST.add(first, handler)
}

/// Removes a vectored exception handler; 0 when there is none by that value.
#[shim(ix = 20, mapping = "the dispatcher's list", risk = Functional("a handler that is asked too often"))]
pub unsafe extern "system" fn RtlRemoveVectoredExceptionHandler(handler: *mut c_void) -> u32 {
    FIRST.remove(handler)
}

/// Adds a vectored continue handler, first or last; answers the value that removes it, or NULL.
#[shim(ix = 21, mapping = "the dispatcher's list", risk = Functional("a handler that is not asked"))]
pub unsafe extern "system" fn RtlAddVectoredContinueHandler(first: u32, handler: Option<Handler>) -> *mut c_void {
    CONTINUE.add(first, handler)
}

/// Removes a vectored continue handler; 0 when there is none by that value.
#[shim(ix = 22, mapping = "the dispatcher's list", risk = Functional("a handler that is asked too often"))]
pub unsafe extern "system" fn RtlRemoveVectoredContinueHandler(handler: *mut c_void) -> u32 {
    CONTINUE.remove(handler)
}
