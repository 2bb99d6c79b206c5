//! Opening and making keys.

use super::root::{MAXIMUM_ALLOWED, handle, number};
use super::{Key, Owned, demanded, wide_of};
use crate::nt::{self, New};
use core::ptr::null_mut;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{router, shim, text};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

/// `KEY_WOW64_32KEY` and `KEY_WOW64_64KEY`.
pub const VIEWS: u32 = 0x300;
const REG_OPTION_NON_VOLATILE: u32 = 0;
const REG_OPTION_VOLATILE: u32 = 1;
const REG_OPTION_CREATE_LINK: u32 = 2;
const REG_OPTION_BACKUP_RESTORE: u32 = 4;
const REG_OPTION_OPEN_LINK: u32 = 8;
const BACKSLASH: u16 = b'\\' as u16;

/// Opens the key of a path; a key itself where there is none.
pub fn open(key: Key, path: &[u16], access: u32, options: u32) -> Result<HANDLE, Win32Error> {
    nt::open_key(handle(key)?, path, access, options)
}

/// Opens the key of a path, made with those above it that are missing; whether it was.
pub fn create(key: Key, path: &[u16], new: &New<'_>) -> Result<(HANDLE, bool), Win32Error> {
    let root = handle(key)?;
    match nt::create_key(root, path, new) {
        Err(Win32Error(ERROR_FILE_NOT_FOUND)) if path.contains(&BACKSLASH) => {}
        done => return done,
    }
    // One name after the other, from where the first one is missing.
    let above = New { class: &[], access: MAXIMUM_ALLOWED | new.access & VIEWS, inherit: false, ..*new };
    let path = path.strip_suffix(&[BACKSLASH]).unwrap_or(path);
    let mut at: Option<Owned> = None;
    let mut names = path.split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()).peekable();
    while let Some(name) = names.next() {
        let place = at.as_ref().map_or(root, |at| at.0);
        if names.peek().is_none() {
            return nt::create_key(place, name, new);
        }
        at = Some(Owned(nt::create_key(place, name, &above)?.0));
    }
    Err(Win32Error(ERROR_INVALID_PARAMETER))
}

unsafe fn open_ex(key: Key, path: Option<&[u16]>, options: u32, access: u32, result: *mut Key) -> Result<LStatus, Win32Error> {
    let result = unsafe { demanded(result)? };
    let path = path.unwrap_or_default();
    if options & !(REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK) != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if path.is_empty() && number(key).is_some() {
        handle(key)?;
        *result = key;
        return Ok(LStatus);
    }
    *result = null_mut();
    *result = open(key, path, access, options)?;
    Ok(LStatus)
}

/// Opens a key.
#[shim(ix = 2, mapping = "NtOpenKeyEx", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegOpenKeyExW(key: Key, path: *const u16, options: u32, access: u32, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { open_ex(key, Some(text::wide(path)), options, access, result) }
}

/// Opens a key.
#[shim(ix = 33, mapping = "NtOpenKeyEx", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegOpenKeyExA(key: Key, path: *const u8, options: u32, access: u32, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { open_ex(key, wide_of(path).as_deref(), options, access, result) }
}

/// The old form: without a path, the key itself.
unsafe fn open_plain(key: Key, path: Option<&[u16]>, result: *mut Key) -> Result<LStatus, Win32Error> {
    let path = path.unwrap_or_default();
    if path.is_empty() {
        let result = unsafe { demanded(result)? };
        handle(key)?;
        *result = key;
        return Ok(LStatus);
    }
    unsafe { open_ex(key, Some(path), 0, MAXIMUM_ALLOWED, result) }
}

/// Opens a key with all rights.
#[shim(ix = 66, mapping = "RegOpenKeyExW", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegOpenKeyW(key: Key, path: *const u16, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { open_plain(key, Some(text::wide(path)), result) }
}

/// Opens a key with all rights.
#[shim(ix = 147, mapping = "RegOpenKeyExW", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegOpenKeyA(key: Key, path: *const u8, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { open_plain(key, wide_of(path).as_deref(), result) }
}

