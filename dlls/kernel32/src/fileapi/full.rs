//! Forms of a path: full, long, short, and the final one of an open file.

use super::find;
use crate::ansi::{self, copy_or_need};
use crate::information::query_name;
use crate::nt::{NtQueryAttributesFile, RtlGetFullPathName_U, check};
use crate::open::{Name, error, object};
use alloc::vec::Vec;
use gate::file::{DEVICE, VOLUME};
use guest::call::Count;
use guest::error::{Status, Win32Error};
use guest::text::{lossy, wide};
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_INFORMATION_CLASS, FileNameInformation, FileNormalizedNameInformation, FileVolumeNameInformation,
};
use windows_sys::Win32::Foundation::{ERROR_INVALID_NAME, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_NAME_NORMALIZED, FILE_NAME_OPENED, VOLUME_NAME_DOS, VOLUME_NAME_GUID, VOLUME_NAME_NONE, VOLUME_NAME_NT,
};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const COLON: u16 = b':' as u16;
const DOT: u16 = b'.' as u16;

const fn is_separator(unit: u16) -> bool {
    unit == BACKSLASH || unit == SLASH
}

/// The full form of a path.
///
/// # Safety
/// `path` is NULL or ends in a NUL.
pub unsafe fn full(path: *const u16) -> Result<Vec<u16>, Win32Error> {
    if path.is_null() {
        return Err(Win32Error(ERROR_INVALID_NAME));
    }
    let mut buffer = alloc::vec![0_u16; 512];
    loop {
        let room = size_of_val(buffer.as_slice()) as u32;
        // SAFETY: the buffer is as long as it says.
        let bytes = unsafe { RtlGetFullPathName_U(path, room, buffer.as_mut_ptr(), core::ptr::null_mut()) };
        if bytes == 0 {
            return Err(Win32Error(ERROR_INVALID_NAME));
        }
        if bytes < room {
            buffer.truncate(bytes as usize / 2);
            return Ok(buffer);
        }
        buffer.resize(bytes as usize / 2 + 1, 0);
    }
}

/// Copies a path out, and tells where its file name starts.
unsafe fn answer<T: Copy + Default + PartialEq + From<u8>>(path: &[T], room: u32, buffer: *mut T, file: *mut *mut T) -> u32 {
    let length = unsafe { copy_or_need(path, buffer, room) };
    let start = path.iter().rposition(|unit| *unit == T::from(b'\\')).map_or(0, |at| at + 1);
    if !file.is_null() {
        let fits = length < room && start < path.len();
        unsafe { *file = if fits { buffer.add(start) } else { core::ptr::null_mut() } };
    }
    length
}

/// Answers the full form of a path, and where its file name starts.
#[shim(ix = 72, mapping = "RtlGetFullPathName_U", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetFullPathNameW(path: *const u16, room: u32, buffer: *mut u16, file: *mut *mut u16) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(answer(&full(path)?, room, buffer, file))) }
}

/// Answers the full form of a path, and where its file name starts.
#[shim(ix = 297, mapping = "GetFullPathNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetFullPathNameA(path: *const u8, room: u32, buffer: *mut u8, file: *mut *mut u8) -> Result<Count<u32>, Win32Error> {
    unsafe {
        let full = full(ansi::to_wide(path).ok_or(Win32Error(ERROR_INVALID_NAME))?.as_ptr())?;
        Ok(Count(answer(&ansi::from_wide(ansi::file_page(), &full), room, buffer, file)))
    }
}

/// How much of a path comes before its first component.
fn root_length(path: &[u16]) -> usize {
    let verbatim = if matches!(path, [BACKSLASH, BACKSLASH, mark, BACKSLASH, ..] if *mark == u16::from(b'?') || *mark == DOT) { 4 } else { 0 };
    match &path[verbatim..] {
        [_, COLON, unit, ..] if is_separator(*unit) => verbatim + 3,
        [_, COLON, ..] => verbatim + 2,
        rest => verbatim + rest.iter().take_while(|unit| is_separator(**unit)).count(),
    }
}

/// A path with every component as its folder says it; all of them must be there.
fn said(path: &[u16], say: impl Fn(&[u16], &[u16]) -> Result<Vec<u16>, Win32Error>) -> Result<Vec<u16>, Win32Error> {
    check_exists(path)?;
    let mut said = path[..root_length(path)].to_vec();
    let mut rest = &path[said.len()..];
    while !rest.is_empty() {
        let end = rest.iter().position(|unit| is_separator(*unit)).unwrap_or(rest.len());
        let separators = rest[end..].iter().take_while(|unit| is_separator(**unit)).count();
        let component = &rest[..end];
        if component.iter().all(|unit| *unit == DOT) {
            said.extend_from_slice(component);
        } else {
            let so_far = path.len() - rest.len() + end;
            said.extend(say(component, &path[..so_far])?);
        }
        said.extend_from_slice(&rest[end..end + separators]);
        rest = &rest[end + separators..];
    }
    Ok(said)
}

/// A path with long names.
fn long(path: &[u16]) -> Result<Vec<u16>, Win32Error> {
    said(path, |_, so_far| find::spelling(so_far).map(|(name, _)| name))
}

