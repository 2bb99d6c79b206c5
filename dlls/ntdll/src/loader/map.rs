//! Mapping: finding a DLL where the search order has it, ours or the program's, and listing it.

use super::folders::SYSTEM_FOLDER;
use super::module::{Module, Origin};
use super::search::{self, Wanted};
use super::state::loader;
use crate::gate::ask;
use crate::parameters::Process;
use crate::path;
use crate::redirection::redirected;
use alloc::vec::Vec;
use gate::service::{CloseHandle, CreateSection, IMAGE_BOUND, MapSystemImage, MapView, OpenFile};
use guest::error::Status;
use windows_sys::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{
    STATUS_DLL_NOT_FOUND, STATUS_NOT_A_DIRECTORY, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, SYNCHRONIZE};
use windows_sys::Win32::System::Memory::{PAGE_EXECUTE_READ, SEC_IMAGE, SECTION_MAP_EXECUTE, SECTION_MAP_READ};

/// Finds a DLL or maps it, without binding what it imports.
pub fn find_or_map(wanted: &Wanted) -> Result<*mut Module, Status> {
    if let Some(module) = search::loaded(wanted) {
        return Ok(module);
    }
    let ascii = wanted.ascii.as_deref().filter(|_| wanted.is_in_system_folder());
    let ours = || ascii.and_then(|name| map_system(name).ok());
    let own_first = ascii.is_none_or(search::private_wins);
    if !own_first && let Some(module) = ours() {
        return Ok(module);
    }
    for candidate in search::candidates(wanted) {
        if let Some(module) = search::loaded_from(&candidate) {
            return Ok(module);
        }
        // What lies there as a file is a copy, for looking at.
        if search::is_ours(&candidate)
            && let Some(module) = ours()
        {
            return Ok(module);
        }
        match map_file(&candidate) {
            Ok(module) => return Ok(module),
            Err(Status(
                STATUS_OBJECT_NAME_NOT_FOUND
                | STATUS_OBJECT_PATH_NOT_FOUND
                | STATUS_OBJECT_NAME_INVALID
                | STATUS_NOT_A_DIRECTORY
                | STATUS_DLL_NOT_FOUND,
            )) => {}
            Err(status) => return Err(status),
        }
    }
    ours().filter(|_| own_first).ok_or(Status(STATUS_DLL_NOT_FOUND))
}

/// Maps one of our DLLs.
pub fn map_system(name: &[u8]) -> Result<*mut Module, Status> {
    let mut request = MapSystemImage { name: name.as_ptr() as u64, name_size: name.len() as u64, ..MapSystemImage::default() };
    ask(&mut request)?;
    let path: Vec<u16> = SYSTEM_FOLDER.encode_utf16().chain(name.iter().map(|byte| u16::from(*byte))).collect();
    let module = Module::new(request.base as usize as *mut u8, request.size as u32, &path, Origin::System);
    // SAFETY: just made.
    unsafe { (*module).bound = request.flags & IMAGE_BOUND != 0 };
    loader().modules.push(module);
    Ok(module)
}

/// Maps a DLL of the program's.
fn map_file(dos_path: &[u16]) -> Result<*mut Module, Status> {
    let name = path::nt(dos_path, &Process);
    let name = redirected(&name);
    let mut open = OpenFile {
        name: name.as_ptr() as u64,
        name_size: size_of_val(&*name) as u64,
        access: FILE_READ_DATA | FILE_EXECUTE | SYNCHRONIZE,
        share: FILE_SHARE_READ | FILE_SHARE_DELETE,
        disposition: FILE_OPEN,
        options: FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
        object_flags: windows_sys::Win32::Foundation::OBJ_CASE_INSENSITIVE,
        ..OpenFile::default()
    };
    ask(&mut open)?;
    let mut section = CreateSection {
        file: open.handle,
        protect: PAGE_EXECUTE_READ,
        attributes: SEC_IMAGE,
        access: SECTION_MAP_READ | SECTION_MAP_EXECUTE,
        ..CreateSection::default()
    };
    let made = ask(&mut section);
    let _ = ask(&mut CloseHandle { handle: open.handle });
    made?;
    let mut view = MapView { section: section.handle, protect: PAGE_EXECUTE_READ, ..MapView::default() };
    let mapped = ask(&mut view);
    let _ = ask(&mut CloseHandle { handle: section.handle });
    mapped?;
    let full = path::full(dos_path, &Process);
    let module = Module::new(view.base as usize as *mut u8, view.size as u32, &full, Origin::Own);
    loader().modules.push(module);
    Ok(module)
}
