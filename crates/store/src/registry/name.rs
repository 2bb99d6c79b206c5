//! Names of keys and values: they are compared without case, unit by unit, and keep the case that they were made with.

pub use crate::case::fold;
pub use crate::name::same;

/// The longest name of a key, in UTF-16 units ("Registry Element Size Limits").
pub const LONGEST_KEY: usize = 255;
/// The longest name of a value.
pub const LONGEST_VALUE: usize = 16_383;
/// The most levels of keys.
pub const DEEPEST: usize = 512;
/// The longest path of a key: what a counted string of Windows holds.
pub const LONGEST_PATH: usize = 32_767;
/// The largest value, in bytes.
pub const LARGEST_VALUE: usize = 1 << 20;

/// What parts the names of a path.
pub const PARTS: u16 = b'\\' as u16;

/// The names of a path; one backslash at its start or end is none.
pub fn names(path: &[u16]) -> impl Iterator<Item = &[u16]> {
    let path = path.strip_prefix(&[PARTS]).unwrap_or(path);
    let path = path.strip_suffix(&[PARTS]).unwrap_or(path);
    path.split(|unit| *unit == PARTS).filter(move |_| !path.is_empty())
}

/// A text as UTF-16.
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}
