//! direct.h and the functions of io.h that work on paths.

use super::super::errno::{EACCES, ERANGE};
use super::super::fault::{Code, Fault, INVALID, Int, NO_MEMORY, Pointer};
use super::super::heap;
use super::super::kernel32::{
    CreateDirectoryW, DeleteFileW, GetCurrentDirectoryW, GetFileAttributesW, GetLogicalDrives, MoveFileExW, RemoveDirectoryW, SetCurrentDirectoryW,
    SetFileAttributesW,
};
use super::open::UMASK;
use super::path::{Name, full, required};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use guest::shim;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_READONLY, INVALID_FILE_ATTRIBUTES, MOVEFILE_COPY_ALLOWED,
};

const MAY_WRITE: i32 = 0x80;

fn done(result: i32) -> Result<Int, Fault> {
    if result != 0 { Ok(Int(0)) } else { Err(Fault::last()) }
}

/// Puts text into a buffer, or into new memory where there is none.
unsafe fn give<C: Name>(text: &[C], buffer: *mut C, size: i32) -> Result<Pointer<C>, Fault> {
    // SAFETY: the buffer is as long as said.
    unsafe {
        if buffer.is_null() {
            let room = usize::try_from(size).unwrap_or(0).max(text.len() + 1);
            let memory = heap::allocate(room * size_of::<C>(), 0).cast::<C>();
            if memory.is_null() {
                return Err(NO_MEMORY);
            }
            memory.copy_from_nonoverlapping(text.as_ptr(), text.len());
            memory.add(text.len()).write(C::NUL);
            return Ok(Pointer(memory));
        }
        let size = usize::try_from(size).ok().filter(|size| *size > 0).ok_or(INVALID)?;
        if text.len() >= size {
            buffer.write(C::NUL);
            return Err(Fault::Errno(ERANGE));
        }
        buffer.copy_from_nonoverlapping(text.as_ptr(), text.len());
        buffer.add(text.len()).write(C::NUL);
        Ok(Pointer(buffer))
    }
}

fn current() -> Result<Vec<u16>, Fault> {
    let mut path = alloc::vec![0u16; 0x8000];
    // SAFETY: there is room for what is said.
    let length = unsafe { GetCurrentDirectoryW(path.len() as u32, path.as_mut_ptr()) } as usize;
    if length == 0 || length >= path.len() {
        return Err(Fault::last());
    }
    path.truncate(length);
    Ok(path)
}

fn drive_of(path: &[u16]) -> i32 {
    match path {
        [letter, colon, ..] if *colon == u16::from(b':') => i32::from(crt::class::to_lower(*letter)) - i32::from(b'a') + 1,
        _ => 0,
    }
}

/// A drive's path: `X:.` with a NUL.
fn of_drive(drive: i32) -> Option<[u16; 4]> {
    (1..=26).contains(&drive).then(|| [u16::from(b'A') + drive as u16 - 1, b':'.into(), b'.'.into(), 0])
}

unsafe fn working<C: Name>(drive: i32, buffer: *mut C, size: i32) -> Result<Pointer<C>, Fault> {
    let path = if drive == 0 {
        current()?
    } else {
        let path = of_drive(drive).ok_or(Fault::Invalid(EACCES))?;
        // SAFETY: asks for a mask.
        if unsafe { GetLogicalDrives() } & 1 << (drive - 1) == 0 {
            return Err(Fault::Invalid(EACCES));
        }
        full(&path)?
    };
    // SAFETY: as the caller promises.
    unsafe { give(&C::of_wide(&path), buffer, size) }
}

/// Whether a path may be used so; 0 for whether it is there, 2 for writing, 4 for reading.
unsafe fn access<C: Name>(path: *const C, mode: i32) -> Result<(), Fault> {
    const WRITE: i32 = 2;
    if mode & !6 != 0 {
        return Err(INVALID);
    }
    // SAFETY: the program's pointer.
    let attributes = unsafe { GetFileAttributesW(required(path)?.as_ptr()) };
    if attributes == INVALID_FILE_ATTRIBUTES {
        return Err(Fault::last());
    }
    let read_only = attributes & FILE_ATTRIBUTE_READONLY != 0 && attributes & FILE_ATTRIBUTE_DIRECTORY == 0;
    if mode & WRITE != 0 && read_only { Err(Fault::Errno(EACCES)) } else { Ok(()) }
}

unsafe fn change_mode<C: Name>(path: *const C, mode: i32) -> Result<Int, Fault> {
    // SAFETY: the program's pointer.
    unsafe {
        let path = required(path)?;
        let attributes = GetFileAttributesW(path.as_ptr());
        if attributes == INVALID_FILE_ATTRIBUTES {
            return Err(Fault::last());
        }
        let new = if mode & MAY_WRITE != 0 { attributes & !FILE_ATTRIBUTE_READONLY } else { attributes | FILE_ATTRIBUTE_READONLY };
        done(SetFileAttributesW(path.as_ptr(), if new == 0 { FILE_ATTRIBUTE_NORMAL } else { new }))
    }
}

