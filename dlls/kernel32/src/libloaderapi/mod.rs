//! libloaderapi.h: DLLs. Resources, and images that are loaded for their data alone, have files of their own.

mod data;
mod enumerate;
mod resource;

use crate::ansi;
use crate::nt::{self, check};
use crate::processthreadsapi::THIS_PROCESS;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Count, Handle, Pointer};
use guest::error::Win32Error;
use guest::nls::ANSI;
use guest::{router, shim, teb, text};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_MOD_NOT_FOUND, ERROR_NOT_SUPPORTED, HANDLE, UNICODE_STRING,
};
use windows_sys::Win32::System::Kernel::STRING;
use windows_sys::Win32::System::LibraryLoader::{
    DONT_RESOLVE_DLL_REFERENCES, GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
    LOAD_IGNORE_CODE_AUTHZ_LEVEL, LOAD_LIBRARY_AS_DATAFILE, LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE, LOAD_LIBRARY_AS_IMAGE_RESOURCE,
    LOAD_LIBRARY_SAFE_CURRENT_DIRS, LOAD_LIBRARY_SEARCH_APPLICATION_DIR, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR,
    LOAD_LIBRARY_SEARCH_SYSTEM32, LOAD_LIBRARY_SEARCH_USER_DIRS, LOAD_WITH_ALTERED_SEARCH_PATH,
};

/// A counted string over units; `None` where they are too many for one.
fn counted(units: &[u16]) -> Option<UNICODE_STRING> {
    let bytes = u16::try_from(size_of_val(units)).ok()?;
    Some(UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() })
}

/// The units of a name that must be there.
unsafe fn given<'a>(name: *const u16) -> Result<&'a [u16], Win32Error> {
    // SAFETY: NULL, or a string that ends in a NUL.
    if name.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(unsafe { text::wide(name) }) }
}

/// An ANSI string as units without a NUL; `None` for NULL.
unsafe fn converted(name: *const u8) -> Option<Vec<u16>> {
    // SAFETY: NULL, or a string that ends in a NUL.
    let mut units = unsafe { ansi::to_wide(name) }?;
    units.pop();
    Some(units)
}

const SEARCH: u32 = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR
    | LOAD_LIBRARY_SEARCH_APPLICATION_DIR
    | LOAD_LIBRARY_SEARCH_USER_DIRS
    | LOAD_LIBRARY_SEARCH_SYSTEM32
    | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS
    | LOAD_LIBRARY_SAFE_CURRENT_DIRS;
const DATA: u32 = LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE | LOAD_LIBRARY_AS_IMAGE_RESOURCE;

/// How a DLL is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Whole,
    Unresolved,
    Data,
}

router! {
    /// By flags; those that search in certain folders, and LOAD_IGNORE_CODE_AUTHZ_LEVEL, go with all the others.
    fn manner(flags: u32) -> Result<Manner, Win32Error> for "LoadLibraryEx", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & LOAD_WITH_ALTERED_SEARCH_PATH != 0 && flags & SEARCH != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        flags & LOAD_LIBRARY_AS_DATAFILE != 0 && flags & LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE != 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        flags & !(DATA | SEARCH | LOAD_WITH_ALTERED_SEARCH_PATH | DONT_RESOLVE_DLL_REFERENCES | LOAD_IGNORE_CODE_AUTHZ_LEVEL) == 0 && flags & DATA != 0 => Ok(Manner::Data);
        flags & !(SEARCH | LOAD_WITH_ALTERED_SEARCH_PATH | LOAD_IGNORE_CODE_AUTHZ_LEVEL) == 0 => Ok(Manner::Whole);
        flags & !(SEARCH | LOAD_WITH_ALTERED_SEARCH_PATH | LOAD_IGNORE_CODE_AUTHZ_LEVEL | DONT_RESOLVE_DLL_REFERENCES) == 0 => Ok(Manner::Unresolved);
        flags & (LOAD_LIBRARY_REQUIRE_SIGNED_TARGET | LOAD_LIBRARY_OS_INTEGRITY_CONTINUITY) != 0 => Err(Win32Error(ERROR_NOT_SUPPORTED));
    }
}

const LOAD_LIBRARY_REQUIRE_SIGNED_TARGET: u32 = 0x80;
const LOAD_LIBRARY_OS_INTEGRITY_CONTINUITY: u32 = 0x8000;

