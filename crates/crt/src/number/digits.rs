//! The decimal digits of a double, exact or as `msvcrt.dll` makes them.

use core::fmt::Write;

/// What happens to a value that lies exactly between two results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the even digit, as IEEE 754 asks for.
    Even,
    /// Away from zero, as before Windows 10 version 2004.
    Away,
}

/// How the digits of a double are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As many digits as there are, as `ucrtbase.dll` does.
    Exact(Rounding),
    /// 17 digits and then zeros, as `msvcrt.dll` does; rounded half up from there.
    Legacy,
}

/// How many digits are kept at most: a double's integer part and every place behind the point.
const CAPACITY: usize = 309 + 1 + PLACES;
/// No double has a digit behind this place.
const PLACES: usize = 1074;
/// No double has more significant digits.
const SIGNIFICANT: usize = 767;
/// How many digits `msvcrt.dll` computes.
const LEGACY: usize = 17;

/// Decimal digits and where the point lies: the value is `0.digits` times ten to the power of `point`.
#[derive(Clone)]
pub struct Digits {
    text: [u8; CAPACITY + 16],
    start: usize,
    end: usize,
    /// How many digits stand before the point; negative where zeros follow it first.
    pub point: i32,
}

impl Digits {
    /// The first `count` digits of a finite value that is not negative, or fewer where the rest is zeros. Zero has no digit but zeros,
    /// and its point is at 1.
    pub fn significant(value: f64, count: usize, style: Style) -> Self {
        match style {
            Style::Exact(rounding) if count > 0 => Self::exact(value, count, rounding),
            _ => {
                let mut digits = Self::all(value, style);
                digits.round(i32::try_from(count).unwrap_or(i32::MAX));
                digits
            }
        }
    }

    /// The digits up to `places` behind the point (negative: before it) of a finite value that is not negative; none where it
    /// rounds to zero, with the point where it was before rounding.
    pub fn decimals(value: f64, places: i32, style: Style) -> Self {
        let mut digits = match style {
            Style::Exact(rounding) if places >= 0 => {
                let digits = Self::places(value, places as usize, rounding);
                if !digits.as_slice().is_empty() || value == 0.0 {
                    return digits;
                }
                let mut nothing = Self::exact(value, 1, Rounding::Even);
                nothing.end = nothing.start;
                return nothing;
            }
            _ => Self::all(value, style),
        };
        digits.round(digits.point.saturating_add(places));
        digits
    }

    fn exact(value: f64, count: usize, rounding: Rounding) -> Self {
        let count = count.clamp(1, SIGNIFICANT + 1);
        let mut digits = Self::empty();
        let _ = write!(digits, "{:.*e}", count - 1, value);
        digits.take_exponent();
        if rounding == Rounding::Away && count <= SIGNIFICANT && is_tie(value, count as i32 - digits.point) {
            digits = Self::exact(value, count + 1, Rounding::Even);
            digits.round(count as i32);
        }
        digits
    }

    fn places(value: f64, places: usize, rounding: Rounding) -> Self {
        let places = places.min(PLACES);
        let mut digits = Self::empty();
        if rounding == Rounding::Away && places < PLACES && is_tie(value, places as i32) {
            digits.fixed(value, places + 1);
            digits.round(digits.point + places as i32);
        } else {
            digits.fixed(value, places);
        }
        digits
    }

    /// Every digit that there is.
    fn all(value: f64, style: Style) -> Self {
        match style {
            Style::Exact(_) => Self::exact(value, SIGNIFICANT, Rounding::Even),
            Style::Legacy => Self::exact(value, LEGACY, Rounding::Away),
        }
    }

    /// What `msvcrt.dll` has in place of digits: `1.#INF` and the like, which it rounds like digits.
    pub fn special(special: super::Special) -> Self {
        let mut digits = Self::empty();
        let _ = digits.write_str(match special {
            super::Special::Infinity => "1#INF",
            super::Special::Quiet => "1#QNAN",
            super::Special::Signalling => "1#SNAN",
            super::Special::Indefinite => "1#IND",
        });
        digits.point = 1;
        digits
    }

    /// The digits in ASCII.
    pub fn as_slice(&self) -> &[u8] {
        &self.text[self.start..self.end]
    }

    /// Keeps the first `count` digits and rounds half up by the next one.
    pub fn round(&mut self, count: i32) {
        let Ok(count) = usize::try_from(count) else {
            self.end = self.start;
            return;
        };
        if count >= self.end - self.start {
            return;
        }
        let up = self.text[self.start + count] >= b'5';
        self.end = self.start + count;
        if !up {
            return;
        }
        for digit in self.text[self.start..self.end].iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        // A carry out of the first digit; a place in front is kept free for it.
        self.start -= 1;
        self.text[self.start] = b'1';
        self.point += 1;
    }

    fn empty() -> Self {
        Self { text: [0; CAPACITY + 16], start: 1, end: 1, point: 0 }
    }

    /// Turns what `{:e}` wrote into digits and point.
    fn take_exponent(&mut self) {
        let text = &self.text[self.start..self.end];
        let Some(mark) = text.iter().position(|&byte| byte == b'e') else { return };
        let (negative, number) = match &text[mark + 1..] {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let exponent = number.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
        self.point = 1 + if negative { -exponent } else { exponent };
        self.end = self.start + mark;
        self.drop_point();
    }

    fn fixed(&mut self, value: f64, places: usize) {
        let _ = write!(self, "{value:.places$}");
        let length = self.end - self.start;
        self.point = if places == 0 { length } else { length - places - 1 } as i32;
        self.drop_point();
        let zeros = self.as_slice().iter().take_while(|&&digit| digit == b'0').count();
        self.start += zeros;
        self.point -= zeros as i32;
        if value == 0.0 {
            self.point = 1;
        }
    }

    fn drop_point(&mut self) {
        let text = &mut self.text[self.start..self.end];
        if let Some(at) = text.iter().position(|&byte| byte == b'.') {
            text.copy_within(at + 1.., at);
            self.end -= 1;
        }
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = self.text.get_mut(self.end..self.end + text.len()).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.end += text.len();
        Ok(())
    }
}

/// Whether the value lies exactly between two numbers with `places` digits behind the point (negative: before it).
fn is_tie(value: f64, places: i32) -> bool {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match (bits >> 52) as i32 & 0x7FF {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased - 1075),
    };
    if mantissa == 0 {
        return false;
    }
    // With an odd mantissa, value * 2 * 10^places is an odd integer only if all powers of two cancel out.
    let exponent = exponent + mantissa.trailing_zeros() as i32;
    let mut odd = mantissa >> mantissa.trailing_zeros();
    if exponent + 1 + places != 0 {
        return false;
    }
    for _ in places..0 {
        if !odd.is_multiple_of(5) {
            return false;
        }
        odd /= 5;
    }
    true
}
