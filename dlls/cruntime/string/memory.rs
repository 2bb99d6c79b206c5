//! The `mem` functions. Those that the compiler calls itself are the ones that every DLL carries.

use super::super::fault::{Code, Fault, INVALID, secure};
use super::super::locale;
use super::place;
use crt::text;
use guest::shim;

/// Copies memory. As in Windows' runtimes, both may overlap.
#[shim(ix = {msvcrt: 0, ucrtbase: 226}, entry = jump, symbol = "memcpy", mapping = "the compiler's own", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memcpy(destination: *mut u8, source: *const u8, size: usize) -> *mut u8 {
    core::ptr::copy(source, destination, size);
    destination
}

/// Copies memory that may overlap.
#[shim(ix = {msvcrt: 6, ucrtbase: 227}, entry = jump, symbol = "memmove", mapping = "the compiler's own", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memmove(destination: *mut u8, source: *const u8, size: usize) -> *mut u8 {
    core::ptr::copy(source, destination, size);
    destination
}

/// Fills memory with a byte.
#[shim(ix = {msvcrt: 1, ucrtbase: 204}, entry = jump, symbol = "memset", mapping = "the compiler's own", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memset(destination: *mut u8, byte: i32, size: usize) -> *mut u8 {
    destination.write_bytes(byte as u8, size);
    destination
}

/// Compares memory.
#[shim(ix = {msvcrt: 11, ucrtbase: 225}, entry = jump, symbol = "memcmp", mapping = "the compiler's own", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memcmp(first: *const u8, second: *const u8, size: usize) -> i32 {
    text::compare_memory(core::slice::from_raw_parts(first, size), core::slice::from_raw_parts(second, size))
}

/// Searches memory for a byte.
#[shim(ix = {msvcrt: 53, ucrtbase: 224}, entry = jump, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memchr(memory: *const u8, byte: i32, size: usize) -> *mut u8 {
    place(memory, text::find_in_memory(memory, byte as u8, size))
}

/// Copies memory into a buffer of known size.
#[shim(ix = {msvcrt: 575, ucrtbase: 669}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memcpy_s(destination: *mut u8, size: usize, source: *const u8, count: usize) -> Result<Code, Fault> {
    secure(text::copy_memory(destination, size, source, count))
}

/// Copies memory that may overlap into a buffer of known size.
#[shim(ix = {msvcrt: 576, ucrtbase: 670}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn memmove_s(destination: *mut u8, size: usize, source: *const u8, count: usize) -> Result<Code, Fault> {
    secure(text::move_memory(destination, size, source, count))
}

/// As `memcpy_s`, in wide characters.
#[shim(ix = {ucrtbase: 671}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wmemcpy_s(destination: *mut u16, size: usize, source: *const u16, count: usize) -> Result<Code, Fault> {
    secure(text::copy_memory(destination, size, source, count))
}

/// As `memmove_s`, in wide characters.
#[shim(ix = {ucrtbase: 672}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn wmemmove_s(destination: *mut u16, size: usize, source: *const u16, count: usize) -> Result<Code, Fault> {
    secure(text::move_memory(destination, size, source, count))
}

/// Copies memory up to a byte; answers what follows it, or NULL.
#[shim(ix = {msvcrt: 577, ucrtbase: 673}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _memccpy(destination: *mut u8, source: *const u8, last: i32, size: usize) -> *mut u8 {
    place(destination, text::copy_until(destination, source, last as u8, size))
}

/// Compares memory without regard to case.
#[shim(ix = {msvcrt: 578, ucrtbase: 674}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _memicmp(first: *const u8, second: *const u8, size: usize) -> i32 {
    if size > 0 && (first.is_null() || second.is_null()) {
        INVALID.tell();
        return super::COMPARE_ERROR;
    }
    if size == 0 {
        return 0;
    }
    let page = locale::current().page;
    let fold = |byte: u8| page.lower[usize::from(byte)];
    text::compare_memory_folded(core::slice::from_raw_parts(first, size), core::slice::from_raw_parts(second, size), fold)
}

/// Copies memory, swapping each two bytes.
#[shim(ix = {msvcrt: 579, ucrtbase: 675}, mapping = "crt::text", risk = Wrong("wrong bytes"))]
pub unsafe extern "C" fn _swab(source: *mut u8, destination: *mut u8, size: i32) -> () {
    if source.is_null() || destination.is_null() || size < 0 {
        INVALID.tell();
        return;
    }
    for pair in (0..size as usize / 2).map(|pair| 2 * pair) {
        let (one, other) = (*source.add(pair), *source.add(pair + 1));
        *destination.add(pair) = other;
        *destination.add(pair + 1) = one;
    }
}
