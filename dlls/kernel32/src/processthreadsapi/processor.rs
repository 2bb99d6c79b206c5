//! Which processor runs the calling thread.

use crate::nt;
use guest::shim;
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;

/// Answers the number of the processor that runs the calling thread.
#[shim(ix = 263, mapping = "NtGetCurrentProcessorNumber", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrentProcessorNumber() -> u32 {
    unsafe { nt::NtGetCurrentProcessorNumber() }
}

/// Answers group and number of the processor that runs the calling thread; there is one group.
#[shim(ix = 640, mapping = "NtGetCurrentProcessorNumber", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrentProcessorNumberEx(number: *mut PROCESSOR_NUMBER) {
    unsafe { *number = PROCESSOR_NUMBER { Group: 0, Number: nt::NtGetCurrentProcessorNumber() as u8, Reserved: 0 } };
}
