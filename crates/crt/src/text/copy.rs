//! Writing strings where the caller says that there is room.

use super::search::length;
use crate::Unit;

/// `strcpy`, `wcscpy`: copies the text and a NUL.
///
/// # Safety
/// `destination` is valid for writing that much.
pub unsafe fn copy<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>) {
    // SAFETY: the caller vouches for it.
    unsafe { copy_to_end(destination, source) };
}

/// As [`copy`]; answers where the NUL was written.
///
/// # Safety
/// As for [`copy`].
pub unsafe fn copy_to_end<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>) -> *mut C {
    let mut at = destination;
    for unit in source {
        // SAFETY: the caller vouches for the text's room.
        unsafe { at.write_unaligned(unit) };
        at = at.wrapping_add(1);
    }
    // SAFETY: as above, with the NUL.
    unsafe { at.write_unaligned(C::NUL) };
    at
}

/// `strcat`, `wcscat`: copies the text behind the one that is there.
///
/// # Safety
/// `destination` points to a string, and is valid for writing both and a NUL.
pub unsafe fn append<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>) {
    // SAFETY: the caller vouches for a string.
    let end = unsafe { length(destination) };
    // SAFETY: and for the room behind it.
    unsafe { copy(destination.wrapping_add(end), source) };
}

/// `strncpy`, `wcsncpy`: copies `count` units, NULs once the text has ended; without a NUL if it is longer.
///
/// # Safety
/// `destination` is valid for writing `count` units.
pub unsafe fn copy_bounded<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>, count: usize) {
    let units = source.into_iter().map(Some).chain(core::iter::repeat(None));
    for (index, unit) in units.take(count).enumerate() {
        // SAFETY: the index is below `count`.
        unsafe { destination.wrapping_add(index).write_unaligned(unit.unwrap_or(C::NUL)) };
    }
}

/// `strncat`, `wcsncat`: copies `count` units at most, and a NUL, behind the text that is there.
///
/// # Safety
/// `destination` points to a string, and is valid for writing both and a NUL.
pub unsafe fn append_bounded<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>, count: usize) {
    // SAFETY: the caller vouches for it.
    unsafe { append(destination, source.into_iter().take(count)) };
}

/// `_strset`, `_wcsset`: replaces each unit of the text.
///
/// # Safety
/// `text` points to a string that can be written.
pub unsafe fn fill<C: Unit>(text: *mut C, unit: C) {
    // SAFETY: the caller vouches for it.
    unsafe { fill_bounded(text, unit, usize::MAX) };
}

/// `_strnset`, `_wcsnset`: replaces the first `count` units of the text, or all if it is shorter.
///
/// # Safety
/// `text` points to a string that can be written.
pub unsafe fn fill_bounded<C: Unit>(text: *mut C, unit: C, count: usize) {
    let mut units = core::iter::repeat_n(unit, count);
    // SAFETY: the caller vouches for it.
    unsafe { replace_while(text, |_| units.next()) };
}

/// `_strlwr`, `_strupr`, `_wcslwr`, `_wcsupr`: replaces each unit of the text by what `fold` makes of it.
///
/// # Safety
/// `text` points to a string that can be written.
pub unsafe fn change<C: Unit>(text: *mut C, fold: impl Fn(C) -> C) {
    // SAFETY: the caller vouches for it.
    unsafe { replace_while(text, |unit| Some(fold(unit))) };
}

/// Replaces units until the NUL, or until `replace` has nothing more.
///
/// # Safety
/// `text` points to a string that can be written.
unsafe fn replace_while<C: Unit>(text: *mut C, mut replace: impl FnMut(C) -> Option<C>) {
    let mut at = text;
    loop {
        // SAFETY: the NUL was not passed.
        let unit = unsafe { at.read_unaligned() };
        if unit == C::NUL {
            return;
        }
        let Some(new) = replace(unit) else { return };
        // SAFETY: the caller vouches for a string that can be written.
        unsafe { at.write_unaligned(new) };
        at = at.wrapping_add(1);
    }
}

/// `_strrev`, `_wcsrev`: turns the text round.
///
/// # Safety
/// `text` points to a string that can be written.
pub unsafe fn reverse<C: Unit>(text: *mut C) {
    // SAFETY: the caller vouches for a string.
    let length = unsafe { length(text) };
    for index in 0..length / 2 {
        let (front, back) = (text.wrapping_add(index), text.wrapping_add(length - 1 - index));
        // SAFETY: both lie in the string, which can be written.
        unsafe {
            let unit = front.read_unaligned();
            front.write_unaligned(back.read_unaligned());
            back.write_unaligned(unit);
        }
    }
}
