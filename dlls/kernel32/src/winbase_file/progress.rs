//! How far a copy is, and what a listener says to it.

use guest::error::Win32Error;
use windows_sys::Win32::Foundation::HANDLE;

/// What has just happened to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Its stream is begun.
    StreamStarted,
    /// So many bytes are next.
    ChunkStarted(u64),
    /// So many bytes have been moved.
    ChunkFinished(u64),
    /// All its bytes have been moved.
    StreamFinished,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug)]
pub struct Copying {
    pub source: HANDLE,
    pub target: HANDLE,
    /// Bytes of the stream, and those that have been moved.
    pub size: i64,
    pub moved: i64,
    /// The number of the next chunk.
    pub chunk: u64,
}

/// What a listener wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Continue,
    /// To hear no more.
    Quiet,
    /// The end of it; whether what was copied is deleted.
    End(Win32Error, bool),
}
