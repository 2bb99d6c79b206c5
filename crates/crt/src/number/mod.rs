//! Numbers from text and text from numbers.

pub mod assemble;
pub mod convert;
pub mod digits;
pub mod integer;
pub mod layout;
pub mod real;
pub mod render;

pub use digits::{Digits, Rounding, Style};
pub use integer::Integer;
pub use real::{Parser, Rules};

/// What kind of not-a-number a double is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Infinity.
    Infinity,
    /// A quiet NaN.
    Quiet,
    /// A signalling NaN.
    Signalling,
    /// The NaN that invalid operations make: negative, quiet, without payload.
    Indefinite,
}

impl Special {
    /// The kind; nothing where the value is a number.
    pub fn of(value: f64) -> Option<Self> {
        let bits = value.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        if value.is_finite() {
            return None;
        }
        Some(match (fraction, fraction >> 51) {
            (0, _) => Self::Infinity,
            (_, 0) => Self::Signalling,
            (0x8_0000_0000_0000, _) if value.is_sign_negative() => Self::Indefinite,
            _ => Self::Quiet,
        })
    }

    /// What `ucrtbase.dll` prints for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Infinity => "inf",
            Self::Quiet => "nan",
            Self::Signalling => "nan(snan)",
            Self::Indefinite => "nan(ind)",
        }
    }
}
