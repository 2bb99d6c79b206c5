//! Jobs: processes that are ended, limited and counted together.

use crate::gate::ask;
use crate::sync;
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::service::{AssignProcess, InJob, LimitJob, ObjectKind, QueryJob, TerminateJob, WatchJob};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED,
    STATUS_PROCESS_IN_JOB, STATUS_PROCESS_NOT_IN_JOB,
};
use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_TERMINATE_AT_END_OF_JOB, JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
    JOBOBJECT_BASIC_LIMIT_INFORMATION, JOBOBJECT_BASIC_PROCESS_ID_LIST, JOBOBJECT_BASIC_UI_RESTRICTIONS, JOBOBJECT_END_OF_JOB_TIME_INFORMATION,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectAssociateCompletionPortInformation, JobObjectBasicAccountingInformation,
    JobObjectBasicLimitInformation, JobObjectBasicProcessIdList, JobObjectBasicUIRestrictions, JobObjectEndOfJobTimeInformation,
    JobObjectExtendedLimitInformation,
};

/// What an information class is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Accounting,
    Limits,
    ExtendedLimits,
    Processes,
    UserInterface,
    EndOfTime,
    Port,
}

router! {
    /// By information class.
    fn class(class: i32) -> Result<Class, Status> for "NtQueryInformationJobObject", otherwise Status(STATUS_INVALID_INFO_CLASS); {
        class == JobObjectBasicAccountingInformation => Ok(Class::Accounting);
        class == JobObjectBasicLimitInformation => Ok(Class::Limits);
        class == JobObjectBasicProcessIdList => Ok(Class::Processes);
        class == JobObjectBasicUIRestrictions => Ok(Class::UserInterface);
        class == JobObjectEndOfJobTimeInformation => Ok(Class::EndOfTime);
        class == JobObjectAssociateCompletionPortInformation => Ok(Class::Port);
        class == JobObjectExtendedLimitInformation => Ok(Class::ExtendedLimits);
    }
}

/// Creates a job, or opens the one of its name.
#[shim(ix = 507, mapping = "gate CreateObject", risk = Functional("processes that nobody ends"))]
pub unsafe extern "system" fn NtCreateJobObject(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { sync::create(ObjectKind::Job, handle, access, object, 0, 0) }
}

/// Opens a named job.
#[shim(ix = 508, mapping = "gate CreateObject", risk = Functional("a job that is not found"))]
pub unsafe extern "system" fn NtOpenJobObject(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> Result<NtStatus, Status> {
    unsafe { sync::open(ObjectKind::Job, handle, access, object) }
}

/// Puts a process into a job.
#[shim(ix = 509, mapping = "gate AssignProcess", risk = Functional("a process that nobody ends"))]
pub unsafe extern "system" fn NtAssignProcessToJobObject(job: HANDLE, process: HANDLE) -> Result<NtStatus, Status> {
    ask(&mut AssignProcess { job: job as u64, process: process as u64 }).map(NtStatus)
}

/// Ends the processes of a job.
#[shim(ix = 510, mapping = "gate TerminateJob", risk = Functional("processes that go on"))]
pub unsafe extern "system" fn NtTerminateJobObject(job: HANDLE, status: i32) -> Result<NtStatus, Status> {
    ask(&mut TerminateJob { job: job as u64, code: status as u32, pad: 0 }).map(NtStatus)
}

/// Answers whether a process is in a job, or in any.
#[shim(ix = 511, mapping = "gate InJob", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn NtIsProcessInJob(process: HANDLE, job: HANDLE) -> Result<NtStatus, Status> {
    let mut request = InJob { process: process as u64, job: job as u64, ..InJob::default() };
    ask(&mut request)?;
    Ok(NtStatus(if request.answer != 0 { STATUS_PROCESS_IN_JOB } else { STATUS_PROCESS_NOT_IN_JOB }))
}

fn facts(job: HANDLE) -> Result<QueryJob, Status> {
    let mut request = QueryJob { job: job as u64, ..QueryJob::default() };
    ask(&mut request)?;
    Ok(request)
}

fn limits(facts: &QueryJob) -> JOBOBJECT_BASIC_LIMIT_INFORMATION {
    JOBOBJECT_BASIC_LIMIT_INFORMATION { LimitFlags: facts.limits, ActiveProcessLimit: facts.most, ..Default::default() }
}

/// The processes of a job: how many there are, and as many of their numbers as fit, which a shorter list says.
unsafe fn put_processes(job: HANDLE, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    const HEAD: usize = core::mem::offset_of!(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList);
    if (length as usize) < size_of::<JOBOBJECT_BASIC_PROCESS_ID_LIST>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let room = (length as usize - HEAD) / size_of::<usize>();
    let mut members: Vec<u32> = alloc::vec![0; room.min(0x1000)];
    let mut request = QueryJob { job: job as u64, members: members.as_mut_ptr() as usize as u64, room: members.len() as u64, ..QueryJob::default() };
    ask(&mut request)?;
    let listed = members.len().min(request.active as usize);
    unsafe {
        buffer.cast::<[u32; 2]>().write_unaligned([request.active, listed as u32]);
        let list = buffer.byte_add(HEAD).cast::<usize>();
        for (index, id) in members[..listed].iter().enumerate() {
            list.add(index).write_unaligned(*id as usize);
        }
        if !result.is_null() {
            *result = (HEAD + listed * size_of::<usize>()) as u32;
        }
    }
    if listed < request.active as usize { Err(Status(STATUS_BUFFER_OVERFLOW)) } else { Ok(NtStatus::SUCCESS) }
}

