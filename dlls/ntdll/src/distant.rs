//! Memory of other processes: read and written by the broker, who has them all.

use crate::gate::call;
use crate::object::query;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::peb::{Peb, ProcessParameters, UnicodeString};
use gate::process::Facts;
use gate::service::{CopyMemory, ObjectKind};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_OBJECT_TYPE_MISMATCH, STATUS_PARTIAL_COPY, STATUS_SUCCESS,
};
use windows_sys::Win32::System::Threading::{PROCESS_VM_READ, PROCESS_VM_WRITE};

/// Copies memory of a process; answers how much was copied, and how that ended.
fn copy(process: HANDLE, there: u64, here: u64, size: u64, write: bool) -> (u64, i32) {
    let mut request = CopyMemory { process: process as u64, there, here, size, done: 0, write: write.into(), pad: 0 };
    let status = call(&mut request);
    (request.done, status)
}

fn checked(process: HANDLE, access: u32, at: usize, size: usize) -> Result<(), Status> {
    if process as isize != -1 {
        let facts = query(process)?;
        if facts.kind != ObjectKind::Process as u32 {
            return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
        }
        if facts.access & access != access {
            return Err(Status(STATUS_ACCESS_DENIED));
        }
    }
    // What no program's memory is, is refused before anything is looked at.
    let end = at.checked_add(size).ok_or(Status(STATUS_ACCESS_VIOLATION))?;
    if size > 0 && end - 1 > crate::system::highest_address() { Err(Status(STATUS_ACCESS_VIOLATION)) } else { Ok(()) }
}

unsafe fn answer((done, status): (u64, i32), told: *mut usize) -> Result<NtStatus, Status> {
    if !told.is_null() {
        // SAFETY: the caller's variable.
        unsafe { *told = done as usize };
    }
    if status == STATUS_SUCCESS { Ok(NtStatus::SUCCESS) } else { Err(Status(status)) }
}

/// Reads memory of a process; `STATUS_PARTIAL_COPY` where a page of it cannot be read.
#[shim(ix = 520, mapping = "gate CopyMemory", risk = Isolation("memory of a process that is not the program's"))]
pub unsafe extern "system" fn NtReadVirtualMemory(
    process: HANDLE,
    address: *const c_void,
    buffer: *mut c_void,
    size: usize,
    read: *mut usize,
) -> Result<NtStatus, Status> {
    checked(process, PROCESS_VM_READ, address as usize, size)?;
    unsafe { answer(copy(process, address as u64, buffer as u64, size as u64, false), read) }
}

/// Writes memory of a process; `STATUS_PARTIAL_COPY` where a page of it cannot be written.
#[shim(ix = 521, mapping = "gate CopyMemory", risk = Isolation("memory of a process that is not the program's"))]
pub unsafe extern "system" fn NtWriteVirtualMemory(
    process: HANDLE,
    address: *mut c_void,
    buffer: *const c_void,
    size: usize,
    written: *mut usize,
) -> Result<NtStatus, Status> {
    checked(process, PROCESS_VM_WRITE, address as usize, size)?;
    unsafe { answer(copy(process, address as u64, buffer as u64, size as u64, true), written) }
}

/// Reads a structure of integers.
fn read<T: Copy>(process: HANDLE, at: u64) -> Result<T, Status> {
    let mut value = core::mem::MaybeUninit::<T>::uninit();
    match copy(process, at, value.as_mut_ptr() as u64, size_of::<T>() as u64, false) {
        // SAFETY: all of it was written, and any bytes make one.
        (_, STATUS_SUCCESS) => Ok(unsafe { value.assume_init() }),
        (_, status) => Err(Status(status)),
    }
}

/// The command line of another process, of either bitness, as that process has it now.
pub fn command_line(process: HANDLE, facts: &Facts) -> Result<Vec<u16>, Status> {
    if facts.peb == 0 {
        return Err(Status(STATUS_PARTIAL_COPY));
    }
    let (length, at) = if facts.narrow != 0 {
        let parameters: u32 = read(process, facts.peb + offset_of!(Peb<u32>, process_parameters) as u64)?;
        let text: UnicodeString<u32> = read(process, u64::from(parameters) + offset_of!(ProcessParameters<u32>, command_line) as u64)?;
        (text.length, u64::from(text.buffer))
    } else {
        let parameters: u64 = read(process, facts.peb + offset_of!(Peb<u64>, process_parameters) as u64)?;
        let text: UnicodeString<u64> = read(process, parameters.wrapping_add(offset_of!(ProcessParameters<u64>, command_line) as u64))?;
        (text.length, text.buffer)
    };
    let mut units = alloc::vec![0_u16; usize::from(length / 2)];
    match copy(process, at, units.as_mut_ptr() as u64, u64::from(length & !1), false) {
        (_, STATUS_SUCCESS) => Ok(units),
        (_, status) => Err(Status(status)),
    }
}
