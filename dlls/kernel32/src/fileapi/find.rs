//! Searching a folder: FindFirstFile and its kin.

use super::links;
use super::pattern;
use super::stream;
use crate::ansi;
use crate::information::{file_time, high};
use crate::lock::Lock;
use crate::nt::{NtQueryDirectoryFile, check};
use crate::open::{Name, Owned, block, open_existing};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{null, null_mut};
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BOTH_DIR_INFORMATION, FILE_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT, FileBothDirectoryInformation,
};
use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND, HANDLE, STATUS_NO_SUCH_FILE, UNICODE_STRING,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_REPARSE_POINT, FILE_LIST_DIRECTORY, FIND_FIRST_EX_CASE_SENSITIVE, FIND_FIRST_EX_LARGE_FETCH, FIND_FIRST_EX_ON_DISK_ENTRIES_ONLY,
    FindExInfoBasic, FindExInfoStandard, FindExSearchLimitToDirectories, FindExSearchNameMatch, WIN32_FIND_DATAA, WIN32_FIND_DATAW,
};

const BACKSLASH: u16 = b'\\' as u16;

/// A search under way.
struct Search {
    folder: Owned,
    /// What the last question brought: entries, one behind the other.
    buffer: Vec<u64>,
    /// Where the next entry lies; `None` where everything was handed out.
    next: Option<usize>,
    /// Short names are not asked for.
    basic: bool,
}

/// A search as its handle leads to it.
type Shared = Arc<Lock<Search>>;

/// The searches that have handles. A handle that is none of them is refused instead of followed.
static SEARCHES: Lock<Vec<Shared>> = Lock::new(Vec::new());

/// The handle of a search: its address.
fn handle_of(search: &Shared) -> HANDLE {
    Arc::as_ptr(search).cast_mut().cast()
}

/// One entry, as the native class lays it out.
struct Entry<'a> {
    head: FILE_BOTH_DIR_INFORMATION,
    name: &'a [u16],
}

impl Search {
    /// Asks for the next entries; `pattern` counts at the first question.
    fn ask(&mut self, pattern: Option<&[u16]>) -> Result<(), Win32Error> {
        let mut block = block();
        let string = pattern.map(|pattern| UNICODE_STRING {
            Length: size_of_val(pattern) as u16,
            MaximumLength: size_of_val(pattern) as u16,
            Buffer: pattern.as_ptr().cast_mut(),
        });
        let string = string.as_ref().map_or(null(), core::ptr::from_ref);
        let (buffer, size) = (self.buffer.as_mut_ptr().cast(), size_of_val(self.buffer.as_slice()) as u32);
        // SAFETY: the buffer is as long as it says.
        let status = unsafe {
            let class = FileBothDirectoryInformation;
            NtQueryDirectoryFile(self.folder.0, null_mut(), null(), null(), &raw mut block, buffer, size, class, 0, string, 0)
        };
        if status == STATUS_NO_SUCH_FILE {
            return Err(Win32Error(ERROR_FILE_NOT_FOUND));
        }
        check(status)?;
        self.next = Some(0);
        Ok(())
    }

    /// The next entry.
    fn take(&mut self) -> Result<Entry<'_>, Win32Error> {
        if self.next.is_none() {
            self.ask(None)?;
        }
        let at = self.next.take().unwrap_or_default();
        let start = self.buffer.as_ptr().cast::<u8>().wrapping_add(at);
        // SAFETY: the last question wrote whole entries, each behind the one that names its distance.
        let (head, name) = unsafe {
            let head = start.cast::<FILE_BOTH_DIR_INFORMATION>().read_unaligned();
            let name = start.add(offset_of!(FILE_BOTH_DIR_INFORMATION, FileName)).cast::<u16>();
            (head, core::slice::from_raw_parts(name, head.FileNameLength as usize / 2))
        };
        if head.NextEntryOffset != 0 {
            self.next = Some(at + head.NextEntryOffset as usize);
        }
        let head = if self.basic { FILE_BOTH_DIR_INFORMATION { ShortNameLength: 0, ..head } } else { head };
        Ok(Entry { head, name })
    }
}

