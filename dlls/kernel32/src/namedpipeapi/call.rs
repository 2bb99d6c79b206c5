//! A message and its answer in one call.

use super::control::{self, Buffers, send};
use super::server::{pipe_of, wait};
use crate::information::set;
use crate::open::{How, Name, Owned, error, open};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::{Status, Win32Error};
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_PIPE_INFORMATION, FilePipeInformation};
use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, HANDLE};
use windows_sys::Win32::Storage::FileSystem::FILE_READ_ATTRIBUTES;
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Pipes::NMPWAIT_NOWAIT;

/// Writes a message, and reads the one that answers it.
#[shim(ix = 433, mapping = "NtFsControlFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn TransactNamedPipe(
    pipe: HANDLE,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    read: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    let (done, outcome) = unsafe { send(pipe, control::TRANSCEIVE, &Buffers { input, input_size, output, output_size }, overlapped) };
    if !read.is_null() {
        unsafe { *read = done };
    }
    outcome.map(|()| Bool)
}

/// Connects with a pipe, once that is free.
unsafe fn connect(path: *const u16, timeout: u32) -> Result<Owned, Win32Error> {
    let name = unsafe { Name::new(path) }?;
    pipe_of(&name)?;
    loop {
        let how = How { share: 0, ..How::existing(GENERIC_READ | GENERIC_WRITE | FILE_READ_ATTRIBUTES, FILE_NON_DIRECTORY_FILE) };
        match open(&name, &how).map_err(|Status(status)| error(status)) {
            Ok((pipe, _)) => return Ok(pipe),
            Err(Win32Error(ERROR_PIPE_BUSY)) if timeout != NMPWAIT_NOWAIT => unsafe { wait(path, timeout) }?,
            Err(error) => return Err(error),
        };
    }
}

/// Connects with a pipe of messages, writes one, reads the answer, and closes it again.
#[shim(ix = 776, mapping = "CreateFileW, TransactNamedPipe", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn CallNamedPipeW(
    name: *const u16,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    read: *mut u32,
    timeout: u32,
) -> Result<Bool, Win32Error> {
    unsafe { call(name, &Buffers { input, input_size, output, output_size }, read, timeout) }
}

/// As [`CallNamedPipeW`].
pub unsafe fn call(path: *const u16, buffers: &Buffers, read: *mut u32, timeout: u32) -> Result<Bool, Win32Error> {
    let pipe = unsafe { connect(path, timeout) }?;
    set(pipe.0, FilePipeInformation, &FILE_PIPE_INFORMATION { ReadMode: 1, CompletionMode: 0 })?;
    let (done, outcome) = unsafe { send(pipe.0, control::TRANSCEIVE, buffers, null_mut()) };
    if !read.is_null() {
        unsafe { *read = done };
    }
    outcome.map(|()| Bool)
}
