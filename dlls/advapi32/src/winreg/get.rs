//! RegGetValue: a value of a kind that the caller expects, its text with a NUL.

use super::open::{VIEWS, open};
use super::query::{checked, put, value};
use super::root::handle;
use super::{Key, Owned, bytes_of, narrow_of, units_of, wide_of};
use crate::nt;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, ERROR_UNSUPPORTED_TYPE};

const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_MULTI_SZ: u32 = 7;

/// Flags (winreg.h).
const RRF_RT_ANY: u32 = 0xFFFF;
const RRF_RT_REG_EXPAND_SZ: u32 = 4;
const RRF_NOEXPAND: u32 = 0x1000_0000;
const RRF_ZEROONFAILURE: u32 = 0x2000_0000;
const RRF_SUBKEY_WOW6464KEY: u32 = 0x1_0000;
const RRF_SUBKEY_WOW6432KEY: u32 = 0x2_0000;
const KEY_WOW64_64KEY: u32 = 0x100;
const KEY_WOW64_32KEY: u32 = 0x200;

/// The bit that allows a kind.
const fn bit(kind: u32) -> u32 {
    match kind {
        // REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD.
        0 => 1,
        1 => 2,
        2 => 4,
        3 => 8,
        4 => 0x10,
        7 => 0x20,
        11 => 0x40,
        _ => 0,
    }
}

/// Sees that a text ends as its kind demands.
fn ended(kind: u32, mut units: Vec<u16>) -> Vec<u16> {
    let most = if kind == REG_MULTI_SZ { 2 } else { 1 };
    let ends = units.iter().rev().take(most).take_while(|unit| **unit == 0).count();
    // A list without entries is one NUL.
    let missing = if kind == REG_MULTI_SZ && units.len() == 1 && ends == 1 { 0 } else { most - ends };
    units.extend(core::iter::repeat_n(0, missing));
    units
}

/// The value's kind and bytes, in the form that is asked for.
fn get(key: Key, path: &[u16], name: &[u16], flags: u32, narrow: bool) -> Result<(u32, Vec<u8>), Win32Error> {
    const KEY_QUERY_VALUE: u32 = 1;
    let views = flags & (RRF_SUBKEY_WOW6464KEY | RRF_SUBKEY_WOW6432KEY);
    if views == RRF_SUBKEY_WOW6464KEY | RRF_SUBKEY_WOW6432KEY {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // A text whose variables are to be replaced has another kind than the value.
    if flags & RRF_RT_REG_EXPAND_SZ != 0 && flags & RRF_NOEXPAND == 0 && flags & RRF_RT_ANY != RRF_RT_ANY {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let view = match views {
        RRF_SUBKEY_WOW6464KEY => KEY_WOW64_64KEY,
        RRF_SUBKEY_WOW6432KEY => KEY_WOW64_32KEY,
        _ => 0,
    };
    let opened;
    let handle = if path.is_empty() {
        handle(key)?
    } else {
        opened = Owned(open(key, path, KEY_QUERY_VALUE | view & VIEWS, 0)?);
        opened.0
    };
    let (mut kind, data) = value(handle, name)?;
    let expands = kind == REG_EXPAND_SZ && flags & RRF_NOEXPAND == 0;
    if expands {
        kind = REG_SZ;
    }
    if flags & RRF_RT_ANY != RRF_RT_ANY && flags & bit(kind) == 0 {
        return Err(Win32Error(ERROR_UNSUPPORTED_TYPE));
    }
    if !matches!(kind, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ) {
        return Ok((kind, data));
    }
    let mut units = ended(kind, units_of(&data));
    if expands {
        let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
        units = nt::expanded(&units[..end])?;
        units.push(0);
    }
    Ok((kind, if narrow { narrow_of(&units) } else { bytes_of(&units) }))
}

unsafe fn answer(
    found: Result<(u32, Vec<u8>), Win32Error>,
    flags: u32,
    kind: *mut u32,
    data: *mut c_void,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    let room = unsafe { size.as_ref() }.copied().unwrap_or(0) as usize;
    let done = found.and_then(|(found, bytes)| {
        if let Some(kind) = unsafe { kind.as_mut() } {
            *kind = found;
        }
        unsafe { put(&bytes, data.cast(), size) }
    });
    if flags & RRF_ZEROONFAILURE != 0 && done.as_ref().is_err_and(|error| *error != Win32Error(ERROR_MORE_DATA) || room > 0) && !data.is_null() {
        // SAFETY: the caller's buffer has that many bytes.
        unsafe { data.cast::<u8>().write_bytes(0, room) };
    }
    done
}

/// Answers a value of a kind that is expected.
#[shim(ix = 24, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegGetValueW(
    key: Key,
    path: *const u16,
    name: *const u16,
    flags: u32,
    kind: *mut u32,
    data: *mut c_void,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    checked(core::ptr::null(), data.cast(), size)?;
    unsafe { answer(get(key, text::wide(path), text::wide(name), flags, false), flags, kind, data, size) }
}

/// Answers a value of a kind that is expected, texts in the ANSI code page.
#[shim(ix = 111, mapping = "NtQueryValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegGetValueA(
    key: Key,
    path: *const u8,
    name: *const u8,
    flags: u32,
    kind: *mut u32,
    data: *mut c_void,
    size: *mut u32,
) -> Result<LStatus, Win32Error> {
    checked(core::ptr::null(), data.cast(), size)?;
    unsafe {
        let found = get(key, &wide_of(path).unwrap_or_default(), &wide_of(name).unwrap_or_default(), flags, true);
        answer(found, flags, kind, data, size)
    }
}
