//! CopyFile and its forms: bytes, attributes and the time of the last write.

use super::messages::{self, Messages};
use super::progress::{Copying, Moment, Wish};
use crate::ansi;
use crate::information::{query, set};
use crate::nt::{NtReadFile, NtWriteFile, check};
use crate::open::{How, Name, Owned, block, error, open};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null;
use guest::call::Bool;
use guest::error::{Status, Win32Error};
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_CREATE, FILE_DISPOSITION_INFORMATION, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OVERWRITE_IF, FILE_SEQUENTIAL_ONLY,
    FILE_STANDARD_INFORMATION, FileBasicInformation, FileDispositionInformation, FileStandardInformation,
};
use windows_sys::Win32::Foundation::{
    ERROR_FILE_EXISTS, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, ERROR_REQUEST_ABORTED, GENERIC_READ, GENERIC_WRITE, HANDLE, STATUS_END_OF_FILE,
    STATUS_OBJECT_NAME_COLLISION, STATUS_SHARING_VIOLATION,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, PROGRESS_CONTINUE, PROGRESS_QUIET, PROGRESS_STOP,
};

const FAIL_IF_EXISTS: u32 = 1;
const RESTARTABLE: u32 = 2;
const OPEN_SOURCE_FOR_WRITE: u32 = 4;
const ALLOW_DECRYPTED_DESTINATION: u32 = 8;
const COPY_SYMLINK: u32 = 0x800;
const NO_BUFFERING: u32 = 0x1000;
const KNOWN: u32 = FAIL_IF_EXISTS | RESTARTABLE | OPEN_SOURCE_FOR_WRITE | ALLOW_DECRYPTED_DESTINATION | COPY_SYMLINK | NO_BUFFERING;

/// How many bytes are moved at once.
const CHUNK: usize = 0x4_0000;

/// Who hears how far a copy is.
#[derive(Clone, Copy)]
pub enum Listener {
    /// Nobody.
    Nobody,
    /// `LPPROGRESS_ROUTINE`, and what it is given.
    Routine(Routine, *const c_void),
    /// `PCOPYFILE2_PROGRESS_ROUTINE`, and what it is given.
    Messages(Messages, *const c_void),
}

/// What a caller wants to hear of a copy, and how it ends one.
pub struct Progress {
    /// Who listens.
    pub listener: Listener,
    /// Ends the copy once it is TRUE; may be NULL.
    pub cancel: *mut i32,
}

/// `LPPROGRESS_ROUTINE`.
pub type Routine = unsafe extern "system" fn(i64, i64, i64, i64, u32, u32, HANDLE, HANDLE, *const c_void) -> u32;

impl Listener {
    /// Tells what has happened.
    unsafe fn hear(self, moment: Moment, now: &Copying) -> Wish {
        match self {
            Self::Nobody => Wish::Continue,
            Self::Routine(routine, data) => {
                const CHUNK_FINISHED: u32 = 0;
                const STREAM_SWITCH: u32 = 1;
                let reason = match moment {
                    Moment::StreamStarted => STREAM_SWITCH,
                    Moment::ChunkFinished(_) => CHUNK_FINISHED,
                    Moment::ChunkStarted(_) | Moment::StreamFinished => return Wish::Continue,
                };
                match unsafe { routine(now.size, now.moved, now.size, now.moved, 1, reason, now.source, now.target, data) } {
                    PROGRESS_CONTINUE => Wish::Continue,
                    PROGRESS_QUIET => Wish::Quiet,
                    PROGRESS_STOP => Wish::End(Win32Error(ERROR_REQUEST_ABORTED), false),
                    _ => Wish::End(Win32Error(ERROR_REQUEST_ABORTED), true),
                }
            }
            Self::Messages(routine, data) => unsafe { messages::tell(routine, data, moment, now) },
        }
    }
}

impl Progress {
    /// Nobody listens.
    pub const NONE: Self = Self { listener: Listener::Nobody, cancel: core::ptr::null_mut() };

    /// A routine that may be missing listens.
    pub fn of(routine: Option<Routine>, data: *const c_void, cancel: *mut i32) -> Self {
        Self { listener: routine.map_or(Listener::Nobody, |routine| Listener::Routine(routine, data)), cancel }
    }

