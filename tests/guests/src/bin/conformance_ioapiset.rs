//! ioapiset.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::{null, null_mut};
use guests::files::{make, open};
use guests::{Cases, case, clear_error, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
const FSCTL_GET_REPARSE_POINT: u32 = 0x9_00A8;
const IOCTL_DISK_GET_DRIVE_GEOMETRY: u32 = 0x7_0000;
const FSCTL_SET_SPARSE: u32 = 0x9_00C4;

fn control(file: HANDLE, code: u32) -> (i32, u32) {
    let (mut output, mut returned) = ([0_u64; 64], 0xDEAD);
    clear_error();
    let size = size_of_val(&output) as u32;
    let done = unsafe { DeviceIoControl(file, code, null(), 0, output.as_mut_ptr().cast(), size, &raw mut returned, null_mut()) };
    (done, if done == 0 { last_error() } else { 0 })
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!DeviceIoControl", Success, "FSCTL_SET_SPARSE of a file", {
            let file = make("device.txt", b"bytes")?;
            same!(control(file.0, FSCTL_SET_SPARSE), (1, 0));
        });
        case!(cases, "kernel32!DeviceIoControl", Failure, "FSCTL_GET_REPARSE_POINT of what is none", {
            let file = open("device.txt", GENERIC_READ)?;
            same!(control(file.0, FSCTL_GET_REPARSE_POINT), (0, ERROR_NOT_A_REPARSE_POINT));
        });
        case!(cases, "kernel32!DeviceIoControl", Failure, "a disk's code",
            wine = "the sandbox refuses the whole class of codes, whatever they are sent to", {
            let file = open("device.txt", GENERIC_READ)?;
            same!(control(file.0, IOCTL_DISK_GET_DRIVE_GEOMETRY), (0, ERROR_ACCESS_DENIED));
        });
        case!(cases, "kernel32!DeviceIoControl", Failure, "a number that is no handle", wine = "Wine answers this code before it looks at the handle", {
            same!(control(NO_HANDLE, FSCTL_GET_REPARSE_POINT), (0, ERROR_INVALID_HANDLE));
        });
        overlapped(&mut cases);
        cases.code()
    }
}

fn overlapped(cases: &mut Cases) {
    case!(cases, "kernel32!GetOverlappedResult", Success, "a read at a position is complete", {
        let file = open("device.txt", GENERIC_READ)?;
        let mut request = unsafe { core::mem::zeroed::<OVERLAPPED>() };
        request.Anonymous.Anonymous.Offset = 2;
        let (mut bytes, mut read, mut moved) = ([0; 8], 0, 0);
        same!(unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 8, &raw mut read, &raw mut request) }, 1);
        same!(unsafe { GetOverlappedResult(file.0, &raw const request, &raw mut moved, 1) }, 1);
        same!((read, moved, &bytes[..3]), (3, 3, &b"tes"[..]));
    });
    case!(cases, "kernel32!GetOverlappedResultEx", Success, "a read at a position is complete", {
        let file = open("device.txt", GENERIC_READ)?;
        let mut request = unsafe { core::mem::zeroed::<OVERLAPPED>() };
        let (mut bytes, mut read, mut moved) = ([0; 8], 0, 0);
        same!(unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 8, &raw mut read, &raw mut request) }, 1);
        same!((unsafe { GetOverlappedResultEx(file.0, &raw const request, &raw mut moved, 0, 0) }, moved), (1, 5));
    });
    case!(cases, "kernel32!GetOverlappedResult", Failure, "what still goes on is not waited for", {
        let file = open("device.txt", GENERIC_READ)?;
        let mut request = unsafe { core::mem::zeroed::<OVERLAPPED>() };
        request.Internal = STATUS_PENDING as usize;
        let mut moved = 0;
        clear_error();
        same!((unsafe { GetOverlappedResult(file.0, &raw const request, &raw mut moved, 0) }, last_error()), (0, ERROR_IO_INCOMPLETE));
    });
    case!(cases, "kernel32!GetOverlappedResultEx", Failure, "what still goes on is not waited for", {
        let file = open("device.txt", GENERIC_READ)?;
        let mut request = unsafe { core::mem::zeroed::<OVERLAPPED>() };
        request.Internal = STATUS_PENDING as usize;
        let mut moved = 0;
        clear_error();
        same!((unsafe { GetOverlappedResultEx(file.0, &raw const request, &raw mut moved, 0, 0) }, last_error()), (0, ERROR_IO_INCOMPLETE));
    });
    case!(cases, "kernel32!CancelIo", Success, "there is nothing to cancel", {
        let file = open("device.txt", GENERIC_READ)?;
        same!(unsafe { CancelIo(file.0) }, 1);
    });
    case!(cases, "kernel32!CancelIo", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { CancelIo(NO_HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CancelIoEx", Failure, "there is nothing to cancel", wine = "Wine calls that a success", {
        let file = open("device.txt", GENERIC_READ)?;
        clear_error();
        same!((unsafe { CancelIoEx(file.0, null()) }, last_error()), (0, ERROR_NOT_FOUND));
    });
}
