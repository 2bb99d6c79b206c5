//! GetBinaryType: which subsystem would run a file.

use crate::ansi;
use crate::nt::{NtReadFile, check};
use crate::open::{block, open_path};
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Wdk::Storage::FileSystem::FILE_NON_DIRECTORY_FILE;
use windows_sys::Win32::Foundation::{ERROR_BAD_EXE_FORMAT, GENERIC_READ, HANDLE, STATUS_END_OF_FILE};

const SCS_32BIT_BINARY: u32 = 0;
const SCS_DOS_BINARY: u32 = 1;
const SCS_WOW_BINARY: u32 = 2;
const SCS_PIF_BINARY: u32 = 3;
const SCS_64BIT_BINARY: u32 = 6;

/// Reads a piece of a file; what lies behind its end is zero.
unsafe fn read<const N: usize>(file: HANDLE, at: i64) -> Result<[u8; N], Win32Error> {
    let (mut bytes, mut block) = ([0; N], block());
    let status = unsafe { NtReadFile(file, null_mut(), null(), null(), &raw mut block, bytes.as_mut_ptr().cast(), N as u32, &raw const at, null()) };
    if status != STATUS_END_OF_FILE {
        check(status)?;
    }
    Ok(bytes)
}

/// What the bytes of a file say; `None` for what is no program.
unsafe fn kind(file: HANDLE) -> Result<Option<u32>, Win32Error> {
    const DLL: u16 = 0x2000;
    const AMD64: u16 = 0x8664;
    const ARM64: u16 = 0xAA64;
    const I386: u16 = 0x14C;
    let head = unsafe { read::<64>(file, 0)? };
    if head[..2] != *b"MZ" {
        return Ok(None);
    }
    let at = u32::from_le_bytes([head[60], head[61], head[62], head[63]]);
    let next = unsafe { read::<24>(file, at.into())? };
    let word = |index: usize| u16::from_le_bytes([next[index], next[index + 1]]);
    Ok(match &next[..4] {
        b"PE\0\0" if word(22) & DLL != 0 => None,
        b"PE\0\0" => match word(4) {
            AMD64 | ARM64 => Some(SCS_64BIT_BINARY),
            I386 => Some(SCS_32BIT_BINARY),
            _ => None,
        },
        [b'N', b'E', ..] => Some(SCS_WOW_BINARY),
        _ => Some(SCS_DOS_BINARY),
    })
}

unsafe fn binary_type(path: *const u16, answer: *mut u32) -> Result<Bool, Win32Error> {
    let file = unsafe { open_path(path, GENERIC_READ, FILE_NON_DIRECTORY_FILE) }?;
    let name = unsafe { text::wide(path) };
    let ends_in = |suffix: &str| {
        let suffix: alloc::vec::Vec<u16> = suffix.encode_utf16().collect();
        name.len() >= suffix.len() && text::same_ascii(&name[name.len() - suffix.len()..], &suffix)
    };
    let kind = match unsafe { kind(file.0)? } {
        None if ends_in(".com") => Some(SCS_DOS_BINARY),
        None if ends_in(".pif") => Some(SCS_PIF_BINARY),
        other => other,
    };
    unsafe { *answer = kind.ok_or(Win32Error(ERROR_BAD_EXE_FORMAT))? };
    Ok(Bool)
}

/// Answers which subsystem would run a program; a DLL is none.
#[shim(ix = 310, mapping = "the file's headers", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetBinaryTypeW(path: *const u16, answer: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { binary_type(path, answer) }
}

/// Answers which subsystem would run a program; a DLL is none.
#[shim(ix = 673, mapping = "GetBinaryTypeW", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetBinaryTypeA(path: *const u8, answer: *mut u32) -> Result<Bool, Win32Error> {
    unsafe { binary_type(ansi::file_name(path)?.as_ptr(), answer) }
}
