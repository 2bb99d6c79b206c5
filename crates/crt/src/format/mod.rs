//! The `printf` family, narrow and wide.
//!
//! [`write()`] takes its arguments in order, [`write_positional`] (`_printf_p`) also by number (`%1$d`). The text goes to
//! a [`Sink`]; [`buffer`] holds the rules of the functions that write into memory.

pub mod buffer;
mod field;
mod float;
mod integer;
mod output;
mod positional;
mod sink;
mod size;
mod spec;
mod string;

pub use positional::write_positional;
pub use sink::{Memory, Sink, Stop};

use crate::errno::Errno;
use crate::number::{Rounding, Style};
use crate::{Arguments, Codec, Flavor, Unit};
use output::Output;
use spec::{Directive, Kind, Parser, Source, Spec, Value};

/// The option bits of `__stdio_common_vfprintf` and the others.
pub mod bits {
    /// `_vsnprintf`: no NUL where the text just fits, -1 where it does not.
    pub const LEGACY_VSPRINTF_NULL_TERMINATION: u64 = 1;
    /// `snprintf`: the length of the whole text, however much of it fits.
    pub const STANDARD_SNPRINTF_BEHAVIOR: u64 = 2;
    /// `%s` and `%c` are wide in the wide functions.
    pub const LEGACY_WIDE_SPECIFIERS: u64 = 4;
    /// `1.#INF`, and `F` and `N` as sizes.
    pub const LEGACY_MSVCRT_COMPATIBILITY: u64 = 8;
    /// Exponents have three digits at least.
    pub const LEGACY_THREE_DIGIT_EXPONENTS: u64 = 0x10;
    /// What lies exactly between two results is rounded to the even digit, not away from zero.
    pub const STANDARD_ROUNDING: u64 = 0x20;
}

/// How a `printf` function behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose conversions.
    pub flavor: Flavor,
    /// The option bits of the `__stdio_common_v*` functions, see [`bits`]; for [`Flavor::Ucrt`] only.
    pub bits: u64,
    /// Whether a malformed conversion is an error, as in the `_s` and `_p` functions; `ucrt` always does so.
    pub strict: bool,
    /// Whether `%n` is allowed (`_set_printf_count_output`).
    pub count_output: bool,
    /// Whether `_set_output_format(_TWO_DIGIT_EXPONENT)` was called; for [`Flavor::Msvcrt`] only.
    pub two_digit_exponents: bool,
    /// The decimal point, an ASCII character.
    pub point: u8,
}

impl Options {
    /// What `printf` of `msvcrt.dll` does.
    pub const MSVCRT: Self = Self { flavor: Flavor::Msvcrt, bits: 0, strict: false, count_output: false, two_digit_exponents: false, point: b'.' };

    /// What the `__stdio_common_v*` functions of `ucrtbase.dll` do with these option bits.
    pub const fn ucrt(bits: u64) -> Self {
        Self { flavor: Flavor::Ucrt, bits, strict: true, ..Self::MSVCRT }
    }

    const fn has(&self, bit: u64) -> bool {
        matches!(self.flavor, Flavor::Ucrt) && self.bits & bit != 0
    }

    const fn msvcrt(&self) -> bool {
        matches!(self.flavor, Flavor::Msvcrt)
    }

    const fn legacy_wide(&self) -> bool {
        self.msvcrt() || self.has(bits::LEGACY_WIDE_SPECIFIERS)
    }

    const fn legacy_names(&self) -> bool {
        self.msvcrt() || self.has(bits::LEGACY_MSVCRT_COMPATIBILITY)
    }

    const fn exponent_digits(&self) -> usize {
        let three = if self.msvcrt() { !self.two_digit_exponents } else { self.has(bits::LEGACY_THREE_DIGIT_EXPONENTS) };
        if three { 3 } else { 2 }
    }

    const fn rounding(&self) -> Rounding {
        if self.has(bits::STANDARD_ROUNDING) { Rounding::Even } else { Rounding::Away }
    }

    const fn style(&self) -> Style {
        if self.msvcrt() { Style::Legacy } else { Style::Exact(self.rounding()) }
    }
}

