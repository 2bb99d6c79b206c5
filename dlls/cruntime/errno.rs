//! errno.h: error numbers, and how Win32 errors become them.

use super::thread;
use windows_sys::Win32::Foundation as win32;

pub const EPERM: i32 = 1;
pub const ENOENT: i32 = 2;
pub const E2BIG: i32 = 7;
pub const ENOEXEC: i32 = 8;
pub const EBADF: i32 = 9;
pub const ECHILD: i32 = 10;
pub const EAGAIN: i32 = 11;
pub const ENOMEM: i32 = 12;
pub const EACCES: i32 = 13;
pub const EEXIST: i32 = 17;
pub const EXDEV: i32 = 18;
pub const EINVAL: i32 = 22;
pub const EMFILE: i32 = 24;
pub const ENOSPC: i32 = 28;
pub const ESPIPE: i32 = 29;
pub const EPIPE: i32 = 32;
pub const EDOM: i32 = 33;
pub const ERANGE: i32 = 34;
pub const EDEADLOCK: i32 = 36;
pub const ENOTEMPTY: i32 = 41;
pub const EILSEQ: i32 = 42;
pub const EOVERFLOW: i32 = 132;
pub const STRUNCATE: i32 = 80;

/// `ERROR_INFLOOP_IN_RELOC_CHN`, which windows-sys lacks.
const INFLOOP_IN_RELOC_CHN: u32 = 202;

/// The thread's `errno`.
pub fn get() -> i32 {
    thread::current().errno.get()
}

/// Sets the thread's `errno`.
pub fn set(code: i32) {
    thread::current().errno.set(code);
}

/// Sets `_doserrno`, and `errno` to what stands for it.
pub fn set_win32(code: u32) {
    let thread = thread::current();
    thread.doserrno.set(code);
    thread.errno.set(from_win32(code));
}

/// The error number that stands for a Win32 error (`_dosmaperr`).
pub const fn from_win32(code: u32) -> i32 {
    match code {
        win32::ERROR_FILE_NOT_FOUND
        | win32::ERROR_PATH_NOT_FOUND
        | win32::ERROR_INVALID_DRIVE
        | win32::ERROR_NO_MORE_FILES
        | win32::ERROR_BAD_NETPATH
        | win32::ERROR_BAD_NET_NAME
        | win32::ERROR_BAD_PATHNAME
        | win32::ERROR_FILENAME_EXCED_RANGE => ENOENT,
        win32::ERROR_TOO_MANY_OPEN_FILES => EMFILE,
        win32::ERROR_ACCESS_DENIED
        | win32::ERROR_CURRENT_DIRECTORY
        | win32::ERROR_LOCK_VIOLATION
        | win32::ERROR_NETWORK_ACCESS_DENIED
        | win32::ERROR_CANNOT_MAKE
        | win32::ERROR_FAIL_I24
        | win32::ERROR_DRIVE_LOCKED
        | win32::ERROR_SEEK_ON_DEVICE
        | win32::ERROR_NOT_LOCKED
        | win32::ERROR_LOCK_FAILED
        | win32::ERROR_WRITE_PROTECT..=win32::ERROR_SHARING_BUFFER_EXCEEDED => EACCES,
        win32::ERROR_INVALID_HANDLE | win32::ERROR_INVALID_TARGET_HANDLE | win32::ERROR_DIRECT_ACCESS_HANDLE => EBADF,
        win32::ERROR_ARENA_TRASHED | win32::ERROR_NOT_ENOUGH_MEMORY | win32::ERROR_INVALID_BLOCK | win32::ERROR_NOT_ENOUGH_QUOTA => ENOMEM,
        win32::ERROR_BAD_ENVIRONMENT => E2BIG,
        win32::ERROR_BAD_FORMAT | win32::ERROR_INVALID_STARTING_CODESEG..=INFLOOP_IN_RELOC_CHN => ENOEXEC,
        win32::ERROR_NOT_SAME_DEVICE => EXDEV,
        win32::ERROR_FILE_EXISTS | win32::ERROR_ALREADY_EXISTS => EEXIST,
        win32::ERROR_NO_PROC_SLOTS | win32::ERROR_MAX_THRDS_REACHED | win32::ERROR_NESTING_NOT_ALLOWED => EAGAIN,
        win32::ERROR_BROKEN_PIPE => EPIPE,
        win32::ERROR_DISK_FULL => ENOSPC,
        win32::ERROR_WAIT_NO_CHILDREN | win32::ERROR_CHILD_NOT_COMPLETE => ECHILD,
        win32::ERROR_DIR_NOT_EMPTY => ENOTEMPTY,
        _ => EINVAL,
    }
}
