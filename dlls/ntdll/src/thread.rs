//! Threads: creation, start, end, facts.

use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{CreateThread, ExitThread, QueryThread, SetThread, SuspendThread};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::System::SystemServices::KERNEL_USER_TIMES;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_IMPLEMENTED, STATUS_NOT_SUPPORTED,
};

/// Creates a thread of this process.
#[shim(ix = 158, mapping = "gate CreateThread", risk = Functional("a thread that does not run"))]
pub unsafe extern "system" fn NtCreateThreadEx(
    handle: *mut HANDLE,
    access: u32,
    _object: *const OBJECT_ATTRIBUTES,
    process: HANDLE,
    start: *const c_void,
    parameter: *const c_void,
    flags: u32,
    _zero_bits: usize,
    commit: usize,
    reserve: usize,
    attributes: *mut AttributeList,
) -> Result<NtStatus, Status> {
    const CREATE_SUSPENDED: u32 = 1;
    if !crate::process::is_current(process) {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_HANDLE));
    }
    let mut request = CreateThread {
        start: start as u64,
        parameter: parameter as u64,
        reserve: reserve as u64,
        commit: commit as u64,
        suspended: flags & CREATE_SUSPENDED,
        access,
        ..CreateThread::default()
    };
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    if let Some(attributes) = unsafe { attributes.as_ref() } {
        unsafe { attributes.answer(request.id, request.teb) };
    }
    Ok(NtStatus::SUCCESS)
}

/// `PS_ATTRIBUTE_LIST`: where NtCreateThreadEx writes the thread's number and TEB, if it is asked to.
#[repr(C)]
pub struct AttributeList {
    size: usize,
    first: [Attribute; 1],
}

#[repr(C)]
struct Attribute {
    attribute: usize,
    size: usize,
    value: *mut usize,
    returned: *mut usize,
}

impl AttributeList {
    unsafe fn answer(&self, id: u64, teb: u64) {
        const CLIENT_ID: usize = 0x1_0003;
        const TEB_ADDRESS: usize = 0x1_0004;
        let count = (self.size.saturating_sub(size_of::<usize>())) / size_of::<Attribute>();
        for attribute in unsafe { core::slice::from_raw_parts(self.first.as_ptr(), count) } {
            match attribute.attribute {
                CLIENT_ID if attribute.size >= 2 * size_of::<usize>() => unsafe {
                    *attribute.value = guest::teb::process_id() as usize;
                    *attribute.value.add(1) = id as usize;
                },
                TEB_ADDRESS if attribute.size >= size_of::<usize>() => unsafe { *attribute.value = teb as usize },
                _ => {}
            }
        }
    }
}

/// Creates a thread of this process; answers its number too.
#[shim(ix = 159, mapping = "gate CreateThread", risk = Functional("a thread that does not run"))]
pub unsafe extern "system" fn RtlCreateUserThread(
    process: HANDLE,
    _descriptor: *const c_void,
    suspended: u8,
    _zero_bits: u32,
    reserve: usize,
    commit: usize,
    start: *const c_void,
    parameter: *const c_void,
    handle: *mut HANDLE,
    id: *mut [usize; 2],
) -> Result<NtStatus, Status> {
    let mut own: HANDLE = core::ptr::null_mut();
    let target = if handle.is_null() { &raw mut own } else { handle };
    let mut numbers = [0_usize; 2];
    let mut list = AttributeList {
        size: size_of::<AttributeList>(),
        first: [Attribute { attribute: 0x1_0003, size: 2 * size_of::<usize>(), value: numbers.as_mut_ptr(), returned: core::ptr::null_mut() }],
    };
    let status = unsafe {
        NtCreateThreadEx(target, 0x1F_FFFF, core::ptr::null(), process, start, parameter, suspended.into(), 0, commit, reserve, &raw mut list)
    };
    Status::check(status)?;
    if !id.is_null() {
        unsafe { *id = numbers };
    }
    if handle.is_null() {
        unsafe { crate::object::NtClose(own) };
    }
    Ok(NtStatus::SUCCESS)
}

type Routine = unsafe extern "system" fn(*mut c_void) -> u32;

/// Where every thread starts: runs its routine and ends the thread with what it answers.
///
/// On x86 the runtime passes both in registers, as Windows does (eax, ebx).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlUserThreadStart(routine: Routine, parameter: *mut c_void) -> ! {
    let code = unsafe { routine(parameter) };
    exit_thread(code)
}

/// Ends the calling thread: its notices run first. The last thread ends the process.
#[shim(ix = 160, mapping = "the loader's notices, gate ExitThread", risk = Functional("notices that are missed"))]
pub unsafe extern "system" fn RtlExitUserThread(code: u32) {
    exit_thread(code)
}

fn exit_thread(code: u32) -> ! {
    if crate::loader::is_last_thread() {
        crate::process::exit_process(code)
    }
    crate::loader::thread_detach();
    call(&mut ExitThread { code, pad: 0 });
    loop {}
}

/// Ends a thread at once. Only the calling thread can be ended so far.
#[shim(ix = 161, mapping = "gate ExitThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "system" fn NtTerminateThread(handle: HANDLE, code: NTSTATUS) -> Result<NtStatus, Status> {
    let this = handle.is_null() || handle as isize == -2 || query(handle)?.id == u64::from(guest::teb::thread_id());
    if !this {
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    call(&mut ExitThread { code: code as u32, pad: 0 });
    Ok(NtStatus::SUCCESS)
}

/// Suspends a thread; answers how often it was suspended before.
#[shim(ix = 162, mapping = "gate SuspendThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "system" fn NtSuspendThread(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { suspend(handle, 0, previous) }
}

