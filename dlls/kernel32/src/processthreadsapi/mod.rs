//! processthreadsapi.h: processes and threads.

mod attribute;
mod call;
mod create;
mod description;
mod processor;
mod program;
mod startup;
mod thread;
mod tls;

use crate::nt::{self, check};
use crate::process_list;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Count, Handle};
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::System::SystemServices::KERNEL_USER_TIMES;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, FILETIME, HANDLE, OBJ_INHERIT};
use windows_sys::Win32::System::Threading::PROCESS_BASIC_INFORMATION;

/// The pseudo handle of this process.
pub const THIS_PROCESS: HANDLE = usize::MAX as HANDLE;
/// The pseudo handle of the calling thread.
pub const THIS_THREAD: HANDLE = (usize::MAX - 1) as HANDLE;

/// Information classes of NtQueryInformationProcess.
pub mod process_class {
    #![allow(missing_docs, reason = "the classes bear Windows' own names")]
    pub const BASIC: i32 = 0;
    pub const MEMORY: i32 = 3;
    pub const TIMES: i32 = 4;
    pub const HANDLES: i32 = 20;
    pub const PRIORITY_BOOST: i32 = 22;
    pub const WOW64: i32 = 26;
}

/// Answers an information class of a process.
pub unsafe fn query_process<T>(process: HANDLE, class: i32) -> Result<T, Win32Error> {
    // SAFETY: the classes' structures are plain data, for which zero is a value.
    let mut answer: T = unsafe { core::mem::zeroed() };
    // SAFETY: the answer has that size.
    check(unsafe { nt::NtQueryInformationProcess(process, class, (&raw mut answer).cast(), size_of::<T>() as u32, null_mut()) })?;
    Ok(answer)
}

/// Sets an information class of a process.
pub unsafe fn set_process<T>(process: HANDLE, class: i32, value: &T) -> Result<Bool, Win32Error> {
    // SAFETY: the value has that size.
    check(unsafe { nt::NtSetInformationProcess(process, class, core::ptr::from_ref(value).cast(), size_of::<T>() as u32) }).map(|_| Bool)
}

/// Information classes of NtQueryInformationThread.
pub mod thread_class {
    #![allow(missing_docs, reason = "the classes bear Windows' own names")]
    pub const BASIC: i32 = 0;
    pub const TIMES: i32 = 1;
    pub const BASE_PRIORITY: i32 = 3;
    pub const IDEAL_PROCESSOR: i32 = 13;
    pub const PRIORITY_BOOST: i32 = 14;
    pub const GROUP: i32 = 30;
    pub const IDEAL_PROCESSOR_EX: i32 = 33;
    pub const NAME: i32 = 38;
}

/// Answers an information class of a thread.
pub unsafe fn query_thread<T>(thread: HANDLE, class: i32) -> Result<T, Win32Error> {
    // SAFETY: the classes' structures are plain data, for which zero is a value.
    let mut answer: T = unsafe { core::mem::zeroed() };
    // SAFETY: the answer has that size.
    check(unsafe { nt::NtQueryInformationThread(thread, class, (&raw mut answer).cast(), size_of::<T>() as u32, null_mut()) })?;
    Ok(answer)
}

/// Sets an information class of a thread.
pub unsafe fn set_thread<T>(thread: HANDLE, class: i32, value: &T) -> Result<Bool, Win32Error> {
    // SAFETY: the value has that size.
    check(unsafe { nt::NtSetInformationThread(thread, class, core::ptr::from_ref(value).cast(), size_of::<T>() as u32) }).map(|_| Bool)
}

/// Writes a time to a caller's structure.
pub unsafe fn put_time(target: *mut FILETIME, time: i64) -> Result<(), Win32Error> {
    // The system writes it: a bad pointer is an error there, and no fault.
    let target = unsafe { target.as_mut() }.ok_or(Win32Error(windows_sys::Win32::Foundation::ERROR_NOACCESS))?;
    *target = FILETIME { dwLowDateTime: time as u32, dwHighDateTime: (time >> 32) as u32 };
    Ok(())
}

/// What opens an object by number: no name, and whether children inherit the handle.
pub fn by_number(inherits: i32) -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: null(),
        Attributes: if inherits != 0 { OBJ_INHERIT } else { 0 },
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    }
}

/// Answers the pseudo handle of this process.
#[shim(ix = 7, mapping = "a fixed number", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetCurrentProcess() -> HANDLE {
    THIS_PROCESS
}

/// Answers this process's number.
#[shim(ix = 14, mapping = "the TEB", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrentProcessId() -> u32 {
    teb::process_id()
}

