//! FindFirstFileName: the names of a file.

use super::searches::Searches;
use crate::information::query_name;
use crate::nt::{NtQueryInformationFile, check};
use crate::open::{How, block, error, open_by_id, open_path};
use alloc::vec::Vec;
use core::mem::offset_of;
use guest::call::{Bool, FileHandle};
use guest::error::{Status, Win32Error};
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_LINK_ENTRY_INFORMATION, FILE_LINKS_INFORMATION, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FileHardLinkInformation,
    FileNameInformation,
};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, HANDLE};
use windows_sys::Win32::Storage::FileSystem::FILE_READ_ATTRIBUTES;

const BACKSLASH: u16 = b'\\' as u16;

/// What FindFirstFileName hands out: paths from the root of the volume on, which end in a NUL.
static SEARCHES: Searches<Vec<u16>> = Searches::new(0x3200_0001);

/// The paths of a file.
unsafe fn names(path: *const u16) -> Result<Vec<Vec<u16>>, Win32Error> {
    let file = unsafe { open_path(path, FILE_READ_ATTRIBUTES, FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT) }?;
    let (mut buffer, mut block) = (alloc::vec![0_u64; 0x4000], block());
    let size = size_of_val(buffer.as_slice()) as u32;
    check(unsafe { NtQueryInformationFile(file.0, &raw mut block, buffer.as_mut_ptr().cast(), size, FileHardLinkInformation) })?;
    let (mut found, mut at) = (Vec::new(), offset_of!(FILE_LINKS_INFORMATION, Entry));
    loop {
        // SAFETY: the answer holds whole entries, each behind the one that names its distance; the first is always there.
        let (head, name) = unsafe {
            let start = buffer.as_ptr().cast::<u8>().add(at);
            let head = start.cast::<FILE_LINK_ENTRY_INFORMATION>().read_unaligned();
            let name = start.add(offset_of!(FILE_LINK_ENTRY_INFORMATION, FileName)).cast::<u16>();
            (head, core::slice::from_raw_parts(name, head.FileNameLength as usize))
        };
        let folder = open_by_id(file.0, &head.ParentFileId.to_le_bytes(), &How::existing(FILE_READ_ATTRIBUTES, FILE_OPEN_FOR_BACKUP_INTENT))?;
        let mut path = query_name(folder.0, FileNameInformation).map_err(|Status(status)| error(status))?;
        if path.last() != Some(&BACKSLASH) {
            path.push(BACKSLASH);
        }
        path.extend_from_slice(name);
        path.push(0);
        found.push(path);
        if head.NextEntryOffset == 0 {
            return Ok(found);
        }
        at += head.NextEntryOffset as usize;
    }
}

/// Copies a path, if there is room for it; `room` tells what it takes.
unsafe fn put(path: &[u16], room: *mut u32, target: *mut u16) -> Result<(), Win32Error> {
    // SAFETY: the caller's buffer has as many units as it says.
    unsafe {
        let fits = room.read_unaligned() as usize >= path.len();
        room.write_unaligned(path.len() as u32);
        if !fits {
            return Err(Win32Error(ERROR_MORE_DATA));
        }
        target.copy_from_nonoverlapping(path.as_ptr(), path.len());
    }
    Ok(())
}

/// Starts a search for the names of a file, which hard links give it.
#[shim(ix = 782, mapping = "NtQueryInformationFile and NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstFileNameW(path: *const u16, flags: u32, room: *mut u32, name: *mut u16) -> Result<FileHandle, Win32Error> {
    if flags != 0 || room.is_null() || name.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut found = unsafe { names(path) }?;
    unsafe { put(&found[0], room, name) }?;
    found.remove(0);
    Ok(SEARCHES.start(found))
}

/// Answers the next name of a file.
#[shim(ix = 783, mapping = "FindFirstFileNameW", risk = Wrong("a name that is missed"))]
pub unsafe extern "system" fn FindNextFileNameW(search: HANDLE, room: *mut u32, name: *mut u16) -> Result<Bool, Win32Error> {
    if room.is_null() || name.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    SEARCHES.next(search, |path| unsafe { put(path, room, name) }).map(|()| Bool)
}

/// Ends a search for names; false where there is none with this handle.
pub fn end(search: HANDLE) -> bool {
    SEARCHES.end(search)
}
