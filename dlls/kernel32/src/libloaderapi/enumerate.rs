//! Enumerating resources: their types, names and languages.

use super::resource::Id;
use crate::ansi;
use crate::nt::{self, check};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::nls::ANSI;
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, ERROR_RESOURCE_ENUM_USER_STOP, ERROR_RESOURCE_NAME_NOT_FOUND, ERROR_RESOURCE_TYPE_NOT_FOUND, HANDLE,
};

/// Called for a type: module, type, the caller's value.
type Type = unsafe extern "system" fn(HANDLE, usize, isize) -> i32;
/// Called for a name: module, type, name, the caller's value.
type Name = unsafe extern "system" fn(HANDLE, usize, usize, isize) -> i32;
/// Called for a language: module, type, name, language, the caller's value.
type Language = unsafe extern "system" fn(HANDLE, usize, usize, u16, isize) -> i32;

/// Where resources are looked for (`RESOURCE_ENUM_*`).
const IN_MODULE: u32 = 1;
const KNOWN: u32 = 0x1F;

/// What a directory's entries are called: numbers, or names with their NUL.
unsafe fn called(module: HANDLE, path: &[usize]) -> Result<Vec<Result<u16, Vec<u16>>>, Win32Error> {
    let (mut root, mut directory) = (null(), null());
    // SAFETY: the path's strings end in a NUL; `ntdll` answers directories of the image, whose entries lie in it.
    unsafe {
        check(nt::LdrFindResourceDirectory_U(module, null(), 0, &raw mut root))?;
        check(nt::LdrFindResourceDirectory_U(module, path.as_ptr(), path.len() as u32, &raw mut directory))?;
        let counts = directory.byte_add(12).cast::<[u16; 2]>().read_unaligned();
        let count = usize::from(counts[0]) + usize::from(counts[1]);
        let entries = directory.byte_add(16).cast::<[u32; 2]>();
        Ok((0..count).map(|index| entry(root, entries.add(index).read_unaligned()[0])).collect())
    }
}

unsafe fn entry(root: *const c_void, called: u32) -> Result<u16, Vec<u16>> {
    const NAMED: u32 = 0x8000_0000;
    if called & NAMED == 0 {
        return Ok(called as u16);
    }
    // SAFETY: a name is a counted string in the tree.
    unsafe {
        let text = root.byte_add((called & !NAMED) as usize).cast::<u16>();
        let mut units = alloc::vec![0; usize::from(text.read_unaligned()) + 1];
        units.as_mut_ptr().copy_from_nonoverlapping(text.add(1), usize::from(text.read_unaligned()));
        Err(units)
    }
}

/// What a callback is told: a number, or the address of a name, which is a wide or an ANSI one.
fn told(called: &Result<u16, Vec<u16>>, wide: bool, narrow: &mut Vec<u8>) -> usize {
    match called {
        Ok(number) => usize::from(*number),
        Err(units) if wide => units.as_ptr() as usize,
        Err(units) => {
            *narrow = ansi::from_wide(ANSI, units);
            narrow.as_ptr() as usize
        }
    }
}

/// Whether the flags name anything but the module's own resources; others lie in language files, which we have none of.
fn look_in_module(flags: u32) -> Result<bool, Win32Error> {
    if flags & !KNOWN != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    Ok(flags == 0 || flags & IN_MODULE != 0)
}

/// Calls back for each entry of a directory until the callback says stop.
unsafe fn each(module: HANDLE, path: &[usize], flags: u32, wide: bool, mut call: impl FnMut(usize, u16) -> i32) -> Result<Bool, Win32Error> {
    if !look_in_module(flags)? {
        return Err(Win32Error(windows_sys::Win32::Foundation::ERROR_RESOURCE_DATA_NOT_FOUND));
    }
    let mut narrow = Vec::new();
    for name in unsafe { called(module, path) }? {
        if call(told(&name, wide, &mut narrow), *name.as_ref().unwrap_or(&0)) == 0 {
            return Err(Win32Error(ERROR_RESOURCE_ENUM_USER_STOP));
        }
    }
    Ok(Bool)
}

fn given<T>(callback: *const c_void) -> Result<T, Win32Error> {
    const { assert!(size_of::<T>() == size_of::<usize>()) };
    if callback.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: the caller gives a function of this form.
    Ok(unsafe { core::mem::transmute_copy(&callback) })
}

unsafe fn types(module: HANDLE, callback: *const c_void, value: isize, flags: u32, wide: bool) -> Result<Bool, Win32Error> {
    let callback: Type = given(callback)?;
    unsafe { each(module, &[], flags, wide, |kind, _| callback(module, kind, value)) }
}

