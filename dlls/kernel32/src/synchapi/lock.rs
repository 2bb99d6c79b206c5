//! Critical sections, slim locks, condition variables: `ntdll`'s, most of them under a second name.

use super::{pointer, timeout};
use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_TIMEOUT, STATUS_TIMEOUT};
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

guest::forward!(
    InitializeCriticalSection = 69 => "ntdll.RtlInitializeCriticalSection",
    EnterCriticalSection = 15 => "ntdll.RtlEnterCriticalSection",
    TryEnterCriticalSection = 246 => "ntdll.RtlTryEnterCriticalSection",
    LeaveCriticalSection = 16 => "ntdll.RtlLeaveCriticalSection",
    DeleteCriticalSection = 18 => "ntdll.RtlDeleteCriticalSection",
    SetCriticalSectionSpinCount = 622 => "ntdll.RtlSetCriticalSectionSpinCount",
    InitializeSRWLock = 216 => "ntdll.RtlInitializeSRWLock",
    AcquireSRWLockExclusive = 114 => "ntdll.RtlAcquireSRWLockExclusive",
    AcquireSRWLockShared = 258 => "ntdll.RtlAcquireSRWLockShared",
    ReleaseSRWLockExclusive = 118 => "ntdll.RtlReleaseSRWLockExclusive",
    ReleaseSRWLockShared = 268 => "ntdll.RtlReleaseSRWLockShared",
    TryAcquireSRWLockExclusive = 282 => "ntdll.RtlTryAcquireSRWLockExclusive",
    TryAcquireSRWLockShared = 467 => "ntdll.RtlTryAcquireSRWLockShared",
    InitializeConditionVariable = 147 => "ntdll.RtlInitializeConditionVariable",
    WakeConditionVariable = 140 => "ntdll.RtlWakeConditionVariable",
    WakeAllConditionVariable = 145 => "ntdll.RtlWakeAllConditionVariable",
);

/// Makes a critical section free, with a number of spins.
#[shim(ix = 101, mapping = "RtlInitializeCriticalSectionAndSpinCount", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn InitializeCriticalSectionAndSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlInitializeCriticalSectionAndSpinCount(section, spins) }).map(|_| Bool)
}

/// Makes a critical section free, with a number of spins and flags.
#[shim(ix = 127, mapping = "RtlInitializeCriticalSectionEx", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn InitializeCriticalSectionEx(section: *mut CRITICAL_SECTION, spins: u32, flags: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlInitializeCriticalSectionEx(section, spins, flags) }).map(|_| Bool)
}

fn woken(status: i32) -> Result<Bool, Win32Error> {
    if status == STATUS_TIMEOUT { Err(Win32Error(ERROR_TIMEOUT)) } else { check(status).map(|_| Bool) }
}

/// Leaves a critical section, sleeps on a condition variable, enters the section again.
#[shim(ix = 167, mapping = "RtlSleepConditionVariableCS", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn SleepConditionVariableCS(
    variable: *mut c_void,
    section: *mut CRITICAL_SECTION,
    milliseconds: u32,
) -> Result<Bool, Win32Error> {
    let timeout = timeout(milliseconds);
    woken(unsafe { nt::RtlSleepConditionVariableCS(variable, section, pointer(timeout.as_ref())) })
}

/// Leaves a slim lock, sleeps on a condition variable, takes the lock again.
#[shim(ix = 139, mapping = "RtlSleepConditionVariableSRW", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn SleepConditionVariableSRW(
    variable: *mut c_void,
    lock: *mut c_void,
    milliseconds: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let timeout = timeout(milliseconds);
    woken(unsafe { nt::RtlSleepConditionVariableSRW(variable, lock, pointer(timeout.as_ref()), flags) })
}
