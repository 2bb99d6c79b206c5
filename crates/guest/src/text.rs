//! Text at the edge: pointers of the guest become slices and strings first, safe code works on those.

use alloc::string::String;
use alloc::vec::Vec;

/// The units of a NUL-terminated UTF-16 string, without the NUL; empty for NULL.
///
/// # Safety
/// `text` is NULL or ends in a NUL.
pub unsafe fn wide<'a>(text: *const u16) -> &'a [u16] {
    if text.is_null() {
        return &[];
    }
    let mut length = 0;
    // SAFETY: everything up to the NUL belongs to the string.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: as above.
    unsafe { core::slice::from_raw_parts(text, length) }
}

/// The bytes of a NUL-terminated string, without the NUL; empty for NULL.
///
/// # Safety
/// `text` is NULL or ends in a NUL.
pub unsafe fn narrow<'a>(text: *const u8) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    let mut length = 0;
    // SAFETY: everything up to the NUL belongs to the string.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: as above.
    unsafe { core::slice::from_raw_parts(text, length) }
}

/// UTF-16 units as a string; lone surrogates become U+FFFD.
pub fn lossy(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

/// A string as UTF-16 units with a NUL behind them.
pub fn terminated(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Whether two UTF-16 names are the same but for ASCII case.
pub fn same_ascii(left: &[u16], right: &[u16]) -> bool {
    let fold = |unit: u16| if (0x41..=0x5A).contains(&unit) { unit + 0x20 } else { unit };
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| fold(*left) == fold(*right))
}