fn load(name: &[u16], flags: u32) -> Result<Handle, Win32Error> {
    // `LdrLoadDll`'s own flag for "map it, and nothing else".
    const UNRESOLVED: u32 = 2;
    let manner = manner(flags)?;
    // Blanks at the end do not count.
    let length = name.iter().rposition(|unit| *unit != u16::from(b' ')).map_or(0, |last| last + 1);
    let name: Vec<u16> = name[..length].iter().copied().chain([0]).collect();
    let string = counted(&name[..length]).filter(|_| length > 0).ok_or(Win32Error(ERROR_MOD_NOT_FOUND))?;
    let (mut path, mut rest) = (null_mut(), null_mut());
    // SAFETY: the name ends in a NUL, and lives through the calls; the path is given back.
    unsafe {
        check(nt::LdrGetDllPath(name.as_ptr(), flags & (SEARCH | LOAD_WITH_ALTERED_SEARCH_PATH), &raw mut path, &raw mut rest))?;
        if manner == Manner::Data {
            let mapped = data::map(&name[..length], text::wide(path), flags);
            nt::RtlReleasePath(path);
            return mapped;
        }
        let mut characteristics = if manner == Manner::Unresolved { UNRESOLVED } else { 0 };
        let mut handle = null_mut();
        let status = nt::LdrLoadDll(path, &raw mut characteristics, &raw const string, &raw mut handle);
        nt::RtlReleasePath(path);
        check(status).map(|_| Handle(handle))
    }
}

/// Loads a DLL, or adds a reference to one that is loaded.
#[shim(ix = 99, mapping = "LdrLoadDll", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LoadLibraryW(name: *const u16) -> Result<Handle, Win32Error> {
    load(unsafe { given(name) }?, 0)
}

/// Loads a DLL, or adds a reference to one that is loaded.
#[shim(ix = 52, mapping = "LoadLibraryW", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LoadLibraryA(name: *const u8) -> Result<Handle, Win32Error> {
    let name = unsafe { ansi::file_name(name) }?;
    load(&name[..name.len() - 1], 0)
}

/// Loads a DLL as flags say.
#[shim(ix = 50, mapping = "LdrLoadDll", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LoadLibraryExW(name: *const u16, file: HANDLE, flags: u32) -> Result<Handle, Win32Error> {
    if !file.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    load(unsafe { given(name) }?, flags)
}

/// Loads a DLL as flags say.
#[shim(ix = 156, mapping = "LoadLibraryExW", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LoadLibraryExA(name: *const u8, file: HANDLE, flags: u32) -> Result<Handle, Win32Error> {
    if !file.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let name = unsafe { ansi::file_name(name) }?;
    load(&name[..name.len() - 1], flags)
}

/// Gives a DLL back.
#[shim(ix = 23, mapping = "LdrUnloadDll", risk = Functional("a DLL that stays, or goes too early"))]
pub unsafe extern "system" fn FreeLibrary(module: HANDLE) -> Result<Bool, Win32Error> {
    if let Some(base) = data::unmarked(module) {
        return data::free(base).map(|()| Bool);
    }
    check(unsafe { nt::LdrUnloadDll(module) }).map(|_| Bool)
}

/// Gives a DLL back and ends the calling thread.
#[shim(ix = 229, mapping = "LdrUnloadDll, RtlExitUserThread", risk = Functional("a DLL that stays, or goes too early"))]
pub unsafe extern "system" fn FreeLibraryAndExitThread(module: HANDLE, code: u32) {
    unsafe {
        nt::LdrUnloadDll(module);
        nt::RtlExitUserThread(code);
    }
}

/// The module with a name, or the program for none.
fn find(name: Option<&[u16]>) -> Result<HANDLE, Win32Error> {
    let Some(name) = name else {
        // SAFETY: the PEB lives as long as the process.
        return Ok(unsafe { (*teb::peb()).image_base_address as HANDLE });
    };
    let string = counted(name).ok_or(Win32Error(ERROR_MOD_NOT_FOUND))?;
    let mut handle = null_mut();
    // SAFETY: the name lives through the call.
    check(unsafe { nt::LdrGetDllHandle(null(), null_mut(), &raw const string, &raw mut handle) })?;
    Ok(handle)
}

/// Answers the handle of a module that is loaded; the program's for NULL.
#[shim(ix = 10, mapping = "LdrGetDllHandle", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn GetModuleHandleW(name: *const u16) -> Result<Handle, Win32Error> {
    find(if name.is_null() { None } else { Some(unsafe { text::wide(name) }) }).map(Handle)
}

/// Answers the handle of a module that is loaded; the program's for NULL.
#[shim(ix = 86, mapping = "GetModuleHandleW", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn GetModuleHandleA(name: *const u8) -> Result<Handle, Win32Error> {
    find(unsafe { converted(name) }.as_deref()).map(Handle)
}