unsafe fn whole<C: Name>(buffer: *mut C, path: *const C, size: usize) -> Result<Pointer<C>, Fault> {
    const MAX_PATH: i32 = 260;
    // SAFETY: the program's pointers.
    unsafe {
        if path.is_null() || *path == C::NUL {
            return working(0, buffer, i32::try_from(size).unwrap_or(i32::MAX));
        }
        let whole = full(&C::wide(path))?;
        give(&C::of_wide(&whole), buffer, if buffer.is_null() { MAX_PATH } else { i32::try_from(size).unwrap_or(i32::MAX) })
    }
}

/// Changes the working folder.
#[shim(ix = {msvcrt: 162, ucrtbase: 489}, mapping = "SetCurrentDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _chdir(path: *const u8) -> Result<Int, Fault> {
    done(SetCurrentDirectoryW(required(path)?.as_ptr()))
}

/// Changes the working folder.
#[shim(ix = {msvcrt: 219, ucrtbase: 142}, mapping = "SetCurrentDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wchdir(path: *const u16) -> Result<Int, Fault> {
    done(SetCurrentDirectoryW(required(path)?.as_ptr()))
}

/// Makes a folder.
#[shim(ix = {msvcrt: 124, ucrtbase: 253}, mapping = "CreateDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _mkdir(path: *const u8) -> Result<Int, Fault> {
    done(CreateDirectoryW(required(path)?.as_ptr(), core::ptr::null()))
}

/// Makes a folder.
#[shim(ix = {msvcrt: 130, ucrtbase: 376}, mapping = "CreateDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wmkdir(path: *const u16) -> Result<Int, Fault> {
    done(CreateDirectoryW(required(path)?.as_ptr(), core::ptr::null()))
}

/// Removes an empty folder.
#[shim(ix = {msvcrt: 211, ucrtbase: 354}, mapping = "RemoveDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _rmdir(path: *const u8) -> Result<Int, Fault> {
    done(RemoveDirectoryW(required(path)?.as_ptr()))
}

/// Removes an empty folder.
#[shim(ix = {msvcrt: 131, ucrtbase: 146}, mapping = "RemoveDirectoryW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wrmdir(path: *const u16) -> Result<Int, Fault> {
    done(RemoveDirectoryW(required(path)?.as_ptr()))
}

/// Removes a file.
#[shim(ix = {msvcrt: 129, ucrtbase: 255}, mapping = "DeleteFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _unlink(path: *const u8) -> Result<Int, Fault> {
    done(DeleteFileW(required(path)?.as_ptr()))
}

/// Removes a file.
#[shim(ix = {msvcrt: 133, ucrtbase: 381}, mapping = "DeleteFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wunlink(path: *const u16) -> Result<Int, Fault> {
    done(DeleteFileW(required(path)?.as_ptr()))
}

/// Removes a file.
#[shim(ix = {msvcrt: 385, ucrtbase: 416}, mapping = "DeleteFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn remove(path: *const u8) -> Result<Int, Fault> {
    done(DeleteFileW(required(path)?.as_ptr()))
}

/// Removes a file.
#[shim(ix = {msvcrt: 297, ucrtbase: 183}, mapping = "DeleteFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wremove(path: *const u16) -> Result<Int, Fault> {
    done(DeleteFileW(required(path)?.as_ptr()))
}

/// Gives a file or a folder another name.
#[shim(ix = {msvcrt: 229, ucrtbase: 313}, mapping = "MoveFileExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn rename(from: *const u8, to: *const u8) -> Result<Int, Fault> {
    done(MoveFileExW(required(from)?.as_ptr(), required(to)?.as_ptr(), MOVEFILE_COPY_ALLOWED))
}

/// Gives a file or a folder another name.
#[shim(ix = {msvcrt: 221, ucrtbase: 145}, mapping = "MoveFileExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "C" fn _wrename(from: *const u16, to: *const u16) -> Result<Int, Fault> {
    done(MoveFileExW(required(from)?.as_ptr(), required(to)?.as_ptr(), MOVEFILE_COPY_ALLOWED))
}

/// The working folder.
#[shim(ix = {msvcrt: 106, ucrtbase: 490}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _getcwd(buffer: *mut u8, size: i32) -> Result<Pointer<u8>, Fault> {
    working(0, buffer, size)
}

/// The working folder.
#[shim(ix = {msvcrt: 174, ucrtbase: 144}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wgetcwd(buffer: *mut u16, size: i32) -> Result<Pointer<u16>, Fault> {
    working(0, buffer, size)
}