    /// Tells how far the copy is. Says whether to go on; the error's second part is whether to delete the copy.
    unsafe fn tell(&mut self, moment: Moment, now: &Copying) -> Result<(), (Win32Error, bool)> {
        match unsafe { self.listener.hear(moment, now) } {
            Wish::Continue => {}
            Wish::Quiet => self.listener = Listener::Nobody,
            Wish::End(code, delete) => return Err((code, delete)),
        }
        // SAFETY: the caller's flag, which another thread may set meanwhile.
        if !self.cancel.is_null() && unsafe { self.cancel.read_volatile() } != 0 {
            return Err((Win32Error(ERROR_REQUEST_ABORTED), true));
        }
        Ok(())
    }
}

/// A reader that shares no writing comes first: what nobody writes is copied as a whole.
fn open_source(name: &Name) -> Result<Owned, Win32Error> {
    let how = |share| How {
        access: GENERIC_READ,
        share,
        disposition: FILE_OPEN,
        options: FILE_NON_DIRECTORY_FILE | FILE_SEQUENTIAL_ONLY,
        attributes: 0,
        flags: 0,
        overlapped: false,
    };
    match open(name, &how(FILE_SHARE_READ)) {
        Err(Status(STATUS_SHARING_VIOLATION)) => open(name, &how(FILE_SHARE_READ | FILE_SHARE_WRITE)),
        other => other,
    }
    .map(|(handle, _)| handle)
    .map_err(|Status(status)| error(status))
}

/// Copies the stream that tells where a file came from, if it has one.
unsafe fn copy_zone(existing: *const u16, new: *const u16) -> Result<(), Win32Error> {
    let stream = |path: *const u16| {
        // SAFETY: as the caller promises.
        let path = unsafe { guest::text::wide(path) };
        let path: alloc::vec::Vec<u16> = path.iter().copied().chain(":Zone.Identifier".encode_utf16()).chain([0]).collect();
        // SAFETY: it ends in a NUL.
        unsafe { Name::new(path.as_ptr()) }
    };
    let source = open_source(&stream(existing)?)?;
    let how = How {
        access: GENERIC_WRITE,
        share: 0,
        disposition: FILE_OVERWRITE_IF,
        options: FILE_NON_DIRECTORY_FILE,
        attributes: 0,
        flags: 0,
        overlapped: false,
    };
    let (target, _) = open(&stream(new)?, &how).map_err(|Status(status)| error(status))?;
    let size = query::<FILE_STANDARD_INFORMATION>(source.0, FileStandardInformation)?.EndOfFile;
    let mut progress = Progress::NONE;
    // SAFETY: nobody is told how far it is.
    unsafe { move_bytes(&source, &target, size, &mut progress) }.map_err(|(code, _)| code)
}

/// Copies a file.
///
/// # Safety
/// The paths are NULL or end in a NUL; what `progress` holds is the caller's.
pub unsafe fn copy(existing: *const u16, new: *const u16, flags: u32, mut progress: Progress) -> Result<(), Win32Error> {
    if flags & !KNOWN != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let (from, to) = unsafe { (Name::new(existing)?, Name::new(new)?) };
    // The copy of a link would be a link, and none can be made.
    if flags & COPY_SYMLINK != 0 {
        return Err(Win32Error(ERROR_NOT_SUPPORTED));
    }
    let source = open_source(&from)?;
    let basic: FILE_BASIC_INFORMATION = query(source.0, FileBasicInformation)?;
    let size = query::<FILE_STANDARD_INFORMATION>(source.0, FileStandardInformation)?.EndOfFile;
    let how = How {
        access: GENERIC_WRITE | DELETE | FILE_WRITE_ATTRIBUTES,
        share: 0,
        disposition: if flags & FAIL_IF_EXISTS != 0 { FILE_CREATE } else { FILE_OVERWRITE_IF },
        options: FILE_NON_DIRECTORY_FILE | FILE_SEQUENTIAL_ONLY,
        attributes: basic.FileAttributes,
        flags: 0,
        overlapped: false,
    };
    let (target, _) = open(&to, &how).map_err(|Status(status)| match status {
        STATUS_OBJECT_NAME_COLLISION => Win32Error(ERROR_FILE_EXISTS),
        status => error(status),
    })?;
    let done = unsafe { move_bytes(&source, &target, size, &mut progress) };
    if let Err((code, delete)) = done {
        if delete {
            // Whether it goes or not, the copy has failed, and that is told.
            let _ = set(target.0, FileDispositionInformation, &FILE_DISPOSITION_INFORMATION { DeleteFile: true });
        }
        return Err(code);
    }
    // Where it came from is a part of it; a volume that keeps no such thing keeps it from no copy.
    let _ = unsafe { copy_zone(existing, new) };
    let times = FILE_BASIC_INFORMATION { LastWriteTime: basic.LastWriteTime, FileAttributes: basic.FileAttributes, ..Default::default() };
    set(target.0, FileBasicInformation, &times)
}

