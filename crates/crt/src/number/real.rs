//! Floating-point numbers from text, correctly rounded however long the text is: `strtod`, `strtof` and `scanf`.

use super::assemble::{Float, assemble};
use crate::Flavor;
use crate::class;
use crate::errno::Errno;
use crate::unit::Unit;

/// Which forms count as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `0x1.8p3`, `inf` and `nan(..)`.
    pub special: bool,
    /// `d` and `D` start an exponent too.
    pub fortran: bool,
    /// The decimal point, an ASCII character.
    pub point: u8,
}

impl Rules {
    /// The rules of `strtod` with the decimal point of the "C" locale.
    pub const fn of(flavor: Flavor) -> Self {
        match flavor {
            Flavor::Msvcrt => Self { special: false, fortran: true, point: b'.' },
            Flavor::Ucrt => Self { special: true, fortran: false, point: b'.' },
        }
    }
}

/// No more digits are kept: what follows decides the rounding only by being zero or not.
const KEPT: usize = 768;
/// Where exponents stop growing: farther than any number of digits can bring back.
const FAR: i64 = 1 << 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Sign,
    Zero,
    Prefix,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    Infinity(u8),
    Nan(u8),
    NanName,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Decimal,
    Hexadecimal,
    Infinity,
    Nan,
}

/// Takes the units of a number one by one, so that a stream needs no rewinding.
#[derive(Clone, Debug)]
pub struct Parser {
    rules: Rules,
    state: State,
    kind: Kind,
    negative: bool,
    length: usize,
    complete: usize,
    /// The significant digits: the value is `0.digits` times the base to the power of `point`.
    digits: [u8; KEPT],
    kept: usize,
    sticky: bool,
    point: i64,
    exponent: i64,
    exponent_negative: bool,
    name: [u8; 5],
    name_length: usize,
}

