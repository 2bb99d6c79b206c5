//! Who the calling thread is.

use crate::object::Thread;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
    static ID: Cell<u32> = const { Cell::new(0) };
}

/// The calling thread.
pub fn get() -> Arc<Thread> {
    CURRENT.with_borrow(|current| current.clone()).expect("only guest threads enter the gate")
}

/// The calling thread, in a signal's handler: `None` where it is none of the guest's, or ends.
pub fn interrupted() -> Option<Arc<Thread>> {
    CURRENT.try_with(|current| current.try_borrow().ok().and_then(|current| current.clone())).ok().flatten()
}

/// The calling thread's number; 0 in a thread of the runtime's own.
pub fn id() -> u32 {
    ID.get()
}

/// Notes who the calling thread is: it enters guest code from here on.
pub fn set(thread: &Arc<Thread>) {
    CURRENT.set(Some(Arc::clone(thread)));
    ID.set(thread.id);
}