impl Entry<'_> {
    /// As FindFirstFile tells it.
    fn data(&self) -> WIN32_FIND_DATAW {
        let head = &self.head;
        let is_link = head.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0;
        let mut data = WIN32_FIND_DATAW {
            dwFileAttributes: head.FileAttributes,
            ftCreationTime: file_time(head.CreationTime),
            ftLastAccessTime: file_time(head.LastAccessTime),
            ftLastWriteTime: file_time(head.LastWriteTime),
            nFileSizeHigh: high(head.EndOfFile),
            nFileSizeLow: head.EndOfFile as u32,
            // Links carry their tag where other files have the size of their extended attributes.
            dwReserved0: if is_link { head.EaSize } else { 0 },
            ..Default::default()
        };
        let length = self.name.len().min(data.cFileName.len() - 1);
        data.cFileName[..length].copy_from_slice(&self.name[..length]);
        let short = usize::from(head.ShortNameLength as u8) / 2;
        let short = head.ShortName.get(..short).unwrap_or_default();
        data.cAlternateFileName[..short.len()].copy_from_slice(short);
        data
    }
}

/// As the `A` functions tell it.
fn narrowed(data: &WIN32_FIND_DATAW) -> WIN32_FIND_DATAA {
    let mut narrow = WIN32_FIND_DATAA {
        dwFileAttributes: data.dwFileAttributes,
        ftCreationTime: data.ftCreationTime,
        ftLastAccessTime: data.ftLastAccessTime,
        ftLastWriteTime: data.ftLastWriteTime,
        nFileSizeHigh: data.nFileSizeHigh,
        nFileSizeLow: data.nFileSizeLow,
        dwReserved0: data.dwReserved0,
        ..Default::default()
    };
    let end = data.cFileName.iter().position(|unit| *unit == 0).unwrap_or(data.cFileName.len());
    let name = ansi::from_wide(ansi::file_page(), &data.cFileName[..end]);
    for (target, byte) in narrow.cFileName.iter_mut().zip(name.iter().take(259)) {
        *target = *byte as _;
    }
    for (target, unit) in narrow.cAlternateFileName.iter_mut().zip(data.cAlternateFileName) {
        // A short name has nothing but ASCII.
        *target = unit as _;
    }
    narrow
}

/// Starts a search: its handle, and the first entry.
unsafe fn first(
    path: *const u16,
    level: i32,
    operation: i32,
    filter: *const c_void,
    flags: u32,
) -> Result<(FileHandle, WIN32_FIND_DATAW), Win32Error> {
    const FLAGS: u32 = FIND_FIRST_EX_CASE_SENSITIVE | FIND_FIRST_EX_LARGE_FETCH | FIND_FIRST_EX_ON_DISK_ENTRIES_ONLY;
    let is_known =
        matches!(level, FindExInfoStandard | FindExInfoBasic) && matches!(operation, FindExSearchNameMatch | FindExSearchLimitToDirectories);
    if !is_known || !filter.is_null() || flags & !FLAGS != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let given = unsafe { guest::text::wide(path) };
    let mut name = unsafe { Name::new(path) }?;
    let at = name.units().iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
    let pattern = pattern::translate(name.units().get(at..).unwrap_or_default(), given);
    if pattern.is_empty() || !name.is_on_drive() && !name.is_on_volume() && !name.is_remote() && !name.is_pipe() {
        return Err(Win32Error(ERROR_FILE_NOT_FOUND));
    }
    name.truncate(at);
    let folder = open_existing(&name, FILE_LIST_DIRECTORY, FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT).map_err(|error| match error {
        // The folder is the path, and the file is what was looked for.
        Win32Error(ERROR_FILE_NOT_FOUND) => Win32Error(ERROR_PATH_NOT_FOUND),
        error => error,
    })?;
    let room = if flags & FIND_FIRST_EX_LARGE_FETCH != 0 { 0x1_0000 } else { 0x1000 };
    let mut search = Search { folder, buffer: alloc::vec![0; room / 8], next: None, basic: level == FindExInfoBasic };
    search.ask(Some(&pattern))?;
    let data = search.take()?.data();
    let search = Arc::new(Lock::new(search));
    let handle = handle_of(&search);
    SEARCHES.with(|searches| searches.push(search));
    Ok((FileHandle(handle), data))
}

