//! Pipes: making them, asking them, looking into them.

use super::tell;
use crate::gate::ask;
use crate::string::units;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::service::{CreatePipe, PeekPipe, QueryPipe};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_OPEN_IF, FILE_PIPE_INFORMATION, FILE_PIPE_LOCAL_INFORMATION, FILE_PIPE_PEEK_BUFFER};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED,
    STATUS_PIPE_BROKEN, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// `FILE_PIPE_CONNECTED_STATE` and `FILE_PIPE_CLOSING_STATE` (ntifs.h).
const CONNECTED: u32 = 3;
const CLOSING: u32 = 4;

/// Makes a pipe: its server's end. One without a name is there; the client's end is opened with the server's as its root.
#[shim(ix = 176, mapping = "gate CreatePipe: the broker makes both ends", risk = Functional("bytes that do not arrive"))]
pub unsafe extern "system" fn NtCreateNamedPipeFile(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    block: *mut IO_STATUS_BLOCK,
    share: u32,
    disposition: u32,
    options: u32,
    kind: u32,
    read_mode: u32,
    completion_mode: u32,
    _instances: u32,
    inbound: u32,
    outbound: u32,
    _timeout: *const i64,
) -> Result<NtStatus, Status> {
    if handle.is_null() || block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let object = unsafe { object.as_ref() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    if !(FILE_CREATE..=FILE_OPEN_IF).contains(&disposition) && disposition != windows_sys::Wdk::Storage::FileSystem::FILE_OPEN {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // Names, and messages with their bounds, are a later matter.
    if !unsafe { units(object.ObjectName) }.is_empty() || kind != 0 || read_mode != 0 {
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    let mut request = CreatePipe { access, share, options, object_flags: object.Attributes, quotas: [inbound, outbound], ..CreatePipe::default() };
    ask(&mut request)?;
    if completion_mode != 0 {
        ask(&mut QueryPipe { file: request.handle, set: 1, no_wait: 1, ..QueryPipe::default() })?;
    }
    unsafe {
        *handle = request.handle as usize as HANDLE;
        tell(block, STATUS_SUCCESS, FILE_CREATE as usize);
    }
    Ok(NtStatus::SUCCESS)
}

/// A pipe's facts.
pub fn facts(file: HANDLE) -> Result<QueryPipe, Status> {
    let mut request = QueryPipe { file: file as u64, ..QueryPipe::default() };
    ask(&mut request)?;
    Ok(request)
}

/// `FilePipeInformation`: how its bytes are read, and whether calls wait.
pub fn modes(file: HANDLE) -> Result<FILE_PIPE_INFORMATION, Status> {
    Ok(FILE_PIPE_INFORMATION { ReadMode: 0, CompletionMode: facts(file)?.no_wait })
}

/// Sets `FilePipeInformation`. A pipe of bytes is not read in messages.
pub fn set_modes(file: HANDLE, modes: FILE_PIPE_INFORMATION) -> Result<(), Status> {
    if modes.ReadMode != 0 || modes.CompletionMode > 1 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    ask(&mut QueryPipe { file: file as u64, set: 1, no_wait: modes.CompletionMode, ..QueryPipe::default() }).map(|_| ())
}

/// `FilePipeLocalInformation`: what kind of pipe it is, and how full.
pub fn local(file: HANDLE) -> Result<FILE_PIPE_LOCAL_INFORMATION, Status> {
    let facts = facts(file)?;
    let [inbound, outbound] = facts.quotas;
    Ok(FILE_PIPE_LOCAL_INFORMATION {
        NamedPipeType: 0,
        NamedPipeConfiguration: facts.configuration,
        MaximumInstances: 1,
        CurrentInstances: 1,
        InboundQuota: inbound,
        ReadDataAvailable: facts.available,
        OutboundQuota: outbound,
        WriteQuotaAvailable: if facts.server != 0 { outbound } else { inbound },
        NamedPipeState: if facts.closed != 0 { CLOSING } else { CONNECTED },
        NamedPipeEnd: facts.server,
    })
}

/// `FSCTL_PIPE_PEEK`: the bytes that wait, and as many of them as fit; they stay. Answers what was written, and the status.
pub unsafe fn peek(file: HANDLE, output: *mut c_void, output_size: u32) -> Result<(usize, i32), Status> {
    const HEAD: usize = offset_of!(FILE_PIPE_PEEK_BUFFER, Data);
    let room = (output_size as usize).checked_sub(HEAD).ok_or(Status(STATUS_BUFFER_TOO_SMALL))?;
    let mut request = PeekPipe { file: file as u64, buffer: output as u64 + HEAD as u64, length: room as u64, ..PeekPipe::default() };
    let outcome = ask(&mut request);
    let head = FILE_PIPE_PEEK_BUFFER {
        NamedPipeState: if outcome == Err(Status(STATUS_PIPE_BROKEN)) { CLOSING } else { CONNECTED },
        ReadDataAvailable: request.available.try_into().unwrap_or(u32::MAX),
        NumberOfMessages: 0,
        MessageLength: 0,
        Data: [0],
    };
    outcome?;
    // SAFETY: there is room for the head.
    unsafe { output.cast::<u8>().copy_from_nonoverlapping((&raw const head).cast(), HEAD) };
    Ok((HEAD + request.done as usize, if request.available > room as u64 { STATUS_BUFFER_OVERFLOW } else { STATUS_SUCCESS }))
}
