//! Setting values.

use super::open::create;
use super::root::{MAXIMUM_ALLOWED, handle};
use super::{Key, Owned, bytes_of, is_text, wide_of};
use crate::nt::{self, NtFlushKey, NtSetValueKey, string};
use alloc::borrow::Cow;
use core::ffi::c_void;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};

const REG_SZ: u32 = 1;

/// Sets a value.
pub fn set(key: HANDLE, name: &[u16], kind: u32, data: &[u8]) -> Result<LStatus, Win32Error> {
    let name = string(name)?;
    // SAFETY: name and data live through the call.
    nt::check(unsafe { NtSetValueKey(key, &raw const name, 0, kind, data.as_ptr().cast(), data.len() as u32) })?;
    Ok(LStatus)
}

/// The bytes that a caller means: a text's NUL belongs to it where it was left out of the count and stands behind it.
unsafe fn meant<'a>(kind: u32, data: *const u8, size: u32, unit: u32) -> Result<&'a [u8], Win32Error> {
    if data.is_null() {
        return if size == 0 { Ok(&[]) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) };
    }
    let is_zero = |at: u32| (0..unit).all(|byte| unsafe { *data.add((at + byte) as usize) } == 0);
    let lacks = is_text(kind) && size >= unit && size.is_multiple_of(unit) && !is_zero(size - unit) && is_zero(size);
    let size = if lacks { size + unit } else { size };
    // SAFETY: the caller's bytes, and the NUL behind them.
    Ok(unsafe { core::slice::from_raw_parts(data, size as usize) })
}

/// The bytes that an `A` function's caller means, as they are stored.
unsafe fn widened<'a>(kind: u32, data: *const u8, size: u32) -> Result<Cow<'a, [u8]>, Win32Error> {
    let bytes = unsafe { meant(kind, data, size, 1)? };
    if !is_text(kind) {
        return Ok(Cow::Borrowed(bytes));
    }
    Ok(Cow::Owned(bytes_of(&nls::to_wide(ANSI, bytes, false).unwrap_or_default())))
}

/// Sets a value.
#[shim(ix = 9, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetValueExW(
    key: Key,
    name: *const u16,
    _reserved: u32,
    kind: u32,
    data: *const u8,
    size: u32,
) -> Result<LStatus, Win32Error> {
    unsafe { set(handle(key)?, text::wide(name), kind, meant(kind, data, size, 2)?) }
}

/// Sets a value, texts in the ANSI code page.
#[shim(ix = 168, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetValueExA(
    key: Key,
    name: *const u8,
    _reserved: u32,
    kind: u32,
    data: *const u8,
    size: u32,
) -> Result<LStatus, Win32Error> {
    let key = handle(key)?;
    unsafe { set(key, &wide_of(name).unwrap_or_default(), kind, &widened(kind, data, size)?) }
}

/// Works on a key of a path, which is made where it is missing.
fn below(key: Key, path: &[u16], work: impl FnOnce(HANDLE) -> Result<LStatus, Win32Error>) -> Result<LStatus, Win32Error> {
    if path.is_empty() {
        return work(handle(key)?);
    }
    let made = Owned(create(key, path, &crate::nt::New { access: MAXIMUM_ALLOWED, ..crate::nt::New::default() })?.0);
    work(made.0)
}

/// Sets a value of a key of a path.
#[shim(ix = 113, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetKeyValueW(
    key: Key,
    path: *const u16,
    name: *const u16,
    kind: u32,
    data: *const c_void,
    size: u32,
) -> Result<LStatus, Win32Error> {
    unsafe {
        let data = meant(kind, data.cast(), size, 2)?;
        below(key, text::wide(path), |key| set(key, text::wide(name), kind, data))
    }
}

/// Sets a value of a key of a path, texts in the ANSI code page.
#[shim(ix = 169, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetKeyValueA(
    key: Key,
    path: *const u8,
    name: *const u8,
    kind: u32,
    data: *const c_void,
    size: u32,
) -> Result<LStatus, Win32Error> {
    unsafe {
        let data = widened(kind, data.cast(), size)?;
        below(key, &wide_of(path).unwrap_or_default(), |key| set(key, &wide_of(name).unwrap_or_default(), kind, &data))
    }
}

/// Sets the default value of a key of a path, which is text.
#[shim(ix = 129, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetValueW(key: Key, path: *const u16, kind: u32, data: *const u16, _size: u32) -> Result<LStatus, Win32Error> {
    if kind != REG_SZ || data.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        let mut data = text::wide(data).to_vec();
        data.push(0);
        below(key, text::wide(path), |key| set(key, &[], kind, &bytes_of(&data)))
    }
}

/// Sets the default value of a key of a path, which is text.
#[shim(ix = 170, mapping = "NtSetValueKey", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RegSetValueA(key: Key, path: *const u8, kind: u32, data: *const u8, _size: u32) -> Result<LStatus, Win32Error> {
    if kind != REG_SZ || data.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe {
        let mut data = wide_of(data).unwrap_or_default();
        data.push(0);
        below(key, &wide_of(path).unwrap_or_default(), |key| set(key, &[], kind, &bytes_of(&data)))
    }
}

/// Sees that a key is on the disk.
#[shim(ix = 29, mapping = "NtFlushKey", risk = Functional("changes lost with the power"))]
pub unsafe extern "system" fn RegFlushKey(key: Key) -> Result<LStatus, Win32Error> {
    nt::check(unsafe { NtFlushKey(handle(key)?) })?;
    Ok(LStatus)
}
