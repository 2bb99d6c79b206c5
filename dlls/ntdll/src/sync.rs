//! Events, mutants, semaphores, and waiting for them.

use crate::call::after_wait;
use crate::cell;
use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{CreateObject, Delay, ObjectKind, QueryObject, SetTimer, Signal, SignalAndWait, SignalKind, Wait};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_OBJECT_PATH_SYNTAX_BAD,
    STATUS_OBJECT_TYPE_MISMATCH,
};

/// Creates an object.
pub unsafe fn create(
    kind: ObjectKind,
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    initial: u32,
    limit: u32,
) -> Result<NtStatus, Status> {
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = CreateObject { kind: kind as u32, access, initial, limit, ..CreateObject::default() };
    (request.name, request.name_size, request.flags) = unsafe { name_of(object) };
    let status = ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus(status))
}

/// Name and flags of an object: the name's address, its bytes, `OBJ_*`.
///
/// # Safety
/// `object` is NULL or the caller's structure, its name NULL or the caller's string.
pub unsafe fn name_of(object: *const OBJECT_ATTRIBUTES) -> (u64, u64, u32) {
    // SAFETY: as the caller promises.
    let Some(object) = (unsafe { object.as_ref() }) else { return (0, 0, 0) };
    // SAFETY: as the caller promises.
    let name = unsafe { object.ObjectName.as_ref() }.filter(|name| name.Length > 0);
    let (address, size) = name.map_or((0, 0), |name| (name.Buffer as u64, name.Length.into()));
    (address, size, object.Attributes)
}

/// Answers the state before, where it is wanted.
#[inline(always)]
unsafe fn answer(previous: *mut u32, before: u32) -> Result<NtStatus, Status> {
    if !previous.is_null() {
        // SAFETY: the caller's variable.
        unsafe { *previous = before };
    }
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

/// Opens a named object.
pub unsafe fn open(kind: ObjectKind, handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    if handle.is_null() || object.is_null() {
        return Err(Status(if handle.is_null() { STATUS_ACCESS_VIOLATION } else { STATUS_INVALID_PARAMETER }));
    }
    let mut request = CreateObject { kind: kind as u32, access, open: 1, ..CreateObject::default() };
    (request.name, request.name_size, request.flags) = unsafe { name_of(object) };
    if request.name_size == 0 {
        return Err(Status(STATUS_OBJECT_PATH_SYNTAX_BAD));
    }
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
}

/// Answers an object's state in the form of its kind.
unsafe fn query<T>(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
    kind: ObjectKind,
    form: impl FnOnce(&QueryObject) -> T,
) -> Result<NtStatus, Status> {
    const BASIC: i32 = 0;
    if class != BASIC {
        return Err(Status(STATUS_INVALID_INFO_CLASS));
    }
    if length as usize != size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let mut request = QueryObject { handle: handle as u64, ..QueryObject::default() };
    ask(&mut request)?;
    if request.kind != kind as u32 {
        return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
    }
    if !result.is_null() {
        unsafe { *result = length };
    }
    unsafe { buffer.cast::<T>().write_unaligned(form(&request)) };
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

/// Opens a named event.
#[shim(ix = 232, mapping = "gate CreateObject", risk = Functional("an event that is not found"))]
pub unsafe extern "system" fn NtOpenEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::Event, handle, access, object) }
}

/// Answers an event's kind and state.
#[shim(ix = 233, mapping = "gate QueryObject", risk = Wrong("a wrong state"))]
pub unsafe extern "system" fn NtQueryEvent(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    unsafe { query(handle, class, buffer, length, result, ObjectKind::Event, |event| [i32::from(event.limit == 0), event.state]) }
}

/// Sets an event.
#[shim(ix = 143, mapping = "gate Signal", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtSetEvent(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    if let Some(before) = cell::set_event(handle, 1) {
        return unsafe { answer(previous, before) };
    }
    unsafe { signal(handle, SignalKind::Set, 0, previous) }
}

/// Resets an event, and answers its state before.
#[shim(ix = 144, mapping = "gate Signal", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn NtResetEvent(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    if let Some(before) = cell::set_event(handle, 0) {
        return unsafe { answer(previous, before) };
    }
    unsafe { signal(handle, SignalKind::Reset, 0, previous) }
}

/// Resets an event.
#[shim(ix = 145, mapping = "gate Signal", risk = Functional("a wait that ends too early"))]
pub unsafe extern "system" fn NtClearEvent(handle: HANDLE) -> Result<NtStatus, Status> {
    if cell::set_event(handle, 0).is_some() {
        return Ok(NtStatus::SUCCESS);
    }
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

/// Opens a named mutant.
#[shim(ix = 234, mapping = "gate CreateObject", risk = Functional("a mutant that is not found"))]
pub unsafe extern "system" fn NtOpenMutant(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::Mutant, handle, access, object) }
}

/// `MUTANT_BASIC_INFORMATION`.
#[repr(C)]
struct MutantBasic {
    count: i32,
    owned: u8,
    abandoned: u8,
}

/// Answers how often a mutant is owned, and whether by the calling thread.
#[shim(ix = 235, mapping = "gate QueryObject", risk = Wrong("a wrong state"))]
pub unsafe extern "system" fn NtQueryMutant(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    let form = |mutant: &QueryObject| MutantBasic { count: mutant.state, owned: mutant.limit as u8, abandoned: mutant.abandoned as u8 };
    unsafe { query(handle, class, buffer, length, result, ObjectKind::Mutant, form) }
}