/// The working folder of a drive, 0 for the current one.
#[shim(ix = {msvcrt: 386, ucrtbase: 491}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _getdcwd(drive: i32, buffer: *mut u8, size: i32) -> Result<Pointer<u8>, Fault> {
    working(drive, buffer, size)
}

/// The working folder of a drive, 0 for the current one.
#[shim(ix = {msvcrt: 387, ucrtbase: 181}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wgetdcwd(drive: i32, buffer: *mut u16, size: i32) -> Result<Pointer<u16>, Fault> {
    working(drive, buffer, size)
}

/// The whole path of a path.
#[shim(ix = {msvcrt: 105, ucrtbase: 331}, mapping = "GetFullPathNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _fullpath(buffer: *mut u8, path: *const u8, size: usize) -> Result<Pointer<u8>, Fault> {
    whole(buffer, path, size)
}

/// The whole path of a path.
#[shim(ix = {msvcrt: 295, ucrtbase: 374}, mapping = "GetFullPathNameW", risk = Wrong("a wrong path"))]
pub unsafe extern "C" fn _wfullpath(buffer: *mut u16, path: *const u16, size: usize) -> Result<Pointer<u16>, Fault> {
    whole(buffer, path, size)
}

/// Whether a file is there (0), can be written (2) and read (4).
#[shim(ix = {msvcrt: 195, ucrtbase: 241}, mapping = "GetFileAttributesW", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _access(path: *const u8, mode: i32) -> Result<Int, Fault> {
    access(path, mode).map(|()| Int(0))
}

/// Whether a file is there (0), can be written (2) and read (4).
#[shim(ix = {msvcrt: 218, ucrtbase: 141}, mapping = "GetFileAttributesW", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _waccess(path: *const u16, mode: i32) -> Result<Int, Fault> {
    access(path, mode).map(|()| Int(0))
}

/// As `_access`; answers the error number.
#[shim(ix = {msvcrt: 388, ucrtbase: 492}, mapping = "GetFileAttributesW", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _access_s(path: *const u8, mode: i32) -> Result<Code, Fault> {
    access(path, mode).map(|()| Code)
}

/// As `_access`; answers the error number.
#[shim(ix = {msvcrt: 389, ucrtbase: 493}, mapping = "GetFileAttributesW", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _waccess_s(path: *const u16, mode: i32) -> Result<Code, Fault> {
    access(path, mode).map(|()| Code)
}

/// Says whether a file may be written.
#[shim(ix = {msvcrt: 196, ucrtbase: 243}, mapping = "SetFileAttributesW", risk = Wrong("a wrong attribute"))]
pub unsafe extern "C" fn _chmod(path: *const u8, mode: i32) -> Result<Int, Fault> {
    change_mode(path, mode)
}

/// Says whether a file may be written.
#[shim(ix = {msvcrt: 283, ucrtbase: 143}, mapping = "SetFileAttributesW", risk = Wrong("a wrong attribute"))]
pub unsafe extern "C" fn _wchmod(path: *const u16, mode: i32) -> Result<Int, Fault> {
    change_mode(path, mode)
}

/// Sets what new files do not allow; answers what it was before.
#[shim(ix = {msvcrt: 214, ucrtbase: 294}, mapping = "a variable of the process", risk = Wrong("files that may be written"))]
pub unsafe extern "C" fn _umask(mask: i32) -> i32 {
    UMASK.swap(mask & 0x180, Ordering::Relaxed)
}

/// Sets what new files do not allow.
#[shim(ix = {msvcrt: 390, ucrtbase: 494}, mapping = "a variable of the process", risk = Wrong("files that may be written"))]
pub unsafe extern "C" fn _umask_s(mask: i32, before: *mut i32) -> Result<Code, Fault> {
    *before.as_mut().ok_or(INVALID)? = 0;
    if mask & !0x180 != 0 {
        return Err(INVALID);
    }
    *before = UMASK.swap(mask, Ordering::Relaxed);
    Ok(Code)
}

/// The current drive, 1 for A.
#[shim(ix = {msvcrt: 391, ucrtbase: 176}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong drive"))]
pub unsafe extern "C" fn _getdrive() -> i32 {
    current().map_or(0, |path| drive_of(&path))
}

/// Changes the current drive, 1 for A.
#[shim(ix = {msvcrt: 392, ucrtbase: 495}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong drive"))]
pub unsafe extern "C" fn _chdrive(drive: i32) -> Result<Int, Fault> {
    let path = of_drive(drive).ok_or(Fault::Invalid(EACCES))?;
    done(SetCurrentDirectoryW([path[0], path[1], 0].as_ptr()))
}

/// The drives that there are, bit 0 for A.
#[shim(ix = {msvcrt: 393, ucrtbase: 496}, mapping = "GetCurrentDirectoryW", risk = Wrong("a wrong drive"))]
pub unsafe extern "C" fn _getdrives() -> u32 {
    GetLogicalDrives()
}
