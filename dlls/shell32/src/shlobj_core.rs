//! shlobj_core.h: where the known folders lie, and making folders.

use crate::folder::{Known, Owner, by_csidl, by_id, exists, make};
use crate::memory::allocate;
use alloc::vec::Vec;
use core::ptr::null_mut;
use guest::call::{Bool, HResult, LStatus};
use guest::error::{Failure, Win32Error};
use guest::nls::{self, ANSI};
use guest::{shim, text};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::UI::Shell::*;
use windows_sys::core::GUID;

guest::imports! {
    "ntdll" {
        fn NtQueryInformationToken(token: HANDLE, class: i32, buffer: *mut u8, length: u32, result: *mut u32) -> NTSTATUS;
    }
}

/// Whose folders a token's are. There is one user, but what is no token is nobody's.
fn owner(token: HANDLE) -> Result<Owner, Failure> {
    const TOKEN_USER: i32 = 1;
    if token.is_null() {
        return Ok(Owner::User);
    }
    if token as isize == -1 {
        return Ok(Owner::Default);
    }
    let mut needed = 0;
    // SAFETY: nothing is written but the size.
    match unsafe { NtQueryInformationToken(token, TOKEN_USER, null_mut(), 0, &raw mut needed) } {
        STATUS_BUFFER_TOO_SMALL => Ok(Owner::User),
        STATUS_ACCESS_DENIED => Err(Failure(E_ACCESSDENIED)),
        _ => Err(Failure(E_HANDLE)),
    }
}

/// What is to happen with a folder before its path is told.
struct Manner {
    create: bool,
    verify: bool,
    moved: bool,
}

/// A folder's path.
fn path(folder: &Known, owner: Owner, manner: &Manner) -> Result<Vec<u16>, Failure> {
    let path = folder.path(owner, manner.moved).ok_or(Failure(E_FAIL))?;
    if manner.create {
        match make(&path) {
            Err(error) if error != ERROR_ALREADY_EXISTS => return Err(Win32Error(error).into()),
            _ => {}
        }
    }
    if !manner.create && manner.verify && !exists(&path) {
        return Err(Win32Error(ERROR_FILE_NOT_FOUND).into());
    }
    Ok(path)
}

/// Answers a known folder's path in task memory.
#[shim(ix = 1, mapping = "the user's shell folders in the registry, and a table", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn SHGetKnownFolderPath(id: *const GUID, flags: u32, token: HANDLE, answer: *mut *mut u16) -> Result<HResult, Failure> {
    let Some(answer) = (unsafe { answer.as_mut() }) else { return Err(Failure(E_INVALIDARG)) };
    *answer = null_mut();
    let Some(id) = (unsafe { id.as_ref() }) else { return Err(Failure(E_INVALIDARG)) };
    let has = |flag: KNOWN_FOLDER_FLAG| flags & flag as u32 != 0;
    let folder = by_id(id).ok_or(Failure(E_INVALIDARG))?;
    let manner = Manner { create: has(KF_FLAG_CREATE), verify: !has(KF_FLAG_DONT_VERIFY), moved: !has(KF_FLAG_DEFAULT_PATH) };
    let found = path(&folder, owner(token)?, &manner)?;
    let block = allocate(2 * (found.len() + 1)).ok_or(Failure(E_OUTOFMEMORY))?.cast::<u16>();
    // SAFETY: the block has room for the path and its NUL.
    unsafe {
        block.copy_from_nonoverlapping(found.as_ptr(), found.len());
        *block.add(found.len()) = 0;
    }
    *answer = block;
    Ok(HResult::OK)
}

const MAX_PATH: usize = 260;
const CSIDL_FLAGS: u32 = 0xFF00;

/// The path of a folder with one of the older numbers; `S_FALSE` (no path) where it is not there.
fn old_path(csidl: u32, token: HANDLE, moved: bool) -> Result<Option<Vec<u16>>, Failure> {
    let folder = by_csidl(csidl & !CSIDL_FLAGS).ok_or(Failure(E_INVALIDARG))?;
    let manner = Manner { create: csidl & CSIDL_FLAG_CREATE != 0, verify: csidl & CSIDL_FLAG_DONT_VERIFY == 0, moved };
    let missing = Failure::from(Win32Error(ERROR_FILE_NOT_FOUND));
    match path(&folder, owner(token)?, &manner) {
        Err(failure) if failure == missing => Ok(None),
        found => found.map(|path| (path.len() < MAX_PATH).then_some(path)),
    }
}

/// Answers the path of a folder by its older number; the buffer has room for MAX_PATH units, and is empty where there is no path.
unsafe fn folder_path<T: Copy + Default>(
    csidl: i32,
    token: HANDLE,
    kind: u32,
    buffer: *mut T,
    convert: impl FnOnce(Vec<u16>) -> Vec<T>,
) -> Result<HResult, Failure> {
    if buffer.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    // SAFETY: the caller's buffer.
    unsafe { *buffer = T::default() };
    if kind > SHGFP_TYPE_DEFAULT as u32 {
        return Err(Failure(E_INVALIDARG));
    }
    let Some(path) = old_path(csidl as u32, token, kind == SHGFP_TYPE_CURRENT as u32)? else { return Ok(HResult::FALSE) };
    let path = convert(path);
    // SAFETY: it is shorter than MAX_PATH in units, and not longer in bytes of the code page.
    unsafe {
        buffer.copy_from_nonoverlapping(path.as_ptr(), path.len());
        *buffer.add(path.len()) = T::default();
    }
    Ok(HResult::OK)
}

