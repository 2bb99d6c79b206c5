//! FindFirstStream: the streams of a file.

use super::searches::Searches;
use crate::nt::{NtQueryInformationFile, check};
use crate::open::{block, open_path};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN_FOR_BACKUP_INTENT, FILE_STREAM_INFORMATION, FileStreamInformation};
use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FindStreamInfoStandard, WIN32_FIND_STREAM_DATA};

/// A stream: its size and its name.
type Stream = (i64, Vec<u16>);

static SEARCHES: Searches<Stream> = Searches::new(0x3100_0001);

/// The streams of a file: sizes and names.
unsafe fn streams(path: *const u16) -> Result<Vec<Stream>, Win32Error> {
    const NAME: usize = offset_of!(FILE_STREAM_INFORMATION, StreamName);
    let file = unsafe { open_path(path, FILE_READ_ATTRIBUTES, FILE_OPEN_FOR_BACKUP_INTENT) }?;
    let (mut buffer, mut block) = ([0_u64; 64], block());
    let size = size_of_val(&buffer) as u32;
    check(unsafe { NtQueryInformationFile(file.0, &raw mut block, buffer.as_mut_ptr().cast(), size, FileStreamInformation) })?;
    let (mut found, mut at) = (Vec::new(), 0);
    while at + NAME <= block.Information {
        // SAFETY: the answer holds whole records, each behind the one that names its distance.
        let (head, name) = unsafe {
            let start = buffer.as_ptr().cast::<u8>().add(at);
            let head = start.cast::<FILE_STREAM_INFORMATION>().read_unaligned();
            (head, core::slice::from_raw_parts(start.add(NAME).cast::<u16>(), head.StreamNameLength as usize / 2))
        };
        found.push((head.StreamSize, name.to_vec()));
        if head.NextEntryOffset == 0 {
            break;
        }
        at += head.NextEntryOffset as usize;
    }
    Ok(found)
}

/// As FindFirstStream tells it.
fn told((size, name): &Stream) -> WIN32_FIND_STREAM_DATA {
    // SAFETY: plain data, for which zero is a value.
    let mut data: WIN32_FIND_STREAM_DATA = unsafe { core::mem::zeroed() };
    data.StreamSize = *size;
    let length = name.len().min(data.cStreamName.len() - 1);
    data.cStreamName[..length].copy_from_slice(&name[..length]);
    data
}

/// Starts a search for the streams of a file: the first is its own.
#[shim(ix = 765, mapping = "NtQueryInformationFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstStreamW(path: *const u16, level: i32, data: *mut c_void, flags: u32) -> Result<FileHandle, Win32Error> {
    if level != FindStreamInfoStandard || flags != 0 || data.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut found = unsafe { streams(path) }?;
    // A folder has none.
    let first = told(found.first().ok_or(Win32Error(ERROR_HANDLE_EOF))?);
    found.remove(0);
    unsafe { data.cast::<WIN32_FIND_STREAM_DATA>().write_unaligned(first) };
    Ok(SEARCHES.start(found))
}

/// Answers the next stream of a search.
#[shim(ix = 766, mapping = "FindFirstStreamW", risk = Wrong("a stream that is missed"))]
pub unsafe extern "system" fn FindNextStreamW(search: HANDLE, data: *mut c_void) -> Result<Bool, Win32Error> {
    let found = SEARCHES.next(search, |stream| Ok(told(stream)))?;
    unsafe { data.cast::<WIN32_FIND_STREAM_DATA>().write_unaligned(found) };
    Ok(Bool)
}

/// Ends a search for streams; false where there is none with this handle.
pub fn end(search: HANDLE) -> bool {
    SEARCHES.end(search)
}
