//! memoryapi.h: virtual memory. Views of files have a file of their own.

use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::{Bool, Count, Pointer};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::System::Memory::{
    MEM_DECOMMIT, MEM_RELEASE, MEMORY_BASIC_INFORMATION, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
};

const THIS_PROCESS: HANDLE = usize::MAX as HANDLE;
/// `MemoryBasicInformation`.
const BASIC: i32 = 0;

unsafe fn allocate(process: HANDLE, address: *const c_void, size: usize, kind: u32, protect: u32) -> Result<Pointer<c_void>, Win32Error> {
    let (mut base, mut size) = (address.cast_mut(), size);
    // SAFETY: both live through the call.
    check(unsafe { nt::NtAllocateVirtualMemory(process, &raw mut base, 0, &raw mut size, kind, protect) })?;
    Ok(Pointer(base))
}

/// Reserves or commits memory of this process.
#[shim(ix = 62, mapping = "NtAllocateVirtualMemory", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn VirtualAlloc(address: *const c_void, size: usize, kind: u32, protect: u32) -> Result<Pointer<c_void>, Win32Error> {
    unsafe { allocate(THIS_PROCESS, address, size, kind, protect) }
}

/// Reserves or commits memory of a process.
#[shim(ix = 635, mapping = "NtAllocateVirtualMemory", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn VirtualAllocEx(
    process: HANDLE,
    address: *const c_void,
    size: usize,
    kind: u32,
    protect: u32,
) -> Result<Pointer<c_void>, Win32Error> {
    unsafe { allocate(process, address, size, kind, protect) }
}

unsafe fn free(process: HANDLE, address: *mut c_void, size: usize, kind: u32) -> Result<Bool, Win32Error> {
    // A release frees a whole allocation; the function, unlike the system call, insists that no size is given.
    if kind == MEM_RELEASE && size != 0 || kind != MEM_RELEASE && kind != MEM_DECOMMIT {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let (mut base, mut size) = (address, size);
    // SAFETY: both live through the call.
    check(unsafe { nt::NtFreeVirtualMemory(process, &raw mut base, &raw mut size, kind) }).map(|_| Bool)
}

/// Decommits or releases memory of this process.
#[shim(ix = 63, mapping = "NtFreeVirtualMemory", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn VirtualFree(address: *mut c_void, size: usize, kind: u32) -> Result<Bool, Win32Error> {
    unsafe { free(THIS_PROCESS, address, size, kind) }
}

/// Decommits or releases memory of a process.
#[shim(ix = 636, mapping = "NtFreeVirtualMemory", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn VirtualFreeEx(process: HANDLE, address: *mut c_void, size: usize, kind: u32) -> Result<Bool, Win32Error> {
    unsafe { free(process, address, size, kind) }
}

unsafe fn protect_pages(process: HANDLE, address: *const c_void, size: usize, protect: u32, old: *mut u32) -> Result<Bool, Win32Error> {
    let (mut base, mut size) = (address.cast_mut(), size);
    // SAFETY: all live through the call; the caller's pointer is checked there.
    check(unsafe { nt::NtProtectVirtualMemory(process, &raw mut base, &raw mut size, protect, old) }).map(|_| Bool)
}

/// Changes the protection of committed pages of this process.
#[shim(ix = 47, mapping = "NtProtectVirtualMemory", risk = Wrong("a wrong protection"))]
pub unsafe extern "system" fn VirtualProtect(address: *const c_void, size: usize, protect: u32, old: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { protect_pages(THIS_PROCESS, address, size, protect, old) }
}

/// Changes the protection of committed pages of a process.
#[shim(ix = 637, mapping = "NtProtectVirtualMemory", risk = Wrong("a wrong protection"))]
pub unsafe extern "system" fn VirtualProtectEx(
    process: HANDLE,
    address: *const c_void,
    size: usize,
    protect: u32,
    old: *mut u32,
) -> Result<Bool, Win32Error> {
    unsafe { protect_pages(process, address, size, protect, old) }
}