/// Answers a process's number.
#[shim(ix = 254, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetProcessId(process: HANDLE) -> Result<Count<u32>, Win32Error> {
    let basic: PROCESS_BASIC_INFORMATION = unsafe { query_process(process, process_class::BASIC) }?;
    Ok(Count(basic.UniqueProcessId as u32))
}

/// Opens a process of the sandbox by its number.
#[shim(ix = 130, mapping = "NtOpenProcess", risk = Isolation("a process that is not the program's"))]
pub unsafe extern "system" fn OpenProcess(access: u32, inherits: i32, process: u32) -> Result<Handle, Win32Error> {
    let (object, client) = (by_number(inherits), [process as usize, 0]);
    let mut handle = null_mut();
    check(unsafe { nt::NtOpenProcess(&raw mut handle, access, &raw const object, &raw const client) })?;
    Ok(Handle(handle))
}

/// Ends the process: notices run first.
#[shim(ix = 2, mapping = "RtlExitUserProcess", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn ExitProcess(code: u32) {
    unsafe { nt::RtlExitUserProcess(code) };
}

/// Ends a process at once.
#[shim(ix = 21, mapping = "NtTerminateProcess", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn TerminateProcess(process: HANDLE, code: u32) -> Result<Bool, Win32Error> {
    if process.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    check(unsafe { nt::NtTerminateProcess(process, code as i32) }).map(|_| Bool)
}

/// Answers a process's exit code, or STILL_ACTIVE.
#[shim(ix = 61, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong code"))]
pub unsafe extern "system" fn GetExitCodeProcess(process: HANDLE, code: *mut u32) -> Result<Bool, Win32Error> {
    let basic: PROCESS_BASIC_INFORMATION = unsafe { query_process(process, process_class::BASIC) }?;
    unsafe { *code = basic.ExitStatus as u32 };
    Ok(Bool)
}

/// Answers when a process started and ended, and its time in the system and in its own code.
#[shim(ix = 174, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetProcessTimes(
    process: HANDLE,
    created: *mut FILETIME,
    ended: *mut FILETIME,
    kernel: *mut FILETIME,
    user: *mut FILETIME,
) -> Result<Bool, Win32Error> {
    let times: KERNEL_USER_TIMES = unsafe { query_process(process, process_class::TIMES) }?;
    for (target, time) in [(created, times.CreateTime), (ended, times.ExitTime), (kernel, times.KernelTime), (user, times.UserTime)] {
        unsafe { put_time(target, time) }?;
    }
    Ok(Bool)
}

/// Answers how many handles a process has.
#[shim(ix = 638, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetProcessHandleCount(process: HANDLE, count: *mut u32) -> Result<Bool, Win32Error> {
    let handles: u32 = unsafe { query_process(process, process_class::HANDLES) }?;
    unsafe { *count = handles };
    Ok(Bool)
}

/// Answers whether the process's priority boost is off.
#[shim(ix = 639, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetProcessPriorityBoost(process: HANDLE, off: *mut i32) -> Result<Bool, Win32Error> {
    let boost: u32 = unsafe { query_process(process, process_class::PRIORITY_BOOST) }?;
    unsafe { *off = (boost != 0).into() };
    Ok(Bool)
}

/// Turns the process's priority boost off or on.
#[shim(ix = 382, mapping = "NtSetInformationProcess", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn SetProcessPriorityBoost(process: HANDLE, off: i32) -> Result<Bool, Win32Error> {
    unsafe { set_process(process, process_class::PRIORITY_BOOST, &u32::from(off != 0)) }
}

/// Answers the session of a process: one is all there is in a sandbox.
#[shim(ix = 459, mapping = "the PEB", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn ProcessIdToSessionId(process: u32, session: *mut u32) -> Result<Bool, Win32Error> {
    const OFFSET: usize = if cfg!(target_arch = "x86") { gate::peb::SESSION_ID_32 } else { gate::peb::SESSION_ID_64 };
    if session.is_null() || process != teb::process_id() && !process_list::is_there(process) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *session = teb::peb().byte_add(OFFSET).cast::<u32>().read() };
    Ok(Bool)
}

/// Makes code that was written visible to every processor, which x86 does by itself.
#[shim(ix = 413, mapping = "nothing is needed on x86", risk = Functional("code that is out of date"))]
pub unsafe extern "system" fn FlushInstructionCache(process: HANDLE, _address: *const core::ffi::c_void, _size: usize) -> Result<Bool, Win32Error> {
    let _: PROCESS_BASIC_INFORMATION = unsafe { query_process(process, process_class::BASIC) }?;
    Ok(Bool)
}
