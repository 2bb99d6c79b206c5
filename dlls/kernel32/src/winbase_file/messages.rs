//! The messages that CopyFile2's listener is told by.

use super::progress::{Copying, Moment, Wish};
use core::ffi::c_void;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_REQUEST_ABORTED, ERROR_REQUEST_PAUSED};
use windows_sys::Win32::Storage::FileSystem::{
    COPYFILE2_CALLBACK_CHUNK_FINISHED, COPYFILE2_CALLBACK_CHUNK_STARTED, COPYFILE2_CALLBACK_STREAM_FINISHED, COPYFILE2_CALLBACK_STREAM_STARTED,
    COPYFILE2_MESSAGE, COPYFILE2_MESSAGE_0, COPYFILE2_MESSAGE_0_0, COPYFILE2_MESSAGE_0_1, COPYFILE2_MESSAGE_0_2, COPYFILE2_MESSAGE_0_3,
    COPYFILE2_PROGRESS_CONTINUE, COPYFILE2_PROGRESS_PAUSE, COPYFILE2_PROGRESS_QUIET, COPYFILE2_PROGRESS_STOP,
};

/// `PCOPYFILE2_PROGRESS_ROUTINE`.
pub type Messages = unsafe extern "system" fn(*const COPYFILE2_MESSAGE, *const c_void) -> i32;

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
