//! `printf` into streams.

use super::super::FLAVOR;
use super::super::errno::EINVAL;
use super::super::fault::{Fault, INVALID, Int};
use super::super::locale::{self, Locale};
use super::{File, hold};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use crt::format::{self, Error, Options, Sink, Stop};
use crt::{Flavor, Unit, VaList};
use guest::shim;

/// `_set_printf_count_output` and `_set_output_format`.
pub static COUNT_OUTPUT: AtomicBool = AtomicBool::new(false);
pub static TWO_DIGITS: AtomicBool = AtomicBool::new(false);

/// How the functions print that take no option bits.
pub fn options(strict: bool) -> Options {
    let options = match FLAVOR {
        Flavor::Msvcrt => Options { two_digit_exponents: TWO_DIGITS.load(Ordering::Relaxed), strict, ..Options::MSVCRT },
        Flavor::Ucrt => Options::ucrt(0),
    };
    Options { count_output: COUNT_OUTPUT.load(Ordering::Relaxed), ..options }
}

/// How the functions print that take option bits.
pub fn options_of(bits: u64) -> Options {
    Options { count_output: COUNT_OUTPUT.load(Ordering::Relaxed), ..Options::ucrt(bits) }
}

/// What the program is told of an error.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::InvalidParameter | Error::TooSmall => Fault::Invalid(error.errno().map_or(EINVAL, crt::Errno::code)),
        Error::IllegalSequence | Error::Overflow => Fault::Errno(error.errno().map_or(EINVAL, crt::Errno::code)),
        Error::Stopped => Fault::Quiet(-1),
    }
}

/// A stream that text goes to, in pieces.
struct ToStream<'a, C> {
    file: &'a mut File,
    pending: Vec<C>,
}

/// A unit that streams write.
pub trait Written: Unit {
    fn write(file: &mut File, units: &[Self]) -> bool;
}

impl Written for u8 {
    fn write(file: &mut File, units: &[u8]) -> bool {
        file.write(units) == units.len()
    }
}

impl Written for u16 {
    fn write(file: &mut File, units: &[u16]) -> bool {
        file.write_wide(units)
    }
}

impl<C: Written> ToStream<'_, C> {
    fn flush(&mut self) -> Result<(), Stop> {
        let written = self.pending.is_empty() || C::write(self.file, &self.pending);
        self.pending.clear();
        if written { Ok(()) } else { Err(Stop) }
    }
}

impl<C: Written> Sink<C> for ToStream<'_, C> {
    fn put(&mut self, units: &[C]) -> Result<(), Stop> {
        const PIECE: usize = 4096;
        if self.pending.len() + units.len() > PIECE {
            self.flush()?;
        }
        self.pending.extend_from_slice(units);
        Ok(())
    }
}

/// A format's units without its NUL.
pub unsafe fn format<'a, C: Unit>(format: *const C) -> Result<&'a [C], Fault> {
    if format.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a string.
    Ok(unsafe { core::slice::from_raw_parts(format, crt::text::length(format)) })
}

/// Prints into a stream.
pub unsafe fn to_stream<C: Written>(
    file: *mut File,
    text: *const C,
    options: &Options,
    positional: bool,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's stream, format and arguments.
    unsafe {
        let text = format(text)?;
        let codec = locale::given(locale).codec();
        let _held = hold(file);
        let mut sink = ToStream { file: &mut *file, pending: Vec::new() };
        let mut arguments = VaList::new(arguments);
        let result = if positional {
            format::write_positional(&mut sink, text, options, codec, &mut arguments)
        } else {
            format::write(&mut sink, text, options, codec, &mut arguments)
        };
        let flushed = sink.flush().map_err(Error::from);
        result.and_then(|count| flushed.map(|()| Int(count))).map_err(fault)
    }
}

fn standard_output() -> *mut File {
    (&raw mut super::_iob).cast::<File>().wrapping_add(1)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 185}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn printf(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 31}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fprintf(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 471}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vprintf(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 35}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vfprintf(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 472}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn printf_s(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 473}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fprintf_s(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 474}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vprintf_s(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 475}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vfprintf_s(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 28}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfprintf(
    bits: u64,
    file: *mut File,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), false, locale, arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 572}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfprintf_s(
    bits: u64,
    file: *mut File,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), false, locale, arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 573}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfprintf_p(
    bits: u64,
    file: *mut File,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), true, locale, arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 329}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wprintf(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 139}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fwprintf(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 476}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vwprintf(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 477}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vfwprintf(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(false), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 478}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wprintf_s(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 479}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn fwprintf_s(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to standard output.
#[shim(ix = {msvcrt: 480}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vwprintf_s(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(standard_output(), text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream.
#[shim(ix = {msvcrt: 481}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vfwprintf_s(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    to_stream(file, text, &options(true), false, core::ptr::null(), arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 168}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfwprintf(
    bits: u64,
    file: *mut File,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), false, locale, arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 574}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfwprintf_s(
    bits: u64,
    file: *mut File,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), false, locale, arguments)
}

/// Prints to a stream, as the bits say.
#[shim(ix = {ucrtbase: 575}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vfwprintf_p(
    bits: u64,
    file: *mut File,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    to_stream(file, text, &options_of(bits), true, locale, arguments)
}

/// Allows `%n`, or forbids it; answers whether it was allowed.
#[shim(ix = {msvcrt: 482, ucrtbase: 576}, mapping = "a variable of the process", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _set_printf_count_output(allow: i32) -> i32 {
    COUNT_OUTPUT.swap(allow != 0, Ordering::Relaxed).into()
}

/// Whether `%n` is allowed.
#[shim(ix = {msvcrt: 483, ucrtbase: 577}, mapping = "a variable of the process", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _get_printf_count_output() -> i32 {
    COUNT_OUTPUT.load(Ordering::Relaxed).into()
}

/// Says whether exponents have two digits (1) or three (0); answers what it was.
#[shim(ix = {msvcrt: 484}, mapping = "a variable of the process", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _set_output_format(format: u32) -> u32 {
    TWO_DIGITS.swap(format & 1 != 0, Ordering::Relaxed).into()
}

/// Whether exponents have two digits (1) or three (0).
#[shim(ix = {msvcrt: 485}, mapping = "a variable of the process", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _get_output_format() -> u32 {
    TWO_DIGITS.load(Ordering::Relaxed).into()
}
