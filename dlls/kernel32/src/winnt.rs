//! winnt.h: operations that no other thread interrupts. The compiler has them as instructions; 32-bit programs call them too.
#![cfg(target_arch = "x86")]

use core::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use guest::shim;

unsafe fn at<'a>(place: *mut i32) -> &'a AtomicI32 {
    // SAFETY: the program's pointer, which the processor takes however it is aligned.
    unsafe { AtomicI32::from_ptr(place) }
}

/// Adds 1; answers the sum.
#[shim(ix = 319, mapping = "the processor's instruction", risk = Wrong("a wrong count"))]
pub unsafe extern "system" fn InterlockedIncrement(place: *mut i32) -> i32 {
    unsafe { at(place) }.fetch_add(1, Ordering::SeqCst).wrapping_add(1)
}

/// Takes 1 away; answers what is left.
#[shim(ix = 336, mapping = "the processor's instruction", risk = Wrong("a wrong count"))]
pub unsafe extern "system" fn InterlockedDecrement(place: *mut i32) -> i32 {
    unsafe { at(place) }.fetch_sub(1, Ordering::SeqCst).wrapping_sub(1)
}

/// Sets a value; answers the one before.
#[shim(ix = 455, mapping = "the processor's instruction", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn InterlockedExchange(place: *mut i32, value: i32) -> i32 {
    unsafe { at(place) }.swap(value, Ordering::SeqCst)
}

/// Adds a value; answers the one before.
#[shim(ix = 456, mapping = "the processor's instruction", risk = Wrong("a wrong count"))]
pub unsafe extern "system" fn InterlockedExchangeAdd(place: *mut i32, value: i32) -> i32 {
    unsafe { at(place) }.fetch_add(value, Ordering::SeqCst)
}

/// Sets a value where another one is; answers the one before.
#[shim(ix = 555, mapping = "the processor's instruction", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn InterlockedCompareExchange(place: *mut i32, value: i32, expected: i32) -> i32 {
    unsafe { at(place) }.compare_exchange(expected, value, Ordering::SeqCst, Ordering::SeqCst).unwrap_or_else(|found| found)
}

/// Sets a value of 64 bits where another one is; answers the one before.
#[shim(ix = 768, mapping = "the processor's instruction", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn InterlockedCompareExchange64(place: *mut i64, value: i64, expected: i64) -> i64 {
    // SAFETY: the program's pointer, which the processor takes however it is aligned.
    let place = unsafe { AtomicI64::from_ptr(place) };
    place.compare_exchange(expected, value, Ordering::SeqCst, Ordering::SeqCst).unwrap_or_else(|found| found)
}
