//! The names of a file, as `FileHardLinkInformation` lists them.

use super::target::Target;
use crate::gate::ask;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::file::{LinkName, NameKind};
use gate::service::QueryName;
use guest::error::Status;
use windows_sys::Wdk::Storage::FileSystem::{FILE_LINK_ENTRY_INFORMATION, FILE_LINKS_INFORMATION};
use windows_sys::Win32::Foundation::{HANDLE, STATUS_INFO_LENGTH_MISMATCH};

const FIRST: usize = offset_of!(FILE_LINKS_INFORMATION, Entry);
const NAME: usize = offset_of!(FILE_LINK_ENTRY_INFORMATION, FileName);

/// Writes the names that fit, and how many bytes all of them take; whether some did not fit.
pub unsafe fn links(file: HANDLE, target: &Target) -> Result<(usize, bool), Status> {
    if target.length < FIRST {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let mut records = alloc::vec![0_u64; 0x2000];
    let mut request = QueryName {
        file: file as u64,
        buffer: records.as_mut_ptr() as u64,
        buffer_size: size_of_val(records.as_slice()) as u64,
        kind: NameKind::Links as u32,
        ..QueryName::default()
    };
    ask(&mut request)?;
    // SAFETY: the service wrote that many bytes, which lie in the buffer.
    let mut left =
        unsafe { core::slice::from_raw_parts(records.as_ptr().cast::<u8>(), (request.size as usize).min(size_of_val(records.as_slice()))) };
    let (mut at, mut previous, mut written, mut count, mut cut) = (FIRST, None::<usize>, FIRST, 0_u32, false);
    while left.len() >= size_of::<LinkName>() {
        // SAFETY: a record starts there.
        let head = unsafe { left.as_ptr().cast::<LinkName>().read_unaligned() };
        let size = head.name_size as usize;
        let name = &left[size_of::<LinkName>()..][..size.min(left.len() - size_of::<LinkName>())];
        let end = at + NAME + name.len();
        cut |= end > target.length;
        if !cut {
            // SAFETY: the caller's buffer has room up to `end`.
            unsafe {
                let start = target.buffer.byte_add(at);
                start.byte_add(offset_of!(FILE_LINK_ENTRY_INFORMATION, NextEntryOffset)).cast::<u32>().write_unaligned(0);
                start.byte_add(offset_of!(FILE_LINK_ENTRY_INFORMATION, ParentFileId)).cast::<u64>().write_unaligned(head.parent);
                start.byte_add(offset_of!(FILE_LINK_ENTRY_INFORMATION, FileNameLength)).cast::<u32>().write_unaligned(name.len() as u32 / 2);
                core::ptr::copy_nonoverlapping(name.as_ptr(), start.byte_add(NAME).cast::<u8>(), name.len());
                if let Some(previous) = previous {
                    target.buffer.byte_add(previous).cast::<u32>().write_unaligned((at - previous) as u32);
                }
            }
            (previous, written, count) = (Some(at), end, count + 1);
        }
        at = end.next_multiple_of(8);
        left = &left[(size_of::<LinkName>() + size).next_multiple_of(8).min(left.len())..];
    }
    // SAFETY: the head fits.
    unsafe {
        put(target.buffer, offset_of!(FILE_LINKS_INFORMATION, BytesNeeded), at as u32);
        put(target.buffer, offset_of!(FILE_LINKS_INFORMATION, EntriesReturned), count);
    }
    Ok((written, cut))
}

unsafe fn put(buffer: *mut c_void, at: usize, value: u32) {
    // SAFETY: as the caller promises.
    unsafe { buffer.byte_add(at).cast::<u32>().write_unaligned(value) };
}