unsafe fn move_bytes(source: &Owned, target: &Owned, size: i64, progress: &mut Progress) -> Result<(), (Win32Error, bool)> {
    let failed = |code| (code, true);
    let mut now = Copying { source: source.0, target: target.0, size, moved: 0, chunk: 0 };
    unsafe { progress.tell(Moment::StreamStarted, &now)? };
    let mut bytes: Vec<u8> = alloc::vec![0; CHUNK];
    loop {
        let mut own = block();
        let buffer = bytes.as_mut_ptr();
        let status =
            unsafe { NtReadFile(source.0, null::<c_void>().cast_mut(), null(), null(), &raw mut own, buffer.cast(), CHUNK as u32, null(), null()) };
        if status == STATUS_END_OF_FILE {
            return unsafe { progress.tell(Moment::StreamFinished, &now) };
        }
        check(status).map_err(failed)?;
        let read = own.Information.min(CHUNK);
        unsafe { progress.tell(Moment::ChunkStarted(read as u64), &now)? };
        let status =
            unsafe { NtWriteFile(target.0, null::<c_void>().cast_mut(), null(), null(), &raw mut own, buffer.cast(), read as u32, null(), null()) };
        check(status).map_err(failed)?;
        now.moved += read as i64;
        now.size = now.size.max(now.moved);
        unsafe { progress.tell(Moment::ChunkFinished(read as u64), &now)? };
        now.chunk += 1;
    }
}

const fn exists_flag(fail: i32) -> u32 {
    if fail != 0 { FAIL_IF_EXISTS } else { 0 }
}

/// Copies a file.
#[shim(ix = 179, mapping = "NtCreateFile, NtReadFile, NtWriteFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CopyFileW(existing: *const u16, new: *const u16, fail_if_exists: i32) -> Result<Bool, Win32Error> {
    unsafe { copy(existing, new, exists_flag(fail_if_exists), Progress::NONE) }.map(|()| Bool)
}

/// Copies a file.
#[shim(ix = 674, mapping = "CopyFileW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CopyFileA(existing: *const u8, new: *const u8, fail_if_exists: i32) -> Result<Bool, Win32Error> {
    unsafe {
        let (existing, new) = (ansi::file_name(existing)?, ansi::file_name(new)?);
        copy(existing.as_ptr(), new.as_ptr(), exists_flag(fail_if_exists), Progress::NONE)
    }
    .map(|()| Bool)
}

/// Copies a file, and tells how far it is.
#[shim(ix = 290, mapping = "NtCreateFile, NtReadFile, NtWriteFile", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CopyFileExW(
    existing: *const u16,
    new: *const u16,
    routine: Option<crate::winbase_file::copy::Routine>,
    data: *const c_void,
    cancel: *mut i32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    unsafe { copy(existing, new, flags, Progress::of(routine, data, cancel)) }.map(|()| Bool)
}

/// Copies a file, and tells how far it is.
#[shim(ix = 675, mapping = "CopyFileExW", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn CopyFileExA(
    existing: *const u8,
    new: *const u8,
    routine: Option<crate::winbase_file::copy::Routine>,
    data: *const c_void,
    cancel: *mut i32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    unsafe {
        let (existing, new) = (ansi::file_name(existing)?, ansi::file_name(new)?);
        copy(existing.as_ptr(), new.as_ptr(), flags, Progress::of(routine, data, cancel))
    }
    .map(|()| Bool)
}