/// Why nothing more was written; the C function answers -1 in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The format is malformed, or holds a `%n` that is not allowed: the invalid parameter handler is due, then `EINVAL`.
    InvalidParameter,
    /// A string holds a character that the other encoding lacks: `EILSEQ`.
    IllegalSequence,
    /// The text is longer than an `int` can say: `EOVERFLOW`.
    Overflow,
    /// The buffer of an `_s` function is too small: the invalid parameter handler is due, then `ERANGE`.
    TooSmall,
    /// The sink failed, and knows why.
    Stopped,
}

impl Error {
    /// The `errno`, but of [`Error::Stopped`].
    pub const fn errno(self) -> Option<Errno> {
        match self {
            Self::InvalidParameter => Some(Errno::Invalid),
            Self::IllegalSequence => Some(Errno::Sequence),
            Self::Overflow => Some(Errno::Overflow),
            Self::TooSmall => Some(Errno::Range),
            Self::Stopped => None,
        }
    }
}

impl From<Stop> for Error {
    fn from(_: Stop) -> Self {
        Self::Stopped
    }
}

/// Writes `format` (without its NUL) and the arguments that it asks for; answers how many units that were.
///
/// # Errors
/// Those of [`Error`]; what came before the error is written.
pub fn write<C: Unit>(
    sink: &mut dyn Sink<C>,
    format: &[C],
    options: &Options,
    codec: &dyn Codec,
    arguments: &mut dyn Arguments,
) -> Result<i32, Error> {
    run(&mut Output::new(sink), format, options, codec, &mut InOrder(arguments))
}

/// Takes each argument when its conversion comes.
struct InOrder<'a>(&'a mut dyn Arguments);

impl Source for InOrder<'_> {
    const NUMBERED: bool = false;
    fn take(&mut self, _position: usize, kind: Kind) -> Result<Value, Error> {
        Ok(Value::read(self.0, kind))
    }
}

/// One pass over the format.
fn run<C: Unit, S: Source>(output: &mut Output<C>, format: &[C], options: &Options, codec: &dyn Codec, source: &mut S) -> Result<i32, Error> {
    let result = convert_all(output, format, options, codec, source);
    // What came before an error is written too.
    let flushed = output.flush();
    result.and(flushed).and_then(|()| output.count())
}

fn convert_all<C: Unit, S: Source>(output: &mut Output<C>, format: &[C], options: &Options, codec: &dyn Codec, source: &mut S) -> Result<(), Error> {
    let percent = C::from_ascii(b'%');
    let mut rest = format;
    let mut parser = Parser { rest, options, spec: Spec::default() };
    while !rest.is_empty() {
        let text = rest.iter().position(|&unit| unit == percent).unwrap_or(rest.len());
        output.put(&rest[..text])?;
        if text == rest.len() {
            break;
        }
        parser.rest = &rest[text + 1..];
        match parser.directive(source)? {
            Directive::Literal(unit) => output.put(&[unit])?,
            Directive::Nothing => {}
            Directive::Convert => {
                let value = source.take(parser.spec.position, parser.spec.argument())?;
                if S::WRITES {
                    convert(output, &parser.spec, value, options, codec)?;
                }
            }
        }
        rest = parser.rest;
    }
    Ok(())
}

fn convert<C: Unit>(output: &mut Output<C>, spec: &Spec, value: Value, options: &Options, codec: &dyn Codec) -> Result<(), Error> {
    match (spec.letter, value) {
        (b'n', Value::Pointer(pointer)) => integer::store_count(output, spec, pointer as *mut u8, options),
        (b's' | b'S', Value::Pointer(pointer)) => string::string(output, spec, pointer, options, codec),
        (b'Z', Value::Pointer(pointer)) => string::counted(output, spec, pointer, options, codec),
        (b'c' | b'C', Value::Int(code)) => string::character(output, spec, code as u32, options, codec),
        (b'p', Value::Pointer(pointer)) => integer::pointer(output, spec, pointer as usize),
        (_, Value::Double(value)) => float::float(output, spec, value, options),
        (_, value) => integer::integer(output, spec, value),
    }
}
