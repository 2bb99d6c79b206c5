//! The machine's memory.

use super::machine::basic;
use crate::nt::{NtQueryVirtualMemory, WcQueryMemory, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::Memory::{MEM_FREE, MEMORY_BASIC_INFORMATION};
use windows_sys::Win32::System::SystemInformation::{MEMORYSTATUS, MEMORYSTATUSEX};

/// Bytes of the process's address space, and those that nothing takes.
fn virtual_memory() -> (u64, u64) {
    let basic = basic();
    let total = (basic.highest_address - basic.lowest_address + 1) as u64;
    let (mut free, mut at) = (0, basic.lowest_address);
    while at < basic.highest_address {
        // SAFETY: plain numbers, for which zero is a value.
        let mut region: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
        let (current, size) = (usize::MAX as *mut c_void, size_of::<MEMORY_BASIC_INFORMATION>());
        // SAFETY: describes memory, and writes the description.
        let status = unsafe { NtQueryVirtualMemory(current, at as *const c_void, 0, (&raw mut region).cast(), size, null_mut()) };
        if status < 0 || region.RegionSize == 0 {
            break;
        }
        if region.State == MEM_FREE {
            free += region.RegionSize as u64;
        }
        at = (region.BaseAddress as usize).saturating_add(region.RegionSize);
    }
    (total, free.min(total))
}

fn memory() -> Result<[u64; 4], Win32Error> {
    let mut memory = [0; 4];
    // SAFETY: writes the numbers.
    check(unsafe { WcQueryMemory(&raw mut memory) })?;
    Ok(memory)
}

fn load([total, available, ..]: [u64; 4]) -> u32 {
    ((total - available.min(total)) * 100 / total.max(1)) as u32
}

/// Tells how much memory there is, and how much of it is free.
#[shim(ix = 238, mapping = "the host's memory, NtQueryVirtualMemory", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GlobalMemoryStatusEx(answer: *mut MEMORYSTATUSEX) -> Result<Bool, Win32Error> {
    let answer = unsafe { answer.as_mut() }.filter(|answer| answer.dwLength as usize == size_of::<MEMORYSTATUSEX>());
    let answer = answer.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let memory = memory()?;
    let (total, free) = virtual_memory();
    answer.dwMemoryLoad = load(memory);
    [answer.ullTotalPhys, answer.ullAvailPhys, answer.ullTotalPageFile, answer.ullAvailPageFile] = memory;
    answer.ullTotalVirtual = total;
    answer.ullAvailVirtual = free;
    // Always 0, by the documentation.
    answer.ullAvailExtendedVirtual = 0;
    Ok(Bool)
}

/// Tells how much memory there is, as far as the numbers can.
#[shim(ix = 498, mapping = "GlobalMemoryStatusEx", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GlobalMemoryStatus(answer: *mut MEMORYSTATUS) {
    let memory = memory().unwrap_or_default();
    let (total, free) = virtual_memory();
    // A program of 32 bits that does not know more than 2 GB must not overflow.
    let most = if cfg!(target_pointer_width = "32") { i32::MAX as u64 } else { u64::MAX };
    let [total_physical, available, total_file, available_file] = memory.map(|bytes| bytes.min(most) as usize);
    unsafe {
        *answer = MEMORYSTATUS {
            dwLength: size_of::<MEMORYSTATUS>() as u32,
            dwMemoryLoad: load(memory),
            dwTotalPhys: total_physical,
            dwAvailPhys: available,
            dwTotalPageFile: total_file,
            dwAvailPageFile: available_file,
            dwTotalVirtual: total.min(most) as usize,
            dwAvailVirtual: free.min(most) as usize,
        };
    }
}

/// Answers the machine's memory in kilobytes.
#[shim(ix = 691, mapping = "the host's memory", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetPhysicallyInstalledSystemMemory(answer: *mut u64) -> Result<Bool, Win32Error> {
    if answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *answer = memory()?[0] / 1024 };
    Ok(Bool)
}