/// Resumes a thread; answers how often it was suspended before.
#[shim(ix = 163, mapping = "gate SuspendThread", risk = Functional("a thread that does not go on"))]
pub unsafe extern "system" fn NtResumeThread(handle: HANDLE, previous: *mut u32) -> Result<NtStatus, Status> {
    unsafe { suspend(handle, 1, previous) }
}

unsafe fn suspend(handle: HANDLE, resume: u32, previous: *mut u32) -> Result<NtStatus, Status> {
    let mut request = SuspendThread { thread: handle as u64, resume, previous: 0 };
    ask(&mut request)?;
    if !previous.is_null() {
        unsafe { *previous = request.previous };
    }
    Ok(NtStatus::SUCCESS)
}

/// A thread's facts.
pub fn query(handle: HANDLE) -> Result<QueryThread, Status> {
    let mut request = QueryThread { thread: handle as u64, ..QueryThread::default() };
    ask(&mut request)?;
    Ok(request)
}

/// `THREAD_BASIC_INFORMATION` (ntifs.h).
#[repr(C)]
struct Basic {
    exit_status: NTSTATUS,
    teb: *mut c_void,
    client: [usize; 2],
    affinity: usize,
    priority: i32,
    base_priority: i32,
}

unsafe fn put<T>(buffer: *mut c_void, length: u32, result: *mut u32, value: T) -> Result<NtStatus, Status> {
    if !result.is_null() {
        unsafe { *result = size_of::<T>() as u32 };
    }
    if (length as usize) < size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    unsafe { buffer.cast::<T>().write_unaligned(value) };
    Ok(NtStatus::SUCCESS)
}

/// Answers an information class of a thread.
#[shim(ix = 164, mapping = "gate QueryThread, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryInformationThread(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    const BASIC: i32 = 0;
    const TIMES: i32 = 1;
    const WIN32_START: i32 = 9;
    const AM_I_LAST: i32 = 12;
    const IS_TERMINATED: i32 = 20;
    const STATUS_PENDING: u32 = 0x103;
    let facts = query(handle)?;
    unsafe {
        match class {
            BASIC => {
                let client = [guest::teb::process_id() as usize, facts.id as usize];
                let affinity = (*guest::teb::peb()).active_process_affinity_mask;
                let priority = 8 + facts.priority;
                let teb = facts.teb as usize as *mut c_void;
                put(
                    buffer,
                    length,
                    result,
                    Basic { exit_status: facts.code as NTSTATUS, teb, client, affinity, priority, base_priority: facts.priority },
                )
            }
            TIMES => {
                let [create, exit, kernel, user] = facts.times;
                put(buffer, length, result, KERNEL_USER_TIMES { CreateTime: create, ExitTime: exit, KernelTime: kernel, UserTime: user })
            }
            AM_I_LAST => put(buffer, length, result, u32::from(crate::loader::is_last_thread())),
            IS_TERMINATED => put(buffer, length, result, u32::from(facts.code != STATUS_PENDING)),
            WIN32_START => Err(Status(STATUS_NOT_SUPPORTED)),
            _ => {
                guest::teb::report(gate::service::ReportKind::NoMatch, u32::MAX, &alloc::format!("NtQueryInformationThread class={class}"), 0);
                Err(Status(STATUS_INVALID_INFO_CLASS))
            }
        }
    }
}

/// What NtSetInformationThread does for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Priority,
    Affinity,
    NoDebugEvents,
}

router! {
    /// By class: priorities and affinity are served.
    fn set_information(class: i32) -> Result<Setting, Status> for "NtSetInformationThread", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == THREAD_PRIORITY || class == THREAD_BASE_PRIORITY => Ok(Setting::Priority);
        class == THREAD_AFFINITY_MASK => Ok(Setting::Affinity);
        class == THREAD_HIDE_FROM_DEBUGGER => Ok(Setting::NoDebugEvents);
        class == THREAD_ZERO_TLS_CELL => Err(Status(STATUS_NOT_IMPLEMENTED));
    }
}

const THREAD_PRIORITY: i32 = 2;
const THREAD_BASE_PRIORITY: i32 = 3;
const THREAD_AFFINITY_MASK: i32 = 4;
const THREAD_ZERO_TLS_CELL: i32 = 10;
const THREAD_HIDE_FROM_DEBUGGER: i32 = 17;

/// Sets an information class of a thread.
#[shim(ix = 165, mapping = "gate SetThread, one row per class", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn NtSetInformationThread(handle: HANDLE, class: i32, buffer: *const c_void, length: u32) -> Result<NtStatus, Status> {
    match set_information(class)? {
        Setting::Priority => {
            if (length as usize) < size_of::<i32>() {
                return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
            }
            let priority = unsafe { buffer.cast::<i32>().read_unaligned() };
            if !(-15..=15).contains(&priority) {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            ask(&mut SetThread { thread: handle as u64, priority, pad: 0 }).map(NtStatus)
        }
        Setting::Affinity => {
            if (length as usize) < size_of::<usize>() {
                return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
            }
            let mask = unsafe { buffer.cast::<usize>().read_unaligned() };
            let all = unsafe { (*guest::teb::peb()).active_process_affinity_mask };
            query(handle)?;
            // The host chooses the processor; a mask is a wish that is granted where it names any of them.
            if mask & all == 0 || mask & !all != 0 { Err(Status(STATUS_INVALID_PARAMETER)) } else { Ok(NtStatus::SUCCESS) }
        }
        Setting::NoDebugEvents => query(handle).map(|_| NtStatus::SUCCESS),
    }
}
