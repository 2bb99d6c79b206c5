//! memoryapi.h and winbase.h: files mapped into memory. The rest of memoryapi.h is in `memoryapi`.

use crate::named::{ObjectName, attributes as attributes_of, created, open};
use crate::nt::{NtCreateSection, NtMapViewOfSection, NtOpenSection, NtQueryVirtualMemory, NtUnmapViewOfSection, check};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Handle, Pointer};
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{ERROR_INVALID_ADDRESS, ERROR_INVALID_PARAMETER, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Memory::{
    FILE_MAP_COPY, FILE_MAP_EXECUTE, FILE_MAP_READ, FILE_MAP_WRITE, MEM_COMMIT, MEM_MAPPED, MEMORY_BASIC_INFORMATION, PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY, SEC_COMMIT, SECTION_MAP_EXECUTE,
    SECTION_MAP_READ, SECTION_MAP_WRITE, SECTION_QUERY,
};

/// `NtCurrentProcess()`.
const CURRENT: HANDLE = INVALID_HANDLE_VALUE;
/// `ViewUnmap`: a child process does not get the view.
const VIEW_UNMAP: i32 = 2;
const READ_CONTROL: u32 = 0x2_0000;

/// The bits of CreateFileMapping's protection that are a section's attributes (`SEC_*`).
const ATTRIBUTES: u32 = 0xFF80_0000;

/// The access that a mapping's handle has.
fn access(protect: u32) -> Result<u32, Win32Error> {
    let base = READ_CONTROL | SECTION_QUERY | SECTION_MAP_READ;
    Ok(base
        | match protect & 0xFF {
            PAGE_READONLY | PAGE_WRITECOPY => 0,
            PAGE_READWRITE => SECTION_MAP_WRITE,
            PAGE_EXECUTE_READ | PAGE_EXECUTE_WRITECOPY => SECTION_MAP_EXECUTE,
            PAGE_EXECUTE_READWRITE => SECTION_MAP_WRITE | SECTION_MAP_EXECUTE,
            _ => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
        })
}

/// Makes a mapping of a file, or of memory alone where the file is INVALID_HANDLE_VALUE.
unsafe fn create(
    file: HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    protect: u32,
    [high, low]: [u32; 2],
    name: Option<&ObjectName>,
) -> Result<Handle, Win32Error> {
    let access = access(protect)?;
    let size = i64::from(high) << 32 | i64::from(low);
    if file == INVALID_HANDLE_VALUE && size == 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let file = if file == INVALID_HANDLE_VALUE { null_mut() } else { file };
    let attributes = match protect & ATTRIBUTES {
        0 => SEC_COMMIT,
        attributes => attributes,
    };
    let object = unsafe { attributes_of(security, name) };
    let wanted = if size == 0 { null() } else { &raw const size };
    let mut handle = null_mut();
    let status = unsafe { NtCreateSection(&raw mut handle, access, &raw const object, wanted, protect & !ATTRIBUTES, attributes, file) };
    created(status, handle)
}

/// Makes a mapping of a file, or of memory alone.
#[shim(ix = 141, mapping = "NtCreateSection", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn CreateFileMappingW(
    file: HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    protect: u32,
    high: u32,
    low: u32,
    name: *const u16,
) -> Result<Handle, Win32Error> {
    unsafe { create(file, security, protect, [high, low], ObjectName::wide(name)?.as_deref()) }
}

/// Makes a mapping of a file, or of memory alone.
#[shim(ix = 236, mapping = "CreateFileMappingW", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn CreateFileMappingA(
    file: HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    protect: u32,
    high: u32,
    low: u32,
    name: *const u8,
) -> Result<Handle, Win32Error> {
    unsafe { create(file, security, protect, [high, low], ObjectName::narrow(name)?.as_deref()) }
}

/// The access that a view asks for, as a section's handle has it.
const fn section_access(access: u32) -> u32 {
    let access = if access == FILE_MAP_COPY { SECTION_MAP_READ } else { access };
    if access & FILE_MAP_EXECUTE != 0 { access & !FILE_MAP_EXECUTE | SECTION_MAP_EXECUTE } else { access }
}

