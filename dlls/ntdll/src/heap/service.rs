//! The heaps' exports.

use super::{HEAPS, Heap, MARK, Resize, process_heap};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL};
use windows_sys::Win32::System::Memory::{HEAP_GENERATE_EXCEPTIONS, HEAP_GROWABLE, HEAP_NO_SERIALIZE, HEAP_REALLOC_IN_PLACE_ONLY, HEAP_ZERO_MEMORY};

/// The heap behind a handle.
///
/// # Safety
/// `heap` is NULL, or readable.
unsafe fn from_handle<'a>(heap: *mut c_void) -> Option<&'a mut Heap> {
    // SAFETY: as the caller promises.
    unsafe { heap.cast::<Heap>().as_mut() }.filter(|heap| heap.mark == MARK)
}

/// Makes a heap; a most of 0 lets it grow. NULL when there is no room for it.
#[shim(ix = 40, mapping = "dlmalloc over NtAllocateVirtualMemory", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlCreateHeap(
    flags: u32,
    _base: *mut c_void,
    reserve: usize,
    commit: usize,
    _lock: *mut c_void,
    _parameters: *mut c_void,
) -> *mut c_void {
    /// Addresses that a program has.
    const ADDRESSES: usize = if cfg!(target_pointer_width = "64") { 1 << (usize::BITS - 17) } else { 1 << 31 };
    // Memory is committed as it is used; what could never be is refused at once.
    if reserve.max(commit) >= ADDRESSES {
        return null_mut();
    }
    let most = if flags & HEAP_GROWABLE != 0 { 0 } else { reserve };
    // Room for what the heap itself needs.
    let most = if most == 0 { Some(0) } else { most.checked_add(0x1_0000).and_then(|most| most.checked_next_multiple_of(0x1_0000)) };
    most.map_or(null_mut(), |most| Heap::create(flags, most).cast())
}

/// Destroys a heap with everything in it; answers NULL, or the handle when it is none or the process heap.
#[shim(ix = 41, mapping = "dlmalloc over NtAllocateVirtualMemory", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn RtlDestroyHeap(heap: *mut c_void) -> *mut c_void {
    match unsafe { from_handle(heap) } {
        Some(found) if !core::ptr::eq(found, process_heap()) => {
            found.destroy();
            null_mut()
        }
        _ => heap,
    }
}

/// Allocates a block; NULL when there is no memory.
#[shim(ix = 42, mapping = "dlmalloc", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void {
    let Some(found) = (unsafe { from_handle(heap) }) else { return null_mut() };
    let block = found.allocate(size, flags & HEAP_ZERO_MEMORY != 0);
    if block.is_null() && (flags | found.flags) & HEAP_GENERATE_EXCEPTIONS != 0 {
        crate::exception::raise_status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY);
    }
    block.cast()
}

/// Frees a block; FALSE and `ERROR_INVALID_PARAMETER` when it is none.
#[shim(ix = 43, mapping = "dlmalloc", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn RtlFreeHeap(heap: *mut c_void, _flags: u32, memory: *mut c_void) -> u32 {
    if memory.is_null() {
        return 1;
    }
    let freed = unsafe { from_handle(heap) }.is_some_and(|heap| unsafe { heap.free(memory.cast()) });
    if !freed {
        corrupted();
        guest::teb::set_last_error(windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER);
    }
    freed.into()
}

/// Set once the program wants to end when a heap is found damaged.
static TERMINATE: AtomicBool = AtomicBool::new(false);

/// A block that is none was freed or resized: the process ends if it wants to.
#[cold]
fn corrupted() {
    if TERMINATE.load(Ordering::Relaxed) {
        crate::exception::raise_status(windows_sys::Win32::Foundation::STATUS_HEAP_CORRUPTION);
    }
}

/// Changes a block's size; NULL when that fails, and the block is as before.
#[shim(ix = 44, mapping = "dlmalloc", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void, size: usize) -> *mut c_void {
    let Some(found) = (unsafe { from_handle(heap) }).filter(|_| !memory.is_null()) else { return null_mut() };
    let how = if flags & HEAP_REALLOC_IN_PLACE_ONLY != 0 { Resize::InPlace } else { Resize::MayMove };
    let block = unsafe { found.resize(memory.cast(), size, how, flags & HEAP_ZERO_MEMORY != 0) };
    if block.is_null() && (flags | found.flags) & HEAP_GENERATE_EXCEPTIONS != 0 {
        crate::exception::raise_status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY);
    }
    block.cast()
}

/// A block's size in bytes, or all bits set when it is none.
#[shim(ix = 45, mapping = "the block's head", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn RtlSizeHeap(_heap: *mut c_void, _flags: u32, memory: *mut c_void) -> usize {
    unsafe { Heap::head(memory.cast()) }.map_or(usize::MAX, |head| head.size)
}

/// Whether a block, or a heap's own structure, is sound.
#[shim(ix = 46, mapping = "the block's head", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlValidateHeap(heap: *mut c_void, _flags: u32, memory: *mut c_void) -> u8 {
    let sound = unsafe { from_handle(heap) }.is_some() && (memory.is_null() || unsafe { Heap::head(memory.cast()) }.is_some());
    sound.into()
}

