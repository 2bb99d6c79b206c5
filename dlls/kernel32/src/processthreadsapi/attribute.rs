//! Attribute lists for CreateProcess: a head, and one entry for each attribute.

use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_BAD_LENGTH, ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, ERROR_OBJECT_NAME_EXISTS,
};

/// The list's head; what follows it is an array of entries.
#[repr(C)]
struct List {
    /// One bit for each attribute that is set.
    set: u32,
    room: u32,
    count: u32,
    pad: u32,
    flags: usize,
}

#[repr(C)]
struct Entry {
    attribute: usize,
    size: usize,
    value: *const c_void,
}

/// The attributes' numbers (`PROC_THREAD_ATTRIBUTE_NUM`) that are known, and the size of their values, 0 for any.
const KNOWN: &[(usize, usize)] = &[
    // The parent process.
    (0, size_of::<usize>()),
    (HANDLE_LIST, 0),
    // The group affinity.
    (3, size_of::<usize>() + 8),
    // The preferred NUMA node.
    (4, 2),
    // The ideal processor.
    (5, 4),
    // The mitigation policy: 4, 8 or 16 bytes.
    (7, 0),
    // The protection level.
    (11, 4),
    (JOB_LIST, 0),
    // The policy for child processes.
    (14, 4),
    // The policy for desktop programs.
    (18, 4),
    // The pseudo console.
    (22, size_of::<usize>()),
];

/// `ProcThreadAttributeHandleList`: the handles that are inherited.
const HANDLE_LIST: usize = 2;
/// `ProcThreadAttributeJobList`: the jobs that the process is put into.
const JOB_LIST: usize = 13;
/// The attributes that are taken: the lists of handles, and those that ask for nothing that a program could notice here.
const HEEDED: &[usize] = &[HANDLE_LIST, 3, 4, 5, 7, JOB_LIST];

/// What a list says.
#[derive(Default)]
pub struct Attributes {
    /// The handles that are inherited.
    pub handles: Vec<u64>,
    /// The jobs that the process is put into.
    pub jobs: Vec<u64>,
}

/// What a list says. One with what is not heeded is refused.
///
/// # Safety
/// `list` is NULL or a list, whose values live.
pub unsafe fn read(list: *const c_void) -> Result<Attributes, Win32Error> {
    let Some(head) = (unsafe { list.cast::<List>().as_ref() }) else { return Ok(Attributes::default()) };
    let mut attributes = Attributes::default();
    for index in 0..head.count {
        let entry = unsafe { &*list.byte_add(size(index)).cast::<Entry>() };
        let number = entry.attribute & 0xFFFF;
        if !HEEDED.contains(&number) {
            return Err(Win32Error(ERROR_NOT_SUPPORTED));
        }
        let list = match number {
            HANDLE_LIST => &mut attributes.handles,
            JOB_LIST => &mut attributes.jobs,
            _ => continue,
        };
        let values = entry.value.cast::<usize>();
        list.extend((0..entry.size / size_of::<usize>()).map(|at| unsafe { values.add(at).read_unaligned() } as u64));
    }
    Ok(attributes)
}

fn size(count: u32) -> usize {
    size_of::<List>() + count as usize * size_of::<Entry>()
}

/// Prepares a list, or answers the size that it needs.
#[shim(ix = 423, mapping = "memory alone", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn InitializeProcThreadAttributeList(
    list: *mut c_void,
    count: u32,
    flags: u32,
    bytes: *mut usize,
) -> Result<Bool, Win32Error> {
    if flags != 0 || bytes.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if count as usize > KNOWN.len() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let room = unsafe { core::mem::replace(&mut *bytes, size(count)) };
    if list.is_null() || room < size(count) {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    unsafe { list.cast::<List>().write(List { set: 0, room: count, count: 0, pad: 0, flags: 0 }) };
    Ok(Bool)
}

/// Enters an attribute in a list. The value is not copied.
#[shim(ix = 434, mapping = "memory alone", risk = Wrong("an attribute that is lost"))]
pub unsafe extern "system" fn UpdateProcThreadAttribute(
    list: *mut c_void,
    flags: u32,
    attribute: usize,
    value: *const c_void,
    size: usize,
    previous: *mut c_void,
    returned: *mut usize,
) -> Result<Bool, Win32Error> {
    const NUMBER: usize = 0xFFFF;
    if flags != 0 || !previous.is_null() || !returned.is_null() || list.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let number = attribute & NUMBER;
    let known = KNOWN.iter().find(|(known, _)| *known == number).ok_or(Win32Error(ERROR_NOT_SUPPORTED))?;
    if known.1 != 0 && known.1 != size || known.1 == 0 && size == 0 {
        return Err(Win32Error(ERROR_BAD_LENGTH));
    }
    let head = unsafe { &mut *list.cast::<List>() };
    if head.set & 1 << number != 0 {
        return Err(Win32Error(ERROR_OBJECT_NAME_EXISTS));
    }
    if head.count >= head.room {
        return Err(Win32Error(ERROR_GEN_FAILURE));
    }
    unsafe { list.byte_add(self::size(head.count)).cast::<Entry>().write(Entry { attribute, size, value }) };
    head.set |= 1 << number;
    head.count += 1;
    Ok(Bool)
}

/// Lets go of a list; its memory is the caller's.
#[shim(ix = 410, mapping = "memory alone", risk = Functional("an attribute that is used too late"))]
pub unsafe extern "system" fn DeleteProcThreadAttributeList(list: *mut c_void) {
    if let Some(list) = unsafe { list.cast::<List>().as_mut() } {
        (list.set, list.count) = (0, 0);
    }
}
