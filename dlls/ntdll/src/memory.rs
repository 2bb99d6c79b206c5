//! Virtual memory and sections.

use crate::gate::ask;
use crate::sync::{name_of, open};
use core::ffi::c_void;
use gate::service::{AllocateMemory, CreateSection, FreeMemory, LockMemory, MapView, MemoryRun, ObjectKind, ProtectMemory, QueryMemory, UnmapView};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER_3, STATUS_INVALID_PARAMETER_4,
};
use windows_sys::Win32::System::Memory::MEMORY_BASIC_INFORMATION;
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_VM_OPERATION};

/// Checks that a handle stands for this process, whose memory it may change.
fn own(process: HANDLE) -> Result<(), Status> {
    crate::object::own_process(process, PROCESS_VM_OPERATION)
}

/// Reserves or commits memory of this process.
#[shim(ix = 59, mapping = "gate AllocateMemory", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn NtAllocateVirtualMemory(
    process: HANDLE,
    base: *mut *mut c_void,
    zero_bits: usize,
    size: *mut usize,
    kind: u32,
    protect: u32,
) -> Result<NtStatus, Status> {
    own(process)?;
    // Bits that must be zero at the top; from 32 on it is a mask of the bits that may be set.
    let limit = match zero_bits {
        0 => 0,
        1..=20 => (1 << (32 - zero_bits)) - 1,
        21..=31 => return Err(Status(STATUS_INVALID_PARAMETER_3)),
        mask => (u64::MAX >> (mask as u64).leading_zeros()) as u64,
    };
    let (wanted, wanted_size) = unsafe { (*base as u64, *size as u64) };
    let mut request = AllocateMemory { base: wanted, size: wanted_size, kind, protect, limit };
    ask(&mut request)?;
    unsafe {
        *base = request.base as usize as *mut c_void;
        *size = request.size as usize;
    }
    Ok(NtStatus::SUCCESS)
}

/// Decommits or releases memory of this process.
#[shim(ix = 60, mapping = "gate FreeMemory", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn NtFreeVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32) -> Result<NtStatus, Status> {
    own(process)?;
    let (wanted, wanted_size) = unsafe { (*base as u64, *size as u64) };
    let mut request = FreeMemory { base: wanted, size: wanted_size, kind, pad: 0 };
    ask(&mut request)?;
    unsafe {
        *base = request.base as usize as *mut c_void;
        *size = request.size as usize;
    }
    Ok(NtStatus::SUCCESS)
}

/// Changes the protection of committed pages of this process.
#[shim(ix = 61, mapping = "gate ProtectMemory", risk = Wrong("a wrong protection"))]
pub unsafe extern "system" fn NtProtectVirtualMemory(
    process: HANDLE,
    base: *mut *mut c_void,
    size: *mut usize,
    protect: u32,
    old: *mut u32,
) -> Result<NtStatus, Status> {
    own(process)?;
    if base.is_null() || size.is_null() || old.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let (wanted, wanted_size) = unsafe { (*base as u64, *size as u64) };
    let mut request = ProtectMemory { base: wanted, size: wanted_size, protect, old: 0 };
    ask(&mut request)?;
    unsafe {
        *base = request.base as usize as *mut c_void;
        *size = request.size as usize;
        *old = request.old;
    }
    Ok(NtStatus::SUCCESS)
}

/// What lies at an address of this process.
#[shim(ix = 62, mapping = "gate QueryMemory", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryVirtualMemory(
    process: HANDLE,
    address: *const c_void,
    class: i32,
    buffer: *mut c_void,
    length: usize,
    result: *mut usize,
) -> Result<NtStatus, Status> {
    const BASIC: i32 = 0;
    crate::object::own_process(process, PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION)?;
    if class != BASIC {
        return Err(Status(STATUS_INVALID_INFO_CLASS));
    }
    if length < size_of::<MEMORY_BASIC_INFORMATION>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    if buffer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = QueryMemory { address: address as u64, run: MemoryRun::default() };
    ask(&mut request)?;
    let run = request.run;
    // SAFETY: plain data, for which zero is a value.
    let mut basic: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
    basic.BaseAddress = run.base as usize as *mut c_void;
    basic.AllocationBase = run.allocation as usize as *mut c_void;
    basic.AllocationProtect = run.allocation_protect;
    basic.RegionSize = run.size as usize;
    basic.State = run.state;
    basic.Protect = run.protect;
    basic.Type = run.kind;
    unsafe { buffer.cast::<MEMORY_BASIC_INFORMATION>().write_unaligned(basic) };
    if !result.is_null() {
        unsafe { *result = size_of::<MEMORY_BASIC_INFORMATION>() };
    }
    Ok(NtStatus::SUCCESS)
}

