//! `%e %f %g %a` and their upper case.

use super::field::{Number, sign};
use super::output::Output;
use super::spec::Spec;
use super::{Error, Options};
use crate::number::layout::{Form, Layout};
use crate::number::render::Rendered;
use crate::number::{Digits, Rounding, Special};
use crate::{Flavor, Unit};

pub(super) fn float<C: Unit>(output: &mut Output<C>, spec: &Spec, value: f64, options: &Options) -> Result<(), Error> {
    let special = Special::of(value);
    let prefix = sign(spec, value.is_sign_negative());
    if let Some(special) = special.filter(|_| !options.legacy_names()) {
        let mut name = [0; 9];
        let length = special.name().len();
        name[..length].copy_from_slice(special.name().as_bytes());
        if spec.letter.is_ascii_uppercase() {
            name.make_ascii_uppercase();
        }
        return Number { prefix, head: &name[..length], ..Number::default() }.put(output, spec, false);
    }
    let form = Form {
        places: spec.precision.unwrap_or(6),
        point: options.point,
        keep_point: spec.alternate,
        exponent: Some((spec.letter & 0x20 | b'E', options.exponent_digits())),
    };
    let layout = match spec.letter.to_ascii_lowercase() {
        b'a' => return hexadecimal(output, spec, value, options),
        b'e' => Layout::new(&significant(value, special, form.places.saturating_add(1), options), form),
        b'f' => Layout::new(&decimals(value, special, form.places, options), Form { exponent: None, ..form }),
        _ => general(value, special, form, options),
    };
    Number { prefix, zeros: 0, head: layout.head(), middle_zeros: layout.zeros, tail: layout.tail() }.put(output, spec, spec.zero)
}

fn significant(value: f64, special: Option<Special>, count: usize, options: &Options) -> Digits {
    match special {
        Some(special) => rounded(Digits::special(special), count),
        None => Digits::significant(value.abs(), count, options.style()),
    }
}

fn decimals(value: f64, special: Option<Special>, places: usize, options: &Options) -> Digits {
    match special {
        Some(special) => rounded(Digits::special(special), places.saturating_add(1)),
        None => Digits::decimals(value.abs(), i32::try_from(places).unwrap_or(i32::MAX), options.style()),
    }
}

/// What stands for infinity in `msvcrt` is rounded like digits: with two places it becomes `1.#J`.
fn rounded(mut digits: Digits, count: usize) -> Digits {
    digits.round(i32::try_from(count).unwrap_or(i32::MAX));
    digits
}

/// `%g`: whichever of `%e` and `%f` suits, without the last zeros unless `#` keeps them.
fn general(value: f64, special: Option<Special>, form: Form, options: &Options) -> Layout {
    let wanted = form.places.max(1);
    let digits = significant(value, special, wanted, options);
    let exponent = if value == 0.0 { 0 } else { digits.point - 1 };
    let scientific = exponent < -4 || i64::from(exponent) >= wanted as i64;
    let length = match form.keep_point {
        true => wanted as i64,
        false => digits.as_slice().iter().rposition(|&digit| digit != b'0').map_or(1, |last| last as i64 + 1),
    };
    let places = length - 1 - if scientific { 0 } else { i64::from(exponent) };
    let places = usize::try_from(places).unwrap_or(0);
    Layout::new(&digits, Form { places, exponent: form.exponent.filter(|_| scientific), ..form })
}

fn hexadecimal<C: Unit>(output: &mut Output<C>, spec: &Spec, value: f64, options: &Options) -> Result<(), Error> {
    let msvcrt = options.flavor == Flavor::Msvcrt;
    let places = spec.precision.unwrap_or(if msvcrt { 6 } else { 13 });
    let (digits, exponent) = match Special::of(value) {
        Some(special) => (Nibbles::special(special, places), 0),
        None => Nibbles::new(value.abs(), places, options.rounding()),
    };
    let mut head = Text::default();
    head.add(sign(spec, value.is_sign_negative()));
    let sign = head.length;
    head.add(b"0x");
    // `msvcrt` padded with zeros before the 0x.
    let prefix = if msvcrt { sign } else { head.length };
    let (first, rest) = digits.as_slice().split_at(1);
    head.add(first);
    if places > 0 || spec.alternate {
        head.add(&[options.point]);
    }
    head.add(rest);
    let mut tail = Text::default();
    tail.add(if exponent < 0 { b"p-" } else { b"p+" });
    tail.add(Rendered::new(exponent.unsigned_abs().into(), 10, false).as_slice());
    if spec.letter == b'A' {
        head.bytes.make_ascii_uppercase();
        tail.bytes.make_ascii_uppercase();
    }
    let (prefix, shown) = head.as_slice().split_at(prefix);
    Number { prefix, zeros: 0, head: shown, middle_zeros: places - rest.len(), tail: tail.as_slice() }.put(output, spec, spec.zero)
}

/// The hexadecimal digits of a mantissa, the first of them before the point.
type Nibbles = Text;

impl Nibbles {
    /// The digits, at most `places` behind the point, and the exponent of two, for a value that is not negative.
    fn new(value: f64, places: usize, rounding: Rounding) -> (Self, i32) {
        let fraction = value.to_bits() & ((1 << 52) - 1);
        let (mut mantissa, exponent) = match (value.to_bits() >> 52) as i32 {
            0 if fraction == 0 => (0, 0),
            0 => (fraction, -1022),
            biased => (fraction | 1 << 52, biased - 1023),
        };
        let places = places.min(13);
        let dropped = 4 * (13 - places);
        if dropped > 0 {
            let (rest, half) = (mantissa & ((1 << dropped) - 1), 1 << (dropped - 1));
            let odd = mantissa >> dropped & 1 == 1;
            let up = rest > half || rest == half && (odd || rounding == Rounding::Away);
            mantissa = (mantissa >> dropped) + u64::from(up);
        }
        let mut digits = Self::default();
        for place in (0..=places).rev() {
            let nibble = (mantissa >> (4 * place)) as u8 & 15;
            digits.add(&[if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }]);
        }
        (digits, exponent)
    }

    fn special(special: Special, places: usize) -> Self {
        let mut text = Self::default();
        text.add(rounded(Digits::special(special), places.saturating_add(1)).as_slice());
        text
    }
}

/// A few ASCII characters.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    length: usize,
}

impl Text {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
