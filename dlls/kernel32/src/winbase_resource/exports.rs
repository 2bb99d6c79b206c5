//! BeginUpdateResource, UpdateResource, EndUpdateResource.

use super::image;
use super::tree::{Data, Key, Tree};
use crate::ansi;
use crate::information::{query, set};
use crate::lock::Lock;
use crate::nt::{NtReadFile, NtWriteFile, check};
use crate::open::{How, Name, Owned, block, error, open};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::{Bool, Handle};
use guest::error::{Status, Win32Error};
use guest::{nls, shim, text};
use pe::{Image, Layout};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_STANDARD_INFORMATION, FileEndOfFileInformation, FileStandardInformation,
};
use windows_sys::Win32::Foundation::{
    ERROR_BAD_EXE_FORMAT, ERROR_FILE_INVALID, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, GENERIC_READ, GENERIC_WRITE,
    HANDLE, STATUS_END_OF_FILE,
};
use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

/// An update under way.
struct Update {
    file: Owned,
    bytes: Vec<u8>,
    tree: Tree,
}

/// Every update under way; a handle is the address of one.
#[expect(clippy::vec_box, reason = "an update's address is its handle, and stays")]
static UPDATES: Lock<Vec<Box<Update>>> = Lock::new(Vec::new());

/// A piece of a file that one call moves.
const CHUNK: usize = 0x100_0000;

fn read(file: &Owned) -> Result<Vec<u8>, Win32Error> {
    let size = query::<FILE_STANDARD_INFORMATION>(file.0, FileStandardInformation)?.EndOfFile;
    let size = usize::try_from(size).ok().filter(|size| *size < 1 << 31).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?;
    let mut bytes = alloc::vec![0; size];
    let mut at = 0;
    while at < size {
        let mut own = block();
        let (offset, length) = (at as i64, (size - at).min(CHUNK) as u32);
        let target = bytes[at..].as_mut_ptr().cast();
        // SAFETY: the buffer has that room.
        let status = unsafe { NtReadFile(file.0, null_mut(), null(), null(), &raw mut own, target, length, &raw const offset, null()) };
        if status == STATUS_END_OF_FILE || own.Information == 0 {
            break;
        }
        check(status)?;
        at += own.Information;
    }
    bytes.truncate(at);
    Ok(bytes)
}

fn write(file: &Owned, bytes: &[u8]) -> Result<(), Win32Error> {
    let mut at = 0;
    while at < bytes.len() {
        let mut own = block();
        let (offset, length) = (at as i64, (bytes.len() - at).min(CHUNK) as u32);
        let source = bytes[at..].as_ptr().cast();
        // SAFETY: the buffer has those bytes.
        check(unsafe { NtWriteFile(file.0, null_mut(), null(), null(), &raw mut own, source, length, &raw const offset, null()) })?;
        at += own.Information.max(1);
    }
    set(file.0, FileEndOfFileInformation, &(bytes.len() as i64))
}

unsafe fn begin(path: *const u16, delete: bool) -> Result<Handle, Win32Error> {
    let name = unsafe { Name::new(path)? };
    let how = How {
        access: GENERIC_READ | GENERIC_WRITE,
        share: FILE_SHARE_READ,
        disposition: FILE_OPEN,
        options: FILE_NON_DIRECTORY_FILE,
        attributes: 0,
        flags: 0,
        overlapped: false,
    };
    let (file, _) = open(&name, &how).map_err(|Status(status)| error(status))?;
    let bytes = read(&file)?;
    if bytes.is_empty() {
        return Err(Win32Error(ERROR_FILE_INVALID));
    }
    let image = Image::parse(&bytes, Layout::File).map_err(|_| Win32Error(ERROR_BAD_EXE_FORMAT))?;
    let tree = if delete { Tree::default() } else { Tree::read(&image).ok_or(Win32Error(ERROR_BAD_EXE_FORMAT))? };
    let update = Box::new(Update { file, bytes, tree });
    let handle = core::ptr::from_ref(&*update).cast_mut().cast::<c_void>();
    UPDATES.with(|updates| updates.push(update));
    Ok(Handle(handle))
}

/// The place of an update among all.
#[expect(clippy::borrowed_box, reason = "the iterator hands boxes out")]
fn place(updates: &[Box<Update>], handle: HANDLE) -> Result<usize, Win32Error> {
    let same = |update: &Box<Update>| core::ptr::from_ref(update.as_ref()).cast::<c_void>() == handle.cast_const();
    updates.iter().position(same).ok_or(Win32Error(ERROR_INVALID_HANDLE))
}

