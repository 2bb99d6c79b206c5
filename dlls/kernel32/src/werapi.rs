//! werapi.h: how crashes are reported. Nothing is sent anywhere; the program's wishes are kept.

use crate::processthreadsapi::query_process;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::shim;
use windows_sys::Win32::Foundation::{E_HANDLE, E_INVALIDARG, HANDLE, S_OK};

/// The process's wishes (`WER_FAULT_REPORTING_FLAG_..`).
static FLAGS: AtomicU32 = AtomicU32::new(0);

/// Sets how the process's crashes are to be reported.
#[shim(ix = 470, mapping = "a word of the process", risk = Wrong("wrong flags"))]
pub unsafe extern "system" fn WerSetFlags(flags: u32) -> i32 {
    FLAGS.store(flags, Ordering::Relaxed);
    S_OK
}

/// How a process's crashes are to be reported: there is none but the calling one.
#[shim(ix = 469, mapping = "a word of the process", risk = Wrong("wrong flags"))]
pub unsafe extern "system" fn WerGetFlags(process: HANDLE, flags: *mut u32) -> i32 {
    const HARD_ERROR_MODE: i32 = 12;
    let Some(flags) = (unsafe { flags.as_mut() }) else { return E_INVALIDARG };
    if unsafe { query_process::<u32>(process.cast::<c_void>(), HARD_ERROR_MODE) }.is_err() {
        return E_HANDLE;
    }
    *flags = FLAGS.load(Ordering::Relaxed);
    S_OK
}
