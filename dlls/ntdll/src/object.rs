//! Handles of any kind: closing, duplicating, asking.

use crate::gate::ask;
use core::ffi::c_void;
use gate::service::{CloseHandle, CompareObjects, DuplicateHandle, ObjectKind, QueryHandle, QueryObjectName, SetHandle};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, HANDLE, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_NOT_SAME_OBJECT, STATUS_NOT_SUPPORTED, STATUS_OBJECT_TYPE_MISMATCH,
    UNICODE_STRING,
};
use windows_sys::Win32::System::Threading::PROCESS_DUP_HANDLE;
use windows_sys::Win32::System::WindowsProgramming::PUBLIC_OBJECT_BASIC_INFORMATION;

/// Closes a handle.
#[shim(ix = 66, mapping = "gate CloseHandle", risk = Functional("an object that stays"))]
pub unsafe extern "system" fn NtClose(handle: HANDLE) -> Result<NtStatus, Status> {
    ask(&mut CloseHandle { handle: handle as u64 }).map(NtStatus)
}

/// Makes a second handle to an object, within this process.
#[shim(ix = 67, mapping = "gate DuplicateHandle", risk = Isolation("more access than the first handle had"))]
pub unsafe extern "system" fn NtDuplicateObject(
    source_process: HANDLE,
    source: HANDLE,
    target_process: HANDLE,
    target: *mut HANDLE,
    access: u32,
    attributes: u32,
    options: u32,
) -> Result<NtStatus, Status> {
    for process in [source_process, target_process] {
        if !(process.is_null() && options & DUPLICATE_CLOSE_SOURCE != 0) {
            own_process(process, PROCESS_DUP_HANDLE)?;
        }
    }
    if target.is_null() {
        return if options & DUPLICATE_CLOSE_SOURCE != 0 {
            ask(&mut CloseHandle { handle: source as u64 }).map(NtStatus)
        } else {
            Ok(NtStatus::SUCCESS)
        };
    }
    let mut request = DuplicateHandle { source: source as u64, access, options, flags: attributes, ..DuplicateHandle::default() };
    ask(&mut request)?;
    unsafe { *target = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
}

/// Answers whether two handles stand for one object.
#[shim(ix = 450, mapping = "gate CompareObjects", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn NtCompareObjects(first: HANDLE, second: HANDLE) -> Result<NtStatus, Status> {
    let mut request = CompareObjects { handles: [first as u64, second as u64], ..CompareObjects::default() };
    ask(&mut request)?;
    if request.same != 0 { Ok(NtStatus::SUCCESS) } else { Err(Status(STATUS_NOT_SAME_OBJECT)) }
}

/// What a handle stands for.
pub fn query(handle: HANDLE) -> Result<QueryHandle, Status> {
    let mut request = QueryHandle { handle: handle as u64, ..QueryHandle::default() };
    ask(&mut request)?;
    Ok(request)
}

