//! Opening files, and the mode of those that do not say how they are opened.

use super::super::errno::EINVAL;
use super::super::fault::{Code, Fault, INVALID};
use super::super::kernel32::{CloseHandle, CreateFileW, INVALID_HANDLE, SetEndOfFile};
use super::super::variables::variables;
use super::table::{self, APPEND, DEVICE, Descriptor, Encoding, NOT_INHERITED, OPEN, PIPE, TEXT};
use super::{read, write};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, Ordering};
use guest::shim;
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem as files;

pub const WRONLY: i32 = 1;
pub const RDWR: i32 = 2;
pub const APPENDING: i32 = 8;
pub const RANDOM: i32 = 0x10;
pub const SEQUENTIAL: i32 = 0x20;
pub const TEMPORARY: i32 = 0x40;
pub const NOINHERIT: i32 = 0x80;
pub const CREAT: i32 = 0x100;
pub const TRUNC: i32 = 0x200;
pub const EXCL: i32 = 0x400;
pub const SHORT_LIVED: i32 = 0x1000;
pub const OBTAIN_DIR: i32 = 0x2000;
pub const TEXT_MODE: i32 = 0x4000;
pub const BINARY: i32 = 0x8000;
pub const WIDE_TEXT: i32 = 0x10000;
pub const U16_TEXT: i32 = 0x20000;
pub const U8_TEXT: i32 = 0x40000;
/// Every mode that makes a file a text.
pub const TEXTS: i32 = TEXT_MODE | WIDE_TEXT | U16_TEXT | U8_TEXT;
/// `_SH_DENYNO`.
pub const DENY_NONE: i32 = 0x40;

/// `_S_IWRITE`.
const MAY_WRITE: i32 = 0x80;

variables! {
    "the mode that files are opened with": _fmode: i32 = 0;
}

/// What new files are not allowed.
pub static UMASK: AtomicI32 = AtomicI32::new(0);

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub flags: i32,
    pub share: i32,
    /// What a new file allows.
    pub mode: i32,
}

/// Whether files that do not say are texts.
fn default_is_text() -> bool {
    // SAFETY: a number that the program may set at any time.
    let mode = unsafe { (&raw const _fmode).read_volatile() };
    mode & BINARY == 0 || mode & TEXTS != 0
}

/// Opens a file; the path ends in a NUL.
pub fn open(path: &[u16], opening: Opening) -> Result<i32, Fault> {
    let Opening { flags, share, mode } = opening;
    let mut access = match flags & 3 {
        0 => GENERIC_READ,
        // The encoding of a file that is written behind its end stands at its start.
        WRONLY if flags & APPENDING != 0 && flags & (WIDE_TEXT | U16_TEXT | U8_TEXT) != 0 => GENERIC_READ | GENERIC_WRITE,
        WRONLY => GENERIC_WRITE,
        RDWR => GENERIC_READ | GENERIC_WRITE,
        _ => return Err(INVALID),
    };
    let mut sharing = match share {
        0x10 => 0,
        0x20 => files::FILE_SHARE_READ,
        0x30 => files::FILE_SHARE_WRITE,
        0 | DENY_NONE => files::FILE_SHARE_READ | files::FILE_SHARE_WRITE,
        0x80 => {
            if access == GENERIC_READ {
                files::FILE_SHARE_READ
            } else {
                0
            }
        }
        _ => return Err(INVALID),
    };
    let disposition = match flags & (CREAT | EXCL | TRUNC) {
        0 | EXCL => files::OPEN_EXISTING,
        CREAT => files::OPEN_ALWAYS,
        TRUNC => files::TRUNCATE_EXISTING,
        bits if bits == CREAT | TRUNC => files::CREATE_ALWAYS,
        bits if bits == TRUNC | EXCL => files::TRUNCATE_EXISTING,
        _ => files::CREATE_NEW,
    };
    let mut attributes = files::FILE_ATTRIBUTE_NORMAL;
    if flags & CREAT != 0 && mode & !UMASK.load(Ordering::Relaxed) & MAY_WRITE == 0 {
        attributes = files::FILE_ATTRIBUTE_READONLY;
    }
    if flags & TEMPORARY != 0 {
        attributes |= files::FILE_FLAG_DELETE_ON_CLOSE;
        access |= files::DELETE;
        sharing |= files::FILE_SHARE_DELETE;
    }
    if flags & SHORT_LIVED != 0 {
        attributes |= files::FILE_ATTRIBUTE_TEMPORARY;
    }
    if flags & OBTAIN_DIR != 0 {
        attributes |= files::FILE_FLAG_BACKUP_SEMANTICS;
    }
    if flags & SEQUENTIAL != 0 {
        attributes |= files::FILE_FLAG_SEQUENTIAL_SCAN;
    } else if flags & RANDOM != 0 {
        attributes |= files::FILE_FLAG_RANDOM_ACCESS;
    }
    let security = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: null_mut(),
        bInheritHandle: (flags & NOINHERIT == 0).into(),
    };
    // SAFETY: the path ends in a NUL.
    let handle = unsafe { CreateFileW(path.as_ptr(), access, sharing, &raw const security, disposition, attributes, null_mut()) };
    if handle == INVALID_HANDLE {
        return Err(Fault::last());
    }
    let Some(kind) = table::kind(handle) else {
        let fault = Fault::last();
        // SAFETY: it was just opened.
        unsafe { CloseHandle(handle) };
        return Err(if fault.code() == 0 { Fault::Errno(EINVAL) } else { fault });
    };
    let text = if flags & BINARY != 0 {
        0
    } else if flags & TEXTS != 0 || default_is_text() {
        TEXT
    } else {
        0
    };
    let inherited = if flags & NOINHERIT != 0 { NOT_INHERITED } else { 0 };
    let append = if flags & APPENDING != 0 { APPEND } else { 0 };
    let encoding = match flags {
        flags if flags & U8_TEXT != 0 => Encoding::Utf8,
        flags if flags & (WIDE_TEXT | U16_TEXT) != 0 => Encoding::Utf16,
        _ => Encoding::Ansi,
    };
    let descriptor = Descriptor { handle, flags: OPEN | kind | text | inherited | append, encoding, ahead: None };
    let number = table::add(descriptor).inspect_err(|_| {
        // SAFETY: it was just opened.
        unsafe { CloseHandle(handle) };
    })?;
    if text != 0 && kind & (DEVICE | PIPE) == 0 {
        let prepared = match encoding {
            Encoding::Ansi if flags & 3 == RDWR => drop_end_mark(number, descriptor),
            Encoding::Ansi => Ok(()),
            _ => mark(number, flags, access),
        };
        if let Err(fault) = prepared {
            // The first fault is the one to tell.
            let _ = table::close(number);
            return Err(fault);
        }
    }
    Ok(number)
}

