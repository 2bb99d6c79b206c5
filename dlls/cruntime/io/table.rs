//! The table of file descriptors: the handle behind each, and its state.

use super::super::errno::{EBADF, EMFILE};
use super::super::fault::{BAD_DESCRIPTOR, Fault};
use super::super::kernel32::{CloseHandle, GetFileType, GetStartupInfoW, GetStdHandle, INVALID_HANDLE, SetFilePointerEx, SetStdHandle};
use super::super::lock::{self, Guarded};
use alloc::vec::Vec;
use windows_sys::Win32::Foundation::HANDLE;

/// The handle and the state of a descriptor.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    pub handle: HANDLE,
    pub flags: u8,
    pub encoding: Encoding,
    /// A byte that was read behind a CR and is not used up.
    pub ahead: Option<u8>,
}

// SAFETY: handles are numbers.
unsafe impl Send for Descriptor {}

/// How text in a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Ansi,
    Utf8,
    Utf16,
}

pub const OPEN: u8 = 1;
/// Ctrl-Z was read.
pub const AT_END: u8 = 2;
/// The last read translated a CR LF.
pub const TRANSLATED: u8 = 4;
pub const PIPE: u8 = 8;
pub const NOT_INHERITED: u8 = 0x10;
pub const APPEND: u8 = 0x20;
pub const DEVICE: u8 = 0x40;
pub const TEXT: u8 = 0x80;

const MOST: usize = 2048;
/// What a standard descriptor holds in a program without that handle.
const NO_FILE: isize = -2;

static TABLE: Guarded<Vec<Descriptor>> = Guarded::new(lock::DESCRIPTORS, Vec::new());

impl Descriptor {
    const FREE: Self = Self { handle: INVALID_HANDLE, flags: 0, encoding: Encoding::Ansi, ahead: None };

    /// Bytes are translated.
    pub fn is_text(&self) -> bool {
        self.flags & TEXT != 0
    }
}

/// What a handle leads to, as flags of a descriptor; nothing for a handle that is none.
pub fn kind(handle: HANDLE) -> Option<u8> {
    const CHARACTER: u32 = 2;
    const PIPE_TYPE: u32 = 3;
    // SAFETY: any number may be asked for.
    match unsafe { GetFileType(handle) } & 0x7FFF {
        0 => None,
        CHARACTER => Some(DEVICE),
        PIPE_TYPE => Some(PIPE),
        _ => Some(0),
    }
}

const STANDARD: [u32; 3] = [-10i32 as u32, -11i32 as u32, -12i32 as u32];

/// The descriptors that the program starts with: those its maker passed on, and the standard handles.
pub fn start() {
    // SAFETY: plain data, for which zero is a value.
    let mut information: windows_sys::Win32::System::Threading::STARTUPINFOW = unsafe { core::mem::zeroed() };
    // SAFETY: there is room for it.
    unsafe { GetStartupInfoW(&raw mut information) };
    TABLE.with(|table| {
        table.resize(3, Descriptor::FREE);
        let size = usize::from(information.cbReserved2);
        if size > 4 && !information.lpReserved2.is_null() {
            // SAFETY: the block is as long as said.
            let block = unsafe { core::slice::from_raw_parts(information.lpReserved2, size) };
            inherit(table, block);
        }
        for (number, which) in STANDARD.into_iter().enumerate() {
            let descriptor = &mut table[number];
            if descriptor.flags & OPEN != 0 {
                continue;
            }
            // SAFETY: any number may be asked for.
            let handle = unsafe { GetStdHandle(which) };
            descriptor.flags = OPEN | TEXT;
            match kind(handle).filter(|_| handle != INVALID_HANDLE && !handle.is_null()) {
                Some(kind) => {
                    descriptor.handle = handle;
                    descriptor.flags |= kind;
                }
                None => {
                    descriptor.handle = NO_FILE as HANDLE;
                    descriptor.flags |= DEVICE;
                }
            }
        }
    });
}

/// Descriptors of the process's maker: a count, a byte of flags and a handle for each.
fn inherit(table: &mut Vec<Descriptor>, block: &[u8]) {
    const WORD: usize = size_of::<usize>();
    let (count, rest) = block.split_at(4);
    let count = count.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)).min(MOST);
    if rest.len() < count.saturating_mul(1 + WORD) {
        return;
    }
    let (flags, handles) = rest.split_at(count);
    for (number, (flags, handle)) in flags.iter().zip(handles.chunks_exact(WORD)).enumerate() {
        let mut word = [0; WORD];
        word.copy_from_slice(handle);
        let handle = usize::from_le_bytes(word) as HANDLE;
        if flags & OPEN == 0 || handle == INVALID_HANDLE || handle as isize == NO_FILE {
            continue;
        }
        let Some(kind) = kind(handle) else { continue };
        if table.len() <= number {
            table.resize(number + 1, Descriptor::FREE);
        }
        table[number] = Descriptor { handle, flags: flags & !(DEVICE | PIPE) | kind, ..Descriptor::FREE };
    }
}

