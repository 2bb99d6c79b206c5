//! `printf` into memory.

use super::super::fault::{Fault, INVALID, Int};
use super::super::locale::{self, Locale};
use super::print::{fault, format, options, options_of};
use crt::format::buffer::{self, Ending};
use crt::format::{self, Error, Options, Sink};
use crt::{Unit, VaList};
use guest::shim;

/// How a buffer is used.
enum How {
    Plain(Ending),
    Secure,
    Truncated(usize),
    Counted,
}

unsafe fn print<C: Unit>(
    at: *mut C,
    size: usize,
    how: How,
    text: *const C,
    options: &Options,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    // SAFETY: the program's buffer, format and arguments.
    unsafe {
        let text = format(text)?;
        let codec = locale::given(locale).codec();
        let mut arguments = VaList::new(arguments);
        let run = |sink: &mut dyn Sink<C>| -> Result<i32, Error> { format::write(sink, text, options, codec, &mut arguments) };
        match how {
            How::Plain(ending) => buffer::print(at, size, ending, run),
            How::Secure => buffer::print_secure(at, size, run),
            How::Truncated(count) => buffer::print_truncated(at, size, count, run),
            How::Counted => buffer::print(core::ptr::null_mut(), 0, Ending::Standard, run),
        }
        .map(Int)
        .map_err(fault)
    }
}

/// What the functions without a size take for one.
const ENDLESS: usize = i32::MAX as usize;

unsafe fn endless<C: Unit>(at: *mut C, text: *const C, arguments: *const u8) -> Result<Int, Fault> {
    if at.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the caller vouches for the room.
    unsafe { print(at, ENDLESS, How::Plain(Ending::Standard), text, &options(false), core::ptr::null(), arguments) }
}

/// Prints into memory.
#[shim(ix = {msvcrt: 114}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sprintf(at: *mut u8, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    endless(at, text, arguments)
}

/// Prints into memory.
#[shim(ix = {msvcrt: 325}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vsprintf(at: *mut u8, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    endless(at, text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = {msvcrt: 273}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snprintf(at: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::Legacy), text, &options(false), core::ptr::null(), arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = {msvcrt: 108}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnprintf(at: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::Legacy), text, &options(false), core::ptr::null(), arguments)
}

/// The length of what would be printed.
#[shim(ix = {msvcrt: 486}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _scprintf(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(core::ptr::null_mut(), 0, How::Counted, text, &options(false), core::ptr::null(), arguments)
}

/// The length of what would be printed.
#[shim(ix = {msvcrt: 171}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vscprintf(text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(core::ptr::null_mut(), 0, How::Counted, text, &options(false), core::ptr::null(), arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {msvcrt: 487}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sprintf_s(at: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options(true), core::ptr::null(), arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {msvcrt: 488}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vsprintf_s(at: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options(true), core::ptr::null(), arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {msvcrt: 489}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snprintf_s(at: *mut u8, size: usize, count: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options(true), core::ptr::null(), arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {msvcrt: 490}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnprintf_s(at: *mut u8, size: usize, count: usize, text: *const u8, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options(true), core::ptr::null(), arguments)
}

/// Prints into a buffer, as the bits say.
#[shim(ix = {ucrtbase: 38}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vsprintf(
    bits: u64,
    at: *mut u8,
    size: usize,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::of(bits)), text, &options_of(bits), locale, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {ucrtbase: 93}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vsprintf_s(
    bits: u64,
    at: *mut u8,
    size: usize,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options_of(bits), locale, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {ucrtbase: 169}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vsnprintf_s(
    bits: u64,
    at: *mut u8,
    size: usize,
    count: usize,
    text: *const u8,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options_of(bits), locale, arguments)
}

/// Prints into memory.
#[shim(ix = {msvcrt: 491}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn swprintf(at: *mut u16, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    endless(at, text, arguments)
}

/// Prints into memory.
#[shim(ix = {msvcrt: 492}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vswprintf(at: *mut u16, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    endless(at, text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = {msvcrt: 168}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snwprintf(at: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::Legacy), text, &options(false), core::ptr::null(), arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = {msvcrt: 217}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnwprintf(at: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::Legacy), text, &options(false), core::ptr::null(), arguments)
}

/// The length of what would be printed.
#[shim(ix = {msvcrt: 493}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _scwprintf(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(core::ptr::null_mut(), 0, How::Counted, text, &options(false), core::ptr::null(), arguments)
}

/// The length of what would be printed.
#[shim(ix = {msvcrt: 216}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vscwprintf(text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(core::ptr::null_mut(), 0, How::Counted, text, &options(false), core::ptr::null(), arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {msvcrt: 494}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn swprintf_s(at: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options(true), core::ptr::null(), arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {msvcrt: 495}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vswprintf_s(at: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options(true), core::ptr::null(), arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {msvcrt: 496}, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snwprintf_s(at: *mut u16, size: usize, count: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options(true), core::ptr::null(), arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {msvcrt: 497}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnwprintf_s(at: *mut u16, size: usize, count: usize, text: *const u16, arguments: *const u8) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options(true), core::ptr::null(), arguments)
}

/// Prints into a buffer, as the bits say.
#[shim(ix = {ucrtbase: 35}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vswprintf(
    bits: u64,
    at: *mut u16,
    size: usize,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Plain(Ending::of(bits)), text, &options_of(bits), locale, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = {ucrtbase: 94}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vswprintf_s(
    bits: u64,
    at: *mut u16,
    size: usize,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Secure, text, &options_of(bits), locale, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = {ucrtbase: 578}, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn __stdio_common_vsnwprintf_s(
    bits: u64,
    at: *mut u16,
    size: usize,
    count: usize,
    text: *const u16,
    locale: *const Locale,
    arguments: *const u8,
) -> Result<Int, Fault> {
    print(at, size, How::Truncated(count), text, &options_of(bits), locale, arguments)
}
