//! Control codes of sparse and compressed files.

use crate::gate::ask;
use core::ffi::c_void;
use gate::service::{AllocatedRanges, SetSparse, ZeroData};
use guest::error::Status;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};

/// A structure that a code brings.
unsafe fn given<T: Copy>(input: *const c_void, size: u32) -> Result<T, Status> {
    if (size as usize) < size_of::<T>() || input.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // SAFETY: the caller's buffer has that many bytes.
    Ok(unsafe { input.cast::<T>().read_unaligned() })
}

/// Marks a file as sparse; without a word about it, or takes the mark away (`FILE_SET_SPARSE_BUFFER`).
pub unsafe fn set(file: HANDLE, input: *const c_void, size: u32) -> Result<(), Status> {
    let on = size == 0 || unsafe { given::<u8>(input, size)? != 0 };
    ask(&mut SetSparse { file: file as u64, on: on.into(), pad: 0 }).map(|_| ())
}

/// Makes a range zeroes (`FILE_ZERO_DATA_INFORMATION`).
pub unsafe fn zero(file: HANDLE, input: *const c_void, size: u32) -> Result<(), Status> {
    let [start, end] = unsafe { given::<[u64; 2]>(input, size)? };
    ask(&mut ZeroData { file: file as u64, start, end }).map(|_| ())
}

/// Answers the ranges that have a place on the disk (`FILE_ALLOCATED_RANGE_BUFFER`), as many as fit.
pub unsafe fn ranges(file: HANDLE, input: *const c_void, size: u32, output: *mut c_void, output_size: u32) -> Result<(usize, NTSTATUS), Status> {
    const RANGE: u32 = 16;
    let [start, length] = unsafe { given::<[u64; 2]>(input, size)? };
    let mut request = AllocatedRanges { file: file as u64, start, length, buffer: output as u64, room: output_size / RANGE, written: 0 };
    let status = match ask(&mut request) {
        Ok(_) => STATUS_SUCCESS,
        Err(Status(STATUS_BUFFER_OVERFLOW)) if request.room == 0 => return Err(Status(STATUS_BUFFER_TOO_SMALL)),
        Err(Status(STATUS_BUFFER_OVERFLOW)) => STATUS_BUFFER_OVERFLOW,
        Err(status) => return Err(status),
    };
    Ok(((request.written * RANGE) as usize, status))
}

/// No file is compressed: one that is to be so is refused, as on a volume that cannot.
pub unsafe fn compress(input: *const c_void, size: u32) -> Result<(), Status> {
    const NONE: u16 = 0;
    let format = unsafe { given::<u16>(input, size)? };
    if format == NONE { Ok(()) } else { Err(Status(STATUS_INVALID_DEVICE_REQUEST)) }
}
