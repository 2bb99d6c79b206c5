//! Reading and writing, at once or later, and taking requests back.

use super::{answer, tell};
use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{CancelRequests, CancelThread, HERE, ReadFile, TransferSegments, WriteFile};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_VIOLATION, STATUS_NOT_FOUND, STATUS_SUCCESS};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// The position that a read or write starts at.
unsafe fn offset(at: *const i64) -> i64 {
    // SAFETY: NULL or a readable position.
    unsafe { at.as_ref() }.copied().unwrap_or(HERE)
}

/// Reads. What cannot be read yet is read later, where the file was opened for that.
#[shim(ix = 28, mapping = "gate ReadFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn NtReadFile(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    at: *const i64,
    _key: *const u32,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = ReadFile {
        file: file as u64,
        buffer: buffer as u64,
        length: length.into(),
        offset: unsafe { offset(at) },
        event: event as u64,
        routine: routine as u64,
        context: context as u64,
        block: block as u64,
        ..ReadFile::default()
    };
    let status = call(&mut request);
    unsafe { answer(block, status, request.told, request.done) }
}

/// Writes. What cannot be written yet is written later, where the file was opened for that.
#[shim(ix = 29, mapping = "gate WriteFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn NtWriteFile(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *const c_void,
    length: u32,
    at: *const i64,
    _key: *const u32,
) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = WriteFile {
        file: file as u64,
        buffer: buffer as u64,
        length: length.into(),
        offset: unsafe { offset(at) },
        event: event as u64,
        routine: routine as u64,
        context: context as u64,
        block: block as u64,
        ..WriteFile::default()
    };
    let status = call(&mut request);
    unsafe { answer(block, status, request.told, request.done) }
}

/// Moves pages.
unsafe fn transfer_segments(request: TransferSegments, block: *mut IO_STATUS_BLOCK, at: *const i64) -> Result<NtStatus, Status> {
    if block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = TransferSegments { offset: unsafe { offset(at) }, block: block as u64, ..request };
    let status = call(&mut request);
    unsafe { answer(block, status, request.told.into(), request.done) }
}

/// Reads a file into pages that lie anywhere.
#[shim(ix = 477, mapping = "gate TransferSegments", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn NtReadFileScatter(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    segments: *const u64,
    length: u32,
    at: *const i64,
    _key: *const u32,
) -> Result<NtStatus, Status> {
    let (file, event, routine, context) = (file as u64, event as u64, routine as u64, context as u64);
    let segments = segments as u64;
    let request = TransferSegments { file, segments, length: length.into(), event, routine, context, ..TransferSegments::default() };
    unsafe { transfer_segments(request, block, at) }
}

/// Writes a file out of pages that lie anywhere.
#[shim(ix = 478, mapping = "gate TransferSegments", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn NtWriteFileGather(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    segments: *const u64,
    length: u32,
    at: *const i64,
    _key: *const u32,
) -> Result<NtStatus, Status> {
    let (file, event, routine, context) = (file as u64, event as u64, routine as u64, context as u64);
    let segments = segments as u64;
    let request = TransferSegments { file, segments, length: length.into(), event, routine, context, write: 1, ..TransferSegments::default() };
    unsafe { transfer_segments(request, block, at) }
}

unsafe fn cancel(file: HANDLE, which: *const c_void, own: bool, block: *mut IO_STATUS_BLOCK) -> Result<NtStatus, Status> {
    let status = match call(&mut CancelRequests { file: file as u64, block: which as u64, own: own.into(), pad: 0 }) {
        // Who takes back whatever there is, has nothing to complain about.
        STATUS_NOT_FOUND if own => STATUS_SUCCESS,
        status => status,
    };
    unsafe { tell(block, status, 0) };
    Status::check(status).map(NtStatus)
}

/// Cancels the requests to a file that the calling thread made.
#[shim(ix = 456, mapping = "gate CancelRequests", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn NtCancelIoFile(file: HANDLE, block: *mut IO_STATUS_BLOCK) -> Result<NtStatus, Status> {
    unsafe { cancel(file, core::ptr::null(), true, block) }
}

/// Cancels one request to a file, or all of the process.
#[shim(ix = 177, mapping = "gate CancelRequests", risk = Functional("a request that goes on"))]
pub unsafe extern "system" fn NtCancelIoFileEx(
    file: HANDLE,
    request: *const IO_STATUS_BLOCK,
    block: *mut IO_STATUS_BLOCK,
) -> Result<NtStatus, Status> {
    unsafe { cancel(file, request.cast(), false, block) }
}

/// Cancels the synchronous request that a thread waits in.
#[shim(ix = 185, mapping = "gate CancelThread", risk = Functional("a thread that waits on"))]
pub unsafe extern "system" fn NtCancelSynchronousIoFile(
    thread: HANDLE,
    request: *const IO_STATUS_BLOCK,
    block: *mut IO_STATUS_BLOCK,
) -> Result<NtStatus, Status> {
    let outcome = ask(&mut CancelThread { thread: thread as u64, block: request as u64 });
    let status = match outcome {
        Ok(status) | Err(Status(status)) => status,
    };
    unsafe { tell(block, status, 0) };
    outcome.map(NtStatus)
}
