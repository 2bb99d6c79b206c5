//! Tokens: whose rights a process has.

use super::sid_at;
use crate::nt::{self, check};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_INVALID_SID, ERROR_NO_IMPERSONATION_TOKEN, ERROR_NOACCESS, HANDLE};
use windows_sys::Win32::Security::{SID_AND_ATTRIBUTES, TOKEN_GROUPS, TOKEN_QUERY, TOKEN_USER};

/// Opens a process's token.
#[shim(ix = 3, mapping = "NtOpenProcessToken", risk = Isolation("more rights than the process has"))]
pub unsafe extern "system" fn OpenProcessToken(process: HANDLE, access: u32, token: *mut HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtOpenProcessToken(process, access, token) }).map(|_| Bool)
}

/// Opens a thread's own token, if it has one.
#[shim(ix = 47, mapping = "NtOpenThreadToken", risk = Isolation("rights of somebody else"))]
pub unsafe extern "system" fn OpenThreadToken(thread: HANDLE, access: u32, as_self: i32, token: *mut HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { nt::NtOpenThreadToken(thread, access, (as_self != 0).into(), token) }).map(|_| Bool)
}

/// Answers what is known of a token.
#[shim(ix = 15, mapping = "NtQueryInformationToken", risk = Wrong("a wrong user"))]
pub unsafe extern "system" fn GetTokenInformation(
    token: HANDLE,
    class: i32,
    buffer: *mut c_void,
    room: u32,
    needed: *mut u32,
) -> Result<Bool, Win32Error> {
    if needed.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    check(unsafe { nt::NtQueryInformationToken(token, class, buffer, room, needed) }).map(|_| Bool)
}

/// Enables or disables privileges. The last error tells whether the token has all of them.
#[shim(ix = 17, mapping = "NtAdjustPrivilegesToken", risk = Isolation("a privilege that nobody granted"))]
pub unsafe extern "system" fn AdjustTokenPrivileges(
    token: HANDLE,
    disable_all: i32,
    state: *const u32,
    room: u32,
    previous: *mut u32,
    needed: *mut u32,
) -> Result<Bool, Win32Error> {
    let status = check(unsafe { nt::NtAdjustPrivilegesToken(token, (disable_all != 0).into(), state, room, previous, needed) })?;
    // The one success that is told by the last error: ERROR_SUCCESS, or ERROR_NOT_ALL_ASSIGNED.
    teb::set_last_error(unsafe { nt::RtlNtStatusToDosError(status) });
    Ok(Bool)
}

/// Ends an impersonation; nobody impersonates anybody here, so that there is nothing left to end.
#[shim(ix = 176, mapping = "nothing is needed", risk = Isolation("rights of somebody else"))]
pub unsafe extern "system" fn RevertToSelf() -> Result<Bool, Win32Error> {
    Ok(Bool)
}

/// What a class of the process's token says.
fn asked(class: i32) -> Result<Vec<usize>, Win32Error> {
    let mut token = null_mut();
    // SAFETY: the variable lives through the call.
    check(unsafe { nt::NtOpenProcessToken(usize::MAX as HANDLE, TOKEN_QUERY, &raw mut token) })?;
    let mut buffer = alloc::vec![0_usize; 0x400];
    let mut needed = 0;
    // SAFETY: the buffer has that size.
    let status =
        unsafe { nt::NtQueryInformationToken(token, class, buffer.as_mut_ptr().cast(), size_of_val(buffer.as_slice()) as u32, &raw mut needed) };
    // SAFETY: it was just opened.
    unsafe { nt::NtClose(token) };
    check(status).map(|_| buffer)
}

/// Whether somebody counts as one of a group, by the rights of the process.
#[shim(ix = 118, mapping = "NtQueryInformationToken", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn CheckTokenMembership(token: HANDLE, sid: *const c_void, answer: *mut i32) -> Result<Bool, Win32Error> {
    const USER: i32 = 1;
    const GROUPS: i32 = 2;
    const ENABLED: u32 = 4;
    let sid = unsafe { sid_at(sid) }.ok_or(Win32Error(ERROR_INVALID_SID))?;
    if answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // The function takes a thread's token or none; those that there are here are processes'.
    if !token.is_null() {
        return Err(Win32Error(ERROR_NO_IMPERSONATION_TOKEN));
    }
    let (user, groups) = (asked(USER)?, asked(GROUPS)?);
    // SAFETY: `ntdll` has just written both.
    let is_member = unsafe {
        let user = &*user.as_ptr().cast::<TOKEN_USER>();
        let head = groups.as_ptr().cast::<TOKEN_GROUPS>();
        let groups: &[SID_AND_ATTRIBUTES] = core::slice::from_raw_parts((&raw const (*head).Groups).cast(), (*head).GroupCount as usize);
        let is_it = |one: &SID_AND_ATTRIBUTES| sid_at(one.Sid) == Some(sid);
        is_it(&user.User) || groups.iter().any(|group| group.Attributes & ENABLED != 0 && is_it(group))
    };
    unsafe { *answer = is_member.into() };
    Ok(Bool)
}
