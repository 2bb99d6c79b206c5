//! Named pipes: making an instance, its clients, and waiting for one that is free.

use super::control::{self, Buffers, send};
use crate::nt::{NtCreateNamedPipeFile, check};
use crate::open::{Name, Owned, block, object, open_existing};
use alloc::vec::Vec;
use core::mem::offset_of;
use core::ptr::null_mut;
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_OPEN_IF, FILE_PIPE_WAIT_FOR_BUFFER, FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_THROUGH};
use windows_sys::Win32::Foundation::{
    ERROR_BAD_NETPATH, ERROR_INVALID_NAME, ERROR_INVALID_PARAMETER, GENERIC_READ, GENERIC_WRITE, HANDLE, OBJ_INHERIT,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_FLAG_WRITE_THROUGH, FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_WRITE_ATTRIBUTES, PIPE_ACCESS_DUPLEX, PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND, SYNCHRONIZE, WRITE_DAC,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Pipes::{
    NMPWAIT_USE_DEFAULT_WAIT, NMPWAIT_WAIT_FOREVER, PIPE_NOWAIT, PIPE_READMODE_MESSAGE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_MESSAGE,
    PIPE_UNLIMITED_INSTANCES,
};

/// The name of a pipe of this computer: what follows the directory's. The error says why it is none.
pub fn pipe_of(name: &Name) -> Result<&[u16], Win32Error> {
    if name.is_remote() {
        // The broker refuses it, and its audit has the name.
        let refusal = open_existing(name, FILE_READ_ATTRIBUTES, 0).err();
        return Err(refusal.unwrap_or(Win32Error(ERROR_BAD_NETPATH)));
    }
    let pipe = name.dos().get(5..).filter(|pipe| name.is_pipe() && !pipe.is_empty());
    pipe.ok_or(Win32Error(ERROR_INVALID_NAME))
}

/// Makes an instance of a named pipe: its server's end, which waits for a client.
#[shim(ix = 163, mapping = "NtCreateNamedPipeFile", risk = Isolation("a pipe that other sandboxes see"))]
pub unsafe extern "system" fn CreateNamedPipeW(
    name: *const u16,
    open_mode: u32,
    pipe_mode: u32,
    instances: u32,
    outbound: u32,
    inbound: u32,
    timeout: u32,
    security: *const SECURITY_ATTRIBUTES,
) -> Result<FileHandle, Win32Error> {
    unsafe { create(name, open_mode, pipe_mode, instances, [inbound, outbound], timeout, security) }
}

/// As [`CreateNamedPipeW`].
pub unsafe fn create(
    path: *const u16,
    open_mode: u32,
    pipe_mode: u32,
    instances: u32,
    [inbound, outbound]: [u32; 2],
    timeout: u32,
    security: *const SECURITY_ATTRIBUTES,
) -> Result<FileHandle, Win32Error> {
    const WRITE_OWNER_AND_SECURITY: u32 = 0x0100_0000;
    const OPEN_MODES: u32 =
        PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_WRITE_THROUGH | FILE_FLAG_OVERLAPPED | WRITE_DAC | WRITE_OWNER_AND_SECURITY;
    const PIPE_MODES: u32 = PIPE_NOWAIT | PIPE_READMODE_MESSAGE | PIPE_TYPE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS;
    let (access, share) = match open_mode & PIPE_ACCESS_DUPLEX {
        PIPE_ACCESS_INBOUND => (GENERIC_READ, FILE_SHARE_WRITE),
        PIPE_ACCESS_OUTBOUND => (GENERIC_WRITE, FILE_SHARE_READ),
        PIPE_ACCESS_DUPLEX => (GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE),
        _ => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
    };
    let reads_messages = pipe_mode & PIPE_READMODE_MESSAGE != 0;
    if open_mode & !OPEN_MODES != 0
        || pipe_mode & !PIPE_MODES != 0
        || !(1..=PIPE_UNLIMITED_INSTANCES).contains(&instances)
        || reads_messages && pipe_mode & PIPE_TYPE_MESSAGE == 0
    {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let name = unsafe { Name::new(path) }?;
    pipe_of(&name)?;
    let inherit = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    let mut object = object(&name);
    object.Attributes |= if inherit { OBJ_INHERIT } else { 0 };
    // 50 ms where nothing is said.
    let patience = -10_000 * i64::from(if timeout == 0 { 50 } else { timeout });
    let synchronous = if open_mode & FILE_FLAG_OVERLAPPED != 0 { 0 } else { FILE_SYNCHRONOUS_IO_NONALERT };
    let through = if open_mode & FILE_FLAG_WRITE_THROUGH != 0 { FILE_WRITE_THROUGH } else { 0 };
    let (mut handle, mut block) = (null_mut(), block());
    check(unsafe {
        NtCreateNamedPipeFile(
            &raw mut handle,
            access | SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
            &raw const object,
            &raw mut block,
            share,
            if open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE != 0 { FILE_CREATE } else { FILE_OPEN_IF },
            synchronous | through,
            // Clients of other computers there are none.
            (pipe_mode & PIPE_TYPE_MESSAGE != 0).into(),
            reads_messages.into(),
            (pipe_mode & PIPE_NOWAIT != 0).into(),
            if instances == PIPE_UNLIMITED_INSTANCES { u32::MAX } else { instances },
            inbound,
            outbound,
            &raw const patience,
        )
    })?;
    Ok(FileHandle(handle))
}

/// Waits until an instance has a client.
#[shim(ix = 203, mapping = "NtFsControlFile", risk = Functional("a client that is not heard of"))]
pub unsafe extern "system" fn ConnectNamedPipe(pipe: HANDLE, overlapped: *mut OVERLAPPED) -> Result<Bool, Win32Error> {
    unsafe { send(pipe, control::LISTEN, &Buffers::NONE, overlapped) }.1.map(|()| Bool)
}

/// Breaks an instance's connection off: what its client has not read is lost.
#[shim(ix = 441, mapping = "NtFsControlFile", risk = Functional("a client that stays"))]
pub unsafe extern "system" fn DisconnectNamedPipe(pipe: HANDLE) -> Result<Bool, Win32Error> {
    unsafe { send(pipe, control::DISCONNECT, &Buffers::NONE, null_mut()) }.1.map(|()| Bool)
}

/// Waits until an instance of a pipe is free, or the time is over.
#[shim(ix = 324, mapping = "NtFsControlFile", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitNamedPipeW(name: *const u16, timeout: u32) -> Result<Bool, Win32Error> {
    unsafe { wait(name, timeout) }
}

/// As [`WaitNamedPipeW`].
pub unsafe fn wait(path: *const u16, timeout: u32) -> Result<Bool, Win32Error> {
    const HEAD: usize = offset_of!(FILE_PIPE_WAIT_FOR_BUFFER, Name);
    let name = unsafe { Name::new(path) }?;
    let pipe = pipe_of(&name)?;
    let directory = unsafe { Name::new(windows_sys::w!("\\\\.\\pipe\\")) }?;
    let directory: Owned = open_existing(&directory, FILE_READ_ATTRIBUTES, FILE_SYNCHRONOUS_IO_NONALERT)?;
    let limit = match timeout {
        NMPWAIT_WAIT_FOREVER => i64::MIN,
        timeout => -10_000 * i64::from(timeout),
    };
    let head = FILE_PIPE_WAIT_FOR_BUFFER {
        Timeout: limit,
        NameLength: size_of_val(pipe) as u32,
        TimeoutSpecified: timeout != NMPWAIT_USE_DEFAULT_WAIT,
        Name: [0],
    };
    let mut buffer: Vec<u8> = Vec::with_capacity(HEAD + size_of_val(pipe) + size_of_val(&head));
    // SAFETY: the structure's bytes up to the name, which is plain data.
    buffer.extend(unsafe { core::slice::from_raw_parts((&raw const head).cast::<u8>(), HEAD) });
    buffer.extend(pipe.iter().flat_map(|unit| unit.to_le_bytes()));
    // A name of one unit ends before the structure does.
    buffer.resize(buffer.len().max(size_of_val(&head)), 0);
    let buffers = Buffers { input: buffer.as_ptr().cast(), input_size: buffer.len() as u32, ..Buffers::NONE };
    unsafe { send(directory.0, control::WAIT, &buffers, null_mut()) }.1.map(|()| Bool)
}
