//! CopyFile2: a copy whose listener is told by messages.

use super::copy::{Copying, Listener, Moment, Progress, Wish, copy};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::HResult;
use guest::error::{Failure, Win32Error};
use guest::shim;
use windows_sys::Win32::Foundation::{E_INVALIDARG, ERROR_REQUEST_ABORTED, ERROR_REQUEST_PAUSED};
use windows_sys::Win32::Storage::FileSystem::{
    COPY_FILE_ALLOW_DECRYPTED_DESTINATION, COPY_FILE_COPY_SYMLINK, COPY_FILE_FAIL_IF_EXISTS, COPY_FILE_NO_BUFFERING, COPY_FILE_NO_OFFLOAD,
    COPY_FILE_OPEN_SOURCE_FOR_WRITE, COPY_FILE_REQUEST_COMPRESSED_TRAFFIC, COPY_FILE_REQUEST_SECURITY_PRIVILEGES, COPY_FILE_RESTARTABLE,
    COPYFILE2_CALLBACK_CHUNK_FINISHED, COPYFILE2_CALLBACK_CHUNK_STARTED, COPYFILE2_CALLBACK_STREAM_FINISHED, COPYFILE2_CALLBACK_STREAM_STARTED,
    COPYFILE2_EXTENDED_PARAMETERS, COPYFILE2_MESSAGE, COPYFILE2_MESSAGE_0, COPYFILE2_MESSAGE_0_0, COPYFILE2_MESSAGE_0_1, COPYFILE2_MESSAGE_0_2,
    COPYFILE2_MESSAGE_0_3, COPYFILE2_PROGRESS_CONTINUE, COPYFILE2_PROGRESS_PAUSE, COPYFILE2_PROGRESS_QUIET, COPYFILE2_PROGRESS_STOP,
};

/// `PCOPYFILE2_PROGRESS_ROUTINE`.
pub type Messages = unsafe extern "system" fn(*const COPYFILE2_MESSAGE, *const c_void) -> i32;

/// What CopyFileEx knows too.
const PLAIN: u32 = COPY_FILE_FAIL_IF_EXISTS
    | COPY_FILE_RESTARTABLE
    | COPY_FILE_OPEN_SOURCE_FOR_WRITE
    | COPY_FILE_ALLOW_DECRYPTED_DESTINATION
    | COPY_FILE_COPY_SYMLINK
    | COPY_FILE_NO_BUFFERING;
/// How the bytes travel and whom the copy's security is to be asked for: neither makes a difference here.
const WISHES: u32 = COPY_FILE_NO_OFFLOAD | COPY_FILE_REQUEST_COMPRESSED_TRAFFIC | COPY_FILE_REQUEST_SECURITY_PRIVILEGES;

/// Tells a listener by a message; the one stream has the number 1.
pub unsafe fn tell(routine: Messages, data: *const c_void, moment: Moment, now: &Copying) -> Wish {
    let (source, target, size, moved) = (now.source, now.target, now.size as u64, now.moved as u64);
    let (kind, info) = match moment {
        Moment::StreamStarted => {
            let started = COPYFILE2_MESSAGE_0_2 {
                dwStreamNumber: 1,
                dwReserved: 0,
                hSourceFile: source,
                hDestinationFile: target,
                uliStreamSize: size,
                uliTotalFileSize: size,
            };
            (COPYFILE2_CALLBACK_STREAM_STARTED, COPYFILE2_MESSAGE_0 { StreamStarted: started })
        }
        Moment::ChunkStarted(bytes) => {
            let started = COPYFILE2_MESSAGE_0_0 {
                dwStreamNumber: 1,
                dwReserved: 0,
                hSourceFile: source,
                hDestinationFile: target,
                uliChunkNumber: now.chunk,
                uliChunkSize: bytes,
                uliStreamSize: size,
                uliTotalFileSize: size,
            };
            (COPYFILE2_CALLBACK_CHUNK_STARTED, COPYFILE2_MESSAGE_0 { ChunkStarted: started })
        }
        Moment::ChunkFinished(bytes) => {
            let finished = COPYFILE2_MESSAGE_0_1 {
                dwStreamNumber: 1,
                dwFlags: 0,
                hSourceFile: source,
                hDestinationFile: target,
                uliChunkNumber: now.chunk,
                uliChunkSize: bytes,
                uliStreamSize: size,
                uliStreamBytesTransferred: moved,
                uliTotalFileSize: size,
                uliTotalBytesTransferred: moved,
            };
            (COPYFILE2_CALLBACK_CHUNK_FINISHED, COPYFILE2_MESSAGE_0 { ChunkFinished: finished })
        }
        Moment::StreamFinished => {
            let finished = COPYFILE2_MESSAGE_0_3 {
                dwStreamNumber: 1,
                dwReserved: 0,
                hSourceFile: source,
                hDestinationFile: target,
                uliStreamSize: size,
                uliStreamBytesTransferred: moved,
                uliTotalFileSize: size,
                uliTotalBytesTransferred: moved,
            };
            (COPYFILE2_CALLBACK_STREAM_FINISHED, COPYFILE2_MESSAGE_0 { StreamFinished: finished })
        }
    };
    let message = COPYFILE2_MESSAGE { Type: kind, dwPadding: 0, Info: info };
    // SAFETY: the caller's routine; the message lives through the call.
    match unsafe { routine(&raw const message, data) } {
        COPYFILE2_PROGRESS_CONTINUE => Wish::Continue,
        COPYFILE2_PROGRESS_QUIET => Wish::Quiet,
        COPYFILE2_PROGRESS_STOP => Wish::End(Win32Error(ERROR_REQUEST_ABORTED), false),
        COPYFILE2_PROGRESS_PAUSE => Wish::End(Win32Error(ERROR_REQUEST_PAUSED), false),
        _ => Wish::End(Win32Error(ERROR_REQUEST_ABORTED), true),
    }
}

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
