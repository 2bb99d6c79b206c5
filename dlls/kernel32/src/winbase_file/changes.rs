//! ReadDirectoryChanges: what has changed in a folder.

use crate::fileapi::{Request, start};
use crate::nt::{NtNotifyChangeDirectoryFile, NtWaitForSingleObject, check};
use crate::open::block;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, STATUS_PENDING};
use windows_sys::Win32::System::IO::{LPOVERLAPPED_COMPLETION_ROUTINE, OVERLAPPED};

/// Where the changes go, and which are wanted.
struct Wanted {
    folder: HANDLE,
    buffer: *mut c_void,
    length: u32,
    subtree: u8,
    filter: u32,
}

unsafe fn changes(
    wanted: &Wanted,
    returned: *mut u32,
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
) -> Result<Bool, Win32Error> {
    let &Wanted { folder, buffer, length, subtree, filter } = wanted;
    if routine.is_some() {
        return unsafe {
            start(overlapped, routine, |call, context, block, _| {
                NtNotifyChangeDirectoryFile(folder, null_mut(), call, context, block, buffer, length, filter, subtree)
            })
        };
    }
    if !overlapped.is_null() {
        let status = unsafe {
            let Request { event, context, block, .. } = Request::of(overlapped, &0);
            NtNotifyChangeDirectoryFile(folder, event, null(), context, block, buffer, length, filter, subtree)
        };
        return check(status).map(|_| Bool);
    }
    let mut block = block();
    let status = check(unsafe { NtNotifyChangeDirectoryFile(folder, null_mut(), null(), null(), &raw mut block, buffer, length, filter, subtree) })?;
    if status == STATUS_PENDING {
        check(unsafe { NtWaitForSingleObject(folder, 0, null()) })?;
        // SAFETY: the request is complete, and told its status here.
        check(unsafe { (&raw const block.Anonymous.Status).read_volatile() })?;
    }
    if !returned.is_null() {
        // SAFETY: as above.
        unsafe { *returned = (&raw const block.Information).read_volatile() as u32 };
    }
    Ok(Bool)
}

/// Reads what has changed in a folder, and waits for it. A buffer that is too small gets nothing, and the program looks for itself.
#[shim(ix = 242, mapping = "NtNotifyChangeDirectoryFile", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn ReadDirectoryChangesW(
    folder: HANDLE,
    buffer: *mut c_void,
    length: u32,
    subtree: i32,
    filter: u32,
    returned: *mut u32,
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
) -> Result<Bool, Win32Error> {
    let wanted = Wanted { folder, buffer, length, subtree: (subtree != 0).into(), filter };
    unsafe { changes(&wanted, returned, overlapped, routine) }
}

/// The same, by information class: changes with all the facts of what has changed are not told.
#[shim(ix = 762, mapping = "NtNotifyChangeDirectoryFile", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn ReadDirectoryChangesExW(
    folder: HANDLE,
    buffer: *mut c_void,
    length: u32,
    subtree: i32,
    filter: u32,
    returned: *mut u32,
    overlapped: *mut OVERLAPPED,
    routine: LPOVERLAPPED_COMPLETION_ROUTINE,
    class: i32,
) -> Result<Bool, Win32Error> {
    const READ_DIRECTORY_NOTIFY_INFORMATION: i32 = 1;
    if class != READ_DIRECTORY_NOTIFY_INFORMATION {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let wanted = Wanted { folder, buffer, length, subtree: (subtree != 0).into(), filter };
    unsafe { changes(&wanted, returned, overlapped, routine) }
}