router! {
    /// What RegCreateKeyEx makes of its arguments; the answer is the native options. A descriptor of security changes nothing: the
    /// sandbox is the border, and within it every key is its user's.
    fn native_options(has_path: bool, reserved: u32, options: u32, access: u32) -> Result<u32, Win32Error>
    for "RegCreateKeyExW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        !has_path || reserved != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        access & VIEWS == VIEWS => Err(Win32Error(ERROR_INVALID_PARAMETER));
        options & !REG_OPTION_BACKUP_RESTORE == REG_OPTION_NON_VOLATILE => Ok(options);
        options & !REG_OPTION_BACKUP_RESTORE == REG_OPTION_VOLATILE => Ok(options);
        options & !REG_OPTION_VOLATILE == REG_OPTION_CREATE_LINK => Ok(options);
        options & !REG_OPTION_VOLATILE == REG_OPTION_OPEN_LINK => Ok(options);
    }
}

unsafe fn create_ex(
    key: Key,
    path: Option<&[u16]>,
    reserved: u32,
    class: &[u16],
    (options, access): (u32, u32),
    security: *const SECURITY_ATTRIBUTES,
    result: *mut Key,
    disposition: *mut u32,
) -> Result<LStatus, Win32Error> {
    const REG_CREATED_NEW_KEY: u32 = 1;
    const REG_OPENED_EXISTING_KEY: u32 = 2;
    let security = unsafe { security.as_ref() };
    let options = native_options(path.is_some(), reserved, options, access)?;
    let result = unsafe { demanded(result)? };
    let inherit = security.is_some_and(|security| security.bInheritHandle != 0);
    let (made, is_new) = create(key, path.unwrap_or_default(), &New { class, options, access, inherit })?;
    *result = made;
    if let Some(disposition) = unsafe { disposition.as_mut() } {
        *disposition = if is_new { REG_CREATED_NEW_KEY } else { REG_OPENED_EXISTING_KEY };
    }
    Ok(LStatus)
}

/// Opens a key, or makes it with those above it that are missing.
#[shim(ix = 10, mapping = "NtCreateKey", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegCreateKeyExW(
    key: Key,
    path: *const u16,
    reserved: u32,
    class: *const u16,
    options: u32,
    access: u32,
    security: *const SECURITY_ATTRIBUTES,
    result: *mut Key,
    disposition: *mut u32,
) -> Result<LStatus, Win32Error> {
    unsafe {
        let path = (!path.is_null()).then(|| text::wide(path));
        create_ex(key, path, reserved, text::wide(class), (options, access), security, result, disposition)
    }
}

/// Opens a key, or makes it with those above it that are missing.
#[shim(ix = 148, mapping = "NtCreateKey", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegCreateKeyExA(
    key: Key,
    path: *const u8,
    reserved: u32,
    class: *const u8,
    options: u32,
    access: u32,
    security: *const SECURITY_ATTRIBUTES,
    result: *mut Key,
    disposition: *mut u32,
) -> Result<LStatus, Win32Error> {
    unsafe {
        let class = wide_of(class).unwrap_or_default();
        create_ex(key, wide_of(path).as_deref(), reserved, &class, (options, access), security, result, disposition)
    }
}

unsafe fn create_plain(key: Key, path: Option<&[u16]>, result: *mut Key) -> Result<LStatus, Win32Error> {
    let path = path.unwrap_or_default();
    if path.is_empty() {
        return unsafe { open_plain(key, None, result) };
    }
    unsafe { create_ex(key, Some(path), 0, &[], (0, MAXIMUM_ALLOWED), core::ptr::null(), result, null_mut()) }
}

/// Opens a key with all rights, or makes it.
#[shim(ix = 109, mapping = "RegCreateKeyExW", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegCreateKeyW(key: Key, path: *const u16, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { create_plain(key, Some(text::wide(path)), result) }
}

/// Opens a key with all rights, or makes it.
#[shim(ix = 149, mapping = "RegCreateKeyExW", risk = Isolation("a key of another sandbox"))]
pub unsafe extern "system" fn RegCreateKeyA(key: Key, path: *const u8, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { create_plain(key, wide_of(path).as_deref(), result) }
}
