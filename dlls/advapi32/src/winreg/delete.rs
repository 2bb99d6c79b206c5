//! Deleting and renaming.

use super::enumerate::{subkey_name, value_name};
use super::open::{VIEWS, open};
use super::root::{MAXIMUM_ALLOWED, handle};
use super::{Key, Owned, wide_of};
use crate::nt::{self, NtDeleteKey, NtDeleteValueKey, NtRenameKey, WcDeleteKey, string};
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NO_MORE_ITEMS, HANDLE};

const REG_OPTION_OPEN_LINK: u32 = 8;

fn delete(key: Key, path: Option<&[u16]>, view: u32) -> Result<LStatus, Win32Error> {
    let path = path.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let path = string(path)?;
    // SAFETY: the path lives through the call.
    nt::check(unsafe { WcDeleteKey(handle(key)?, &raw const path, view & VIEWS) })?;
    Ok(LStatus)
}

unsafe fn given<'a>(path: *const u16) -> Option<&'a [u16]> {
    (!path.is_null()).then(|| unsafe { text::wide(path) })
}

/// Deletes a key that has none below it.
#[shim(ix = 31, mapping = "NtDeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteKeyW(key: Key, path: *const u16) -> Result<LStatus, Win32Error> {
    delete(key, unsafe { given(path) }, 0)
}

/// Deletes a key that has none below it.
#[shim(ix = 136, mapping = "NtDeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteKeyA(key: Key, path: *const u8) -> Result<LStatus, Win32Error> {
    delete(key, unsafe { wide_of(path) }.as_deref(), 0)
}

/// Deletes a key of a view that has none below it.
#[shim(ix = 122, mapping = "NtDeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteKeyExW(key: Key, path: *const u16, view: u32, reserved: u32) -> Result<LStatus, Win32Error> {
    if reserved != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    delete(key, unsafe { given(path) }, view)
}

/// Deletes a key of a view that has none below it.
#[shim(ix = 137, mapping = "NtDeleteKey", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteKeyExA(key: Key, path: *const u8, view: u32, reserved: u32) -> Result<LStatus, Win32Error> {
    if reserved != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    delete(key, unsafe { wide_of(path) }.as_deref(), view)
}

fn delete_value(key: HANDLE, name: &[u16]) -> Result<LStatus, Win32Error> {
    let name = string(name)?;
    // SAFETY: the name lives through the call.
    nt::check(unsafe { NtDeleteValueKey(key, &raw const name) })?;
    Ok(LStatus)
}

/// Deletes a value.
#[shim(ix = 12, mapping = "NtDeleteValueKey", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn RegDeleteValueW(key: Key, name: *const u16) -> Result<LStatus, Win32Error> {
    delete_value(handle(key)?, unsafe { text::wide(name) })
}

/// Deletes a value.
#[shim(ix = 138, mapping = "NtDeleteValueKey", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn RegDeleteValueA(key: Key, name: *const u8) -> Result<LStatus, Win32Error> {
    delete_value(handle(key)?, &unsafe { wide_of(name) }.unwrap_or_default())
}

fn delete_value_below(key: Key, path: &[u16], name: &[u16]) -> Result<LStatus, Win32Error> {
    if path.is_empty() {
        return delete_value(handle(key)?, name);
    }
    const KEY_SET_VALUE: u32 = 2;
    delete_value(Owned(open(key, path, KEY_SET_VALUE, 0)?).0, name)
}

/// Deletes a value of a key of a path.
#[shim(ix = 139, mapping = "NtDeleteValueKey", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn RegDeleteKeyValueW(key: Key, path: *const u16, name: *const u16) -> Result<LStatus, Win32Error> {
    unsafe { delete_value_below(key, text::wide(path), text::wide(name)) }
}

/// Deletes a value of a key of a path.
#[shim(ix = 140, mapping = "NtDeleteValueKey", risk = Wrong("a value that stays"))]
pub unsafe extern "system" fn RegDeleteKeyValueA(key: Key, path: *const u8, name: *const u8) -> Result<LStatus, Win32Error> {
    unsafe { delete_value_below(key, &wide_of(path).unwrap_or_default(), &wide_of(name).unwrap_or_default()) }
}

/// Deletes everything below a key, and its values.
fn empty(key: HANDLE) -> Result<(), Win32Error> {
    // The keys above the one that is worked on: names may be nested as deep as the registry is, a stack is not.
    let mut above: alloc::vec::Vec<Owned> = alloc::vec::Vec::new();
    loop {
        let at = above.last().map_or(key, |at| at.0);
        match subkey_name(at, 0) {
            Ok(name) => above.push(Owned(nt::open_key(at, &name, MAXIMUM_ALLOWED, REG_OPTION_OPEN_LINK)?)),
            Err(Win32Error(ERROR_NO_MORE_ITEMS)) => match above.pop() {
                // SAFETY: the handle is open.
                Some(done) => nt::check(unsafe { NtDeleteKey(done.0) }).map(|_| ())?,
                None => break,
            },
            Err(error) => return Err(error),
        }
    }
    loop {
        match value_name(key, 0) {
            Ok(name) => delete_value(key, &name).map(|_| ())?,
            Err(Win32Error(ERROR_NO_MORE_ITEMS)) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn delete_tree(key: Key, path: &[u16]) -> Result<LStatus, Win32Error> {
    if path.is_empty() {
        return empty(handle(key)?).map(|()| LStatus);
    }
    let top = Owned(open(key, path, MAXIMUM_ALLOWED, REG_OPTION_OPEN_LINK)?);
    empty(top.0)?;
    // SAFETY: the handle is open.
    nt::check(unsafe { NtDeleteKey(top.0) })?;
    Ok(LStatus)
}

/// Deletes what is below a key, and the key of a path itself.
#[shim(ix = 110, mapping = "NtDeleteKey for each", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteTreeW(key: Key, path: *const u16) -> Result<LStatus, Win32Error> {
    delete_tree(key, unsafe { text::wide(path) })
}

/// Deletes what is below a key, and the key of a path itself.
#[shim(ix = 141, mapping = "NtDeleteKey for each", risk = Wrong("a key that stays"))]
pub unsafe extern "system" fn RegDeleteTreeA(key: Key, path: *const u8) -> Result<LStatus, Win32Error> {
    delete_tree(key, &unsafe { wide_of(path) }.unwrap_or_default())
}

/// Renames a key.
#[shim(ix = 142, mapping = "NtRenameKey", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn RegRenameKey(key: Key, path: *const u16, name: *const u16) -> Result<LStatus, Win32Error> {
    let name = string(unsafe { given(name) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?)?;
    let path = unsafe { text::wide(path) };
    let opened;
    let target = if path.is_empty() {
        handle(key)?
    } else {
        opened = Owned(open(key, path, MAXIMUM_ALLOWED, REG_OPTION_OPEN_LINK)?);
        opened.0
    };
    // SAFETY: the name lives through the call.
    nt::check(unsafe { NtRenameKey(target, &raw const name) })?;
    Ok(LStatus)
}
