//! winbase.h: the oldest functions for texts. A NULL is an empty text to most of them.

use crate::ansi;
use crate::collate;
use core::cmp::Ordering;
use guest::{shim, text};
use windows_sys::Win32::Globalization::NORM_IGNORECASE;

/// A difference as the C library tells it.
fn sign(order: Ordering) -> i32 {
    order as i32
}

/// NULL comes before every text.
unsafe fn compare_terminated(left: *const u16, right: *const u16, flags: u32) -> i32 {
    match (left.is_null(), right.is_null()) {
        (false, false) => sign(unsafe { collate::compare(text::wide(left), text::wide(right), flags) }),
        (left, right) => sign(right.cmp(&left)),
    }
}

unsafe fn compare_terminated_ansi(left: *const u8, right: *const u8, flags: u32) -> i32 {
    match unsafe { (ansi::to_wide(left), ansi::to_wide(right)) } {
        (Some(left), Some(right)) => unsafe { compare_terminated(left.as_ptr(), right.as_ptr(), flags) },
        (left, right) => sign(left.is_some().cmp(&right.is_some())),
    }
}

/// Compares two texts in the user's order.
#[shim(ix = 530, mapping = "CompareStringW", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn lstrcmpW(left: *const u16, right: *const u16) -> i32 {
    unsafe { compare_terminated(left, right, 0) }
}

/// Compares two texts in the user's order, whatever their case.
#[shim(ix = 531, mapping = "CompareStringW", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn lstrcmpiW(left: *const u16, right: *const u16) -> i32 {
    unsafe { compare_terminated(left, right, NORM_IGNORECASE) }
}

/// Compares two ANSI texts in the user's order.
#[shim(ix = 587, mapping = "lstrcmpW", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn lstrcmpA(left: *const u8, right: *const u8) -> i32 {
    unsafe { compare_terminated_ansi(left, right, 0) }
}

/// Compares two ANSI texts in the user's order, whatever their case.
#[shim(ix = 588, mapping = "lstrcmpiW", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn lstrcmpiA(left: *const u8, right: *const u8) -> i32 {
    unsafe { compare_terminated_ansi(left, right, NORM_IGNORECASE) }
}

guest::forward!(
    lstrcmp = 594 => "kernel32.lstrcmpA",
    lstrcmpi = 595 => "kernel32.lstrcmpiA",
    lstrlen = 596 => "kernel32.lstrlenA",
    lstrcpy = 597 => "kernel32.lstrcpyA",
    lstrcpyn = 598 => "kernel32.lstrcpynA",
    lstrcat = 599 => "kernel32.lstrcatA",
);

/// Counts a text's units; 0 for NULL.
#[shim(ix = 186, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn lstrlenW(source: *const u16) -> i32 {
    unsafe { text::wide(source) }.len() as i32
}

/// Counts a text's bytes; 0 for NULL.
#[shim(ix = 532, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn lstrlenA(source: *const u8) -> i32 {
    unsafe { text::narrow(source) }.len() as i32
}

/// Copies a text with its NUL; NULL is refused.
unsafe fn copy<T: Copy + Default>(target: *mut T, source: &[T], is_null: bool) -> *mut T {
    if target.is_null() || is_null {
        return core::ptr::null_mut();
    }
    unsafe {
        target.copy_from(source.as_ptr(), source.len());
        *target.add(source.len()) = T::default();
    }
    target
}

/// Copies a text.
#[shim(ix = 589, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcpyW(target: *mut u16, source: *const u16) -> *mut u16 {
    unsafe { copy(target, text::wide(source), source.is_null()) }
}

/// Copies an ANSI text.
#[shim(ix = 590, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcpyA(target: *mut u8, source: *const u8) -> *mut u8 {
    unsafe { copy(target, text::narrow(source), source.is_null()) }
}

/// Copies as much of a text as fits with its NUL.
#[shim(ix = 591, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcpynW(target: *mut u16, source: *const u16, room: i32) -> *mut u16 {
    let Some(most) = usize::try_from(room).ok().and_then(|room| room.checked_sub(1)) else { return target };
    unsafe { copy(target, bounded(source, most), source.is_null()) }
}

/// Copies as much of an ANSI text as fits with its NUL.
#[shim(ix = 592, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcpynA(target: *mut u8, source: *const u8, room: i32) -> *mut u8 {
    let Some(most) = usize::try_from(room).ok().and_then(|room| room.checked_sub(1)) else { return target };
    unsafe { copy(target, bounded(source, most), source.is_null()) }
}

/// A text up to its NUL, or so much of it; nothing behind that is looked at.
unsafe fn bounded<'a, T: Default + PartialEq>(source: *const T, most: usize) -> &'a [T] {
    if source.is_null() {
        return &[];
    }
    let length = (0..most).take_while(|index| unsafe { *source.add(*index) != T::default() }).count();
    unsafe { core::slice::from_raw_parts(source, length) }
}

/// Appends a text to another.
#[shim(ix = 578, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcatW(target: *mut u16, source: *const u16) -> *mut u16 {
    let end = unsafe { text::wide(target) }.len();
    let done = unsafe { copy(target.wrapping_add(end), text::wide(source), target.is_null() || source.is_null()) };
    if done.is_null() { done } else { target }
}

/// Appends an ANSI text to another.
#[shim(ix = 593, mapping = "memory alone", risk = Wrong("a damaged text"))]
pub unsafe extern "system" fn lstrcatA(target: *mut u8, source: *const u8) -> *mut u8 {
    let end = unsafe { text::narrow(target) }.len();
    let done = unsafe { copy(target.wrapping_add(end), text::narrow(source), target.is_null() || source.is_null()) };
    if done.is_null() { done } else { target }
}
