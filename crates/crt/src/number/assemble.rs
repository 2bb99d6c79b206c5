//! IEEE 754 numbers from a binary mantissa and exponent, rounded to nearest, ties to even.

/// A binary floating-point type: `f64` or `f32`.
pub trait Float: Copy + Sized {
    /// Bits of the fraction.
    const FRACTION: u32;
    /// The exponent of the smallest normal number.
    const MINIMUM: i64;
    /// The exponent field of infinity and NaN.
    const SPECIAL: u64;
    /// The number with these bits.
    fn from_field(bits: u64) -> Self;
    /// The decimal number in ASCII, correctly rounded; the text is well-formed.
    fn from_decimal(text: &str) -> Self;
    /// Infinity (fraction 0) or the NaN with this fraction.
    fn special(fraction: u64, negative: bool) -> Self {
        Self::from_field(Self::SPECIAL << Self::FRACTION | fraction).signed(negative)
    }
    /// With its sign set, if `negative`.
    fn signed(self, negative: bool) -> Self;
    /// Whether it is an infinity.
    fn is_infinity(self) -> bool;
    /// Whether it is a zero.
    fn is_nothing(self) -> bool;
}

macro_rules! float {
    ($kind:ty, $bits:ty, $fraction:expr, $minimum:expr, $special:expr) => {
        impl Float for $kind {
            const FRACTION: u32 = $fraction;
            const MINIMUM: i64 = $minimum;
            const SPECIAL: u64 = $special;
            fn from_field(bits: u64) -> Self {
                Self::from_bits(bits as $bits)
            }
            fn from_decimal(text: &str) -> Self {
                text.parse().unwrap_or(0.0)
            }
            fn signed(self, negative: bool) -> Self {
                Self::from_bits(self.to_bits() | (<$bits>::from(negative) << (<$bits>::BITS - 1)))
            }
            fn is_infinity(self) -> bool {
                self.is_infinite()
            }
            fn is_nothing(self) -> bool {
                self == 0.0
            }
        }
    };
}

float!(f64, u64, 52, -1022, 0x7FF);
float!(f32, u32, 23, -126, 0xFF);

/// The number `mantissa * 2^exponent`, a little more where `sticky`; without sign.
pub fn assemble<F: Float>(mantissa: u64, exponent: i64, sticky: bool) -> F {
    if mantissa == 0 {
        return F::from_field(0);
    }
    // The mantissa as 1.x with 63 bits behind the point.
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    let exponent = exponent.saturating_add(63 - i64::from(shift));
    if exponent > -F::MINIMUM + 1 {
        return F::from_field(F::SPECIAL << F::FRACTION);
    }
    let below = F::MINIMUM.saturating_sub(exponent).max(0);
    let drop = i64::from(63 - F::FRACTION).saturating_add(below);
    if drop > 64 {
        return F::from_field(0);
    }
    let (kept, rest) = match drop {
        64 => (0, mantissa),
        _ => (mantissa >> drop, mantissa << (64 - drop)),
    };
    const HALF: u64 = 1 << 63;
    let up = rest > HALF || rest == HALF && (sticky || kept & 1 == 1);
    // A carry moves into the exponent field by itself, also from denormal to normal and from the largest to infinity.
    let field = if below > 0 { 0 } else { (exponent - F::MINIMUM) as u64 };
    F::from_field((field << F::FRACTION) + kept + u64::from(up))
}
