//! What a key is and holds, in the layouts of the information classes.

use crate::gate::ask;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::service::{NumberedKey, QueryKey};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER};

/// Classes of `KEY_INFORMATION_CLASS` (wdm.h).
const BASIC: i32 = 0;
const NODE: i32 = 1;
const FULL: i32 = 2;
const NAME: i32 = 3;
const CACHED: i32 = 4;
const FLAGS: i32 = 5;
const VIRTUALIZATION: i32 = 6;
const HANDLE_TAGS: i32 = 7;

/// `KEY_BASIC_INFORMATION`, and what is in front of the name.
#[repr(C)]
#[derive(Clone, Copy)]
struct Basic {
    written: i64,
    title: u32,
    name_length: u32,
    name: [u16; 2],
}

/// `KEY_NODE_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Node {
    written: i64,
    title: u32,
    class_offset: u32,
    class_length: u32,
    name_length: u32,
    name: [u16; 2],
}

/// `KEY_FULL_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Full {
    written: i64,
    title: u32,
    class_offset: u32,
    class_length: u32,
    subkeys: u32,
    max_name: u32,
    max_class: u32,
    values: u32,
    max_value_name: u32,
    max_value_data: u32,
    class: [u16; 2],
}

/// `KEY_CACHED_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Cached {
    written: i64,
    title: u32,
    subkeys: u32,
    max_name: u32,
    values: u32,
    max_value_name: u32,
    max_value_data: u32,
    name_length: u32,
    pad: u32,
}

/// The bytes of a structure of ours up to a member.
fn head<T: Copy>(value: &T, size: usize) -> Vec<u8> {
    // SAFETY: plain numbers without gaps before that member.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast::<u8>(), size) }.to_vec()
}

/// Hands out an answer whose fixed part must fit; of the rest as much as does.
pub unsafe fn answer(bytes: &[u8], fixed: usize, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    if !result.is_null() {
        unsafe { *result = bytes.len() as u32 };
    }
    let room = length as usize;
    if room < fixed {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    let fits = bytes.len().min(room);
    // SAFETY: the caller's buffer has that many bytes.
    unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), fits) };
    if fits < bytes.len() { Err(Status(STATUS_BUFFER_OVERFLOW)) } else { Ok(NtStatus::SUCCESS) }
}

/// The answer of a class that tells time, name and class of a key.
fn named(class: i32, written: i64, name: &[u8], key_class: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes;
    let fixed;
    match class {
        BASIC => {
            fixed = offset_of!(Basic, name);
            bytes = head(&Basic { written, title: 0, name_length: name.len() as u32, name: [0; 2] }, fixed);
            bytes.extend(name);
        }
        NODE => {
            fixed = offset_of!(Node, name);
            let start = (fixed + name.len()).next_multiple_of(4);
            let class_offset = if key_class.is_empty() { u32::MAX } else { start as u32 };
            let node = Node { written, title: 0, class_offset, class_length: key_class.len() as u32, name_length: name.len() as u32, name: [0; 2] };
            bytes = head(&node, fixed);
            bytes.extend(name);
            if !key_class.is_empty() {
                bytes.resize(start, 0);
                bytes.extend(key_class);
            }
        }
        _ => return None,
    }
    Some((bytes, fixed))
}

/// Facts about a key, with its path and class.
pub fn facts(key: HANDLE) -> Result<(QueryKey, Vec<u8>, Vec<u8>), Status> {
    let (mut path, mut class) = (alloc::vec![0_u8; 512], alloc::vec![0_u8; 64]);
    loop {
        let mut request = QueryKey {
            key: key as u64,
            path: path.as_mut_ptr() as u64,
            path_room: path.len() as u32,
            class: class.as_mut_ptr() as u64,
            class_room: class.len() as u32,
            ..QueryKey::default()
        };
        ask(&mut request)?;
        let (path_size, class_size) = (request.path_size as usize, request.class_size as usize);
        if path_size <= path.len() && class_size <= class.len() {
            path.truncate(path_size);
            class.truncate(class_size);
            return Ok((request, path, class));
        }
        path.resize(path_size.max(path.len()), 0);
        class.resize(class_size.max(class.len()), 0);
    }
}

/// The last name of a path.
fn last(path: &[u8]) -> &[u8] {
    let start = path.as_chunks::<2>().0.iter().rposition(|unit| *unit == [b'\\', 0]).map_or(0, |at| 2 * (at + 1));
    &path[start..]
}

