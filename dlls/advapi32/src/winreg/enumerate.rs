//! Going through subkeys and values by number.

use super::query::{narrowed, put};
use super::root::handle;
use super::{Key, demanded, narrow_of, units_of};
use crate::nt::{self, NtEnumerateKey, NtEnumerateValueKey};
use alloc::vec::Vec;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, FILETIME, HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL};

/// Classes of information (wdm.h).
const NODE: i32 = 1;
const FULL_VALUE: i32 = 1;
const BASIC_VALUE: i32 = 0;

fn word(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 4).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
}

/// An answer, whole, into a buffer that grows as it must.
fn whole(mut ask: impl FnMut(*mut u8, u32, *mut u32) -> i32) -> Result<Vec<u8>, Win32Error> {
    let mut buffer = alloc::vec![0_u8; 600];
    loop {
        let mut needed = 0;
        let status = ask(buffer.as_mut_ptr(), buffer.len() as u32, &raw mut needed);
        if matches!(status, STATUS_BUFFER_OVERFLOW | STATUS_BUFFER_TOO_SMALL) && needed as usize > buffer.len() {
            buffer.resize(needed as usize, 0);
            continue;
        }
        nt::check(status)?;
        buffer.truncate(needed as usize);
        return Ok(buffer);
    }
}

/// A subkey: when it was last changed, its name and its class.
fn subkey(key: HANDLE, index: u32) -> Result<(u64, Vec<u16>, Vec<u16>), Win32Error> {
    // SAFETY: the buffer has that many bytes.
    let found = whole(|buffer, size, needed| unsafe { NtEnumerateKey(key, index, NODE, buffer.cast(), size, needed) })?;
    let written = u64::from(word(&found, 0) as u32) | (word(&found, 4) as u64) << 32;
    let name = found.get(24..24 + word(&found, 20)).map(units_of).unwrap_or_default();
    let (at, length) = (word(&found, 12), word(&found, 16));
    let class = found.get(at..at.saturating_add(length)).map(units_of).unwrap_or_default();
    Ok((written, name, class))
}

/// A subkey's name.
pub fn subkey_name(key: HANDLE, index: u32) -> Result<Vec<u16>, Win32Error> {
    subkey(key, index).map(|(_, name, _)| name)
}

/// A value: its kind, name and data.
pub fn value_at(key: HANDLE, index: u32) -> Result<(u32, Vec<u16>, Vec<u8>), Win32Error> {
    // SAFETY: the buffer has that many bytes.
    let found = whole(|buffer, size, needed| unsafe { NtEnumerateValueKey(key, index, FULL_VALUE, buffer.cast(), size, needed) })?;
    let name = found.get(20..20 + word(&found, 16)).map(units_of).unwrap_or_default();
    let (at, length) = (word(&found, 8), word(&found, 12));
    let data = found.get(at..at.saturating_add(length)).unwrap_or_default().to_vec();
    Ok((word(&found, 4) as u32, name, data))
}

/// A value's name.
pub fn value_name(key: HANDLE, index: u32) -> Result<Vec<u16>, Win32Error> {
    // SAFETY: the buffer has that many bytes.
    let found = whole(|buffer, size, needed| unsafe { NtEnumerateValueKey(key, index, BASIC_VALUE, buffer.cast(), size, needed) })?;
    Ok(found.get(12..12 + word(&found, 8)).map(units_of).unwrap_or_default())
}

/// Copies a text with its NUL where it fits; tells its length without.
pub unsafe fn put_text<T: Copy + Default>(text: &[T], buffer: *mut T, room: &mut u32) -> Result<(), Win32Error> {
    if buffer.is_null() || *room as usize <= text.len() {
        return Err(Win32Error(ERROR_MORE_DATA));
    }
    // SAFETY: it fits, as the caller says.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr(), text.len());
        *buffer.add(text.len()) = T::default();
    }
    *room = text.len() as u32;
    Ok(())
}

/// Tells a subkey.
unsafe fn tell<T: Copy + Default>(
    (name, class, written): (&[T], &[T], u64),
    (name_to, name_room): (*mut T, *mut u32),
    (class_to, class_room): (*mut T, *mut u32),
    time: *mut FILETIME,
) -> Result<LStatus, Win32Error> {
    unsafe {
        put_text(name, name_to, demanded(name_room)?)?;
        if let Some(room) = class_room.as_mut() {
            if class_to.is_null() {
                *room = class.len() as u32;
            } else {
                put_text(class, class_to, room)?;
            }
        }
        if let Some(time) = time.as_mut() {
            *time = FILETIME { dwLowDateTime: written as u32, dwHighDateTime: (written >> 32) as u32 };
        }
    }
    Ok(LStatus)
}

