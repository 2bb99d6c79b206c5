//! The memory functions, and sorting and searching.

use ::crt::{sort, text};
use core::ffi::c_void;
use guest::shim;

type Compare = unsafe extern "C" fn(*const c_void, *const c_void) -> i32;
type CompareWith = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void) -> i32;

/// Copies memory; both may overlap.
#[shim(ix = 247, entry = jump, symbol = "memcpy", mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    core::ptr::copy(from, to, size);
    to
}

/// Copies memory that may overlap.
#[shim(ix = 248, entry = jump, symbol = "memmove", mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    core::ptr::copy(from, to, size);
    to
}

/// Fills memory with a byte.
#[shim(ix = 249, entry = jump, symbol = "memset", mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
    to.write_bytes(byte as u8, size);
    to
}

/// Compares memory.
#[shim(ix = 250, entry = jump, symbol = "memcmp", mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memcmp(first: *const u8, second: *const u8, size: usize) -> i32 {
    text::compare_memory(core::slice::from_raw_parts(first, size), core::slice::from_raw_parts(second, size))
}

/// Searches memory for a byte.
#[shim(ix = 251, entry = jump, export = "memchr", mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memchr_of(memory: *const u8, byte: i32, size: usize) -> *mut u8 {
    text::find_in_memory(memory, byte as u8, size).map_or(core::ptr::null_mut(), |index| memory.wrapping_add(index).cast_mut())
}

/// Copies memory up to a byte; answers what follows it, or NULL.
#[shim(ix = 252, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _memccpy(to: *mut u8, from: *const u8, last: i32, size: usize) -> *mut u8 {
    text::copy_until(to, from, last as u8, size).map_or(core::ptr::null_mut(), |index| to.wrapping_add(index))
}

/// Compares memory without regard to case.
#[shim(ix = 329, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _memicmp(first: *const u8, second: *const u8, size: usize) -> i32 {
    text::compare_memory_folded(core::slice::from_raw_parts(first, size), core::slice::from_raw_parts(second, size), ::crt::class::to_lower)
}

/// Copies memory into a room of known size.
#[shim(ix = 330, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memcpy_s(to: *mut u8, size: usize, from: *const u8, count: usize) -> i32 {
    text::copy_memory(to, size, from, count).map_or_else(::crt::Errno::code, |()| 0)
}

/// Copies memory that may overlap into a room of known size.
#[shim(ix = 331, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn memmove_s(to: *mut u8, size: usize, from: *const u8, count: usize) -> i32 {
    text::move_memory(to, size, from, count).map_or_else(::crt::Errno::code, |()| 0)
}

/// Sorts elements.
#[shim(ix = 332, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn qsort(base: *mut c_void, count: usize, size: usize, compare: Compare) {
    sort::sort(base.cast(), count, size, |one, other| compare(one.cast(), other.cast()));
}

/// Sorts elements; the comparison gets a context.
#[shim(ix = 333, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn qsort_s(base: *mut c_void, count: usize, size: usize, compare: CompareWith, context: *mut c_void) {
    sort::sort(base.cast(), count, size, |one, other| compare(context, one.cast(), other.cast()));
}

/// Searches sorted elements; NULL where there is none.
#[shim(ix = 334, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn bsearch(key: *const c_void, base: *const c_void, count: usize, size: usize, compare: Compare) -> *const c_void {
    sort::search(key.cast(), base.cast(), count, size, |one, other| compare(one.cast(), other.cast())).cast()
}

/// Searches elements in any order; NULL where there is none.
#[shim(ix = 335, mapping = "crt", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _lfind(key: *const c_void, base: *const c_void, count: *const u32, size: u32, compare: Compare) -> *const c_void {
    sort::find(key.cast(), base.cast(), *count as usize, size as usize, |one, other| compare(one.cast(), other.cast())).cast()
}
