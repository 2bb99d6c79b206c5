//! Temporary files and their names.

use super::super::errno::{EEXIST, ERANGE};
use super::super::fault::{Code, Fault, INVALID, NO_MEMORY, Pointer};
use super::super::heap;
use super::super::io::open::{BINARY, CREAT, DENY_NONE, EXCL, RDWR, TEMPORARY};
use super::super::io::{self, Name, Opening, full};
use super::super::kernel32::GetFileAttributesW;
use super::super::process::environment_value;
use super::super::thread;
use super::File;
use super::stream::BOTH;
use alloc::format;
use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::{shim, teb, text};
use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_DIRECTORY, INVALID_FILE_ATTRIBUTES};

static NEXT: AtomicU32 = AtomicU32::new(1);
/// Names that are tried before the functions give up.
const TRIES: u32 = 0x7FFF;

fn attributes(path: &[u16]) -> u32 {
    let path: Vec<u16> = path.iter().copied().chain([0]).collect();
    // SAFETY: it ends in a NUL.
    unsafe { GetFileAttributesW(path.as_ptr()) }
}

/// Where temporary files go.
fn folder(wanted: Option<&[u16]>) -> Vec<u16> {
    let exists = |path: &[u16]| {
        let attributes = attributes(path);
        attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY != 0
    };
    let variables = ["TMP", "TEMP"].into_iter().filter_map(environment_value).map(<[u16]>::to_vec);
    let found = variables.chain(wanted.map(<[u16]>::to_vec)).find(|path| !path.is_empty() && exists(path));
    let mut folder = found.unwrap_or_else(|| full(&[u16::from(b'.'), 0]).unwrap_or_default());
    if !matches!(folder.last(), Some(0x5C | 0x2F)) {
        folder.push(0x5C);
    }
    folder
}

/// A name in a folder that no file has.
fn unused(folder: &[u16], prefix: &[u16]) -> Option<Vec<u16>> {
    (0..TRIES).find_map(|_| {
        let number = format!("{:x}.{}", teb::process_id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path: Vec<u16> = folder.iter().chain(prefix).copied().chain(number.encode_utf16()).collect();
        (attributes(&path) == INVALID_FILE_ATTRIBUTES).then_some(path)
    })
}

fn name() -> Option<Vec<u16>> {
    unused(&folder(None), &[u16::from(b's')])
}

unsafe fn into_buffer<C: Name>(buffer: *mut C, own: *mut C) -> Result<Pointer<C>, Fault> {
    let name = C::of_wide(&name().ok_or(Fault::Errno(EEXIST))?);
    let buffer = if buffer.is_null() { own } else { buffer };
    let length = name.len().min(259);
    // SAFETY: the documentation asks for `L_tmpnam` units, which is 260.
    unsafe {
        buffer.copy_from_nonoverlapping(name.as_ptr(), length);
        buffer.add(length).write(C::NUL);
    }
    Ok(Pointer(buffer))
}

unsafe fn into_room<C: Name>(buffer: *mut C, size: usize) -> Result<Code, Fault> {
    if buffer.is_null() {
        return Err(INVALID);
    }
    let name = C::of_wide(&name().ok_or(Fault::Errno(EEXIST))?);
    // SAFETY: the buffer is as long as said.
    unsafe {
        if name.len() >= size {
            if size > 0 {
                buffer.write(C::NUL);
            }
            return Err(Fault::Invalid(ERANGE));
        }
        buffer.copy_from_nonoverlapping(name.as_ptr(), name.len());
        buffer.add(name.len()).write(C::NUL);
    }
    Ok(Code)
}

unsafe fn allocated<C: Name>(wanted: *const C, prefix: *const C) -> Result<Pointer<C>, Fault> {
    let wide = |text: *const C| {
        // SAFETY: NULL, or a string.
        let mut units = if text.is_null() { Vec::new() } else { unsafe { C::wide(text) } };
        units.pop();
        units
    };
    let (wanted, prefix) = (wide(wanted), wide(prefix));
    let name = unused(&folder(Some(&wanted)), &prefix).ok_or(Fault::Errno(EEXIST))?;
    heap::duplicate(&C::of_wide(&name))
}

fn file() -> Result<*mut File, Fault> {
    let path: Vec<u16> = name().ok_or(Fault::Errno(EEXIST))?.into_iter().chain([0]).collect();
    let file = super::unused().ok_or(NO_MEMORY)?;
    let opening = Opening { flags: CREAT | EXCL | RDWR | BINARY | TEMPORARY, share: DENY_NONE, mode: 0x180 };
    // SAFETY: the stream is ours.
    unsafe {
        let number = io::open(&path, opening).inspect_err(|_| (*file).flags = 0)?;
        *file = File { flags: BOTH, number, ..File::CLOSED };
    }
    Ok(file)
}

/// `_mktemp`: replaces the X at the end by a letter and the process's number.
unsafe fn fill_in<C: Name>(template: *mut C) -> Result<(), Fault> {
    if template.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a string that can be written.
    unsafe {
        let length = crt::text::length(template);
        let marks = (0..length).rev().take_while(|index| (*template.add(*index)).ascii() == b'X').count();
        if marks < 6 {
            return Err(INVALID);
        }
        let digits = format!("{:05}", teb::process_id() % 100_000);
        for (index, digit) in digits.bytes().enumerate() {
            *template.add(length - 5 + index) = C::from_ascii(digit);
        }
        for letter in b'a'..=b'z' {
            *template.add(length - 6) = C::from_ascii(letter);
            let path = C::wide(template);
            if attributes(&path[..path.len() - 1]) == INVALID_FILE_ATTRIBUTES {
                return Ok(());
            }
        }
        template.write(C::NUL);
    }
    Err(Fault::Errno(EEXIST))
}

/// A name that no file has.
#[shim(ix = {msvcrt: 506, ucrtbase: 428}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn tmpnam(buffer: *mut u8) -> Result<Pointer<u8>, Fault> {
    into_buffer(buffer, thread::current().temporary_name.get().cast())
}

