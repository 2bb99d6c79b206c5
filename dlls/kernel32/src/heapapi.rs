//! heapapi.h: heaps.

use crate::nt;
use core::ffi::c_void;
use guest::call::{Bool, Count, Handle};
use guest::error::Win32Error;
use guest::{router, shim, teb};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_LOCKED, ERROR_NOT_SUPPORTED, HANDLE,
};
use windows_sys::Win32::System::Memory::{
    HEAP_CREATE_ENABLE_EXECUTE, HEAP_GENERATE_EXCEPTIONS, HEAP_GROWABLE, HEAP_NO_SERIALIZE, HEAP_SUMMARY, HeapCompatibilityInformation,
    HeapEnableTerminationOnCorruption, PROCESS_HEAP_ENTRY,
};

guest::forward!(
    HeapAlloc = 33 => "ntdll.RtlAllocateHeap",
    HeapFree = 34 => "ntdll.RtlFreeHeap",
    HeapReAlloc = 65 => "ntdll.RtlReAllocateHeap",
    HeapSize = 87 => "ntdll.RtlSizeHeap",
);

/// Answers the process heap.
#[shim(ix = 32, mapping = "the PEB", risk = Wrong("a wrong heap"))]
pub unsafe extern "system" fn GetProcessHeap() -> HANDLE {
    unsafe { (*teb::peb()).process_heap as HANDLE }
}

/// Answers how many heaps the process has, and as many of their handles as fit.
#[shim(ix = 627, mapping = "RtlGetProcessHeaps", risk = Wrong("a heap that is missing"))]
pub unsafe extern "system" fn GetProcessHeaps(room: u32, heaps: *mut HANDLE) -> u32 {
    unsafe { nt::RtlGetProcessHeaps(room, heaps) }
}

/// Makes a heap; a highest size of 0 lets it grow.
#[shim(ix = 208, mapping = "RtlCreateHeap", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn HeapCreate(flags: u32, initial: usize, most: usize) -> Result<Handle, Win32Error> {
    const KEPT: u32 = HEAP_GENERATE_EXCEPTIONS | HEAP_NO_SERIALIZE | HEAP_CREATE_ENABLE_EXECUTE;
    if most != 0 && initial > most {
        return Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY));
    }
    let flags = flags & KEPT | if most == 0 { HEAP_GROWABLE } else { 0 };
    let heap = unsafe { nt::RtlCreateHeap(flags, core::ptr::null_mut(), most, initial, core::ptr::null_mut(), core::ptr::null_mut()) };
    if heap.is_null() { Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY)) } else { Ok(Handle(heap)) }
}

/// Destroys a heap with everything in it.
#[shim(ix = 239, mapping = "RtlDestroyHeap", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn HeapDestroy(heap: HANDLE) -> Result<Bool, Win32Error> {
    if unsafe { nt::RtlDestroyHeap(heap) }.is_null() { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_HANDLE)) }
}

/// Locks a heap against other threads.
#[shim(ix = 628, mapping = "RtlLockHeap", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn HeapLock(heap: HANDLE) -> Result<Bool, Win32Error> {
    if unsafe { nt::RtlLockHeap(heap) } != 0 { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_HANDLE)) }
}

/// Unlocks a heap that the calling thread has locked.
#[shim(ix = 629, mapping = "RtlUnlockHeap", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn HeapUnlock(heap: HANDLE) -> Result<Bool, Win32Error> {
    if unsafe { nt::RtlUnlockHeap(heap) } != 0 { Ok(Bool) } else { Err(Win32Error(ERROR_NOT_LOCKED)) }
}

/// Whether a block, or a heap's own structure, is sound; no last error is set.
#[shim(ix = 422, mapping = "RtlValidateHeap", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn HeapValidate(heap: HANDLE, flags: u32, memory: *const c_void) -> i32 {
    unsafe { nt::RtlValidateHeap(heap, flags, memory.cast_mut()) }.into()
}

router! {
    /// By nothing: the heap cannot enumerate its blocks.
    fn enumerate(heap: HANDLE) -> Result<usize, Win32Error> for "HeapWalk, HeapSummary, HeapCompact", otherwise Win32Error(ERROR_NOT_SUPPORTED); {
        heap.is_null() => Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
}

/// Gives free memory back and answers the largest free block's size; not supported.
#[shim(ix = 421, mapping = "none: the heap cannot enumerate its blocks", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn HeapCompact(heap: HANDLE, _flags: u32) -> Result<Count<usize>, Win32Error> {
    enumerate(heap).map(Count)
}

/// Answers a heap's next block; not supported.
#[shim(ix = 630, mapping = "none: the heap cannot enumerate its blocks", risk = Functional("a program that wants to see the blocks"))]
pub unsafe extern "system" fn HeapWalk(heap: HANDLE, _entry: *mut PROCESS_HEAP_ENTRY) -> Result<Bool, Win32Error> {
    enumerate(heap).map(|_| Bool)
}

/// Answers how much of a heap is allocated, committed and reserved; not supported.
#[shim(ix = 631, mapping = "none: the heap cannot enumerate its blocks", risk = Functional("a program that wants to see the blocks"))]
pub unsafe extern "system" fn HeapSummary(heap: HANDLE, _flags: u32, _summary: *mut HEAP_SUMMARY) -> Result<Bool, Win32Error> {
    enumerate(heap).map(|_| Bool)
}

/// Turns on a feature of a heap, or of every heap.
#[shim(ix = 335, mapping = "RtlSetHeapInformation", risk = Functional("a feature that is not on"))]
pub unsafe extern "system" fn HeapSetInformation(heap: HANDLE, class: i32, information: *const c_void, length: usize) -> Result<Bool, Win32Error> {
    if heap.is_null() && class != HeapEnableTerminationOnCorruption && class == HeapCompatibilityInformation {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    nt::check(unsafe { nt::RtlSetHeapInformation(heap, class, information, length) })?;
    Ok(Bool)
}

/// Answers a feature of a heap.
#[shim(ix = 303, mapping = "RtlQueryHeapInformation", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn HeapQueryInformation(
    heap: HANDLE,
    class: i32,
    information: *mut c_void,
    length: usize,
    needed: *mut usize,
) -> Result<Bool, Win32Error> {
    let status = unsafe { nt::RtlQueryHeapInformation(heap, class, information, length, needed) };
    // The function documents this one by its Win32 name.
    if status == windows_sys::Win32::Foundation::STATUS_BUFFER_TOO_SMALL {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    nt::check(status)?;
    Ok(Bool)
}
