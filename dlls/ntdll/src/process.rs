//! The process: its end, its facts.

use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{QueryDrives, QueryProcess, TerminateProcess};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim, teb};
use windows_sys::Wdk::System::SystemServices::{KERNEL_USER_TIMES, VM_COUNTERS};
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_HANDLE, STATUS_INVALID_INFO_CLASS, STATUS_NOT_IMPLEMENTED, STATUS_PORT_NOT_SET,
    UNICODE_STRING,
};
use windows_sys::Win32::System::Threading::{CRITICAL_SECTION, PROCESS_BASIC_INFORMATION};

/// Whether a handle stands for this process.
pub fn is_current(process: HANDLE) -> bool {
    process as isize == -1 || crate::object::query(process).is_ok_and(|facts| facts.kind == gate::service::ObjectKind::Process as u32)
}

/// Ends a process; NULL ends every thread but the caller.
#[shim(ix = 93, mapping = "gate TerminateProcess", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn NtTerminateProcess(process: HANDLE, code: NTSTATUS) -> Result<NtStatus, Status> {
    ask(&mut TerminateProcess { process: process as u64, code: code as u32, others: process.is_null().into() }).map(NtStatus)
}

/// Ends the process: other threads stop, the DLLs' notices run, the process ends.
#[shim(ix = 94, mapping = "the loader's notices, gate TerminateProcess", risk = Functional("notices that are missed"))]
pub unsafe extern "system" fn RtlExitUserProcess(code: u32) {
    exit_process(code)
}

/// Ends the process: other threads stop, the DLLs' notices run, the process ends.
pub fn exit_process(code: u32) -> ! {
    // The locks that the notices need are taken first: a thread that holds one is not stopped in the middle.
    crate::loader::lock_for_exit();
    call(&mut TerminateProcess { process: 0, code, others: 1 });
    crate::loader::process_detach();
    call(&mut TerminateProcess { process: u64::MAX, code, others: 0 });
    loop {}
}

/// What NtQueryInformationProcess answers for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Basic,
    Memory,
    Times,
    DebugPort,
    Handles,
    Drives,
    Wow64,
    ImageName,
    NtImageName,
    DebugFlags,
    Cookie,
}

router! {
    /// By class: what programs ask.
    fn question(class: i32) -> Result<Question, Status> for "NtQueryInformationProcess", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == 0 => Ok(Question::Basic);
        class == 3 => Ok(Question::Memory);
        class == 4 => Ok(Question::Times);
        class == 7 => Ok(Question::DebugPort);
        class == 20 => Ok(Question::Handles);
        class == 23 => Ok(Question::Drives);
        class == 26 => Ok(Question::Wow64);
        class == 27 => Ok(Question::NtImageName);
        class == 30 => Err(Status(STATUS_PORT_NOT_SET));
        class == 31 => Ok(Question::DebugFlags);
        class == 36 => Ok(Question::Cookie);
        class == 43 => Ok(Question::ImageName);
        class < 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
}

unsafe fn put<T>(buffer: *mut c_void, length: u32, result: *mut u32, value: T) -> Result<NtStatus, Status> {
    if !result.is_null() {
        unsafe { *result = size_of::<T>() as u32 };
    }
    // Windows wants the exact size here.
    if length as usize != size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    unsafe { buffer.cast::<T>().write_unaligned(value) };
    Ok(NtStatus::SUCCESS)
}

/// The process's facts.
pub fn facts() -> Result<QueryProcess, Status> {
    let mut request = QueryProcess::default();
    ask(&mut request)?;
    Ok(request)
}

