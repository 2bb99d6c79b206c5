//! The loader's exports about paths: where a module lies, and where DLLs are searched.

use super::folders;
use super::service::find;
use super::state::{loader, locked};
use crate::heap::process_heap;
use crate::parameters::Process;
use crate::path::{self, Kind};
use crate::string::units;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{
    STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_OBJECT_NAME_NOT_FOUND, UNICODE_STRING,
};
use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_DIRECTORY;

/// Writes units with their NUL into a caller's string; what does not fit is cut.
unsafe fn fill(target: *mut UNICODE_STRING, source: &[u16]) -> Result<NtStatus, Status> {
    // SAFETY: the caller's string.
    let target = unsafe { &mut *target };
    let room = usize::from(target.MaximumLength / 2);
    let fits = source.len().min(room.saturating_sub(1));
    target.Length = 2 * fits as u16;
    if room > 0 {
        // SAFETY: the string has that room.
        unsafe {
            target.Buffer.copy_from_nonoverlapping(source.as_ptr(), fits);
            *target.Buffer.add(fits) = 0;
        }
    }
    if fits < source.len() || room == 0 { Err(Status(STATUS_BUFFER_TOO_SMALL)) } else { Ok(NtStatus::SUCCESS) }
}

/// Answers a module's path, the program's for NULL.
#[shim(ix = 216, mapping = "the loader", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn LdrGetDllFullName(handle: *mut c_void, name: *mut UNICODE_STRING) -> Result<NtStatus, Status> {
    locked(|| {
        let module = if handle.is_null() { loader().modules[0] } else { find(handle)? };
        // SAFETY: modules live as long as they are listed.
        unsafe { fill(name, (*module).full_name()) }
    })
}

/// Makes the search path of a load with some flags; RtlReleasePath frees it.
#[shim(ix = 217, mapping = "the loader's search path", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LdrGetDllPath(name: *const u16, flags: u32, path: *mut *mut u16, rest: *mut *mut u16) -> Result<NtStatus, Status> {
    let name = if name.is_null() { &[][..] } else { unsafe { guest::text::wide(name) } };
    let mut units = folders::join(&locked(|| folders::search(flags, name))?);
    units.push(0);
    let block = process_heap().allocate(size_of_val(units.as_slice()), false).cast::<u16>();
    if block.is_null() {
        return Err(Status(STATUS_NO_MEMORY));
    }
    unsafe {
        block.copy_from_nonoverlapping(units.as_ptr(), units.len());
        *path = block;
        if !rest.is_null() {
            *rest = core::ptr::null_mut();
        }
    }
    Ok(NtStatus::SUCCESS)
}

/// Frees a search path.
#[shim(ix = 218, mapping = "the process heap", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn RtlReleasePath(path: *mut u16) {
    unsafe { process_heap().free(path.cast()) };
}

/// Sets the folder that is searched in place of the current one; NULL brings that one back, an empty name leaves both out.
#[shim(ix = 219, mapping = "the loader's search path", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LdrSetDllDirectory(folder: *const UNICODE_STRING) -> Result<NtStatus, Status> {
    let folder = (!folder.is_null()).then(|| unsafe { units(folder) }.to_vec());
    // The search path's own separator cannot stand in it.
    if folder.as_ref().is_some_and(|folder| folder.contains(&u16::from(b';'))) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    locked(|| loader().settings.directory = folder);
    Ok(NtStatus::SUCCESS)
}

/// Answers the folder that LdrSetDllDirectory has set.
#[shim(ix = 220, mapping = "the loader's search path", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn LdrGetDllDirectory(folder: *mut UNICODE_STRING) -> Result<NtStatus, Status> {
    locked(|| unsafe { fill(folder, loader().settings.directory.as_deref().unwrap_or_default()) })
}

/// Adds a folder by its full path; answers what removes it.
#[shim(ix = 221, mapping = "the loader's search path", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LdrAddDllDirectory(folder: *const UNICODE_STRING, cookie: *mut *mut c_void) -> Result<NtStatus, Status> {
    let folder: Vec<u16> = unsafe { units(folder) }.to_vec();
    if !matches!(path::kind(&folder), Kind::UncAbsolute | Kind::DriveAbsolute | Kind::LocalDevice) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let folder = path::full(&folder, &Process);
    if crate::parameters::attributes(&folder)? & FILE_ATTRIBUTE_DIRECTORY == 0 {
        return Err(Status(STATUS_OBJECT_NAME_NOT_FOUND));
    }
    locked(|| {
        let settings = &mut loader().settings;
        settings.count += 1;
        settings.added.push((settings.count, folder));
        unsafe { *cookie = settings.count as *mut c_void };
    });
    Ok(NtStatus::SUCCESS)
}

/// Removes a folder that LdrAddDllDirectory has added.
#[shim(ix = 222, mapping = "the loader's search path", risk = Functional("a DLL that is found in vain"))]
pub unsafe extern "system" fn LdrRemoveDllDirectory(cookie: *mut c_void) -> Result<NtStatus, Status> {
    locked(|| {
        let added = &mut loader().settings.added;
        let at = added.iter().position(|(number, _)| *number == cookie as usize).ok_or(Status(STATUS_INVALID_PARAMETER))?;
        added.remove(at);
        Ok(NtStatus::SUCCESS)
    })
}

/// Sets which folders are searched by loads that do not say so themselves.
#[shim(ix = 223, mapping = "the loader's search path", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LdrSetDefaultDllDirectories(flags: u32) -> Result<NtStatus, Status> {
    locked(|| loader().settings.set_flags(flags)).map(|()| NtStatus::SUCCESS)
}
