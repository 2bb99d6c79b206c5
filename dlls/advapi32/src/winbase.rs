//! winbase.h: the user's name, and the numbers of privileges.

use crate::nt::variable;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_ENVVAR_NOT_FOUND, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NO_SUCH_PRIVILEGE, LUID};

/// The privileges in the order of their numbers, which start at 2 (wdm.h).
const PRIVILEGES: [&str; 35] = [
    "SeCreateTokenPrivilege",
    "SeAssignPrimaryTokenPrivilege",
    "SeLockMemoryPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeMachineAccountPrivilege",
    "SeTcbPrivilege",
    "SeSecurityPrivilege",
    "SeTakeOwnershipPrivilege",
    "SeLoadDriverPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeProfileSingleProcessPrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeBackupPrivilege",
    "SeRestorePrivilege",
    "SeShutdownPrivilege",
    "SeDebugPrivilege",
    "SeAuditPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeChangeNotifyPrivilege",
    "SeRemoteShutdownPrivilege",
    "SeUndockPrivilege",
    "SeSyncAgentPrivilege",
    "SeEnableDelegationPrivilege",
    "SeManageVolumePrivilege",
    "SeImpersonatePrivilege",
    "SeCreateGlobalPrivilege",
    "SeTrustedCredManAccessPrivilege",
    "SeRelabelPrivilege",
    "SeIncreaseWorkingSetPrivilege",
    "SeTimeZonePrivilege",
    "SeCreateSymbolicLinkPrivilege",
    "SeDelegateSessionUserImpersonatePrivilege",
];
const FIRST: u32 = 2;

/// The number of a privilege, whatever the case of its name.
fn number(name: &[u16]) -> Result<LUID, Win32Error> {
    let same = |known: &str| text::same_ascii(name, &text::terminated(known)[..known.len()]);
    let index = PRIVILEGES.iter().position(|known| same(known)).ok_or(Win32Error(ERROR_NO_SUCH_PRIVILEGE))?;
    Ok(LUID { LowPart: FIRST + index as u32, HighPart: 0 })
}

/// `RPC_S_SERVER_UNAVAILABLE`.
const SERVER_UNAVAILABLE: u32 = 1722;

/// There is no other computer to ask.
fn own_system(is_null_or_empty: bool) -> Result<(), Win32Error> {
    if is_null_or_empty { Ok(()) } else { Err(Win32Error(SERVER_UNAVAILABLE)) }
}

/// Answers a privilege's number.
#[shim(ix = 28, mapping = "a table", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn LookupPrivilegeValueW(system: *const u16, name: *const u16, answer: *mut LUID) -> Result<Bool, Win32Error> {
    own_system(unsafe { text::wide(system) }.is_empty())?;
    unsafe { *answer = number(text::wide(name))? };
    Ok(Bool)
}

/// Answers a privilege's number.
#[shim(ix = 44, mapping = "a table", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn LookupPrivilegeValueA(system: *const u8, name: *const u8, answer: *mut LUID) -> Result<Bool, Win32Error> {
    own_system(unsafe { text::narrow(system) }.is_empty())?;
    let name = nls::to_wide(ANSI, unsafe { text::narrow(name) }, false).unwrap_or_default();
    unsafe { *answer = number(&name)? };
    Ok(Bool)
}

/// Copies a text with its NUL, or tells the room that it needs.
unsafe fn put<T: Copy + Default>(text: &[T], buffer: *mut T, room: *mut u32) -> Result<Bool, Win32Error> {
    let room = unsafe { room.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let given = *room as usize;
    *room = text.len() as u32 + 1;
    if buffer.is_null() || given <= text.len() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    // SAFETY: it fits.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr(), text.len());
        *buffer.add(text.len()) = T::default();
    }
    Ok(Bool)
}

/// Answers the user's name.
#[shim(ix = 23, mapping = "the variable USERNAME", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetUserNameW(buffer: *mut u16, room: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { put(&variable("USERNAME").ok_or(Win32Error(ERROR_ENVVAR_NOT_FOUND))?, buffer, room) }
}

/// Answers the user's name.
#[shim(ix = 119, mapping = "the variable USERNAME", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetUserNameA(buffer: *mut u8, room: *mut u32) -> Result<Bool, Win32Error> {
    let name = variable("USERNAME").ok_or(Win32Error(ERROR_ENVVAR_NOT_FOUND))?;
    unsafe { put(&nls::from_wide(ANSI, &name, b'?').unwrap_or_default().0, buffer, room) }
}
