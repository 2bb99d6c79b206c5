//! The broker's numbers for the handles of one file object: by any of them the broker knows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// They are shared by what belongs to the object.
#[derive(Clone, Debug, Default)]
pub struct Handles(Arc<Mutex<Vec<u32>>>);

impl Handles {
    fn lock(&self) -> MutexGuard<'_, Vec<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn enter(&self, handle: u32) {
        self.lock().push(handle);
    }

    /// One less; whether it was the last one.
    pub fn leave(&self, handle: u32) -> bool {
        let mut handles = self.lock();
        if let Some(place) = handles.iter().position(|other| *other == handle) {
            handles.swap_remove(place);
        }
        handles.is_empty()
    }

    /// Any of them.
    pub fn any(&self) -> Option<u32> {
        self.lock().first().copied()
    }
}
