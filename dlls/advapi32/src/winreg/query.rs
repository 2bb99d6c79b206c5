//! Reading values.

use super::open::open;
use super::root::{MAXIMUM_ALLOWED, handle};
use super::{Key, Owned, bytes_of, is_text, narrow_of, units_of, wide_of};
use crate::nt::{self, NtQueryMultipleValueKey, NtQueryValueKey, string};
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, UNICODE_STRING,
};

/// Bytes in front of a value's data (`KEY_VALUE_PARTIAL_INFORMATION`).
const HEAD: usize = 12;
const PARTIAL: i32 = 2;
const SMALL: usize = 256;

/// Calls with a value's kind, its size, and as many of its bytes as `room`.
fn with_value<T>(key: HANDLE, name: &[u16], room: usize, look: impl FnOnce(u32, usize, &[u8]) -> T) -> Result<T, Win32Error> {
    let name = string(name)?;
    let mut small = [0_u8; HEAD + SMALL];
    let mut large = Vec::new();
    let buffer = if room <= SMALL {
        &mut small[..HEAD + room]
    } else {
        large.resize(HEAD + room, 0);
        &mut large[..]
    };
    let mut needed = 0;
    // SAFETY: name and buffer live through the call.
    let status = unsafe { NtQueryValueKey(key, &raw const name, PARTIAL, buffer.as_mut_ptr().cast(), buffer.len() as u32, &raw mut needed) };
    if status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL {
        nt::check(status)?;
    }
    let word = |at: usize| u32::from_le_bytes([buffer[at], buffer[at + 1], buffer[at + 2], buffer[at + 3]]);
    let (kind, size) = (word(4), word(8) as usize);
    Ok(look(kind, size, &buffer[HEAD..HEAD + size.min(room)]))
}

/// A value, whole: its kind and its bytes.
pub fn value(key: HANDLE, name: &[u16]) -> Result<(u32, Vec<u8>), Win32Error> {
    let mut room = SMALL;
    loop {
        match with_value(key, name, room, |kind, size, data| if size <= data.len() { Ok((kind, data.to_vec())) } else { Err(size) })? {
            Ok(found) => return Ok(found),
            Err(size) => room = size,
        }
    }
}

/// Copies what was found, or tells how much it is.
pub unsafe fn put(found: &[u8], data: *mut u8, size: *mut u32) -> Result<LStatus, Win32Error> {
    unsafe { put_of(found.len(), found, data, size) }
}

/// The same of something that has so many bytes, all of which were fetched where they fit.
unsafe fn put_of(needed: usize, found: &[u8], data: *mut u8, size: *mut u32) -> Result<LStatus, Win32Error> {
    let Some(size) = (unsafe { size.as_mut() }) else { return Ok(LStatus) };
    let room = core::mem::replace(size, needed as u32) as usize;
    if data.is_null() {
        return Ok(LStatus);
    }
    if room < needed {
        return Err(Win32Error(ERROR_MORE_DATA));
    }
    // SAFETY: it fits, as the caller says.
    unsafe { data.copy_from_nonoverlapping(found.as_ptr(), found.len()) };
    Ok(LStatus)
}

/// Refuses data without a size, and what is reserved.
pub fn checked(reserved: *const u32, data: *mut u8, size: *mut u32) -> Result<(), Win32Error> {
    if !reserved.is_null() || !data.is_null() && size.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Answers a value.
#[shim(ix = 1, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegQueryValueExW(
    key: Key,
    name: *const u16,
    reserved: *const u32,
    kind: *mut u32,
    data: *mut u8,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    checked(reserved, data, size)?;
    let room = if data.is_null() { 0 } else { (unsafe { *size }) as usize };
    let name = unsafe { text::wide(name) };
    with_value(handle(key)?, name, room.min(1 << 21), |found, needed, bytes| {
        if let Some(kind) = unsafe { kind.as_mut() } {
            *kind = found;
        }
        unsafe { put_of(needed, bytes, data, size) }
    })?
}

