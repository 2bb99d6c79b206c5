//! psapi.h: what programs ask about processes, under the names that kernel32 exports. `psapi.dll` leads here.

mod module;
mod text;

use crate::nt::{self, check};
use crate::process_list;
use crate::processthreadsapi::{process_class, query_process};
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::System::SystemServices::VM_COUNTERS;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_NOACCESS, HANDLE};
use windows_sys::Win32::System::ProcessStatus::{PROCESS_MEMORY_COUNTERS, PROCESS_MEMORY_COUNTERS_EX};

/// Lists the processes' numbers, as many as fit.
#[shim(ix = 789, mapping = "NtQuerySystemInformation", risk = Wrong("a process that is missed"))]
pub unsafe extern "system" fn K32EnumProcesses(ids: *mut u32, room: u32, used: *mut u32) -> Result<Bool, Win32Error> {
    let all = process_list::all()?;
    let fit = all.len().min(room as usize / size_of::<u32>());
    if used.is_null() || ids.is_null() && fit > 0 {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    for (index, process) in all[..fit].iter().enumerate() {
        unsafe { ids.add(index).write(process.id) };
    }
    unsafe { *used = (fit * size_of::<u32>()) as u32 };
    Ok(Bool)
}

/// Answers what a process takes of memory.
#[shim(ix = 353, mapping = "NtQueryInformationProcess", risk = Wrong("wrong numbers"))]
pub unsafe extern "system" fn K32GetProcessMemoryInfo(
    process: HANDLE,
    counters: *mut PROCESS_MEMORY_COUNTERS,
    size: u32,
) -> Result<Bool, Win32Error> {
    if (size as usize) < size_of::<PROCESS_MEMORY_COUNTERS>() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let told: VM_COUNTERS = unsafe { query_process(process, process_class::MEMORY) }?;
    let with_private = size as usize >= size_of::<PROCESS_MEMORY_COUNTERS_EX>();
    let written = if with_private { size_of::<PROCESS_MEMORY_COUNTERS_EX>() } else { size_of::<PROCESS_MEMORY_COUNTERS>() };
    let answer = PROCESS_MEMORY_COUNTERS_EX {
        cb: written as u32,
        PageFaultCount: told.PageFaultCount,
        PeakWorkingSetSize: told.PeakWorkingSetSize,
        WorkingSetSize: told.WorkingSetSize,
        QuotaPeakPagedPoolUsage: told.QuotaPeakPagedPoolUsage,
        QuotaPagedPoolUsage: told.QuotaPagedPoolUsage,
        QuotaPeakNonPagedPoolUsage: told.QuotaPeakNonPagedPoolUsage,
        QuotaNonPagedPoolUsage: told.QuotaNonPagedPoolUsage,
        PagefileUsage: told.PagefileUsage,
        PeakPagefileUsage: told.PeakPagefileUsage,
        PrivateUsage: told.PagefileUsage,
    };
    if counters.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    unsafe { counters.cast::<u8>().copy_from_nonoverlapping((&raw const answer).cast(), written) };
    Ok(Bool)
}

/// A process that was opened, until this is dropped.
pub struct Opened(pub HANDLE);

impl Opened {
    /// Opens a process by its number.
    pub fn by_number(process: u32, access: u32) -> Result<Self, Win32Error> {
        let (object, client) = (crate::processthreadsapi::by_number(0), [process as usize, 0]);
        let mut handle = null_mut();
        // SAFETY: the structures live through the call.
        check(unsafe { nt::NtOpenProcess(&raw mut handle, access, &raw const object, &raw const client) })?;
        Ok(Self(handle))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: it is this value's own.
        unsafe { nt::NtClose(self.0) };
    }
}
