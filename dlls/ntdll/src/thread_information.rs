//! Threads' facts and settings: NtQueryInformationThread, NtSetInformationThread.

use crate::class_buffer::{fill_exact, take, tell};
use crate::gate::ask;
use crate::other;
use crate::thread::query;
use crate::thread_attribute::{ideal_processor, name, processors, set_ideal_processor, set_name};
use crate::thread_list::{caller_is_last, forget_tls};
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::process::Facts;
use gate::service::{SetThread, ThreadSetting};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim, teb};
use windows_sys::Wdk::System::SystemServices::KERNEL_USER_TIMES;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER,
    STATUS_NOT_IMPLEMENTED, STATUS_NOT_SUPPORTED, UNICODE_STRING,
};
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;
use windows_sys::Win32::System::SystemInformation::GROUP_AFFINITY;
use windows_sys::Win32::System::Threading::{THREAD_QUERY_INFORMATION, THREAD_QUERY_LIMITED_INFORMATION};

/// Information classes (`THREADINFOCLASS`).
mod class {
    pub const BASIC: i32 = 0;
    pub const TIMES: i32 = 1;
    pub const PRIORITY: i32 = 2;
    pub const BASE_PRIORITY: i32 = 3;
    pub const AFFINITY_MASK: i32 = 4;
    pub const START_ADDRESS: i32 = 9;
    pub const ZERO_TLS_CELL: i32 = 10;
    pub const AM_I_LAST: i32 = 12;
    pub const IDEAL_PROCESSOR: i32 = 13;
    pub const PRIORITY_BOOST: i32 = 14;
    pub const HIDE_FROM_DEBUGGER: i32 = 17;
    pub const IS_TERMINATED: i32 = 20;
    pub const GROUP: i32 = 30;
    pub const IDEAL_PROCESSOR_EX: i32 = 33;
    pub const SUSPEND_COUNT: i32 = 35;
    pub const NAME: i32 = 38;
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

/// The exit code of a thread that has not ended.
const STATUS_PENDING: u32 = 0x103;

unsafe fn put<T>(buffer: *mut c_void, length: u32, result: *mut u32, value: T) -> Result<NtStatus, Status> {
    unsafe {
        fill_exact(buffer, length, value)?;
        tell(result, size_of::<T>());
    }
    Ok(NtStatus::SUCCESS)
}

/// What NtQueryInformationThread answers for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Basic,
    Times,
    Affinity,
    Start,
    AmILast,
    PriorityBoost,
    Hidden,
    IsTerminated,
    SuspendCount,
    Group,
    IdealProcessor,
    Name,
}

router! {
    /// By class: what programs ask.
    fn question(class: i32) -> Result<Question, Status> for "NtQueryInformationThread", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == class::BASIC => Ok(Question::Basic);
        class == class::TIMES => Ok(Question::Times);
        class == class::AFFINITY_MASK => Ok(Question::Affinity);
        class == class::START_ADDRESS => Ok(Question::Start);
        class == class::AM_I_LAST => Ok(Question::AmILast);
        class == class::PRIORITY_BOOST => Ok(Question::PriorityBoost);
        class == class::HIDE_FROM_DEBUGGER => Ok(Question::Hidden);
        class == class::IS_TERMINATED => Ok(Question::IsTerminated);
        class == class::GROUP => Ok(Question::Group);
        class == class::IDEAL_PROCESSOR_EX => Ok(Question::IdealProcessor);
        class == class::SUSPEND_COUNT => Ok(Question::SuspendCount);
        class == class::NAME => Ok(Question::Name);
        class < 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
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
    let question = question(class)?;
    if let Some(facts) = other::facts(handle, THREAD_QUERY_INFORMATION | THREAD_QUERY_LIMITED_INFORMATION)? {
        return unsafe { tell_other(&facts, question, buffer, length, result) };
    }
    let facts = query(handle)?;
    unsafe {
        match question {
            Question::Basic => {
                let client = [teb::process_id() as usize, facts.id as usize];
                let basic = Basic {
                    exit_status: facts.code as NTSTATUS,
                    teb: facts.teb as usize as *mut c_void,
                    client,
                    affinity: facts.affinity as usize,
                    priority: crate::process::base_priority() + facts.priority,
                    base_priority: facts.priority,
                };
                put(buffer, length, result, basic)
            }
            Question::Times => {
                let [create, exit, kernel, user] = facts.times;
                put(buffer, length, result, KERNEL_USER_TIMES { CreateTime: create, ExitTime: exit, KernelTime: kernel, UserTime: user })
            }
            Question::Affinity => put(buffer, length, result, facts.affinity as usize),
            Question::Start => put(buffer, length, result, facts.start as usize),
            Question::AmILast => put(buffer, length, result, u32::from(caller_is_last())),
            Question::PriorityBoost => put(buffer, length, result, facts.boost_off),
            // No debugger ever sees the thread.
            Question::Hidden => put(buffer, length, result, 1_u8),
            Question::IsTerminated => put(buffer, length, result, u32::from(facts.code != STATUS_PENDING)),
            Question::SuspendCount => put(buffer, length, result, facts.suspended),
            // All processors are one group.
            Question::Group => put(buffer, length, result, GROUP_AFFINITY { Mask: facts.affinity as usize, Group: 0, Reserved: [0; 3] }),
            Question::IdealProcessor => put(buffer, length, result, number(ideal_processor(facts.id as u32))),
            Question::Name => put_name(name(facts.id as u32), buffer, length, result),
        }
    }
}

