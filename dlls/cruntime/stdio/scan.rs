//! `scanf` from streams and strings.

use super::super::FLAVOR;
use super::super::fault::{Fault, INVALID, Int};
use super::super::locale::{self, Locale};
use super::print::format;
use super::{File, hold};
use crt::scan::{self, Input, Options, Text};
use crt::{Flavor, Unit, Units, VaList};
use guest::shim;

/// A stream as input.
struct FromStream<'a>(&'a mut File);

impl Input<u8> for FromStream<'_> {
    fn next(&mut self) -> Option<u8> {
        self.0.get()
    }
    fn back(&mut self, unit: u8) {
        self.0.unget(unit);
    }
}

impl Input<u16> for FromStream<'_> {
    fn next(&mut self) -> Option<u16> {
        self.0.get_wide()
    }
    fn back(&mut self, unit: u16) {
        self.0.unget_wide(unit);
    }
}

fn options(secure: bool) -> Options {
    match FLAVOR {
        Flavor::Msvcrt => Options::msvcrt(secure),
        Flavor::Ucrt => Options::ucrt(secure.into()),
    }
}

unsafe fn stream<C: Unit>(file: *mut File, text: *const C, options: &Options, locale: *const Locale, arguments: *const u8) -> Result<Int, Fault>
where
    for<'a> FromStream<'a>: Input<C>,
{
    if file.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's stream, format and arguments.
    unsafe {
        let text = format(text)?;
        let codec = locale::given(locale).codec();
        let _held = hold(file);
        Ok(Int(scan::read(&mut FromStream(&mut *file), text, options, codec, &mut VaList::new(arguments))))
    }
}

unsafe fn memory<C: Unit>(
    from: *const C,
    most: usize,
    text: *const C,
    options: &Options,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    if from.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's string, format and arguments.
    unsafe {
        let text = format(text)?;
        let codec = locale::given(locale).codec();
        let mut input = Text(Units::new(from).take(most));
        Ok(Int(scan::read(&mut input, text, options, codec, &mut VaList::new(arguments))))
    }
}

fn standard_input() -> *mut File {
    (&raw mut super::_iob).cast()
}

/// Reads values from standard input.
#[shim(ix = {msvcrt: 498}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn scanf(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    stream(standard_input(), text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from a stream.
#[shim(ix = {msvcrt: 309}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn fscanf(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    stream(file, text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from a string.
#[shim(ix = {msvcrt: 320}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn sscanf(from: *const u8, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    memory(from, usize::MAX, text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from standard input.
#[shim(ix = {msvcrt: 499}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn scanf_s(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    stream(standard_input(), text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a stream.
#[shim(ix = {msvcrt: 500}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn fscanf_s(file: *mut File, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    stream(file, text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a string.
#[shim(ix = {msvcrt: 501}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn sscanf_s(from: *const u8, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    memory(from, usize::MAX, text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a stream, as the bits say.
#[shim(ix = {ucrtbase: 579}, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn __stdio_common_vfscanf(
    bits: u64,
    file: *mut File,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    stream(file, text, &Options::ucrt(bits), locale, arguments)
}

/// Reads values from a string of so many characters at most, as the bits say.
#[shim(ix = {ucrtbase: 136}, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn __stdio_common_vsscanf(
    bits: u64,
    from: *const u8,
    most: usize,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    memory(from, most, text, &Options::ucrt(bits), locale, arguments)
}

/// Reads values from standard input.
#[shim(ix = {msvcrt: 502}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn wscanf(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    stream(standard_input(), text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from a stream.
#[shim(ix = {msvcrt: 503}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn fwscanf(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    stream(file, text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from a string.
#[shim(ix = {msvcrt: 190}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn swscanf(from: *const u16, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    memory(from, usize::MAX, text, &options(false), core::ptr::null(), arguments)
}

/// Reads values from standard input.
#[shim(ix = {msvcrt: 504}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn wscanf_s(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    stream(standard_input(), text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a stream.
#[shim(ix = {msvcrt: 505}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn fwscanf_s(file: *mut File, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    stream(file, text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a string.
#[shim(ix = {msvcrt: 324}, entry = variadic, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn swscanf_s(from: *const u16, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    memory(from, usize::MAX, text, &options(true), core::ptr::null(), arguments)
}

/// Reads values from a stream, as the bits say.
#[shim(ix = {ucrtbase: 580}, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn __stdio_common_vfwscanf(
    bits: u64,
    file: *mut File,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    stream(file, text, &Options::ucrt(bits), locale, arguments)
}

/// Reads values from a string of so many characters at most, as the bits say.
#[shim(ix = {ucrtbase: 581}, mapping = "crt::scan", risk = Wrong("wrong values"))]
pub unsafe extern "C" fn __stdio_common_vswscanf(
    bits: u64,
    from: *const u16,
    most: usize,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    memory(from, most, text, &Options::ucrt(bits), locale, arguments)
}
