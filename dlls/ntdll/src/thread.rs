//! Threads: creation, start, end, facts.

use crate::gate::{ask, call};
use crate::thread_list;
use core::ffi::c_void;
use gate::service::{CreateThread, CurrentProcessor, ExitThread, OpenThread, QueryThread, SuspendThread, TerminateThread, ThreadContext};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, teb};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_INVALID_CID, STATUS_INVALID_PARAMETER_4,
};
use windows_sys::Win32::System::Threading::PROCESS_CREATE_THREAD;

/// Creates a thread of this process.
#[shim(ix = 158, mapping = "gate CreateThread", risk = Functional("a thread that does not run"))]
pub unsafe extern "system" fn NtCreateThreadEx(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
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
    crate::object::own_process(process, PROCESS_CREATE_THREAD)?;
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = CreateThread {
        start: start as u64,
        parameter: parameter as u64,
        reserve: reserve as u64,
        commit: commit as u64,
        suspended: flags & CREATE_SUSPENDED,
        access,
        flags: unsafe { object.as_ref() }.map_or(0, |object| object.Attributes),
        ..CreateThread::default()
    };
    thread_list::count_in();
    ask(&mut request).inspect_err(|_| {
        thread_list::take_back();
    })?;
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
                    *attribute.value = teb::process_id() as usize;
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

/// Where every thread starts: runs its routine and ends the thread with what it answers. Its frame is the last that
/// exceptions ask.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlUserThreadStart(_routine: Routine, _parameter: *mut c_void) -> ! {
    core::arch::naked_asm!(
        ".seh_proc RtlUserThreadStart",
        "sub rsp, 40",
        ".seh_stackalloc 40",
        ".seh_handler {handler}, @except",
        ".seh_endprologue",
        "call {start}",
        "int3",
        ".seh_endproc",
        handler = sym crate::exception::handle_at_start,
        start = sym start,
    )
}

/// Where every thread starts, with its routine in eax and the parameter in ebx: runs the routine and ends the thread with what
/// it answers. Its handler is the last that exceptions ask.
#[cfg(all(target_os = "windows", target_arch = "x86"))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RtlUserThreadStart() -> ! {
    core::arch::naked_asm!(
        "xor ebp, ebp",
        "lea ecx, [{handler}]",
        "push ecx",
        "push -1",
        "mov dword ptr fs:[0], esp",
        "push ebx",
        "push eax",
        "call {start}",
        "int3",
        handler = sym crate::exception::handle_at_start,
        start = sym start,
    )
}

#[cfg_attr(not(target_os = "windows"), allow(dead_code, reason = "only guests' threads start here"))]
unsafe extern "system" fn start(routine: Routine, parameter: *mut c_void) -> ! {
    let code = unsafe { routine(parameter) };
    exit_thread(code)
}

/// Ends the calling thread: its notices run first. The last thread ends the process.
#[shim(ix = 160, mapping = "the loader's notices, gate ExitThread", risk = Functional("notices that are missed"))]
pub unsafe extern "system" fn RtlExitUserThread(code: u32) {
    exit_thread(code)
}

fn exit_thread(code: u32) -> ! {
    if thread_list::count_out() {
        crate::process::exit_process(code)
    }
    crate::loader::thread_detach();
    thread_list::forget_caller();
    call(&mut ExitThread { code, pad: 0 });
    // The call does not come back.
    loop {
        core::hint::spin_loop();
    }
}

/// Ends a thread at once, without any notice.
#[shim(ix = 161, mapping = "gate ExitThread, gate TerminateThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "system" fn NtTerminateThread(handle: HANDLE, code: NTSTATUS) -> Result<NtStatus, Status> {
    let this = handle.is_null() || handle as isize == -2 || own_id(handle)? == u64::from(teb::thread_id());
    if !this {
        let mut request = TerminateThread { thread: handle as u64, code: code as u32, ..TerminateThread::default() };
        ask(&mut request)?;
        if request.id != 0 {
            // It runs no more, but its block is still there: nobody may look for it once it is gone.
            // One that has not begun is not listed yet.
            if thread_list::forget(request.id) {
                crate::loader::forget_thread(request.teb as usize as *mut u8);
            }
            request.end = 1;
            ask(&mut request)?;
        }
        return Ok(NtStatus::SUCCESS);
    }
    // No notice is given, but nobody may look for the thread's block any more.
    thread_list::count_out();
    crate::loader::forget_thread(teb::block());
    thread_list::forget_caller();
    call(&mut ExitThread { code: code as u32, pad: 0 });
    Ok(NtStatus::SUCCESS)
}

/// A thread's number, for whoever may end it: that right does not include asking for it.
fn own_id(handle: HANDLE) -> Result<u64, Status> {
    match query(handle) {
        Ok(facts) => Ok(facts.id),
        Err(Status(STATUS_ACCESS_DENIED)) => Ok(0),
        Err(status) => Err(status),
    }
}

/// Answers a thread's registers, those that the context's flags name.
#[shim(ix = 406, mapping = "gate ThreadContext", risk = Wrong("wrong registers"))]
pub unsafe extern "system" fn NtGetContextThread(handle: HANDLE, context: *mut c_void) -> Result<NtStatus, Status> {
    ask(&mut ThreadContext { thread: handle as u64, context: context as u64, set: 0, pad: 0 }).map(NtStatus)
}

/// Sets a thread's registers, those that the context's flags name.
#[shim(ix = 407, mapping = "gate ThreadContext", risk = Functional("a thread that goes on elsewhere"))]
pub unsafe extern "system" fn NtSetContextThread(handle: HANDLE, context: *const c_void) -> Result<NtStatus, Status> {
    ask(&mut ThreadContext { thread: handle as u64, context: context as u64, set: 1, pad: 0 }).map(NtStatus)
}

/// Opens a thread of this process by its number, or the first one of another process.
#[shim(ix = 189, mapping = "gate OpenThread, gate OpenProcess", risk = Isolation("a thread that is not the program's"))]
pub unsafe extern "system" fn NtOpenThread(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    client: *const [usize; 2],
) -> Result<NtStatus, Status> {
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let [process, thread] = unsafe { client.as_ref() }.copied().ok_or(Status(STATUS_INVALID_PARAMETER_4))?;
    let flags = unsafe { object.as_ref() }.map_or(0, |object| object.Attributes);
    let is_own = process == 0 || process == teb::process_id() as usize;
    let mut request = OpenThread { id: thread as u64, access, flags, handle: 0 };
    let opened = if is_own { ask(&mut request).map(|_| request.handle as usize as HANDLE) } else { Err(Status(STATUS_INVALID_CID)) };
    // A process's first thread is known to the others.
    let opened = match opened {
        Err(Status(STATUS_INVALID_CID)) if process != teb::process_id() as usize => crate::other::open(thread, true, access, flags),
        opened => opened,
    };
    unsafe { *handle = opened? };
    Ok(NtStatus::SUCCESS)
}

/// Answers the number of the processor that runs the calling thread.
#[shim(ix = 239, mapping = "gate CurrentProcessor", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn NtGetCurrentProcessorNumber() -> u32 {
    let mut request = CurrentProcessor::default();
    call(&mut request);
    request.number
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