unsafe fn change_lock(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32, unlock: u32) -> Result<NtStatus, Status> {
    const MAP_PROCESS: u32 = 1;
    own(process)?;
    // Locking into the machine's memory for good asks for a privilege that nobody has here.
    if kind != MAP_PROCESS {
        return Err(Status(STATUS_INVALID_PARAMETER_4));
    }
    let (wanted, wanted_size) = unsafe { (*base as u64, *size as u64) };
    let mut request = LockMemory { base: wanted, size: wanted_size, unlock, pad: 0 };
    let status = ask(&mut request)?;
    unsafe {
        *base = request.base as usize as *mut c_void;
        *size = request.size as usize;
    }
    Ok(NtStatus(status))
}

/// Keeps committed pages in memory; `STATUS_WAS_LOCKED` where they are kept already.
#[shim(ix = 227, mapping = "gate LockMemory", risk = Functional("pages that are swapped out"))]
pub unsafe extern "system" fn NtLockVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32) -> Result<NtStatus, Status> {
    unsafe { change_lock(process, base, size, kind, 0) }
}

/// Lets pages leave memory again.
#[shim(ix = 228, mapping = "gate LockMemory", risk = Functional("pages that stay in memory"))]
pub unsafe extern "system" fn NtUnlockVirtualMemory(
    process: HANDLE,
    base: *mut *mut c_void,
    size: *mut usize,
    kind: u32,
) -> Result<NtStatus, Status> {
    unsafe { change_lock(process, base, size, kind, 1) }
}

/// Makes a section of a file or of memory.
#[shim(ix = 63, mapping = "gate CreateSection", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn NtCreateSection(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    size: *const i64,
    protect: u32,
    attributes: u32,
    file: HANDLE,
) -> Result<NtStatus, Status> {
    let size = unsafe { size.as_ref() }.copied().unwrap_or(0) as u64;
    let (name, name_size, flags) = unsafe { name_of(object) };
    let mut request = CreateSection { file: file as u64, size, protect, attributes, access, flags, name, name_size, handle: 0 };
    let status = ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus(status))
}

/// Opens a section that has a name.
#[shim(ix = 479, mapping = "gate CreateObject", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn NtOpenSection(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::Section, handle, access, object) }
}

/// Maps a view of a section.
#[shim(ix = 64, mapping = "gate MapView", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn NtMapViewOfSection(
    section: HANDLE,
    process: HANDLE,
    base: *mut *mut c_void,
    _zero_bits: usize,
    _commit: usize,
    offset: *mut i64,
    size: *mut usize,
    _inherit: i32,
    kind: u32,
    protect: u32,
) -> Result<NtStatus, Status> {
    own(process)?;
    let offset = unsafe { offset.as_ref() }.copied().unwrap_or(0) as u64;
    let (wanted, wanted_size) = unsafe { (*base as u64, *size as u64) };
    let mut request = MapView { section: section as u64, base: wanted, size: wanted_size, offset, protect, kind };
    let status = ask(&mut request)?;
    unsafe {
        *base = request.base as usize as *mut c_void;
        *size = request.size as usize;
    }
    Ok(NtStatus(status))
}

/// Unmaps a view or an image.
#[shim(ix = 65, mapping = "gate UnmapView", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn NtUnmapViewOfSection(process: HANDLE, base: *mut c_void) -> Result<NtStatus, Status> {
    own(process)?;
    ask(&mut UnmapView { base: base as u64 }).map(NtStatus)
}
