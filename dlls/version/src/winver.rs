//! winver.h: version resources, and what stands in them.
//!
//! A block is twice as long as the resource: behind it there is room for the ANSI forms of its texts, at half of each
//! text's distance from the start.

use crate::file::version;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_RESOURCE_TYPE_NOT_FOUND};

unsafe fn size(path: *const u16, handle: *mut u32) -> Result<Count<u32>, Win32Error> {
    if !handle.is_null() {
        unsafe { *handle = 0 };
    }
    if path.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    Ok(Count(2 * unsafe { version(path)? }.len() as u32))
}

unsafe fn copy(path: *const u16, room: u32, buffer: *mut c_void) -> Result<Bool, Win32Error> {
    if path.is_null() || buffer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let bytes = unsafe { version(path)? };
    // A block that is cut could not be read; the documentation lets it be shorter, and says what it then holds.
    if (room as usize) < size_of::<u32>() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let fits = bytes.len().min(room as usize);
    // SAFETY: the buffer has that room.
    unsafe {
        buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), fits);
        buffer.cast::<u8>().add(fits).write_bytes(0, room as usize - fits);
    }
    Ok(Bool)
}

unsafe fn wide(path: *const u8) -> Result<Vec<u16>, Win32Error> {
    if path.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut units = nls::to_wide(ANSI, unsafe { text::narrow(path) }, false).unwrap_or_default();
    units.push(0);
    Ok(units)
}

/// Answers how long a file's version block is.
#[shim(ix = 1, mapping = "the file's resources", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoSizeW(path: *const u16, handle: *mut u32) -> Result<Count<u32>, Win32Error> {
    unsafe { size(path, handle) }
}

/// Answers how long a file's version block is.
#[shim(ix = 4, mapping = "GetFileVersionInfoSizeW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoSizeA(path: *const u8, handle: *mut u32) -> Result<Count<u32>, Win32Error> {
    unsafe { size(wide(path)?.as_ptr(), handle) }
}

/// Answers how long a file's version block is.
#[shim(ix = 6, mapping = "GetFileVersionInfoSizeW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoSizeExW(_flags: u32, path: *const u16, handle: *mut u32) -> Result<Count<u32>, Win32Error> {
    unsafe { size(path, handle) }
}

/// Copies a file's version block.
#[shim(ix = 2, mapping = "the file's resources", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoW(path: *const u16, _handle: u32, room: u32, buffer: *mut c_void) -> Result<Bool, Win32Error> {
    unsafe { copy(path, room, buffer) }
}

/// Copies a file's version block.
#[shim(ix = 3, mapping = "GetFileVersionInfoW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoA(path: *const u8, _handle: u32, room: u32, buffer: *mut c_void) -> Result<Bool, Win32Error> {
    unsafe { copy(wide(path)?.as_ptr(), room, buffer) }
}

/// Copies a file's version block.
#[shim(ix = 7, mapping = "GetFileVersionInfoW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn GetFileVersionInfoExW(
    _flags: u32,
    path: *const u16,
    _handle: u32,
    room: u32,
    buffer: *mut c_void,
) -> Result<Bool, Win32Error> {
    unsafe { copy(path, room, buffer) }
}

/// One node of a version block: where its parts lie in the block.
#[derive(Clone, Copy, Debug)]
struct Node {
    end: usize,
    key: (usize, usize),
    value: usize,
    /// As the node states it: bytes, or units where it is a text.
    value_length: usize,
    is_text: bool,
    children: usize,
}

const fn aligned(at: usize) -> usize {
    at.next_multiple_of(4)
}

fn word(block: &[u8], at: usize) -> Option<usize> {
    block.get(at..at + 2).map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])))
}

fn node(block: &[u8], at: usize) -> Option<Node> {
    let length = word(block, at)?;
    let (value_length, kind) = (word(block, at + 2)?, word(block, at + 4)?);
    let end = at.checked_add(length).filter(|end| length >= 6 && *end <= block.len())?;
    let key = at + 6;
    let mut key_end = key;
    while word(block, key_end)? != 0 {
        key_end += 2;
    }
    let value = aligned(key_end + 2);
    let is_text = kind == 1;
    let bytes = if is_text { 2 * value_length } else { value_length };
    Some(Node { end, key: (key, key_end), value, value_length, is_text, children: aligned(value.checked_add(bytes)?) })
}

/// The child of a node with this name, whatever its case.
fn child(block: &[u8], parent: &Node, name: &[u16]) -> Option<Node> {
    let mut at = parent.children;
    while at < parent.end {
        let node = node(block, at)?;
        let key: Vec<u16> = (node.key.0..node.key.1).step_by(2).filter_map(|at| word(block, at)).map(|unit| unit as u16).collect();
        if key.len() == name.len() && key.iter().zip(name).all(|(one, other)| nls::upcase(*one) == nls::upcase(*other)) {
            return Some(node);
        }
        at = aligned(node.end);
    }
    None
}

/// The node at a path such as `\StringFileInfo\040904B0\ProductName`.
fn find(block: &[u8], path: &[u16]) -> Option<Node> {
    let mut found = node(block, 0)?;
    for name in path.split(|unit| *unit == u16::from(b'\\')).filter(|name| !name.is_empty()) {
        found = child(block, &found, name)?;
    }
    Some(found)
}

/// A block as long as its first node says.
unsafe fn block<'a>(start: *const c_void) -> &'a [u8] {
    // SAFETY: GetFileVersionInfo made it, or the caller has copied it.
    unsafe { core::slice::from_raw_parts(start.cast(), usize::from(start.cast::<u16>().read_unaligned())) }
}

const NOT_FOUND: Win32Error = Win32Error(ERROR_RESOURCE_TYPE_NOT_FOUND);

/// Answers where a value of a version block stands, and how long it is.
#[shim(ix = 0, mapping = "the version block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn VerQueryValueW(
    start: *const c_void,
    path: *const u16,
    value: *mut *mut c_void,
    length: *mut u32,
) -> Result<Bool, Win32Error> {
    if start.is_null() || value.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let found = find(unsafe { block(start) }, unsafe { text::wide(path) }).ok_or(NOT_FOUND)?;
    unsafe { *value = start.cast_mut().byte_add(found.value.min(found.end)) };
    if !length.is_null() {
        unsafe { *length = found.value_length as u32 };
    }
    Ok(Bool)
}

/// Answers where a value of a version block stands, and how long it is; texts are ANSI.
#[shim(ix = 5, mapping = "the version block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn VerQueryValueA(
    start: *const c_void,
    path: *const u8,
    value: *mut *mut c_void,
    length: *mut u32,
) -> Result<Bool, Win32Error> {
    if start.is_null() || value.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let name = nls::to_wide(ANSI, unsafe { text::narrow(path) }, false).unwrap_or_default();
    let block = unsafe { block(start) };
    let found = find(block, &name).ok_or(NOT_FOUND)?;
    let (mut at, mut size) = (found.value.min(found.end), found.value_length);
    if found.is_text {
        let units: Vec<u16> = (at..).step_by(2).take(size).filter_map(|at| word(block, at)).map(|unit| unit as u16).collect();
        let bytes = nls::from_wide(ANSI, &units, b'?').unwrap_or_default().0;
        (at, size) = (block.len() + at / 2, bytes.len());
        // SAFETY: behind the resource the block has as much room again.
        unsafe { start.cast_mut().byte_add(at).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    unsafe { *value = start.cast_mut().byte_add(at) };
    if !length.is_null() {
        unsafe { *length = size as u32 };
    }
    Ok(Bool)
}
