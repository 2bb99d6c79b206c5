//! fileapi.h: locks on ranges of bytes.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::null_mut;
use guests::files::{File, event, make, open_overlapped, overlapped};
use guests::{Cases, case, clear_error, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        locks(&mut cases);
        cases.code()
    }
}

fn lock(file: &File, flags: u32, offset: u32, length: u32) -> u32 {
    let mut request = overlapped(offset, null_mut());
    clear_error();
    if unsafe { LockFileEx(file.0, flags | LOCKFILE_FAIL_IMMEDIATELY, 0, length, 0, &raw mut request) } != 0 { 0 } else { last_error() }
}

fn locks(cases: &mut Cases) {
    let two =
        || -> Result<(File, File), String> { Ok((make("lock.txt", b"0123456789")?, guests::files::open("lock.txt", GENERIC_READ | GENERIC_WRITE)?)) };
    case!(
        cases,
        "kernel32!LockFile kernel32!UnlockFile",
        Success,
        "what one handle locked, another may not read or write",
        wine = "Wine's locks keep nobody of the same process from reading",
        {
            let ((one, other), mut bytes, mut moved) = (two()?, [0; 4], 0);
            same!(unsafe { LockFile(one.0, 2, 0, 4, 0) }, 1);
            clear_error();
            same!((unsafe { ReadFile(other.0, bytes.as_mut_ptr(), 4, &raw mut moved, null_mut()) }, last_error()), (0, ERROR_LOCK_VIOLATION));
            let mut request = overlapped(5, null_mut());
            clear_error();
            same!((unsafe { WriteFile(other.0, b"x".as_ptr(), 1, &raw mut moved, &raw mut request) }, last_error()), (0, ERROR_LOCK_VIOLATION));
            same!(unsafe { ReadFile(other.0, bytes.as_mut_ptr(), 2, &raw mut moved, null_mut()) }, 1);
            let mut request = overlapped(2, null_mut());
            same!(unsafe { ReadFile(one.0, bytes.as_mut_ptr(), 4, &raw mut moved, &raw mut request) }, 1);
            same!(unsafe { UnlockFile(one.0, 2, 0, 4, 0) }, 1);
            same!(unsafe { ReadFile(other.0, bytes.as_mut_ptr(), 4, &raw mut moved, null_mut()) }, 1);
        }
    );
    case!(cases, "kernel32!LockFileEx", Success, "shared locks bear each other", {
        let (one, other) = two()?;
        same!((lock(&one, 0, 0, 4), lock(&other, 0, 2, 4)), (0, 0));
        same!(lock(&other, LOCKFILE_EXCLUSIVE_LOCK, 3, 4), ERROR_LOCK_VIOLATION);
        same!(lock(&other, LOCKFILE_EXCLUSIVE_LOCK, 6, 4), 0);
    });
    case!(cases, "kernel32!LockFileEx kernel32!LockFile", Failure, "a range that is locked already", {
        let (one, other) = two()?;
        same!(lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), 0);
        same!(
            (lock(&other, 0, 3, 1), lock(&other, LOCKFILE_EXCLUSIVE_LOCK, 3, 1), lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4)),
            (ERROR_LOCK_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_LOCK_VIOLATION)
        );
        clear_error();
        same!((unsafe { LockFile(other.0, 0, 0, 1, 0) }, last_error()), (0, ERROR_LOCK_VIOLATION));
    });
    case!(
        cases,
        "kernel32!UnlockFile kernel32!UnlockFileEx",
        Failure,
        "a range that is not locked as it is",
        wine = "Wine has another error for it",
        {
            let (one, _other) = two()?;
            same!(lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), 0);
            clear_error();
            same!((unsafe { UnlockFile(one.0, 0, 0, 3, 0) }, last_error()), (0, ERROR_NOT_LOCKED));
            let mut request = overlapped(1, null_mut());
            clear_error();
            same!((unsafe { UnlockFileEx(one.0, 0, 3, 0, &raw mut request) }, last_error()), (0, ERROR_NOT_LOCKED));
            let mut request = overlapped(0, null_mut());
            same!(unsafe { UnlockFileEx(one.0, 0, 4, 0, &raw mut request) }, 1);
        }
    );
    case!(cases, "kernel32!CloseHandle", Success, "locks go with their handle", {
        let (one, other) = two()?;
        same!(lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), 0);
        drop(one);
        same!(lock(&other, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), 0);
    });
    case!(
        cases,
        "kernel32!LockFileEx kernel32!GetOverlappedResult",
        Success,
        "a lock that pends is granted when the range is free",
        wine = "Wine grants the range to both handles",
        {
            let (one, event, mut moved) = (make("lock.txt", b"0123456789")?, event(), 0);
            let other = open_overlapped("lock.txt")?;
            same!(lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), 0);
            let mut request = overlapped(0, event.0);
            clear_error();
            same!((unsafe { LockFileEx(other.0, LOCKFILE_EXCLUSIVE_LOCK, 0, 4, 0, &raw mut request) }, last_error()), (0, ERROR_IO_PENDING));
            same!(unsafe { WaitForSingleObject(event.0, 0) }, WAIT_TIMEOUT);
            same!(unsafe { UnlockFile(one.0, 0, 0, 4, 0) }, 1);
            same!(unsafe { GetOverlappedResult(other.0, &raw const request, &raw mut moved, 1) }, 1);
            same!(lock(&one, LOCKFILE_EXCLUSIVE_LOCK, 0, 4), ERROR_LOCK_VIOLATION);
        }
    );
}
