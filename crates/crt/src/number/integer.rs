//! Integers from text: `strtol`, `strtoul`, their 64-bit and wide forms, `atoi` and its family.

use crate::errno::Errno;
use crate::unit::Unit;
use crate::{Flavor, class};

/// An integer as it was read: sign and magnitude.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Integer {
    /// The magnitude; with `overflow` its low 64 bits.
    pub magnitude: u64,
    /// Whether a minus sign stood before it.
    pub negative: bool,
    /// Whether the magnitude has more than 64 bits.
    pub overflow: bool,
    /// How many units were used, blanks and sign included; 0 where there is no number.
    pub length: usize,
}

/// Reads an integer as `strtol` does: blanks, sign, prefix, digits. The base is 2 to 36, or 0 to find out by the prefix.
///
/// # Errors
/// [`Errno::Invalid`] for another base.
pub fn scan<C: Unit>(units: impl IntoIterator<Item = C>, base: i32) -> Result<Integer, Errno> {
    if !(base == 0 || (2..=36).contains(&base)) {
        return Err(Errno::Invalid);
    }
    let mut units = units.into_iter();
    let mut length = 0;
    let mut next = move || units.next().inspect(|_| length += 1).map(|unit| (unit, length));
    let mut unit = next();
    while unit.is_some_and(|(unit, _)| class::is_space(unit)) {
        unit = next();
    }
    let mut result = Integer::default();
    if let Some((sign, _)) = unit
        && matches!(sign.ascii(), b'+' | b'-')
    {
        result.negative = sign.ascii() == b'-';
        unit = next();
    }
    let mut base = base as u32;
    if let Some((zero, at)) = unit
        && zero.ascii() == b'0'
        && matches!(base, 0 | 16)
    {
        unit = next();
        if unit.is_some_and(|(unit, _)| matches!(unit.ascii(), b'x' | b'X')) {
            // Without digits behind it the prefix is no number, not even its zero.
            base = 16;
            unit = next();
        } else {
            result.length = at;
            base = if base == 0 { 8 } else { base };
        }
    }
    let base = if base == 0 { 10 } else { base };
    while let Some((one, length)) = unit {
        let Some(value) = digit(one).filter(|&value| value < base) else { break };
        result.push(value, base);
        result.length = length;
        unit = next();
    }
    if result.length == 0 {
        return Ok(Integer::default());
    }
    Ok(result)
}

/// The value of a digit or letter in bases up to 36, in wide text also of other scripts' decimal digits.
pub fn digit<C: Unit>(unit: C) -> Option<u32> {
    match unit.ascii() {
        digit @ b'0'..=b'9' => Some(u32::from(digit - b'0')),
        letter @ b'a'..=b'z' => Some(u32::from(letter - b'a') + 10),
        letter @ b'A'..=b'Z' => Some(u32::from(letter - b'A') + 10),
        _ if C::WIDE => class::decimal_digit(unit.code() as u16),
        _ => None,
    }
}

macro_rules! signed {
    ($(#[$doc:meta])* $name:ident, $kind:ty) => {
        $(#[$doc])*
        pub fn $name(self) -> ($kind, Option<Errno>) {
            const MAXIMUM: u64 = <$kind>::MAX as u64;
            match (self.negative, self.overflow, self.magnitude) {
                (false, false, 0..=MAXIMUM) => (self.magnitude as $kind, None),
                (true, false, 0..=MAXIMUM) => (-(self.magnitude as $kind), None),
                (true, false, magnitude) if magnitude == MAXIMUM + 1 => (<$kind>::MIN, None),
                (false, ..) => (<$kind>::MAX, Some(Errno::Range)),
                (true, ..) => (<$kind>::MIN, Some(Errno::Range)),
            }
        }
    };
}

macro_rules! unsigned {
    ($(#[$doc:meta])* $name:ident, $kind:ty) => {
        $(#[$doc])*
        pub fn $name(self) -> ($kind, Option<Errno>) {
            match <$kind>::try_from(self.magnitude) {
                Ok(value) if !self.overflow => (if self.negative { value.wrapping_neg() } else { value }, None),
                _ => (<$kind>::MAX, Some(Errno::Range)),
            }
        }
    };
}

impl Integer {
    /// Appends a digit to the magnitude.
    pub(crate) fn push(&mut self, digit: u32, base: u32) {
        let (product, overflow) = self.magnitude.overflowing_mul(base.into());
        let (sum, carry) = product.overflowing_add(digit.into());
        self.overflow |= overflow | carry;
        self.magnitude = sum;
    }

    signed! {
        /// What `strtol` answers: the nearest limit and [`Errno::Range`] where the value does not fit.
        to_i32, i32
    }
    signed! {
        /// What `_strtoi64` answers: the nearest limit and [`Errno::Range`] where the value does not fit.
        to_i64, i64
    }
    unsigned! {
        /// What `strtoul` answers: a negative number wraps; the maximum and [`Errno::Range`] where the magnitude does not fit.
        to_u32, u32
    }
    unsigned! {
        /// What `_strtoui64` answers: a negative number wraps; the maximum and [`Errno::Range`] where the magnitude does not fit.
        to_u64, u64
    }

    /// The low 64 bits of the value, however large it is.
    pub fn wrapped(self) -> u64 {
        if self.negative { self.magnitude.wrapping_neg() } else { self.magnitude }
    }
}

/// `atoi`, `atol`, `_wtoi` and `_wtol`: the nearest limit and [`Errno::Range`] where the value does not fit, but the low
/// 32 bits of it in the narrow functions of `msvcrt.dll`.
pub fn to_int<C: Unit>(units: impl IntoIterator<Item = C>, flavor: Flavor) -> (i32, Option<Errno>) {
    let number = scan(units, 10).unwrap_or_default();
    match flavor {
        Flavor::Msvcrt if !C::WIDE => (number.wrapped() as i32, None),
        _ => number.to_i32(),
    }
}

/// `_atoi64`, `atoll` and their wide forms: the nearest limit and [`Errno::Range`] where the value does not fit.
pub fn to_long<C: Unit>(units: impl IntoIterator<Item = C>) -> (i64, Option<Errno>) {
    scan(units, 10).unwrap_or_default().to_i64()
}
