//! namedpipeapi.h: pipes. Those with names come later.

use crate::information::{query, set};
use crate::nt::{NtCreateNamedPipeFile, NtFsControlFile, NtOpenFile, check};
use crate::open::{Owned, block};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_NON_DIRECTORY_FILE, FILE_PIPE_INFORMATION, FILE_PIPE_LOCAL_INFORMATION, FILE_PIPE_PEEK_BUFFER, FILE_SYNCHRONOUS_IO_NONALERT,
    FilePipeInformation, FilePipeLocalInformation,
};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, GENERIC_READ, GENERIC_WRITE, HANDLE, OBJ_CASE_INSENSITIVE, OBJ_INHERIT, STATUS_BUFFER_OVERFLOW, UNICODE_STRING,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, SYNCHRONIZE};
use windows_sys::Win32::System::Pipes::{PIPE_NOWAIT, PIPE_READMODE_MESSAGE, PIPE_SERVER_END};

const FSCTL_PIPE_PEEK: u32 = 0x11_400C;

/// Makes a pipe without a name, and answers the end to read from and the end to write to.
#[shim(ix = 227, mapping = "NtCreateNamedPipeFile, NtOpenFile", risk = Functional("bytes that do not arrive"))]
pub unsafe extern "system" fn CreatePipe(
    read: *mut HANDLE,
    write: *mut HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    size: u32,
) -> Result<Bool, Win32Error> {
    const DEFAULT_SIZE: u32 = 4096;
    // 120 seconds; nobody waits for a pipe without a name.
    let timeout: i64 = -1_200_000_000;
    let size = if size == 0 { DEFAULT_SIZE } else { size };
    let inherit = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    let name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
    let object = |root: HANDLE| OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: root,
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE | if inherit { OBJ_INHERIT } else { 0 },
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let (mut server, mut client, mut block) = (null_mut(), null_mut(), block());
    let access = GENERIC_READ | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;
    let options = FILE_SYNCHRONOUS_IO_NONALERT;
    check(unsafe {
        let object = object(null_mut());
        let (object, block, timeout) = (&raw const object, &raw mut block, &raw const timeout);
        NtCreateNamedPipeFile(&raw mut server, access, object, block, FILE_SHARE_WRITE, FILE_CREATE, options, 0, 0, 0, 1, size, size, timeout)
    })?;
    let server = Owned(server);
    let access = GENERIC_WRITE | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
    check(unsafe {
        let object = object(server.0);
        NtOpenFile(&raw mut client, access, &raw const object, &raw mut block, 0, options | FILE_NON_DIRECTORY_FILE)
    })?;
    let client = Owned(client);
    unsafe {
        *read = server.keep();
        *write = client.keep();
    }
    Ok(Bool)
}

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
        NtFsControlFile(pipe, null_mut(), null(), null(), &raw mut block, FSCTL_PIPE_PEEK, null(), 0, output, output_size)
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
            *flags = if local.NamedPipeEnd != 0 { PIPE_SERVER_END } else { 0 };
        }
        if !outbound.is_null() {
            *outbound = local.OutboundQuota;
        }
        if !inbound.is_null() {
            *inbound = local.InboundQuota;
        }
        if !instances.is_null() {
            *instances = local.MaximumInstances;
        }
    }
    Ok(Bool)
}
