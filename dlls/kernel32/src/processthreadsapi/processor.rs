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

/// Answers whether the processor has a feature.
#[shim(ix = 48, mapping = "the shared page", risk = Wrong("an instruction that is not there"))]
pub unsafe extern "system" fn IsProcessorFeaturePresent(feature: u32) -> i32 {
    const FEATURES: u32 = 64;
    if feature >= FEATURES {
        return 0;
    }
    // SAFETY: the page lies there in every process, and the features in it.
    unsafe { ((gate::map::SHARED_DATA as usize + gate::shared::PROCESSOR_FEATURES + feature as usize) as *const u8).read_volatile().into() }
}