/// Finds a module by name or by an address in it, and changes its references as the flags say.
unsafe fn handle_ex(flags: u32, name: Option<&[u16]>, address: *const c_void, handle: *mut HANDLE) -> Result<Bool, Win32Error> {
    const PIN: u32 = GET_MODULE_HANDLE_EX_FLAG_PIN;
    const UNCHANGED: u32 = GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    const FROM_ADDRESS: u32 = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    const LDR_ADDREF_DLL_PIN: u32 = 1;
    // SAFETY: the caller's variable.
    let handle = unsafe { handle.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    *handle = null_mut();
    let from_address = flags & FROM_ADDRESS != 0;
    if flags & !(PIN | UNCHANGED | FROM_ADDRESS) != 0 || flags & (PIN | UNCHANGED) == PIN | UNCHANGED || from_address && address.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let module = if from_address {
        let mut base = null_mut();
        // SAFETY: takes any address.
        unsafe { nt::RtlPcToFileHeader(address, &raw mut base) };
        if base.is_null() { Err(Win32Error(ERROR_MOD_NOT_FOUND)) } else { Ok(base) }
    } else {
        find(name)
    }?;
    if flags & UNCHANGED == 0 {
        // SAFETY: the module was found above.
        check(unsafe { nt::LdrAddRefDll(if flags & PIN != 0 { LDR_ADDREF_DLL_PIN } else { 0 }, module) })?;
    }
    *handle = module;
    Ok(Bool)
}

/// Answers a module's handle by its name or an address in it, and adds a reference unless the flags say otherwise.
#[shim(ix = 71, mapping = "LdrGetDllHandle, LdrAddRefDll", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn GetModuleHandleExW(flags: u32, name: *const u16, handle: *mut HANDLE) -> Result<Bool, Win32Error> {
    let by_name = !name.is_null() && flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS == 0;
    unsafe { handle_ex(flags, by_name.then(|| text::wide(name)), name.cast(), handle) }
}

/// Answers a module's handle by its name or an address in it, and adds a reference unless the flags say otherwise.
#[shim(ix = 370, mapping = "GetModuleHandleExW", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn GetModuleHandleExA(flags: u32, name: *const u8, handle: *mut HANDLE) -> Result<Bool, Win32Error> {
    let by_name = flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS == 0;
    let units = if by_name { unsafe { converted(name) } } else { None };
    unsafe { handle_ex(flags, units.as_deref(), name.cast(), handle) }
}

/// A module's path.
fn path_of(module: HANDLE) -> Result<Vec<u16>, Win32Error> {
    let mut units = alloc::vec![0_u16; 0x7FFF];
    let mut string = UNICODE_STRING { Length: 0, MaximumLength: 0xFFFE, Buffer: units.as_mut_ptr() };
    // SAFETY: the buffer has that size.
    check(unsafe { nt::LdrGetDllFullName(module, &raw mut string) })?;
    units.truncate(usize::from(string.Length / 2));
    Ok(units)
}

/// Copies a path with its NUL; one that does not fit is cut, and the last error says so.
unsafe fn copy_path<T: Copy + Default>(path: &[T], buffer: *mut T, room: u32) -> u32 {
    if path.len() < room as usize {
        // SAFETY: it fits.
        return unsafe { ansi::copy_or_need(path, buffer, room) };
    }
    if let Some(fits) = room.checked_sub(1) {
        // SAFETY: that much fits, and the NUL.
        unsafe { ansi::copy_or_need(&path[..fits as usize], buffer, room) };
    }
    teb::set_last_error(ERROR_INSUFFICIENT_BUFFER);
    room
}

/// Answers a module's path; one that does not fit is cut, and the last error says so.
#[shim(ix = 20, mapping = "LdrGetDllFullName", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetModuleFileNameW(module: HANDLE, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    let path = path_of(module)?;
    teb::set_last_error(0);
    Ok(Count(unsafe { copy_path(&path, buffer, room) }))
}

/// Answers a module's path; one that does not fit is cut, and the last error says so.
#[shim(ix = 181, mapping = "GetModuleFileNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetModuleFileNameA(module: HANDLE, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    let path = ansi::from_wide(ansi::file_page(), &path_of(module)?);
    teb::set_last_error(0);
    Ok(Count(unsafe { copy_path(&path, buffer, room) }))
}

