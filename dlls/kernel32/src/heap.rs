//! Memory of the process heap, as it is handed to callers who free it with LocalFree and the like.

use crate::nt::RtlAllocateHeap;
use core::ffi::c_void;

/// Bytes of the process heap; none where there are no more.
pub fn allocate(size: usize) -> Option<*mut c_void> {
    // SAFETY: the heap exists since the process started.
    let memory = unsafe { RtlAllocateHeap((*guest::teb::peb()).process_heap as *mut c_void, 0, size) };
    (!memory.is_null()).then_some(memory)
}
