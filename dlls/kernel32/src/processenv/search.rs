//! SearchPath: files along the folders that programs are looked for in.

use super::{environment, parameters, text as parameter};
use crate::ansi;
use crate::nt::{
    NtQueryAttributesFile, RtlDetermineDosPathNameType_U, RtlDosPathNameToNtPathName_U_WithStatus, RtlFreeUnicodeString, RtlGetFullPathName_U, check,
};
use crate::sysinfoapi::{SYSTEM_FOLDER, WINDOWS_FOLDER};
use alloc::vec::Vec;
use core::ptr::null_mut;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::FILE_BASIC_INFORMATION;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_DIRECTORY;

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const DOT: u16 = b'.' as u16;

fn is_separator(unit: &u16) -> bool {
    matches!(*unit, BACKSLASH | SLASH)
}

/// The attributes of the file with this DOS path, which ends in a NUL.
fn attributes(path: &[u16]) -> Result<u32, Win32Error> {
    // SAFETY: plain data, for which zero is a value.
    let (mut name, mut answer): (UNICODE_STRING, FILE_BASIC_INFORMATION) = unsafe { core::mem::zeroed() };
    // SAFETY: the path ends in a NUL; the name is freed below.
    check(unsafe { RtlDosPathNameToNtPathName_U_WithStatus(path.as_ptr(), &raw mut name, null_mut(), null_mut()) })?;
    let object = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null_mut(),
        SecurityQualityOfService: null_mut(),
    };
    // SAFETY: reads the name, writes the answer.
    let status = unsafe { NtQueryAttributesFile(&raw const object, &raw mut answer) };
    // SAFETY: made above.
    unsafe { RtlFreeUnicodeString(&raw mut name) };
    check(status).map(|_| answer.FileAttributes)
}

const OBJ_CASE_INSENSITIVE: u32 = 0x40;

/// A path's full form; none where there is none.
fn full(path: &[u16]) -> Option<Vec<u16>> {
    let mut buffer = alloc::vec![0_u16; 0x8000];
    // SAFETY: the path ends in a NUL, and no more is written than there is room for.
    let bytes = unsafe { RtlGetFullPathName_U(path.as_ptr(), 2 * buffer.len() as u32, buffer.as_mut_ptr(), null_mut()) } as usize;
    buffer.truncate(bytes / 2);
    (!buffer.is_empty()).then_some(buffer)
}

/// Whether a name says by itself where it lies: absolute, or from the current folder.
fn is_explicit(name: &[u16]) -> bool {
    const RELATIVE: u32 = 5;
    let terminated: Vec<u16> = name.iter().copied().chain([0]).collect();
    // SAFETY: ends in a NUL.
    let absolute = unsafe { RtlDetermineDosPathNameType_U(terminated.as_ptr()) } != RELATIVE;
    let dots = name.iter().take_while(|unit| **unit == DOT).count();
    absolute || (1..=2).contains(&dots) && name.get(dots).is_some_and(is_separator)
}

/// The folders that are searched where none are given: the program's, the current one, the system's, those of PATH.
fn folders() -> Vec<Vec<u16>> {
    let image = parameter(&parameters().image_path_name);
    let program = image.iter().rposition(is_separator).map_or(&[][..], |at| &image[..at]);
    let mut folders = alloc::vec![program.to_vec(), alloc::vec![DOT]];
    folders.extend([SYSTEM_FOLDER, "C:\\Windows\\System", WINDOWS_FOLDER].map(|folder| folder.encode_utf16().collect()));
    folders.extend(split(&environment::of("PATH").unwrap_or_default()));
    folders
}

/// The folders of a list with semicolons between them.
fn split(list: &[u16]) -> Vec<Vec<u16>> {
    let quote = u16::from(b'"');
    let folders = list.split(|unit| *unit == u16::from(b';'));
    folders.map(|folder| folder.iter().copied().filter(|unit| *unit != quote).collect::<Vec<u16>>()).filter(|folder| !folder.is_empty()).collect()
}

