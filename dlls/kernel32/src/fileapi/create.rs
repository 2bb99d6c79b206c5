//! Opening and creating files: CreateFile.

use crate::ansi;
use crate::open::{How, Name, error, open};
use core::ptr::from_ref;
use guest::call::FileHandle;
use guest::error::{Status, Win32Error};
use guest::{router, shim, teb};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_NO_INTERMEDIATE_BUFFERING, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_IF,
    FILE_OPEN_NO_RECALL, FILE_OPEN_REPARSE_POINT, FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_RANDOM_ACCESS, FILE_SEQUENTIAL_ONLY, FILE_WRITE_THROUGH,
};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_FILE_EXISTS, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND, GENERIC_READ, GENERIC_WRITE, HANDLE,
    OBJ_INHERIT, STATUS_FILE_IS_A_DIRECTORY, STATUS_OBJECT_NAME_COLLISION,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_ALWAYS, CREATE_NEW, CREATEFILE2_EXTENDED_PARAMETERS, DELETE, FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DEVICE, FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NOT_CONTENT_INDEXED, FILE_ATTRIBUTE_OFFLINE, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_SYSTEM,
    FILE_ATTRIBUTE_TEMPORARY, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_NO_BUFFERING, FILE_FLAG_OPEN_NO_RECALL,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_OVERLAPPED, FILE_FLAG_RANDOM_ACCESS, FILE_FLAG_SEQUENTIAL_SCAN, FILE_FLAG_WRITE_THROUGH,
    FILE_READ_ATTRIBUTES, OPEN_ALWAYS, OPEN_EXISTING, TRUNCATE_EXISTING,
};

/// What an open that found something answers (`FILE_OVERWRITTEN` of ntifs.h; `FILE_OPENED` is 1).
const OPENED: usize = 1;
const OVERWRITTEN: usize = 3;

router! {
    /// What CreateFile does with a path, a disposition and flags; the answer is the native disposition.
    fn disposition(name: &Name, access: u32, disposition: u32, flags: u32) -> Result<u32, Win32Error>
    for "CreateFileW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & FILE_ATTRIBUTE_DEVICE != 0 => Err(Win32Error(ERROR_ACCESS_DENIED));
        name.is_device() => Err(refused(name, ERROR_ACCESS_DENIED));
        name.is("CON") && !is_one_way(access) => Err(Win32Error(ERROR_INVALID_PARAMETER));
        disposition == TRUNCATE_EXISTING && access & GENERIC_WRITE == 0 => Err(Win32Error(ERROR_INVALID_PARAMETER));
        disposition == OPEN_EXISTING => Ok(FILE_OPEN);
        disposition == OPEN_ALWAYS => Ok(FILE_OPEN_IF);
        disposition == CREATE_NEW => Ok(FILE_CREATE);
        disposition == CREATE_ALWAYS => Ok(FILE_OVERWRITE_IF);
        disposition == TRUNCATE_EXISTING => Ok(FILE_OVERWRITE);
    }
}

/// The broker refuses it too, and its audit has the name; what it would say does not matter.
fn refused(name: &Name, code: u32) -> Win32Error {
    let _ = open(name, &How::existing(FILE_READ_ATTRIBUTES, 0));
    Win32Error(code)
}

/// `CON` is either the input or the output.
const fn is_one_way(access: u32) -> bool {
    matches!(access & (GENERIC_READ | GENERIC_WRITE), GENERIC_READ | GENERIC_WRITE)
}

/// The native options that flags come to.
pub fn options(flags: u32) -> u32 {
    let rows = [
        (FILE_FLAG_WRITE_THROUGH, FILE_WRITE_THROUGH),
        (FILE_FLAG_NO_BUFFERING, FILE_NO_INTERMEDIATE_BUFFERING),
        (FILE_FLAG_RANDOM_ACCESS, FILE_RANDOM_ACCESS),
        (FILE_FLAG_SEQUENTIAL_SCAN, FILE_SEQUENTIAL_ONLY),
        (FILE_FLAG_DELETE_ON_CLOSE, FILE_DELETE_ON_CLOSE),
        (FILE_FLAG_BACKUP_SEMANTICS, FILE_OPEN_FOR_BACKUP_INTENT),
        (FILE_FLAG_OPEN_REPARSE_POINT, FILE_OPEN_REPARSE_POINT),
        (FILE_FLAG_OPEN_NO_RECALL, FILE_OPEN_NO_RECALL),
    ];
    // Only with backup semantics does CreateFile open folders.
    let first = if flags & FILE_FLAG_BACKUP_SEMANTICS == 0 { FILE_NON_DIRECTORY_FILE } else { 0 };
    rows.iter().filter(|(flag, _)| flags & flag != 0).fold(first, |options, (_, option)| options | option)
}

