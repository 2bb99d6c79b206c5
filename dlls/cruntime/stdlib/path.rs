//! Taking paths apart and putting them together.

use super::super::fault::{Code, Fault, INVALID, secure};
use crt::Unit;
use crt::path::{MAX_DIR, MAX_DRIVE, MAX_EXTENSION, MAX_NAME, MAX_PATH, make_s, split_cut, split_s};
use crt::text::Room;
use guest::shim;

unsafe fn units<'a, C: Unit>(text: *const C) -> Option<&'a [C]> {
    // SAFETY: NULL, or a string.
    (!text.is_null()).then(|| unsafe { core::slice::from_raw_parts(text, crt::text::length(text)) })
}

unsafe fn split<C: Unit>(path: *const C, parts: [*mut C; 4]) {
    // SAFETY: the documentation asks for rooms of these sizes.
    unsafe {
        let Some(path) = units(path) else {
            INVALID.tell();
            return;
        };
        let sizes = [MAX_DRIVE, MAX_DIR, MAX_NAME, MAX_EXTENSION];
        let [drive, directory, name, extension] = core::array::from_fn(|index| Room::new(parts[index], sizes[index]).ok());
        split_cut(path, [drive, directory, name, extension], |_| false);
    }
}

unsafe fn split_secure<C: Unit>(path: *const C, parts: [(*mut C, usize); 4]) -> Result<Code, Fault> {
    // SAFETY: the rooms are as long as said.
    unsafe {
        if parts.iter().any(|(at, size)| at.is_null() != (*size == 0)) {
            return Err(INVALID);
        }
        let rooms = parts.map(|(at, size)| Room::new(at, size).ok());
        secure(split_s(units(path), rooms, |_| false))
    }
}

unsafe fn make<C: Unit>(to: *mut C, size: usize, parts: [*const C; 4]) -> Result<Code, Fault> {
    // SAFETY: the room is as long as said.
    unsafe {
        let mut room = Room::new(to, size).map_err(|_| INVALID)?;
        secure(make_s(&mut room, parts.map(|part| units(part)), |_| false))
    }
}

/// Takes a path apart.
#[shim(ix = {msvcrt: 751, ucrtbase: 215}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _splitpath(path: *const u8, drive: *mut u8, directory: *mut u8, name: *mut u8, extension: *mut u8) {
    split(path, [drive, directory, name, extension]);
}

/// Takes a path apart, into rooms of known sizes.
#[shim(ix = {msvcrt: 752, ucrtbase: 863}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _splitpath_s(
    path: *const u8,
    drive: *mut u8,
    drive_size: usize,
    directory: *mut u8,
    directory_size: usize,
    name: *mut u8,
    name_size: usize,
    extension: *mut u8,
    extension_size: usize,
) -> Result<Code, Fault> {
    split_secure(path, [(drive, drive_size), (directory, directory_size), (name, name_size), (extension, extension_size)])
}

/// Puts a path together.
#[shim(ix = {msvcrt: 753, ucrtbase: 213}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _makepath(path: *mut u8, drive: *const u8, directory: *const u8, name: *const u8, extension: *const u8) {
    // What is at fault was told.
    let _ = make(path, MAX_PATH, [drive, directory, name, extension]).map_err(Fault::tell);
}

/// Puts a path together, in a room of known size.
#[shim(ix = {msvcrt: 754, ucrtbase: 864}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _makepath_s(
    path: *mut u8,
    size: usize,
    drive: *const u8,
    directory: *const u8,
    name: *const u8,
    extension: *const u8,
) -> Result<Code, Fault> {
    make(path, size, [drive, directory, name, extension])
}

/// Takes a path apart.
#[shim(ix = {msvcrt: 755, ucrtbase: 865}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wsplitpath(path: *const u16, drive: *mut u16, directory: *mut u16, name: *mut u16, extension: *mut u16) {
    split(path, [drive, directory, name, extension]);
}

/// Takes a path apart, into rooms of known sizes.
#[shim(ix = {msvcrt: 756, ucrtbase: 299}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wsplitpath_s(
    path: *const u16,
    drive: *mut u16,
    drive_size: usize,
    directory: *mut u16,
    directory_size: usize,
    name: *mut u16,
    name_size: usize,
    extension: *mut u16,
    extension_size: usize,
) -> Result<Code, Fault> {
    split_secure(path, [(drive, drive_size), (directory, directory_size), (name, name_size), (extension, extension_size)])
}

/// Puts a path together.
#[shim(ix = {msvcrt: 757, ucrtbase: 866}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wmakepath(path: *mut u16, drive: *const u16, directory: *const u16, name: *const u16, extension: *const u16) {
    // What is at fault was told.
    let _ = make(path, MAX_PATH, [drive, directory, name, extension]).map_err(Fault::tell);
}

/// Puts a path together, in a room of known size.
#[shim(ix = {msvcrt: 758, ucrtbase: 867}, mapping = "crt::path", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wmakepath_s(
    path: *mut u16,
    size: usize,
    drive: *const u16,
    directory: *const u16,
    name: *const u16,
    extension: *const u16,
) -> Result<Code, Fault> {
    make(path, size, [drive, directory, name, extension])
}