/// Answers an information class of another process's first thread, as far as anybody but that process knows it.
unsafe fn tell_other(facts: &Facts, question: Question, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    unsafe {
        match question {
            Question::Basic => {
                let client = [facts.ids[0] as usize, facts.thread as usize];
                let exit_status = facts.code as NTSTATUS;
                put(buffer, length, result, Basic { exit_status, teb: core::ptr::null_mut(), client, affinity: 0, priority: 8, base_priority: 0 })
            }
            Question::IsTerminated => put(buffer, length, result, u32::from(facts.code != STATUS_PENDING)),
            _ => Err(Status(STATUS_NOT_SUPPORTED)),
        }
    }
}

const fn number(processor: u8) -> PROCESSOR_NUMBER {
    PROCESSOR_NUMBER { Group: 0, Number: processor, Reserved: 0 }
}

/// A counted string, and its text behind it.
unsafe fn put_name(name: Vec<u16>, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let bytes = size_of_val(name.as_slice());
    let size = size_of::<UNICODE_STRING>() + bytes;
    if !result.is_null() {
        unsafe { *result = size as u32 };
    }
    if (length as usize) < size {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe {
        let at = buffer.byte_add(size_of::<UNICODE_STRING>()).cast::<u16>();
        at.copy_from_nonoverlapping(name.as_ptr(), name.len());
        buffer.cast::<UNICODE_STRING>().write_unaligned(UNICODE_STRING { Length: bytes as u16, MaximumLength: bytes as u16, Buffer: at });
    }
    Ok(NtStatus::SUCCESS)
}

/// What NtSetInformationThread does for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Priority,
    Affinity,
    ZeroTlsCell,
    PriorityBoost,
    NoDebugEvents,
    Group,
    IdealProcessor,
    IdealProcessorEx,
    Name,
}

router! {
    /// By class: priorities and affinity, a TLS slot that is given back, names.
    fn setting(class: i32) -> Result<Setting, Status> for "NtSetInformationThread", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == class::PRIORITY || class == class::BASE_PRIORITY => Ok(Setting::Priority);
        class == class::AFFINITY_MASK => Ok(Setting::Affinity);
        class == class::ZERO_TLS_CELL => Ok(Setting::ZeroTlsCell);
        class == class::PRIORITY_BOOST => Ok(Setting::PriorityBoost);
        class == class::HIDE_FROM_DEBUGGER => Ok(Setting::NoDebugEvents);
        class == class::GROUP => Ok(Setting::Group);
        class == class::IDEAL_PROCESSOR => Ok(Setting::IdealProcessor);
        class == class::IDEAL_PROCESSOR_EX => Ok(Setting::IdealProcessorEx);
        class == class::NAME => Ok(Setting::Name);
        class < 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
}

