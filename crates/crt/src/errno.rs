//! The `errno` values that this crate's functions answer.

/// An error number of the C runtime, with Microsoft's value.
///
/// Except for [`Errno::Truncated`], the `_s` functions report each of them to the invalid parameter handler too.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// `ENOMEM`: no memory, or a buffer of `scanf_s` that is too small.
    Memory = 12,
    /// `EINVAL`: an invalid argument.
    Invalid = 22,
    /// `ERANGE`: the result is too large, or the buffer too small.
    Range = 34,
    /// `EILSEQ`: a character that the other encoding lacks.
    Sequence = 42,
    /// `STRUNCATE`: the string was cut off, as the caller asked for with `_TRUNCATE`.
    Truncated = 80,
    /// `EOVERFLOW`: more than the return type can say.
    Overflow = 132,
}

impl Errno {
    /// The number.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

impl From<Errno> for u32 {
    fn from(error: Errno) -> Self {
        error as u32
    }
}
