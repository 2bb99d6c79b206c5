//! What advapi32 stands on: the exports of `ntdll`.

use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::error::Win32Error;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, NTSTATUS, UNICODE_STRING};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

guest::imports! {
    "ntdll" {
        fn NtAdjustPrivilegesToken(token: HANDLE, disable_all: u8, state: *const u32, room: u32, previous: *mut u32, needed: *mut u32) -> NTSTATUS;
        fn NtClose(handle: HANDLE) -> NTSTATUS;
        fn NtCreateKey(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, title: u32, class: *const UNICODE_STRING, options: u32, disposition: *mut u32) -> NTSTATUS;
        fn NtDeleteKey(key: HANDLE) -> NTSTATUS;
        fn NtDeleteValueKey(key: HANDLE, name: *const UNICODE_STRING) -> NTSTATUS;
        fn NtDuplicateObject(source_process: HANDLE, source: HANDLE, target_process: HANDLE, target: *mut HANDLE, access: u32, attributes: u32, options: u32) -> NTSTATUS;
        fn NtEnumerateKey(key: HANDLE, index: u32, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtEnumerateValueKey(key: HANDLE, index: u32, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtFlushKey(key: HANDLE) -> NTSTATUS;
        fn NtNotifyChangeKey(key: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, filter: u32, subtree: u8, buffer: *mut c_void, length: u32, later: u8) -> NTSTATUS;
        fn NtOpenKeyEx(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, options: u32) -> NTSTATUS;
        fn NtOpenProcessToken(process: HANDLE, access: u32, handle: *mut HANDLE) -> NTSTATUS;
        fn NtOpenThreadToken(thread: HANDLE, access: u32, as_self: u8, handle: *mut HANDLE) -> NTSTATUS;
        fn NtQueryInformationToken(token: HANDLE, class: i32, buffer: *mut c_void, room: u32, needed: *mut u32) -> NTSTATUS;
        fn NtQueryKey(key: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtQueryMultipleValueKey(key: HANDLE, entries: *mut c_void, count: u32, buffer: *mut c_void, length: *mut u32, result: *mut u32) -> NTSTATUS;
        fn NtQuerySecurityObject(handle: HANDLE, wanted: u32, descriptor: *mut c_void, length: u32, needed: *mut u32) -> NTSTATUS;
        fn NtQueryValueKey(key: HANDLE, name: *const UNICODE_STRING, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtRenameKey(key: HANDLE, name: *const UNICODE_STRING) -> NTSTATUS;
        fn NtSetValueKey(key: HANDLE, name: *const UNICODE_STRING, title: u32, kind: u32, data: *const c_void, size: u32) -> NTSTATUS;
        fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void;
        fn RtlExpandEnvironmentStrings_U(environment: *const u16, source: *const UNICODE_STRING, target: *mut UNICODE_STRING, length: *mut u32) -> NTSTATUS;
        fn RtlFreeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
        fn RtlNtStatusToDosError(status: NTSTATUS) -> u32;
        fn RtlQueryEnvironmentVariable_U(environment: *const u16, name: *const UNICODE_STRING, value: *mut UNICODE_STRING) -> NTSTATUS;
        fn WcDeleteKey(key: HANDLE, path: *const UNICODE_STRING, access: u32) -> NTSTATUS;
        fn WcOpenClasses(handle: *mut HANDLE, access: u32) -> NTSTATUS;
    }
}

/// An NTSTATUS as a Win32 error.
pub fn check(status: NTSTATUS) -> Result<NTSTATUS, Win32Error> {
    // SAFETY: a plain number.
    if status as u32 >= 0x8000_0000 { Err(Win32Error(unsafe { RtlNtStatusToDosError(status) })) } else { Ok(status) }
}

/// A counted string of some units, which must outlive it.
pub fn string(units: &[u16]) -> Result<UNICODE_STRING, Win32Error> {
    let bytes = u16::try_from(size_of_val(units)).map_err(|_| Win32Error(ERROR_INVALID_PARAMETER))?;
    Ok(UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() })
}

fn attributes(root: HANDLE, name: &UNICODE_STRING, inherit: bool) -> OBJECT_ATTRIBUTES {
    const OBJ_INHERIT: u32 = 2;
    const OBJ_CASE_INSENSITIVE: u32 = 0x40;
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: root,
        ObjectName: name,
        Attributes: OBJ_CASE_INSENSITIVE | if inherit { OBJ_INHERIT } else { 0 },
        SecurityDescriptor: core::ptr::null(),
        SecurityQualityOfService: core::ptr::null(),
    }
}

/// Opens a key.
pub fn open_key(root: HANDLE, path: &[u16], access: u32, options: u32) -> Result<HANDLE, Win32Error> {
    let name = string(path)?;
    let mut handle = null_mut();
    // SAFETY: name and attributes live through the call.
    check(unsafe { NtOpenKeyEx(&raw mut handle, access, &attributes(root, &name, false), options) })?;
    Ok(handle)
}

/// How a key is made.
#[derive(Clone, Copy, Default)]
pub struct New<'a> {
    pub class: &'a [u16],
    pub options: u32,
    pub access: u32,
    pub inherit: bool,
}

/// Opens a key, or makes it below one that is there; whether it was made.
pub fn create_key(root: HANDLE, path: &[u16], new: &New<'_>) -> Result<(HANDLE, bool), Win32Error> {
    const REG_CREATED_NEW_KEY: u32 = 1;
    let (name, class) = (string(path)?, string(new.class)?);
    let (mut handle, mut disposition) = (null_mut(), 0);
    // SAFETY: names and attributes live through the call.
    check(unsafe { NtCreateKey(&raw mut handle, new.access, &attributes(root, &name, new.inherit), 0, &class, new.options, &raw mut disposition) })?;
    Ok((handle, disposition == REG_CREATED_NEW_KEY))
}

/// A text with its variables replaced.
pub fn expanded(source: &[u16]) -> Result<Vec<u16>, Win32Error> {
    let mut target = alloc::vec![0_u16; 0x7FFF];
    let mut string_to = UNICODE_STRING { Length: 0, MaximumLength: 2 * target.len() as u16, Buffer: target.as_mut_ptr() };
    // SAFETY: both strings live through the call.
    check(unsafe { RtlExpandEnvironmentStrings_U(core::ptr::null(), &string(source)?, &raw mut string_to, null_mut()) })?;
    target.truncate(usize::from(string_to.Length / 2));
    Ok(target)
}

/// Bytes of a key's security descriptor: owner, group and rights.
pub fn security_size(key: HANDLE) -> u32 {
    const OWNER_GROUP_DACL: u32 = 7;
    let mut needed = 0;
    // SAFETY: nothing is written but the size.
    unsafe { NtQuerySecurityObject(key, OWNER_GROUP_DACL, null_mut(), 0, &raw mut needed) };
    needed
}

/// A variable's value.
pub fn variable(name: &str) -> Option<Vec<u16>> {
    let name: Vec<u16> = name.encode_utf16().collect();
    let mut value = alloc::vec![0_u16; 0x4000];
    let string = |units: &mut [u16]| {
        let bytes = size_of_val(units) as u16;
        UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_mut_ptr() }
    };
    let mut target = string(&mut value);
    // SAFETY: both strings live through the call.
    let status = unsafe { RtlQueryEnvironmentVariable_U(core::ptr::null(), &string(&mut name.clone()), &raw mut target) };
    let length = usize::from(target.Length / 2);
    value.truncate(length);
    (status >= 0).then_some(value)
}
