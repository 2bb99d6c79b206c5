//! `_ecvt`, `_fcvt` and `_gcvt`: the digits of a double as text.

use super::Special;
use super::digits::{Digits, Rounding, Style};
use super::layout::{Form, Layout};
use crate::Flavor;
use crate::errno::Errno;

/// Where the point lies, counted from the first digit, and whether the number is negative.
pub type Position = (i32, bool);

/// `_ecvt_s`: `count` significant digits and a NUL.
///
/// # Errors
/// [`Errno::Range`] where they do not fit into `out`, which becomes the empty string.
pub fn ecvt(value: f64, count: i32, flavor: Flavor, out: &mut [u8]) -> Result<Position, Errno> {
    let count = count.max(0);
    let mut digits = match Special::of(value) {
        Some(special) => rounded(Digits::special(special), count),
        None => Digits::significant(value.abs(), count as usize, style(flavor)),
    };
    if value == 0.0 {
        digits.point = 0;
    }
    store(&digits, count, value, out)
}

/// `_fcvt_s`: the digits up to `places` behind the point (negative: before it) and a NUL.
///
/// # Errors
/// [`Errno::Range`] where they do not fit into `out`, which becomes the empty string.
pub fn fcvt(value: f64, places: i32, flavor: Flavor, out: &mut [u8]) -> Result<Position, Errno> {
    let mut digits = match Special::of(value) {
        Some(special) => rounded(Digits::special(special), places.saturating_add(1)),
        None => Digits::decimals(value.abs(), places, style(flavor)),
    };
    if value == 0.0 {
        digits.point = 0;
    }
    store(&digits, digits.point.saturating_add(places), value, out)
}

/// `_gcvt_s`: the number with `count` significant digits, without the last zeros, and a NUL; in scientific notation below 0.1 and where
/// `count` digits do not reach the point.
///
/// # Errors
/// [`Errno::Invalid`] where `count` digits cannot fit into `out`, [`Errno::Range`] where the text does not.
pub fn gcvt(value: f64, count: i32, flavor: Flavor, out: &mut [u8]) -> Result<(), Errno> {
    *out.first_mut().ok_or(Errno::Invalid)? = 0;
    let count = usize::try_from(count).map_err(|_| Errno::Invalid)?;
    if count >= out.len() {
        return Err(Errno::Invalid);
    }
    let wanted = count.max(1);
    let special = Special::of(value);
    let mut text = Text { out, length: 0 };
    if value.is_sign_negative() {
        text.add(b"-")?;
    }
    if let (Some(special), Flavor::Ucrt) = (special, flavor) {
        return text.add(special.name().as_bytes());
    }
    let digits = match special {
        Some(special) => rounded(Digits::special(special), wanted as i32),
        None => Digits::significant(value.abs(), wanted, style(flavor)),
    };
    let exponent = if value == 0.0 { 0 } else { digits.point - 1 };
    let scientific = exponent < -1 || exponent >= wanted as i32;
    let kept = digits.as_slice().len() - digits.as_slice().iter().rev().take_while(|&&digit| digit == b'0').count();
    let places = if scientific { kept as i32 - 1 } else { kept as i32 - 1 - exponent };
    let least = if flavor == Flavor::Msvcrt { 3 } else { 2 };
    let form = Form { places: places.max(0) as usize, point: b'.', keep_point: false, exponent: scientific.then_some((b'e', least)) };
    let layout = Layout::new(&digits, form);
    text.add(layout.head())?;
    text.add(layout.tail())
}

fn style(flavor: Flavor) -> Style {
    match flavor {
        Flavor::Msvcrt => Style::Legacy,
        Flavor::Ucrt => Style::Exact(Rounding::Away),
    }
}

fn rounded(mut digits: Digits, count: i32) -> Digits {
    digits.round(count);
    digits
}

fn store(digits: &Digits, count: i32, value: f64, out: &mut [u8]) -> Result<Position, Errno> {
    let count = usize::try_from(count).unwrap_or(0);
    *out.first_mut().ok_or(Errno::Invalid)? = 0;
    if count >= out.len() {
        return Err(Errno::Range);
    }
    let kept = digits.as_slice();
    let kept = &kept[..kept.len().min(count)];
    out[..kept.len()].copy_from_slice(kept);
    out[kept.len()..count].fill(b'0');
    out[count] = 0;
    Ok((digits.point, value.is_sign_negative()))
}

/// Text that ends in NUL after each addition; the empty string once something did not fit.
struct Text<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Text<'_> {
    fn add(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        if bytes.len() >= self.out.len() - self.length {
            self.out[0] = 0;
            return Err(Errno::Range);
        }
        self.out[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        self.out[self.length] = 0;
        Ok(())
    }
}