/// Opens a mapping that has a name.
#[shim(ix = 280, mapping = "NtOpenSection", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn OpenFileMappingW(access: u32, inherit: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), section_access(access), inherit, NtOpenSection) }
}

/// Opens a mapping that has a name.
#[shim(ix = 506, mapping = "OpenFileMappingW", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn OpenFileMappingA(access: u32, inherit: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), section_access(access), inherit, NtOpenSection) }
}

router! {
    /// By the access that is asked for: the protection of the view.
    fn protection(access: u32) -> Result<u32, Win32Error> for "MapViewOfFileEx", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        access & FILE_MAP_WRITE != 0 && access & FILE_MAP_EXECUTE != 0 => Ok(PAGE_EXECUTE_READWRITE);
        access & FILE_MAP_WRITE != 0 => Ok(PAGE_READWRITE);
        access & FILE_MAP_COPY != 0 && access & FILE_MAP_EXECUTE != 0 => Ok(PAGE_EXECUTE_WRITECOPY);
        access & FILE_MAP_COPY != 0 => Ok(PAGE_WRITECOPY);
        access & FILE_MAP_EXECUTE != 0 => Ok(PAGE_EXECUTE_READ);
        access & FILE_MAP_READ != 0 => Ok(PAGE_READONLY);
        access == 0 => Ok(PAGE_NOACCESS);
    }
}

unsafe fn map(mapping: HANDLE, access: u32, high: u32, low: u32, bytes: usize, base: *const c_void) -> Result<Pointer<c_void>, Win32Error> {
    let mut base = base.cast_mut();
    let mut offset = i64::from(high) << 32 | i64::from(low);
    let mut size = bytes;
    let protect = protection(access)?;
    check(unsafe { NtMapViewOfSection(mapping, CURRENT, &raw mut base, 0, 0, &raw mut offset, &raw mut size, VIEW_UNMAP, 0, protect) })?;
    Ok(Pointer(base))
}

/// Maps a view of a mapping.
#[shim(ix = 92, mapping = "NtMapViewOfSection", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn MapViewOfFile(mapping: HANDLE, access: u32, high: u32, low: u32, bytes: usize) -> Result<Pointer<c_void>, Win32Error> {
    unsafe { map(mapping, access, high, low, bytes, null()) }
}

/// Maps a view of a mapping, at an address if one is given.
#[shim(ix = 457, mapping = "NtMapViewOfSection", risk = Isolation("a view of what was not granted"))]
pub unsafe extern "system" fn MapViewOfFileEx(
    mapping: HANDLE,
    access: u32,
    high: u32,
    low: u32,
    bytes: usize,
    base: *const c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    unsafe { map(mapping, access, high, low, bytes, base) }
}

/// Unmaps a view.
#[shim(ix = 91, mapping = "NtUnmapViewOfSection", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn UnmapViewOfFile(base: *const c_void) -> Result<Bool, Win32Error> {
    check(unsafe { NtUnmapViewOfSection(CURRENT, base.cast_mut()) }).map(|_| Bool)
}

/// Hands a view's changes to the disk: they are the host's already, and every reader of the file sees them.
#[shim(ix = 277, mapping = "views are the host's page cache", risk = Functional("data lost with the power"))]
pub unsafe extern "system" fn FlushViewOfFile(base: *const c_void, bytes: usize) -> Result<Bool, Win32Error> {
    // SAFETY: plain data, for which zero is a value.
    let mut run: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
    let size = size_of::<MEMORY_BASIC_INFORMATION>();
    check(unsafe { NtQueryVirtualMemory(CURRENT, base, 0, (&raw mut run).cast(), size, null_mut()) })?;
    let left = (run.BaseAddress as usize).saturating_add(run.RegionSize).saturating_sub(base as usize);
    if run.State != MEM_COMMIT || run.Type != MEM_MAPPED || bytes > left {
        return Err(Win32Error(ERROR_INVALID_ADDRESS));
    }
    Ok(Bool)
}