/// Takes a type or name: a number below 65,536, `#` and a number, or a text, which is kept in upper case.
fn key(value: *const c_void, units: impl FnOnce() -> Vec<u16>) -> Result<Key, Win32Error> {
    if let Ok(number) = u16::try_from(value as usize) {
        return Ok(Key::Number(number));
    }
    let units = units();
    if let [first, digits @ ..] = units.as_slice()
        && *first == u16::from(b'#')
    {
        let number = text::lossy(digits).parse().map_err(|_| Win32Error(ERROR_INVALID_PARAMETER))?;
        return Ok(Key::Number(number));
    }
    Ok(Key::Name(units.into_iter().map(nls::upcase).collect()))
}

unsafe fn update(handle: HANDLE, kind: Key, name: Key, language: u16, data: *const c_void, size: u32) -> Result<Bool, Win32Error> {
    let data = if data.is_null() || size == 0 {
        None
    } else {
        // SAFETY: the caller's bytes.
        Some(Data { bytes: unsafe { core::slice::from_raw_parts(data.cast(), size as usize) }.to_vec(), code_page: 0 })
    };
    let removes = data.is_none();
    UPDATES.with(|updates| {
        let at = place(updates, handle)?;
        if !updates[at].tree.set(kind, name, language, data) && removes {
            return Err(Win32Error(ERROR_INVALID_PARAMETER));
        }
        Ok(Bool)
    })
}

fn end(handle: HANDLE, discard: bool) -> Result<Bool, Win32Error> {
    let update = UPDATES.with(|updates| place(updates, handle).map(|at| updates.swap_remove(at)))?;
    if !discard {
        let Update { file, bytes, tree } = *update;
        let fresh = image::replace(bytes, &tree).ok_or(Win32Error(ERROR_BAD_EXE_FORMAT))?;
        write(&file, &fresh)?;
    }
    Ok(Bool)
}

/// Starts to change a program's resources.
#[shim(ix = 407, mapping = "NtCreateFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn BeginUpdateResourceW(path: *const u16, delete: i32) -> Result<Handle, Win32Error> {
    unsafe { begin(path, delete != 0) }
}

/// Starts to change a program's resources.
#[shim(ix = 536, mapping = "BeginUpdateResourceW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn BeginUpdateResourceA(path: *const u8, delete: i32) -> Result<Handle, Win32Error> {
    unsafe { begin(ansi::file_name(path)?.as_ptr(), delete != 0) }
}

/// Sets a resource, or takes one away where there is no data.
#[shim(ix = 435, mapping = "a tree in memory", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn UpdateResourceW(
    handle: HANDLE,
    kind: *const u16,
    name: *const u16,
    language: u16,
    data: *const c_void,
    size: u32,
) -> Result<Bool, Win32Error> {
    let (kind, name) = unsafe { (key(kind.cast(), || text::wide(kind).to_vec())?, key(name.cast(), || text::wide(name).to_vec())?) };
    unsafe { update(handle, kind, name, language, data, size) }
}

/// Sets a resource, or takes one away where there is no data.
#[shim(ix = 574, mapping = "UpdateResourceW", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn UpdateResourceA(
    handle: HANDLE,
    kind: *const u8,
    name: *const u8,
    language: u16,
    data: *const c_void,
    size: u32,
) -> Result<Bool, Win32Error> {
    let units = |at: *const u8| nls::to_wide(nls::ANSI, unsafe { text::narrow(at) }, false).unwrap_or_default();
    let (kind, name) = (key(kind.cast(), || units(kind))?, key(name.cast(), || units(name))?);
    unsafe { update(handle, kind, name, language, data, size) }
}

/// Writes what was changed, or leaves the program as it was.
#[shim(ix = 412, mapping = "NtWriteFile", risk = Wrong("a broken program"))]
pub unsafe extern "system" fn EndUpdateResourceW(handle: HANDLE, discard: i32) -> Result<Bool, Win32Error> {
    end(handle, discard != 0)
}

/// Writes what was changed, or leaves the program as it was.
#[shim(ix = 541, mapping = "NtWriteFile", risk = Wrong("a broken program"))]
pub unsafe extern "system" fn EndUpdateResourceA(handle: HANDLE, discard: i32) -> Result<Bool, Win32Error> {
    end(handle, discard != 0)
}