fn narrow(path: Vec<u16>) -> Vec<u8> {
    nls::from_wide(ANSI, &path, b'?').unwrap_or_default().0
}

/// Answers a folder's path by its older number.
#[shim(ix = 16, mapping = "the user's shell folders in the registry, and a table", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn SHGetFolderPathW(_window: HANDLE, csidl: i32, token: HANDLE, kind: u32, buffer: *mut u16) -> Result<HResult, Failure> {
    unsafe { folder_path(csidl, token, kind, buffer, |path| path) }
}

/// Answers a folder's path by its older number.
#[shim(ix = 24, mapping = "SHGetFolderPathW", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn SHGetFolderPathA(_window: HANDLE, csidl: i32, token: HANDLE, kind: u32, buffer: *mut u8) -> Result<HResult, Failure> {
    unsafe { folder_path(csidl, token, kind, buffer, narrow) }
}

unsafe fn special_path<T: Copy + Default>(
    buffer: *mut T,
    csidl: i32,
    create: i32,
    convert: impl FnOnce(Vec<u16>) -> Vec<T>,
) -> Result<Bool, Win32Error> {
    let csidl = csidl & !(CSIDL_FLAGS as i32) | if create != 0 { CSIDL_FLAG_CREATE as i32 } else { 0 };
    // SAFETY: as the caller promises.
    match unsafe { folder_path(csidl, null_mut(), 0, buffer, convert) } {
        Ok(HResult::OK) => Ok(Bool),
        Ok(_) => Err(Win32Error(ERROR_FILE_NOT_FOUND)),
        Err(Failure(E_INVALIDARG)) => Err(Win32Error(ERROR_INVALID_PARAMETER)),
        Err(failure) => Err(Win32Error(failure.0 as u32 & 0xFFFF)),
    }
}

/// Answers a folder's path by its older number.
#[shim(ix = 9, mapping = "SHGetFolderPathW", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn SHGetSpecialFolderPathW(_window: HANDLE, buffer: *mut u16, csidl: i32, create: i32) -> Result<Bool, Win32Error> {
    unsafe { special_path(buffer, csidl, create, |path| path) }
}

/// Answers a folder's path by its older number.
#[shim(ix = 23, mapping = "SHGetFolderPathW", risk = Wrong("a wrong folder"))]
pub unsafe extern "system" fn SHGetSpecialFolderPathA(_window: HANDLE, buffer: *mut u8, csidl: i32, create: i32) -> Result<Bool, Win32Error> {
    unsafe { special_path(buffer, csidl, create, narrow) }
}

/// Makes a folder and those on its way.
fn create(path: &[u16]) -> Result<LStatus, Win32Error> {
    const LONGEST: usize = 248;
    let letter = |unit: u16| char::from_u32(unit.into()).is_some_and(|letter| letter.is_ascii_alphabetic());
    let is = |at: usize, byte: u8| path.get(at) == Some(&u16::from(byte));
    let absolute = path.first().is_some_and(|unit| letter(*unit)) && is(1, b':') && is(2, b'\\') || is(0, b'\\') && is(1, b'\\');
    if !absolute {
        return Err(Win32Error(ERROR_BAD_PATHNAME));
    }
    if path.len() >= LONGEST {
        return Err(Win32Error(ERROR_FILENAME_EXCED_RANGE));
    }
    match make(path) {
        Ok(()) => Ok(LStatus),
        Err(ERROR_ALREADY_EXISTS) if !exists(path) => Err(Win32Error(ERROR_FILE_EXISTS)),
        Err(error) => Err(Win32Error(error)),
    }
}

/// Makes a folder and those on its way; security is as for every folder.
#[shim(ix = 25, mapping = "CreateDirectoryW", risk = Functional("a folder that is not made"))]
pub unsafe extern "system" fn SHCreateDirectoryExW(_window: HANDLE, path: *const u16, _security: *const u8) -> Result<LStatus, Win32Error> {
    create(unsafe { text::wide(path) })
}

/// Makes a folder and those on its way; security is as for every folder.
#[shim(ix = 26, mapping = "SHCreateDirectoryExW", risk = Functional("a folder that is not made"))]
pub unsafe extern "system" fn SHCreateDirectoryExA(_window: HANDLE, path: *const u8, _security: *const u8) -> Result<LStatus, Win32Error> {
    create(&nls::to_wide(ANSI, unsafe { text::narrow(path) }, false).unwrap_or_default())
}

/// Makes a folder and those on its way.
#[shim(ix = 27, mapping = "SHCreateDirectoryExW", risk = Functional("a folder that is not made"))]
pub unsafe extern "system" fn SHCreateDirectory(_window: HANDLE, path: *const u16) -> Result<LStatus, Win32Error> {
    create(unsafe { text::wide(path) })
}
