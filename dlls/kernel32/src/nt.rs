//! What kernel32 stands on: the exports of `ntdll` that it calls.

use guest::error::{Status, Win32Error};
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

guest::imports! {
    "ntdll" {
        fn NtWriteFile(file: HANDLE, event: HANDLE, routine: *const core::ffi::c_void, context: *const core::ffi::c_void, block: *mut IO_STATUS_BLOCK, buffer: *const core::ffi::c_void, length: u32, offset: *const i64, key: *const u32) -> NTSTATUS;
        fn RtlExitUserProcess(code: u32);
        fn RtlNtStatusToDosError(status: NTSTATUS) -> u32;
    }
}

/// A status as a result; failures become Win32 errors.
pub fn check(status: NTSTATUS) -> Result<NTSTATUS, Win32Error> {
    // SAFETY: takes any status.
    Status::check(status).map_err(|status| Win32Error(unsafe { RtlNtStatusToDosError(status.0) }))
}
