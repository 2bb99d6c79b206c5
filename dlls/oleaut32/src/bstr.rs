//! oleauto.h: BSTRs, texts with their length in bytes in front of them and a NUL behind.

use core::ptr::null_mut;
use guest::{shim, text};

guest::imports! {
    "ntdll" {
        fn RtlAllocateHeap(heap: *mut u8, flags: u32, size: usize) -> *mut u8;
        fn RtlReAllocateHeap(heap: *mut u8, flags: u32, memory: *mut u8, size: usize) -> *mut u8;
        fn RtlFreeHeap(heap: *mut u8, flags: u32, memory: *mut u8) -> u8;
    }
}

/// What lies in front of the text: the length, at an address that keeps the text aligned to two pointers' worth of bytes.
const HEAD: usize = size_of::<u64>();
/// Where the length stands, from the text on backwards.
const LENGTH: usize = size_of::<u32>();

fn heap() -> *mut u8 {
    // SAFETY: the PEB lives as long as the process.
    unsafe { (*guest::teb::peb()).process_heap as *mut u8 }
}

/// Bytes of a block that holds a text: its head, the text, a whole NUL at an even place.
fn block_size(bytes: usize) -> Option<usize> {
    bytes.checked_add(HEAD + 3).filter(|_| u32::try_from(bytes).is_ok())
}

/// Makes a BSTR of so many bytes; they are `source`'s where there is one.
///
/// # Safety
/// `source` is NULL or has that many bytes.
pub unsafe fn allocate(source: *const u8, bytes: usize) -> *mut u16 {
    let Some(size) = block_size(bytes) else { return null_mut() };
    // SAFETY: the process heap exists.
    let block = unsafe { RtlAllocateHeap(heap(), 0, size) };
    if block.is_null() {
        return null_mut();
    }
    // SAFETY: the block has room for head, text and NUL.
    unsafe { fill(block, source, bytes) }
}

unsafe fn fill(block: *mut u8, source: *const u8, bytes: usize) -> *mut u16 {
    unsafe {
        let start = block.add(HEAD);
        start.sub(LENGTH).cast::<u32>().write(bytes as u32);
        if !source.is_null() {
            start.copy_from(source, bytes);
        }
        // The NUL behind an odd number of bytes covers the rest of their unit too.
        start.add(bytes).write_bytes(0, 3 - (bytes & 1));
        start.cast()
    }
}

/// The length of a BSTR in bytes.
///
/// # Safety
/// `string` is NULL or a BSTR.
pub unsafe fn byte_length(string: *const u16) -> usize {
    // SAFETY: as the caller promises.
    if string.is_null() { 0 } else { unsafe { string.byte_sub(LENGTH).cast::<u32>().read_unaligned() as usize } }
}

/// Frees a BSTR.
///
/// # Safety
/// `string` is NULL or a BSTR.
pub unsafe fn free(string: *mut u16) {
    if !string.is_null() {
        // SAFETY: `allocate` made the block.
        unsafe { RtlFreeHeap(heap(), 0, string.cast::<u8>().sub(HEAD)) };
    }
}

/// Makes a BSTR of a text that ends in a NUL.
#[shim(ix = 2, mapping = "RtlAllocateHeap", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn SysAllocString(source: *const u16) -> *mut u16 {
    if source.is_null() {
        return null_mut();
    }
    let units = unsafe { text::wide(source) };
    unsafe { allocate(source.cast(), size_of_val(units)) }
}

/// Makes a BSTR of so many units; without a source they are left as they come.
#[shim(ix = 5, mapping = "RtlAllocateHeap", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn SysAllocStringLen(source: *const u16, units: u32) -> *mut u16 {
    match (units as usize).checked_mul(2) {
        Some(bytes) => unsafe { allocate(source.cast(), bytes) },
        None => null_mut(),
    }
}

/// Makes a BSTR of so many bytes; without a source they are left as they come.
#[shim(ix = 27, mapping = "RtlAllocateHeap", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn SysAllocStringByteLen(source: *const u8, bytes: u32) -> *mut u16 {
    unsafe { allocate(source, bytes as usize) }
}

/// Puts a new BSTR in the place of another.
#[shim(ix = 28, mapping = "RtlAllocateHeap", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn SysReAllocString(place: *mut *mut u16, source: *const u16) -> i32 {
    if place.is_null() {
        return 0;
    }
    let bytes = unsafe { size_of_val(text::wide(source)) };
    unsafe { replace(place, if source.is_null() { null_mut() } else { allocate(source.cast(), bytes) }, source.is_null()) }
}

/// Puts a BSTR of so many units in the place of another.
#[shim(ix = 14, mapping = "RtlReAllocateHeap", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn SysReAllocStringLen(place: *mut *mut u16, source: *const u16, units: u32) -> i32 {
    let Some(bytes) = (units as usize).checked_mul(2).filter(|_| !place.is_null()) else { return 0 };
    let old = unsafe { *place };
    if old.is_null() || !source.is_null() {
        // The source may be a part of what is replaced: it is copied before that goes.
        return unsafe { replace(place, allocate(source.cast(), bytes), false) };
    }
    let Some(size) = block_size(bytes) else { return 0 };
    let block = unsafe { RtlReAllocateHeap(heap(), 0, old.cast::<u8>().sub(HEAD), size) };
    if block.is_null() {
        return 0;
    }
    unsafe { *place = fill(block, core::ptr::null(), bytes) };
    1
}

unsafe fn replace(place: *mut *mut u16, new: *mut u16, null_is_wanted: bool) -> i32 {
    if new.is_null() && !null_is_wanted {
        return 0;
    }
    unsafe {
        free(*place);
        *place = new;
    }
    1
}

/// Frees a BSTR.
#[shim(ix = 0, mapping = "RtlFreeHeap", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn SysFreeString(string: *mut u16) {
    unsafe { free(string) }
}

/// Answers a BSTR's length in units.
#[shim(ix = 1, mapping = "the length in front of the text", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn SysStringLen(string: *const u16) -> u32 {
    unsafe { (byte_length(string) / 2) as u32 }
}

/// Answers a BSTR's length in bytes.
#[shim(ix = 22, mapping = "the length in front of the text", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn SysStringByteLen(string: *const u16) -> u32 {
    unsafe { byte_length(string) as u32 }
}
