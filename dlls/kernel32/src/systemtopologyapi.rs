//! systemtopologyapi.h: nodes of memory and processors. There is one.

use crate::sysinfoapi::basic;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::SystemInformation::GROUP_AFFINITY;

/// Answers the highest number of a node.
#[shim(ix = 416, mapping = "the one node", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumaHighestNodeNumber(highest: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { *highest = 0 };
    Ok(Bool)
}

/// Answers the processors of a node.
#[shim(ix = 492, mapping = "NtQuerySystemInformation", risk = Wrong("a wrong mask"))]
pub unsafe extern "system" fn GetNumaNodeProcessorMaskEx(node: u16, mask: *mut GROUP_AFFINITY) -> Result<Bool, Win32Error> {
    if node != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *mask = GROUP_AFFINITY { Mask: basic().affinity, Group: 0, Reserved: [0; 3] } };
    Ok(Bool)
}