/// Removes a Ctrl-Z at a text's end, so that what is written behind it can be read.
fn drop_end_mark(number: i32, descriptor: Descriptor) -> Result<(), Fault> {
    if table::seek(number, -1, 2).is_err() {
        return Ok(());
    }
    let mut last = [0];
    let count = read::raw(descriptor.handle, &mut last)?;
    if count == 1 && last[0] == read::CTRL_Z && table::seek(number, -1, 2).is_ok() {
        // SAFETY: the handle is open.
        unsafe { SetEndOfFile(descriptor.handle) };
    }
    table::seek(number, 0, 0).map(|_| ())
}

/// Reads the byte order mark of a text in Unicode, or writes it into a new one.
fn mark(number: i32, flags: i32, access: u32) -> Result<(), Fault> {
    const UTF8_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
    let descriptor = table::get(number)?;
    let size = table::seek(number, 0, 2)?;
    table::seek(number, 0, 0)?;
    if size == 0 {
        if access & GENERIC_WRITE != 0 {
            let bytes: &[u8] = if descriptor.encoding == Encoding::Utf8 { &UTF8_MARK } else { &[0xFF, 0xFE] };
            write::raw(descriptor.handle, bytes)?;
        }
        return Ok(());
    }
    if access & GENERIC_READ == 0 {
        return Ok(());
    }
    let mut start = [0; 3];
    let count = read::raw(descriptor.handle, &mut start)?;
    let (encoding, skip) = match start {
        UTF8_MARK if count == 3 => (Encoding::Utf8, 3),
        [0xFF, 0xFE, _] if count >= 2 => (Encoding::Utf16, 2),
        [0xFE, 0xFF, _] if count >= 2 => return Err(Fault::Errno(EINVAL)),
        // Without a mark the flags decide; `_O_WTEXT` alone means the ANSI page.
        _ if flags & WIDE_TEXT != 0 => (Encoding::Ansi, 0),
        _ => (descriptor.encoding, 0),
    };
    table::update(number, |descriptor| descriptor.encoding = encoding);
    let (offset, origin) = if flags & APPENDING != 0 { (0, 2) } else { (skip, 0) };
    table::seek(number, offset, origin).map(|_| ())
}

/// Where the mode lies that files are opened with.
#[shim(ix = {msvcrt: 56, ucrtbase: 196}, mapping = "a variable of the process", risk = Functional("a text that is not translated"))]
pub unsafe extern "C" fn __p__fmode() -> *mut i32 {
    &raw mut _fmode
}

/// Sets the mode that files are opened with.
#[shim(ix = {msvcrt: 455, ucrtbase: 20}, mapping = "a variable of the process", risk = Functional("a text that is not translated"))]
pub unsafe extern "C" fn _set_fmode(mode: i32) -> Result<Code, Fault> {
    if !matches!(mode, BINARY | TEXT_MODE | WIDE_TEXT) {
        return Err(INVALID);
    }
    _fmode = mode;
    Ok(Code)
}

/// Answers the mode that files are opened with.
#[shim(ix = {msvcrt: 456, ucrtbase: 564}, mapping = "a variable of the process", risk = Functional("a text that is not translated"))]
pub unsafe extern "C" fn _get_fmode(mode: *mut i32) -> Result<Code, Fault> {
    *mode.as_mut().ok_or(INVALID)? = _fmode;
    Ok(Code)
}
