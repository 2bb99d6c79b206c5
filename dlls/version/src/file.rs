//! The version resource of a file on disk.

use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::error::Win32Error;
use guest::teb;
use pe::{Id, Image, Layout};
use windows_sys::Win32::Foundation::{
    ERROR_BAD_FORMAT, ERROR_FILE_NOT_FOUND, ERROR_RESOURCE_DATA_NOT_FOUND, ERROR_RESOURCE_TYPE_NOT_FOUND, GENERIC_READ, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING};

guest::imports! {
    "kernel32" {
        fn CloseHandle(handle: HANDLE) -> i32;
        fn CreateFileW(name: *const u16, access: u32, share: u32, security: *const c_void, disposition: u32, flags: u32, template: HANDLE) -> HANDLE;
        fn GetFileSizeEx(file: HANDLE, size: *mut i64) -> i32;
        fn SearchPathW(path: *const u16, name: *const u16, extension: *const u16, room: u32, buffer: *mut u16, part: *mut *mut u16) -> u32;
        fn ReadFile(file: HANDLE, buffer: *mut u8, length: u32, read: *mut u32, overlapped: *mut c_void) -> i32;
    }
}

/// `RT_VERSION` and `VS_VERSION_INFO`.
const VERSION: u16 = 16;
const ONLY: u16 = 1;

fn last_error() -> Win32Error {
    Win32Error(teb::last_error())
}

/// A whole file.
unsafe fn read(path: *const u16) -> Result<Vec<u8>, Win32Error> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let open = |path: *const u16| unsafe { CreateFileW(path, GENERIC_READ, share, null(), OPEN_EXISTING, 0, null_mut()) };
    let mut file = open(path);
    if file == INVALID_HANDLE_VALUE && teb::last_error() == ERROR_FILE_NOT_FOUND {
        // A bare name is looked for as a DLL's is.
        let mut found = [0; 512];
        let length = unsafe { SearchPathW(null(), path, null(), found.len() as u32, found.as_mut_ptr(), null_mut()) };
        if (1..found.len() as u32).contains(&length) {
            file = open(found.as_ptr());
        } else {
            teb::set_last_error(ERROR_FILE_NOT_FOUND);
        }
    }
    if file == INVALID_HANDLE_VALUE {
        return Err(last_error());
    }
    let mut size = 0;
    let mut bytes = Vec::new();
    let (mut read, mut at) = (0, 0);
    let mut done = unsafe { GetFileSizeEx(file, &raw mut size) } != 0;
    if done {
        bytes.resize(usize::try_from(size).unwrap_or(0), 0);
        while done && at < bytes.len() {
            let left = u32::try_from(bytes.len() - at).unwrap_or(u32::MAX);
            done = unsafe { ReadFile(file, bytes.as_mut_ptr().add(at), left, &raw mut read, null_mut()) } != 0;
            if read == 0 {
                break;
            }
            at += read as usize;
        }
    }
    let error = last_error();
    unsafe { CloseHandle(file) };
    bytes.truncate(at);
    if done { Ok(bytes) } else { Err(error) }
}

/// The bytes of a file's version resource.
///
/// # Safety
/// `path` is NULL or ends in a NUL.
pub unsafe fn version(path: *const u16) -> Result<Vec<u8>, Win32Error> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { read(path)? };
    let image = Image::parse(&bytes, Layout::File).map_err(|_| Win32Error(ERROR_BAD_FORMAT))?;
    let resources = image.resources().ok().flatten().ok_or(Win32Error(ERROR_RESOURCE_DATA_NOT_FOUND))?;
    let found = [Some(0x409), Some(0), None]
        .iter()
        .find_map(|language| resources.find(Id::Number(VERSION), Id::Number(ONLY), *language).ok().flatten())
        .ok_or(Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND))?;
    image.at(found.rva, found.size).map(<[u8]>::to_vec).ok_or(Win32Error(ERROR_RESOURCE_DATA_NOT_FOUND))
}