/// Answers the address of what a module exports, by name or, below 65,536, by number.
#[shim(ix = 3, mapping = "LdrGetProcedureAddress", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetProcAddress(module: HANDLE, name: *const u8) -> Result<Pointer<c_void>, Win32Error> {
    let module = if module.is_null() { find(None)? } else { module };
    let mut address = null_mut();
    let status = if name as usize >> 16 == 0 {
        unsafe { nt::LdrGetProcedureAddress(module, null(), name as usize as u32, &raw mut address) }
    } else {
        let bytes = unsafe { text::narrow(name) };
        let length = u16::try_from(bytes.len()).map_err(|_| Win32Error(windows_sys::Win32::Foundation::ERROR_PROC_NOT_FOUND))?;
        let string = STRING { Length: length, MaximumLength: length, Buffer: bytes.as_ptr().cast_mut().cast() };
        unsafe { nt::LdrGetProcedureAddress(module, &raw const string, 0, &raw mut address) }
    };
    check(status)?;
    Ok(Pointer(address))
}

/// Stops telling a DLL of threads.
#[shim(ix = 364, mapping = "LdrDisableThreadCalloutsForDll", risk = Functional("a notice too many"))]
pub unsafe extern "system" fn DisableThreadLibraryCalls(module: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::LdrDisableThreadCalloutsForDll(module) }).map(|_| Bool)
}

fn set_directory(folder: Option<&[u16]>) -> Result<Bool, Win32Error> {
    let string = folder.map(|folder| counted(folder).ok_or(Win32Error(ERROR_INVALID_PARAMETER))).transpose()?;
    // SAFETY: the string lives through the call.
    check(unsafe { nt::LdrSetDllDirectory(string.as_ref().map_or(null(), core::ptr::from_ref)) }).map(|_| Bool)
}

/// Puts a folder into the search path in place of the current one; NULL restores the standard search path.
#[shim(ix = 402, mapping = "LdrSetDllDirectory", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn SetDllDirectoryW(folder: *const u16) -> Result<Bool, Win32Error> {
    set_directory(if folder.is_null() { None } else { Some(unsafe { text::wide(folder) }) })
}

/// Puts a folder into the search path in place of the current one; NULL restores the standard search path.
#[shim(ix = 381, mapping = "SetDllDirectoryW", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn SetDllDirectoryA(folder: *const u8) -> Result<Bool, Win32Error> {
    set_directory(unsafe { converted(folder) }.as_deref())
}

fn directory() -> Result<Vec<u16>, Win32Error> {
    let mut units = alloc::vec![0_u16; 0x7FFF];
    let mut string = UNICODE_STRING { Length: 0, MaximumLength: 0xFFFE, Buffer: units.as_mut_ptr() };
    // SAFETY: the buffer has that size.
    check(unsafe { nt::LdrGetDllDirectory(&raw mut string) })?;
    units.truncate(usize::from(string.Length / 2));
    Ok(units)
}

/// Answers the folder that SetDllDirectory has set: its length, or the room it needs; 0 for none.
#[shim(ix = 632, mapping = "LdrGetDllDirectory", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetDllDirectoryW(room: u32, buffer: *mut u16) -> Result<Count<u32>, Win32Error> {
    let folder = directory()?;
    teb::set_last_error(0);
    Ok(Count(unsafe { ansi::copy_or_need(&folder, buffer, room) }))
}

/// Answers the folder that SetDllDirectory has set: its length, or the room it needs; 0 for none.
#[shim(ix = 633, mapping = "GetDllDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetDllDirectoryA(room: u32, buffer: *mut u8) -> Result<Count<u32>, Win32Error> {
    let folder = ansi::from_wide(ANSI, &directory()?);
    teb::set_last_error(0);
    Ok(Count(unsafe { ansi::copy_or_need(&folder, buffer, room) }))
}

/// Adds a folder, by its full path, that LOAD_LIBRARY_SEARCH_USER_DIRS searches; answers what removes it.
#[shim(ix = 534, mapping = "LdrAddDllDirectory", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn AddDllDirectory(folder: *const u16) -> Result<Pointer<c_void>, Win32Error> {
    let string = counted(unsafe { given(folder) }?).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let mut cookie = null_mut();
    check(unsafe { nt::LdrAddDllDirectory(&raw const string, &raw mut cookie) })?;
    Ok(Pointer(cookie))
}

/// Removes a folder that AddDllDirectory has added.
#[shim(ix = 569, mapping = "LdrRemoveDllDirectory", risk = Functional("a DLL that is found in vain"))]
pub unsafe extern "system" fn RemoveDllDirectory(cookie: *const c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::LdrRemoveDllDirectory(cookie.cast_mut()) }).map(|_| Bool)
}

/// Sets which folders LoadLibrary searches.
#[shim(ix = 634, mapping = "LdrSetDefaultDllDirectories", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn SetDefaultDllDirectories(flags: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::LdrSetDefaultDllDirectories(flags) }).map(|_| Bool)
}
