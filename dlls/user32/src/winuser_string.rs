//! winuser.h: texts of a program's string table.

use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::Count;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{ERROR_RESOURCE_NAME_NOT_FOUND, HINSTANCE};

guest::imports! {
    "kernel32" {
        fn FindResourceW(module: HINSTANCE, name: *const u16, kind: *const u16) -> *mut c_void;
        fn LoadResource(module: HINSTANCE, resource: *mut c_void) -> *mut c_void;
        fn LockResource(data: *mut c_void) -> *mut c_void;
        fn SizeofResource(module: HINSTANCE, resource: *mut c_void) -> u32;
    }
}

/// `RT_STRING`: blocks of sixteen texts.
const STRINGS: usize = 6;
const PER_BLOCK: u32 = 16;

/// A text of a module's string table.
unsafe fn find<'a>(instance: HINSTANCE, id: u32) -> Result<&'a [u8], Win32Error> {
    let name = u16::try_from(id / PER_BLOCK + 1).map_err(|_| Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?;
    let failed = || Win32Error(teb::last_error());
    // SAFETY: numbers stand for the names; the rest is what kernel32 has found in the module.
    let mut block: &[u8] = unsafe {
        let resource = FindResourceW(instance, usize::from(name) as *const u16, STRINGS as *const u16);
        if resource.is_null() {
            return Err(failed());
        }
        let data = LockResource(LoadResource(instance, resource));
        if data.is_null() {
            return Err(failed());
        }
        core::slice::from_raw_parts(data.cast(), SizeofResource(instance, resource) as usize)
    };
    for _ in 0..id % PER_BLOCK {
        block = split(block).ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?.1;
    }
    split(block).map(|(text, _)| text).ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))
}

/// The bytes of the first text of a block, and what follows it.
fn split(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = block.split_first_chunk::<2>()?;
    rest.split_at_checked(2 * usize::from(u16::from_le_bytes(*length)))
}

fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Copies a text, as much of it as fits with a NUL behind it; answers its length.
unsafe fn put<T: Copy + Default>(text: &[T], buffer: *mut T, room: usize) -> u32 {
    let fits = text.len().min(room - 1);
    // SAFETY: the buffer has that room, which is not 0.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr(), fits);
        *buffer.add(fits) = T::default();
    }
    fits as u32
}

/// Copies a text of a module's string table, or answers where it stands if there is no room at all.
#[shim(ix = 42, mapping = "FindResourceW, LoadResource", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn LoadStringW(instance: HINSTANCE, id: u32, buffer: *mut u16, room: i32) -> Result<Count<u32>, Win32Error> {
    let text = unsafe { find(instance, id) }?;
    match usize::try_from(room) {
        Ok(0) if !buffer.is_null() => {
            unsafe { buffer.cast::<*const u8>().write_unaligned(text.as_ptr()) };
            Ok(Count((text.len() / 2) as u32))
        }
        Ok(room) if room > 0 && !buffer.is_null() => Ok(Count(unsafe { put(&units(text), buffer, room) })),
        _ => Ok(Count(0)),
    }
}

/// Copies a text of a module's string table.
#[shim(ix = 342, mapping = "FindResourceW, LoadResource", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn LoadStringA(instance: HINSTANCE, id: u32, buffer: *mut u8, room: i32) -> Result<Count<u32>, Win32Error> {
    let text = unsafe { find(instance, id) }?;
    let bytes = nls::from_wide(ANSI, &units(text), b'?').unwrap_or_default().0;
    match usize::try_from(room) {
        Ok(room) if room > 0 && !buffer.is_null() => Ok(Count(unsafe { put(&bytes, buffer, room) })),
        _ => Ok(Count(0)),
    }
}