/// Sets an information class of a thread.
#[shim(ix = 165, mapping = "gate SetThread, one row per class", risk = Wrong("a wrong priority"))]
pub unsafe extern "system" fn NtSetInformationThread(handle: HANDLE, class: i32, buffer: *const c_void, length: u32) -> Result<NtStatus, Status> {
    /// Slots of the TEB and of the table behind it.
    const SLOTS: usize = 64 + 1024;
    let set = |kind: ThreadSetting, value: u64| ask(&mut SetThread { thread: handle as u64, kind: kind as u32, pad: 0, value }).map(NtStatus);
    match setting(class)? {
        Setting::Priority => {
            let priority: i32 = unsafe { take(buffer, length) }?;
            if !(-15..=15).contains(&priority) {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            set(ThreadSetting::Priority, priority as u64)
        }
        Setting::Affinity => {
            let mask: usize = unsafe { take(buffer, length) }?;
            set(ThreadSetting::Affinity, mask as u64)
        }
        Setting::PriorityBoost => {
            let off: u32 = unsafe { take(buffer, length) }?;
            set(ThreadSetting::BoostOff, off.into())
        }
        Setting::ZeroTlsCell => {
            let slot: u32 = unsafe { take(buffer, length) }?;
            if handle as isize != -2 || slot as usize >= SLOTS {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            forget_tls(slot as usize);
            Ok(NtStatus::SUCCESS)
        }
        Setting::NoDebugEvents => {
            if length != 0 {
                return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
            }
            query(handle).map(|_| NtStatus::SUCCESS)
        }
        Setting::Group => {
            let group: GROUP_AFFINITY = unsafe { take(buffer, length) }?;
            if group.Group != 0 || group.Reserved != [0; 3] {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            set(ThreadSetting::Affinity, group.Mask as u64)
        }
        Setting::IdealProcessor => {
            /// What asks for the processor and changes nothing.
            const MAXIMUM_PROCESSORS: u32 = usize::BITS;
            let processor: u32 = unsafe { take(buffer, length) }?;
            let facts = query(handle)?;
            let before = ideal_processor(facts.id as u32);
            if processor != MAXIMUM_PROCESSORS {
                let processor = u8::try_from(processor).map_err(|_| Status(STATUS_INVALID_PARAMETER))?;
                keep_ideal(handle, processor)?;
            }
            // The processor before is a success of its own.
            Ok(NtStatus(before.into()))
        }
        Setting::IdealProcessorEx => {
            let wanted: PROCESSOR_NUMBER = unsafe { take(buffer, length) }?;
            if wanted.Group != 0 || wanted.Reserved != 0 {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            let before = ideal_processor(query(handle)?.id as u32);
            keep_ideal(handle, wanted.Number)?;
            // The buffer tells the processor before.
            unsafe { buffer.cast_mut().cast::<PROCESSOR_NUMBER>().write_unaligned(number(before)) };
            Ok(NtStatus::SUCCESS)
        }
        Setting::Name => {
            let text: UNICODE_STRING = unsafe { take(buffer, length) }?;
            let name = unsafe { crate::string::units(&raw const text) }.to_vec();
            keep(handle, |id| set_name(id, name))
        }
    }
}

/// Keeps what a program says of a thread, as long as that has not ended.
fn keep(handle: HANDLE, change: impl FnOnce(u32)) -> Result<NtStatus, Status> {
    let facts = query(handle)?;
    ask(&mut SetThread { thread: handle as u64, kind: ThreadSetting::Nothing as u32, pad: 0, value: 0 })?;
    if facts.code == STATUS_PENDING {
        change(facts.id as u32);
    }
    Ok(NtStatus::SUCCESS)
}

/// Sets the processor that a thread would like best.
fn keep_ideal(handle: HANDLE, processor: u8) -> Result<NtStatus, Status> {
    if u32::from(processor) >= processors() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    keep(handle, |id| set_ideal_processor(id, processor))
}
