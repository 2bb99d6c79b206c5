//! How many processors there are, and which node they belong to. All processors are one group and one node.

use crate::sysinfoapi::basic;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOACCESS};
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;
use windows_sys::Win32::System::Threading::ALL_PROCESSOR_GROUPS;

fn count_of(group: u16) -> Result<Count<u32>, Win32Error> {
    if group != 0 && group != ALL_PROCESSOR_GROUPS {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    Ok(Count(basic().processors.into()))
}

/// Answers how many processors a group has, or all groups have.
#[shim(ix = 309, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetActiveProcessorCount(group: u16) -> Result<Count<u32>, Win32Error> {
    count_of(group)
}

/// Answers how many processors a group can have, or all groups can have: none is added while a process runs.
#[shim(ix = 748, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetMaximumProcessorCount(group: u16) -> Result<Count<u32>, Win32Error> {
    count_of(group)
}

/// Answers how many groups of processors there are.
#[shim(ix = 749, mapping = "the processors' one group", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetActiveProcessorGroupCount() -> u16 {
    1
}

/// Answers how many groups of processors there can be.
#[shim(ix = 750, mapping = "the processors' one group", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetMaximumProcessorGroupCount() -> u16 {
    1
}

/// Answers the node of a processor.
#[shim(ix = 751, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumaProcessorNode(processor: u8, node: *mut u8) -> Result<Bool, Win32Error> {
    let known = processor < basic().processors;
    unsafe { *node = if known { 0 } else { u8::MAX } };
    if known { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// Answers the node of a processor of a group.
#[shim(ix = 752, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumaProcessorNodeEx(processor: *const PROCESSOR_NUMBER, node: *mut u16) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's number.
    let processor = unsafe { processor.as_ref() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    let known = processor.Group == 0 && processor.Number < basic().processors && processor.Reserved == 0;
    unsafe { *node = if known { 0 } else { u16::MAX } };
    if known { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// Answers the processors of a node.
#[shim(ix = 753, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn GetNumaNodeProcessorMask(node: u8, mask: *mut u64) -> Result<Bool, Win32Error> {
    if node != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *mask = basic().affinity as u64 };
    Ok(Bool)
}
