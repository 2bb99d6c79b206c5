//! Files: the gate's services behind `NtCreateFile` and its kin.

mod bytes;
pub mod control;
mod links;
mod lock;
mod notify;
pub mod pipe;
mod query;
mod set;
mod target;

use crate::gate::ask;
use crate::redirection::redirected;
use crate::string::units;
use core::ffi::c_void;
use gate::service::{FlushFile, OpenFile};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::FILE_OPEN;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Fills a status block.
unsafe fn tell(block: *mut IO_STATUS_BLOCK, status: NTSTATUS, information: usize) {
    // SAFETY: the caller's block.
    unsafe {
        (*block).Anonymous.Status = status;
        (*block).Information = information;
    }
}

/// The answer of a request, whose status block the runtime may have told: then it may be the guest's own again.
unsafe fn answer(block: *mut IO_STATUS_BLOCK, status: NTSTATUS, told: u64, done: u64) -> Result<NtStatus, Status> {
    const ERROR: u32 = 0xC000_0000;
    // Of an error at once, nobody but the caller hears.
    if told == 0 || status as u32 >= ERROR {
        unsafe { tell(block, status, done as usize) };
    }
    Status::check(status).map(NtStatus)
}

/// Tells the outcome in the status block, as the I/O manager does for what is complete.
unsafe fn complete(block: *mut IO_STATUS_BLOCK, outcome: Result<NTSTATUS, Status>, information: u64) -> Result<NtStatus, Status> {
    let status = match outcome {
        Ok(status) | Err(Status(status)) => status,
    };
    unsafe { tell(block, status, information as usize) };
    outcome.map(NtStatus)
}

/// Opens or creates a file, folder or device.
#[shim(ix = 26, mapping = "gate OpenFile: the broker decides", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn NtCreateFile(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    block: *mut IO_STATUS_BLOCK,
    _allocation: *const i64,
    attributes: u32,
    share: u32,
    disposition: u32,
    options: u32,
    _extended: *const c_void,
    extended_size: u32,
) -> Result<NtStatus, Status> {
    if extended_size != 0 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_EAS_NOT_SUPPORTED));
    }
    let object = unsafe { object.as_ref() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let name = redirected(unsafe { units(object.ObjectName) });
    let mut request = OpenFile {
        name: name.as_ptr() as u64,
        name_size: size_of_val(&*name) as u64,
        root: object.RootDirectory as u64,
        access,
        share,
        disposition,
        options,
        attributes,
        object_flags: object.Attributes,
        ..OpenFile::default()
    };
    let outcome = ask(&mut request);
    if outcome.is_ok() {
        unsafe { *handle = request.handle as usize as HANDLE };
    }
    unsafe { complete(block, outcome, request.information) }
}

/// Opens a file, folder or device that exists.
#[shim(ix = 27, mapping = "NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn NtOpenFile(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    block: *mut IO_STATUS_BLOCK,
    share: u32,
    options: u32,
) -> Result<NtStatus, Status> {
    let status = unsafe { NtCreateFile(handle, access, object, block, core::ptr::null(), 0, share, FILE_OPEN, options, core::ptr::null(), 0) };
    Status::check(status).map(NtStatus)
}

/// Writes what the host still buffers to the disk.
#[shim(ix = 30, mapping = "gate FlushFile", risk = Functional("data lost with the power"))]
pub unsafe extern "system" fn NtFlushBuffersFile(file: HANDLE, block: *mut IO_STATUS_BLOCK) -> Result<NtStatus, Status> {
    unsafe { complete(block, ask(&mut FlushFile { file: file as u64 }), 0) }
}

/// Deletes a file or empty folder by its path.
#[shim(ix = 35, mapping = "NtOpenFile with FILE_DELETE_ON_CLOSE", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn NtDeleteFile(object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    use windows_sys::Wdk::Storage::FileSystem::{FILE_DELETE_ON_CLOSE, FILE_OPEN_FOR_BACKUP_INTENT};
    use windows_sys::Win32::Storage::FileSystem::DELETE;
    let mut handle = core::ptr::null_mut();
    // SAFETY: plain data, for which zero is a value.
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let options = FILE_DELETE_ON_CLOSE | FILE_OPEN_FOR_BACKUP_INTENT;
    Status::check(unsafe { NtOpenFile(&raw mut handle, DELETE, object, &raw mut block, 7, options) })?;
    Status::check(unsafe { crate::object::NtClose(handle) }).map(NtStatus)
}
