//! The state words of local objects, and the map of their handles: below 4 GiB, where `ntdll` of either bitness works on
//! them.

use gate::cell;
use gate::map::{HANDLES_SIZE, OBJECTS, OBJECTS_SIZE};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

struct Cells {
    used: u32,
    free: Vec<u32>,
}

static CELLS: Mutex<Cells> = Mutex::new(Cells { used: 0, free: Vec::new() });

/// Maps the cells and the handles; once, before the first object.
pub fn map() -> rustix::io::Result<()> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE | MapFlags::NORESERVE;
    let size = (OBJECTS_SIZE + HANDLES_SIZE) as usize;
    // SAFETY: the place is set aside for them, and nothing is replaced.
    unsafe { mmap_anonymous(OBJECTS as *mut c_void, size, ProtFlags::READ | ProtFlags::WRITE, flags) }.map(|_| ())
}

/// One object's state.
#[derive(Debug)]
pub struct Word(u32);

impl Word {
    /// Takes a cell and sets it; `None` when all are taken.
    pub fn new(state: u32, limit: u32) -> Option<Self> {
        let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
        let index = match cells.free.pop() {
            Some(index) => index,
            None if u64::from(cells.used) < OBJECTS_SIZE / cell::SIZE => {
                cells.used += 1;
                cells.used - 1
            }
            None => return None,
        };
        drop(cells);
        let word = Self(index);
        word.limit().store(limit, Ordering::Relaxed);
        word.depth().store(0, Ordering::Relaxed);
        let generation = word.get().load(Ordering::Relaxed) & cell::GENERATION;
        word.get().store(generation.wrapping_add(cell::NEXT_GENERATION) | u64::from(state), Ordering::Release);
        Some(word)
    }

    /// The word.
    pub fn get(&self) -> &AtomicU64 {
        // SAFETY: the cell is mapped for as long as the process runs, aligned, and only ever used as an atomic.
        unsafe { &*(cell::address(self.0.into()) as *const AtomicU64) }
    }

    fn limit(&self) -> &AtomicU32 {
        // SAFETY: as above.
        unsafe { &*((cell::address(self.0.into()) + cell::LIMIT as u64) as *const AtomicU32) }
    }

    /// How often a mutant's owner holds it; only the owner changes it.
    pub fn depth(&self) -> &AtomicU32 {
        // SAFETY: as above.
        unsafe { &*((cell::address(self.0.into()) + cell::DEPTH as u64) as *const AtomicU32) }
    }

    /// What the map of handles says of the cell: its number and generation.
    pub fn entry(&self) -> u64 {
        u64::from(self.0) | self.get().load(Ordering::Relaxed) & cell::GENERATION
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        // Whoever still has an entry of the old generation finds another one.
        self.get().fetch_add(cell::NEXT_GENERATION, Ordering::AcqRel);
        CELLS.lock().unwrap_or_else(PoisonError::into_inner).free.push(self.0);
    }
}

/// Sets what the map says of a local handle; 0 for nothing.
pub fn enter(handle: u64, entry: u64) {
    if let Some(place) = cell::entry(handle) {
        // SAFETY: the map is mapped for as long as the process runs, aligned, and only ever used as atomics.
        unsafe { &*(place as *const AtomicU64) }.store(entry, Ordering::Release);
    }
}
