//! `qsort`, `qsort_s`, `bsearch`, `_lfind`, `_lsearch`.
//!
//! The comparison is the program's: it may answer nonsense, and it may leave by an exception or `longjmp`. So the elements are only ever
//! swapped between two calls of it, nothing has to be cleaned up, and no index depends on its answers being consistent.

use core::cmp::Ordering;

/// Below this many elements insertion is faster.
const FEW: usize = 12;

/// `qsort`, `qsort_s`: sorts `count` elements of `size` bytes; not stable, `O(count * log(count))` at worst, without memory of its own.
///
/// # Safety
/// `base` is valid for reading and writing `count * size` bytes, also while `compare` runs.
pub unsafe fn sort(base: *mut u8, count: usize, size: usize, mut compare: impl FnMut(*const u8, *const u8) -> i32) {
    if size == 0 || count < 2 {
        return;
    }
    let limit = 2 * count.ilog2();
    // SAFETY: the caller vouches for the elements.
    let elements = Elements { base, size };
    quick(elements, 0, count, limit, &mut |one, other| compare(one, other).cmp(&0));
}

/// `bsearch`, `bsearch_s`: an element for which `compare(key, element)` answers 0, in elements that are sorted by it; NULL if there is none.
pub fn search(key: *const u8, base: *const u8, count: usize, size: usize, mut compare: impl FnMut(*const u8, *const u8) -> i32) -> *const u8 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let element = base.wrapping_add(middle.wrapping_mul(size));
        match compare(key, element).cmp(&0) {
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
            Ordering::Equal => return element,
        }
    }
    core::ptr::null()
}

/// `_lfind`, `_lfind_s`: the first element for which `compare(key, element)` answers 0; NULL if there is none.
pub fn find(key: *const u8, base: *const u8, count: usize, size: usize, mut compare: impl FnMut(*const u8, *const u8) -> i32) -> *const u8 {
    let elements = (0..count).map(|index| base.wrapping_add(index.wrapping_mul(size)));
    elements.into_iter().find(|&element| compare(key, element) == 0).unwrap_or(core::ptr::null())
}

/// `_lsearch`, `_lsearch_s`: as [`find`]; a key that is not there is put behind the elements, and counted.
///
/// # Safety
/// `base` is valid for writing `count + 1` elements of `size` bytes, `key` for reading one.
pub unsafe fn find_or_add(key: *const u8, base: *mut u8, count: &mut u32, size: usize, compare: impl FnMut(*const u8, *const u8) -> i32) -> *mut u8 {
    let found = find(key, base, *count as usize, size, compare);
    if !found.is_null() {
        return found.cast_mut();
    }
    let end = base.wrapping_add((*count as usize).wrapping_mul(size));
    // SAFETY: the caller vouches for room behind the elements.
    unsafe { core::ptr::copy(key, end, size) };
    *count = count.wrapping_add(1);
    end
}

/// The program's array.
#[derive(Clone, Copy)]
struct Elements {
    base: *mut u8,
    size: usize,
}

impl Elements {
    fn at(self, index: usize) -> *mut u8 {
        self.base.wrapping_add(index.wrapping_mul(self.size))
    }

    fn swap(self, one: usize, other: usize) {
        if one == other {
            return;
        }
        let (mut one, mut other, mut left) = (self.at(one), self.at(other), self.size);
        while left >= 8 {
            swap::<8>(one, other);
            (one, other, left) = (one.wrapping_add(8), other.wrapping_add(8), left - 8);
        }
        if left >= 4 {
            swap::<4>(one, other);
            (one, other, left) = (one.wrapping_add(4), other.wrapping_add(4), left - 4);
        }
        for _ in 0..left {
            swap::<1>(one, other);
            (one, other) = (one.wrapping_add(1), other.wrapping_add(1));
        }
    }
}

/// Swaps `SIZE` bytes of two different elements.
fn swap<const SIZE: usize>(one: *mut u8, other: *mut u8) {
    let (one, other) = (one.cast::<[u8; SIZE]>(), other.cast::<[u8; SIZE]>());
    // SAFETY: `sort` demands that the elements are valid; two different ones do not overlap.
    unsafe { core::ptr::swap_nonoverlapping(one, other, 1) };
}

type Compare<'a> = dyn FnMut(*const u8, *const u8) -> Ordering + 'a;

/// Sorts from `start` to before `end`; `limit` more levels before the sort by heap has to bound the work.
fn quick(elements: Elements, mut start: usize, mut end: usize, mut limit: u32, compare: &mut Compare) {
    while end - start > FEW {
        if limit == 0 {
            return heap(elements, start, end, compare);
        }
        limit -= 1;
        let pivot = partition(elements, start, end, compare);
        // The smaller part first, so that the stack stays small.
        if pivot - start < end - pivot {
            quick(elements, start, pivot, limit, compare);
            start = pivot + 1;
        } else {
            quick(elements, pivot + 1, end, limit, compare);
            end = pivot;
        }
    }
    insertion(elements, start, end, compare);
}

/// Parts by the median of three; answers where it comes to lie.
fn partition(elements: Elements, start: usize, end: usize, compare: &mut Compare) -> usize {
    let (middle, last) = (start + (end - start) / 2, end - 1);
    for (one, other) in [(start, middle), (middle, last), (start, middle)] {
        if compare(elements.at(one), elements.at(other)).is_gt() {
            elements.swap(one, other);
        }
    }
    elements.swap(start, middle);
    // The pivot waits at `start`. Both sides stop at elements like it, so that many equal ones are halved too.
    let (mut low, mut high) = (start + 1, end);
    loop {
        while low < high && compare(elements.at(low), elements.at(start)).is_lt() {
            low += 1;
        }
        while low < high && compare(elements.at(high - 1), elements.at(start)).is_gt() {
            high -= 1;
        }
        if low + 1 >= high {
            break;
        }
        high -= 1;
        elements.swap(low, high);
        low += 1;
    }
    elements.swap(start, low - 1);
    low - 1
}

fn insertion(elements: Elements, start: usize, end: usize, compare: &mut Compare) {
    for index in start + 1..end {
        let mut at = index;
        while at > start && compare(elements.at(at - 1), elements.at(at)).is_gt() {
            elements.swap(at - 1, at);
            at -= 1;
        }
    }
}

fn heap(elements: Elements, start: usize, end: usize, compare: &mut Compare) {
    let count = end - start;
    for root in (0..count / 2).rev() {
        sift(elements, start, root, count, compare);
    }
    for last in (1..count).rev() {
        elements.swap(start, start + last);
        sift(elements, start, 0, last, compare);
    }
}

fn sift(elements: Elements, start: usize, mut root: usize, count: usize, compare: &mut Compare) {
    loop {
        let mut child = 2 * root + 1;
        if child >= count {
            return;
        }
        if child + 1 < count && compare(elements.at(start + child), elements.at(start + child + 1)).is_lt() {
            child += 1;
        }
        if compare(elements.at(start + root), elements.at(start + child)).is_ge() {
            return;
        }
        elements.swap(start + root, start + child);
        root = child;
    }
}
