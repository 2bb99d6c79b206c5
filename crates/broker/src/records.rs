//! File records: one for each open file, in memory that the sandbox's processes share.

use channel::{Access, Mapping, Shared};
use gate::file::Record;
use gate::map::FILE_RECORDS_SIZE;
use rustix::io::Result;
use std::sync::{Mutex, PoisonError};

/// The records of a sandbox.
pub struct Records {
    /// What processes map.
    pub shared: Shared,
    memory: Mapping,
    free: Mutex<(u32, Vec<u32>)>,
}

const SIZE: usize = size_of::<Record>();

impl Records {
    /// Room for all records; pages are taken as they are used.
    pub fn new() -> Result<Self> {
        let shared = Shared::create("file-records", FILE_RECORDS_SIZE as usize)?;
        let memory = shared.map(Access::Write)?;
        Ok(Self { shared, memory, free: Mutex::default() })
    }

    /// Takes a record, cleared; `None` when all are taken.
    pub fn take(&self) -> Option<u32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = free.1.pop() {
            self.memory.write(index as usize * SIZE, &[0; SIZE]);
            return Some(index);
        }
        let index = free.0;
        ((index as usize + 1) * SIZE <= FILE_RECORDS_SIZE as usize).then(|| {
            free.0 += 1;
            index
        })
    }

    /// Gives a record back.
    pub fn give_back(&self, index: u32) {
        if index != u32::MAX {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).1.push(index);
        }
    }
}
