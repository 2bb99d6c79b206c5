//! Memory that programs free: by FreeSid, or by LocalFree, which is the same heap's.

use crate::nt::{RtlAllocateHeap, RtlFreeHeap};
use core::ffi::c_void;
use guest::teb;

fn process_heap() -> *mut c_void {
    // SAFETY: the PEB lives as long as the process.
    unsafe { (*teb::peb()).process_heap as *mut c_void }
}

/// A copy of some values on the process's heap; `None` where there is no room.
pub fn copy<T: Copy>(values: &[T]) -> Option<*mut c_void> {
    // SAFETY: a new block of that size.
    unsafe {
        let place = RtlAllocateHeap(process_heap(), 0, size_of_val(values));
        if place.is_null() {
            return None;
        }
        place.cast::<T>().copy_from_nonoverlapping(values.as_ptr(), values.len());
        Some(place)
    }
}

/// Frees such a copy; NULL is none.
///
/// # Safety
/// It is one that nobody has freed.
pub unsafe fn free(place: *mut c_void) {
    if !place.is_null() {
        // SAFETY: as the caller promises.
        unsafe { RtlFreeHeap(process_heap(), 0, place) };
    }
}
