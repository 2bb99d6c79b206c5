//! The directives of a `scanf` format.

use super::Options;
use super::set::Set;
use crate::{Unit, class};

/// A conversion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    /// `*`: read and forgotten.
    pub suppressed: bool,
    /// The most units that it may take.
    pub width: Option<usize>,
    size: u8,
    /// `h`
    narrow: bool,
    /// `l` or `w`
    wide: bool,
    natural: bool,
    /// `l` or `L`
    double: bool,
    /// The letter; `[` for a set.
    pub letter: u8,
}

impl Spec {
    /// Bytes of an integer.
    pub(super) fn integer_size(&self) -> usize {
        match (self.letter, self.size) {
            (b'p' | b'P', _) => size_of::<usize>(),
            (_, 0) => 4,
            (_, size) => size.into(),
        }
    }

    pub(super) fn is_double(&self) -> bool {
        self.double
    }

    /// The most units that it may take.
    pub(super) fn limit(&self) -> usize {
        self.width.unwrap_or(usize::MAX)
    }

    /// Whether its text is stored wide.
    pub(super) fn is_wide<C: Unit>(&self, options: &Options) -> bool {
        let upper = self.letter.is_ascii_uppercase();
        match C::WIDE {
            wide if self.natural => wide,
            _ if self.wide => true,
            _ if self.narrow => false,
            true if options.legacy_wide => !upper,
            _ => upper,
        }
    }
}

pub(super) enum Directive<'a, C> {
    Blanks,
    Percent,
    Literal(C),
    Convert(Spec),
    Set(Spec, Set<'a, C>),
    Malformed,
}

pub(super) struct Parser<'a, C> {
    pub rest: &'a [C],
    pub options: &'a Options,
}

impl<'a, C: Unit> Parser<'a, C> {
    pub(super) fn directive(&mut self) -> Option<Directive<'a, C>> {
        let (&unit, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(if class::is_space(unit) {
            while self.rest.first().is_some_and(|&unit| class::is_space(unit)) {
                self.skip(1);
            }
            Directive::Blanks
        } else if unit.ascii() != b'%' {
            Directive::Literal(unit)
        } else if self.peek(0) == b'%' {
            self.skip(1);
            Directive::Percent
        } else {
            self.conversion()
        })
    }

    fn conversion(&mut self) -> Directive<'a, C> {
        let mut spec = Spec::default();
        if self.peek(0) == b'*' {
            self.skip(1);
            spec.suppressed = true;
        }
        self.width(&mut spec);
        while self.size(&mut spec) {
            if !self.options.msvcrt_like() {
                break;
            }
            // `msvcrt` takes sizes and digits in any order.
            self.width(&mut spec);
        }
        spec.width = spec.width.filter(|&width| width > 0);
        let Some((&unit, rest)) = self.rest.split_first() else { return Directive::Malformed };
        self.rest = rest;
        spec.letter = unit.ascii();
        let msvcrt = self.options.msvcrt_like();
        match spec.letter {
            b'[' => match Set::parse(self.rest) {
                Some((set, rest)) => {
                    self.rest = rest;
                    Directive::Set(spec, set)
                }
                None => Directive::Malformed,
            },
            b'd' | b'i' | b'o' | b'u' | b'x' | b'X' | b'p' | b'n' | b'c' | b'C' | b's' | b'S' => Directive::Convert(spec),
            b'e' | b'E' | b'f' | b'g' | b'G' => Directive::Convert(spec),
            b'a' | b'A' | b'F' if !msvcrt => Directive::Convert(spec),
            b'P' if msvcrt => Directive::Convert(spec),
            _ if msvcrt => Directive::Literal(unit),
            _ => Directive::Malformed,
        }
    }

    fn width(&mut self, spec: &mut Spec) {
        while let digit @ b'0'..=b'9' = self.peek(0) {
            spec.width = Some(spec.width.unwrap_or(0).saturating_mul(10).saturating_add(usize::from(digit - b'0')));
            self.skip(1);
        }
    }

    /// Takes a size, if one stands here.
    fn size(&mut self, spec: &mut Spec) -> bool {
        const POINTER: u8 = size_of::<usize>() as u8;
        let msvcrt = self.options.msvcrt_like();
        let (length, size) = match (self.peek(0), self.peek(1)) {
            // `msvcrt` does not know `hh`, and takes it for nothing.
            (b'h', b'h') => (2, if msvcrt { 4 } else { 1 }),
            (b'h', _) => {
                spec.narrow = true;
                (1, 2)
            }
            (b'l', b'l') => {
                spec.double = true;
                (2, 8)
            }
            (b'l', _) => {
                spec.double = true;
                spec.wide = true;
                (1, 4)
            }
            (b'L', _) => {
                spec.double = true;
                (1, 4)
            }
            (b'w', _) => {
                spec.wide = true;
                (1, 4)
            }
            (b'j', _) => (1, 8),
            (b'I', b'6') if self.peek(2) == b'4' => (3, 8),
            (b'I', b'3') if self.peek(2) == b'2' => (3, 4),
            (b'I' | b'z' | b't', _) => (1, POINTER),
            (b'F' | b'N', _) if msvcrt => (1, spec.size),
            (b'T', _) if !msvcrt => {
                spec.natural = true;
                (1, 4)
            }
            _ => return false,
        };
        spec.size = size;
        self.skip(length);
        true
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    /// A character of the format; 0xFF where it is not ASCII, 0 behind the end.
    fn peek(&self, at: usize) -> u8 {
        self.rest.get(at).map_or(0, |unit| unit.ascii())
    }
}
