//! `jobapi.h`, `jobapi2.h` and what `winbase.h` adds: jobs.

use crate::named::{ObjectName, attributes, created, open};
use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Handle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_NOACCESS, HANDLE, STATUS_PROCESS_IN_JOB};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

/// `JOB_OBJECT_ALL_ACCESS` (winnt.h).
const JOB_OBJECT_ALL_ACCESS: u32 = 0x1F_003F;

unsafe fn create(security: *const SECURITY_ATTRIBUTES, name: Option<&ObjectName>) -> Result<Handle, Win32Error> {
    let mut handle = null_mut();
    unsafe {
        let object = attributes(security, name);
        let status = nt::NtCreateJobObject(&raw mut handle, JOB_OBJECT_ALL_ACCESS, &raw const object);
        created(status, handle)
    }
}

/// Creates a job.
#[shim(ix = 204, mapping = "NtCreateJobObject", risk = Functional("processes that nobody ends"))]
pub unsafe extern "system" fn CreateJobObjectW(security: *const SECURITY_ATTRIBUTES, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { create(security, ObjectName::wide(name)?.as_deref()) }
}

/// Creates a job.
#[shim(ix = 408, mapping = "NtCreateJobObject", risk = Functional("processes that nobody ends"))]
pub unsafe extern "system" fn CreateJobObjectA(security: *const SECURITY_ATTRIBUTES, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { create(security, ObjectName::narrow(name)?.as_deref()) }
}

/// Opens a named job.
#[shim(ix = 773, mapping = "NtOpenJobObject", risk = Functional("a job that is not found"))]
pub unsafe extern "system" fn OpenJobObjectW(access: u32, inherits: i32, name: *const u16) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::wide(name)?.as_deref(), access, inherits, nt::NtOpenJobObject) }
}

/// Opens a named job.
#[shim(ix = 774, mapping = "NtOpenJobObject", risk = Functional("a job that is not found"))]
pub unsafe extern "system" fn OpenJobObjectA(access: u32, inherits: i32, name: *const u8) -> Result<Handle, Win32Error> {
    unsafe { open(ObjectName::narrow(name)?.as_deref(), access, inherits, nt::NtOpenJobObject) }
}

/// Puts a process into a job.
#[shim(ix = 178, mapping = "NtAssignProcessToJobObject", risk = Functional("a process that nobody ends"))]
pub unsafe extern "system" fn AssignProcessToJobObject(job: HANDLE, process: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtAssignProcessToJobObject(job, process) }).map(|_| Bool)
}

/// Ends the processes of a job.
#[shim(ix = 573, mapping = "NtTerminateJobObject", risk = Functional("processes that go on"))]
pub unsafe extern "system" fn TerminateJobObject(job: HANDLE, code: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtTerminateJobObject(job, code as i32) }).map(|_| Bool)
}

/// Answers an information class of a job.
#[shim(ix = 321, mapping = "NtQueryInformationJobObject", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn QueryInformationJobObject(
    job: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtQueryInformationJobObject(job, class, buffer, length, result) }).map(|_| Bool)
}

/// Sets an information class of a job.
#[shim(ix = 184, mapping = "NtSetInformationJobObject", risk = Isolation("a limit that is not kept"))]
pub unsafe extern "system" fn SetInformationJobObject(job: HANDLE, class: i32, buffer: *const c_void, length: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtSetInformationJobObject(job, class, buffer, length) }).map(|_| Bool)
}

/// Answers whether a process is in a job, or in any.
#[shim(ix = 775, mapping = "NtIsProcessInJob", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsProcessInJob(process: HANDLE, job: HANDLE, answer: *mut i32) -> Result<Bool, Win32Error> {
    if answer.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    let status = check(unsafe { nt::NtIsProcessInJob(process, job) })?;
    unsafe { *answer = (status == STATUS_PROCESS_IN_JOB).into() };
    Ok(Bool)
}
