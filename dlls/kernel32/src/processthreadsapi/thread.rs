//! Threads.

use super::{THIS_PROCESS, THIS_THREAD, by_number, put_time, query_thread, set_thread, thread_class};
use crate::nt::{self, check};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Count, Handle, Number};
use guest::error::Win32Error;
use guest::{router, shim, teb};
use windows_sys::Wdk::System::SystemServices::KERNEL_USER_TIMES;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, FILETIME, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, STACK_SIZE_PARAM_IS_A_RESERVATION, THREAD_ALL_ACCESS, THREAD_MODE_BACKGROUND_BEGIN, THREAD_MODE_BACKGROUND_END,
};

guest::forward!(ExitThread = 160 => "ntdll.RtlExitUserThread");

/// `THREAD_BASIC_INFORMATION` (ntifs.h).
#[repr(C)]
struct Basic {
    exit_status: i32,
    teb: *mut c_void,
    client: [usize; 2],
    affinity: usize,
    priority: i32,
    base_priority: i32,
}

/// Where a thread writes its number: `PS_ATTRIBUTE_LIST` with one attribute.
#[repr(C)]
struct Attributes {
    size: usize,
    attribute: usize,
    value_size: usize,
    value: *mut usize,
    returned: *mut usize,
}

unsafe fn create(
    process: HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    stack: usize,
    routine: *const c_void,
    parameter: *const c_void,
    flags: u32,
    id: *mut u32,
) -> Result<Handle, Win32Error> {
    const CLIENT_ID: usize = 0x1_0003;
    if flags & !(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION) != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: NULL, or the caller's structure.
    let object = by_number(unsafe { security.as_ref() }.map_or(0, |security| security.bInheritHandle));
    let (reserve, commit) = if flags & STACK_SIZE_PARAM_IS_A_RESERVATION != 0 { (stack, 0) } else { (0, stack) };
    let mut client = [0_usize; 2];
    let mut attributes = Attributes {
        size: size_of::<Attributes>(),
        attribute: CLIENT_ID,
        value_size: size_of_val(&client),
        value: client.as_mut_ptr(),
        returned: null_mut(),
    };
    let suspended = u32::from(flags & CREATE_SUSPENDED != 0);
    let mut handle = null_mut();
    // SAFETY: the structures live through the call.
    check(unsafe {
        nt::NtCreateThreadEx(
            &raw mut handle,
            THREAD_ALL_ACCESS,
            &raw const object,
            process,
            routine,
            parameter,
            suspended,
            0,
            commit,
            reserve,
            (&raw mut attributes).cast(),
        )
    })?;
    if !id.is_null() {
        // SAFETY: the caller's variable.
        unsafe { *id = client[1] as u32 };
    }
    Ok(Handle(handle))
}

/// Creates a thread.
#[shim(ix = 51, mapping = "NtCreateThreadEx", risk = Functional("a thread that does not run"))]
pub unsafe extern "system" fn CreateThread(
    security: *const SECURITY_ATTRIBUTES,
    stack: usize,
    routine: *const c_void,
    parameter: *const c_void,
    flags: u32,
    id: *mut u32,
) -> Result<Handle, Win32Error> {
    unsafe { create(THIS_PROCESS, security, stack, routine, parameter, flags, id) }
}

/// Creates a thread of a process.
#[shim(ix = 474, mapping = "NtCreateThreadEx", risk = Isolation("a thread of a process that is not the program's"))]
pub unsafe extern "system" fn CreateRemoteThread(
    process: HANDLE,
    security: *const SECURITY_ATTRIBUTES,
    stack: usize,
    routine: *const c_void,
    parameter: *const c_void,
    flags: u32,
    id: *mut u32,
) -> Result<Handle, Win32Error> {
    unsafe { create(process, security, stack, routine, parameter, flags, id) }
}

/// Answers the pseudo handle of the calling thread.
#[shim(ix = 64, mapping = "a fixed number", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetCurrentThread() -> HANDLE {
    THIS_THREAD
}

/// Answers the calling thread's number.
#[shim(ix = 4, mapping = "the TEB", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrentThreadId() -> u32 {
    teb::thread_id()
}

/// Answers a thread's number.
#[shim(ix = 497, mapping = "NtQueryInformationThread", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetThreadId(thread: HANDLE) -> Result<Count<u32>, Win32Error> {
    let basic: Basic = unsafe { query_thread(thread, thread_class::BASIC) }?;
    Ok(Count(basic.client[1] as u32))
}

/// Answers the number of a thread's process.
#[shim(ix = 641, mapping = "NtQueryInformationThread", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetProcessIdOfThread(thread: HANDLE) -> Result<Count<u32>, Win32Error> {
    let basic: Basic = unsafe { query_thread(thread, thread_class::BASIC) }?;
    Ok(Count(basic.client[0] as u32))
}

/// Opens a thread of this process by its number.
#[shim(ix = 509, mapping = "NtOpenThread", risk = Isolation("a thread that is not the program's"))]
pub unsafe extern "system" fn OpenThread(access: u32, inherits: i32, thread: u32) -> Result<Handle, Win32Error> {
    let (object, client) = (by_number(inherits), [0, thread as usize]);
    let mut handle = null_mut();
    check(unsafe { nt::NtOpenThread(&raw mut handle, access, &raw const object, &raw const client) })?;
    Ok(Handle(handle))
}

/// Ends a thread at once, without any notice.
#[shim(ix = 341, mapping = "NtTerminateThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "system" fn TerminateThread(thread: HANDLE, code: u32) -> Result<Bool, Win32Error> {
    if thread.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    check(unsafe { nt::NtTerminateThread(thread, code as i32) }).map(|_| Bool)
}

