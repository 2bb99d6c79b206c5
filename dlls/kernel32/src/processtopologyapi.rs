//! processtopologyapi.h: which processors of which group may run threads. All processors are one group.

use crate::processthreadsapi::{process_class, query_process, query_thread, set_thread, thread_class};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_NOACCESS, HANDLE};
use windows_sys::Win32::System::SystemInformation::GROUP_AFFINITY;
use windows_sys::Win32::System::Threading::PROCESS_BASIC_INFORMATION;

/// Answers which processors may run a thread.
#[shim(ix = 747, mapping = "NtQueryInformationThread", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn GetThreadGroupAffinity(thread: HANDLE, affinity: *mut GROUP_AFFINITY) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's variable.
    let affinity = unsafe { affinity.as_mut() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    *affinity = unsafe { query_thread(thread, thread_class::GROUP) }?;
    Ok(Bool)
}

/// Sets which processors may run a thread; answers which might before.
#[shim(ix = 431, mapping = "NtSetInformationThread", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn SetThreadGroupAffinity(
    thread: HANDLE,
    affinity: *const GROUP_AFFINITY,
    previous: *mut GROUP_AFFINITY,
) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's structure.
    let affinity = unsafe { affinity.as_ref() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    let before = if previous.is_null() { None } else { Some(unsafe { query_thread(thread, thread_class::GROUP) }?) };
    unsafe { set_thread(thread, thread_class::GROUP, affinity) }?;
    if let Some(before) = before {
        unsafe { *previous = before };
    }
    Ok(Bool)
}

/// Answers the groups of processors that the threads of a process run on.
#[shim(ix = 494, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetProcessGroupAffinity(process: HANDLE, count: *mut u16, groups: *mut u16) -> Result<Bool, Win32Error> {
    // The handle has to be one that may be asked.
    let _: PROCESS_BASIC_INFORMATION = unsafe { query_process(process, process_class::BASIC) }?;
    // SAFETY: NULL, or the caller's variable.
    let count = unsafe { count.as_mut() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    if core::mem::replace(count, 1) < 1 {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    if groups.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    unsafe { *groups = 0 };
    Ok(Bool)
}
