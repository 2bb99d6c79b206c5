//! tlhelp32.h: pictures of the processes, their threads and modules. A picture is a section, whose handle is closed, inherited and
//! duplicated as any other; how far it has been read is written in it.

mod entry;
mod heap;
mod snapshot;

use crate::module_list::{Wanted, modules};
use crate::nt::{self, check};
use crate::process_list;
use crate::processthreadsapi::THIS_PROCESS;
use crate::psapi::Opened;
use alloc::vec::Vec;
use core::ffi::c_void;
use entry::{Entry, Given};
use guest::call::{Answer, Bool, FileHandle};
use guest::error::Win32Error;
use guest::{shim, teb};
use snapshot::{List, Snapshot};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    MODULEENTRY32, MODULEENTRY32W, PROCESSENTRY32, PROCESSENTRY32W, TH32CS_INHERIT, TH32CS_SNAPALL, TH32CS_SNAPMODULE, TH32CS_SNAPMODULE32,
    TH32CS_SNAPPROCESS, TH32CS_SNAPTHREAD, THREADENTRY32,
};
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_INFORMATION, PROCESS_VM_READ};

const KNOWN: u32 = TH32CS_SNAPALL | TH32CS_SNAPMODULE32 | TH32CS_INHERIT;

/// Does something with a process, by its number; 0 is this one.
fn with_process<T>(process: u32, work: impl FnOnce(HANDLE) -> Result<T, Win32Error>) -> Result<T, Win32Error> {
    if process == 0 || process == teb::process_id() {
        return work(THIS_PROCESS);
    }
    work(Opened::by_number(process, PROCESS_QUERY_INFORMATION | PROCESS_VM_READ)?.0)
}

/// Takes a picture of the processes, of all threads, of the modules of one process.
#[shim(ix = 440, mapping = "NtQuerySystemInformation, NtReadVirtualMemory, NtCreateSection", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn CreateToolhelp32Snapshot(flags: u32, process: u32) -> Result<FileHandle, Win32Error> {
    if flags & !KNOWN != 0 || flags & !TH32CS_INHERIT == 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let listed = if flags & (TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD) != 0 { process_list::all()? } else { Vec::new() };
    let mut snapshot = Snapshot::default();
    if flags & TH32CS_SNAPPROCESS != 0 {
        snapshot.add(List::Processes, listed.iter().map(Entry::process));
    }
    if flags & TH32CS_SNAPTHREAD != 0 {
        snapshot.add(List::Threads, listed.iter().flat_map(|process| process.threads.iter().map(|thread| Entry::thread(process, *thread))));
    }
    if flags & (TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32) != 0 {
        let wanted = Wanted { narrow: flags & TH32CS_SNAPMODULE32 != 0, own: flags & TH32CS_SNAPMODULE != 0 };
        let process = if process == 0 { teb::process_id() } else { process };
        let all = with_process(process, |handle| modules(handle, wanted))?;
        snapshot.add(List::Modules, all.iter().map(|module| Entry::module(process, module)));
    }
    snapshot.keep(flags & TH32CS_INHERIT != 0).map(FileHandle)
}

/// Answers the first entry of a list of a picture, or the next one.
unsafe fn walk<T: Given>(snapshot: HANDLE, list: List, first: bool, entry: *mut T) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's structure.
    let target = unsafe { entry::checked(entry) }?;
    *target = T::of(&snapshot::next(snapshot, list, first)?);
    Ok(Bool)
}

/// Answers the first process of a picture.
#[shim(ix = 564, mapping = "a section", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn Process32FirstW(snapshot: HANDLE, entry: *mut PROCESSENTRY32W) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Processes, true, entry) }
}

/// Answers the next process of a picture.
#[shim(ix = 566, mapping = "a section", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn Process32NextW(snapshot: HANDLE, entry: *mut PROCESSENTRY32W) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Processes, false, entry) }
}

/// Answers the first process of a picture.
#[shim(ix = 563, mapping = "Process32FirstW", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn Process32First(snapshot: HANDLE, entry: *mut PROCESSENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Processes, true, entry) }
}

/// Answers the next process of a picture.
#[shim(ix = 565, mapping = "Process32NextW", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn Process32Next(snapshot: HANDLE, entry: *mut PROCESSENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Processes, false, entry) }
}

/// Answers the first thread of a picture.
#[shim(ix = 798, mapping = "a section", risk = Wrong("a thread that is missed"))]
pub unsafe extern "system" fn Thread32First(snapshot: HANDLE, entry: *mut THREADENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Threads, true, entry) }
}

/// Answers the next thread of a picture.
#[shim(ix = 799, mapping = "a section", risk = Wrong("a thread that is missed"))]
pub unsafe extern "system" fn Thread32Next(snapshot: HANDLE, entry: *mut THREADENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Threads, false, entry) }
}

/// Answers the first module of a picture.
#[shim(ix = 504, mapping = "a section", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn Module32FirstW(snapshot: HANDLE, entry: *mut MODULEENTRY32W) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Modules, true, entry) }
}

/// Answers the next module of a picture.
#[shim(ix = 505, mapping = "a section", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn Module32NextW(snapshot: HANDLE, entry: *mut MODULEENTRY32W) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Modules, false, entry) }
}

/// Answers the first module of a picture.
#[shim(ix = 800, mapping = "Module32FirstW", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn Module32First(snapshot: HANDLE, entry: *mut MODULEENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Modules, true, entry) }
}

/// Answers the next module of a picture.
#[shim(ix = 801, mapping = "Module32NextW", risk = Wrong("a module that is missed"))]
pub unsafe extern "system" fn Module32Next(snapshot: HANDLE, entry: *mut MODULEENTRY32) -> Result<Bool, Win32Error> {
    unsafe { walk(snapshot, List::Modules, false, entry) }
}

/// Reads memory of a process by its number; 0 is this one.
#[shim(ix = 802, mapping = "NtReadVirtualMemory", risk = Isolation("memory of a process that is not the program's"))]
pub unsafe extern "system" fn Toolhelp32ReadProcessMemory(
    process: u32,
    address: *const c_void,
    buffer: *mut c_void,
    size: usize,
    read: *mut usize,
) -> Result<Answer, Win32Error> {
    with_process(process, |handle| check(unsafe { nt::NtReadVirtualMemory(handle, address, buffer, size, read) })).map(|_| Answer(true))
}