/// Answers an information class of a job; without one, of the innermost job that the calling process is in. The highest use of
/// memory is not counted.
#[shim(ix = 512, mapping = "gate QueryJob, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryInformationJobObject(
    job: HANDLE,
    number: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    let class = class(number)?;
    unsafe {
        match class {
            Class::Processes => put_processes(job, buffer, length, result),
            Class::Limits => put(job, buffer, length, result, limits),
            Class::ExtendedLimits => put(job, buffer, length, result, |facts| JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
                BasicLimitInformation: limits(facts),
                ..Default::default()
            }),
            Class::Accounting => put(job, buffer, length, result, |facts| JOBOBJECT_BASIC_ACCOUNTING_INFORMATION {
                TotalUserTime: facts.used[0],
                TotalKernelTime: facts.used[1],
                // Periods are those of a limit of time, which there is none.
                ThisPeriodTotalUserTime: facts.used[0],
                ThisPeriodTotalKernelTime: facts.used[1],
                TotalProcesses: facts.total,
                ActiveProcesses: facts.active,
                TotalTerminatedProcesses: facts.terminated,
                ..Default::default()
            }),
            // What nobody can set is not set.
            Class::UserInterface => put(job, buffer, length, result, |_| JOBOBJECT_BASIC_UI_RESTRICTIONS::default()),
            Class::EndOfTime => put(job, buffer, length, result, |_| JOBOBJECT_END_OF_JOB_TIME_INFORMATION::default()),
            Class::Port => Err(Status(STATUS_INVALID_INFO_CLASS)),
        }
    }
}

unsafe fn put<T>(job: HANDLE, buffer: *mut c_void, length: u32, result: *mut u32, form: impl FnOnce(&QueryJob) -> T) -> Result<NtStatus, Status> {
    if length as usize != size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let facts = facts(job)?;
    unsafe {
        buffer.cast::<T>().write_unaligned(form(&facts));
        if !result.is_null() {
            *result = length;
        }
    }
    Ok(NtStatus::SUCCESS)
}

unsafe fn get<T>(buffer: *const c_void, length: u32) -> Result<T, Status> {
    if length as usize != size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    // SAFETY: the caller's structure.
    Ok(unsafe { buffer.cast::<T>().read_unaligned() })
}

fn limit(job: HANDLE, limits: &JOBOBJECT_BASIC_LIMIT_INFORMATION, known: u32) -> Result<NtStatus, Status> {
    let JOBOBJECT_BASIC_LIMIT_INFORMATION { LimitFlags: flags, ActiveProcessLimit: most, .. } = *limits;
    if flags & !known != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let most = if flags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS != 0 { most } else { 0 };
    ask(&mut LimitJob { job: job as u64, limits: flags, most }).map(NtStatus)
}

/// Sets an information class of a job: limits of processes, ends and breaking away are kept; those of memory, time, processors and
/// windows are refused.
#[shim(ix = 513, mapping = "gate LimitJob and WatchJob, one row per class", risk = Isolation("a limit that is not kept"))]
pub unsafe extern "system" fn NtSetInformationJobObject(job: HANDLE, number: i32, buffer: *const c_void, length: u32) -> Result<NtStatus, Status> {
    /// The flags that the short form can say.
    const BASIC: u32 = 0xFF;
    const EXTENDED: u32 = 0x7FFF;
    let class = class(number)?;
    unsafe {
        match class {
            Class::Limits => limit(job, &get(buffer, length)?, BASIC),
            Class::ExtendedLimits => limit(job, &get::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>(buffer, length)?.BasicLimitInformation, EXTENDED),
            Class::Port => {
                let given: JOBOBJECT_ASSOCIATE_COMPLETION_PORT = get(buffer, length)?;
                ask(&mut WatchJob { job: job as u64, port: given.CompletionPort as u64, key: given.CompletionKey as usize as u64 }).map(NtStatus)
            }
            // Asking for nothing is granted.
            Class::UserInterface if get::<JOBOBJECT_BASIC_UI_RESTRICTIONS>(buffer, length)?.UIRestrictionsClass == 0 => {
                facts(job).map(|_| NtStatus::SUCCESS)
            }
            Class::EndOfTime
                if get::<JOBOBJECT_END_OF_JOB_TIME_INFORMATION>(buffer, length)?.EndOfJobTimeAction == JOB_OBJECT_TERMINATE_AT_END_OF_JOB =>
            {
                facts(job).map(|_| NtStatus::SUCCESS)
            }
            Class::UserInterface | Class::EndOfTime => Err(Status(STATUS_NOT_SUPPORTED)),
            Class::Accounting | Class::Processes => Err(Status(STATUS_INVALID_INFO_CLASS)),
        }
    }
}
