//! Which processor runs the calling thread, and which one a thread would like best.

use super::{query_thread, thread_class as class};
use crate::nt::{self, check};
use guest::call::{Bool, Number};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_NOACCESS, HANDLE};
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

/// Sets the processor that a thread would like best; answers the one before. `MAXIMUM_PROCESSORS` changes nothing.
#[shim(ix = 744, mapping = "NtSetInformationThread", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn SetThreadIdealProcessor(thread: HANDLE, processor: u32) -> Result<Number, Win32Error> {
    let size = size_of::<u32>() as u32;
    // SAFETY: the number lives through the call.
    let status = unsafe { nt::NtSetInformationThread(thread, class::IDEAL_PROCESSOR, (&raw const processor).cast(), size) };
    // The processor before is the status of the success.
    check(status).map(|before| Number(before as u32))
}

/// Sets the processor that a thread would like best; answers the one before.
#[shim(ix = 745, mapping = "NtSetInformationThread", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn SetThreadIdealProcessorEx(
    thread: HANDLE,
    processor: *const PROCESSOR_NUMBER,
    previous: *mut PROCESSOR_NUMBER,
) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's number.
    let mut number = *unsafe { processor.as_ref() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    let size = size_of::<PROCESSOR_NUMBER>() as u32;
    // SAFETY: the number lives through the call, which leaves the one before in it.
    check(unsafe { nt::NtSetInformationThread(thread, class::IDEAL_PROCESSOR_EX, (&raw mut number).cast(), size) })?;
    if !previous.is_null() {
        unsafe { *previous = number };
    }
    Ok(Bool)
}

/// Answers the processor that a thread would like best.
#[shim(ix = 746, mapping = "NtQueryInformationThread", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetThreadIdealProcessorEx(thread: HANDLE, processor: *mut PROCESSOR_NUMBER) -> Result<Bool, Win32Error> {
    // SAFETY: NULL, or the caller's variable.
    let processor = unsafe { processor.as_mut() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    *processor = unsafe { query_thread(thread, class::IDEAL_PROCESSOR_EX) }?;
    Ok(Bool)
}
