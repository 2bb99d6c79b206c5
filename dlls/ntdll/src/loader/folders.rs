//! Which folders are searched for a DLL that is none of ours, and what the program has said about them.

use super::state::{Settings, loader};
use crate::parameters::{self, Process};
use crate::path::{self, Folders, Kind};
use alloc::vec::Vec;
use guest::error::Status;
use windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER;

const BACKSLASH: u16 = b'\\' as u16;
const SEMICOLON: u16 = b';' as u16;

/// Where our DLLs seem to lie.
pub const SYSTEM_FOLDER: &str = "C:\\Windows\\System32\\";
/// The same for 32-bit programs, by the name that 64-bit ones see.
pub const NARROW_SYSTEM_FOLDER: &str = "C:\\Windows\\SysWOW64\\";

/// Flags of LoadLibraryEx (libloaderapi.h).
mod flag {
    pub const ALTERED_SEARCH_PATH: u32 = 0x8;
    pub const DLL_LOAD_DIR: u32 = 0x100;
    pub const APPLICATION_DIR: u32 = 0x200;
    pub const USER_DIRS: u32 = 0x400;
    pub const SYSTEM32: u32 = 0x800;
    pub const DEFAULT_DIRS: u32 = 0x1000;
    /// Those that say which folders are searched.
    pub const SEARCH: u32 = DLL_LOAD_DIR | APPLICATION_DIR | USER_DIRS | SYSTEM32 | DEFAULT_DIRS;
}

impl Settings {
    /// Sets the flags of loads that give none.
    pub fn set_flags(&mut self, flags: u32) -> Result<(), Status> {
        const KNOWN: u32 = flag::APPLICATION_DIR | flag::USER_DIRS | flag::SYSTEM32 | flag::DEFAULT_DIRS;
        if flags == 0 || flags & !KNOWN != 0 {
            return Err(Status(STATUS_INVALID_PARAMETER));
        }
        self.flags = flags;
        Ok(())
    }
}

/// The folder of a file's path, with its backslash.
fn folder_of(path: &[u16]) -> Vec<u16> {
    let end = path.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
    path[..end].to_vec()
}

fn program_folder() -> Vec<u16> {
    // SAFETY: the program's path never changes.
    folder_of(unsafe { parameters::text(&parameters::get().image_path_name) })
}

fn system_folder() -> Vec<u16> {
    SYSTEM_FOLDER.encode_utf16().collect()
}

/// The search path of a load that says nothing of its own.
pub fn standard() -> Vec<Vec<u16>> {
    search(0, &[]).unwrap_or_default()
}

/// The folders that a load with some flags searches, in order. `name` is what is loaded.
pub fn search(flags: u32, name: &[u16]) -> Result<Vec<Vec<u16>>, Status> {
    let settings = &loader().settings;
    let flags = if flags & (flag::SEARCH | flag::ALTERED_SEARCH_PATH) == 0 { settings.flags } else { flags };
    let beside =
        matches!(path::kind(name), Kind::UncAbsolute | Kind::DriveAbsolute | Kind::LocalDevice).then(|| folder_of(&path::full(name, &Process)));
    if flags & flag::SEARCH == 0 {
        let first = beside.filter(|_| flags & flag::ALTERED_SEARCH_PATH != 0).unwrap_or_else(program_folder);
        let mut folders = alloc::vec![first];
        folders.extend(settings.directory.iter().filter(|folder| !folder.is_empty()).cloned());
        folders.push(system_folder());
        folders.extend(["C:\\Windows\\System\\", "C:\\Windows\\"].map(|folder| folder.encode_utf16().collect()));
        if settings.directory.is_none() {
            folders.push(Process.current());
        }
        folders.extend(parameters::search_path());
        return Ok(folders);
    }
    let default = flags & flag::DEFAULT_DIRS != 0;
    let mut folders = Vec::new();
    if flags & flag::DLL_LOAD_DIR != 0 {
        folders.push(beside.ok_or(Status(STATUS_INVALID_PARAMETER))?);
    }
    if default || flags & flag::APPLICATION_DIR != 0 {
        folders.push(program_folder());
    }
    if default || flags & flag::USER_DIRS != 0 {
        folders.extend(settings.added.iter().map(|(_, folder)| folder.clone()));
        folders.extend(settings.directory.iter().filter(|folder| !folder.is_empty()).cloned());
    }
    if default || flags & flag::SYSTEM32 != 0 {
        folders.push(system_folder());
    }
    Ok(folders)
}

/// A search path as one text.
pub fn join(folders: &[Vec<u16>]) -> Vec<u16> {
    folders.join(&SEMICOLON)
}

/// The folders of a search path.
pub fn split(path: &[u16]) -> Vec<Vec<u16>> {
    path.split(|unit| *unit == SEMICOLON).map(<[u16]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_goes_there_and_back() {
        let folders: Vec<Vec<u16>> = ["C:\\a\\", "Z:\\b"].map(|folder| folder.encode_utf16().collect()).to_vec();
        assert_eq!(split(&join(&folders)), folders);
    }

    #[test]
    fn default_flags_name_folders_alone() {
        let mut settings = Settings::default();
        for refused in [0, flag::DLL_LOAD_DIR, flag::ALTERED_SEARCH_PATH, flag::SYSTEM32 | 1] {
            assert_eq!(settings.set_flags(refused), Err(Status(STATUS_INVALID_PARAMETER)), "{refused:#x}");
        }
        assert_eq!(settings.set_flags(flag::SYSTEM32 | flag::USER_DIRS), Ok(()));
        assert_eq!(settings.flags, flag::SYSTEM32 | flag::USER_DIRS);
    }
}
