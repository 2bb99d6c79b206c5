//! `printf` and `scanf` on memory.

use ::crt::codec::CLocale;
use ::crt::format::buffer::{self, Ending};
use ::crt::format::{self, Error, Options, Sink};
use ::crt::{Unit, Units, VaList, scan as input};
use guest::shim;

/// How a buffer is used.
enum How {
    Plain(usize, Ending),
    Secure(usize),
    Truncated(usize, usize),
}

unsafe fn print<C: Unit>(to: *mut C, how: How, text: *const C, arguments: *const u8) -> i32 {
    if text.is_null() {
        return -1;
    }
    // SAFETY: the program's buffer, format and arguments.
    unsafe {
        let text = core::slice::from_raw_parts(text, ::crt::text::length(text));
        let mut arguments = VaList::new(arguments);
        let strict = !matches!(how, How::Plain(..));
        let options = Options { strict, ..Options::MSVCRT };
        let run = |sink: &mut dyn Sink<C>| -> Result<i32, Error> { format::write(sink, text, &options, &CLocale, &mut arguments) };
        match how {
            How::Plain(size, ending) => buffer::print(to, size, ending, run),
            How::Secure(size) => buffer::print_secure(to, size, run),
            How::Truncated(size, count) => buffer::print_truncated(to, size, count, run),
        }
        .unwrap_or(-1)
    }
}

unsafe fn scan<C: Unit>(from: *const C, most: usize, text: *const C, secure: bool, arguments: *const u8) -> i32 {
    // SAFETY: the program's string, format and arguments.
    unsafe {
        let text = core::slice::from_raw_parts(text, ::crt::text::length(text));
        let mut input = input::Text(Units::new(from).take(most));
        input::read(&mut input, text, &input::Options::msvcrt(secure), &CLocale, &mut VaList::new(arguments))
    }
}

/// What the functions without a size take for one.
const ENDLESS: usize = i32::MAX as usize;

/// Prints into memory.
#[shim(ix = 375, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sprintf(to: *mut u8, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Plain(ENDLESS, Ending::Standard), text, arguments)
}

/// Prints into memory.
#[shim(ix = 376, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vsprintf(to: *mut u8, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Plain(ENDLESS, Ending::Standard), text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = 377, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snprintf(to: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Plain(size, Ending::Legacy), text, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = 378, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snprintf_s(to: *mut u8, size: usize, count: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Truncated(size, count), text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = 379, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnprintf(to: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Plain(size, Ending::Legacy), text, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = 380, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnprintf_s(to: *mut u8, size: usize, count: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Truncated(size, count), text, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = 381, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sprintf_s(to: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Secure(size), text, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = 382, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vsprintf_s(to: *mut u8, size: usize, text: *const u8, arguments: *const u8) -> i32 {
    print(to, How::Secure(size), text, arguments)
}

/// The length of what would be printed.
#[shim(ix = 383, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vscprintf(text: *const u8, arguments: *const u8) -> i32 {
    print(core::ptr::null_mut(), How::Plain(0, Ending::Standard), text, arguments)
}

/// Reads values from a string.
#[shim(ix = 384, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sscanf(from: *const u8, text: *const u8, arguments: *const u8) -> i32 {
    scan(from, usize::MAX, text, false, arguments)
}

/// Reads values from a string, into rooms of known size.
#[shim(ix = 385, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn sscanf_s(from: *const u8, text: *const u8, arguments: *const u8) -> i32 {
    scan(from, usize::MAX, text, true, arguments)
}

/// Prints into memory.
#[shim(ix = 386, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn swprintf(to: *mut u16, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Plain(ENDLESS, Ending::Standard), text, arguments)
}

/// Prints into memory.
#[shim(ix = 387, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vswprintf(to: *mut u16, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Plain(ENDLESS, Ending::Standard), text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = 388, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snwprintf(to: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Plain(size, Ending::Legacy), text, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = 389, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _snwprintf_s(to: *mut u16, size: usize, count: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Truncated(size, count), text, arguments)
}

/// Prints into a buffer; -1 where it does not fit.
#[shim(ix = 390, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnwprintf(to: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Plain(size, Ending::Legacy), text, arguments)
}

/// Prints at most `count` characters into a buffer.
#[shim(ix = 391, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vsnwprintf_s(to: *mut u16, size: usize, count: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Truncated(size, count), text, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = 392, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn swprintf_s(to: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Secure(size), text, arguments)
}

/// Prints into a buffer where all must fit.
#[shim(ix = 393, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn vswprintf_s(to: *mut u16, size: usize, text: *const u16, arguments: *const u8) -> i32 {
    print(to, How::Secure(size), text, arguments)
}

/// The length of what would be printed.
#[shim(ix = 394, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _vscwprintf(text: *const u16, arguments: *const u8) -> i32 {
    print(core::ptr::null_mut(), How::Plain(0, Ending::Standard), text, arguments)
}

/// Reads values from a string, into rooms of known size.
#[shim(ix = 395, entry = variadic, mapping = "crt::format", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn swscanf_s(from: *const u16, text: *const u16, arguments: *const u8) -> i32 {
    scan(from, usize::MAX, text, true, arguments)
}