/// What a descriptor is.
pub fn get(number: i32) -> Result<Descriptor, Fault> {
    if number == -2 {
        return Err(Fault::Errno(EBADF));
    }
    let found = TABLE.with(|table| usize::try_from(number).ok().and_then(|number| table.get(number).copied()));
    found.filter(|descriptor| descriptor.flags & OPEN != 0).ok_or(BAD_DESCRIPTOR)
}

/// Changes a descriptor.
pub fn update(number: i32, change: impl FnOnce(&mut Descriptor)) {
    TABLE.with(|table| {
        if let Some(descriptor) = usize::try_from(number).ok().and_then(|number| table.get_mut(number)) {
            change(descriptor);
        }
    });
}

/// Takes the lowest free descriptor.
pub fn add(descriptor: Descriptor) -> Result<i32, Fault> {
    TABLE.with(|table| {
        let number = match table.iter().position(|other| other.flags & OPEN == 0) {
            Some(number) => number,
            None if table.len() < MOST => {
                table.push(Descriptor::FREE);
                table.len() - 1
            }
            None => return Err(Fault::Errno(EMFILE)),
        };
        table[number] = descriptor;
        tell_standard(number, descriptor.handle);
        Ok(number as i32)
    })
}

/// Puts a descriptor in a place, whatever was there.
pub fn put(number: i32, descriptor: Descriptor) -> Result<(), Fault> {
    let index = usize::try_from(number).ok().filter(|index| *index < MOST).ok_or(BAD_DESCRIPTOR)?;
    TABLE.with(|table| {
        if table.len() <= index {
            table.resize(index + 1, Descriptor::FREE);
        }
        table[index] = descriptor;
        tell_standard(index, descriptor.handle);
    });
    Ok(())
}

/// A console program's standard handles follow its descriptors.
fn tell_standard(number: usize, handle: HANDLE) {
    if let Some(which) = STANDARD.get(number) {
        // SAFETY: sets a number.
        unsafe { SetStdHandle(*which, handle) };
    }
}

/// Closes a descriptor.
pub fn close(number: i32) -> Result<(), Fault> {
    let descriptor = get(number)?;
    // Standard output and standard error may be one handle: it closes with the last.
    let shared = matches!(number, 1 | 2) && get(3 - number).is_ok_and(|other| other.handle == descriptor.handle);
    update(number, |descriptor| *descriptor = Descriptor::FREE);
    if (0..3).contains(&number) {
        tell_standard(number as usize, core::ptr::null_mut());
    }
    if shared || descriptor.handle as isize == NO_FILE {
        return Ok(());
    }
    // SAFETY: the descriptor owned it.
    if unsafe { CloseHandle(descriptor.handle) } == 0 { Err(Fault::last()) } else { Ok(()) }
}

/// Moves a descriptor's position; answers it.
pub fn seek(number: i32, offset: i64, origin: i32) -> Result<i64, Fault> {
    let descriptor = get(number)?;
    let mut position = 0;
    // SAFETY: there is room for the position.
    if unsafe { SetFilePointerEx(descriptor.handle, offset, &raw mut position, origin as u32) } == 0 {
        return Err(match guest::teb::last_error() {
            windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE => Fault::Errno(EBADF),
            error => Fault::Win32(error),
        });
    }
    update(number, |descriptor| {
        descriptor.flags &= !AT_END;
        descriptor.ahead = None;
    });
    Ok(position)
}

/// Whether a descriptor leads to a terminal or another device.
pub fn is_device(number: i32) -> bool {
    get(number).is_ok_and(|descriptor| descriptor.flags & DEVICE != 0)
}

/// Whether a descriptor is open, without regard to what is asked of it.
pub fn get_open(number: i32) -> bool {
    TABLE.with(|table| usize::try_from(number).ok().and_then(|number| table.get(number)).is_some_and(|descriptor| descriptor.flags & OPEN != 0))
}

/// The position, without a change of the descriptor.
pub fn seek_quietly(number: i32) -> Result<i64, Fault> {
    const CURRENT: u32 = 1;
    let descriptor = get(number)?;
    let mut position = 0;
    // SAFETY: there is room for the position.
    if unsafe { SetFilePointerEx(descriptor.handle, 0, &raw mut position, CURRENT) } == 0 { Err(Fault::last()) } else { Ok(position) }
}
