//! Bytes: reading, writing, positions, sizes.

use crate::information::{high, query, query_volume, set};
use crate::nt::{NtFlushBuffersFile, NtReadFile, NtWaitForSingleObject, NtWriteFile, check};
use crate::open::block;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Count, Number};
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_POSITION_INFORMATION, FILE_STANDARD_INFORMATION, FileEndOfFileInformation, FilePositionInformation, FileStandardInformation,
    FileValidDataLengthInformation,
};
use windows_sys::Wdk::System::SystemServices::FILE_FS_DEVICE_INFORMATION;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_IO_PENDING, ERROR_NEGATIVE_SEEK, HANDLE, NTSTATUS, STATUS_BUFFER_OVERFLOW,
    STATUS_END_OF_FILE, STATUS_PENDING,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_BEGIN, FILE_CURRENT, FILE_END, FILE_TYPE_CHAR, FILE_TYPE_DISK, FILE_TYPE_PIPE, FILE_TYPE_UNKNOWN,
};
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, OVERLAPPED};

/// `FileFsDeviceInformation`.
const DEVICE: i32 = 4;

/// The position that an OVERLAPPED brings.
///
/// # Safety
/// It is readable.
pub unsafe fn position_of(overlapped: *const OVERLAPPED) -> i64 {
    // SAFETY: as the caller promises; this member of the union is what file functions use.
    let at = unsafe { (*overlapped).Anonymous.Anonymous };
    i64::from(at.OffsetHigh) << 32 | i64::from(at.Offset)
}

/// Event, context, status block and position of a request.
pub struct Request {
    /// What is set at its end, or NULL.
    pub event: HANDLE,
    /// What a completion port hears of it, or NULL.
    pub context: *const c_void,
    /// Where it is told how it went.
    pub block: *mut IO_STATUS_BLOCK,
    /// Where it begins.
    pub at: *const i64,
}

impl Request {
    /// That of an OVERLAPPED, which pends from now on.
    ///
    /// # Safety
    /// The OVERLAPPED is the caller's, and lives as long as the request.
    pub unsafe fn of(overlapped: *mut OVERLAPPED, at: &i64) -> Self {
        // SAFETY: as the caller promises.
        let event = unsafe {
            (*overlapped).Internal = STATUS_PENDING as usize;
            (*overlapped).hEvent as usize
        };
        // The lowest bit of the event keeps a completion port from hearing of it.
        let context = if event & 1 == 0 { overlapped.cast_const().cast() } else { null() };
        Self { event: (event & !1) as HANDLE, context, block: overlapped.cast(), at }
    }
}

/// Moves bytes at the handle's position, or at that of an OVERLAPPED, which is told how it went, be it now or later.
unsafe fn transfer(file: HANDLE, moved: *mut u32, overlapped: *mut OVERLAPPED, call: impl FnOnce(Request) -> NTSTATUS) -> Result<Bool, Win32Error> {
    if !moved.is_null() {
        unsafe { *moved = 0 };
    }
    if overlapped.is_null() {
        return unsafe { transfer_here(file, moved, call) };
    }
    let at = unsafe { position_of(overlapped) };
    let status = call(unsafe { Request::of(overlapped, &at) });
    if status == STATUS_PENDING {
        return Err(Win32Error(ERROR_IO_PENDING));
    }
    if !moved.is_null() && tells_bytes(status) {
        unsafe { *moved = (*overlapped).InternalHigh as u32 };
    }
    check(status).map(|_| Bool)
}

/// Whether bytes were moved: also where a message is longer than they are.
const fn tells_bytes(status: NTSTATUS) -> bool {
    status >= 0 || status == STATUS_BUFFER_OVERFLOW
}

/// As [`transfer`], without an OVERLAPPED: what pends is waited for.
unsafe fn transfer_here(file: HANDLE, moved: *mut u32, call: impl FnOnce(Request) -> NTSTATUS) -> Result<Bool, Win32Error> {
    let mut own = block();
    let mut status = call(Request { event: null_mut(), context: null(), block: &raw mut own, at: null() });
    if status == STATUS_PENDING {
        check(unsafe { NtWaitForSingleObject(file, 0, null()) })?;
        // SAFETY: the request is complete, and told its status here.
        status = unsafe { (&raw const own.Anonymous.Status).read_volatile() };
    }
    // At the end, a read at a position of its own fails; one at the handle's reads nothing.
    if status == STATUS_END_OF_FILE {
        return Ok(Bool);
    }
    if !moved.is_null() && tells_bytes(status) {
        unsafe { *moved = own.Information as u32 };
    }
    check(status).map(|_| Bool)
}

/// Reads from a file, pipe or console.
#[shim(ix = 29, mapping = "NtReadFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn ReadFile(
    file: HANDLE,
    buffer: *mut c_void,
    length: u32,
    read: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    unsafe {
        transfer(file, read, overlapped, |request| {
            let Request { event, context, block, at } = request;
            NtReadFile(file, event, null(), context, block, buffer, length, at, null())
        })
    }
}

/// Writes to a file, pipe or console.
#[shim(ix = 0, mapping = "NtWriteFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn WriteFile(
    file: HANDLE,
    buffer: *const c_void,
    length: u32,
    written: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    unsafe {
        transfer(file, written, overlapped, |request| {
            let Request { event, context, block, at } = request;
            NtWriteFile(file, event, null(), context, block, buffer, length, at, null())
        })
    }
}

