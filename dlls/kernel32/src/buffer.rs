//! Counted texts of the guest's, and the results that are copied back.

use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};

/// A text of so many elements; a negative count stands for one that ends in a NUL, which belongs to it then. NULL and no
/// elements are refused.
///
/// # Safety
/// The text has that many elements, or ends in a NUL.
pub unsafe fn counted<'a, T: Copy + Default + PartialEq>(text: *const T, count: i32) -> Result<&'a [T], Win32Error> {
    if text.is_null() || count == 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { usize::try_from(count).map_or_else(|_| terminated(text), |count| core::slice::from_raw_parts(text, count)) })
}

/// A text with the NUL that ends it.
///
/// # Safety
/// It ends in a NUL.
pub unsafe fn terminated<'a, T: Default + PartialEq>(text: *const T) -> &'a [T] {
    let mut length = 0;
    // SAFETY: everything up to the NUL belongs to the text.
    unsafe {
        while *text.add(length) != T::default() {
            length += 1;
        }
        core::slice::from_raw_parts(text, length + 1)
    }
}

/// Copies a result into a caller's buffer of so many elements, and answers how many there are; no room asks for that
/// number alone. What does not fit is cut, and refused.
///
/// # Safety
/// The target has that many elements.
pub unsafe fn put<T: Copy>(source: &[T], target: *mut T, room: i32) -> Result<i32, Win32Error> {
    let length = i32::try_from(source.len()).map_err(|_| Win32Error(ERROR_INVALID_PARAMETER))?;
    if room < 0 || room > 0 && target.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if room > 0 {
        // SAFETY: as the caller promises.
        unsafe { target.copy_from(source.as_ptr(), length.min(room) as usize) };
        if length > room {
            return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
        }
    }
    Ok(length)
}
