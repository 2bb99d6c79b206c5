//! sys/stat.h: what is known of a file.

use super::super::errno::{ENOENT, EOVERFLOW};
use super::super::fault::{Fault, INVALID, Int};
use super::super::kernel32::{FindClose, FindFirstFileW, GetDriveTypeW, GetFileInformationByHandle, INVALID_HANDLE};
use super::super::time::Native;
use super::path::{Name, full, required};
use super::table::{self, DEVICE, PIPE};
use super::time::seconds;
use guest::shim;
use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_READONLY, WIN32_FIND_DATAW};

/// `struct _stat`, for each width of times and sizes.
#[repr(C)]
pub struct Stat<T, S> {
    device: u32,
    inode: u16,
    mode: u16,
    links: i16,
    user: i16,
    group: i16,
    special_device: u32,
    size: S,
    accessed: T,
    written: T,
    changed: T,
}

/// A file's values before they have a width.
struct Facts {
    device: u32,
    mode: u16,
    links: i16,
    size: i64,
    accessed: i64,
    written: i64,
    changed: i64,
}

const DIRECTORY: u16 = 0x4000;
const REGULAR: u16 = 0x8000;
const CHARACTER: u16 = 0x2000;
const FIFO: u16 = 0x1000;
const READ: u16 = 0o400;
const WRITE: u16 = 0o200;
const EXECUTE: u16 = 0o100;

/// What is allowed, as programs of Unix see it.
fn mode(attributes: u32, path: &[u16]) -> u16 {
    let mut mode = READ;
    if attributes & FILE_ATTRIBUTE_READONLY == 0 {
        mode |= WRITE;
    }
    if attributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        mode |= DIRECTORY | EXECUTE;
    } else {
        mode |= REGULAR;
        let lower = |unit: &u16| crt::class::to_lower(*unit);
        let runs = ["exe", "com", "bat", "cmd"].iter().any(|extension| {
            path.len() > 4 && path[path.len() - 4] == u16::from(b'.') && path[path.len() - 3..].iter().map(lower).eq(extension.encode_utf16())
        });
        if runs {
            mode |= EXECUTE;
        }
    }
    mode | (mode & 0o700) >> 3 | (mode & 0o700) >> 6
}

fn of_path(path: &[u16]) -> Result<Facts, Fault> {
    let missing = Fault::Errno(ENOENT);
    let name = path.strip_suffix(&[0]).unwrap_or(path);
    if name.iter().any(|unit| matches!(*unit, 0x2A | 0x3F)) {
        return Err(missing);
    }
    // SAFETY: plain data, for which zero is a value.
    let mut found: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
    // SAFETY: the path ends in a NUL.
    let search = unsafe { FindFirstFileW(path.as_ptr(), &raw mut found) };
    let whole = full(path)?;
    let drive = match whole.as_slice() {
        [letter, colon, ..] if *colon == u16::from(b':') => u32::from(crt::class::to_lower(*letter)).wrapping_sub(u32::from(b'a')),
        _ => 0,
    };
    if search == INVALID_HANDLE {
        return root(&whole, drive).ok_or(missing);
    }
    // SAFETY: the search is open.
    unsafe { FindClose(search) };
    let written = seconds(found.ftLastWriteTime);
    let or_written = |time| if time == 0 { written } else { time };
    Ok(Facts {
        device: drive,
        mode: mode(found.dwFileAttributes, name),
        links: 1,
        size: i64::from(found.nFileSizeHigh) << 32 | i64::from(found.nFileSizeLow),
        accessed: or_written(seconds(found.ftLastAccessTime)),
        written,
        changed: or_written(seconds(found.ftCreationTime)),
    })
}

/// A drive's root, which no search finds.
fn root(whole: &[u16], drive: u32) -> Option<Facts> {
    const NO_ROOT: u32 = 1;
    let path: alloc::vec::Vec<u16> = whole.iter().copied().chain([0]).collect();
    let is_root = whole.len() == 3 && matches!(whole[2], 0x2F | 0x5C);
    // SAFETY: the path ends in a NUL.
    if !is_root || unsafe { GetDriveTypeW(path.as_ptr()) } <= NO_ROOT {
        return None;
    }
    // 1980, the oldest time of FAT.
    const OLDEST: i64 = 315_532_800;
    Some(Facts { device: drive, mode: mode(FILE_ATTRIBUTE_DIRECTORY, &[]), links: 1, size: 0, accessed: OLDEST, written: OLDEST, changed: OLDEST })
}