unsafe fn query(process: HANDLE, address: *const c_void, answer: *mut MEMORY_BASIC_INFORMATION, size: usize) -> Result<Count<usize>, Win32Error> {
    let mut written = 0;
    // SAFETY: the caller's buffer has that size.
    check(unsafe { nt::NtQueryVirtualMemory(process, address, BASIC, answer.cast(), size, &raw mut written) })?;
    Ok(Count(written))
}

/// What lies at an address of this process.
#[shim(ix = 96, mapping = "NtQueryVirtualMemory", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn VirtualQuery(
    address: *const c_void,
    answer: *mut MEMORY_BASIC_INFORMATION,
    size: usize,
) -> Result<Count<usize>, Win32Error> {
    unsafe { query(THIS_PROCESS, address, answer, size) }
}

/// What lies at an address of a process.
#[shim(ix = 386, mapping = "NtQueryVirtualMemory", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn VirtualQueryEx(
    process: HANDLE,
    address: *const c_void,
    answer: *mut MEMORY_BASIC_INFORMATION,
    size: usize,
) -> Result<Count<usize>, Win32Error> {
    unsafe { query(process, address, answer, size) }
}

/// Reads memory of a process.
#[shim(ix = 463, mapping = "NtReadVirtualMemory", risk = Isolation("memory of a process that is not the program's"))]
pub unsafe extern "system" fn ReadProcessMemory(
    process: HANDLE,
    address: *const c_void,
    buffer: *mut c_void,
    size: usize,
    read: *mut usize,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtReadVirtualMemory(process, address, buffer, size, read) }).map(|_| Bool)
}

/// Writes memory of a process. Code of this process is made writable for that long.
#[shim(ix = 527, mapping = "NtWriteVirtualMemory", risk = Isolation("memory of a process that is not the program's"))]
pub unsafe extern "system" fn WriteProcessMemory(
    process: HANDLE,
    address: *mut c_void,
    buffer: *const c_void,
    size: usize,
    written: *mut usize,
) -> Result<Bool, Win32Error> {
    let write = || check(unsafe { nt::NtWriteVirtualMemory(process, address, buffer, size, written) }).map(|_| Bool);
    let mut memory = MEMORY_BASIC_INFORMATION::default();
    let queried = unsafe { query(process, address, &raw mut memory, size_of_val(&memory)) };
    if queried.is_err() || !matches!(memory.Protect, PAGE_EXECUTE | PAGE_EXECUTE_READ) {
        return write();
    }
    let mut before = 0;
    unsafe { protect_pages(process, address, size, PAGE_EXECUTE_READWRITE, &raw mut before) }?;
    let done = write();
    unsafe { protect_pages(process, address, size, before, &raw mut before) }?;
    done
}

/// Keeps committed pages in memory.
#[shim(ix = 468, mapping = "NtLockVirtualMemory", risk = Functional("pages that are swapped out"))]
pub unsafe extern "system" fn VirtualLock(address: *const c_void, size: usize) -> Result<Bool, Win32Error> {
    const MAP_PROCESS: u32 = 1;
    let (mut base, mut size) = (address.cast_mut(), size);
    check(unsafe { nt::NtLockVirtualMemory(THIS_PROCESS, &raw mut base, &raw mut size, MAP_PROCESS) }).map(|_| Bool)
}

/// Lets pages leave memory again.
#[shim(ix = 576, mapping = "NtUnlockVirtualMemory", risk = Functional("pages that stay in memory"))]
pub unsafe extern "system" fn VirtualUnlock(address: *const c_void, size: usize) -> Result<Bool, Win32Error> {
    const MAP_PROCESS: u32 = 1;
    let (mut base, mut size) = (address.cast_mut(), size);
    check(unsafe { nt::NtUnlockVirtualMemory(THIS_PROCESS, &raw mut base, &raw mut size, MAP_PROCESS) }).map(|_| Bool)
}
