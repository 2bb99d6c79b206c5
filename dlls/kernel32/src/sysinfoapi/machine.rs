//! GetSystemInfo.

use crate::nt::NtQuerySystemInformation;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::{shared, shim};
use windows_sys::Win32::System::SystemInformation::{
    PROCESSOR_ARCHITECTURE, PROCESSOR_ARCHITECTURE_AMD64, PROCESSOR_ARCHITECTURE_INTEL, SYSTEM_INFO,
};

/// `SYSTEM_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Basic {
    reserved: u32,
    timer_resolution: u32,
    pub page_size: u32,
    pub physical_pages: u32,
    lowest_page: u32,
    highest_page: u32,
    granularity: u32,
    pub lowest_address: usize,
    pub highest_address: usize,
    pub affinity: usize,
    pub processors: u8,
}

/// `SYSTEM_PROCESSOR_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Processor {
    architecture: u16,
    level: u16,
    revision: u16,
    maximum: u16,
    features: u32,
}

/// A class of the system's facts.
fn query<T: Copy>(class: i32) -> T {
    // SAFETY: plain numbers, for which zero is a value.
    let mut answer: T = unsafe { core::mem::zeroed() };
    // SAFETY: the structure is that of the class.
    unsafe { NtQuerySystemInformation(class, (&raw mut answer).cast(), size_of::<T>() as u32, null_mut()) };
    answer
}

/// The machine as programs see it.
pub fn basic() -> Basic {
    query(0)
}

fn info(architecture: PROCESSOR_ARCHITECTURE) -> SYSTEM_INFO {
    const PROCESSOR_INTEL_PENTIUM: u32 = 586;
    const PROCESSOR_AMD_X8664: u32 = 8664;
    let (basic, processor): (Basic, Processor) = (query(0), query(1));
    // SAFETY: plain numbers, for which zero is a value.
    let mut info: SYSTEM_INFO = unsafe { core::mem::zeroed() };
    info.Anonymous.Anonymous.wProcessorArchitecture = architecture;
    info.dwPageSize = basic.page_size;
    info.lpMinimumApplicationAddress = basic.lowest_address as *mut c_void;
    info.lpMaximumApplicationAddress = basic.highest_address as *mut c_void;
    info.dwActiveProcessorMask = basic.affinity;
    info.dwNumberOfProcessors = basic.processors.into();
    info.dwProcessorType = if architecture == PROCESSOR_ARCHITECTURE_AMD64 { PROCESSOR_AMD_X8664 } else { PROCESSOR_INTEL_PENTIUM };
    info.dwAllocationGranularity = basic.granularity;
    info.wProcessorLevel = processor.level;
    info.wProcessorRevision = processor.revision;
    info
}

/// Describes the machine, as this process sees it.
#[shim(ix = 58, mapping = "NtQuerySystemInformation", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetSystemInfo(answer: *mut SYSTEM_INFO) {
    let architecture = if cfg!(target_arch = "x86") { PROCESSOR_ARCHITECTURE_INTEL } else { PROCESSOR_ARCHITECTURE_AMD64 };
    unsafe { *answer = info(architecture) };
}

/// Describes the machine, as a process of its own bitness sees it.
#[shim(ix = 132, mapping = "NtQuerySystemInformation, the shared page", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetNativeSystemInfo(answer: *mut SYSTEM_INFO) {
    let architecture = shared::word(gate::shared::NATIVE_PROCESSOR_ARCHITECTURE & !3) >> (8 * (gate::shared::NATIVE_PROCESSOR_ARCHITECTURE & 3));
    unsafe { *answer = info(architecture as u16) };
}