/// Writes what is buffered to the disk.
#[shim(ix = 43, mapping = "NtFlushBuffersFile", risk = Functional("data lost with the power"))]
pub unsafe extern "system" fn FlushFileBuffers(file: HANDLE) -> Result<Bool, Win32Error> {
    let mut block = block();
    check(unsafe { NtFlushBuffersFile(file, &raw mut block) }).map(|_| Bool)
}

fn position(file: HANDLE) -> Result<i64, Win32Error> {
    query::<FILE_POSITION_INFORMATION>(file, FilePositionInformation).map(|position| position.CurrentByteOffset)
}

fn size(file: HANDLE) -> Result<i64, Win32Error> {
    query::<FILE_STANDARD_INFORMATION>(file, FileStandardInformation).map(|standard| standard.EndOfFile)
}

/// Where a seek leads: from the start, from here, from the end.
fn target(file: HANDLE, distance: i64, method: u32) -> Result<i64, Win32Error> {
    let from = match method {
        FILE_BEGIN => 0,
        FILE_CURRENT => position(file)?,
        FILE_END => size(file)?,
        _ => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
    };
    let target = from.checked_add(distance).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    if target < 0 { Err(Win32Error(ERROR_NEGATIVE_SEEK)) } else { Ok(target) }
}

fn move_to(file: HANDLE, target: i64) -> Result<(), Win32Error> {
    set(file, FilePositionInformation, &FILE_POSITION_INFORMATION { CurrentByteOffset: target })
}

/// Moves the position of a file: the lower half of the new one, and the upper half where it is asked for.
#[shim(ix = 107, mapping = "NtSetInformationFile", risk = Wrong("a wrong position"))]
pub unsafe extern "system" fn SetFilePointer(file: HANDLE, low: i32, upper: *mut i32, method: u32) -> Result<Number, Win32Error> {
    let distance = unsafe { upper.as_ref() }.map_or(i64::from(low), |upper| i64::from(*upper) << 32 | i64::from(low as u32));
    let target = target(file, distance, method)?;
    match unsafe { upper.as_mut() } {
        None if target > u32::MAX.into() => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
        upper => {
            move_to(file, target)?;
            if let Some(upper) = upper {
                *upper = high(target) as i32;
            }
        }
    }
    // A lower half of all ones is no failure, and the last error says so.
    if target as u32 == u32::MAX {
        teb::set_last_error(0);
    }
    Ok(Number(target as u32))
}

/// Moves the position of a file.
#[shim(ix = 75, mapping = "NtSetInformationFile", risk = Wrong("a wrong position"))]
pub unsafe extern "system" fn SetFilePointerEx(file: HANDLE, distance: i64, new: *mut i64, method: u32) -> Result<Bool, Win32Error> {
    let target = target(file, distance, method)?;
    move_to(file, target)?;
    if !new.is_null() {
        unsafe { *new = target };
    }
    Ok(Bool)
}

/// Says how much of a file has been written; the rest would show what was on the disk before, and takes a privilege.
#[shim(ix = 571, mapping = "NtSetInformationFile", risk = Functional("a file that is not lengthened at once"))]
pub unsafe extern "system" fn SetFileValidData(file: HANDLE, length: i64) -> Result<Bool, Win32Error> {
    set(file, FileValidDataLengthInformation, &length).map(|()| Bool)
}

/// Ends a file at its position.
#[shim(ix = 74, mapping = "NtSetInformationFile", risk = Wrong("a file of a wrong size"))]
pub unsafe extern "system" fn SetEndOfFile(file: HANDLE) -> Result<Bool, Win32Error> {
    set(file, FileEndOfFileInformation, &position(file)?).map(|()| Bool)
}

/// Answers a file's size: the lower half, and the upper half where it is asked for.
#[shim(ix = 166, mapping = "NtQueryInformationFile", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetFileSize(file: HANDLE, upper: *mut u32) -> Result<Number, Win32Error> {
    let size = size(file)?;
    if !upper.is_null() {
        unsafe { *upper = high(size) };
    }
    if size as u32 == u32::MAX {
        teb::set_last_error(0);
    }
    Ok(Number(size as u32))
}

/// Answers a file's size.
#[shim(ix = 143, mapping = "NtQueryInformationFile", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetFileSizeEx(file: HANDLE, answer: *mut i64) -> Result<Bool, Win32Error> {
    unsafe { *answer = size(file)? };
    Ok(Bool)
}

/// Answers whether a handle is a file's, a pipe's or a character device's.
#[shim(ix = 28, mapping = "NtQueryVolumeInformationFile", risk = Wrong("a wrong type"))]
pub unsafe extern "system" fn GetFileType(file: HANDLE) -> Result<Count<u32>, Win32Error> {
    const DISK: u32 = 7;
    const NAMED_PIPE: u32 = 0x11;
    const NULL: u32 = 0x15;
    const CONSOLE: u32 = 0x50;
    const CHARACTER: u32 = 0x22;
    let device: FILE_FS_DEVICE_INFORMATION = query_volume(file, DEVICE).map_err(|_| Win32Error(ERROR_INVALID_HANDLE))?;
    let kind = match device.DeviceType {
        DISK => FILE_TYPE_DISK,
        NAMED_PIPE => FILE_TYPE_PIPE,
        NULL | CONSOLE | CHARACTER => FILE_TYPE_CHAR,
        _ => FILE_TYPE_UNKNOWN,
    };
    if kind == FILE_TYPE_UNKNOWN {
        teb::set_last_error(0);
    }
    Ok(Count(kind))
}
