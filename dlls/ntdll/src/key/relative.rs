//! Keys by what they are relative to, for those who know the registry as drivers do: `RtlWriteRegistryValue` and its kin (wdm.h).

use super::value::{ask_value, delete, set, value_at};
use crate::gate::ask;
use crate::token::user_text;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::service::OpenKey;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND};

pub const KEY_READ: u32 = 0x2_0019;
pub const KEY_WRITE: u32 = 0x2_0006;
/// The path is a handle.
const HANDLE_GIVEN: u32 = 0x4000_0000;
/// A key that is not there is no failure.
pub const OPTIONAL: u32 = 0x8000_0000;

/// A key, which is closed with its scope unless it is the caller's.
pub struct Key {
    pub handle: HANDLE,
    is_own: bool,
}

impl Drop for Key {
    fn drop(&mut self) {
        if self.is_own {
            // SAFETY: the handle is this value's.
            unsafe { crate::object::NtClose(self.handle) };
        }
    }
}

/// Where the keys of a number lie.
fn place(relative: u32) -> Result<String, Status> {
    Ok(match relative {
        0 => String::new(),
        1 => "\\Registry\\Machine\\System\\CurrentControlSet\\Services".into(),
        2 => "\\Registry\\Machine\\System\\CurrentControlSet\\Control".into(),
        3 => "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion".into(),
        4 => "\\Registry\\Machine\\Hardware\\DeviceMap".into(),
        5 => format!("\\Registry\\User\\{}", user_text()),
        _ => return Err(Status(STATUS_INVALID_PARAMETER)),
    })
}

/// The key of a path from another, or from nowhere.
pub fn below(root: HANDLE, path: &[u16], access: u32, create: bool) -> Result<Key, Status> {
    let mut request = OpenKey {
        root: root as u64,
        access,
        name: path.as_ptr() as u64,
        name_size: size_of_val(path) as u64,
        create: create.into(),
        ..OpenKey::default()
    };
    ask(&mut request)?;
    Ok(Key { handle: request.handle as usize as HANDLE, is_own: true })
}

/// The key of a number and a path.
pub unsafe fn open(relative: u32, path: *const u16, access: u32, create: bool) -> Result<Key, Status> {
    if relative & HANDLE_GIVEN != 0 {
        return Ok(Key { handle: path.cast_mut().cast(), is_own: false });
    }
    let mut whole: Vec<u16> = place(relative & !OPTIONAL)?.encode_utf16().collect();
    let path = unsafe { text::wide(path) };
    if !whole.is_empty() && !path.is_empty() && path[0] != u16::from(b'\\') {
        whole.push(u16::from(b'\\'));
    }
    whole.extend(path);
    below(core::ptr::null_mut(), &whole, access, create)
}

/// Says whether a key is there.
#[shim(ix = 515, mapping = "gate OpenKey", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RtlCheckRegistryKey(relative: u32, path: *const u16) -> Result<NtStatus, Status> {
    unsafe { open(relative, path, KEY_READ, false) }.map(|_| NtStatus::SUCCESS)
}

/// Makes a key below one that is there.
#[shim(ix = 516, mapping = "gate OpenKey", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RtlCreateRegistryKey(relative: u32, path: *const u16) -> Result<NtStatus, Status> {
    unsafe { open(relative, path, KEY_READ | KEY_WRITE, true) }.map(|_| NtStatus::SUCCESS)
}

/// Sets a value; its key is made where there is none.
#[shim(ix = 517, mapping = "gate OpenKey, gate SetKeyValue", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlWriteRegistryValue(
    relative: u32,
    path: *const u16,
    name: *const u16,
    kind: u32,
    data: *const c_void,
    size: u32,
) -> Result<NtStatus, Status> {
    let (key, name) = unsafe { (open(relative, path, KEY_WRITE, true)?, text::wide(name)) };
    set(key.handle, name, kind, data, size)
}

/// Deletes a value.
#[shim(ix = 518, mapping = "gate OpenKey, gate DeleteKeyValue", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn RtlDeleteRegistryValue(relative: u32, path: *const u16, name: *const u16) -> Result<NtStatus, Status> {
    let (key, name) = unsafe { (open(relative, path, KEY_WRITE, false)?, text::wide(name)) };
    delete(key.handle, name)
}

/// A value's kind and bytes.
pub fn value(key: HANDLE, name: &[u16]) -> Result<(u32, Vec<u8>), Status> {
    let mut data = alloc::vec![0_u8; 256];
    loop {
        let found = ask_value(key, name, data.as_mut_ptr(), data.len() as u32)?;
        if found.size as usize <= data.len() {
            data.truncate(found.size as usize);
            return Ok((found.kind, data));
        }
        data.resize(found.size as usize, 0);
    }
}

/// The names of all values.
pub fn names(key: HANDLE) -> Result<Vec<Vec<u16>>, Status> {
    let mut found = Vec::new();
    for index in 0.. {
        match value_at(key, index, false) {
            Ok((_, name, _)) => found.push(name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()),
            Err(Status(windows_sys::Win32::Foundation::STATUS_NO_MORE_ENTRIES)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What says that a key or a value is not there.
pub const MISSING: Status = Status(STATUS_OBJECT_NAME_NOT_FOUND);
