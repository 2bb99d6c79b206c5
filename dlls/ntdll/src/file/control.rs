//! What is done with named pipes by control codes (`FSCTL_PIPE_*`).

use super::answer;
use super::pipe::{facts, peek};
use crate::gate::{ask, call};
use crate::object::NtClose;
use crate::sync::{NtCreateEvent, NtWaitForSingleObject};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{null, null_mut};
use gate::pipe::State;
use gate::service::{DisconnectPipe, HERE, ListenPipe, QueryNamedPipe, ReadFile, WaitPipe, WriteFile};
use guest::call::NtStatus;
use guest::error::Status;
use windows_sys::Wdk::Storage::FileSystem::FILE_PIPE_WAIT_FOR_BUFFER;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_INVALID_PIPE_STATE, STATUS_NOT_FOUND,
    STATUS_PENDING, STATUS_PIPE_BUSY, STATUS_PIPE_DISCONNECTED, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// What a control code asks of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeControl {
    /// What waits there.
    Peek,
    /// Waits for a client.
    Listen,
    /// Breaks the connection off.
    Disconnect,
    /// Waits until an instance of a name listens.
    Wait,
    /// Writes a message and reads the answer.
    Transceive,
    /// A fact of the pipe, or of the connection, by its name.
    Attribute,
}

/// What a control code comes with.
pub struct Request {
    pub file: HANDLE,
    pub event: HANDLE,
    pub routine: *const c_void,
    pub context: *const c_void,
    pub block: *mut IO_STATUS_BLOCK,
    pub input: *const c_void,
    pub input_size: u32,
    pub output: *mut c_void,
    pub output_size: u32,
}

impl Request {
    /// Tells what is complete at once.
    unsafe fn done(&self, size: usize, status: NTSTATUS) -> Result<NtStatus, Status> {
        crate::sync::set_if_given(self.event);
        unsafe { answer(self.block, status, 0, size as u64) }
    }
}

/// Does what a control code asks of a pipe.
pub unsafe fn control(kind: PipeControl, request: &Request) -> Result<NtStatus, Status> {
    if request.block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    unsafe {
        match kind {
            PipeControl::Peek => {
                let (size, status) = peek(request.file, request.output, request.output_size)?;
                request.done(size, status)
            }
            PipeControl::Listen => {
                let Request { file, event, routine, context, block, .. } = *request;
                let (file, event, routine, context) = (file as u64, event as u64, routine as u64, context as u64);
                let mut listen = ListenPipe { file, event, routine, context, block: block as u64, told: 0 };
                let status = call(&mut listen);
                answer(block, status, listen.told, 0)
            }
            PipeControl::Disconnect => {
                ask(&mut DisconnectPipe { file: request.file as u64 })?;
                request.done(0, STATUS_SUCCESS)
            }
            PipeControl::Wait => {
                wait(request)?;
                request.done(0, STATUS_SUCCESS)
            }
            PipeControl::Transceive => transceive(request),
            PipeControl::Attribute => {
                let size = attribute(request)?;
                request.done(size, STATUS_SUCCESS)
            }
        }
    }
}

/// `FSCTL_PIPE_WAIT`: on the directory of pipes.
unsafe fn wait(request: &Request) -> Result<(), Status> {
    const NAME: usize = offset_of!(FILE_PIPE_WAIT_FOR_BUFFER, Name);
    /// What the name's creator said, and almost for ever.
    const UNSAID: u64 = u64::MAX;
    const LONGEST: u64 = u64::MAX - 1;
    if (request.input_size as usize) < size_of::<FILE_PIPE_WAIT_FOR_BUFFER>() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // SAFETY: the caller's buffer has room for the head.
    let head = unsafe { request.input.cast::<FILE_PIPE_WAIT_FOR_BUFFER>().read_unaligned() };
    if head.NameLength as usize > request.input_size as usize - NAME {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let limit = match (head.TimeoutSpecified, head.Timeout) {
        (false, _) => UNSAID,
        (true, i64::MIN) => LONGEST,
        (true, time) => u64::try_from(time.wrapping_neg()).map_err(|_| Status(STATUS_INVALID_PARAMETER))?,
    };
    let name = request.input as u64 + NAME as u64;
    ask(&mut WaitPipe { directory: request.file as u64, name, name_size: head.NameLength.into(), limit }).map(|_| ())
}

/// `FSCTL_PIPE_TRANSCEIVE`: a message, and the one that answers it.
unsafe fn transceive(request: &Request) -> Result<NtStatus, Status> {
    const FULL_DUPLEX: u32 = 2;
    let facts = facts(request.file)?;
    if facts.state == State::Disconnected as u32 {
        return Err(Status(STATUS_PIPE_DISCONNECTED));
    }
    if facts.messages == 0 || facts.by_message == 0 || facts.configuration != FULL_DUPLEX {
        return Err(Status(STATUS_INVALID_PIPE_STATE));
    }
    if facts.available > 0 {
        return Err(Status(STATUS_PIPE_BUSY));
    }
    unsafe { write_all(request)? };
    let mut read = ReadFile {
        file: request.file as u64,
        buffer: request.output as u64,
        length: request.output_size.into(),
        offset: HERE,
        event: request.event as u64,
        routine: request.routine as u64,
        context: request.context as u64,
        block: request.block as u64,
        ..ReadFile::default()
    };
    let status = call(&mut read);
    unsafe { answer(request.block, status, read.told, read.done) }
}

/// Writes the input, and waits until that is done.
unsafe fn write_all(request: &Request) -> Result<(), Status> {
    let mut event = null_mut();
    // SAFETY: an event of its own, and a status block that lives until the write is over.
    unsafe {
        const NOTIFICATION: i32 = 0;
        const ALL: u32 = 0x1F_0003;
        Status::check(NtCreateEvent(&raw mut event, ALL, null(), NOTIFICATION, 0))?;
        let mut block: IO_STATUS_BLOCK = core::mem::zeroed();
        let mut write = WriteFile {
            file: request.file as u64,
            buffer: request.input as u64,
            length: request.input_size.into(),
            offset: HERE,
            event: event as u64,
            block: &raw mut block as u64,
            ..WriteFile::default()
        };
        let mut status = call(&mut write);
        if status == STATUS_PENDING {
            NtWaitForSingleObject(event, 0, null());
            status = (&raw const block.Anonymous.Status).read_volatile();
        }
        NtClose(event);
        Status::check(status).map(|_| ())
    }
}

/// `FSCTL_PIPE_GET_PIPE_ATTRIBUTE` and `FSCTL_PIPE_GET_CONNECTION_ATTRIBUTE`: the processes of the two ends.
unsafe fn attribute(request: &Request) -> Result<usize, Status> {
    // SAFETY: the caller's buffer.
    let name = unsafe { core::slice::from_raw_parts(request.input.cast::<u8>(), request.input_size as usize) };
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let which = match name {
        b"ServerProcessId" => 0,
        b"ClientProcessId" => 1,
        _ => return Err(Status(STATUS_NOT_FOUND)),
    };
    let mut query = QueryNamedPipe { file: request.file as u64, ..QueryNamedPipe::default() };
    ask(&mut query)?;
    let process = query.processes.get(which).copied().filter(|process| *process != 0).ok_or(Status(STATUS_NOT_FOUND))?;
    if request.output_size < 4 {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    // SAFETY: there is room for it.
    unsafe { request.output.cast::<u32>().write_unaligned(process) };
    Ok(4)
}