/// A name that no file has.
#[shim(ix = {msvcrt: 507, ucrtbase: 582}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _wtmpnam(buffer: *mut u16) -> Result<Pointer<u16>, Fault> {
    into_buffer(buffer, thread::current().wide_temporary_name.get().cast())
}

/// A name that no file has.
#[shim(ix = {msvcrt: 508, ucrtbase: 583}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn tmpnam_s(buffer: *mut u8, size: usize) -> Result<Code, Fault> {
    into_room(buffer, size)
}

/// A name that no file has.
#[shim(ix = {msvcrt: 509, ucrtbase: 584}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _wtmpnam_s(buffer: *mut u16, size: usize) -> Result<Code, Fault> {
    into_room(buffer, size)
}

/// A name that no file has, in a folder, in new memory.
#[shim(ix = {msvcrt: 510, ucrtbase: 585}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _tempnam(folder: *const u8, prefix: *const u8) -> Result<Pointer<u8>, Fault> {
    allocated(folder, prefix)
}

/// A name that no file has, in a folder, in new memory.
#[shim(ix = {msvcrt: 511, ucrtbase: 586}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _wtempnam(folder: *const u16, prefix: *const u16) -> Result<Pointer<u16>, Fault> {
    allocated(folder, prefix)
}

/// Makes a name that no file has of a template that ends in XXXXXX.
#[shim(ix = {msvcrt: 512, ucrtbase: 587}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _mktemp(template: *mut u8) -> Result<Pointer<u8>, Fault> {
    fill_in(template).map(|()| Pointer(template))
}

/// The same, of a wide template.
#[shim(ix = {msvcrt: 513, ucrtbase: 588}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _wmktemp(template: *mut u16) -> Result<Pointer<u16>, Fault> {
    fill_in(template).map(|()| Pointer(template))
}

/// The same, for a template that must end within its room.
#[shim(ix = {msvcrt: 514, ucrtbase: 589}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _mktemp_s(template: *mut u8, size: usize) -> Result<Code, Fault> {
    if template.is_null() || size == 0 || text::narrow(template).len() >= size {
        return Err(INVALID);
    }
    fill_in(template).map(|()| Code)
}

/// The same, for a wide template that must end within its room.
#[shim(ix = {msvcrt: 515, ucrtbase: 590}, mapping = "GetFileAttributesW", risk = Functional("a name that a file already has"))]
pub unsafe extern "C" fn _wmktemp_s(template: *mut u16, size: usize) -> Result<Code, Fault> {
    if template.is_null() || size == 0 || text::wide(template).len() >= size {
        return Err(INVALID);
    }
    fill_in(template).map(|()| Code)
}

/// A file that is removed when it is closed.
#[shim(ix = {msvcrt: 516, ucrtbase: 427}, mapping = "CreateFileW", risk = Functional("a file that stays"))]
pub unsafe extern "C" fn tmpfile() -> Result<Pointer<File>, Fault> {
    file().map(Pointer)
}

/// A file that is removed when it is closed.
#[shim(ix = {msvcrt: 517, ucrtbase: 591}, mapping = "CreateFileW", risk = Functional("a file that stays"))]
pub unsafe extern "C" fn tmpfile_s(to: *mut *mut File) -> Result<Code, Fault> {
    let to = to.as_mut().ok_or(INVALID)?;
    *to = null_mut();
    *to = file()?;
    Ok(Code)
}
