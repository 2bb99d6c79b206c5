//! NormalizeString: the normal forms of Unicode.

use crate::buffer::{counted, put};
use crate::unicode;
use alloc::borrow::Cow;
use guest::call::{Answer, Count};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NO_UNICODE_TRANSLATION};
use windows_sys::Win32::Globalization::{NORM_FORM, NormalizationC, NormalizationD, NormalizationKC, NormalizationKD};

/// How a text is brought into a form.
type Form = fn(&[u16]) -> Cow<'_, [u16]>;

router! {
    /// By the form wanted.
    fn form(kind: NORM_FORM) -> Result<Form, Win32Error> for "NormalizeString", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        kind == NormalizationC => Ok(unicode::compose);
        kind == NormalizationD => Ok(unicode::decompose);
        kind == NormalizationKC => Ok(unicode::compose_compatible);
        kind == NormalizationKD => Ok(unicode::decompose_compatible);
    }
}

/// Refuses halves of characters, which have no form.
fn check(units: &[u16]) -> Result<(), Win32Error> {
    let whole = char::decode_utf16(units.iter().copied()).all(|character| character.is_ok());
    if whole { Ok(()) } else { Err(Win32Error(ERROR_NO_UNICODE_TRANSLATION)) }
}

/// Writes a text in a normal form; without room it answers how much it takes.
#[shim(ix = 707, mapping = "the Unicode normal forms", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn NormalizeString(
    kind: NORM_FORM,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    let form = form(kind)?;
    let units = unsafe { counted(source, length)? };
    check(units)?;
    unsafe { put(&form(units), target, room) }.map(Count)
}

/// Whether a text is in a normal form.
#[shim(ix = 708, mapping = "the Unicode normal forms", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsNormalizedString(kind: NORM_FORM, source: *const u16, length: i32) -> Result<Answer, Win32Error> {
    let form = form(kind)?;
    let units = unsafe { counted(source, length)? };
    check(units)?;
    Ok(Answer(*form(units) == *units))
}
