//! The modules of a process: which there are, where they lie, what they are called.

use super::text::Text;
use crate::module_list::{Module, Wanted, modules};
use crate::winbase::image_name::{NATIVE, image_name};
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOACCESS, HANDLE};
use windows_sys::Win32::System::ProcessStatus::MODULEINFO;

/// `LIST_MODULES_32BIT` and `LIST_MODULES_64BIT`.
const NARROW: u32 = 1;
const WIDE: u32 = 2;

unsafe fn list(process: HANDLE, bases: *mut HANDLE, room: u32, needed: *mut u32, filter: u32) -> Result<Bool, Win32Error> {
    if filter & !(NARROW | WIDE) != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let own = if cfg!(target_arch = "x86") { NARROW } else { WIDE };
    let all = modules(process, Wanted { narrow: filter & NARROW != 0, own: filter == 0 || filter & own != 0 })?;
    let fit = all.len().min(room as usize / size_of::<HANDLE>());
    if needed.is_null() || bases.is_null() && fit > 0 {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    for (index, module) in all[..fit].iter().enumerate() {
        unsafe { bases.add(index).write(module.base as HANDLE) };
    }
    unsafe { *needed = (all.len() * size_of::<HANDLE>()) as u32 };
    Ok(Bool)
}

/// Lists a process's modules, as many as fit; answers the room for all of them.
#[shim(ix = 425, mapping = "NtReadVirtualMemory", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn K32EnumProcessModules(process: HANDLE, bases: *mut HANDLE, room: u32, needed: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { list(process, bases, room, needed, 0) }
}

/// Lists a process's modules of one width or of both, as many as fit; answers the room for all of them.
#[shim(ix = 500, mapping = "NtReadVirtualMemory", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn K32EnumProcessModulesEx(
    process: HANDLE,
    bases: *mut HANDLE,
    room: u32,
    needed: *mut u32,
    filter: u32,
) -> Result<Bool, Win32Error> {
    unsafe { list(process, bases, room, needed, filter) }
}

/// One module of a process; NULL is its program.
fn find(process: HANDLE, base: HANDLE) -> Result<Module, Win32Error> {
    let all = modules(process, Wanted { narrow: true, own: true })?;
    let is_it = |module: &Module| base.is_null() || module.base == base as usize;
    all.into_iter().find(is_it).ok_or(Win32Error(ERROR_INVALID_HANDLE))
}

/// Answers where a module lies in a process.
#[shim(ix = 501, mapping = "NtReadVirtualMemory", risk = Wrong("a wrong place"))]
pub unsafe extern "system" fn K32GetModuleInformation(process: HANDLE, base: HANDLE, answer: *mut MODULEINFO, size: u32) -> Result<Bool, Win32Error> {
    if (size as usize) < size_of::<MODULEINFO>() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let module = find(process, base)?;
    let answer = unsafe { answer.as_mut() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    *answer = MODULEINFO { lpBaseOfDll: module.base as *mut c_void, SizeOfImage: module.size, EntryPoint: module.entry as *mut c_void };
    Ok(Bool)
}

/// Answers a module's path; what does not fit is cut.
#[shim(ix = 320, mapping = "NtReadVirtualMemory", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn K32GetModuleFileNameExW(process: HANDLE, base: HANDLE, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_cut(&path(process, base)?, buffer, room) }
}

/// Answers a module's path; what does not fit is cut.
#[shim(ix = 790, mapping = "K32GetModuleFileNameExW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn K32GetModuleFileNameExA(process: HANDLE, base: HANDLE, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_cut(&path(process, base)?, buffer, room) }
}

/// The program's path needs no look at its memory.
fn path(process: HANDLE, base: HANDLE) -> Result<Vec<u16>, Win32Error> {
    if base.is_null() { image_name(process, 0) } else { find(process, base).map(|module| module.path) }
}

/// Answers a module's name; what does not fit is cut.
#[shim(ix = 426, mapping = "NtReadVirtualMemory", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn K32GetModuleBaseNameW(process: HANDLE, base: HANDLE, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_cut(&find(process, base)?.name, buffer, room) }
}

/// Answers a module's name; what does not fit is cut.
#[shim(ix = 791, mapping = "K32GetModuleBaseNameW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn K32GetModuleBaseNameA(process: HANDLE, base: HANDLE, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_cut(&find(process, base)?.name, buffer, room) }
}

/// Answers the path of a process's program, with its device's name.
#[shim(ix = 792, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn K32GetProcessImageFileNameW(process: HANDLE, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_whole(&image_name(process, NATIVE)?, buffer, room) }
}

/// Answers the path of a process's program, with its device's name.
#[shim(ix = 793, mapping = "K32GetProcessImageFileNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn K32GetProcessImageFileNameA(process: HANDLE, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Text::put_whole(&image_name(process, NATIVE)?, buffer, room) }
}