/// Releases a mutant once.
#[shim(ix = 148, mapping = "gate Signal", risk = Functional("two owners, or none"))]
pub unsafe extern "system" fn NtReleaseMutant(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    if let Some(held) = cell::release_mutant(handle) {
        // The count that the kernel keeps: 1 while free, 0 and below while owned.
        return unsafe { answer(previous, 1_u32.wrapping_sub(held)) };
    }
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

/// Opens a named semaphore.
#[shim(ix = 236, mapping = "gate CreateObject", risk = Functional("a semaphore that is not found"))]
pub unsafe extern "system" fn NtOpenSemaphore(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::Semaphore, handle, access, object) }
}

/// Answers a semaphore's count and its highest.
#[shim(ix = 237, mapping = "gate QueryObject", risk = Wrong("a wrong state"))]
pub unsafe extern "system" fn NtQuerySemaphore(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    unsafe { query(handle, class, buffer, length, result, ObjectKind::Semaphore, |semaphore| [semaphore.state as u32, semaphore.limit]) }
}

/// Releases a semaphore.
#[shim(ix = 150, mapping = "gate Signal", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtReleaseSemaphore(handle: HANDLE, count: u32, previous: *mut u32) -> Result<NtStatus, Status> {
    if let Some(before) = cell::release_semaphore(handle, count) {
        return unsafe { answer(previous, before) };
    }
    unsafe { signal(handle, SignalKind::Release, count, previous) }
}

/// Makes a timer; `kind` 0 stays signalled, 1 is reset by the wait that it ends.
#[shim(ix = 291, mapping = "gate CreateObject", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtCreateTimer(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    kind: i32,
) -> Result<NtStatus, Status> {
    if !(0..=1).contains(&kind) {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_4));
    }
    unsafe { create(ObjectKind::Timer, handle, access, object, 0, (kind == 0).into()) }
}

/// Opens a named timer.
#[shim(ix = 292, mapping = "gate CreateObject", risk = Functional("a timer that is not found"))]
pub unsafe extern "system" fn NtOpenTimer(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { open(ObjectKind::Timer, handle, access, object) }
}

/// Starts a timer. The calling thread runs the routine in its next alertable wait after the timer is due.
#[shim(ix = 293, mapping = "gate SetTimer", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtSetTimer(
    handle: HANDLE,
    due: *const i64,
    routine: *const c_void,
    context: *const c_void,
    _resume: u8,
    period: i32,
    previous: *mut u8,
) -> Result<NtStatus, Status> {
    let period = u32::try_from(period).map_err(|_| Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER))?;
    let due = unsafe { due.as_ref() }.copied().ok_or(Status(windows_sys::Win32::Foundation::STATUS_ACCESS_VIOLATION))?;
    unsafe {
        set_timer(SetTimer { handle: handle as u64, due, period, routine: routine as u64, argument: context as u64, ..SetTimer::default() }, previous)
    }
}

/// Stops a timer; its state stays.
#[shim(ix = 294, mapping = "gate SetTimer", risk = Functional("a timer that goes on"))]
pub unsafe extern "system" fn NtCancelTimer(handle: HANDLE, state: *mut u8) -> Result<NtStatus, Status> {
    unsafe { set_timer(SetTimer { handle: handle as u64, cancel: 1, ..SetTimer::default() }, state) }
}

unsafe fn set_timer(mut request: SetTimer, state: *mut u8) -> Result<NtStatus, Status> {
    ask(&mut request)?;
    if !state.is_null() {
        unsafe { *state = (request.signalled != 0).into() };
    }
    Ok(NtStatus::SUCCESS)
}

/// Waits for one object.
#[shim(ix = 151, mapping = "gate Wait", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtWaitForSingleObject(handle: HANDLE, alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    if cell::take(handle) {
        return Ok(NtStatus::SUCCESS);
    }
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
    .map(after_wait)
    .map(NtStatus)
}

/// Signals one object, then waits for another.
#[shim(ix = 238, mapping = "gate SignalAndWait", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn NtSignalAndWaitForSingleObject(
    signal: HANDLE,
    wait: HANDLE,
    alertable: u8,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    let timeout = unsafe { timeout.as_ref() }.copied();
    ask(&mut SignalAndWait {
        signal: signal as u64,
        wait: wait as u64,
        alertable: alertable.into(),
        timed: timeout.is_some().into(),
        timeout: timeout.unwrap_or(0),
    })
    .map(after_wait)
    .map(NtStatus)
}

/// Sleeps for a time.
#[shim(ix = 153, mapping = "gate Delay", risk = Functional("a sleep that is too long"))]
pub unsafe extern "system" fn NtDelayExecution(alertable: u8, timeout: *const i64) -> Result<NtStatus, Status> {
    ask(&mut Delay { timeout: unsafe { *timeout }, alertable: alertable.into(), yielded: 0 }).map(after_wait).map(NtStatus)
}

/// Lets another thread run; `STATUS_NO_YIELD_PERFORMED` when none wanted to.
#[shim(ix = 154, mapping = "gate Delay", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn NtYieldExecution() -> Result<NtStatus, Status> {
    ask(&mut Delay::default()).map(NtStatus)
}
