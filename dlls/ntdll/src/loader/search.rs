//! Finding DLLs: by name among those that are loaded, among ours, beside the program, along the search path.

use super::loader;
use super::module::Module;
use crate::parameters::{self, Process};
use crate::path;
use alloc::vec::Vec;
use gate::api_set;
use guest::text::same_ascii;

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;

/// The name of a DLL as it is looked for.
pub struct Wanted {
    /// The full path, where the name had a folder.
    pub path: Option<Vec<u16>>,
    /// The file name with its extension.
    pub name: Vec<u16>,
    /// The file name in lower case, where it is ASCII.
    pub ascii: Option<Vec<u8>>,
}

impl Wanted {
    /// From the name that a program gives: `.dll` is added where there is no extension, a trailing dot says "none".
    pub fn new(given: &[u16]) -> Self {
        let has_folder = given.iter().any(|unit| *unit == BACKSLASH || *unit == u16::from(b'/') || *unit == u16::from(b':'));
        let mut whole = if has_folder { path::full(given, &Process) } else { given.to_vec() };
        let at = whole.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
        // path::full has already dropped a trailing dot, so the name given decides.
        if given.last() == Some(&DOT) {
            if !has_folder {
                whole.pop();
            }
        } else if !whole[at..].contains(&DOT) {
            whole.extend(".dll".encode_utf16());
        }
        let mut name = whole[at..].to_vec();
        let mut path = has_folder.then_some(whole);
        let ascii = name.iter().map(|unit| u8::try_from(*unit).ok().filter(u8::is_ascii).map(|byte| byte.to_ascii_lowercase())).collect();
        let mut wanted = Self { path: None, name: Vec::new(), ascii };
        wanted.follow_contract(&mut name, &mut path);
        (wanted.name, wanted.path) = (name, path);
        wanted
    }

    /// From a name in an import table.
    pub fn from_bytes(name: &[u8]) -> Self {
        Self::new(&name.iter().map(|byte| u16::from(*byte)).collect::<Vec<_>>())
    }

    fn follow_contract(&mut self, name: &mut Vec<u16>, path: &mut Option<Vec<u16>>) {
        let Some(ascii) = &self.ascii else { return };
        let host = api_set::host(ascii);
        if host != ascii.as_slice() {
            *name = host.iter().map(|byte| u16::from(*byte)).collect();
            *path = None;
            self.ascii = Some(host.to_vec());
        }
    }

    /// Whether it lies in our own system folder, by its path.
    pub fn is_in_system_folder(&self) -> bool {
        self.path.as_ref().is_none_or(|path| {
            let folder = &path[..path.len() - self.name.len()];
            let system: Vec<u16> = SYSTEM_FOLDER.encode_utf16().collect();
            let windows: Vec<u16> = "C:\\Windows\\SysWOW64\\".encode_utf16().collect();
            same_ascii(folder, &system) || same_ascii(folder, &windows)
        })
    }
}

/// Where our DLLs seem to lie.
pub const SYSTEM_FOLDER: &str = "C:\\Windows\\System32\\";

/// Whether a DLL beside the program is taken before ours: runtimes that programs bring along.
pub fn private_wins(name: &[u8]) -> bool {
    const RUNTIMES: &[&[u8]] =
        &[b"vcruntime", b"msvcp", b"concrt", b"vcomp", b"vccorlib", b"mfc", b"atl1", b"ucrtbased", b"libgcc", b"libstdc", b"libwinpthread"];
    RUNTIMES.iter().any(|runtime| name.starts_with(runtime))
}

/// The module with this name or path, if it is loaded.
pub fn loaded(wanted: &Wanted) -> Option<*mut Module> {
    loader().modules.iter().copied().find(|module| {
        // SAFETY: modules live as long as they are listed.
        let module = unsafe { &**module };
        match &wanted.path {
            Some(path) if !(module.system && wanted.is_in_system_folder()) => same_ascii(module.full_name(), path),
            _ => same_ascii(module.base_name(), &wanted.name),
        }
    })
}

/// The folder of the program, with a backslash at its end.
pub fn program_folder() -> Vec<u16> {
    // SAFETY: the program's path never changes.
    let path = unsafe { parameters::text(&parameters::get().image_path_name) };
    let end = path.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
    path[..end].to_vec()
}

/// Where a DLL that is none of ours is looked for, in order: beside the program, in the current folder, along `PATH`.
pub fn candidates(wanted: &Wanted) -> Vec<Vec<u16>> {
    if let Some(path) = &wanted.path {
        return alloc::vec![path.clone()];
    }
    let mut folders = alloc::vec![program_folder(), path::Folders::current(&Process)];
    folders.extend(parameters::search_path());
    folders
        .into_iter()
        .filter(|folder| !folder.is_empty())
        .map(|mut folder| {
            if folder.last() != Some(&BACKSLASH) {
                folder.push(BACKSLASH);
            }
            folder.extend(&wanted.name);
            folder
        })
        .collect()
}
