//! What is known of a pipe's end, how it is used, and what waits there.

use super::control;
use crate::information::{query, set};
use crate::nt::{NtFsControlFile, check};
use crate::open::block;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_INFORMATION, FILE_PIPE_LOCAL_INFORMATION, FILE_PIPE_PEEK_BUFFER, FilePipeInformation, FilePipeLocalInformation,
};
use windows_sys::Win32::Foundation::{ERROR_CANNOT_IMPERSONATE, ERROR_INVALID_PARAMETER, HANDLE, STATUS_BUFFER_OVERFLOW};
use windows_sys::Win32::System::Pipes::{PIPE_NOWAIT, PIPE_READMODE_MESSAGE, PIPE_SERVER_END, PIPE_TYPE_MESSAGE};

/// Copies what waits in a pipe, which stays there, and answers how much there is.
#[shim(ix = 151, mapping = "NtFsControlFile", risk = Wrong("wrong bytes"))]
pub unsafe extern "system" fn PeekNamedPipe(
    pipe: HANDLE,
    buffer: *mut c_void,
    size: u32,
    read: *mut u32,
    available: *mut u32,
    left: *mut u32,
) -> Result<Bool, Win32Error> {
    const HEAD: usize = offset_of!(FILE_PIPE_PEEK_BUFFER, Data);
    let room = if buffer.is_null() { 0 } else { size as usize };
    let mut bytes: Vec<u64> = alloc::vec![0; (HEAD + room).div_ceil(8).max(size_of::<FILE_PIPE_PEEK_BUFFER>().div_ceil(8))];
    let mut block = block();
    let status = unsafe {
        let (output, output_size) = (bytes.as_mut_ptr().cast(), (HEAD + room) as u32);
        NtFsControlFile(pipe, null_mut(), null(), null(), &raw mut block, control::PEEK, null(), 0, output, output_size)
    };
    if status != STATUS_BUFFER_OVERFLOW {
        check(status)?;
    }
    let done = block.Information.saturating_sub(HEAD).min(room);
    // SAFETY: the buffer holds a whole head, and behind it as many bytes as the call says.
    let head = unsafe { bytes.as_ptr().cast::<FILE_PIPE_PEEK_BUFFER>().read() };
    unsafe {
        if done > 0 {
            core::ptr::copy_nonoverlapping(bytes.as_ptr().cast::<u8>().add(HEAD), buffer.cast::<u8>(), done);
        }
        if !read.is_null() {
            *read = done as u32;
        }
        if !available.is_null() {
            *available = head.ReadDataAvailable;
        }
        if !left.is_null() {
            *left = head.MessageLength.saturating_sub(done as u32);
        }
    }
    Ok(Bool)
}

/// Sets how a pipe is read, and whether its calls wait.
#[shim(ix = 245, mapping = "NtSetInformationFile", risk = Functional("a call that waits, or does not"))]
pub unsafe extern "system" fn SetNamedPipeHandleState(
    pipe: HANDLE,
    mode: *const u32,
    most: *const u32,
    timeout: *const u32,
) -> Result<Bool, Win32Error> {
    // Bytes are collected for nobody on the same computer; to ask for it is an error there.
    if !most.is_null() || !timeout.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if let Some(mode) = unsafe { mode.as_ref() } {
        if mode & !(PIPE_NOWAIT | PIPE_READMODE_MESSAGE) != 0 {
            return Err(Win32Error(ERROR_INVALID_PARAMETER));
        }
        let modes = FILE_PIPE_INFORMATION { ReadMode: (mode & PIPE_READMODE_MESSAGE != 0).into(), CompletionMode: (mode & PIPE_NOWAIT != 0).into() };
        set(pipe, FilePipeInformation, &modes)?;
    }
    Ok(Bool)
}

/// Answers which end of a pipe a handle is, its sizes, and how many pipes of its name there may be.
#[shim(ix = 550, mapping = "NtQueryInformationFile", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetNamedPipeInfo(
    pipe: HANDLE,
    flags: *mut u32,
    outbound: *mut u32,
    inbound: *mut u32,
    instances: *mut u32,
) -> Result<Bool, Win32Error> {
    let local: FILE_PIPE_LOCAL_INFORMATION = query(pipe, FilePipeLocalInformation)?;
    unsafe {
        if !flags.is_null() {
            let kind = if local.NamedPipeType != 0 { PIPE_TYPE_MESSAGE } else { 0 };
            *flags = kind | if local.NamedPipeEnd != 0 { PIPE_SERVER_END } else { 0 };
        }
        if !outbound.is_null() {
            *outbound = local.OutboundQuota;
        }
        if !inbound.is_null() {
            *inbound = local.InboundQuota;
        }
        if !instances.is_null() {
            *instances = super::told_instances(local.MaximumInstances);
        }
    }
    Ok(Bool)
}

/// Answers how a pipe is read, whether its calls wait, and how many instances there are.
#[shim(ix = 777, mapping = "NtQueryInformationFile", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetNamedPipeHandleStateW(
    pipe: HANDLE,
    state: *mut u32,
    instances: *mut u32,
    most: *mut u32,
    timeout: *mut u32,
    user: *mut u16,
    _user_size: u32,
) -> Result<Bool, Win32Error> {
    unsafe { handle_state(pipe, state, instances, [most, timeout], !user.is_null()) }
}

/// The same, for whoever wants a user's name in whichever form.
pub unsafe fn handle_state(
    pipe: HANDLE,
    state: *mut u32,
    instances: *mut u32,
    collected: [*mut u32; 2],
    wants_user: bool,
) -> Result<Bool, Win32Error> {
    let local: FILE_PIPE_LOCAL_INFORMATION = query(pipe, FilePipeLocalInformation)?;
    // As for setting them: there is no other computer.
    if collected.iter().any(|pointer| !pointer.is_null()) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if wants_user {
        // A server learns its client's name by acting as the client, and nobody acts as another one here.
        return Err(Win32Error(if local.NamedPipeEnd != 0 { ERROR_CANNOT_IMPERSONATE } else { ERROR_INVALID_PARAMETER }));
    }
    let modes: FILE_PIPE_INFORMATION = query(pipe, FilePipeInformation)?;
    unsafe {
        if !state.is_null() {
            *state = if modes.ReadMode != 0 { PIPE_READMODE_MESSAGE } else { 0 } | if modes.CompletionMode != 0 { PIPE_NOWAIT } else { 0 };
        }
        if !instances.is_null() {
            *instances = super::told_instances(local.CurrentInstances);
        }
    }
    Ok(Bool)
}
