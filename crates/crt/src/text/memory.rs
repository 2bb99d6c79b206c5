//! The `mem` functions, and their wide forms.

use super::Room;
use crate::{Errno, Unit};

/// `memcmp`, `wmemcmp`: -1, 0 or 1.
pub fn compare_memory<C: Unit>(first: &[C], second: &[C]) -> i32 {
    first.cmp(second) as i32
}

/// `_memicmp`: the difference of the first units that differ after `fold`.
pub fn compare_memory_folded<C: Unit>(first: &[C], second: &[C], fold: impl Fn(C) -> C) -> i32 {
    let pairs = first.iter().zip(second).map(|(&one, &other)| (fold(one), fold(other)));
    pairs.filter(|(one, other)| one != other).map(|(one, other)| one.code() as i32 - other.code() as i32).next().unwrap_or(0)
}

/// `memchr`, `wmemchr`: the index of the first `unit` among `count` at `memory`. What lies behind it is not read.
///
/// # Safety
/// `memory` is valid for reading up to the unit that is sought, or `count` units.
pub unsafe fn find_in_memory<C: Unit>(memory: *const C, unit: C, count: usize) -> Option<usize> {
    // SAFETY: nothing is read behind the unit or the count.
    (0..count).find(|&index| unsafe { memory.wrapping_add(index).read_unaligned() } == unit)
}

/// `_memccpy`: copies `count` bytes at most, up to `last`; answers how many, if `last` was among them.
///
/// # Safety
/// Both are valid for `count` bytes, or up to `last`.
pub unsafe fn copy_until(destination: *mut u8, source: *const u8, last: u8, count: usize) -> Option<usize> {
    for index in 0..count {
        // SAFETY: nothing lies behind `last` or the count.
        let byte = unsafe { source.wrapping_add(index).read() };
        // SAFETY: as above.
        unsafe { destination.wrapping_add(index).write(byte) };
        if byte == last {
            return Some(index + 1);
        }
    }
    None
}

/// `memcpy_s`, `wmemcpy_s`: copies `count` units; with count 0 nothing is looked at.
///
/// # Errors
/// [`Errno::Invalid`] where a pointer is NULL, [`Errno::Range`] where `size` is too small; `destination` is filled with zeros then.
///
/// # Safety
/// Unless NULL, `destination` is valid for writing `size` units and `source` for reading `count`.
pub unsafe fn copy_memory<C: Unit>(destination: *mut C, size: usize, source: *const C, count: usize) -> Result<(), Errno> {
    // SAFETY: the caller vouches for the same.
    let result = unsafe { move_memory(destination, size, source, count) };
    // SAFETY: the caller vouches for it.
    if let (Err(_), Ok(mut room)) = (result, unsafe { Room::new(destination, size) }) {
        (0..size).for_each(|index| room.set(index, C::NUL));
    }
    result
}

/// `memmove_s`, `wmemmove_s`: copies `count` units, which may overlap; with count 0 nothing is looked at.
///
/// # Errors
/// [`Errno::Invalid`] where a pointer is NULL, [`Errno::Range`] where `size` is too small.
///
/// # Safety
/// As for [`copy_memory`].
pub unsafe fn move_memory<C: Unit>(destination: *mut C, size: usize, source: *const C, count: usize) -> Result<(), Errno> {
    if count == 0 {
        return Ok(());
    }
    if destination.is_null() || source.is_null() {
        return Err(Errno::Invalid);
    }
    if size < count {
        return Err(Errno::Range);
    }
    // SAFETY: both are valid for `count` units.
    unsafe { core::ptr::copy(source.cast::<u8>(), destination.cast::<u8>(), count * size_of::<C>()) };
    Ok(())
}
