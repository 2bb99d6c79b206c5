//! Pipes: making them, asking them, looking into them. `control` has what is done with them by control codes.

use super::{complete, tell};
use crate::gate::ask;
use crate::string::units;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::pipe::{MESSAGES, NO_WAIT, READS_MESSAGES};
use gate::service::{CreateNamedPipe, CreatePipe, PeekPipe, QueryPipe};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_OPEN_IF, FILE_PIPE_INFORMATION, FILE_PIPE_LOCAL_INFORMATION, FILE_PIPE_PEEK_BUFFER};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// `FILE_PIPE_MESSAGE_TYPE` and `FILE_PIPE_REJECT_REMOTE_CLIENTS` (ntifs.h): there are no others.
const MESSAGE_TYPE: u32 = 1;
const REJECT_REMOTE: u32 = 2;

/// How long a client waits for a pipe whose creator did not say it: 50 ms (CreateNamedPipe).
const DEFAULT_PATIENCE: u64 = 500_000;

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
    instances: u32,
    inbound: u32,
    outbound: u32,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    if handle.is_null() || block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let object = unsafe { object.as_ref() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let name = unsafe { units(object.ObjectName) };
    if !(FILE_CREATE..=FILE_OPEN_IF).contains(&disposition) && disposition != windows_sys::Wdk::Storage::FileSystem::FILE_OPEN {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // Without a name, messages with their bounds are a later matter.
    if name.is_empty() && (kind & !REJECT_REMOTE != 0 || read_mode != 0) {
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    if kind & !(MESSAGE_TYPE | REJECT_REMOTE) != 0 || read_mode > 1 || completion_mode > 1 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if !name.is_empty() {
        let bits = [(kind & MESSAGE_TYPE != 0, MESSAGES), (read_mode != 0, READS_MESSAGES), (completion_mode != 0, NO_WAIT)];
        // A time that has passed since something, and not a date.
        let patience = unsafe { timeout.as_ref() }.map_or(Ok(DEFAULT_PATIENCE), |timeout| u64::try_from(timeout.wrapping_neg()));
        let mut request = CreateNamedPipe {
            name: name.as_ptr() as u64,
            name_size: size_of_val(name) as u64,
            root: object.RootDirectory as u64,
            patience: patience.map_err(|_| Status(STATUS_INVALID_PARAMETER))?,
            access,
            share,
            disposition,
            options,
            object_flags: object.Attributes,
            told: bits.iter().filter(|(set, _)| *set).fold(0, |told, (_, bit)| told | bit),
            instances,
            quotas: [inbound, outbound],
            ..CreateNamedPipe::default()
        };
        let outcome = ask(&mut request);
        if outcome.is_ok() {
            unsafe { *handle = request.handle as usize as HANDLE };
        }
        return unsafe { complete(block, outcome, request.information.into()) };
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
    Ok({
        let facts = facts(file)?;
        FILE_PIPE_INFORMATION { ReadMode: facts.by_message, CompletionMode: facts.no_wait }
    })
}

/// Sets `FilePipeInformation`.
pub fn set_modes(file: HANDLE, modes: FILE_PIPE_INFORMATION) -> Result<(), Status> {
    if modes.ReadMode > 1 || modes.CompletionMode > 1 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let (no_wait, by_message) = (modes.CompletionMode, modes.ReadMode);
    ask(&mut QueryPipe { file: file as u64, set: 1, no_wait, by_message, ..QueryPipe::default() }).map(|_| ())
}

/// `FilePipeLocalInformation`: what kind of pipe it is, and how full.
pub fn local(file: HANDLE) -> Result<FILE_PIPE_LOCAL_INFORMATION, Status> {
    let facts = facts(file)?;
    let ([inbound, outbound], [current, most]) = (facts.quotas, facts.instances);
    Ok(FILE_PIPE_LOCAL_INFORMATION {
        NamedPipeType: facts.messages,
        NamedPipeConfiguration: facts.configuration,
        MaximumInstances: most,
        CurrentInstances: current,
        InboundQuota: inbound,
        ReadDataAvailable: facts.available,
        OutboundQuota: outbound,
        WriteQuotaAvailable: if facts.server != 0 { outbound } else { inbound },
        NamedPipeState: facts.state,
        NamedPipeEnd: facts.server,
    })
}

/// `FSCTL_PIPE_PEEK`: the bytes that wait, and as many of them as fit; they stay. Answers what was written, and the status.
pub unsafe fn peek(file: HANDLE, output: *mut c_void, output_size: u32) -> Result<(usize, i32), Status> {
    const HEAD: usize = offset_of!(FILE_PIPE_PEEK_BUFFER, Data);
    let room = (output_size as usize).checked_sub(HEAD).ok_or(Status(STATUS_BUFFER_TOO_SMALL))?;
    let mut request = PeekPipe { file: file as u64, buffer: output as u64 + HEAD as u64, length: room as u64, ..PeekPipe::default() };
    ask(&mut request)?;
    let [length, count] = request.message;
    let head = FILE_PIPE_PEEK_BUFFER {
        NamedPipeState: facts(file)?.state,
        ReadDataAvailable: request.available.try_into().unwrap_or(u32::MAX),
        NumberOfMessages: count,
        MessageLength: length,
        Data: [0],
    };
    // SAFETY: there is room for the head.
    unsafe { output.cast::<u8>().copy_from_nonoverlapping((&raw const head).cast(), HEAD) };
    // Of messages, the first one alone is looked at, as it would be read.
    let whole = if count > 0 { u64::from(length) } else { request.available };
    Ok((HEAD + request.done as usize, if whole > room as u64 { STATUS_BUFFER_OVERFLOW } else { STATUS_SUCCESS }))
}
