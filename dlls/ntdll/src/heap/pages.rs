//! Memory for a heap, in pieces of 64 KiB.

use crate::gate::call;
use core::cell::Cell;
use core::ptr::null_mut;
use dlmalloc::Allocator;
use gate::service::{AllocateMemory, FreeMemory};
use windows_sys::Win32::System::Memory::{HEAP_CREATE_ENABLE_EXECUTE, MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_EXECUTE_READWRITE, PAGE_READWRITE};

/// Where a heap's memory comes from.
pub struct Pages {
    /// The heap's limit in bytes, 0 for none, and what it has taken.
    most: usize,
    taken: Cell<usize>,
    /// The flags of the heap.
    flags: u32,
}

impl Pages {
    /// For a heap with these flags and this limit.
    pub const fn new(flags: u32, most: usize) -> Self {
        Self { most, taken: Cell::new(0), flags }
    }
}

/// Fresh pages for a heap with these flags; NULL when there are none.
pub fn pages(size: usize, flags: u32) -> *mut u8 {
    let protect = if flags & HEAP_CREATE_ENABLE_EXECUTE != 0 { PAGE_EXECUTE_READWRITE } else { PAGE_READWRITE };
    let mut request = AllocateMemory { size: size as u64, kind: MEM_RESERVE | MEM_COMMIT, protect, ..AllocateMemory::default() };
    if call(&mut request) < 0 { null_mut() } else { request.base as *mut u8 }
}

/// Gives pages back.
pub fn give_back(memory: *mut u8) {
    call(&mut FreeMemory { base: memory as u64, size: 0, kind: MEM_RELEASE, pad: 0 });
}

// SAFETY: `alloc` answers fresh zeroed pages.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let size = size.next_multiple_of(0x1_0000);
        if self.most != 0 && self.taken.get() + size > self.most {
            return (null_mut(), 0, 0);
        }
        let memory = pages(size, self.flags);
        if memory.is_null() {
            return (null_mut(), 0, 0);
        }
        self.taken.set(self.taken.get() + size);
        (memory, size, 0)
    }

    fn remap(&self, _memory: *mut u8, _old: usize, _new: usize, _may_move: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, _memory: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }

    fn free(&self, memory: *mut u8, size: usize) -> bool {
        self.taken.set(self.taken.get().saturating_sub(size));
        give_back(memory);
        true
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        0x1_0000
    }
}
