//! Cutting strings into tokens.

use super::search::{span, span_until};
use crate::{Errno, Unit, Units};

/// `strtok`, `wcstok`: ends the next token with a NUL and answers where it starts, NULL if there is none. The search starts at
/// `text`, or where `context` says if that is NULL, which stands there for the end of the text.
///
/// # Safety
/// `text` and `context` are NULL or point to strings that can be written.
pub unsafe fn token<C: Unit>(text: *mut C, delimiters: impl IntoIterator<Item = C, IntoIter: Clone>, context: &mut *mut C) -> *mut C {
    let text = if text.is_null() { *context } else { text };
    if text.is_null() {
        return text;
    }
    let delimiters = delimiters.into_iter();
    // SAFETY: the caller vouches for a string.
    let units = unsafe { Units::new(text) };
    let start = span(units, delimiters.clone());
    let start = text.wrapping_add(start);
    // SAFETY: it is the rest of the string.
    let units = unsafe { Units::new(start) };
    let length = span_until(units, delimiters);
    let end = start.wrapping_add(length);
    // SAFETY: `end` is in the string or at its NUL.
    let last = unsafe { end.read_unaligned() } == C::NUL;
    *context = end.wrapping_add(usize::from(!last));
    if length == 0 {
        return core::ptr::null_mut();
    }
    // SAFETY: the caller vouches for a string that can be written.
    unsafe { end.write_unaligned(C::NUL) };
    start
}

/// `strtok_s`, `wcstok_s`: as [`token`].
///
/// # Errors
/// [`Errno::Invalid`] without delimiters or context, and where `text` and what the context holds are both NULL.
///
/// # Safety
/// As for [`token`].
pub unsafe fn token_s<C: Unit>(
    text: *mut C,
    delimiters: Option<impl IntoIterator<Item = C, IntoIter: Clone>>,
    context: Option<&mut *mut C>,
) -> Result<*mut C, Errno> {
    let (Some(delimiters), Some(context)) = (delimiters, context) else { return Err(Errno::Invalid) };
    if text.is_null() && context.is_null() {
        return Err(Errno::Invalid);
    }
    // SAFETY: the caller vouches for the same.
    Ok(unsafe { token(text, delimiters, context) })
}