/// The full path of a file along folders.
fn search(path: Option<&[u16]>, name: &[u16], extension: &[u16]) -> Result<Vec<u16>, Win32Error> {
    if name.is_empty() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let last = name.iter().rposition(is_separator).map_or(0, |at| at + 1);
    let has_extension = name[last..].contains(&DOT);
    let names: Vec<Vec<u16>> =
        if has_extension || extension.is_empty() { alloc::vec![name.to_vec()] } else { alloc::vec![[name, extension].concat()] };
    let found = |path: Vec<u16>| {
        let path: Vec<u16> = path.into_iter().chain([0]).collect();
        attributes(&path).is_ok().then(|| full(&path)).flatten()
    };
    let missing = Win32Error(ERROR_FILE_NOT_FOUND);
    if is_explicit(name) {
        // The name as it is counts first here.
        return [name.to_vec()].into_iter().chain(names).find_map(found).ok_or(missing);
    }
    let folders = path.map_or_else(folders, split);
    let joined = folders.iter().flat_map(|folder| {
        let separator: &[u16] = if folder.last().is_some_and(is_separator) { &[] } else { &[BACKSLASH] };
        names.iter().map(move |name| [folder, separator, name].concat())
    });
    joined.into_iter().find_map(found).ok_or(missing)
}

/// The full path of a program, looked for where programs are: a file, `.exe` where it has no extension.
pub fn program(name: &[u16]) -> Result<Vec<u16>, Win32Error> {
    let exe: Vec<u16> = ".exe".encode_utf16().collect();
    let path = search(None, name, &exe)?;
    let terminated: Vec<u16> = path.iter().copied().chain([0]).collect();
    if attributes(&terminated)? & FILE_ATTRIBUTE_DIRECTORY != 0 { Err(Win32Error(ERROR_ACCESS_DENIED)) } else { Ok(path) }
}

/// Writes a path, and where its last part begins.
unsafe fn answer<T: Copy + Default + PartialEq>(path: &[T], buffer: *mut T, room: u32, part: *mut *mut T, separator: T) -> Count<u32> {
    let length = unsafe { ansi::copy_or_need(path, buffer, room) };
    if !part.is_null() {
        let start = path.iter().rposition(|unit| *unit == separator).map_or(0, |at| at + 1);
        unsafe { *part = if length as usize == path.len() { buffer.add(start) } else { null_mut() } };
    }
    Count(length)
}

/// Looks for a file along folders: those given, or those that programs are looked for in.
#[shim(ix = 269, mapping = "NtQueryAttributesFile", risk = Wrong("another file"))]
pub unsafe extern "system" fn SearchPathW(
    path: *const u16,
    name: *const u16,
    extension: *const u16,
    room: u32,
    buffer: *mut u16,
    part: *mut *mut u16,
) -> Result<Count<u32>, Win32Error> {
    let path = (!path.is_null()).then(|| unsafe { text::wide(path) });
    let found = unsafe { search(path, text::wide(name), text::wide(extension))? };
    Ok(unsafe { answer(&found, buffer, room, part, BACKSLASH) })
}

/// Looks for a file along folders: those given, or those that programs are looked for in.
#[shim(ix = 338, mapping = "SearchPathW", risk = Wrong("another file"))]
pub unsafe extern "system" fn SearchPathA(
    path: *const u8,
    name: *const u8,
    extension: *const u8,
    room: u32,
    buffer: *mut u8,
    part: *mut *mut u8,
) -> Result<Count<u32>, Win32Error> {
    let page = ansi::file_page();
    let wide = |text: *const u8| ansi::units(page, unsafe { text::narrow(text) });
    let list = (!path.is_null()).then(|| wide(path));
    let found = ansi::from_wide(page, &search(list.as_deref(), &wide(name), &wide(extension))?);
    Ok(unsafe { answer(&found, buffer, room, part, b'\\') })
}

/// Whether the current folder is searched for a program of this name.
fn needs_current_folder(has_backslash: bool) -> i32 {
    (has_backslash || !environment::is_set("NoDefaultCurrentDirectoryInExePath")).into()
}

/// Whether the current folder is searched for a program of this name.
#[shim(ix = 287, mapping = "the environment", risk = Wrong("another program"))]
pub unsafe extern "system" fn NeedCurrentDirectoryForExePathW(name: *const u16) -> i32 {
    needs_current_folder(unsafe { text::wide(name) }.contains(&BACKSLASH))
}

/// Whether the current folder is searched for a program of this name.
#[shim(ix = 688, mapping = "the environment", risk = Wrong("another program"))]
pub unsafe extern "system" fn NeedCurrentDirectoryForExePathA(name: *const u8) -> i32 {
    needs_current_folder(unsafe { text::narrow(name) }.contains(&b'\\'))
}
