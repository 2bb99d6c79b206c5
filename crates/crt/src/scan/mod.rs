//! The `scanf` family, narrow and wide.

mod input;
mod number;
mod reader;
mod set;
mod spec;
mod string;

pub use input::{Input, Text};

use crate::number::real::Rules;
use crate::{Arguments, Codec, Flavor, Unit, class};
use reader::Reader;
use spec::{Directive, Parser, Spec};

/// The option bits of `__stdio_common_vfscanf` and the others.
pub mod bits {
    /// `c`, `s` and `[` take the buffer's size as a further argument, as in `scanf_s`.
    pub const SECURECRT: u64 = 1;
    /// `%s` and `%c` are wide in the wide functions.
    pub const LEGACY_WIDE_SPECIFIERS: u64 = 2;
    /// What the old functions accepted.
    pub const LEGACY_MSVCRT_COMPATIBILITY: u64 = 4;
}

/// What the C function answers where the input ended before anything was converted.
pub const EOF: i32 = -1;

/// How a `scanf` function behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose conversions.
    pub flavor: Flavor,
    /// Whether `c`, `s` and `[` take the buffer's size as a further argument (`scanf_s`).
    pub secure: bool,
    /// Whether `%s` and `%c` are wide in the wide functions; always so in `msvcrt`.
    pub legacy_wide: bool,
    /// The decimal point, an ASCII character.
    pub point: u8,
}

impl Options {
    /// What `scanf` of `msvcrt.dll` does, or `scanf_s` if `secure`.
    pub const fn msvcrt(secure: bool) -> Self {
        Self { flavor: Flavor::Msvcrt, secure, legacy_wide: true, point: b'.' }
    }

    /// What the `__stdio_common_v*scanf` functions of `ucrtbase.dll` do with these option bits.
    pub const fn ucrt(bits: u64) -> Self {
        Self { flavor: Flavor::Ucrt, secure: bits & bits::SECURECRT != 0, legacy_wide: bits & bits::LEGACY_WIDE_SPECIFIERS != 0, point: b'.' }
    }

    const fn msvcrt_like(&self) -> bool {
        matches!(self.flavor, Flavor::Msvcrt)
    }

    /// `scanf` never knew `d` as an exponent.
    const fn rules(&self) -> Rules {
        Rules { special: !self.msvcrt_like(), fortran: false, point: self.point }
    }
}

/// Reads what `format` (without its NUL) asks for and stores it where the arguments point to; answers how many arguments were stored, or
/// [`EOF`]. What `format` does not want stays in the input.
pub fn read<C: Unit>(input: &mut dyn Input<C>, format: &[C], options: &Options, codec: &dyn Codec, arguments: &mut dyn Arguments) -> i32 {
    let mut scan = Scan { reader: Reader::new(input), options, codec, arguments, stored: 0, matched: false };
    let complete = scan.run(format);
    let nothing = scan.stored == 0 && !(scan.matched && options.msvcrt_like());
    let result = if !complete && nothing && scan.reader.peek().is_none() { EOF } else { scan.stored };
    scan.reader.finish();
    result
}

/// One call under way.
struct Scan<'a, C: Unit> {
    reader: Reader<'a, C>,
    options: &'a Options,
    codec: &'a dyn Codec,
    arguments: &'a mut dyn Arguments,
    stored: i32,
    matched: bool,
}

impl<C: Unit> Scan<'_, C> {
    /// Whether the input gave all that `format` wants.
    fn run(&mut self, format: &[C]) -> bool {
        let mut parser = Parser { rest: format, options: self.options };
        while let Some(directive) = parser.directive() {
            let counts = !matches!(directive, Directive::Convert(Spec { letter: b'n', .. }));
            if counts && self.reader.taken() == 0 && self.reader.peek().is_none() {
                return false;
            }
            let fits = match directive {
                Directive::Blanks => {
                    self.skip_blanks();
                    true
                }
                Directive::Percent => {
                    self.skip_blanks();
                    self.literal(C::from_ascii(b'%'))
                }
                Directive::Literal(unit) => self.literal(unit),
                Directive::Convert(spec) => self.convert(&spec),
                Directive::Set(spec, set) => self.set(&spec, set),
                Directive::Malformed => false,
            };
            if !fits {
                return false;
            }
        }
        true
    }

    fn convert(&mut self, spec: &Spec) -> bool {
        match spec.letter {
            b'c' | b'C' => self.characters(spec),
            b's' | b'S' => self.word(spec),
            b'n' => {
                let taken = self.reader.taken() as u64;
                self.store(spec, &taken.to_le_bytes()[..spec.integer_size()], false);
                true
            }
            b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => self.real(spec),
            _ => self.integer(spec),
        }
    }

    fn literal(&mut self, unit: C) -> bool {
        let fits = self.reader.peek() == Some(unit);
        if fits {
            self.reader.next();
        }
        fits
    }

    fn skip_blanks(&mut self) {
        while self.reader.peek().is_some_and(class::is_space) {
            self.reader.next();
        }
    }

    /// Stores a number's bytes, and counts the argument if `counts`.
    fn store(&mut self, spec: &Spec, bytes: &[u8], counts: bool) {
        self.matched |= counts;
        if spec.suppressed {
            return;
        }
        let place = self.arguments.pointer().cast::<u8>();
        // SAFETY: the caller of `Arguments` vouches for a pointer to a number of this size.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
        self.stored += i32::from(counts);
    }
}
