//! The threads that run.

use crate::object::{Body, Object, Thread};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// Threads that have not ended, by number.
static RUNNING: LazyLock<Mutex<HashMap<u32, Arc<Object>>>> = LazyLock::new(Mutex::default);

/// How many threads run.
pub fn count() -> u32 {
    running().len() as u32
}

/// The threads that run.
pub fn all() -> Vec<Arc<Thread>> {
    running().values().filter_map(|object| if let Body::Thread(thread) = &object.body { Some(Arc::clone(thread)) } else { None }).collect()
}

/// The table of those that run.
pub fn running() -> MutexGuard<'static, HashMap<u32, Arc<Object>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
