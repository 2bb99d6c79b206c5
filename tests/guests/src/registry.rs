//! Keys of the registry, as the tests of winreg.h use them.
#![allow(clippy::not_unsafe_ptr_arg_deref, reason = "a key is a handle, which nobody dereferences")]

use crate::{narrow, wide};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::System::Registry::*;

/// Where the tests keep their keys.
pub const PLACE: &str = "Software\\WcConformance";

/// An open key.
pub struct Key(pub HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Makes a key; answers how it came about.
pub fn create_with(root: HKEY, path: &str, options: u32, access: u32) -> Result<(Key, u32), u32> {
    let (mut key, mut disposition) = (null_mut(), 0);
    // SAFETY: the texts and places live through the call.
    let code = unsafe { RegCreateKeyExW(root, wide(path).as_ptr(), 0, null(), options, access, null(), &raw mut key, &raw mut disposition) };
    if code == 0 { Ok((Key(key), disposition)) } else { Err(code) }
}

/// Makes a key of the tests.
pub fn create(path: &str) -> Result<Key, String> {
    create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\{path}"), 0, KEY_ALL_ACCESS)
        .map(|(key, _)| key)
        .map_err(|code| format!("{path} was not made: {code}"))
}

/// Opens a key.
pub fn open(root: HKEY, path: &str, access: u32) -> Result<Key, u32> {
    let mut key = null_mut();
    // SAFETY: as above.
    let code = unsafe { RegOpenKeyExW(root, wide(path).as_ptr(), 0, access, &raw mut key) };
    if code == 0 { Ok(Key(key)) } else { Err(code) }
}

/// Sets a value.
pub fn set(key: &Key, name: &str, kind: u32, data: &[u8]) -> u32 {
    let start = if data.is_empty() { null() } else { data.as_ptr() };
    // SAFETY: as above.
    unsafe { RegSetValueExW(key.0, wide(name).as_ptr(), 0, kind, start, data.len() as u32) }
}

/// Reads a value.
pub fn get(key: &Key, name: &str) -> Result<(u32, Vec<u8>), u32> {
    let (mut kind, mut size) = (99, 0);
    // SAFETY: as above.
    unsafe {
        let code = RegQueryValueExW(key.0, wide(name).as_ptr(), null(), &raw mut kind, null_mut(), &raw mut size);
        if code != 0 {
            return Err(code);
        }
        let mut data = alloc::vec![0_u8; size as usize + 1];
        let code = RegQueryValueExW(key.0, wide(name).as_ptr(), null(), &raw mut kind, data.as_mut_ptr(), &raw mut size);
        data.truncate(size as usize);
        if code == 0 { Ok((kind, data)) } else { Err(code) }
    }
}

/// A text as it is stored.
pub fn text(value: &str) -> Vec<u8> {
    wide(value).iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// The names of the keys below one.
pub fn names(key: &Key) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0.. {
        let (mut name, mut room) = ([0_u16; 256], 256);
        // SAFETY: as above.
        if unsafe { RegEnumKeyExW(key.0, index, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()) } != 0 {
            break;
        }
        found.push(narrow(&name[..room as usize]));
    }
    found
}
