//! Completion ports.

use crate::gate::ask;
use core::ffi::c_void;
use gate::service::{CreateObject, ObjectKind, Packet, PostCompletion, QueryObject, SetFilePort, TakeCompletions};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER,
    STATUS_NOT_SUPPORTED, STATUS_OBJECT_TYPE_MISMATCH, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// `FILE_IO_COMPLETION_INFORMATION`: a packet, as it is taken out. An `OVERLAPPED_ENTRY` looks alike.
#[repr(C)]
pub struct Entry {
    key: usize,
    context: usize,
    block: IO_STATUS_BLOCK,
}

/// What `FileCompletionInformation` brings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Association {
    port: HANDLE,
    key: *mut c_void,
}

impl Association {
    /// Packets of the file go to a port, with a key.
    pub const fn new(port: HANDLE, key: *mut c_void) -> Self {
        Self { port, key }
    }
}

/// Creates a completion port.
#[shim(ix = 451, mapping = "gate CreateObject", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn NtCreateIoCompletion(
    handle: *mut HANDLE,
    access: u32,
    object: *const OBJECT_ATTRIBUTES,
    threads: u32,
) -> Result<NtStatus, Status> {
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let object = unsafe { object.as_ref() };
    if object.is_some_and(|object| !object.ObjectName.is_null()) {
        // The namespace of named objects comes with the broker's adoption of objects.
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    let flags = object.map_or(0, |object| object.Attributes);
    let mut request = CreateObject { kind: ObjectKind::Completion as u32, access, limit: threads, flags, ..CreateObject::default() };
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
}

/// Posts a packet to a completion port.
#[shim(ix = 452, mapping = "gate PostCompletion", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn NtSetIoCompletion(
    port: HANDLE,
    key: *const c_void,
    context: *const c_void,
    status: NTSTATUS,
    information: usize,
) -> Result<NtStatus, Status> {
    let packet = Packet { key: key as u64, context: context as u64, status, pad: 0, information: information as u64 };
    ask(&mut PostCompletion { port: port as u64, packet }).map(NtStatus)
}

unsafe fn take(port: HANDLE, packets: &mut [Packet], alertable: bool, timeout: *const i64) -> Result<(NTSTATUS, usize), Status> {
    let timeout = unsafe { timeout.as_ref() }.copied();
    let mut request = TakeCompletions {
        port: port as u64,
        packets: packets.as_mut_ptr() as u64,
        count: packets.len() as u32,
        alertable: alertable.into(),
        timed: timeout.is_some().into(),
        taken: 0,
        timeout: timeout.unwrap_or(0),
    };
    let status = ask(&mut request)?;
    Ok((status, (request.taken as usize).min(packets.len())))
}

/// Takes a packet from a completion port, and waits for one.
#[shim(ix = 453, mapping = "gate TakeCompletions", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn NtRemoveIoCompletion(
    port: HANDLE,
    key: *mut *mut c_void,
    context: *mut *mut c_void,
    block: *mut IO_STATUS_BLOCK,
    timeout: *const i64,
) -> Result<NtStatus, Status> {
    if key.is_null() || context.is_null() || block.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut packet = [Packet::default()];
    let (status, taken) = unsafe { take(port, &mut packet, false, timeout)? };
    if taken > 0 {
        unsafe {
            *key = packet[0].key as usize as *mut c_void;
            *context = packet[0].context as usize as *mut c_void;
            (*block).Anonymous.Pointer = packet[0].status as u32 as usize as *mut c_void;
            (*block).Information = packet[0].information as usize;
        }
    }
    Ok(NtStatus(status))
}

/// Takes several packets from a completion port, and waits for the first.
#[shim(ix = 454, mapping = "gate TakeCompletions", risk = Functional("a completion that nobody hears of"))]
pub unsafe extern "system" fn NtRemoveIoCompletionEx(
    port: HANDLE,
    entries: *mut Entry,
    count: u32,
    removed: *mut u32,
    timeout: *const i64,
    alertable: u8,
) -> Result<NtStatus, Status> {
    /// More than this at once are left for the next call.
    const MOST: usize = 64;
    if entries.is_null() || removed.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    if count == 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let mut packets = [Packet::default(); MOST];
    let most = (count as usize).min(MOST);
    let (status, taken) = unsafe { take(port, &mut packets[..most], alertable != 0, timeout)? };
    for (index, packet) in packets[..taken].iter().enumerate() {
        unsafe {
            let entry = entries.add(index);
            (*entry).key = packet.key as usize;
            (*entry).context = packet.context as usize;
            (*entry).block.Anonymous.Pointer = packet.status as u32 as usize as *mut c_void;
            (*entry).block.Information = packet.information as usize;
        }
    }
    unsafe { *removed = taken as u32 };
    Ok(NtStatus(crate::call::after_wait(status)))
}

/// Answers how many packets wait at a completion port.
#[shim(ix = 455, mapping = "gate QueryObject", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn NtQueryIoCompletion(
    port: HANDLE,
    class: i32,
    buffer: *mut c_void,
    length: u32,
    result: *mut u32,
) -> Result<NtStatus, Status> {
    const BASIC: i32 = 0;
    if class != BASIC {
        return Err(Status(STATUS_INVALID_INFO_CLASS));
    }
    if length as usize != size_of::<u32>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let mut request = QueryObject { handle: port as u64, ..QueryObject::default() };
    ask(&mut request)?;
    if request.kind != ObjectKind::Completion as u32 {
        return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
    }
    if !result.is_null() {
        unsafe { *result = length };
    }
    unsafe { buffer.cast::<i32>().write_unaligned(request.state) };
    Ok(NtStatus::SUCCESS)
}

/// Lets a port hear of what is completed on a file.
pub fn associate(file: u64, association: Association) -> Result<NTSTATUS, Status> {
    if association.port.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    ask(&mut SetFilePort { file, port: association.port as u64, key: association.key as u64 }).map(|_| STATUS_SUCCESS)
}
