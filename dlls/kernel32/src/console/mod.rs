//! The console as this process knows it: a terminal behind a handle, where its cursor is, and its colours.
//!
//! A terminal does not tell where its cursor is (its answer would be typed into the program's input), so the position is counted
//! along with what this process writes. Until it is certain, the cursor is moved by differences only.

mod colour;
mod device;
mod screen;

pub use colour::is_valid;
pub use device::{Output, mode, set_mode};
pub use screen::{SCREEN, has_sequences, without_sequences};

use crate::nt::{NtClose, NtOpenFile};
use crate::processenv::unicode_string;
use core::ptr::null_mut;
use guest::error::Win32Error;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::FILE_SYNCHRONOUS_IO_NONALERT;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_SHARE_READ, FILE_SHARE_WRITE};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// What a console is asked for by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `CONIN$`.
    Input,
    /// `CONOUT$`.
    Output,
}

/// A side of the process's console, closed when it is dropped.
struct Own(HANDLE);

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: opened by us.
        unsafe { NtClose(self.0) };
    }
}

fn open(side: Side) -> Result<Own, Win32Error> {
    let (name, access) = match side {
        Side::Input => ("\\??\\CONIN$", FILE_GENERIC_READ),
        Side::Output => ("\\??\\CONOUT$", FILE_GENERIC_WRITE),
    };
    let units: alloc::vec::Vec<u16> = name.encode_utf16().collect();
    let name = unicode_string(&units)?;
    let object = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: &raw const name,
        Attributes: 0,
        SecurityDescriptor: null_mut(),
        SecurityQualityOfService: null_mut(),
    };
    let mut handle = null_mut();
    // SAFETY: plain data, for which zero is a value.
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    // SAFETY: reads the name, writes the handle.
    let status = unsafe { NtOpenFile(&raw mut handle, access, &raw const object, &raw mut block, share, FILE_SYNCHRONOUS_IO_NONALERT) };
    if status < 0 { Err(Win32Error(ERROR_INVALID_HANDLE)) } else { Ok(Own(handle)) }
}

/// Runs `work` with a handle of the process's console; without a console it is refused.
pub fn with_own<T>(side: Side, work: impl FnOnce(HANDLE) -> Result<T, Win32Error>) -> Result<T, Win32Error> {
    let own = open(side)?;
    work(own.0)
}

/// Runs `work` with the screen of the process's console.
pub fn with_screen<T>(work: impl FnOnce(&Output) -> Result<T, Win32Error>) -> Result<T, Win32Error> {
    with_own(Side::Output, |handle| work(&Output::of(handle)?))
}

/// Whether the process has a console.
pub fn exists() -> bool {
    open(Side::Output).or_else(|_| open(Side::Input)).is_ok()
}