/// Answers an information class of this process.
#[shim(ix = 95, mapping = "gate QueryProcess and the PEB, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryInformationProcess(
    process: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    let question = question(class)?;
    if !is_current(process) {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    let peb = unsafe { &*teb::peb() };
    unsafe {
        match question {
            Question::Basic => {
                let mut basic: PROCESS_BASIC_INFORMATION = core::mem::zeroed();
                basic.ExitStatus = windows_sys::Win32::Foundation::STATUS_PENDING;
                basic.PebBaseAddress = teb::peb().cast();
                basic.AffinityMask = peb.active_process_affinity_mask;
                basic.BasePriority = 8;
                basic.UniqueProcessId = teb::process_id() as usize;
                put(buffer, length, result, basic)
            }
            Question::Memory => {
                let [resident, highest, committed, reserved] = facts()?.memory.map(|bytes| bytes as usize);
                let mut counters: VM_COUNTERS = core::mem::zeroed();
                counters.WorkingSetSize = resident;
                counters.PeakWorkingSetSize = highest;
                counters.PagefileUsage = committed;
                counters.PeakPagefileUsage = committed;
                counters.VirtualSize = reserved;
                counters.PeakVirtualSize = reserved;
                put(buffer, length, result, counters)
            }
            Question::Times => {
                let [kernel, user, created] = facts()?.times;
                put(buffer, length, result, KERNEL_USER_TIMES { CreateTime: created, ExitTime: 0, KernelTime: kernel, UserTime: user })
            }
            // No debugger, no 32-bit process.
            Question::DebugPort | Question::Wow64 => put(buffer, length, result, 0_usize),
            Question::DebugFlags => put(buffer, length, result, 1_u32),
            Question::Handles => put(buffer, length, result, facts()?.handles),
            Question::Drives => put(buffer, length, result, drives()?),
            Question::Cookie => put(buffer, length, result, crate::pointer::cookie()),
            Question::ImageName | Question::NtImageName => image_name(question, buffer, length, result),
        }
    }
}

/// `PROCESS_DEVICEMAP_INFORMATION`: the drives as bits, and the kind of each.
#[repr(C)]
struct Drives {
    bits: u32,
    kinds: [u8; 32],
}

fn drives() -> Result<Drives, Status> {
    const NO_ROOT: u8 = 1;
    const FIXED: u8 = 3;
    let mut request = QueryDrives::default();
    ask(&mut request)?;
    let kinds = core::array::from_fn(|index| if request.drives & 1 << index != 0 { FIXED } else { NO_ROOT });
    Ok(Drives { bits: request.drives, kinds })
}

unsafe fn image_name(question: Question, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let parameters = unsafe { crate::parameters::get() };
    let path = unsafe { crate::parameters::text(&parameters.image_path_name) };
    let prefix: &[u16] = if question == Question::NtImageName { &[0x5C, 0x3F, 0x3F, 0x5C] } else { &[] };
    let units = [prefix, path, &[0]].concat();
    let size = size_of::<UNICODE_STRING>() + size_of_val(units.as_slice());
    if !result.is_null() {
        unsafe { *result = size as u32 };
    }
    if (length as usize) < size {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let at = unsafe { buffer.byte_add(size_of::<UNICODE_STRING>()) }.cast::<u16>();
    let bytes = size_of_val(units.as_slice()) as u16;
    unsafe {
        at.copy_from_nonoverlapping(units.as_ptr(), units.len());
        buffer.cast::<UNICODE_STRING>().write_unaligned(UNICODE_STRING { Length: bytes - 2, MaximumLength: bytes, Buffer: at });
    }
    Ok(NtStatus::SUCCESS)
}

/// The lock of the PEB.
pub fn peb_lock() -> *mut CRITICAL_SECTION {
    unsafe { (*teb::peb()).fast_peb_lock as *mut CRITICAL_SECTION }
}

/// Takes the PEB's lock.
#[shim(ix = 96, mapping = "a critical section", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlAcquirePebLock() {
    unsafe { crate::critical::enter(peb_lock()) };
}

/// Gives the PEB's lock back.
#[shim(ix = 97, mapping = "a critical section", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlReleasePebLock() {
    unsafe { crate::critical::leave(peb_lock()) };
}

/// The PEB.
#[shim(ix = 98, mapping = "the TEB", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn RtlGetCurrentPeb() -> *mut c_void {
    teb::peb().cast()
}