/// The attributes that a new file can be given.
const ATTRIBUTES: u32 = FILE_ATTRIBUTE_READONLY
    | FILE_ATTRIBUTE_HIDDEN
    | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE
    | FILE_ATTRIBUTE_NORMAL
    | FILE_ATTRIBUTE_TEMPORARY
    | FILE_ATTRIBUTE_OFFLINE
    | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

/// Opens or creates, by a path that is NULL or ends in a NUL.
unsafe fn create(
    path: *const u16,
    access: u32,
    share: u32,
    security: *const SECURITY_ATTRIBUTES,
    wanted: u32,
    flags: u32,
) -> Result<FileHandle, Win32Error> {
    let given = unsafe { Name::new(path) }?;
    let disposition = disposition(&given, access, wanted, flags)?;
    let name = match (given.is("CON"), access & GENERIC_WRITE) {
        (false, _) => given,
        (true, 0) => unsafe { Name::new(windows_sys::w!("CONIN$")) }?,
        (true, _) => unsafe { Name::new(windows_sys::w!("CONOUT$")) }?,
    };
    let deletes = if flags & FILE_FLAG_DELETE_ON_CLOSE != 0 { DELETE } else { 0 };
    // The descriptor of security is left aside: a sandbox has rights of its own.
    let inherit = unsafe { security.as_ref() }.is_some_and(|security| security.bInheritHandle != 0);
    let how = How {
        access: access | deletes | FILE_READ_ATTRIBUTES,
        share,
        disposition,
        options: options(flags),
        attributes: flags & ATTRIBUTES,
        flags: if inherit { OBJ_INHERIT } else { 0 },
        overlapped: flags & FILE_FLAG_OVERLAPPED != 0,
    };
    let (handle, done) = open(&name, &how).map_err(|Status(status)| match status {
        STATUS_OBJECT_NAME_COLLISION => Win32Error(ERROR_FILE_EXISTS),
        STATUS_FILE_IS_A_DIRECTORY if name.ends_in_backslash() => Win32Error(ERROR_PATH_NOT_FOUND),
        _ => error(status),
    })?;
    if matches!(wanted, OPEN_ALWAYS | CREATE_ALWAYS) {
        teb::set_last_error(if matches!(done, OPENED | OVERWRITTEN) { ERROR_ALREADY_EXISTS } else { 0 });
    }
    Ok(FileHandle(handle.keep()))
}

/// Opens or creates a file, folder or device.
#[shim(ix = 24, mapping = "NtCreateFile: the broker decides", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateFileW(
    name: *const u16,
    access: u32,
    share: u32,
    security: *const SECURITY_ATTRIBUTES,
    disposition: u32,
    flags: u32,
    _template: HANDLE,
) -> Result<FileHandle, Win32Error> {
    unsafe { create(name, access, share, security, disposition, flags) }
}

/// Opens or creates a file, folder or device.
#[shim(ix = 162, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateFileA(
    name: *const u8,
    access: u32,
    share: u32,
    security: *const SECURITY_ATTRIBUTES,
    disposition: u32,
    flags: u32,
    _template: HANDLE,
) -> Result<FileHandle, Win32Error> {
    let name = unsafe { ansi::file_name(name) }?;
    unsafe { create(name.as_ptr(), access, share, security, disposition, flags) }
}

/// Opens or creates a file, folder or device, with the flags in a structure.
#[shim(ix = 291, mapping = "CreateFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CreateFile2(
    name: *const u16,
    access: u32,
    share: u32,
    disposition: u32,
    parameters: *const CREATEFILE2_EXTENDED_PARAMETERS,
) -> Result<FileHandle, Win32Error> {
    let (security, flags) = unsafe { parameters.as_ref() }.map_or((core::ptr::null(), 0), |given| {
        let security = unsafe { given.lpSecurityAttributes.as_ref() }.map_or(core::ptr::null(), from_ref);
        (security, given.dwFileAttributes | given.dwFileFlags | given.dwSecurityQosFlags)
    });
    unsafe { create(name, access, share, security, disposition, flags) }
}
