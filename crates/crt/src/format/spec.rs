//! What stands between `%` and the letter of a conversion.

use super::size::Size;
use super::{Error, Options};
use crate::{Arguments, Unit};
use core::ffi::c_void;

/// `_ARGMAX`: the largest number that an argument can have.
pub(super) const MAXIMUM: usize = 100;

/// A conversion, its width and precision already taken from the arguments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    pub position: usize,
    pub left: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Option<usize>,
    pub size: Size,
    pub letter: u8,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Long,
    Double,
    Pointer,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Int(i32),
    Long(u64),
    Double(f64),
    Pointer(*mut c_void),
}

impl Value {
    pub(super) fn read(arguments: &mut dyn Arguments, kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Int(arguments.int()),
            Kind::Long => Self::Long(arguments.long()),
            Kind::Double => Self::Double(arguments.double()),
            Kind::Pointer => Self::Pointer(arguments.pointer()),
        }
    }
}

/// Where the values come from: from the arguments, in order or by number.
pub(super) trait Source {
    /// Whether every conversion names its argument's number.
    const NUMBERED: bool;
    /// Whether this pass over the format writes.
    const WRITES: bool = true;
    /// The argument with this number, counted from 1; 0 for the next one.
    fn take(&mut self, position: usize, kind: Kind) -> Result<Value, Error>;
}

impl Spec {
    /// What its argument is.
    pub(super) fn argument(&self) -> Kind {
        match self.letter {
            b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => Kind::Double,
            b's' | b'S' | b'Z' | b'n' | b'p' => Kind::Pointer,
            b'c' | b'C' => Kind::Int,
            _ if self.size.bits() == 64 => Kind::Long,
            _ => Kind::Int,
        }
    }
}

pub(super) enum Directive<C> {
    /// Not a conversion: this unit stands for itself.
    Literal(C),
    /// Not a conversion, and nothing stands for it.
    Nothing,
    /// The conversion that is in the parser.
    Convert,
}

pub(super) struct Parser<'a, C> {
    /// What follows the `%`.
    pub rest: &'a [C],
    pub options: &'a Options,
    pub spec: Spec,
}

impl<C: Unit> Parser<'_, C> {
    pub(super) fn directive<S: Source>(&mut self, source: &mut S) -> Result<Directive<C>, Error> {
        if self.peek() == b'%' {
            return self.literal(true);
        }
        self.spec = Spec::default();
        if S::NUMBERED {
            self.spec.position = self.position()?;
        }
        self.flags();
        self.width(source)?;
        self.precision(source)?;
        if self.spec.size.take(&mut self.rest, self.options) {
            self.spec.letter = self.peek();
        }
        if !self.is_conversion(self.spec.letter) {
            return self.literal(false);
        }
        self.rest = &self.rest[1..];
        Ok(Directive::Convert)
    }

    fn is_conversion(&self, letter: u8) -> bool {
        match letter {
            b'F' => !self.options.legacy_names(),
            b'a' | b'A' | b'e' | b'E' | b'f' | b'g' | b'G' | b'c' | b'C' | b'd' | b'i' | b'o' | b'u' | b'x' | b'X' | b'n' | b'p' | b's' | b'S'
            | b'Z' => true,
            _ => false,
        }
    }

    /// A unit that has no meaning where it stands: it stands for itself, or the format is refused.
    fn literal(&mut self, allowed: bool) -> Result<Directive<C>, Error> {
        if !allowed && self.options.strict {
            return Err(Error::InvalidParameter);
        }
        match self.rest.split_first() {
            Some((&unit, rest)) => {
                self.rest = rest;
                Ok(Directive::Literal(unit))
            }
            None => Ok(Directive::Nothing),
        }
    }

    fn flags(&mut self) {
        let mut spec = self.spec;
        loop {
            match self.peek() {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                _ => break,
            }
            self.rest = &self.rest[1..];
        }
        self.spec = spec;
    }

    fn width(&mut self, source: &mut impl Source) -> Result<(), Error> {
        if self.take(b'*') {
            let width = self.star(source)?;
            self.spec.left |= width < 0;
            self.spec.width = width.unsigned_abs() as usize;
        }
        if let Some(width) = self.digits(self.spec.width)? {
            self.spec.width = width;
        }
        Ok(())
    }

    fn precision(&mut self, source: &mut impl Source) -> Result<(), Error> {
        if !self.take(b'.') {
            return Ok(());
        }
        self.spec.precision = Some(0);
        if self.take(b'*') {
            // A negative precision is none.
            self.spec.precision = usize::try_from(self.star(source)?).ok();
        }
        if let Some(precision) = self.digits(self.spec.precision.unwrap_or(0))? {
            self.spec.precision = Some(precision);
        }
        Ok(())
    }

    fn star<S: Source>(&mut self, source: &mut S) -> Result<i32, Error> {
        let position = if S::NUMBERED { self.position()? } else { 0 };
        match source.take(position, Kind::Int)? {
            Value::Int(value) => Ok(value),
            _ => Err(Error::InvalidParameter),
        }
    }

    /// The number of an argument and its `$`.
    fn position(&mut self) -> Result<usize, Error> {
        let position = self.digits(0)?;
        match position {
            Some(position) if self.take(b'$') && (1..=MAXIMUM).contains(&position) => Ok(position),
            _ => Err(Error::InvalidParameter),
        }
    }

    /// A number, if one stands here. `msvcrt` appends its digits to what a `*` said.
    fn digits(&mut self, before: usize) -> Result<Option<usize>, Error> {
        if !self.peek().is_ascii_digit() {
            return Ok(None);
        }
        let mut number = if self.options.msvcrt() { before } else { 0 };
        while self.peek().is_ascii_digit() {
            number = number.saturating_mul(10).saturating_add(usize::from(self.peek() - b'0'));
            if number > i32::MAX as usize {
                return Err(Error::InvalidParameter);
            }
            self.rest = &self.rest[1..];
        }
        Ok(Some(number))
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// The next character; 0xFF where it is not ASCII, 0 at the end.
    fn peek(&self) -> u8 {
        self.rest.first().map_or(0, |unit| unit.ascii())
    }
}