/// Checks that a handle stands for this process and grants one of some rights.
pub fn own_process(process: HANDLE, access: u32) -> Result<(), Status> {
    if process as isize == -1 {
        return Ok(());
    }
    let facts = query(process)?;
    if facts.kind != ObjectKind::Process as u32 {
        return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
    }
    if facts.access & access == 0 {
        return Err(Status(STATUS_ACCESS_DENIED));
    }
    // What is done to a process is done by itself: nobody reaches into another one.
    if facts.other != 0 { Err(Status(STATUS_NOT_SUPPORTED)) } else { Ok(()) }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct HandleFlags {
    inherit: u8,
    protect: u8,
}

/// Answers a handle's access, type name or flags.
#[shim(ix = 68, mapping = "gate QueryHandle, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryObject(
    handle: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    const BASIC: i32 = 0;
    const NAME: i32 = 1;
    const TYPE: i32 = 2;
    const FLAGS: i32 = 4;
    let facts = query(handle)?;
    if class == NAME && facts.kind != ObjectKind::File as u32 {
        return unsafe { put_name(handle, buffer, length, result) };
    }
    let size = match class {
        BASIC => size_of::<PUBLIC_OBJECT_BASIC_INFORMATION>(),
        TYPE => size_of::<UNICODE_STRING>() + 64,
        FLAGS => size_of::<HandleFlags>(),
        _ => return Err(Status(STATUS_INVALID_INFO_CLASS)),
    };
    if !result.is_null() {
        unsafe { *result = size as u32 };
    }
    if (length as usize) < size {
        return Err(Status(if class == TYPE { STATUS_BUFFER_OVERFLOW } else { STATUS_INFO_LENGTH_MISMATCH }));
    }
    match class {
        BASIC => {
            // SAFETY: plain data, for which zero is a value.
            let mut basic: PUBLIC_OBJECT_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
            basic.Attributes = if facts.flags & HANDLE_FLAG_INHERIT != 0 { 2 } else { 0 };
            basic.GrantedAccess = facts.access;
            basic.HandleCount = facts.references;
            basic.PointerCount = facts.references;
            unsafe { buffer.cast::<PUBLIC_OBJECT_BASIC_INFORMATION>().write_unaligned(basic) };
        }
        FLAGS => {
            let flags = HandleFlags {
                inherit: (facts.flags & HANDLE_FLAG_INHERIT != 0).into(),
                protect: (facts.flags & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0).into(),
            };
            unsafe { buffer.cast::<HandleFlags>().write_unaligned(flags) };
        }
        _ => {
            let name = match ObjectKind::from_number(facts.kind) {
                Some(ObjectKind::File) => "File",
                Some(ObjectKind::Event) => "Event",
                Some(ObjectKind::Job) => "Job",
                Some(ObjectKind::Mutant) => "Mutant",
                Some(ObjectKind::Semaphore) => "Semaphore",
                Some(ObjectKind::Thread) => "Thread",
                Some(ObjectKind::Process) => "Process",
                Some(ObjectKind::Section) => "Section",
                Some(ObjectKind::Token) => "Token",
                Some(ObjectKind::Timer) => "Timer",
                Some(ObjectKind::Completion) => "IoCompletion",
                Some(ObjectKind::KeyedEvent) => "KeyedEvent",
                Some(ObjectKind::Key) => "Key",
                Some(ObjectKind::MessageQueue) | None => return Err(Status(STATUS_NOT_SUPPORTED)),
            };
            let text = guest::text::terminated(name);
            unsafe {
                buffer.cast::<u8>().write_bytes(0, size);
                let at = buffer.cast::<u8>().add(size_of::<UNICODE_STRING>()).cast::<u16>();
                at.copy_from_nonoverlapping(text.as_ptr(), text.len());
                let string = UNICODE_STRING { Length: 2 * name.len() as u16, MaximumLength: 2 * text.len() as u16, Buffer: at };
                buffer.cast::<UNICODE_STRING>().write_unaligned(string);
            }
        }
    }
    Ok(NtStatus::SUCCESS)
}

/// Answers the name of an object that is no file: a counted string, and its text behind it.
unsafe fn put_name(handle: HANDLE, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let head = size_of::<UNICODE_STRING>();
    let room = (length as usize).saturating_sub(head + 2);
    let text = unsafe { buffer.byte_add(head) };
    let mut request = QueryObjectName { handle: handle as u64, buffer: text as u64, size: room as u64, needed: 0 };
    ask(&mut request)?;
    let bytes = request.needed as usize;
    let size = if bytes == 0 { head } else { head + bytes + 2 };
    if !result.is_null() {
        unsafe { *result = size as u32 };
    }
    if (length as usize) < size {
        return Err(Status(if (length as usize) < head { STATUS_INFO_LENGTH_MISMATCH } else { STATUS_BUFFER_OVERFLOW }));
    }
    // SAFETY: the buffer has that many bytes, as its caller says.
    unsafe {
        let string = if bytes == 0 {
            UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: core::ptr::null_mut() }
        } else {
            text.byte_add(bytes).cast::<u16>().write_unaligned(0);
            UNICODE_STRING { Length: bytes as u16, MaximumLength: bytes as u16 + 2, Buffer: text.cast() }
        };
        buffer.cast::<UNICODE_STRING>().write_unaligned(string);
    }
    Ok(NtStatus::SUCCESS)
}

/// Sets a handle's flags: inheritance, protection against closing.
#[shim(ix = 69, mapping = "gate SetHandle", risk = Wrong("a handle inherited, or not"))]
pub unsafe extern "system" fn NtSetInformationObject(handle: HANDLE, class: i32, buffer: *const c_void, length: u32) -> Result<NtStatus, Status> {
    const FLAGS: i32 = 4;
    if class != FLAGS {
        return Err(Status(STATUS_INVALID_INFO_CLASS));
    }
    if (length as usize) < size_of::<HandleFlags>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let given = unsafe { buffer.cast::<HandleFlags>().read_unaligned() };
    let flags = if given.inherit != 0 { HANDLE_FLAG_INHERIT } else { 0 } | if given.protect != 0 { HANDLE_FLAG_PROTECT_FROM_CLOSE } else { 0 };
    ask(&mut SetHandle { handle: handle as u64, flags, pad: 0 }).map(NtStatus)
}
