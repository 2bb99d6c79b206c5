//! Rust's allocator in `ntdll`: the process heap, which `ntdll` itself holds.

use crate::heap;
use core::alloc::{GlobalAlloc, Layout};

struct ProcessHeap;

// SAFETY: the process heap gives distinct blocks, aligned to 16 bytes.
unsafe impl GlobalAlloc for ProcessHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > heap::ALIGNMENT { core::ptr::null_mut() } else { heap::process_heap().allocate(layout.size(), false) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _layout: Layout) {
        // SAFETY: the block came from `alloc`.
        unsafe { heap::process_heap().free(memory) };
    }

    unsafe fn realloc(&self, memory: *mut u8, _layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the block came from `alloc`.
        unsafe { heap::process_heap().resize(memory, size, heap::Resize::MayMove, false) }
    }
}

#[global_allocator]
static ALLOCATOR: ProcessHeap = ProcessHeap;
