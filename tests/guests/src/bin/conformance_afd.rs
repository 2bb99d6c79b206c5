//! The device that sockets are polled through, as far as an event loop's start needs it: opening, a port, polling, cancelling.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::File;
use guests::{Cases, case, same, wide};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, NtCreateFile};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::CreateEventW;
use windows_sys::Win32::System::WindowsProgramming::FILE_SKIP_SET_EVENT_ON_HANDLE;

windows_link::link!("ntdll.dll" "system" fn NtDeviceIoControlFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, code: u32, input: *const c_void, input_size: u32, output: *mut c_void, output_size: u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtCancelIoFileEx(file: HANDLE, request: *const IO_STATUS_BLOCK, block: *mut IO_STATUS_BLOCK) -> NTSTATUS);

const IOCTL_AFD_POLL: u32 = 0x0001_2024;
const AFD_POLL_RECEIVE: u32 = 1;

/// What a poll of one handle brings and takes back.
#[repr(C)]
struct Poll {
    timeout: i64,
    count: u32,
    exclusive: u32,
    handle: HANDLE,
    events: u32,
    status: NTSTATUS,
}

fn open(name: &str) -> (NTSTATUS, HANDLE) {
    let units = wide(name);
    let bytes = 2 * (units.len() as u16 - 1);
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() };
    let object = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: &raw const name,
        Attributes: 0,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let (mut handle, mut block) = (null_mut(), unsafe { core::mem::zeroed::<IO_STATUS_BLOCK>() });
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    let status = unsafe { NtCreateFile(&raw mut handle, SYNCHRONIZE, &raw const object, &raw mut block, null(), 0, share, FILE_OPEN, 0, null(), 0) };
    (status, handle)
}

fn device() -> Result<File, String> {
    match open("\\Device\\Afd\\Test") {
        (0, handle) => Ok(File(handle)),
        (status, _) => Err(alloc::format!("the device was not opened: {:#x}", status as u32)),
    }
}

fn poll(device: &File, count: u32, handle: HANDLE) -> NTSTATUS {
    let mut poll = Poll { timeout: i64::MAX, count, exclusive: 0, handle, events: AFD_POLL_RECEIVE, status: 0 };
    let mut block = unsafe { core::mem::zeroed::<IO_STATUS_BLOCK>() };
    let place = (&raw mut poll).cast::<c_void>();
    let size = size_of::<Poll>() as u32;
    unsafe { NtDeviceIoControlFile(device.0, null_mut(), null(), null(), &raw mut block, IOCTL_AFD_POLL, place, size, place, size) }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "ntdll!NtCreateFile", Success, "the device, under whatever name its opener likes", {
            device()?;
        });
        case!(cases, "ntdll!NtCreateFile", Failure, "a device whose name only starts alike", wine = "Wine has another status for it", {
            same!(open("\\Device\\Afdx").0, STATUS_OBJECT_PATH_SYNTAX_BAD);
        });
        case!(cases, "kernel32!CreateIoCompletionPort kernel32!SetFileCompletionNotificationModes", Success, "a port hears of it", {
            let device = device()?;
            let port = File(unsafe { CreateIoCompletionPort(device.0, null_mut(), 1, 0) });
            same!(port.0.is_null(), false);
            same!(unsafe { SetFileCompletionNotificationModes(device.0, FILE_SKIP_SET_EVENT_ON_HANDLE as u8) }, 1);
        });
        case!(cases, "ntdll!NtDeviceIoControlFile", Failure, "a handle that is no socket's", wine = "Wine has another status for it", {
            let (device, event) = (device()?, File(unsafe { CreateEventW(null(), 1, 0, null()) }));
            same!(poll(&device, 1, event.0), STATUS_INVALID_HANDLE);
        });
        case!(cases, "ntdll!NtDeviceIoControlFile", Failure, "a number that is no handle", {
            same!(poll(&device()?, 1, 0x0012_3450_usize as HANDLE), STATUS_INVALID_HANDLE);
        });
        case!(cases, "ntdll!NtDeviceIoControlFile", Failure, "no handle, and more of them than there is room for", {
            let device = device()?;
            same!(poll(&device, 0, null_mut()), STATUS_INVALID_PARAMETER);
            same!(poll(&device, 2, null_mut()), STATUS_INVALID_PARAMETER);
        });
        case!(cases, "ntdll!NtCancelIoFileEx", Failure, "nothing pends", wine = "Wine calls that a success", {
            let (device, mut block) = (device()?, unsafe { core::mem::zeroed::<IO_STATUS_BLOCK>() });
            same!(unsafe { NtCancelIoFileEx(device.0, null(), &raw mut block) }, STATUS_NOT_FOUND);
        });
        cases.code()
    }
}
