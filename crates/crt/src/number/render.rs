//! Text from integers: `_itoa` and its family.

use crate::errno::Errno;
use crate::unit::Unit;

/// An integer as text: at most 64 digits and a sign.
#[derive(Clone, Copy, Debug)]
pub struct Rendered {
    text: [u8; 65],
    start: usize,
}

impl Rendered {
    /// The digits of `value` in a base from 2 to 36, which is not checked, in lower or upper case.
    pub fn new(value: u64, base: u32, upper: bool) -> Self {
        let mut rendered = Self { text: [0; 65], start: 65 };
        // With the base known the compiler finds something faster than a division.
        match base {
            10 => rendered.digits(value, |value| (value / 10, value % 10), |value| (value / 10, value % 10)),
            16 => rendered.digits(value, |value| (value >> 4, value & 15), |value| (value >> 4, value & 15)),
            _ => rendered.digits(value, |value| (value / u64::from(base), value % u64::from(base)), |value| (value / base, value % base)),
        }
        if upper {
            rendered.text.make_ascii_uppercase();
        }
        rendered
    }

    /// Puts the digits from the last to the first; `split` and `split_low` answer a value without its last digit, and that digit.
    fn digits(&mut self, value: u64, split: impl Fn(u64) -> (u64, u64), split_low: impl Fn(u32) -> (u32, u32)) {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut put = |digit: usize| {
            self.start -= 1;
            self.text[self.start] = DIGITS[digit % 36];
        };
        let mut rest = value;
        while rest > u32::MAX.into() {
            let (higher, digit) = split(rest);
            put(digit as usize);
            rest = higher;
        }
        let mut rest = rest as u32;
        loop {
            let (higher, digit) = split_low(rest);
            put(digit as usize);
            rest = higher;
            if rest == 0 {
                return;
            }
        }
    }

    /// With a minus sign before it, if `negative`.
    pub fn signed(mut self, negative: bool) -> Self {
        if negative {
            self.start -= 1;
            self.text[self.start] = b'-';
        }
        self
    }

    /// The text in ASCII.
    pub fn as_slice(&self) -> &[u8] {
        &self.text[self.start..]
    }
}

/// `_itoa_s`, `_i64tow_s` and the others: the number in base `radix` and a NUL. A negative number has a sign in base 10 only; in the
/// others its `bits` low bits count.
///
/// # Errors
/// [`Errno::Invalid`] for a base outside 2 to 36 and for a buffer that is too small, which becomes the empty string.
pub fn itoa<C: Unit>(value: i64, bits: u32, signed: bool, radix: i32, out: &mut [C]) -> Result<(), Errno> {
    let first = out.first_mut().ok_or(Errno::Invalid)?;
    *first = C::NUL;
    if !(2..=36).contains(&radix) {
        return Err(Errno::Invalid);
    }
    let negative = signed && radix == 10 && value < 0;
    let magnitude = if negative { value.unsigned_abs() } else { value as u64 & (u64::MAX >> (64 - bits.clamp(1, 64))) };
    let rendered = Rendered::new(magnitude, radix as u32, false).signed(negative);
    let text = rendered.as_slice();
    if text.len() >= out.len() {
        return Err(Errno::Invalid);
    }
    for (place, &byte) in out.iter_mut().zip(text) {
        *place = C::from_ascii(byte);
    }
    out[text.len()] = C::NUL;
    Ok(())
}
