//! Sorting and searching with the program's comparison.

use super::super::fault::INVALID;
use core::ffi::c_void;
use crt::sort;
use guest::shim;

type Compare = unsafe extern "C" fn(*const c_void, *const c_void) -> i32;
type CompareWith = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void) -> i32;

/// Whether elements can be there at all.
fn is_valid(base: *const c_void, count: usize, size: usize) -> bool {
    let valid = (!base.is_null() || count == 0) && size > 0;
    if !valid {
        INVALID.tell();
    }
    valid
}

/// Sorts elements.
#[shim(ix = {msvcrt: 73, ucrtbase: 41}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn qsort(base: *mut c_void, count: usize, size: usize, compare: Option<Compare>) {
    let Some(compare) = compare else {
        INVALID.tell();
        return;
    };
    if is_valid(base, count, size) {
        sort::sort(base.cast(), count, size, |one, other| compare(one.cast(), other.cast()));
    }
}

/// Sorts elements; the comparison gets a context.
#[shim(ix = {msvcrt: 760, ucrtbase: 868}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn qsort_s(base: *mut c_void, count: usize, size: usize, compare: Option<CompareWith>, context: *mut c_void) {
    let Some(compare) = compare else {
        INVALID.tell();
        return;
    };
    if is_valid(base, count, size) {
        sort::sort(base.cast(), count, size, |one, other| compare(context, one.cast(), other.cast()));
    }
}

/// Searches sorted elements; NULL where there is none.
#[shim(ix = {msvcrt: 137, ucrtbase: 122}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn bsearch(key: *const c_void, base: *const c_void, count: usize, size: usize, compare: Option<Compare>) -> *const c_void {
    let Some(compare) = compare.filter(|_| is_valid(base, count, size)) else { return core::ptr::null() };
    sort::search(key.cast(), base.cast(), count, size, |one, other| compare(one.cast(), other.cast())).cast()
}

/// Searches sorted elements; the comparison gets a context.
#[shim(ix = {msvcrt: 761, ucrtbase: 869}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn bsearch_s(
    key: *const c_void,
    base: *const c_void,
    count: usize,
    size: usize,
    compare: Option<CompareWith>,
    context: *mut c_void,
) -> *const c_void {
    let Some(compare) = compare.filter(|_| is_valid(base, count, size)) else { return core::ptr::null() };
    sort::search(key.cast(), base.cast(), count, size, |one, other| compare(context, one.cast(), other.cast())).cast()
}

/// Searches elements in any order.
#[shim(ix = {msvcrt: 762, ucrtbase: 870}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _lfind(key: *const c_void, base: *const c_void, count: *const u32, size: u32, compare: Option<Compare>) -> *const c_void {
    let (Some(compare), Some(count)) = (compare, count.as_ref()) else {
        INVALID.tell();
        return core::ptr::null();
    };
    if !is_valid(base, *count as usize, size as usize) {
        return core::ptr::null();
    }
    sort::find(key.cast(), base.cast(), *count as usize, size as usize, |one, other| compare(one.cast(), other.cast())).cast()
}

/// Searches elements in any order, and adds the key where it is not among them.
#[shim(ix = {msvcrt: 763, ucrtbase: 871}, mapping = "crt::sort", risk = Wrong("a wrong order"))]
pub unsafe extern "C" fn _lsearch(key: *const c_void, base: *mut c_void, count: *mut u32, size: u32, compare: Option<Compare>) -> *mut c_void {
    let (Some(compare), Some(count)) = (compare, count.as_mut()) else {
        INVALID.tell();
        return core::ptr::null_mut();
    };
    if !is_valid(base, *count as usize, size as usize) {
        return core::ptr::null_mut();
    }
    sort::find_or_add(key.cast(), base.cast(), count, size as usize, |one, other| compare(one.cast(), other.cast())).cast()
}
