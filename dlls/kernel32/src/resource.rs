//! Resources of modules that kernel32 itself reads: messages and the manifest.

use crate::nt::{LdrAccessResource, LdrFindResource_U, check};
use core::ptr::null;
use guest::error::Win32Error;

/// The bytes of a resource, in the language wanted (0: the system's own, or what there is).
///
/// # Safety
/// `module` is a module's handle, and the module stays for as long as the bytes are used.
pub unsafe fn find<'a>(module: *const u8, kind: u16, name: u16, language: u16) -> Result<&'a [u8], Win32Error> {
    let path = [kind, name, language].map(usize::from);
    let (mut entry, mut data, mut size) = (null(), null(), 0);
    // SAFETY: the caller's module, and places to write.
    check(unsafe { LdrFindResource_U(module.cast(), path.as_ptr(), path.len() as u32, &raw mut entry) })?;
    // SAFETY: as above, with the entry that was found in it.
    check(unsafe { LdrAccessResource(module.cast(), entry, &raw mut data, &raw mut size) })?;
    // SAFETY: the loader has made sure that the bytes lie in the module.
    Ok(unsafe { core::slice::from_raw_parts(data.cast::<u8>(), size as usize) })
}
