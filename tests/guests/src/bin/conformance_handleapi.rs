//! handleapi.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use guests::{Cases, case, clear_error, last_error, same};
#[cfg(target_os = "windows")]
use windows_sys::Win32::Foundation::{CloseHandle, ERROR_INVALID_HANDLE, HANDLE};
#[cfg(target_os = "windows")]
use windows_sys::Win32::System::Threading::CreateEventW;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!CloseHandle", Success, "an event's handle is closed", {
            let event = unsafe { CreateEventW(core::ptr::null(), 1, 0, core::ptr::null()) };
            same!(unsafe { CloseHandle(event) }, 1);
        });
        case!(cases, "kernel32!CloseHandle", Failure, "a number that is no handle", {
            clear_error();
            same!(unsafe { CloseHandle(0x0012_3450_usize as HANDLE) }, 0);
            same!(last_error(), ERROR_INVALID_HANDLE);
        });
        cases.code()
    }
}
