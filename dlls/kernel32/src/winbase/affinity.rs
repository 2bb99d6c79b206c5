//! Which processors may run the process and its threads, and how urgent the process is.

use crate::nt::{self, check};
use crate::processthreadsapi::{query_process, set_process};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::{router, shim, teb};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, HANDLE};
use windows_sys::Win32::System::Threading::{
    ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, HIGH_PRIORITY_CLASS, IDLE_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS,
    PROCESS_BASIC_INFORMATION, REALTIME_PRIORITY_CLASS,
};

/// Information classes of NtQueryInformationProcess.
mod class {
    pub const BASIC: i32 = 0;
    pub const PRIORITY_CLASS: i32 = 18;
    pub const AFFINITY_MASK: i32 = 21;
}

/// Answers which processors may run the process, and which there are.
#[shim(ix = 173, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn GetProcessAffinityMask(process: HANDLE, own: *mut usize, system: *mut usize) -> Result<Bool, Win32Error> {
    let basic: PROCESS_BASIC_INFORMATION = unsafe { query_process(process, class::BASIC) }?;
    unsafe {
        *own = basic.AffinityMask;
        *system = (*teb::peb()).active_process_affinity_mask;
    }
    Ok(Bool)
}

/// Sets which processors may run the process.
#[shim(ix = 210, mapping = "NtSetInformationProcess", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn SetProcessAffinityMask(process: HANDLE, mask: usize) -> Result<Bool, Win32Error> {
    unsafe { set_process(process, class::AFFINITY_MASK, &mask) }
}

/// Sets which processors may run a thread; answers which might before.
#[shim(ix = 404, mapping = "NtSetInformationThread", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn SetThreadAffinityMask(thread: HANDLE, mask: usize) -> Result<Count<usize>, Win32Error> {
    const BASIC: i32 = 0;
    const AFFINITY_MASK: i32 = 4;
    /// `THREAD_BASIC_INFORMATION` (ntifs.h).
    #[repr(C)]
    struct Basic {
        exit_status: i32,
        teb: *mut c_void,
        client: [usize; 2],
        affinity: usize,
        priority: [i32; 2],
    }
    let mut basic = Basic { exit_status: 0, teb: null_mut(), client: [0; 2], affinity: 0, priority: [0; 2] };
    check(unsafe { nt::NtQueryInformationThread(thread, BASIC, (&raw mut basic).cast(), size_of::<Basic>() as u32, null_mut()) })?;
    check(unsafe { nt::NtSetInformationThread(thread, AFFINITY_MASK, (&raw const mask).cast(), size_of::<usize>() as u32) })?;
    Ok(Count(basic.affinity))
}

/// `PROCESS_PRIORITY_CLASS` (ntifs.h).
#[repr(C)]
#[derive(Clone, Copy)]
struct PriorityClass {
    foreground: u8,
    class: u8,
}

/// The classes by the numbers that the system gives them.
const CLASSES: [u32; 7] = [
    0,
    IDLE_PRIORITY_CLASS,
    NORMAL_PRIORITY_CLASS,
    HIGH_PRIORITY_CLASS,
    REALTIME_PRIORITY_CLASS,
    BELOW_NORMAL_PRIORITY_CLASS,
    ABOVE_NORMAL_PRIORITY_CLASS,
];

/// Answers the process's priority class.
#[shim(ix = 417, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn GetPriorityClass(process: HANDLE) -> Result<Count<u32>, Win32Error> {
    let kept: PriorityClass = unsafe { query_process(process, class::PRIORITY_CLASS) }?;
    CLASSES.get(usize::from(kept.class)).copied().map(Count).ok_or(Win32Error(ERROR_INVALID_PARAMETER))
}

router! {
    /// By class: the six of them. Background mode would need the host's own.
    fn number(class: u32) -> Result<u8, Win32Error> for "SetPriorityClass", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        class == IDLE_PRIORITY_CLASS => Ok(1);
        class == NORMAL_PRIORITY_CLASS => Ok(2);
        class == HIGH_PRIORITY_CLASS => Ok(3);
        class == REALTIME_PRIORITY_CLASS => Ok(4);
        class == BELOW_NORMAL_PRIORITY_CLASS => Ok(5);
        class == ABOVE_NORMAL_PRIORITY_CLASS => Ok(6);
        class == PROCESS_MODE_BACKGROUND_BEGIN || class == PROCESS_MODE_BACKGROUND_END => Err(Win32Error(ERROR_NOT_SUPPORTED));
    }
}

const PROCESS_MODE_BACKGROUND_BEGIN: u32 = 0x10_0000;
const PROCESS_MODE_BACKGROUND_END: u32 = 0x20_0000;

/// Sets the process's priority class; the host's scheduler does not follow it.
#[shim(ix = 403, mapping = "NtSetInformationProcess", risk = Wrong("a wrong class"))]
pub unsafe extern "system" fn SetPriorityClass(process: HANDLE, class: u32) -> Result<Bool, Win32Error> {
    let class = number(class)?;
    unsafe { set_process(process, class::PRIORITY_CLASS, &PriorityClass { foreground: 0, class }) }
}
