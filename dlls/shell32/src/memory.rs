//! Blocks of the process heap, which LocalFree and CoTaskMemFree both take.

guest::imports! {
    "ntdll" {
        fn RtlAllocateHeap(heap: *mut u8, flags: u32, size: usize) -> *mut u8;
    }
}

/// A block; none where there are no more.
pub fn allocate(bytes: usize) -> Option<*mut u8> {
    // SAFETY: the process heap exists since the process started.
    let block = unsafe { RtlAllocateHeap((*guest::teb::peb()).process_heap as *mut u8, 0, bytes) };
    (!block.is_null()).then_some(block)
}