/// How the folder that holds a path spells the path's last component, and the short name of that where it has one.
pub fn spelling(path: &[u16]) -> Result<(Vec<u16>, Option<Vec<u16>>), Win32Error> {
    let path: Vec<u16> = path.iter().copied().chain([0]).collect();
    // SAFETY: it ends in a NUL.
    let (handle, found) = unsafe { first(path.as_ptr(), FindExInfoStandard, FindExSearchNameMatch, null(), 0) }?;
    end(handle.0);
    let upto = |units: &[u16]| units.iter().position(|unit| *unit == 0).map_or(units, |end| &units[..end]).to_vec();
    Ok((upto(&found.cFileName), Some(upto(&found.cAlternateFileName)).filter(|short| !short.is_empty())))
}

/// The next entry of a search.
fn next(handle: HANDLE) -> Result<WIN32_FIND_DATAW, Win32Error> {
    let search = SEARCHES.with(|searches| searches.iter().find(|search| handle_of(search) == handle).cloned());
    search.ok_or(Win32Error(ERROR_INVALID_HANDLE))?.with(|search| search.take().map(|entry| entry.data()))
}

/// Takes a search off the list.
fn end(handle: HANDLE) -> Option<Shared> {
    SEARCHES.with(|searches| {
        let index = searches.iter().position(|search| handle_of(search) == handle)?;
        Some(searches.swap_remove(index))
    })
}

/// Starts a search: the first entry of a folder that fits a pattern.
#[shim(ix = 108, mapping = "NtQueryDirectoryFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstFileW(path: *const u16, data: *mut WIN32_FIND_DATAW) -> Result<FileHandle, Win32Error> {
    unsafe {
        let (handle, found) = first(path, FindExInfoStandard, FindExSearchNameMatch, null(), 0)?;
        data.write_unaligned(found);
        Ok(handle)
    }
}

/// Starts a search: the first entry of a folder that fits a pattern.
#[shim(ix = 276, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstFileA(path: *const u8, data: *mut WIN32_FIND_DATAA) -> Result<FileHandle, Win32Error> {
    unsafe {
        let (handle, found) = first(ansi::file_name(path)?.as_ptr(), FindExInfoStandard, FindExSearchNameMatch, null(), 0)?;
        data.write_unaligned(narrowed(&found));
        Ok(handle)
    }
}

/// Starts a search that says more of what is wanted.
#[shim(ix = 80, mapping = "NtQueryDirectoryFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstFileExW(
    path: *const u16,
    level: i32,
    data: *mut c_void,
    operation: i32,
    filter: *const c_void,
    flags: u32,
) -> Result<FileHandle, Win32Error> {
    unsafe {
        let (handle, found) = first(path, level, operation, filter, flags)?;
        data.cast::<WIN32_FIND_DATAW>().write_unaligned(found);
        Ok(handle)
    }
}

/// Starts a search that says more of what is wanted.
#[shim(ix = 483, mapping = "FindFirstFileExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn FindFirstFileExA(
    path: *const u8,
    level: i32,
    data: *mut c_void,
    operation: i32,
    filter: *const c_void,
    flags: u32,
) -> Result<FileHandle, Win32Error> {
    unsafe {
        let (handle, found) = first(ansi::file_name(path)?.as_ptr(), level, operation, filter, flags)?;
        data.cast::<WIN32_FIND_DATAA>().write_unaligned(narrowed(&found));
        Ok(handle)
    }
}

/// Answers the next entry of a search.
#[shim(ix = 41, mapping = "NtQueryDirectoryFile", risk = Wrong("an entry that is missed"))]
pub unsafe extern "system" fn FindNextFileW(handle: HANDLE, data: *mut WIN32_FIND_DATAW) -> Result<Bool, Win32Error> {
    unsafe { data.write_unaligned(next(handle)?) };
    Ok(Bool)
}

/// Answers the next entry of a search.
#[shim(ix = 442, mapping = "FindNextFileW", risk = Wrong("an entry that is missed"))]
pub unsafe extern "system" fn FindNextFileA(handle: HANDLE, data: *mut WIN32_FIND_DATAA) -> Result<Bool, Win32Error> {
    unsafe { data.write_unaligned(narrowed(&next(handle)?)) };
    Ok(Bool)
}

/// Ends a search.
#[shim(ix = 31, mapping = "NtClose", risk = Functional("a folder that stays open"))]
pub unsafe extern "system" fn FindClose(handle: HANDLE) -> Result<Bool, Win32Error> {
    if end(handle).is_some() || stream::end(handle) || links::end(handle) { Ok(Bool) } else { Err(Win32Error(ERROR_INVALID_HANDLE)) }
}
