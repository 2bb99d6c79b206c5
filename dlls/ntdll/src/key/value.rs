//! Values of keys, in the layouts of the information classes.

use super::query::answer;
use crate::gate::ask;
use crate::string::units;
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::service::{DeleteKeyValue, NumberedKeyValue, QueryKeyValue, SetKeyValue};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, UNICODE_STRING};

/// Classes of `KEY_VALUE_INFORMATION_CLASS` (wdm.h).
const BASIC: i32 = 0;
const FULL: i32 = 1;
const PARTIAL: i32 = 2;
const FULL_ALIGNED: i32 = 3;
const PARTIAL_ALIGNED: i32 = 4;

/// Where the data of a value with a name start.
fn data_offset(class: i32, name: usize) -> usize {
    let alignment = if class == FULL_ALIGNED { 8 } else { 4 };
    (20 + name).next_multiple_of(alignment)
}

/// A value with its name, in the layout of a class; what must fit at least.
fn laid_out(class: i32, kind: u32, name: &[u8], data: &[u8]) -> Option<(Vec<u8>, usize)> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let (size, length) = (data.len() as u32, name.len() as u32);
    let (mut bytes, fixed) = match class {
        BASIC => (words(&[0, kind, length]), 12),
        FULL | FULL_ALIGNED => (words(&[0, kind, data_offset(class, name.len()) as u32, size, length]), 20),
        PARTIAL => (words(&[0, kind, size]), 12),
        PARTIAL_ALIGNED => (words(&[kind, size]), 8),
        _ => return None,
    };
    if matches!(class, BASIC | FULL | FULL_ALIGNED) {
        bytes.extend(name);
    }
    if matches!(class, FULL | FULL_ALIGNED) {
        bytes.resize(data_offset(class, name.len()), 0);
    }
    if class != BASIC {
        bytes.extend(data);
    }
    Some((bytes, fixed))
}

/// The name as the key spells it is told with a value; a value asked for by name is told by that.
pub fn ask_value(key: HANDLE, name: &[u16], buffer: *mut u8, room: u32) -> Result<QueryKeyValue, Status> {
    let mut request = QueryKeyValue {
        key: key as u64,
        name: name.as_ptr() as u64,
        name_size: size_of_val(name) as u64,
        buffer: buffer as u64,
        room,
        ..QueryKeyValue::default()
    };
    ask(&mut request)?;
    Ok(request)
}

/// Answers a value.
#[shim(ix = 190, mapping = "gate QueryKeyValue, one row per class", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn NtQueryValueKey(
    key: HANDLE,
    name: *const UNICODE_STRING,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    if !(BASIC..=PARTIAL_ALIGNED).contains(&class) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let name = unsafe { units(name) };
    if class == PARTIAL {
        return unsafe { partial(key, name, buffer, length, result) };
    }
    let mut data = Vec::new();
    let found = loop {
        let found = ask_value(key, name, data.as_mut_ptr(), data.len() as u32)?;
        if class == BASIC || found.size as usize <= data.len() {
            break found;
        }
        data.resize(found.size as usize, 0);
    };
    data.truncate(found.size as usize);
    // SAFETY: the units lie in memory as bytes.
    let name = unsafe { core::slice::from_raw_parts(name.as_ptr().cast::<u8>(), size_of_val(name)) };
    let (bytes, fixed) = laid_out(class, found.kind, name, &data).ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { answer(&bytes, fixed, buffer, length, result) }
}

