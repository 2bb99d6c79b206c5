//! The process: its end, its facts.

use crate::class_buffer::{fill_exact, take, tell};
use crate::distant;
use crate::gate::{ask, call};
use crate::object::own_process;
use crate::other;
use crate::parameters::peb_lock;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use gate::process::{Facts, MemoryUse};
use gate::service::{DuplicateHandle, QueryDrives, QueryProcess, SetAffinity, TerminateProcess};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim, teb};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::System::SystemServices::{KERNEL_USER_TIMES, VM_COUNTERS};
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_CID, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER,
    STATUS_INVALID_PARAMETER_4, STATUS_NOT_IMPLEMENTED, STATUS_NOT_SUPPORTED, STATUS_PORT_NOT_SET, UNICODE_STRING,
};
use windows_sys::Win32::System::Threading::{
    PROCESS_BASIC_INFORMATION, PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_INFORMATION,
};

/// Opens a process of the sandbox by its number, or by that of its first thread.
#[shim(ix = 229, mapping = "gate DuplicateHandle, gate OpenProcess", risk = Isolation("a process that is not the program's"))]
pub unsafe extern "system" fn NtOpenProcess(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    client: *const [usize; 2],
) -> Result<NtStatus, Status> {
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let [process, thread] = unsafe { client.as_ref() }.copied().ok_or(Status(STATUS_INVALID_PARAMETER_4))?;
    if thread != 0 {
        return Err(Status(STATUS_INVALID_CID));
    }
    let flags = unsafe { object.as_ref() }.map_or(0, |object| object.Attributes);
    if process != teb::process_id() as usize {
        unsafe { *handle = other::open(process, false, access, flags)? };
        return Ok(NtStatus::SUCCESS);
    }
    let mut request = DuplicateHandle { source: u64::MAX, access, flags, ..DuplicateHandle::default() };
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
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
    // The call does not come back.
    loop {
        core::hint::spin_loop();
    }
}

/// What NtQueryInformationProcess answers for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Basic,
    Memory,
    Times,
    DebugPort,
    ErrorMode,
    PriorityClass,
    Handles,
    PriorityBoost,
    Session,
    Drives,
    Wow64,
    ImageName,
    NtImageName,
    DebugFlags,
    Cookie,
    CommandLine,
}

/// Settings that only this process's own code looks at.
static ERROR_MODE: AtomicU32 = AtomicU32::new(1);
static PRIORITY_CLASS: AtomicU8 = AtomicU8::new(2);
static BOOST_OFF: AtomicU32 = AtomicU32::new(0);

router! {
    /// By class: what programs ask.
    fn question(class: i32) -> Result<Question, Status> for "NtQueryInformationProcess", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == 0 => Ok(Question::Basic);
        class == 3 => Ok(Question::Memory);
        class == 4 => Ok(Question::Times);
        class == 7 => Ok(Question::DebugPort);
        class == 12 => Ok(Question::ErrorMode);
        class == 18 => Ok(Question::PriorityClass);
        class == 20 => Ok(Question::Handles);
        class == 22 => Ok(Question::PriorityBoost);
        class == 24 => Ok(Question::Session);
        class == 23 => Ok(Question::Drives);
        class == 26 => Ok(Question::Wow64);
        class == 27 => Ok(Question::NtImageName);
        class == 30 => Err(Status(STATUS_PORT_NOT_SET));
        class == 31 => Ok(Question::DebugFlags);
        class == 36 => Ok(Question::Cookie);
        class == 43 => Ok(Question::ImageName);
        class == 60 => Ok(Question::CommandLine);
        class < 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
}