/// A value's bytes as `A` functions tell them.
pub fn narrowed(kind: u32, data: Vec<u8>) -> Vec<u8> {
    if is_text(kind) { narrow_of(&units_of(&data)) } else { data }
}

/// Answers a value, texts in the ANSI code page.
#[shim(ix = 57, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegQueryValueExA(
    key: Key,
    name: *const u8,
    reserved: *const u32,
    kind: *mut u32,
    data: *mut u8,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    checked(reserved, data, size)?;
    let (found, bytes) = value(handle(key)?, &unsafe { wide_of(name) }.unwrap_or_default())?;
    if let Some(kind) = unsafe { kind.as_mut() } {
        *kind = found;
    }
    unsafe { put(&narrowed(found, bytes), data, size) }
}

/// The default value of a key as text; an empty one where there is none.
fn default_text(key: Key, path: &[u16]) -> Result<Vec<u8>, Win32Error> {
    let opened;
    let handle = if path.is_empty() {
        handle(key)?
    } else {
        opened = Owned(open(key, path, MAXIMUM_ALLOWED, 0)?);
        opened.0
    };
    match value(handle, &[]) {
        Err(Win32Error(ERROR_FILE_NOT_FOUND)) => Ok(bytes_of(&[0])),
        found => found.map(|(_, data)| data),
    }
}

unsafe fn put_signed(found: &[u8], data: *mut u8, size: *mut i32) -> Result<LStatus, Win32Error> {
    unsafe { put(found, data, size.cast()) }
}

/// Answers a key's default value.
#[shim(ix = 125, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegQueryValueW(key: Key, path: *const u16, data: *mut u16, size: *mut i32) -> Result<LStatus, Win32Error> {
    unsafe { put_signed(&default_text(key, text::wide(path))?, data.cast(), size) }
}

/// Answers a key's default value.
#[shim(ix = 150, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegQueryValueA(key: Key, path: *const u8, data: *mut u8, size: *mut i32) -> Result<LStatus, Win32Error> {
    let found = default_text(key, &unsafe { wide_of(path) }.unwrap_or_default())?;
    unsafe { put_signed(&narrow_of(&units_of(&found)), data, size) }
}

/// One of several values that are asked for together (`VALENTW`, `VALENTA`).
#[repr(C)]
pub struct Wanted<T> {
    name: *mut T,
    size: u32,
    data: usize,
    kind: u32,
}

/// The same, as ntdll has it.
#[repr(C)]
struct Entry {
    name: *const UNICODE_STRING,
    size: u32,
    offset: u32,
    kind: u32,
}

/// Answers several values.
#[shim(ix = 151, mapping = "NtQueryMultipleValueKey", risk = Wrong("values of different times"))]
pub unsafe extern "system" fn RegQueryMultipleValuesW(
    key: Key,
    wanted: *mut Wanted<u16>,
    count: u32,
    buffer: *mut u16,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    let size = unsafe { super::demanded(size)? };
    // SAFETY: the caller's array has that many entries.
    let wanted = unsafe { core::slice::from_raw_parts_mut(wanted, count as usize) };
    let names = wanted.iter().map(|wanted| string(unsafe { text::wide(wanted.name) })).collect::<Result<Vec<_>, _>>()?;
    let mut entries: Vec<Entry> = names.iter().map(|name| Entry { name, size: 0, offset: 0, kind: 0 }).collect();
    let mut needed = 0;
    let room = &raw mut *size;
    let target: *mut c_void = buffer.cast();
    // SAFETY: entries and names live through the call; the buffer is the caller's.
    let status = unsafe { NtQueryMultipleValueKey(handle(key)?, entries.as_mut_ptr().cast(), count, target, room, &raw mut needed) };
    if status == STATUS_BUFFER_OVERFLOW {
        *size = needed;
        return Err(Win32Error(ERROR_MORE_DATA));
    }
    nt::check(status)?;
    for (wanted, entry) in wanted.iter_mut().zip(&entries) {
        (wanted.size, wanted.data, wanted.kind) = (entry.size, buffer as usize + entry.offset as usize, entry.kind);
    }
    Ok(LStatus)
}
