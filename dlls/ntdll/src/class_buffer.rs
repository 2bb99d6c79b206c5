//! The caller's buffers of information classes, in and out.
use core::ffi::c_void;
use guest::error::Status;
use windows_sys::Win32::Foundation::{STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH};

/// What a buffer holds, which must have the class's exact size.
///
/// # Safety
/// The buffer is NULL or holds `length` bytes.
pub unsafe fn take<T: Copy>(buffer: *const c_void, length: u32) -> Result<T, Status> {
    check(buffer, length as usize == size_of::<T>())?;
    // SAFETY: the buffer holds a value's bytes.
    Ok(unsafe { buffer.cast::<T>().read_unaligned() })
}

/// Fills in a buffer, which must have the class's exact size.
///
/// # Safety
/// The buffer is NULL or has room for `length` bytes.
pub unsafe fn fill_exact<T>(buffer: *mut c_void, length: u32, value: T) -> Result<(), Status> {
    check(buffer, length as usize == size_of::<T>())?;
    // SAFETY: the buffer has room for the value.
    unsafe { buffer.cast::<T>().write_unaligned(value) };
    Ok(())
}

/// Fills in a buffer, which may be longer than the class needs.
///
/// # Safety
/// The buffer is NULL or has room for `length` bytes.
pub unsafe fn fill<T>(buffer: *mut c_void, length: u32, value: T) -> Result<(), Status> {
    check(buffer, length as usize >= size_of::<T>())?;
    // SAFETY: the buffer has room for the value.
    unsafe { buffer.cast::<T>().write_unaligned(value) };
    Ok(())
}

/// Tells a caller who wants to know how many bytes there are.
///
/// # Safety
/// `result` is NULL or a place to write.
pub unsafe fn tell(result: *mut u32, bytes: usize) {
    if !result.is_null() {
        // SAFETY: the caller's promise.
        unsafe { *result = bytes as u32 };
    }
}

fn check(buffer: *const c_void, fits: bool) -> Result<(), Status> {
    match (fits, buffer.is_null()) {
        (false, _) => Err(Status(STATUS_INFO_LENGTH_MISMATCH)),
        (true, true) => Err(Status(STATUS_ACCESS_VIOLATION)),
        (true, false) => Ok(()),
    }
}
