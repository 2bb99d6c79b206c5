//! CopyFile2: a copy whose listener is told by messages.

use super::copy::{Listener, Progress, copy};
use core::ptr::null_mut;
use guest::call::HResult;
use guest::error::Failure;
use guest::shim;
use windows_sys::Win32::Foundation::E_INVALIDARG;
use windows_sys::Win32::Storage::FileSystem::{
    COPY_FILE_ALLOW_DECRYPTED_DESTINATION, COPY_FILE_COPY_SYMLINK, COPY_FILE_FAIL_IF_EXISTS, COPY_FILE_NO_BUFFERING, COPY_FILE_NO_OFFLOAD,
    COPY_FILE_OPEN_SOURCE_FOR_WRITE, COPY_FILE_REQUEST_COMPRESSED_TRAFFIC, COPY_FILE_REQUEST_SECURITY_PRIVILEGES, COPY_FILE_RESTARTABLE,
    COPYFILE2_EXTENDED_PARAMETERS,
};

/// What CopyFileEx knows too.
const PLAIN: u32 = COPY_FILE_FAIL_IF_EXISTS
    | COPY_FILE_RESTARTABLE
    | COPY_FILE_OPEN_SOURCE_FOR_WRITE
    | COPY_FILE_ALLOW_DECRYPTED_DESTINATION
    | COPY_FILE_COPY_SYMLINK
    | COPY_FILE_NO_BUFFERING;
/// How the bytes travel and whom the copy's security is to be asked for: neither makes a difference here.
const WISHES: u32 = COPY_FILE_NO_OFFLOAD | COPY_FILE_REQUEST_COMPRESSED_TRAFFIC | COPY_FILE_REQUEST_SECURITY_PRIVILEGES;

/// Copies a file, and tells how far it is. A copy that was paused begins anew: no copy is taken up again.
#[shim(ix = 537, mapping = "NtCreateFile, NtReadFile, NtWriteFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CopyFile2(
    existing: *const u16,
    new: *const u16,
    parameters: *const COPYFILE2_EXTENDED_PARAMETERS,
) -> Result<HResult, Failure> {
    let mut progress = Progress::NONE;
    let mut flags = 0;
    if !parameters.is_null() {
        // SAFETY: the caller's structure, which says how long it is; a longer one begins alike.
        let given = unsafe { parameters.read_unaligned() };
        if (given.dwSize as usize) < size_of::<COPYFILE2_EXTENDED_PARAMETERS>() || given.dwCopyFlags & !(PLAIN | WISHES) != 0 {
            return Err(Failure(E_INVALIDARG));
        }
        flags = given.dwCopyFlags & PLAIN;
        let listener = given.pProgressRoutine.map_or(Listener::Nobody, |routine| Listener::Messages(routine, given.pvCallbackContext));
        progress = Progress { listener, cancel: if given.pfCancel.is_null() { null_mut() } else { given.pfCancel } };
    }
    unsafe { copy(existing, new, flags, progress) }?;
    Ok(HResult::OK)
}