/// Windows wants the exact size here, and tells it in any case.
unsafe fn put<T>(buffer: *mut c_void, length: u32, result: *mut u32, value: T) -> Result<NtStatus, Status> {
    unsafe {
        tell(result, size_of::<T>());
        fill_exact(buffer, length, value)?;
    }
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
    const QUERY: u32 = PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION;
    let question = question(class)?;
    if let Some(facts) = other::facts(process, QUERY)? {
        return unsafe { tell_other(process, &facts, question, buffer, length, result) };
    }
    own_process(process, QUERY)?;
    if buffer.is_null() && length != 0 {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let peb = unsafe { &*teb::peb() };
    unsafe {
        match question {
            Question::Basic => {
                let mut basic: PROCESS_BASIC_INFORMATION = core::mem::zeroed();
                basic.ExitStatus = windows_sys::Win32::Foundation::STATUS_PENDING;
                basic.PebBaseAddress = teb::peb().cast();
                basic.AffinityMask = facts()?.affinity as usize;
                basic.BasePriority = base_priority();
                basic.UniqueProcessId = teb::process_id() as usize;
                basic.InheritedFromUniqueProcessId = facts()?.parent as usize;
                put(buffer, length, result, basic)
            }
            Question::Memory => {
                let [_, _, committed, reserved] = facts()?.memory;
                // What is resident, the host knows; what is committed and reserved, the process.
                let memory = MemoryUse { space: [reserved; 2], private: committed, ..other::of(process)?.memory };
                put_memory(&memory, buffer, length, result)
            }
            Question::Times => {
                let [kernel, user, created] = facts()?.times;
                put(buffer, length, result, KERNEL_USER_TIMES { CreateTime: created, ExitTime: 0, KernelTime: kernel, UserTime: user })
            }
            // No debugger, no 32-bit process.
            Question::DebugPort => put(buffer, length, result, 0_usize),
            // The PEB that 32-bit code sees, where the process is of that kind.
            Question::Wow64 => put(buffer, length, result, if cfg!(target_arch = "x86") { teb::peb() as usize } else { 0 }),
            Question::DebugFlags => put(buffer, length, result, 1_u32),
            Question::ErrorMode => put(buffer, length, result, ERROR_MODE.load(Ordering::Relaxed)),
            Question::PriorityClass => put(buffer, length, result, [0, PRIORITY_CLASS.load(Ordering::Relaxed)]),
            Question::PriorityBoost => put(buffer, length, result, BOOST_OFF.load(Ordering::Relaxed)),
            Question::Session => put(buffer, length, result, session()),
            Question::Handles => put(buffer, length, result, facts()?.handles),
            Question::Drives => put(buffer, length, result, drives()?),
            Question::Cookie => put(buffer, length, result, crate::pointer::cookie()),
            Question::ImageName | Question::NtImageName | Question::CommandLine => text(question, buffer, length, result),
        }
    }
}

/// `VM_COUNTERS_EX`.
#[repr(C)]
struct Counters {
    counters: VM_COUNTERS,
    private: usize,
}

/// Answers what a process takes of memory, in either of two lengths.
unsafe fn put_memory(memory: &MemoryUse, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    // SAFETY: plain data, for which zero is a value.
    let mut counters: VM_COUNTERS = unsafe { core::mem::zeroed() };
    let size = |bytes: u64| bytes as usize;
    [counters.VirtualSize, counters.PeakVirtualSize] = memory.space.map(size);
    counters.PageFaultCount = memory.faults as u32;
    [counters.WorkingSetSize, counters.PeakWorkingSetSize] = memory.resident.map(size);
    [counters.PagefileUsage, counters.PeakPagefileUsage] = [size(memory.private); 2];
    if length as usize == size_of::<Counters>() {
        return unsafe { put(buffer, length, result, Counters { counters, private: size(memory.private) }) };
    }
    unsafe { put(buffer, length, result, counters) }
}

/// The PEB of another process, where its pointers are as wide as the caller's.
fn peb_of(facts: &Facts) -> usize {
    let same = (facts.narrow != 0) == cfg!(target_arch = "x86");
    if same { facts.peb as usize } else { 0 }
}

/// A process that was just started has no PEB for a moment: whoever asks for that waits for it, but not for ever.
fn with_peb(process: HANDLE, facts: &Facts) -> Result<Facts, Status> {
    const TRIES: u32 = 100;
    const MILLISECOND: i64 = -10_000;
    let mut now = *facts;
    for _ in 0..TRIES {
        if now.peb != 0 || now.ended != 0 {
            break;
        }
        unsafe { crate::sync::NtDelayExecution(0, &MILLISECOND) };
        now = other::of(process)?;
    }
    Ok(now)
}

/// Answers an information class of another process, as far as anybody but itself knows it.
unsafe fn tell_other(
    process: HANDLE,
    facts: &Facts,
    question: Question,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    unsafe {
        match question {
            Question::Basic => {
                let mut basic: PROCESS_BASIC_INFORMATION = core::mem::zeroed();
                basic.ExitStatus = facts.code as i32;
                basic.PebBaseAddress = peb_of(&with_peb(process, facts)?) as *mut _;
                basic.BasePriority = base_priority();
                [basic.UniqueProcessId, basic.InheritedFromUniqueProcessId] = facts.ids.map(|id| id as usize);
                put(buffer, length, result, basic)
            }
            Question::Times => {
                let ([created, ended], [user, kernel]) = (facts.times, facts.used);
                put(buffer, length, result, KERNEL_USER_TIMES { CreateTime: created, ExitTime: ended, KernelTime: kernel, UserTime: user })
            }
            // Not 0, whether it has a PEB already or not.
            Question::Wow64 => put(buffer, length, result, if facts.narrow != 0 { facts.peb.max(1) as usize } else { 0 }),
            Question::Memory => put_memory(&facts.memory, buffer, length, result),
            Question::Handles => put(buffer, length, result, facts.handles),
            Question::CommandLine => put_text(&distant::command_line(process, &with_peb(process, facts)?)?, &[], buffer, length, result),
            Question::Session => put(buffer, length, result, session()),
            Question::DebugPort => put(buffer, length, result, 0_usize),
            Question::ImageName => put_text(&other::image(process)?, &[], buffer, length, result),
            Question::NtImageName => put_text(&other::image(process)?, NT_PREFIX, buffer, length, result),
            _ => Err(Status(STATUS_NOT_SUPPORTED)),
        }
    }
}

/// The process's session.
pub fn session() -> u32 {
    const OFFSET: usize = if cfg!(target_arch = "x86") { gate::peb::SESSION_ID_32 } else { gate::peb::SESSION_ID_64 };
    // SAFETY: it lies in the PEB's page.
    unsafe { teb::peb().byte_add(OFFSET).cast::<u32>().read() }
}

/// The base priority that goes with the process's class: idle, normal, high, realtime, below and above normal.
pub fn base_priority() -> i32 {
    match PRIORITY_CLASS.load(Ordering::Relaxed) {
        1 => 4,
        3 => 13,
        4 => 24,
        5 => 6,
        6 => 10,
        _ => 8,
    }
}

/// What NtSetInformationProcess does for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    ErrorMode,
    PriorityClass,
    Affinity,
    PriorityBoost,
}