fn check_enum(reserved: *const u32, name: *const u32, class: bool, class_room: *const u32) -> Result<(), Win32Error> {
    if !reserved.is_null() || name.is_null() || class && class_room.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Answers a subkey by its number.
#[shim(ix = 7, mapping = "NtEnumerateKey", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegEnumKeyExW(
    key: Key,
    index: u32,
    name: *mut u16,
    name_room: *mut u32,
    reserved: *const u32,
    class: *mut u16,
    class_room: *mut u32,
    time: *mut FILETIME,
) -> Result<LStatus, Win32Error> {
    check_enum(reserved, name_room, !class.is_null(), class_room)?;
    let (written, found, found_class) = subkey(handle(key)?, index)?;
    unsafe { tell((&found, &found_class, written), (name, name_room), (class, class_room), time) }
}

/// Answers a subkey by its number.
#[shim(ix = 56, mapping = "NtEnumerateKey", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegEnumKeyExA(
    key: Key,
    index: u32,
    name: *mut u8,
    name_room: *mut u32,
    reserved: *const u32,
    class: *mut u8,
    class_room: *mut u32,
    time: *mut FILETIME,
) -> Result<LStatus, Win32Error> {
    check_enum(reserved, name_room, !class.is_null(), class_room)?;
    let (written, found, found_class) = subkey(handle(key)?, index)?;
    unsafe { tell((&narrow_of(&found), &narrow_of(&found_class), written), (name, name_room), (class, class_room), time) }
}

/// Answers a subkey's name by its number.
#[shim(ix = 45, mapping = "NtEnumerateKey", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegEnumKeyW(key: Key, index: u32, name: *mut u16, mut room: u32) -> Result<LStatus, Win32Error> {
    let found = subkey_name(handle(key)?, index)?;
    unsafe { put_text(&found, name, &mut room) }.map(|()| LStatus)
}

/// Answers a subkey's name by its number.
#[shim(ix = 143, mapping = "NtEnumerateKey", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegEnumKeyA(key: Key, index: u32, name: *mut u8, mut room: u32) -> Result<LStatus, Win32Error> {
    let found = narrow_of(&subkey_name(handle(key)?, index)?);
    unsafe { put_text(&found, name, &mut room) }.map(|()| LStatus)
}

/// Tells a value.
unsafe fn tell_value<T: Copy + Default>(
    (kind, name, found): (u32, &[T], &[u8]),
    (name_to, name_room): (*mut T, *mut u32),
    kind_to: *mut u32,
    (data, size): (*mut u8, *mut u32),
) -> Result<LStatus, Win32Error> {
    unsafe {
        put_text(name, name_to, demanded(name_room)?)?;
        if let Some(kind_to) = kind_to.as_mut() {
            *kind_to = kind;
        }
        put(found, data, size)
    }
}

fn check_value(reserved: *const u32, name: bool, name_room: *const u32, data: bool, size: *const u32) -> Result<(), Win32Error> {
    if !reserved.is_null() || !name || name_room.is_null() || data && size.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Answers a value by its number.
#[shim(ix = 13, mapping = "NtEnumerateValueKey", risk = Wrong("a value that is missed"))]
pub unsafe extern "system" fn RegEnumValueW(
    key: Key,
    index: u32,
    name: *mut u16,
    name_room: *mut u32,
    reserved: *const u32,
    kind: *mut u32,
    data: *mut u8,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    check_value(reserved, !name.is_null(), name_room, !data.is_null(), size)?;
    let (found, found_name, bytes) = value_at(handle(key)?, index)?;
    unsafe { tell_value((found, &found_name, &bytes), (name, name_room), kind, (data, size)) }
}

/// Answers a value by its number, texts in the ANSI code page.
#[shim(ix = 144, mapping = "NtEnumerateValueKey", risk = Wrong("a value that is missed"))]
pub unsafe extern "system" fn RegEnumValueA(
    key: Key,
    index: u32,
    name: *mut u8,
    name_room: *mut u32,
    reserved: *const u32,
    kind: *mut u32,
    data: *mut u8,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    check_value(reserved, !name.is_null(), name_room, !data.is_null(), size)?;
    let (found, found_name, bytes) = value_at(handle(key)?, index)?;
    unsafe { tell_value((found, &narrow_of(&found_name), &narrowed(found, bytes)), (name, name_room), kind, (data, size)) }
}