/// Answers facts about a key.
#[shim(ix = 492, mapping = "gate QueryKey, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryKey(key: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    const KEY_QUERY_VALUE: u32 = 1;
    if !(BASIC..=HANDLE_TAGS).contains(&class) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let handle = crate::object::query(key)?;
    if handle.kind != gate::service::ObjectKind::Key as u32 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_OBJECT_TYPE_MISMATCH));
    }
    if !matches!(class, NAME | HANDLE_TAGS) && handle.access & KEY_QUERY_VALUE == 0 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_ACCESS_DENIED));
    }
    let (facts, path, key_class) = facts(key)?;
    let [max_name, max_class, max_value_name, max_value_data] = facts.longest;
    let (bytes, fixed) = match class {
        FULL => {
            let fixed = offset_of!(Full, class);
            let full = Full {
                written: facts.written,
                title: 0,
                class_offset: if key_class.is_empty() { u32::MAX } else { fixed as u32 },
                class_length: facts.class_size,
                subkeys: facts.subkeys,
                max_name,
                max_class,
                values: facts.values,
                max_value_name,
                max_value_data,
                class: [0; 2],
            };
            let mut bytes = head(&full, fixed);
            bytes.extend(&key_class);
            (bytes, fixed)
        }
        NAME => {
            let mut bytes = (path.len() as u32).to_le_bytes().to_vec();
            bytes.extend(&path);
            (bytes, 4)
        }
        CACHED => {
            let cached = Cached {
                written: facts.written,
                title: 0,
                subkeys: facts.subkeys,
                max_name,
                values: facts.values,
                max_value_name,
                max_value_data,
                name_length: last(&path).len() as u32,
                pad: 0,
            };
            (head(&cached, size_of::<Cached>()), size_of::<Cached>())
        }
        FLAGS => {
            // Wow64 flags, user flags, control flags: volatile keys and links are told by the second (`REG_FLAG_*`).
            let user = u32::from(facts.volatile != 0) | if facts.link != 0 { 2 } else { 0 };
            ([0, user, 0].iter().flat_map(|word: &u32| word.to_le_bytes()).collect(), 12)
        }
        VIRTUALIZATION | HANDLE_TAGS => (alloc::vec![0; 4], 4),
        _ => named(class, facts.written, last(&path), &key_class).ok_or(Status(STATUS_INVALID_PARAMETER))?,
    };
    unsafe { answer(&bytes, fixed, buffer, length, result) }
}

/// Answers a subkey by its number.
#[shim(ix = 493, mapping = "gate NumberedKey, one row per class", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn NtEnumerateKey(
    key: HANDLE,
    index: u32,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    if !matches!(class, BASIC | NODE | FULL) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let mut name = [0_u8; 2 * 256];
    let mut key_class = alloc::vec![0_u8; 64];
    let request = loop {
        let mut request = NumberedKey {
            key: key as u64,
            index,
            name: name.as_mut_ptr() as u64,
            name_room: name.len() as u32,
            class: key_class.as_mut_ptr() as u64,
            class_room: key_class.len() as u32,
            ..NumberedKey::default()
        };
        ask(&mut request)?;
        if request.class_size as usize <= key_class.len() {
            break request;
        }
        key_class.resize(request.class_size as usize, 0);
    };
    let name = &name[..(request.name_size as usize).min(name.len())];
    if class == FULL {
        // What the subkey holds is known to itself alone.
        return unsafe { full_of_subkey(key, name, buffer, length, result) };
    }
    let (bytes, fixed) = named(class, request.written, name, &key_class[..request.class_size as usize]).ok_or(Status(STATUS_INVALID_PARAMETER))?;
    unsafe { answer(&bytes, fixed, buffer, length, result) }
}

unsafe fn full_of_subkey(key: HANDLE, name: &[u8], buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    const KEY_QUERY_VALUE: u32 = 1;
    let mut request = gate::service::OpenKey {
        root: key as u64,
        access: KEY_QUERY_VALUE,
        options: 8,
        name: name.as_ptr() as u64,
        name_size: name.len() as u64,
        ..Default::default()
    };
    ask(&mut request)?;
    let subkey = request.handle as usize as HANDLE;
    let status = unsafe { NtQueryKey(subkey, FULL, buffer, length, result) };
    unsafe { crate::object::NtClose(subkey) };
    Status::check(status).map(NtStatus)
}
