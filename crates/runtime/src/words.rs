//! The state words of local objects: cells below 4 GiB, where `ntdll` of either bitness can work on them.

use gate::map::{OBJECTS, OBJECTS_SIZE};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a cell: one cache line, so that neighbours do not disturb each other.
const CELL: u64 = 64;

struct Cells {
    used: u32,
    free: Vec<u32>,
}

static CELLS: Mutex<Cells> = Mutex::new(Cells { used: 0, free: Vec::new() });

/// Maps the cells; once, before the first object.
pub fn map() -> rustix::io::Result<()> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE | MapFlags::NORESERVE;
    // SAFETY: the place is set aside for the cells, and nothing is replaced.
    unsafe { mmap_anonymous(OBJECTS as *mut c_void, OBJECTS_SIZE as usize, ProtFlags::READ | ProtFlags::WRITE, flags) }.map(|_| ())
}

/// One object's state.
#[derive(Debug)]
pub struct Word(u32);

impl Word {
    /// Takes a cell and sets it; `None` when all are taken.
    pub fn new(state: u32) -> Option<Self> {
        let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
        let index = match cells.free.pop() {
            Some(index) => index,
            None if u64::from(cells.used) < OBJECTS_SIZE / CELL => {
                cells.used += 1;
                cells.used - 1
            }
            None => return None,
        };
        drop(cells);
        let word = Self(index);
        word.get().store(state.into(), Ordering::Release);
        Some(word)
    }

    /// The word.
    pub fn get(&self) -> &AtomicU64 {
        // SAFETY: the cell is mapped for as long as the process runs, aligned, and only ever used as an atomic.
        unsafe { &*((OBJECTS + u64::from(self.0) * CELL) as *const AtomicU64) }
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        CELLS.lock().unwrap_or_else(PoisonError::into_inner).free.push(self.0);
    }
}
