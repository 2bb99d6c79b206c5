//! Searches whose results are all known when they start: each is a number, which stands for what is left of it.

use crate::lock::Lock;
use alloc::vec::Vec;
use guest::call::FileHandle;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, ERROR_INVALID_HANDLE, HANDLE};

/// The searches of one kind that are under way: their numbers, and what is left of each, in reverse.
pub struct Searches<T> {
    first: usize,
    running: Lock<Vec<(usize, Vec<T>)>>,
}

impl<T> Searches<T> {
    /// None yet. Their numbers count from `first` on, which is odd: no handle of the system's is.
    pub const fn new(first: usize) -> Self {
        Self { first, running: Lock::new(Vec::new()) }
    }

    /// Starts a search that finds these.
    pub fn start(&self, mut found: Vec<T>) -> FileHandle {
        found.reverse();
        self.running.with(|running| {
            let number = running.iter().map(|(number, _)| number + 4).max().unwrap_or(self.first);
            running.push((number, found));
            FileHandle(number as HANDLE)
        })
    }

    /// Takes the next result, unless `take` cannot: then it stays the next one.
    pub fn next<R>(&self, search: HANDLE, take: impl FnOnce(&T) -> Result<R, Win32Error>) -> Result<R, Win32Error> {
        self.running.with(|running| {
            let (_, left) = running.iter_mut().find(|(number, _)| *number == search as usize).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
            let taken = take(left.last().ok_or(Win32Error(ERROR_HANDLE_EOF))?)?;
            left.pop();
            Ok(taken)
        })
    }

    /// Ends a search; false where there is none with this handle.
    pub fn end(&self, search: HANDLE) -> bool {
        self.running.with(|running| {
            let index = running.iter().position(|(number, _)| *number == search as usize);
            index.map(|index| running.swap_remove(index)).is_some()
        })
    }
}