impl Parser {
    /// A parser that has seen nothing; blanks are the caller's.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::Start,
            kind: Kind::Decimal,
            negative: false,
            length: 0,
            complete: 0,
            digits: [0; KEPT],
            kept: 0,
            sticky: false,
            point: 0,
            exponent: 0,
            exponent_negative: false,
            name: [0; 5],
            name_length: 0,
        }
    }

    /// Whether `unit` can stand next; if so it is taken.
    pub fn push<C: Unit>(&mut self, unit: C) -> bool {
        let is_point = unit.ascii() == self.rules.point;
        let Some((state, complete)) = self.step(unit.ascii().to_ascii_lowercase(), is_point) else { return false };
        self.state = state;
        self.length += 1;
        if complete {
            self.complete = self.length;
        }
        true
    }

    /// How many units were taken.
    pub fn length(&self) -> usize {
        self.length
    }

    /// How many of them make a number; 0 for none.
    pub fn complete(&self) -> usize {
        self.complete
    }

    /// The state after the unit, and whether the text up to there is a number.
    fn step(&mut self, ascii: u8, is_point: bool) -> Option<(State, bool)> {
        use State::*;
        let digit = ascii.is_ascii_digit() || self.kind == Kind::Hexadecimal && ascii.is_ascii_hexdigit();
        Some(match self.state {
            Start if matches!(ascii, b'+' | b'-') => {
                self.negative = ascii == b'-';
                (Sign, false)
            }
            Start | Sign => match ascii {
                b'0' => (Zero, true),
                b'1'..=b'9' => (Integer, self.keep(ascii, false)),
                b'i' if self.rules.special => (Infinity(1), false),
                b'n' if self.rules.special => (Nan(1), false),
                _ if is_point => (Point, false),
                _ => return None,
            },
            Zero if ascii == b'x' && self.rules.special => {
                self.kind = Kind::Hexadecimal;
                (Prefix, false)
            }
            Zero | Prefix | Integer if digit => (Integer, self.keep(ascii, false)),
            Zero | Integer if is_point => (Fraction, true),
            Prefix if is_point => (Point, false),
            Point | Fraction if digit => (Fraction, self.keep(ascii, true)),
            Zero | Integer | Fraction if self.starts_exponent(ascii) => (Exponent, false),
            Exponent if matches!(ascii, b'+' | b'-') => {
                self.exponent_negative = ascii == b'-';
                (ExponentSign, false)
            }
            Exponent | ExponentSign | ExponentDigits if ascii.is_ascii_digit() => {
                self.exponent = (self.exponent * 10 + i64::from(ascii - b'0')).min(FAR / 16);
                (ExponentDigits, true)
            }
            Infinity(at) => return self.infinity(at, ascii),
            Nan(at) => return self.nan(at, ascii),
            NanName => return self.nan_name(ascii),
            _ => return None,
        })
    }

    fn infinity(&mut self, at: u8, ascii: u8) -> Option<(State, bool)> {
        if b"infinity".get(usize::from(at)) != Some(&ascii) {
            return None;
        }
        if at == 2 {
            self.kind = Kind::Infinity;
        }
        Some((State::Infinity(at + 1), matches!(at, 2 | 7)))
    }

    fn nan(&mut self, at: u8, ascii: u8) -> Option<(State, bool)> {
        match (at, ascii) {
            (1, b'a') => Some((State::Nan(2), false)),
            (2, b'n') => {
                self.kind = Kind::Nan;
                Some((State::Nan(3), true))
            }
            (3, b'(') => Some((State::NanName, false)),
            _ => None,
        }
    }

    fn nan_name(&mut self, ascii: u8) -> Option<(State, bool)> {
        match ascii {
            b')' => Some((State::Done, true)),
            b'_' | b'0'..=b'9' | b'a'..=b'z' => {
                if let Some(place) = self.name.get_mut(self.name_length) {
                    *place = ascii;
                    self.name_length += 1;
                }
                Some((State::NanName, false))
            }
            _ => None,
        }
    }

    fn starts_exponent(&self, ascii: u8) -> bool {
        match self.kind {
            Kind::Hexadecimal => ascii == b'p',
            _ => ascii == b'e' || ascii == b'd' && self.rules.fortran,
        }
    }

    /// Keeps a digit; true, as the number is complete after each.
    fn keep(&mut self, ascii: u8, fraction: bool) -> bool {
        let value = if ascii.is_ascii_digit() { ascii - b'0' } else { ascii - b'a' + 10 };
        if self.kept == 0 && value == 0 {
            self.point -= i64::from(fraction);
            return true;
        }
        self.point += i64::from(!fraction);
        match self.digits.get_mut(self.kept) {
            Some(place) => {
                *place = value;
                self.kept += 1;
            }
            None => self.sticky |= value != 0,
        }
        true
    }

    /// The number, 0 where there is none, and [`Errno::Range`] where it is too large or too small.
    pub fn finish<F: Float>(&self) -> (F, Option<Errno>) {
        let exponent = if self.exponent_negative { -self.exponent } else { self.exponent };
        let value: F = match self.kind {
            Kind::Infinity => return (F::special(0, self.negative), None),
            Kind::Nan => return (self.not_a_number(), None),
            _ if self.kept == 0 => return (F::from_field(0).signed(self.negative), None),
            Kind::Decimal => self.decimal(exponent),
            Kind::Hexadecimal => self.hexadecimal(exponent),
        };
        let out_of_range = value.is_infinity() || value.is_nothing();
        (value.signed(self.negative), out_of_range.then_some(Errno::Range))
    }

    fn decimal<F: Float>(&self, exponent: i64) -> F {
        // Farther out than a double reaches, whatever the digits are.
        const LIMIT: i64 = 1000;
        let mut text = [b'0'; KEPT + 16];
        for (place, digit) in text.iter_mut().zip(&self.digits[..self.kept]) {
            *place += digit;
        }
        let mut length = self.kept;
        if self.sticky {
            text[length] = b'1';
            length += 1;
        }
        let power = (self.point + exponent).clamp(-LIMIT, LIMIT) - length as i64;
        text[length] = b'e';
        text[length + 1] = if power < 0 { b'-' } else { b'+' };
        let mut rest = power.unsigned_abs();
        for place in text[length + 2..length + 7].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        F::from_decimal(core::str::from_utf8(&text[..length + 7]).unwrap_or("0"))
    }

    fn hexadecimal<F: Float>(&self, exponent: i64) -> F {
        let digits = &self.digits[..self.kept];
        let (head, tail) = digits.split_at(digits.len().min(16));
        let mantissa = head.iter().fold(0, |mantissa, &digit| mantissa << 4 | u64::from(digit));
        let sticky = self.sticky || tail.iter().any(|&digit| digit != 0);
        assemble(mantissa, (self.point - head.len() as i64) * 4 + exponent, sticky)
    }

    /// The names in parentheses are those that `printf` writes.
    fn not_a_number<F: Float>(&self) -> F {
        let quiet = 1 << (F::FRACTION - 1);
        match (self.state, &self.name[..self.name_length]) {
            (State::Done, b"ind") => F::special(quiet, true),
            (State::Done, b"snan") => F::special(quiet - 1, self.negative),
            _ => F::special(quiet | (quiet - 1), self.negative),
        }
    }
}

/// Reads a number as `strtod` does; answers it, how many units were used (0 for none) and [`Errno::Range`] if it did not fit.
pub fn scan<C: Unit, F: Float>(units: impl IntoIterator<Item = C>, rules: Rules) -> (F, usize, Option<Errno>) {
    let mut parser = Parser::new(rules);
    let mut blanks = 0;
    for unit in units {
        if parser.length == 0 && class::is_space(unit) {
            blanks += 1;
        } else if !parser.push(unit) {
            break;
        }
    }
    let (value, error) = parser.finish();
    let used = if parser.complete > 0 { blanks + parser.complete } else { 0 };
    (if used > 0 { value } else { F::from_field(0) }, used, error)
}
