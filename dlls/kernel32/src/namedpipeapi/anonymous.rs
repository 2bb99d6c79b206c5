//! Pipes without a name.

use crate::nt::{NtCreateNamedPipeFile, NtOpenFile, check};
use crate::open::{Owned, block};
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_NON_DIRECTORY_FILE, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, HANDLE, OBJ_CASE_INSENSITIVE, OBJ_INHERIT, UNICODE_STRING};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, SYNCHRONIZE};

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
