//! combaseapi.h: task memory, which is the process heap's.

use guest::shim;

guest::imports! {
    "ntdll" {
        fn RtlAllocateHeap(heap: *mut u8, flags: u32, size: usize) -> *mut u8;
        fn RtlReAllocateHeap(heap: *mut u8, flags: u32, memory: *mut u8, size: usize) -> *mut u8;
        fn RtlFreeHeap(heap: *mut u8, flags: u32, memory: *mut u8) -> u8;
    }
}

fn heap() -> *mut u8 {
    // SAFETY: the PEB lives as long as the process.
    unsafe { (*guest::teb::peb()).process_heap as *mut u8 }
}

/// Makes a block of task memory.
pub fn allocate(bytes: usize) -> *mut u8 {
    // SAFETY: the process heap exists.
    unsafe { RtlAllocateHeap(heap(), 0, bytes) }
}

/// Makes a block of task memory.
#[shim(ix = 6, mapping = "RtlAllocateHeap", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn CoTaskMemAlloc(bytes: usize) -> *mut u8 {
    allocate(bytes)
}

/// Changes the size of a block of task memory; without one it makes one, and without a size it frees.
#[shim(ix = 40, mapping = "RtlReAllocateHeap", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn CoTaskMemRealloc(block: *mut u8, bytes: usize) -> *mut u8 {
    if block.is_null() {
        return allocate(bytes);
    }
    if bytes == 0 {
        unsafe { RtlFreeHeap(heap(), 0, block) };
        return core::ptr::null_mut();
    }
    unsafe { RtlReAllocateHeap(heap(), 0, block, bytes) }
}

/// Frees a block of task memory.
#[shim(ix = 0, mapping = "RtlFreeHeap", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn CoTaskMemFree(block: *mut u8) {
    if !block.is_null() {
        unsafe { RtlFreeHeap(heap(), 0, block) };
    }
}
