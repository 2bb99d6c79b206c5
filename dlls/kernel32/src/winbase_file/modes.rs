//! How completions are told.

use crate::information::set;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::FileIoCompletionNotificationInformation;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::System::WindowsProgramming::{FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FILE_SKIP_SET_EVENT_ON_HANDLE};

/// Lets a file's completion port, or its handle, not hear of what succeeds at once. Once set, a mode stays.
#[shim(ix = 322, mapping = "NtSetInformationFile", risk = Functional("a completion that is told twice, or not at all"))]
pub unsafe extern "system" fn SetFileCompletionNotificationModes(file: HANDLE, flags: u8) -> Result<Bool, Win32Error> {
    let flags = u32::from(flags);
    if flags & !(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE) != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    set(file, FileIoCompletionNotificationInformation, &flags).map(|()| Bool)
}
