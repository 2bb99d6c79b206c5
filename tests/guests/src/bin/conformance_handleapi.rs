//! handleapi.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::null_mut;
use guests::files::{create, make, put, read};
use guests::{Cases, case, clear_error, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;

/// The pseudo handle of the process.
const CURRENT: HANDLE = usize::MAX as HANDLE;
const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;

fn flags(handle: HANDLE) -> (i32, u32) {
    let mut flags = 0xDEAD;
    (unsafe { GetHandleInformation(handle, &raw mut flags) }, flags)
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        closing(&mut cases);
        duplicating(&mut cases);
        asking(&mut cases);
        cases.code()
    }
}

fn closing(cases: &mut Cases) {
    case!(cases, "kernel32!CloseHandle", Success, "a file's handle is closed, and is no handle then", {
        let file = make("closed.txt", b"bytes")?;
        let handle = file.0;
        core::mem::forget(file);
        same!(unsafe { CloseHandle(handle) }, 1);
        clear_error();
        same!((unsafe { CloseHandle(handle) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CloseHandle", Failure, "a number that is no handle", {
        clear_error();
        same!(unsafe { CloseHandle(NO_HANDLE) }, 0);
        same!(last_error(), ERROR_INVALID_HANDLE);
    });
    case!(cases, "kernel32!CloseHandle", Failure, "NULL", {
        clear_error();
        same!((unsafe { CloseHandle(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

fn duplicate(source: HANDLE, access: u32, inherit: i32, options: u32) -> Result<guests::files::File, u32> {
    let mut copy = null_mut();
    let done = unsafe { DuplicateHandle(CURRENT, source, CURRENT, &raw mut copy, access, inherit, options) };
    if done != 0 { Ok(guests::files::File(copy)) } else { Err(last_error()) }
}

fn duplicating(cases: &mut Cases) {
    case!(cases, "kernel32!DuplicateHandle", Success, "the second handle shares the first one's position", {
        let file = make("twice.txt", b"abcdef")?;
        unsafe { SetFilePointer(file.0, 2, null_mut(), FILE_BEGIN) };
        let copy = duplicate(file.0, 0, 0, DUPLICATE_SAME_ACCESS).map_err(|_| "it was not duplicated")?;
        same!(read(&copy, 2)?, b"cd");
        same!(read(&file, 2)?, b"ef");
        drop(file);
        unsafe { SetFilePointer(copy.0, 0, null_mut(), FILE_BEGIN) };
        same!(read(&copy, 6)?, b"abcdef");
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "DUPLICATE_CLOSE_SOURCE closes the first", {
        let file = make("twice.txt", b"abcdef")?;
        let handle = file.0;
        core::mem::forget(file);
        let copy = duplicate(handle, 0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE).map_err(|_| "it was not duplicated")?;
        same!(copy.0.is_null(), false);
        if copy.0 != handle {
            same!(unsafe { CloseHandle(handle) }, 0);
        }
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "less access, and inheritance", {
        let file = make("twice.txt", b"abcdef")?;
        let copy = duplicate(file.0, FILE_GENERIC_READ, 1, 0).map_err(|_| "it was not duplicated")?;
        same!(flags(copy.0), (1, HANDLE_FLAG_INHERIT));
        let mut written = 0;
        clear_error();
        same!(unsafe { WriteFile(copy.0, b"x".as_ptr(), 1, &raw mut written, null_mut()) }, 0);
        same!(last_error(), ERROR_ACCESS_DENIED);
    });
    case!(cases, "kernel32!DuplicateHandle", Failure, "a number that is no handle", {
        clear_error();
        same!(duplicate(NO_HANDLE, 0, 0, DUPLICATE_SAME_ACCESS).err(), Some(ERROR_INVALID_HANDLE));
    });
}

fn asking(cases: &mut Cases) {
    case!(cases, "kernel32!GetHandleInformation kernel32!SetHandleInformation", Success, "inheritance is set and told", {
        put("asked.txt", b"")?;
        let file = create("asked.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        same!(flags(file.0), (1, 0));
        same!(unsafe { SetHandleInformation(file.0, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) }, 1);
        same!(flags(file.0), (1, HANDLE_FLAG_INHERIT));
        same!(unsafe { SetHandleInformation(file.0, HANDLE_FLAG_INHERIT, 0) }, 1);
        same!(flags(file.0), (1, 0));
    });
    case!(cases, "kernel32!SetHandleInformation", Success, "a bit outside of the mask is left as it is", {
        let file = make("asked.txt", b"")?;
        same!(unsafe { SetHandleInformation(file.0, 0, HANDLE_FLAG_INHERIT) }, 1);
        same!(flags(file.0), (1, 0));
    });
    case!(cases, "kernel32!SetHandleInformation kernel32!CloseHandle", Failure, "a protected handle is not closed", {
        let file = make("asked.txt", b"")?;
        same!(unsafe { SetHandleInformation(file.0, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE) }, 1);
        clear_error();
        same!((unsafe { CloseHandle(file.0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        same!(unsafe { SetHandleInformation(file.0, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0) }, 1);
    });
    case!(cases, "kernel32!GetHandleInformation", Failure, "a number that is no handle", {
        clear_error();
        same!((flags(NO_HANDLE).0, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!SetHandleInformation", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { SetHandleInformation(NO_HANDLE, HANDLE_FLAG_INHERIT, 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}
