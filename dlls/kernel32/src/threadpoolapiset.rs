//! threadpoolapiset.h: the thread pool, which is `ntdll`'s; most of it under a second name.

use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Pointer};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;

guest::forward!(
    CloseThreadpool = 715 => "ntdll.TpReleasePool",
    CloseThreadpoolCleanupGroup = 716 => "ntdll.TpReleaseCleanupGroup",
    CloseThreadpoolCleanupGroupMembers = 717 => "ntdll.TpReleaseCleanupGroupMembers",
    CancelThreadpoolIo = 737 => "ntdll.TpCancelAsyncIoOperation",
    CloseThreadpoolIo = 738 => "ntdll.TpReleaseIoCompletion",
    CloseThreadpoolTimer = 342 => "ntdll.TpReleaseTimer",
    CloseThreadpoolWait = 343 => "ntdll.TpReleaseWait",
    CloseThreadpoolWork = 273 => "ntdll.TpReleaseWork",
    DisassociateCurrentThreadFromCallback = 718 => "ntdll.TpDisassociateCallback",
    FreeLibraryWhenCallbackReturns = 278 => "ntdll.TpCallbackUnloadDllOnCompletion",
    IsThreadpoolTimerSet = 719 => "ntdll.TpIsTimerSet",
    LeaveCriticalSectionWhenCallbackReturns = 720 => "ntdll.TpCallbackLeaveCriticalSectionOnCompletion",
    ReleaseMutexWhenCallbackReturns = 721 => "ntdll.TpCallbackReleaseMutexOnCompletion",
    ReleaseSemaphoreWhenCallbackReturns = 722 => "ntdll.TpCallbackReleaseSemaphoreOnCompletion",
    SetEventWhenCallbackReturns = 723 => "ntdll.TpCallbackSetEventOnCompletion",
    SetThreadpoolThreadMaximum = 724 => "ntdll.TpSetPoolMaxThreads",
    SetThreadpoolTimer = 357 => "ntdll.TpSetTimer",
    SetThreadpoolTimerEx = 725 => "ntdll.TpSetTimerEx",
    SetThreadpoolWait = 358 => "ntdll.TpSetWait",
    SetThreadpoolWaitEx = 726 => "ntdll.TpSetWaitEx",
    StartThreadpoolIo = 739 => "ntdll.TpStartAsyncIoOperation",
    SubmitThreadpoolWork = 281 => "ntdll.TpPostWork",
    WaitForThreadpoolIoCallbacks = 740 => "ntdll.TpWaitForIoCompletion",
    WaitForThreadpoolTimerCallbacks = 359 => "ntdll.TpWaitForTimer",
    WaitForThreadpoolWaitCallbacks = 360 => "ntdll.TpWaitForWait",
    WaitForThreadpoolWorkCallbacks = 727 => "ntdll.TpWaitForWork",
);

/// Creates a pool.
#[shim(ix = 710, mapping = "TpAllocPool", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateThreadpool(reserved: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    let mut pool = null_mut();
    check(unsafe { nt::TpAllocPool(&raw mut pool, reserved) })?;
    Ok(Pointer(pool))
}

/// Creates a cleanup group.
#[shim(ix = 711, mapping = "TpAllocCleanupGroup", risk = Functional("a callback that runs too late"))]
pub unsafe extern "system" fn CreateThreadpoolCleanupGroup() -> Result<Pointer<c_void>, Win32Error> {
    let mut group = null_mut();
    check(unsafe { nt::TpAllocCleanupGroup(&raw mut group) })?;
    Ok(Pointer(group))
}

/// Creates a work object.
#[shim(ix = 274, mapping = "TpAllocWork", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateThreadpoolWork(
    callback: *const c_void,
    context: *mut c_void,
    environment: *const c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    let mut work = null_mut();
    check(unsafe { nt::TpAllocWork(&raw mut work, callback, context, environment) })?;
    Ok(Pointer(work))
}

/// Creates a timer of the pool.
#[shim(ix = 346, mapping = "TpAllocTimer", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateThreadpoolTimer(
    callback: *const c_void,
    context: *mut c_void,
    environment: *const c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    let mut timer = null_mut();
    check(unsafe { nt::TpAllocTimer(&raw mut timer, callback, context, environment) })?;
    Ok(Pointer(timer))
}

/// Creates a wait object of the pool.
#[shim(ix = 347, mapping = "TpAllocWait", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateThreadpoolWait(
    callback: *const c_void,
    context: *mut c_void,
    environment: *const c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    let mut wait = null_mut();
    check(unsafe { nt::TpAllocWait(&raw mut wait, callback, context, environment) })?;
    Ok(Pointer(wait))
}

/// Creates an object that hears of what is completed on a file.
#[shim(ix = 736, mapping = "a completion port", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn CreateThreadpoolIo(
    file: HANDLE,
    callback: *const c_void,
    context: *mut c_void,
    environment: *const c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    let mut io = null_mut();
    check(unsafe { nt::WcAllocWin32IoCompletion(&raw mut io, file, callback, context, environment) })?;
    Ok(Pointer(io))
}

/// Queues a single callback.
#[shim(ix = 712, mapping = "TpSimpleTryPost", risk = Functional("a callback that does not run"))]
pub unsafe extern "system" fn TrySubmitThreadpoolCallback(
    callback: *const c_void,
    context: *mut c_void,
    environment: *const c_void,
) -> Result<Bool, Win32Error> {
    check(unsafe { nt::TpSimpleTryPost(callback, context, environment) }).map(|_| Bool)
}

/// Sets the least workers of a pool.
#[shim(ix = 713, mapping = "TpSetPoolMinThreads", risk = Functional("a callback that runs late"))]
pub unsafe extern "system" fn SetThreadpoolThreadMinimum(pool: *mut c_void, least: u32) -> Result<Bool, Win32Error> {
    check(unsafe { nt::TpSetPoolMinThreads(pool, least) }).map(|_| Bool)
}

/// The callback takes long: FALSE when no other thread can run the others meanwhile.
#[shim(ix = 714, mapping = "TpCallbackMayRunLong", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn CallbackMayRunLong(instance: *mut c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::TpCallbackMayRunLong(instance) }).map(|_| Bool)
}