/// Answers a thread's registers, those that the context's flags name.
#[shim(ix = 255, mapping = "NtGetContextThread", risk = Wrong("wrong registers"))]
pub unsafe extern "system" fn GetThreadContext(thread: HANDLE, context: *mut c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtGetContextThread(thread, context) }).map(|_| Bool)
}

/// Sets a thread's registers, those that the context's flags name.
#[shim(ix = 307, mapping = "NtSetContextThread", risk = Functional("a thread that goes on elsewhere"))]
pub unsafe extern "system" fn SetThreadContext(thread: HANDLE, context: *const c_void) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtSetContextThread(thread, context) }).map(|_| Bool)
}

/// Lowers a thread's suspend count; answers the count before.
#[shim(ix = 120, mapping = "NtResumeThread", risk = Functional("a thread that does not go on"))]
pub unsafe extern "system" fn ResumeThread(thread: HANDLE) -> Result<Number, Win32Error> {
    let mut before = 0;
    check(unsafe { nt::NtResumeThread(thread, &raw mut before) })?;
    Ok(Number(before))
}

/// Raises a thread's suspend count; answers the count before.
#[shim(ix = 221, mapping = "NtSuspendThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "system" fn SuspendThread(thread: HANDLE) -> Result<Number, Win32Error> {
    let mut before = 0;
    check(unsafe { nt::NtSuspendThread(thread, &raw mut before) })?;
    Ok(Number(before))
}

/// Answers a thread's exit code, or STILL_ACTIVE.
#[shim(ix = 200, mapping = "NtQueryInformationThread", risk = Wrong("a wrong code"))]
pub unsafe extern "system" fn GetExitCodeThread(thread: HANDLE, code: *mut u32) -> Result<Bool, Win32Error> {
    let basic: Basic = unsafe { query_thread(thread, thread_class::BASIC) }?;
    unsafe { *code = basic.exit_status as u32 };
    Ok(Bool)
}

/// Answers a thread's priority within its process's class.
#[shim(ix = 214, mapping = "NtQueryInformationThread", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn GetThreadPriority(thread: HANDLE) -> i32 {
    const ERROR_RETURN: i32 = i32::MAX;
    match unsafe { query_thread::<Basic>(thread, thread_class::BASIC) } {
        Ok(basic) => basic.base_priority,
        Err(error) => {
            teb::set_last_error(error.0);
            ERROR_RETURN
        }
    }
}

router! {
    /// By priority: the seven of a class. Background mode would need the host's own.
    fn priority(value: i32) -> Result<i32, Win32Error> for "SetThreadPriority", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        (-2..=2).contains(&value) || value == -15 || value == 15 => Ok(value);
        value == THREAD_MODE_BACKGROUND_BEGIN || value == THREAD_MODE_BACKGROUND_END => Err(Win32Error(ERROR_NOT_SUPPORTED));
    }
}

/// Sets a thread's priority within its process's class; the host's scheduler does not follow it.
#[shim(ix = 152, mapping = "NtSetInformationThread", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn SetThreadPriority(thread: HANDLE, priority: i32) -> Result<Bool, Win32Error> {
    let value = self::priority(priority)?;
    unsafe { set_thread(thread, thread_class::BASE_PRIORITY, &value) }
}

/// Answers whether a thread's priority boost is off.
#[shim(ix = 642, mapping = "NtQueryInformationThread", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetThreadPriorityBoost(thread: HANDLE, off: *mut i32) -> Result<Bool, Win32Error> {
    let boost: u32 = unsafe { query_thread(thread, thread_class::PRIORITY_BOOST) }?;
    unsafe { *off = (boost != 0).into() };
    Ok(Bool)
}

/// Turns a thread's priority boost off or on.
#[shim(ix = 643, mapping = "NtSetInformationThread", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn SetThreadPriorityBoost(thread: HANDLE, off: i32) -> Result<Bool, Win32Error> {
    unsafe { set_thread(thread, thread_class::PRIORITY_BOOST, &u32::from(off != 0)) }
}

/// Answers when a thread started and ended, and its time in the system and in its own code.
#[shim(ix = 352, mapping = "NtQueryInformationThread", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetThreadTimes(
    thread: HANDLE,
    created: *mut FILETIME,
    ended: *mut FILETIME,
    kernel: *mut FILETIME,
    user: *mut FILETIME,
) -> Result<Bool, Win32Error> {
    let times: KERNEL_USER_TIMES = unsafe { query_thread(thread, thread_class::TIMES) }?;
    for (target, time) in [(created, times.CreateTime), (ended, times.ExitTime), (kernel, times.KernelTime), (user, times.UserTime)] {
        unsafe { put_time(target, time) }?;
    }
    Ok(Bool)
}

/// Sets how much stack a handler of stack overflows may use; answers the amount before.
#[shim(ix = 233, mapping = "the TEB", risk = Functional("a handler without a stack"))]
pub unsafe extern "system" fn SetThreadStackGuarantee(bytes: *mut u32) -> Result<Bool, Win32Error> {
    const PAGE: u32 = 0x1000;
    let target = unsafe { bytes.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let own = unsafe { &mut *teb::guaranteed_stack() };
    let (wanted, before) = (*target, *own);
    let [allocation, _, base] = teb::stack();
    let rounded = wanted.checked_next_multiple_of(PAGE).filter(|rounded| (*rounded as usize) < (base - allocation) / 2);
    *target = before;
    let rounded = rounded.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    // It never shrinks.
    *own = before.max(rounded);
    Ok(Bool)
}

/// Answers where the calling thread's stack was allocated, and its end.
#[shim(ix = 548, mapping = "the TEB", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetCurrentThreadStackLimits(low: *mut usize, high: *mut usize) {
    let [allocation, _, base] = teb::stack();
    unsafe {
        *low = allocation;
        *high = base;
    }
}
