//! Facts about keys.

use super::enumerate::put_text;
use super::root::handle;
use super::{Key, narrow_of, units_of};
use crate::nt::{self, NtQueryKey};
use alloc::vec::Vec;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, STATUS_BUFFER_OVERFLOW};

/// Bytes in front of a key's class (`KEY_FULL_INFORMATION`).
const HEAD: usize = 44;
const FULL: i32 = 2;

/// Where the numbers go.
struct Numbers {
    subkeys: *mut u32,
    longest_key: *mut u32,
    longest_class: *mut u32,
    values: *mut u32,
    longest_value: *mut u32,
    largest_data: *mut u32,
    security: *mut u32,
    time: *mut FILETIME,
}

fn full(key: Key) -> Result<Vec<u8>, Win32Error> {
    let key = handle(key)?;
    let mut buffer = alloc::vec![0_u8; HEAD + 64];
    loop {
        let mut needed = 0;
        // SAFETY: the buffer has that many bytes.
        let status = unsafe { NtQueryKey(key, FULL, buffer.as_mut_ptr().cast(), buffer.len() as u32, &raw mut needed) };
        if status == STATUS_BUFFER_OVERFLOW {
            buffer.resize(needed as usize, 0);
            continue;
        }
        nt::check(status)?;
        buffer.truncate((needed as usize).max(HEAD));
        return Ok(buffer);
    }
}

/// Tells the numbers; answers the class.
unsafe fn tell(key: Key, numbers: &Numbers) -> Result<Vec<u16>, Win32Error> {
    let found = full(key)?;
    let word = |at: usize| u32::from_le_bytes([found[at], found[at + 1], found[at + 2], found[at + 3]]);
    let rows = [
        (numbers.subkeys, word(20)),
        (numbers.longest_key, word(24) / 2),
        (numbers.longest_class, word(28) / 2),
        (numbers.values, word(32)),
        (numbers.longest_value, word(36) / 2),
        (numbers.largest_data, word(40)),
        (numbers.security, nt::security_size(handle(key)?)),
    ];
    for (to, value) in rows {
        if let Some(to) = unsafe { to.as_mut() } {
            *to = value;
        }
    }
    if let Some(time) = unsafe { numbers.time.as_mut() } {
        *time = FILETIME { dwLowDateTime: word(0), dwHighDateTime: word(4) };
    }
    Ok(units_of(&found[HEAD..]))
}

unsafe fn put_class<T: Copy + Default>(class: &[T], to: *mut T, room: *mut u32) -> Result<LStatus, Win32Error> {
    let Some(room) = (unsafe { room.as_mut() }) else { return Ok(LStatus) };
    if to.is_null() {
        *room = class.len() as u32;
        return Ok(LStatus);
    }
    let done = unsafe { put_text(class, to, room) };
    *room = class.len() as u32;
    done.map(|()| LStatus)
}

fn check<T>(class: *const T, room: *const u32, reserved: *const u32) -> Result<(), Win32Error> {
    if !reserved.is_null() || !class.is_null() && room.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Answers how much a key holds.
#[shim(ix = 8, mapping = "NtQueryKey", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn RegQueryInfoKeyW(
    key: Key,
    class: *mut u16,
    class_room: *mut u32,
    reserved: *const u32,
    subkeys: *mut u32,
    longest_key: *mut u32,
    longest_class: *mut u32,
    values: *mut u32,
    longest_value: *mut u32,
    largest_data: *mut u32,
    security: *mut u32,
    time: *mut FILETIME,
) -> Result<LStatus, Win32Error> {
    check(class, class_room, reserved)?;
    let found = unsafe { tell(key, &Numbers { subkeys, longest_key, longest_class, values, longest_value, largest_data, security, time })? };
    unsafe { put_class(&found, class, class_room) }
}

/// Answers how much a key holds.
#[shim(ix = 145, mapping = "NtQueryKey", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn RegQueryInfoKeyA(
    key: Key,
    class: *mut u8,
    class_room: *mut u32,
    reserved: *const u32,
    subkeys: *mut u32,
    longest_key: *mut u32,
    longest_class: *mut u32,
    values: *mut u32,
    longest_value: *mut u32,
    largest_data: *mut u32,
    security: *mut u32,
    time: *mut FILETIME,
) -> Result<LStatus, Win32Error> {
    check(class, class_room, reserved)?;
    let found = unsafe { tell(key, &Numbers { subkeys, longest_key, longest_class, values, longest_value, largest_data, security, time })? };
    unsafe { put_class(&narrow_of(&found), class, class_room) }
}

/// Answers a key's security descriptor.
#[shim(ix = 146, mapping = "NtQuerySecurityObject", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn RegGetKeySecurity(
    key: Key,
    wanted: u32,
    descriptor: *mut core::ffi::c_void,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    let size = unsafe { super::demanded(size)? };
    let room = *size;
    // SAFETY: the caller's buffer has that many bytes.
    nt::check(unsafe { nt::NtQuerySecurityObject(handle(key)?, wanted, descriptor, room, size) })?;
    Ok(LStatus)
}
