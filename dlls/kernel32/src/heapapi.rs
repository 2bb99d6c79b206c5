//! heapapi.h: heaps.

use guest::shim;

guest::forward! {
    HeapAlloc = 33 => "ntdll.RtlAllocateHeap",
    HeapFree = 34 => "ntdll.RtlFreeHeap",
}

/// Answers the process's heap.
#[shim(ix = 32, mapping = "the PEB", risk = Wrong("a wrong heap"))]
pub unsafe extern "system" fn GetProcessHeap() -> *mut core::ffi::c_void {
    // SAFETY: the PEB lives as long as the process.
    unsafe { (*guest::teb::peb()).process_heap as *mut core::ffi::c_void }
}