fn of_descriptor(number: i32) -> Result<Facts, Fault> {
    let descriptor = table::get(number)?;
    let facts = Facts { device: number as u32, mode: 0, links: 1, size: 0, accessed: 0, written: 0, changed: 0 };
    if descriptor.flags & DEVICE != 0 {
        return Ok(Facts { mode: CHARACTER, ..facts });
    }
    if descriptor.flags & PIPE != 0 {
        return Ok(Facts { mode: FIFO, ..facts });
    }
    // SAFETY: plain data, for which zero is a value.
    let mut information: BY_HANDLE_FILE_INFORMATION = unsafe { core::mem::zeroed() };
    // SAFETY: there is room for it.
    if unsafe { GetFileInformationByHandle(descriptor.handle, &raw mut information) } == 0 {
        return Err(Fault::last());
    }
    let written = seconds(information.ftLastWriteTime);
    let or_written = |time| if time == 0 { written } else { time };
    Ok(Facts {
        device: 0,
        mode: mode(information.dwFileAttributes, &[]),
        links: information.nNumberOfLinks as i16,
        size: i64::from(information.nFileSizeHigh) << 32 | i64::from(information.nFileSizeLow),
        accessed: or_written(seconds(information.ftLastAccessTime)),
        written,
        changed: or_written(seconds(information.ftCreationTime)),
    })
}

/// Writes the facts in a width; what does not fit is an error.
unsafe fn give<T: TryFrom<i64>, S: TryFrom<i64>>(facts: Facts, to: *mut Stat<T, S>) -> Result<Int, Fault> {
    let overflow = Fault::Errno(EOVERFLOW);
    let time = |time: i64| T::try_from(time).map_err(|_| overflow);
    let stat = Stat {
        device: facts.device,
        inode: 0,
        mode: facts.mode,
        links: facts.links,
        user: 0,
        group: 0,
        special_device: facts.device,
        size: S::try_from(facts.size).map_err(|_| overflow)?,
        accessed: time(facts.accessed)?,
        written: time(facts.written)?,
        changed: time(facts.changed)?,
    };
    // SAFETY: the program's pointer, which was checked.
    unsafe { to.write(stat) };
    Ok(Int(0))
}

unsafe fn path<C: Name, T: TryFrom<i64>, S: TryFrom<i64>>(path: *const C, to: *mut Stat<T, S>) -> Result<Int, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        let path = required(path)?;
        if to.is_null() {
            return Err(INVALID);
        }
        give(of_path(&path)?, to)
    }
}

unsafe fn descriptor<T: TryFrom<i64>, S: TryFrom<i64>>(number: i32, to: *mut Stat<T, S>) -> Result<Int, Fault> {
    if to.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's pointer.
    unsafe { give(of_descriptor(number)?, to) }
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 409}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stat(file: *const u8, to: *mut Stat<Native, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 299}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstat(file: *const u16, to: *mut Stat<Native, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {msvcrt: 205}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstat(number: i32, to: *mut Stat<Native, i32>) -> Result<Int, Fault> {
    descriptor(number, to)
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 170}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stati64(file: *const u8, to: *mut Stat<Native, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 410}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstati64(file: *const u16, to: *mut Stat<Native, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {msvcrt: 260}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstati64(number: i32, to: *mut Stat<Native, i64>) -> Result<Int, Fault> {
    descriptor(number, to)
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 169, ucrtbase: 292}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stat64(file: *const u8, to: *mut Stat<i64, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {msvcrt: 132, ucrtbase: 256}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstat64(file: *const u16, to: *mut Stat<i64, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {msvcrt: 206, ucrtbase: 248}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstat64(number: i32, to: *mut Stat<i64, i64>) -> Result<Int, Fault> {
    descriptor(number, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 519}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stat32(file: *const u8, to: *mut Stat<i32, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 520}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstat32(file: *const u16, to: *mut Stat<i32, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {ucrtbase: 521}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstat32(number: i32, to: *mut Stat<i32, i32>) -> Result<Int, Fault> {
    descriptor(number, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 522}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stat32i64(file: *const u8, to: *mut Stat<i32, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 523}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstat32i64(file: *const u16, to: *mut Stat<i32, i64>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {ucrtbase: 524}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstat32i64(number: i32, to: *mut Stat<i32, i64>) -> Result<Int, Fault> {
    descriptor(number, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 358}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _stat64i32(file: *const u8, to: *mut Stat<i64, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of a file by its path.
#[shim(ix = {ucrtbase: 378}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wstat64i32(file: *const u16, to: *mut Stat<i64, i32>) -> Result<Int, Fault> {
    path(file, to)
}

/// What is known of an open file.
#[shim(ix = {ucrtbase: 329}, mapping = "FindFirstFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _fstat64i32(number: i32, to: *mut Stat<i64, i32>) -> Result<Int, Fault> {
    descriptor(number, to)
}
