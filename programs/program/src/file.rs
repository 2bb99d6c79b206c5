//! Files: names, facts, listings, and handles that are closed when they are dropped.

use crate::error::{Error, Result, check};
use crate::text::{narrow, wide};
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_FILE_NOT_FOUND, ERROR_NO_MORE_FILES, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FindClose, FindFirstFileW, FindNextFileW, GetFileAttributesW, GetFullPathNameW, INVALID_FILE_ATTRIBUTES, SetFileAttributesW, WIN32_FIND_DATAW,
};

/// A handle that is closed when it is dropped.
#[derive(Debug)]
pub struct Owned(pub HANDLE);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { CloseHandle(self.0) };
    }
}

/// Opens or makes a file: `disposition` is CreateFile's.
pub fn open(path: &str, access: u32, disposition: u32) -> Result<Owned> {
    let (path, share) = (wide(path), FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    // SAFETY: the path ends in a NUL.
    let handle = unsafe { CreateFileW(path.as_ptr(), access, share, null(), disposition, FILE_ATTRIBUTE_NORMAL, null_mut()) };
    if handle == INVALID_HANDLE_VALUE { Err(Error::last()) } else { Ok(Owned(handle)) }
}

/// Opens a file for reading.
pub fn open_read(path: &str) -> Result<Owned> {
    open(path, GENERIC_READ, windows_sys::Win32::Storage::FileSystem::OPEN_EXISTING)
}

/// Makes a file, or empties the one that is there.
pub fn create(path: &str) -> Result<Owned> {
    open(path, GENERIC_WRITE, windows_sys::Win32::Storage::FileSystem::CREATE_ALWAYS)
}

/// A file's whole content.
pub fn read(path: &str) -> Result<Vec<u8>> {
    crate::input::read_all(open_read(path)?.0)
}

/// A file's attributes.
pub fn attributes(path: &str) -> Result<u32> {
    let path = wide(path);
    // SAFETY: ends in a NUL.
    match unsafe { GetFileAttributesW(path.as_ptr()) } {
        INVALID_FILE_ATTRIBUTES => Err(Error::last()),
        attributes => Ok(attributes),
    }
}

/// Sets a file's attributes.
pub fn set_attributes(path: &str, attributes: u32) -> Result<()> {
    let path = wide(path);
    // SAFETY: ends in a NUL.
    check(unsafe { SetFileAttributesW(path.as_ptr(), attributes) })
}

/// Whether there is anything at a path.
pub fn exists(path: &str) -> bool {
    attributes(path).is_ok()
}

/// Whether there is a folder at a path.
pub fn is_folder(path: &str) -> bool {
    attributes(path).is_ok_and(|attributes| attributes & FILE_ATTRIBUTE_DIRECTORY != 0)
}

/// Whether there is a file at a path, and no folder.
pub fn is_file(path: &str) -> bool {
    attributes(path).is_ok_and(|attributes| attributes & FILE_ATTRIBUTE_DIRECTORY == 0)
}

/// A path's full form.
pub fn full(path: &str) -> Result<String> {
    let wide = wide(path);
    // SAFETY: the path ends in a NUL; writes no more than there is room for.
    let full = crate::environment::grown(|buffer, room| unsafe { GetFullPathNameW(wide.as_ptr(), room, buffer, null_mut()) });
    if full.is_empty() { Err(Error::last()) } else { Ok(full) }
}

/// A path in 8.3 names, where they are known.
pub fn short(path: &str) -> String {
    let wide = wide(path);
    // SAFETY: the path ends in a NUL; writes no more than there is room for.
    let short =
        crate::environment::grown(|buffer, room| unsafe { windows_sys::Win32::Storage::FileSystem::GetShortPathNameW(wide.as_ptr(), buffer, room) });
    if short.is_empty() { path.into() } else { short }
}

/// A path without its last name, with its separator; empty where there is none.
pub fn folder_of(path: &str) -> &str {
    let colon = path.char_indices().nth(1).filter(|(_, character)| *character == ':').map_or(0, |(at, _)| at + 1);
    &path[..path.rfind(['\\', '/']).map_or(colon, |at| at + 1)]
}

/// A path's last name.
pub fn name_of(path: &str) -> &str {
    &path[folder_of(path).len()..]
}

/// The extension of a path's last name, with its dot; empty where there is none.
pub fn extension_of(path: &str) -> &str {
    let name = name_of(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// A folder and a name in it.
pub fn join(folder: &str, name: &str) -> String {
    let separated = folder.is_empty() || folder.ends_with(['\\', '/', ':']);
    [folder, if separated { "" } else { "\\" }, name].concat()
}

/// An entry of a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its 8.3 name, where it has one of its own.
    pub short: String,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: u32,
    /// Bytes.
    pub size: u64,
    /// Creation, access and write time in 100 ns since 1601.
    pub times: [u64; 3],
    /// What kind of link it is, where it is one (`IO_REPARSE_TAG_*`).
    pub tag: u32,
}

impl Entry {
    fn of(found: &WIN32_FIND_DATAW) -> Self {
        let long = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let times = [found.ftCreationTime, found.ftLastAccessTime, found.ftLastWriteTime];
        let link = found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0;
        Self {
            name: narrow(&found.cFileName),
            short: narrow(&found.cAlternateFileName),
            attributes: found.dwFileAttributes,
            size: long(found.nFileSizeHigh, found.nFileSizeLow),
            times: times.map(|time| long(time.dwHighDateTime, time.dwLowDateTime)),
            tag: if link { found.dwReserved0 } else { 0 },
        }
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.attributes & FILE_ATTRIBUTE_DIRECTORY != 0
    }

    /// Whether it is a link.
    pub fn is_link(&self) -> bool {
        self.attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0
    }

    /// Whether it is the folder itself, or the one above.
    pub fn is_dots(&self) -> bool {
        matches!(self.name.as_str(), "." | "..")
    }
}

/// The entries that a path with or without a pattern in its last name leads to; that there are none is an error.
pub fn find(pattern: &str) -> Result<Vec<Entry>> {
    let wide = wide(pattern);
    let mut found = WIN32_FIND_DATAW::default();
    // SAFETY: the pattern ends in a NUL; writes what was found.
    let search = unsafe { FindFirstFileW(wide.as_ptr(), &raw mut found) };
    if search == INVALID_HANDLE_VALUE {
        return Err(Error::last());
    }
    let mut entries = alloc::vec![Entry::of(&found)];
    // SAFETY: the search is ours; writes what was found.
    while unsafe { FindNextFileW(search, &raw mut found) } != 0 {
        entries.push(Entry::of(&found));
    }
    let error = Error::last();
    // SAFETY: it is ours.
    unsafe { FindClose(search) };
    if error == Error(ERROR_NO_MORE_FILES) { Ok(entries) } else { Err(error) }
}

/// The entries of a folder that fit a pattern, but for `.` and `..`; none is no error.
pub fn list(folder: &str, pattern: &str) -> Result<Vec<Entry>> {
    match find(&join(folder, pattern)) {
        Ok(mut entries) => {
            entries.retain(|entry| !entry.is_dots());
            Ok(entries)
        }
        Err(Error(ERROR_FILE_NOT_FOUND | ERROR_NO_MORE_FILES)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