/// Whether there is something at a path.
fn check_exists(path: &[u16]) -> Result<(), Win32Error> {
    let terminated: Vec<u16> = path.iter().copied().chain([0]).collect();
    // SAFETY: it ends in a NUL.
    let name = unsafe { Name::new(terminated.as_ptr()) }?;
    let mut basic = FILE_BASIC_INFORMATION::default();
    // SAFETY: name and answer live through the call.
    check(unsafe { NtQueryAttributesFile(&object(&name), &raw mut basic) }).map(|_| ())
}

unsafe fn given<'a>(path: *const u16) -> Result<&'a [u16], Win32Error> {
    if path.is_null() { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(unsafe { wide(path) }) }
}

/// Answers a path with every component as it is spelt on the disk.
#[shim(ix = 188, mapping = "NtQueryDirectoryFile, once for each component", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetLongPathNameW(path: *const u16, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&long(given(path)?)?, buffer, room))) }
}

/// Answers a path with every component as it is spelt on the disk.
#[shim(ix = 491, mapping = "GetLongPathNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetLongPathNameA(path: *const u8, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe {
        let long = long(wide(ansi::file_name(path)?.as_ptr()))?;
        Ok(Count(copy_or_need(&ansi::from_wide(ansi::file_page(), &long), buffer, room)))
    }
}

/// A path with short names; what is short enough stays as the caller spells it.
fn short(path: &[u16]) -> Result<Vec<u16>, Win32Error> {
    said(path, |component, so_far| find::spelling(so_far).map(|(_, short)| short.unwrap_or_else(|| component.to_vec())))
}

/// Answers a path with short names.
#[shim(ix = 237, mapping = "NtQueryDirectoryFile, once for each component", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetShortPathNameW(path: *const u16, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&short(given(path)?)?, buffer, room))) }
}

/// Answers a path with short names.
#[shim(ix = 668, mapping = "GetShortPathNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetShortPathNameA(path: *const u8, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe {
        let short = short(wide(ansi::file_name(path)?.as_ptr()))?;
        Ok(Count(copy_or_need(&ansi::from_wide(ansi::file_page(), &short), buffer, room)))
    }
}

/// How the volume is said in a final path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Volume {
    Letter,
    Device,
    Own,
    None,
}

router! {
    /// By flags: how the volume is said, and which name is meant.
    fn final_form(flags: u32) -> Result<(Volume, FILE_INFORMATION_CLASS), Win32Error>
    for "GetFinalPathNameByHandleW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags == VOLUME_NAME_DOS | FILE_NAME_NORMALIZED => Ok((Volume::Letter, FileNormalizedNameInformation));
        flags == VOLUME_NAME_DOS | FILE_NAME_OPENED => Ok((Volume::Letter, FileNameInformation));
        flags == VOLUME_NAME_NT | FILE_NAME_NORMALIZED => Ok((Volume::Device, FileNormalizedNameInformation));
        flags == VOLUME_NAME_NT | FILE_NAME_OPENED => Ok((Volume::Device, FileNameInformation));
        flags == VOLUME_NAME_NONE | FILE_NAME_NORMALIZED => Ok((Volume::None, FileNormalizedNameInformation));
        flags == VOLUME_NAME_NONE | FILE_NAME_OPENED => Ok((Volume::None, FileNameInformation));
        flags == VOLUME_NAME_GUID | FILE_NAME_NORMALIZED => Ok((Volume::Own, FileNormalizedNameInformation));
        flags == VOLUME_NAME_GUID | FILE_NAME_OPENED => Ok((Volume::Own, FileNameInformation));
    }
}

fn final_path(file: HANDLE, flags: u32) -> Result<Vec<u16>, Win32Error> {
    let (volume, class) = final_form(flags)?;
    let status = |Status(status)| error(status);
    let name = query_name(file, class).map_err(status)?;
    let mut path = match volume {
        Volume::None => Vec::new(),
        Volume::Device => query_name(file, FileVolumeNameInformation).map_err(status)?,
        Volume::Letter | Volume::Own => {
            let device = lossy(&query_name(file, FileVolumeNameInformation).map_err(status)?);
            let letter = device.strip_prefix(DEVICE).and_then(gate::file::letter).ok_or(Win32Error(ERROR_PATH_NOT_FOUND))?;
            let name = if volume == Volume::Own { volume_name(letter) } else { alloc::format!("{}:", char::from(letter)) };
            alloc::format!("\\\\?\\{name}").encode_utf16().collect()
        }
    };
    path.extend(name);
    Ok(path)
}

/// Answers the path of an open file.
#[shim(ix = 144, mapping = "NtQueryInformationFile", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetFinalPathNameByHandleW(file: HANDLE, buffer: *mut u16, room: u32, flags: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&final_path(file, flags)?, buffer, room))) }
}

/// Answers the path of an open file.
#[shim(ix = 415, mapping = "GetFinalPathNameByHandleW", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetFinalPathNameByHandleA(file: HANDLE, buffer: *mut u8, room: u32, flags: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&ansi::from_wide(ansi::file_page(), &final_path(file, flags)?), buffer, room))) }
}

/// The own name of the volume behind a drive.
pub fn volume_name(letter: u8) -> alloc::string::String {
    alloc::format!("{VOLUME}{letter:02x}}}")
}
