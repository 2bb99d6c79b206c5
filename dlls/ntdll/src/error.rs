//! NTSTATUS codes as Win32 errors, and the thread's last error.

use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use guest::teb;
use windows_sys::Win32::Foundation::{ERROR_MR_MID_NOT_FOUND, NTSTATUS};

/// Sorted by status. Statuses that are not listed have no Win32 error.
static ERRORS: &[(u32, u32)] = include!("generated/status.rs");

/// The Win32 error that stands for a status.
pub fn win32(status: NTSTATUS) -> u32 {
    // Facilities of their own: an HRESULT or a Win32 error travels inside of the status (ntstatus.h).
    const FACILITY: u32 = 0x0FFF_0000;
    const FACILITY_NTWIN32: u32 = 0x0007_0000;
    let status = status as u32;
    if status == 0 {
        return 0;
    }
    if status & 0x2000_0000 != 0 {
        return status;
    }
    if status & FACILITY == FACILITY_NTWIN32 || status >> 16 == 0x8007 || status >> 16 == 0xC001 && status & 0xFFFF == 0 {
        return status & 0xFFFF;
    }
    ERRORS.binary_search_by_key(&status, |row| row.0).map_or(ERROR_MR_MID_NOT_FOUND, |index| ERRORS[index].1)
}

/// The Win32 error for a status; keeps the status as the thread's last one.
#[shim(ix = 13, mapping = "a table of statuses", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlNtStatusToDosError(status: NTSTATUS) -> u32 {
    teb::set_last_status(status as u32);
    win32(status)
}

/// The Win32 error for a status.
#[shim(ix = 14, mapping = "a table of statuses", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlNtStatusToDosErrorNoTeb(status: NTSTATUS) -> u32 {
    win32(status)
}

/// The thread's last error.
#[shim(ix = 15, mapping = "the TEB", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlGetLastWin32Error() -> u32 {
    teb::last_error()
}

/// Sets the thread's last error.
#[shim(ix = 16, mapping = "the TEB", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlSetLastWin32Error(code: u32) {
    teb::set_last_error(code);
}

/// Sets the thread's last error; a debugger's break on errors takes no notice.
#[shim(ix = 209, mapping = "the TEB", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlRestoreLastWin32Error(code: u32) {
    teb::set_last_error(code);
}

/// The bits of a thread's error mode.
const ERROR_MODES: u32 = 0x70;

/// The calling thread's error mode.
#[shim(ix = 210, mapping = "the TEB", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn RtlGetThreadErrorMode() -> u32 {
    unsafe { *teb::hard_error_mode() & ERROR_MODES }
}

/// Sets the calling thread's error mode; answers the one before.
#[shim(ix = 211, mapping = "the TEB", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn RtlSetThreadErrorMode(mode: u32, before: *mut u32) -> Result<NtStatus, Status> {
    if mode & !ERROR_MODES != 0 {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_1));
    }
    let kept = unsafe { core::mem::replace(&mut *teb::hard_error_mode(), mode) };
    if !before.is_null() {
        unsafe { *before = kept & ERROR_MODES };
    }
    Ok(NtStatus::SUCCESS)
}

/// Sets the thread's last error and status from a status.
#[shim(ix = 17, mapping = "the TEB", risk = Wrong("a wrong error code"))]
pub unsafe extern "system" fn RtlSetLastWin32ErrorAndNtStatusFromNtStatus(status: NTSTATUS) -> u32 {
    teb::set_last_status(status as u32);
    teb::set_last_error(win32(status));
    teb::last_error()
}

/// The thread's last status.
#[shim(ix = 18, mapping = "the TEB", risk = Wrong("a wrong status"))]
pub unsafe extern "system" fn RtlGetLastNtStatus() -> NTSTATUS {
    teb::last_status() as NTSTATUS
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::Foundation::*;

    #[test]
    fn the_table_is_sorted_and_known_rows_hold() {
        assert!(ERRORS.is_sorted_by(|one, next| one.0 < next.0));
        for (status, error) in [
            (STATUS_OBJECT_NAME_NOT_FOUND, ERROR_FILE_NOT_FOUND),
            (STATUS_OBJECT_PATH_NOT_FOUND, ERROR_PATH_NOT_FOUND),
            (STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED),
            (STATUS_SHARING_VIOLATION, ERROR_SHARING_VIOLATION),
            (STATUS_INVALID_HANDLE, ERROR_INVALID_HANDLE),
            (STATUS_NO_MORE_FILES, ERROR_NO_MORE_FILES),
            (STATUS_END_OF_FILE, ERROR_HANDLE_EOF),
            (STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED),
        ] {
            assert_eq!(win32(status), error, "{status:#x}");
        }
    }
}
