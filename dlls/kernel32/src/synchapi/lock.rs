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
    InitializeCriticalSection = _ => "ntdll.RtlInitializeCriticalSection",
    EnterCriticalSection = _ => "ntdll.RtlEnterCriticalSection",
    TryEnterCriticalSection = _ => "ntdll.RtlTryEnterCriticalSection",
    LeaveCriticalSection = _ => "ntdll.RtlLeaveCriticalSection",
    DeleteCriticalSection = _ => "ntdll.RtlDeleteCriticalSection",
    SetCriticalSectionSpinCount = _ => "ntdll.RtlSetCriticalSectionSpinCount",
    InitializeSRWLock = _ => "ntdll.RtlInitializeSRWLock",
    AcquireSRWLockExclusive = _ => "ntdll.RtlAcquireSRWLockExclusive",
    AcquireSRWLockShared = _ => "ntdll.RtlAcquireSRWLockShared",
    ReleaseSRWLockExclusive = _ => "ntdll.RtlReleaseSRWLockExclusive",
    ReleaseSRWLockShared = _ => "ntdll.RtlReleaseSRWLockShared",
    TryAcquireSRWLockExclusive = _ => "ntdll.RtlTryAcquireSRWLockExclusive",
    TryAcquireSRWLockShared = _ => "ntdll.RtlTryAcquireSRWLockShared",
    InitializeConditionVariable = _ => "ntdll.RtlInitializeConditionVariable",
    WakeConditionVariable = _ => "ntdll.RtlWakeConditionVariable",
    WakeAllConditionVariable = _ => "ntdll.RtlWakeAllConditionVariable",
);

/// Makes a critical section free, with a number of spins.
#[shim(ix = _, mapping = "RtlInitializeCriticalSectionAndSpinCount", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn InitializeCriticalSectionAndSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlInitializeCriticalSectionAndSpinCount(section, spins) }).map(|_| Bool)
}

/// Makes a critical section free, with a number of spins and flags.
#[shim(ix = _, mapping = "RtlInitializeCriticalSectionEx", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn InitializeCriticalSectionEx(section: *mut CRITICAL_SECTION, spins: u32, flags: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::RtlInitializeCriticalSectionEx(section, spins, flags) }).map(|_| Bool)
}

fn woken(status: i32) -> Result<Bool, Win32Error> {
    if status == STATUS_TIMEOUT { Err(Win32Error(ERROR_TIMEOUT)) } else { check(status).map(|_| Bool) }
}

/// Leaves a critical section, sleeps on a condition variable, enters the section again.
#[shim(ix = _, mapping = "RtlSleepConditionVariableCS", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn SleepConditionVariableCS(
    variable: *mut c_void,
    section: *mut CRITICAL_SECTION,
    milliseconds: u32,
) -> Result<Bool, Win32Error> {
    let timeout = timeout(milliseconds);
    woken(unsafe { nt::RtlSleepConditionVariableCS(variable, section, pointer(timeout.as_ref())) })
}

/// Leaves a slim lock, sleeps on a condition variable, takes the lock again.
#[shim(ix = _, mapping = "RtlSleepConditionVariableSRW", risk = Functional("a wake-up that is lost"))]
pub unsafe extern "system" fn SleepConditionVariableSRW(
    variable: *mut c_void,
    lock: *mut c_void,
    milliseconds: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let timeout = timeout(milliseconds);
    woken(unsafe { nt::RtlSleepConditionVariableSRW(variable, lock, pointer(timeout.as_ref()), flags) })
}