/// Locks a heap against other threads.
#[shim(ix = 47, mapping = "the heap's lock", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlLockHeap(heap: *mut c_void) -> u8 {
    unsafe { from_handle(heap) }.map(|heap| heap.lock.lock()).is_some().into()
}

/// Unlocks a heap.
#[shim(ix = 48, mapping = "the heap's lock", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlUnlockHeap(heap: *mut c_void) -> u8 {
    unsafe { from_handle(heap) }.is_some_and(|heap| heap.lock.unlock_own()).into()
}

/// Answers how many heaps the process has, and as many of their handles as fit, the process heap first.
#[shim(ix = 213, mapping = "the process's list of heaps", risk = Wrong("a heap that is missing"))]
pub unsafe extern "system" fn RtlGetProcessHeaps(room: u32, target: *mut *mut c_void) -> u32 {
    let heaps = HEAPS.lock();
    let mut handles = alloc::vec![core::ptr::from_ref(process_heap()).cast_mut()];
    let mut next = heaps.0;
    while !next.is_null() {
        if !core::ptr::eq(next, process_heap()) {
            handles.push(next);
        }
        // SAFETY: the list is sound and locked.
        next = unsafe { (*next).next };
    }
    let count = handles.len() as u32;
    for (index, handle) in handles.into_iter().enumerate().take(room as usize) {
        // SAFETY: the caller's array has that much room.
        unsafe { *target.add(index) = handle.cast() };
    }
    count
}

const COMPATIBILITY: i32 = 0;
const TERMINATE_ON_CORRUPTION: i32 = 1;
const OPTIMIZE_RESOURCES: i32 = 3;
/// The low-fragmentation heap, as which every heap behaves that grows and has a lock.
const LOW_FRAGMENTATION: u32 = 2;

/// What RtlSetHeapInformation does for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Compatibility,
    Terminate,
    Optimize,
}

router! {
    /// By class: the documented ones.
    fn setting(class: i32, length: usize) -> Result<Setting, Status> for "RtlSetHeapInformation", otherwise Status(STATUS_INVALID_PARAMETER); {
        class == COMPATIBILITY && length < 4 => Err(Status(STATUS_BUFFER_TOO_SMALL));
        class == COMPATIBILITY => Ok(Setting::Compatibility);
        class == TERMINATE_ON_CORRUPTION => Ok(Setting::Terminate);
        class == OPTIMIZE_RESOURCES && length >= 8 => Ok(Setting::Optimize);
    }
}

/// Whether a heap behaves as the low-fragmentation heap does.
fn compatibility(heap: &Heap) -> u32 {
    if heap.fixed || heap.flags & HEAP_NO_SERIALIZE != 0 { 0 } else { LOW_FRAGMENTATION }
}

/// Turns on a feature of a heap, or of every heap.
#[shim(ix = 214, mapping = "one row per class", risk = Functional("a feature that is not on"))]
pub unsafe extern "system" fn RtlSetHeapInformation(
    heap: *mut c_void,
    class: i32,
    information: *const c_void,
    length: usize,
) -> Result<NtStatus, Status> {
    match setting(class, length)? {
        Setting::Compatibility => {
            let heap = unsafe { from_handle(heap) }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
            let wanted = unsafe { information.cast::<u32>().read_unaligned() };
            // A heap is what it is; it cannot be turned back into another.
            if wanted == compatibility(heap) { Ok(NtStatus::SUCCESS) } else { Err(Status(STATUS_UNSUCCESSFUL)) }
        }
        Setting::Terminate => {
            TERMINATE.store(true, Ordering::Relaxed);
            Ok(NtStatus::SUCCESS)
        }
        Setting::Optimize => {
            const VERSION: u32 = 1;
            let [version, flags] = unsafe { information.cast::<[u32; 2]>().read_unaligned() };
            // Free pages go back to the host by themselves.
            if version == VERSION && flags == 0 { Ok(NtStatus::SUCCESS) } else { Err(Status(STATUS_INVALID_PARAMETER)) }
        }
    }
}

router! {
    /// By class: the documented one.
    fn question(class: i32) -> Result<(), Status> for "RtlQueryHeapInformation", otherwise Status(STATUS_INVALID_PARAMETER); {
        class == COMPATIBILITY => Ok(());
    }
}

/// Answers a feature of a heap.
#[shim(ix = 215, mapping = "one row per class", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlQueryHeapInformation(
    heap: *mut c_void,
    class: i32,
    information: *mut c_void,
    length: usize,
    needed: *mut usize,
) -> Result<NtStatus, Status> {
    question(class)?;
    let heap = unsafe { from_handle(heap) }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    if !needed.is_null() {
        unsafe { *needed = 4 };
    }
    if length < 4 {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe { information.cast::<u32>().write_unaligned(compatibility(heap)) };
    Ok(NtStatus::SUCCESS)
}
