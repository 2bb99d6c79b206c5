//! synchapi.h: events, mutexes, semaphores, waits, locks.

mod address;
mod barrier;
mod event;
mod lock;
mod mutex;
mod once;
mod semaphore;
mod timer;
mod wait;

use core::ptr::null;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ALERTED};
use windows_sys::Win32::System::Threading::INFINITE;

/// A timeout in milliseconds as `ntdll` wants it; `None` for INFINITE.
pub fn timeout(milliseconds: u32) -> Option<i64> {
    (milliseconds != INFINITE).then(|| -10_000 * i64::from(milliseconds))
}

/// A pointer to a timeout, NULL for none.
pub fn pointer(timeout: Option<&i64>) -> *const i64 {
    timeout.map_or(null(), core::ptr::from_ref)
}

/// Waits on after alerts, which Win32 does not know of.
pub fn through_alerts(mut wait: impl FnMut() -> NTSTATUS) -> NTSTATUS {
    loop {
        let status = wait();
        if status != STATUS_ALERTED {
            return status;
        }
    }
}
