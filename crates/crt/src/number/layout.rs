//! A number's digits set out as text: `123.456000` or `1.234560e+02`.

use super::digits::Digits;

/// The longest integer part, point and places of a double, and room for an exponent.
const CAPACITY: usize = 309 + 1 + 1074 + 16;

/// How to set out digits.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Places behind the point.
    pub places: usize,
    /// The decimal point.
    pub point: u8,
    /// Whether the point stands there without places too.
    pub keep_point: bool,
    /// `e` or `E` and the least digits of the exponent, for scientific notation.
    pub exponent: Option<(u8, usize)>,
}

/// Text in ASCII: a head, some zeros that are only counted, and a tail.
#[derive(Clone)]
pub struct Layout {
    text: [u8; CAPACITY],
    head: usize,
    tail: usize,
    /// How many zeros stand between head and tail.
    pub zeros: usize,
}

impl Layout {
    /// Sets out digits that are already rounded to the form's places.
    pub fn new(digits: &Digits, form: Form) -> Self {
        let mut layout = Self { text: [b'0'; CAPACITY], head: 0, tail: 0, zeros: 0 };
        match form.exponent {
            None => layout.number(digits.as_slice(), digits.point, form),
            Some((letter, least)) => {
                layout.number(digits.as_slice(), 1, form);
                let zero = digits.as_slice().iter().all(|&digit| digit == b'0');
                layout.exponent(if zero { 0 } else { digits.point - 1 }, letter, least);
            }
        }
        layout
    }

    /// What stands before the zeros.
    pub fn head(&self) -> &[u8] {
        &self.text[..self.head]
    }

    /// What stands behind the zeros.
    pub fn tail(&self) -> &[u8] {
        &self.text[self.head..self.tail]
    }

    fn number(&mut self, digits: &[u8], point: i32, form: Form) {
        let before = usize::try_from(point).unwrap_or(0);
        let (whole, rest) = digits.split_at(digits.len().min(before));
        self.copy(whole);
        self.skip(before.max(1) - whole.len());
        if form.places > 0 || form.keep_point {
            self.copy(&[form.point]);
        }
        let leading = form.places.min(usize::try_from(-point).unwrap_or(0));
        let rest = &rest[..rest.len().min(form.places - leading)];
        let zeros = form.places - leading - rest.len();
        if rest.is_empty() {
            self.zeros = leading + zeros;
        } else {
            self.skip(leading);
            self.copy(rest);
            self.zeros = zeros;
        }
        self.tail = self.head;
    }

    fn exponent(&mut self, exponent: i32, letter: u8, least: usize) {
        let mut number = [b'0'; 3];
        let mut rest = exponent.unsigned_abs();
        for place in number.iter_mut().rev() {
            *place += (rest % 10) as u8;
            rest /= 10;
        }
        let skip = number.iter().take_while(|&&digit| digit == b'0').count().min(3 - least.min(3));
        let sign = if exponent < 0 { b'-' } else { b'+' };
        for &byte in [letter, sign].iter().chain(&number[skip..]) {
            self.text[self.tail] = byte;
            self.tail += 1;
        }
    }

    fn copy(&mut self, bytes: &[u8]) {
        self.text[self.head..self.head + bytes.len()].copy_from_slice(bytes);
        self.head += bytes.len();
    }

    /// Leaves zeros, which are there already.
    fn skip(&mut self, count: usize) {
        self.head += count;
    }
}
