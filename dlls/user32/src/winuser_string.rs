//! winuser.h: texts of a program's string table.

use alloc::vec::Vec;
use guest::call::Count;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::shim;
use pe::{Id, Image, Layout};
use windows_sys::Win32::Foundation::{ERROR_RESOURCE_NAME_NOT_FOUND, HINSTANCE};

/// `RT_STRING`: blocks of sixteen texts.
const STRINGS: u16 = 6;
const PER_BLOCK: u32 = 16;
/// The languages that are looked for first: the user's, then none in particular.
const LANGUAGES: [Option<u16>; 3] = [Some(0x409), Some(0), None];

/// A module's bytes, as it is mapped.
unsafe fn module<'a>(instance: HINSTANCE) -> &'a [u8] {
    let own = || unsafe { (*guest::teb::peb()).image_base_address as usize };
    let base = if instance.is_null() { own() } else { instance as usize & !3 };
    // SAFETY: a module's headers are mapped: 60 bytes in, they tell where the image's size stands.
    unsafe {
        let headers = base + (base as *const u32).byte_add(60).read() as usize;
        let size = ((headers + 80) as *const u32).read() as usize;
        core::slice::from_raw_parts(base as *const u8, size)
    }
}

/// A text of a module's string table.
unsafe fn find<'a>(instance: HINSTANCE, id: u32) -> Option<&'a [u8]> {
    let bytes = unsafe { module(instance) };
    let image = Image::parse(bytes, Layout::Mapped).ok()?;
    let resources = image.resources().ok()??;
    let name = Id::Number(u16::try_from(id / PER_BLOCK + 1).ok()?);
    let data = LANGUAGES.iter().find_map(|language| resources.find(Id::Number(STRINGS), name, *language).ok().flatten())?;
    let mut block = image.at(data.rva, data.size)?;
    for _ in 0..id % PER_BLOCK {
        block = split(block)?.1;
    }
    split(block).map(|(text, _)| text)
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
#[shim(ix = 42, mapping = "the module's resources", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn LoadStringW(instance: HINSTANCE, id: u32, buffer: *mut u16, room: i32) -> Result<Count<u32>, Win32Error> {
    let text = unsafe { find(instance, id) }.ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?;
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
#[shim(ix = 342, mapping = "the module's resources", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn LoadStringA(instance: HINSTANCE, id: u32, buffer: *mut u8, room: i32) -> Result<Count<u32>, Win32Error> {
    let text = unsafe { find(instance, id) }.ok_or(Win32Error(ERROR_RESOURCE_NAME_NOT_FOUND))?;
    let bytes = nls::from_wide(ANSI, &units(text), b'?').unwrap_or_default().0;
    match usize::try_from(room) {
        Ok(room) if room > 0 && !buffer.is_null() => Ok(Count(unsafe { put(&bytes, buffer, room) })),
        _ => Ok(Count(0)),
    }
}
