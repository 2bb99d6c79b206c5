//! The current folder: its path, and the handle that keeps it from being deleted.

use crate::gate::ask;
use crate::parameters::{BACKSLASH, Process, answer, get, locked};
use crate::path::{self, Folders};
use crate::redirection::redirected;
use gate::service::{CloseHandle, OpenFile};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{OBJ_CASE_INSENSITIVE, STATUS_NAME_TOO_LONG, STATUS_OBJECT_NAME_INVALID, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TRAVERSE, SYNCHRONIZE};

/// Answers the current folder in bytes without its NUL, or the bytes needed with it.
#[shim(ix = 79, mapping = "the process parameters", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn RtlGetCurrentDirectory_U(room: u32, buffer: *mut u16) -> u32 {
    let mut folder = Process.current();
    if folder.len() > 3 && folder.last() == Some(&BACKSLASH) {
        folder.pop();
    }
    unsafe { answer(&folder, room, buffer) }
}

/// Sets the current folder, which must exist. It stays open, so that nobody deletes or renames it meanwhile.
#[shim(ix = 80, mapping = "NtOpenFile, the process parameters", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn RtlSetCurrentDirectory_U(folder: *const UNICODE_STRING) -> Result<NtStatus, Status> {
    let mut full = path::full(unsafe { crate::string::units(folder) }, &Process);
    if full.is_empty() || matches!(path::kind(&full), path::Kind::LocalDevice) {
        return Err(Status(STATUS_OBJECT_NAME_INVALID));
    }
    let handle = open_folder(&full)?;
    if full.last() != Some(&BACKSLASH) {
        full.push(BACKSLASH);
    }
    let before = locked(|| {
        let current = unsafe { &mut get().current_directory };
        let target = &mut current.dos_path;
        if 2 * (full.len() + 1) > usize::from(target.maximum_length) {
            return Err(Status(STATUS_NAME_TOO_LONG));
        }
        let buffer = target.buffer as *mut u16;
        unsafe {
            buffer.copy_from_nonoverlapping(full.as_ptr(), full.len());
            *buffer.add(full.len()) = 0;
        }
        target.length = 2 * full.len() as u16;
        Ok(core::mem::replace(&mut current.handle, handle))
    });
    // Either the former folder's, or the new one's that came to nothing.
    let unneeded = *before.as_ref().unwrap_or(&handle);
    if unneeded != 0 {
        let _ = ask(&mut CloseHandle { handle: unneeded as u64 });
    }
    before.map(|_| NtStatus::SUCCESS)
}

/// Opens the folder that the process was started in, which the parameters name. Where it cannot be opened, there is no handle.
pub fn open_first() {
    if let Ok(handle) = open_folder(&Process.current()) {
        // SAFETY: no other thread runs yet.
        unsafe { get().current_directory.handle = handle };
    }
}

/// A handle of a folder by its full path, as that of a current folder is held: others may read and write there, and not delete it.
fn open_folder(full: &[u16]) -> Result<usize, Status> {
    let name = path::nt(full, &Process);
    let name = redirected(&name);
    let mut open = OpenFile {
        name: name.as_ptr() as u64,
        name_size: size_of_val(&*name) as u64,
        access: FILE_TRAVERSE | SYNCHRONIZE,
        share: FILE_SHARE_READ | FILE_SHARE_WRITE,
        disposition: FILE_OPEN,
        options: FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
        object_flags: OBJ_CASE_INSENSITIVE,
        ..OpenFile::default()
    };
    ask(&mut open)?;
    Ok(open.handle as usize)
}