/// The class that everybody asks for: the data go to their place at once.
unsafe fn partial(key: HANDLE, name: &[u16], buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    const HEAD: u32 = 12;
    let room = length.saturating_sub(HEAD);
    let data = unsafe { buffer.byte_add(HEAD as usize) }.cast::<u8>();
    let found = ask_value(key, name, data, room)?;
    if !result.is_null() {
        unsafe { *result = HEAD + found.size };
    }
    if length < HEAD {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe { buffer.cast::<[u32; 3]>().write_unaligned([0, found.kind, found.size]) };
    if found.size > room { Err(Status(STATUS_BUFFER_OVERFLOW)) } else { Ok(NtStatus::SUCCESS) }
}

/// Answers a value by its number.
#[shim(ix = 503, mapping = "gate NumberedKeyValue, one row per class", risk = Wrong("a value that is missed"))]
pub unsafe extern "system" fn NtEnumerateValueKey(
    key: HANDLE,
    index: u32,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    if !(BASIC..=PARTIAL_ALIGNED).contains(&class) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let (kind, name, data) = value_at(key, index, class != BASIC)?;
    let (bytes, fixed) = laid_out(class, kind, &name, &data).ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { answer(&bytes, fixed, buffer, length, result) }
}

/// A value by its number: its kind, its name and, where they are wanted, its data.
pub fn value_at(key: HANDLE, index: u32, with_data: bool) -> Result<(u32, Vec<u8>, Vec<u8>), Status> {
    let mut name = alloc::vec![0_u8; 256];
    let mut data = alloc::vec![0_u8; if with_data { 256 } else { 0 }];
    loop {
        let mut request = NumberedKeyValue {
            key: key as u64,
            index,
            name: name.as_mut_ptr() as u64,
            name_room: name.len() as u32,
            buffer: data.as_mut_ptr() as u64,
            room: data.len() as u32,
            ..NumberedKeyValue::default()
        };
        ask(&mut request)?;
        let (name_size, size) = (request.name_size as usize, if with_data { request.size as usize } else { 0 });
        if name_size <= name.len() && size <= data.len() {
            name.truncate(name_size);
            data.truncate(size);
            return Ok((request.kind, name, data));
        }
        name.resize(name_size.max(name.len()), 0);
        data.resize(size.max(data.len()), 0);
    }
}

/// Sets a value.
#[shim(ix = 504, mapping = "gate SetKeyValue", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn NtSetValueKey(
    key: HANDLE,
    name: *const UNICODE_STRING,
    _title: u32,
    kind: u32,
    data: *const c_void,
    size: u32,
) -> Result<NtStatus, Status> {
    set(key, unsafe { units(name) }, kind, data, size)
}

/// Sets a value of an open key.
pub fn set(key: HANDLE, name: &[u16], kind: u32, data: *const c_void, size: u32) -> Result<NtStatus, Status> {
    let mut request = SetKeyValue {
        key: key as u64,
        name: name.as_ptr() as u64,
        name_size: size_of_val(name) as u64,
        buffer: data as u64,
        size: size.into(),
        kind,
        pad: 0,
    };
    ask(&mut request).map(NtStatus)
}

/// Deletes a value.
#[shim(ix = 505, mapping = "gate DeleteKeyValue", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn NtDeleteValueKey(key: HANDLE, name: *const UNICODE_STRING) -> Result<NtStatus, Status> {
    delete(key, unsafe { units(name) })
}

/// Deletes a value of an open key.
pub fn delete(key: HANDLE, name: &[u16]) -> Result<NtStatus, Status> {
    ask(&mut DeleteKeyValue { key: key as u64, name: name.as_ptr() as u64, name_size: size_of_val(name) as u64 }).map(NtStatus)
}

/// One of the values that are asked for together (`KEY_VALUE_ENTRY`).
#[repr(C)]
pub struct ValueEntry {
    name: *const UNICODE_STRING,
    size: u32,
    offset: u32,
    kind: u32,
}

/// Answers several values at once: their data one after the other, each on a multiple of 4.
#[shim(ix = 506, mapping = "gate QueryKeyValue for each", risk = Wrong("values of different times"))]
pub unsafe extern "system" fn NtQueryMultipleValueKey(
    key: HANDLE,
    entries: *mut ValueEntry,
    count: u32,
    buffer: *mut c_void,
    length: *mut u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    const MOST: u32 = 0x1_0000;
    let room = unsafe { length.as_mut() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    if count > MOST {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INSUFFICIENT_RESOURCES));
    }
    // SAFETY: the caller's array has that many entries.
    let entries = unsafe { core::slice::from_raw_parts_mut(entries, count as usize) };
    let (mut at, mut fits) = (0_u32, true);
    for entry in entries {
        let name = unsafe { units(entry.name) };
        at = at.next_multiple_of(4);
        let left = room.saturating_sub(at);
        let found = ask_value(key, name, unsafe { buffer.byte_add(at as usize) }.cast(), left)?;
        fits &= found.size <= left;
        (entry.size, entry.offset, entry.kind) = (found.size, at, found.kind);
        at = at.saturating_add(found.size);
    }
    if !result.is_null() {
        unsafe { *result = at };
    }
    if !fits {
        return Err(Status(STATUS_BUFFER_OVERFLOW));
    }
    *room = at;
    Ok(NtStatus::SUCCESS)
}
