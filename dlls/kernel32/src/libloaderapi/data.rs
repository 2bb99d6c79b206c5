//! Images that are loaded for their data alone. The lowest bits of such a handle say how the file is mapped: bit 0 as it
//! is, bit 1 as an image.

use crate::nt::{self, check};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Handle;
use guest::error::Win32Error;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{
    ERROR_BAD_EXE_FORMAT, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, HANDLE, OBJ_CASE_INSENSITIVE, UNICODE_STRING,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE,
};
use windows_sys::Win32::System::LibraryLoader::{LOAD_LIBRARY_AS_DATAFILE, LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE, LOAD_LIBRARY_AS_IMAGE_RESOURCE};
use windows_sys::Win32::System::Memory::{PAGE_READONLY, SEC_COMMIT, SEC_IMAGE, SECTION_MAP_READ};

/// The bits of a handle that say how it was mapped.
pub const MARKS: usize = AS_FILE | AS_IMAGE;
const AS_FILE: usize = 1;
const AS_IMAGE: usize = 2;

const BACKSLASH: u16 = b'\\' as u16;

/// A handle's address without its marks, where it has any.
pub fn unmarked(module: HANDLE) -> Option<*mut c_void> {
    let address = module as usize;
    (address & MARKS != 0).then_some((address & !MARKS) as *mut c_void)
}

/// Maps a file for its data alone.
pub fn map(name: &[u16], path: &[u16], flags: u32) -> Result<Handle, Win32Error> {
    let mut error = Win32Error(ERROR_FILE_NOT_FOUND);
    for candidate in candidates(name, path) {
        match map_file(&candidate, flags) {
            Ok(handle) => return Ok(handle),
            Err(Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND)) => {}
            Err(other) => error = other,
        }
    }
    // Our own DLLs have no file; they can only be loaded whole.
    let Some(string) = super::counted(name).filter(|_| error.0 == ERROR_FILE_NOT_FOUND) else { return Err(error) };
    let mut handle = null_mut();
    // SAFETY: the name lives through the calls.
    let known = unsafe { nt::LdrGetDllHandle(null(), null_mut(), &raw const string, &raw mut handle) };
    if known < 0 {
        return Err(error);
    }
    // SAFETY: the module was found above.
    check(unsafe { nt::LdrAddRefDll(0, handle) })?;
    Ok(Handle((handle as usize | AS_IMAGE) as *mut c_void))
}

/// The files that a name may mean, in order.
fn candidates(name: &[u16], path: &[u16]) -> Vec<Vec<u16>> {
    let start = name.iter().rposition(|unit| *unit == BACKSLASH || *unit == u16::from(b'/') || *unit == u16::from(b':')).map_or(0, |at| at + 1);
    let mut name = name.to_vec();
    if name.last() == Some(&u16::from(b'.')) {
        name.pop();
    } else if !name[start..].contains(&u16::from(b'.')) {
        name.extend(".dll".encode_utf16());
    }
    if start > 0 {
        return alloc::vec![name];
    }
    path.split(|unit| *unit == u16::from(b';'))
        .filter(|folder| !folder.is_empty())
        .map(|folder| {
            let separator: &[u16] = if folder.last() == Some(&BACKSLASH) { &[] } else { &[BACKSLASH] };
            [folder, separator, &name].concat()
        })
        .collect()
}

fn map_file(path: &[u16], flags: u32) -> Result<Handle, Win32Error> {
    let path: Vec<u16> = path.iter().copied().chain([0]).collect();
    let exclusive = flags & LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE != 0;
    let as_image = flags & LOAD_LIBRARY_AS_IMAGE_RESOURCE != 0;
    let mut name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
    // SAFETY: the structures live through the calls, and the name is freed.
    unsafe {
        check(nt::RtlDosPathNameToNtPathName_U_WithStatus(path.as_ptr(), &raw mut name, null_mut(), null_mut()))?;
        let object = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            RootDirectory: null_mut(),
            ObjectName: &raw const name,
            Attributes: OBJ_CASE_INSENSITIVE,
            SecurityDescriptor: null(),
            SecurityQualityOfService: null(),
        };
        let mut block = core::mem::zeroed();
        let mut file = null_mut();
        let share = FILE_SHARE_READ | FILE_SHARE_DELETE | if exclusive { 0 } else { FILE_SHARE_WRITE };
        let opened = nt::NtCreateFile(
            &raw mut file,
            FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            &raw const object,
            &raw mut block,
            null(),
            0,
            share,
            FILE_OPEN,
            FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
            null(),
            0,
        );
        nt::RtlFreeUnicodeString(&raw mut name);
        check(opened)?;
        let attributes = if as_image { SEC_IMAGE } else { SEC_COMMIT };
        let mut section = null_mut();
        let made = nt::NtCreateSection(&raw mut section, SECTION_MAP_READ, null(), null(), PAGE_READONLY, attributes, file);
        nt::NtClose(file);
        check(made).map_err(|_| Win32Error(ERROR_BAD_EXE_FORMAT))?;
        let (mut base, mut size) = (null_mut(), 0);
        let mapped = nt::NtMapViewOfSection(section, super::THIS_PROCESS, &raw mut base, 0, 0, null_mut(), &raw mut size, 1, 0, PAGE_READONLY);
        nt::NtClose(section);
        check(mapped)?;
        if !is_image(base, size) {
            nt::NtUnmapViewOfSection(super::THIS_PROCESS, base);
            return Err(Win32Error(ERROR_BAD_EXE_FORMAT));
        }
        let as_file = flags & (LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE) != 0 && !as_image;
        Ok(Handle((base as usize | if as_file { AS_FILE } else { AS_IMAGE }) as *mut c_void))
    }
}

/// Whether a view of some bytes starts as an image does.
unsafe fn is_image(base: *const c_void, size: usize) -> bool {
    // SAFETY: the view has that size.
    let bytes = unsafe { core::slice::from_raw_parts(base.cast::<u8>(), size) };
    let word = |at: usize| bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes);
    bytes.starts_with(b"MZ") && word(0x3C).and_then(|at| word(at as usize)) == Some(0x4550)
}

/// Gives such a handle back.
pub fn free(base: *mut c_void) -> Result<(), Win32Error> {
    // SAFETY: takes any address; a module of that base is one of ours that was loaded whole.
    unsafe {
        if nt::LdrUnloadDll(base) >= 0 {
            return Ok(());
        }
        check(nt::NtUnmapViewOfSection(super::THIS_PROCESS, base)).map(|_| ())
    }
}
