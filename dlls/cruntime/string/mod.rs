//! string.h and the string part of wchar.h: narrow, wide and multibyte.

mod collate;
mod convert;
mod error;
mod memory;
mod multibyte;
mod narrow;
mod secure;
mod wide;

use super::fault::{Fault, INVALID};
use crt::text::Room;
use crt::{Unit, Units};

/// A C string's units.
///
/// # Safety
/// `text` points to a NUL-terminated string.
pub unsafe fn units<'a, C: Unit>(text: *const C) -> Units<'a, C> {
    // SAFETY: as the caller promises.
    unsafe { Units::new(text) }
}

/// A C string's units; nothing for NULL.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string.
pub unsafe fn optional<'a, C: Unit>(text: *const C) -> Option<Units<'a, C>> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { Units::new(text) })
}

/// The buffer of an `_s` function.
///
/// # Safety
/// Unless it is NULL, `at` is valid for `size` units, or what the function does there.
pub unsafe fn room<'a, C: Unit>(at: *mut C, size: usize) -> Result<Room<'a, C>, Fault> {
    // SAFETY: as the caller promises.
    unsafe { Room::new(at, size) }.map_err(|_| INVALID)
}

/// The address of what was found, or NULL.
pub fn place<C>(text: *const C, index: Option<usize>) -> *mut C {
    index.map_or(core::ptr::null_mut(), |index| text.wrapping_add(index).cast_mut())
}

/// `_NLSCMPERROR`: what the comparisons answer for an invalid parameter.
pub const COMPARE_ERROR: i32 = i32::MAX;
