//! Pipes: names in the code page, and whose ends they are.

use crate::ansi;
use crate::namedpipeapi::control::{self, Buffers, send};
use crate::namedpipeapi::{call, server, state};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

/// Makes an instance of a named pipe.
#[shim(ix = 284, mapping = "CreateNamedPipeW", risk = Isolation("a pipe that other sandboxes see"))]
pub unsafe extern "system" fn CreateNamedPipeA(
    name: *const u8,
    open_mode: u32,
    pipe_mode: u32,
    instances: u32,
    outbound: u32,
    inbound: u32,
    timeout: u32,
    security: *const SECURITY_ATTRIBUTES,
) -> Result<FileHandle, Win32Error> {
    let name = unsafe { ansi::file_name(name) }?;
    unsafe { server::create(name.as_ptr(), open_mode, pipe_mode, instances, [inbound, outbound], timeout, security) }
}

/// Waits until an instance of a pipe is free, or the time is over.
#[shim(ix = 778, mapping = "WaitNamedPipeW", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn WaitNamedPipeA(name: *const u8, timeout: u32) -> Result<Bool, Win32Error> {
    let name = unsafe { ansi::file_name(name) }?;
    unsafe { server::wait(name.as_ptr(), timeout) }
}

/// Connects with a pipe of messages, writes one, reads the answer, and closes it again.
#[shim(ix = 779, mapping = "CallNamedPipeW", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn CallNamedPipeA(
    name: *const u8,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    read: *mut u32,
    timeout: u32,
) -> Result<Bool, Win32Error> {
    let name = unsafe { ansi::file_name(name) }?;
    unsafe { call::call(name.as_ptr(), &Buffers { input, input_size, output, output_size }, read, timeout) }
}

/// Answers how a pipe is read, whether its calls wait, and how many instances there are.
#[shim(ix = 299, mapping = "GetNamedPipeHandleStateW", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetNamedPipeHandleStateA(
    pipe: HANDLE,
    state: *mut u32,
    instances: *mut u32,
    most: *mut u32,
    timeout: *mut u32,
    user: *mut u8,
    _user_size: u32,
) -> Result<Bool, Win32Error> {
    unsafe { state::handle_state(pipe, state, instances, [most, timeout], !user.is_null()) }
}

/// A fact of a pipe or its connection.
unsafe fn attribute(pipe: HANDLE, code: u32, name: &[u8], value: *mut u32) -> Result<Bool, Win32Error> {
    let mut number = 0_u32;
    let buffers = Buffers {
        input: name.as_ptr().cast(),
        input_size: name.len() as u32,
        output: (&raw mut number).cast(),
        output_size: size_of::<u32>() as u32,
    };
    unsafe {
        send(pipe, code, &buffers, null_mut()).1?;
        *value = number;
    }
    Ok(Bool)
}

/// Answers the process of a pipe's client.
#[shim(ix = 298, mapping = "NtFsControlFile", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNamedPipeClientProcessId(pipe: HANDLE, process: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { attribute(pipe, control::GET_CONNECTION_ATTRIBUTE, b"ClientProcessId\0", process) }
}

/// Answers the process of a pipe's server.
#[shim(ix = 300, mapping = "NtFsControlFile", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNamedPipeServerProcessId(pipe: HANDLE, process: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { attribute(pipe, control::GET_PIPE_ATTRIBUTE, b"ServerProcessId\0", process) }
}

/// The session of the processes of a sandbox: they all run in this one's.
unsafe fn own_session(session: *mut u32) {
    const OFFSET: usize = if cfg!(target_arch = "x86") { gate::peb::SESSION_ID_32 } else { gate::peb::SESSION_ID_64 };
    unsafe { *session = teb::peb().byte_add(OFFSET).cast::<u32>().read() };
}

/// Answers the session of a pipe's client.
#[shim(ix = 780, mapping = "NtFsControlFile, the PEB", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNamedPipeClientSessionId(pipe: HANDLE, session: *mut u32) -> Result<Bool, Win32Error> {
    let mut process = 0;
    unsafe {
        attribute(pipe, control::GET_CONNECTION_ATTRIBUTE, b"ClientProcessId\0", &raw mut process)?;
        own_session(session);
    }
    Ok(Bool)
}

/// Answers the session of a pipe's server.
#[shim(ix = 781, mapping = "NtFsControlFile, the PEB", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNamedPipeServerSessionId(pipe: HANDLE, session: *mut u32) -> Result<Bool, Win32Error> {
    let mut process = 0;
    unsafe {
        attribute(pipe, control::GET_PIPE_ATTRIBUTE, b"ServerProcessId\0", &raw mut process)?;
        own_session(session);
    }
    Ok(Bool)
}
