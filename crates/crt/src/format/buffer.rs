//! What the functions that print into memory do at its end.

use super::{Error, Memory, Sink};
use crate::Unit;

/// How a buffer ends, by function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `_vsnprintf`: a NUL only where there is room behind the text; -1 where the text does not fit.
    Legacy,
    /// `vsnprintf`: always a NUL, and the length of the whole text.
    Standard,
    /// `vswprintf`: always a NUL; -2 where the text and its NUL do not fit.
    Terminated,
}

impl Ending {
    /// The ending that the option bits of `__stdio_common_vsprintf` and `__stdio_common_vswprintf` ask for.
    pub const fn of(bits: u64) -> Self {
        if bits & super::bits::LEGACY_VSPRINTF_NULL_TERMINATION != 0 {
            Self::Legacy
        } else if bits & super::bits::STANDARD_SNPRINTF_BEHAVIOR != 0 {
            Self::Standard
        } else {
            Self::Terminated
        }
    }
}

/// Prints into a buffer of `size` units, which may be NULL if `size` is 0, and answers what the C function does.
///
/// # Errors
/// [`Error::InvalidParameter`] for a NULL buffer with a size, and those of `print`.
///
/// # Safety
/// `buffer` is valid for writing `size` units, or the text and its NUL where that is less.
pub unsafe fn print<C: Unit>(
    buffer: *mut C,
    size: usize,
    ending: Ending,
    print: impl FnOnce(&mut dyn Sink<C>) -> Result<i32, Error>,
) -> Result<i32, Error> {
    if buffer.is_null() {
        return if size == 0 { print(&mut Memory::counter()) } else { Err(Error::InvalidParameter) };
    }
    // SAFETY: the caller vouches for the buffer.
    let mut memory = unsafe { Memory::new(buffer, size) };
    let result = print(&mut memory);
    let length = memory.length();
    let fits = length < size;
    if size > 0 && (fits || ending != Ending::Legacy) {
        // SAFETY: the index is below `size`, and at most the text's length.
        unsafe { buffer.wrapping_add(length.min(size - 1)).write_unaligned(C::NUL) };
    }
    match (result?, ending) {
        (count, Ending::Legacy) if length <= size => Ok(count),
        (_, Ending::Legacy) => Ok(-1),
        (_, Ending::Terminated) if !fits && size > 0 => Ok(-2),
        (count, _) => Ok(count),
    }
}

/// `_vsprintf_s`, `_vsprintf_p`: text that does not fit is an error and leaves the empty string.
///
/// # Errors
/// [`Error::InvalidParameter`] for a NULL buffer or size 0, [`Error::TooSmall`], and those of `print`.
///
/// # Safety
/// As for [`print`].
pub unsafe fn print_secure<C: Unit>(buffer: *mut C, size: usize, print: impl FnOnce(&mut dyn Sink<C>) -> Result<i32, Error>) -> Result<i32, Error> {
    if buffer.is_null() || size == 0 {
        return Err(Error::InvalidParameter);
    }
    // SAFETY: the caller vouches for the buffer.
    let mut memory = unsafe { Memory::new(buffer, size) };
    let result = print(&mut memory);
    let length = memory.length();
    let result = result.and_then(|count| if length < size { Ok(count) } else { Err(Error::TooSmall) });
    let end = if result.is_ok() { length } else { 0 };
    // SAFETY: `end` is below `size`.
    unsafe { buffer.wrapping_add(end).write_unaligned(C::NUL) };
    result
}

/// `_vsnprintf_s`: at most `count` units of the text (`usize::MAX`, which is `_TRUNCATE`: as many as fit) and a NUL; -1 where
/// that is not all of it.
///
/// # Errors
/// [`Error::InvalidParameter`] for a NULL buffer or size 0, unless `count` is 0 too; [`Error::TooSmall`] where the buffer cannot hold
/// `count` units of the text; those of `print`. The buffer then holds the empty string.
///
/// # Safety
/// As for [`print`].
pub unsafe fn print_truncated<C: Unit>(
    buffer: *mut C,
    size: usize,
    count: usize,
    print: impl FnOnce(&mut dyn Sink<C>) -> Result<i32, Error>,
) -> Result<i32, Error> {
    if buffer.is_null() && size == 0 && count == 0 {
        return Ok(0);
    }
    if buffer.is_null() || size == 0 {
        return Err(Error::InvalidParameter);
    }
    let room = count.min(size - 1);
    // SAFETY: the caller vouches for the buffer.
    let mut memory = unsafe { Memory::new(buffer, room) };
    let result = print(&mut memory);
    let length = memory.length();
    let result = match result {
        Ok(_) if length > room && count >= size && count != usize::MAX => Err(Error::TooSmall),
        Ok(_) if length > room => Ok(-1),
        result => result,
    };
    let end = if result.is_ok() { length.min(room) } else { 0 };
    // SAFETY: `end` is below `size`.
    unsafe { buffer.wrapping_add(end).write_unaligned(C::NUL) };
    result
}
