//! What a program calls its threads.

use super::thread_class as class;
use crate::heap::allocate;
use crate::nt::{NtQueryInformationThread, NtSetInformationThread};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::HResult;
use guest::error::Failure;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    E_OUTOFMEMORY, HANDLE, NTSTATUS, STATUS_BUFFER_TOO_SMALL, STATUS_NAME_TOO_LONG, STATUS_SUCCESS, UNICODE_STRING,
};

/// A status as an HRESULT (`HRESULT_FROM_NT`).
const fn result(status: NTSTATUS) -> Result<HResult, Failure> {
    const FACILITY_NT_BIT: i32 = 0x1000_0000;
    let result = status | FACILITY_NT_BIT;
    if status < 0 { Err(Failure(result)) } else { Ok(HResult(result)) }
}

/// Names a thread.
#[shim(ix = 742, mapping = "NtSetInformationThread", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn SetThreadDescription(thread: HANDLE, description: *const u16) -> Result<HResult, Failure> {
    const MOST: usize = 0x7FFE;
    // SAFETY: NULL, or the caller's text.
    let units = if description.is_null() { &[] } else { unsafe { text::wide(description) } };
    if units.len() > MOST {
        return result(STATUS_NAME_TOO_LONG);
    }
    let bytes = 2 * units.len() as u16;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() };
    // SAFETY: the structure and its text live through the call.
    result(unsafe { NtSetInformationThread(thread, class::NAME, (&raw const name).cast(), size_of::<UNICODE_STRING>() as u32) })
}

/// Answers what a thread is called, in memory that LocalFree frees.
#[shim(ix = 743, mapping = "NtQueryInformationThread", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetThreadDescription(thread: HANDLE, description: *mut *mut u16) -> Result<HResult, Failure> {
    const HEAD: usize = size_of::<UNICODE_STRING>();
    unsafe { *description = null_mut() };
    let mut room = HEAD + 64;
    let buffer = loop {
        let mut buffer: Vec<u64> = alloc::vec![0; room.div_ceil(8)];
        let mut needed = 0_u32;
        let at = buffer.as_mut_ptr().cast::<c_void>();
        // SAFETY: the buffer has that room.
        let status = unsafe { NtQueryInformationThread(thread, class::NAME, at, room as u32, &raw mut needed) };
        match status {
            STATUS_SUCCESS => break buffer,
            // Another thread may give a longer name meanwhile.
            STATUS_BUFFER_TOO_SMALL if needed as usize > room => room = needed as usize,
            status => return result(status),
        }
    };
    // SAFETY: the system has written the string there, and its text behind it.
    let units = unsafe {
        let name = buffer.as_ptr().cast::<UNICODE_STRING>().read();
        core::slice::from_raw_parts(buffer.as_ptr().byte_add(HEAD).cast::<u16>(), usize::from(name.Length) / 2)
    };
    let copy = allocate(2 * units.len() + 2).ok_or(Failure(E_OUTOFMEMORY))?.cast::<u16>();
    // SAFETY: the memory has room for the text and its NUL.
    unsafe {
        copy.copy_from_nonoverlapping(units.as_ptr(), units.len());
        copy.add(units.len()).write(0);
        *description = copy;
    }
    result(STATUS_SUCCESS)
}