unsafe fn names(module: HANDLE, kind: &Id, told: usize, callback: *const c_void, value: isize, flags: u32, wide: bool) -> Result<Bool, Win32Error> {
    let callback: Name = given(callback)?;
    if kind.value() == 0 {
        return Err(Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND));
    }
    unsafe { each(module, &[kind.value()], flags, wide, |name, _| callback(module, told, name, value)) }
}

unsafe fn languages(module: HANDLE, ids: [&Id; 2], told: [usize; 2], callback: *const c_void, value: isize, flags: u32) -> Result<Bool, Win32Error> {
    let callback: Language = given(callback)?;
    unsafe { each(module, &ids.map(Id::value), flags, true, |_, language| callback(module, told[0], told[1], language, value)) }
}

/// Calls back for each type of resources in a module.
#[shim(ix = 696, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceTypesW(module: HANDLE, callback: *const c_void, value: isize) -> Result<Bool, Win32Error> {
    unsafe { types(module, callback, value, 0, true) }
}

/// Calls back for each type of resources in a module.
#[shim(ix = 697, mapping = "EnumResourceTypesW", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceTypesA(module: HANDLE, callback: *const c_void, value: isize) -> Result<Bool, Win32Error> {
    unsafe { types(module, callback, value, 0, false) }
}

/// Calls back for each type of resources in a module.
#[shim(ix = 698, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceTypesExW(
    module: HANDLE,
    callback: *const c_void,
    value: isize,
    flags: u32,
    _language: u16,
) -> Result<Bool, Win32Error> {
    unsafe { types(module, callback, value, flags, true) }
}

/// Calls back for each name of a type of resources.
#[shim(ix = 365, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceNamesW(
    module: HANDLE,
    kind: *const u16,
    callback: *const c_void,
    value: isize,
) -> Result<Bool, Win32Error> {
    unsafe { names(module, &Id::Given(kind as usize), kind as usize, callback, value, 0, true) }
}

/// Calls back for each name of a type of resources.
#[shim(ix = 542, mapping = "EnumResourceNamesW", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceNamesA(module: HANDLE, kind: *const u8, callback: *const c_void, value: isize) -> Result<Bool, Win32Error> {
    let id = unsafe { Id::from_ansi(kind) }.ok_or(Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND))?;
    unsafe { names(module, &id, kind as usize, callback, value, 0, false) }
}

/// Calls back for each name of a type of resources.
#[shim(ix = 699, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceNamesExW(
    module: HANDLE,
    kind: *const u16,
    callback: *const c_void,
    value: isize,
    flags: u32,
    _language: u16,
) -> Result<Bool, Win32Error> {
    unsafe { names(module, &Id::Given(kind as usize), kind as usize, callback, value, flags, true) }
}

/// Calls back for each language that a resource comes in.
#[shim(ix = 390, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceLanguagesW(
    module: HANDLE,
    kind: *const u16,
    name: *const u16,
    callback: *const c_void,
    value: isize,
) -> Result<Bool, Win32Error> {
    let told = [kind as usize, name as usize];
    unsafe { languages(module, [&Id::Given(told[0]), &Id::Given(told[1])], told, callback, value, 0) }
}

/// Calls back for each language that a resource comes in.
#[shim(ix = 482, mapping = "EnumResourceLanguagesW", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceLanguagesA(
    module: HANDLE,
    kind: *const u8,
    name: *const u8,
    callback: *const c_void,
    value: isize,
) -> Result<Bool, Win32Error> {
    let kind_id = unsafe { Id::from_ansi(kind) }.ok_or(Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND))?;
    let name_id = unsafe { Id::from_ansi(name) }.ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?;
    unsafe { languages(module, [&kind_id, &name_id], [kind as usize, name as usize], callback, value, 0) }
}

/// Calls back for each language that a resource comes in.
#[shim(ix = 700, mapping = "LdrFindResourceDirectory_U", risk = Wrong("a resource that is missed"))]
pub unsafe extern "system" fn EnumResourceLanguagesExW(
    module: HANDLE,
    kind: *const u16,
    name: *const u16,
    callback: *const c_void,
    value: isize,
    flags: u32,
    _language: u16,
) -> Result<Bool, Win32Error> {
    let told = [kind as usize, name as usize];
    unsafe { languages(module, [&Id::Given(told[0]), &Id::Given(told[1])], told, callback, value, flags) }
}
