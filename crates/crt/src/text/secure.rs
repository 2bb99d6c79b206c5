//! The `_s` functions. What does not succeed leaves the empty string, but for a [`Errno::Truncated`], where as much as fits is there.

use super::Room;
use crate::{Errno, Unit};

/// `_TRUNCATE`: as much as fits.
pub const TRUNCATE: usize = usize::MAX;

/// `strcpy_s`, `wcscpy_s`; no source stands for NULL.
///
/// # Errors
/// [`Errno::Invalid`] without source, [`Errno::Range`] where it does not fit.
pub fn copy_s<C: Unit>(room: &mut Room<C>, source: Option<impl IntoIterator<Item = C>>) -> Result<(), Errno> {
    put(room, 0, source, None)
}

/// `strncpy_s`, `wcsncpy_s`: `count` units at most, or [`TRUNCATE`]. With count 0 no source is needed.
///
/// # Errors
/// [`Errno::Invalid`] without source, [`Errno::Range`] where it does not fit, [`Errno::Truncated`] where it was cut off.
pub fn copy_bounded_s<C: Unit>(room: &mut Room<C>, source: Option<impl IntoIterator<Item = C>>, count: usize) -> Result<(), Errno> {
    if count == 0 {
        room.set(0, C::NUL);
        return Ok(());
    }
    put(room, 0, source, Some(count))
}

/// `strcat_s`, `wcscat_s`.
///
/// # Errors
/// [`Errno::Invalid`] without source and where the buffer holds no string, [`Errno::Range`] where both do not fit.
pub fn append_s<C: Unit>(room: &mut Room<C>, source: Option<impl IntoIterator<Item = C>>) -> Result<(), Errno> {
    let length = text_length(room)?;
    put(room, length, source, None)
}

/// `strncat_s`, `wcsncat_s`: `count` units at most, or [`TRUNCATE`]. With count 0 no source is needed.
///
/// # Errors
/// [`Errno::Invalid`] without source and where the buffer holds no string, [`Errno::Range`] where both do not fit,
/// [`Errno::Truncated`] where the text was cut off.
pub fn append_bounded_s<C: Unit>(room: &mut Room<C>, source: Option<impl IntoIterator<Item = C>>, count: usize) -> Result<(), Errno> {
    let length = text_length(room)?;
    if count == 0 {
        return Ok(());
    }
    put(room, length, source, Some(count))
}

/// `_strset_s`, `_wcsset_s`: replaces each unit of the text.
///
/// # Errors
/// [`Errno::Invalid`] where the buffer holds no string.
pub fn fill_s<C: Unit>(room: &mut Room<C>, unit: C) -> Result<(), Errno> {
    fill_bounded_s(room, unit, usize::MAX)
}

/// `_strnset_s`, `_wcsnset_s`: replaces the first `count` units of the text, or all if it is shorter.
///
/// # Errors
/// [`Errno::Invalid`] where the buffer holds no string.
pub fn fill_bounded_s<C: Unit>(room: &mut Room<C>, unit: C, count: usize) -> Result<(), Errno> {
    let length = text_length(room)?;
    (0..length.min(count)).for_each(|index| room.set(index, unit));
    Ok(())
}

/// `_strlwr_s`, `_strupr_s`, `_wcslwr_s`, `_wcsupr_s`: replaces each unit of the text by what `fold` makes of it.
///
/// # Errors
/// [`Errno::Invalid`] where the buffer holds no string.
pub fn change_s<C: Unit>(room: &mut Room<C>, fold: impl Fn(C) -> C) -> Result<(), Errno> {
    let length = text_length(room)?;
    (0..length).for_each(|index| room.set(index, fold(room.get(index))));
    Ok(())
}

fn text_length<C: Unit>(room: &mut Room<C>) -> Result<usize, Errno> {
    room.length().ok_or_else(|| room.fail(Errno::Invalid))
}

/// Copies the source to `start`; without a count all of it must fit.
fn put<C: Unit>(room: &mut Room<C>, start: usize, source: Option<impl IntoIterator<Item = C>>, count: Option<usize>) -> Result<(), Errno> {
    let Some(source) = source else { return Err(room.fail(Errno::Invalid)) };
    let mut at = start;
    for unit in source.into_iter().take(count.unwrap_or(usize::MAX)) {
        if at == room.size() - 1 {
            if count != Some(TRUNCATE) {
                return Err(room.fail(Errno::Range));
            }
            room.set(at, C::NUL);
            return Err(Errno::Truncated);
        }
        room.set(at, unit);
        at += 1;
    }
    room.set(at, C::NUL);
    Ok(())
}