router! {
    /// By class: error mode, priority and affinity.
    fn setting(class: i32) -> Result<Setting, Status> for "NtSetInformationProcess", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == 12 => Ok(Setting::ErrorMode);
        class == 18 => Ok(Setting::PriorityClass);
        class == 21 => Ok(Setting::Affinity);
        class == 22 => Ok(Setting::PriorityBoost);
        class < 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
}

/// Sets an information class of this process.
#[shim(ix = 230, mapping = "gate SetAffinity and the process's own settings, one row per class", risk = Wrong("a wrong setting"))]
pub unsafe extern "system" fn NtSetInformationProcess(process: HANDLE, class: i32, buffer: *const c_void, length: u32) -> Result<NtStatus, Status> {
    let setting = setting(class)?;
    own_process(process, PROCESS_SET_INFORMATION)?;
    match setting {
        Setting::ErrorMode => ERROR_MODE.store(unsafe { take(buffer, length) }?, Ordering::Relaxed),
        Setting::PriorityBoost => BOOST_OFF.store(unsafe { take::<u32>(buffer, length) }?, Ordering::Relaxed),
        Setting::PriorityClass => {
            let [_foreground, class]: [u8; 2] = unsafe { take(buffer, length) }?;
            if !(1..=6).contains(&class) {
                return Err(Status(STATUS_INVALID_PARAMETER));
            }
            PRIORITY_CLASS.store(class, Ordering::Relaxed);
        }
        Setting::Affinity => {
            let mask: usize = unsafe { take(buffer, length) }?;
            ask(&mut SetAffinity { process: process as u64, mask: mask as u64 })?;
        }
    }
    Ok(NtStatus::SUCCESS)
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

unsafe fn text(question: Question, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let parameters = unsafe { crate::parameters::get() };
    let source = if question == Question::CommandLine { &parameters.command_line } else { &parameters.image_path_name };
    let prefix = if question == Question::NtImageName { NT_PREFIX } else { &[] };
    unsafe { put_text(crate::parameters::text(source), prefix, buffer, length, result) }
}

/// What NT paths of DOS names start with.
const NT_PREFIX: &[u16] = &[0x5C, 0x3F, 0x3F, 0x5C];

/// A counted string, and its text behind it.
unsafe fn put_text(text: &[u16], prefix: &[u16], buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let units = [prefix, text, &[0]].concat();
    let size = size_of::<UNICODE_STRING>() + size_of_val(units.as_slice());
    unsafe { tell(result, size) };
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
