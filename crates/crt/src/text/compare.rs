//! Comparing strings.

use crate::Unit;

/// `strcmp`, `wcscmp`, and `strcoll` in the "C" locale: -1, 0 or 1.
pub fn compare<C: Unit>(first: impl IntoIterator<Item = C>, second: impl IntoIterator<Item = C>) -> i32 {
    first.into_iter().cmp(second) as i32
}

/// `strncmp`, `wcsncmp`, and `_strncoll` in the "C" locale: as [`compare`], of `count` units at most.
pub fn compare_bounded<C: Unit>(first: impl IntoIterator<Item = C>, second: impl IntoIterator<Item = C>, count: usize) -> i32 {
    first.into_iter().take(count).cmp(second.into_iter().take(count)) as i32
}

/// `_stricmp`, `_wcsicmp`, and `_stricoll` in the "C" locale: the difference of the first units that differ after `fold`,
/// which is [`to_lower`](crate::class::to_lower) in the "C" locale.
pub fn compare_folded<C: Unit>(first: impl IntoIterator<Item = C>, second: impl IntoIterator<Item = C>, fold: impl Fn(C) -> C) -> i32 {
    compare_folded_bounded(first, second, usize::MAX, fold)
}

/// `_strnicmp`, `_wcsnicmp`: as [`compare_folded`], of `count` units at most.
pub fn compare_folded_bounded<C: Unit>(
    first: impl IntoIterator<Item = C>,
    second: impl IntoIterator<Item = C>,
    count: usize,
    fold: impl Fn(C) -> C,
) -> i32 {
    let mut second = second.into_iter();
    let mut first = first.into_iter();
    for _ in 0..count {
        let (one, other) = (first.next().map_or(C::NUL, &fold), second.next().map_or(C::NUL, &fold));
        if one != other || one == C::NUL {
            return one.code() as i32 - other.code() as i32;
        }
    }
    0
}

/// `strxfrm` and `wcsxfrm` in the "C" locale: the text itself and a NUL, if both fit into `size` units at `destination`; answers the text's length.
///
/// # Safety
/// `destination` is valid for writing `size` units.
pub unsafe fn transform<C: Unit>(destination: *mut C, source: impl IntoIterator<Item = C>, size: usize) -> usize {
    let mut length = 0;
    for unit in source.into_iter().chain([C::NUL]) {
        if length < size {
            // SAFETY: the index is below `size`.
            unsafe { destination.wrapping_add(length).write_unaligned(unit) };
        }
        length += 1;
    }
    length - 1
}
