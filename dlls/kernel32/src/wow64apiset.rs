//! wow64apiset.h: whether a process is a 32-bit one on a 64-bit machine, and what names of files mean to it.

use crate::nt;
use crate::processthreadsapi::query_process;
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;

/// `ProcessWow64Information`.
const WOW64: i32 = 26;

/// Answers whether a process is a 32-bit one on a 64-bit machine.
#[shim(ix = 304, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsWow64Process(process: HANDLE, answer: *mut i32) -> Result<Bool, Win32Error> {
    let wow: usize = unsafe { query_process(process, WOW64) }?;
    unsafe { *answer = (wow != 0).into() };
    Ok(Bool)
}

/// Answers what machine a process is for, 0 for the machine's own, and what the machine is.
#[shim(ix = 706, mapping = "NtQueryInformationProcess, the shared page", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsWow64Process2(process: HANDLE, machine: *mut u16, native: *mut u16) -> Result<Bool, Win32Error> {
    const I386: u16 = 0x14C;
    let wow: usize = unsafe { query_process(process, WOW64) }?;
    // SAFETY: the shared page lies there in every process.
    let own = unsafe { ((gate::map::SHARED_DATA as usize + gate::shared::IMAGE_NUMBER_LOW) as *const u16).read_volatile() };
    unsafe {
        *machine = if wow != 0 { I386 } else { 0 };
        if !native.is_null() {
            *native = own;
        }
    }
    Ok(Bool)
}

/// `WOW64_FILE_SYSTEM_DISABLE_REDIRECT`.
const AS_NAMED: usize = 1;

/// Lets the thread's names of files mean what they say; answers what gives that back.
#[shim(ix = 770, mapping = "RtlWow64EnableFsRedirectionEx", risk = Wrong("a DLL of the other bitness"))]
pub unsafe extern "system" fn Wow64DisableWow64FsRedirection(before: *mut *mut c_void) -> Result<Bool, Win32Error> {
    nt::check(unsafe { nt::RtlWow64EnableFsRedirectionEx(AS_NAMED as *mut c_void, before) })?;
    Ok(Bool)
}

/// Gives back what names meant to the thread before.
#[shim(ix = 771, mapping = "RtlWow64EnableFsRedirectionEx", risk = Wrong("a DLL of the other bitness"))]
pub unsafe extern "system" fn Wow64RevertWow64FsRedirection(before: *mut c_void) -> Result<Bool, Win32Error> {
    let mut now = core::ptr::null_mut();
    nt::check(unsafe { nt::RtlWow64EnableFsRedirectionEx(before, &raw mut now) })?;
    Ok(Bool)
}

/// Turns the redirection of the thread's names of files on or off.
#[shim(ix = 772, mapping = "RtlWow64EnableFsRedirection", risk = Wrong("a DLL of the other bitness"))]
pub unsafe extern "system" fn Wow64EnableWow64FsRedirection(enable: u8) -> Result<Bool, Win32Error> {
    nt::check(unsafe { nt::RtlWow64EnableFsRedirection(enable) })?;
    Ok(Bool)
}
