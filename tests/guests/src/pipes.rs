//! Named pipes for tests: an instance, its clients, and bytes that cross.

use crate::files::{File, create};
use crate::{clear_error, last_error, wide};
use alloc::format;
use alloc::string::String;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{OPEN_EXISTING, ReadFile, WriteFile};
use windows_sys::Win32::System::Pipes::CreateNamedPipeW;
use windows_sys::Win32::System::Threading::GetCurrentProcessId;

/// A name of a pipe that no other program has.
pub fn name(of: &str) -> String {
    // SAFETY: takes nothing.
    format!("\\\\.\\pipe\\conformance-{of}-{}", unsafe { GetCurrentProcessId() })
}

/// Makes an instance; the error is the last one.
pub fn server(name: &str, open_mode: u32, pipe_mode: u32, instances: u32) -> Result<File, u32> {
    clear_error();
    // SAFETY: the name ends in a NUL.
    let pipe = unsafe { CreateNamedPipeW(wide(name).as_ptr(), open_mode, pipe_mode, instances, 4096, 4096, 100, null()) };
    if pipe == INVALID_HANDLE_VALUE { Err(last_error()) } else { Ok(File(pipe)) }
}

/// Makes an instance that has to be made.
pub fn made(name: &str, open_mode: u32, pipe_mode: u32) -> Result<File, String> {
    server(name, open_mode, pipe_mode, 4).map_err(|error| format!("no server's end: {error}"))
}

/// Connects; the error is the last one.
pub fn client(name: &str, access: u32) -> Result<File, u32> {
    create(name, access, 0, OPEN_EXISTING, 0)
}

/// An instance, and a client that it has. What the pipe is for is told as for CreateNamedPipe.
pub fn connected(name: &str, open_mode: u32, pipe_mode: u32) -> Result<(File, File), String> {
    let server = made(name, open_mode, pipe_mode)?;
    let access = match open_mode & 3 {
        1 => GENERIC_WRITE,
        2 => GENERIC_READ,
        _ => GENERIC_READ | GENERIC_WRITE,
    };
    let client = client(name, access).map_err(|error| format!("no client's end: {error}"))?;
    Ok((server, client))
}

/// Result, bytes and error of a ReadFile.
pub fn read(file: &File, bytes: &mut [u8]) -> (i32, u32, u32) {
    clear_error();
    let mut moved = 99;
    // SAFETY: the buffer has that many bytes.
    let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), bytes.len() as u32, &raw mut moved, null_mut()) };
    (done, moved, if done == 0 { last_error() } else { 0 })
}

/// Result, bytes and error of a WriteFile.
pub fn write(file: &File, bytes: &[u8]) -> (i32, u32, u32) {
    clear_error();
    let mut moved = 99;
    // SAFETY: the bytes live through the call.
    let done = unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut moved, null_mut()) };
    (done, moved, if done == 0 { last_error() } else { 0 })
}
