//! Events, mutants, semaphores, and waiting for them.

use crate::gate::{ask, call};
use gate::service::{CreateObject, Delay, ObjectKind, Signal, SignalKind, Wait};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED};

unsafe fn create(
    kind: ObjectKind,
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    initial: u32,
    limit: u32,
) -> Result<NtStatus, Status> {
    let object = unsafe { object.as_ref() };
    if object.is_some_and(|object| !object.ObjectName.is_null()) {
        // The namespace of named objects comes with the broker's adoption of objects.
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    let flags = object.map_or(0, |object| object.Attributes);
    let mut request = CreateObject { kind: kind as u32, access, initial, limit, flags, ..CreateObject::default() };
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
}

unsafe fn signal(handle: HANDLE, kind: SignalKind, count: u32, previous: *mut u32) -> Result<NtStatus, Status> {
    let mut request = Signal { handle: handle as u64, kind: kind as u32, count, ..Signal::default() };
    ask(&mut request)?;
    if !previous.is_null() {
        unsafe { *previous = request.previous };
    }
    Ok(NtStatus::SUCCESS)
}

/// Sets the event that an I/O call was given, if it was.
pub fn set_if_given(event: HANDLE) {
    if !event.is_null() {
        call(&mut Signal { handle: event as u64, kind: SignalKind::Set as u32, ..Signal::default() });
    }
}

/// Creates an event.
#[shim(ix = 142, mapping = "gate CreateObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtCreateEvent(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    kind: i32,
    initial: u8,
) -> Result<NtStatus, Status> {
    const NOTIFICATION: i32 = 0;
    if !(0..=1).contains(&kind) {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_4));
    }
    unsafe { create(ObjectKind::Event, handle, access, object, initial.into(), (kind == NOTIFICATION).into()) }
}

/// Sets an event.
#[shim(ix = 143, mapping = "gate Signal", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtSetEvent(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Set, 0, previous) }
}

/// Resets an event, and answers its state before.
#[shim(ix = 144, mapping = "gate Signal", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn NtResetEvent(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Reset, 0, previous) }
}

/// Resets an event.
#[shim(ix = 145, mapping = "gate Signal", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn NtClearEvent(handle: HANDLE) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Reset, 0, core::ptr::null_mut()) }
}

/// Wakes an event's waiters and leaves it reset.
#[shim(ix = 146, mapping = "gate Signal", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtPulseEvent(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Pulse, 0, previous) }
}

/// Creates a mutant.
#[shim(ix = 147, mapping = "gate CreateObject", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn NtCreateMutant(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    owned: u8,
) -> Result<NtStatus, Status> {
    unsafe { create(ObjectKind::Mutant, handle, access, object, owned.into(), 0) }
}

/// Releases a mutant once.
#[shim(ix = 148, mapping = "gate Signal", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn NtReleaseMutant(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Release, 1, previous) }
}

/// Creates a semaphore.
#[shim(ix = 149, mapping = "gate CreateObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtCreateSemaphore(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    initial: i32,
    limit: i32,
) -> Result<NtStatus, Status> {
    if limit <= 0 || initial < 0 || initial > limit {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    unsafe { create(ObjectKind::Semaphore, handle, access, object, initial as u32, limit as u32) }
}

/// Releases a semaphore.
#[shim(ix = 150, mapping = "gate Signal", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtReleaseSemaphore(handle: HANDLE, count: u32, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { signal(handle, SignalKind::Release, count, previous) }
}

/// Waits for one object.
#[shim(ix = 151, mapping = "gate Wait", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtWaitForSingleObject(handle: HANDLE, alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    unsafe { wait(&[handle], true, alertable, timeout) }
}

/// Waits for one or all of several objects.
#[shim(ix = 152, mapping = "gate Wait", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtWaitForMultipleObjects(
    count: u32,
    handles: *const HANDLE,
    wait_any: i32,
    alertable: u8,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    if count == 0 || count > 64 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_1));
    }
    let handles = unsafe { core::slice::from_raw_parts(handles, count as usize) };
    unsafe { wait(handles, wait_any == 0, alertable, timeout) }
}

unsafe fn wait(handles: &[HANDLE], all: bool, alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    let mut numbers = [0_u64; 64];
    for (number, handle) in numbers.iter_mut().zip(handles) {
        *number = *handle as u64;
    }
    let timeout = unsafe { timeout.as_ref() }.copied();
    ask(&mut Wait {
        handles: numbers.as_ptr() as u64,
        count: handles.len() as u32,
        all: (all && handles.len() > 1).into(),
        alertable: alertable.into(),
        timed: timeout.is_some().into(),
        timeout: timeout.unwrap_or(0),
    })
    .map(NtStatus)
}

/// Sleeps for a time.
#[shim(ix = 153, mapping = "gate Delay", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn NtDelayExecution(alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    ask(&mut Delay { timeout: unsafe { *timeout }, alertable: alertable.into(), yielded: 0 }).map(NtStatus)
}

/// Lets another thread run; `STATUS_NO_YIELD_PERFORMED` when none wanted to.
#[shim(ix = 154, mapping = "gate Delay", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn NtYieldExecution() -> Result<NtStatus, Status> {
    ask(&mut Delay::default()).map(NtStatus)
}
