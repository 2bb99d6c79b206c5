//! Finding DLLs: by name among those that are loaded, among ours, beside the program, along the search path.

use super::folders::{self, NARROW_SYSTEM_FOLDER, SYSTEM_FOLDER};
use super::module::Module;
use super::state::loader;
use crate::parameters::Process;
use crate::path;
use alloc::vec::Vec;
use gate::api_set;
use guest::text::same_ascii;

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;

/// The name of a DLL as it is looked for.
pub struct Wanted {
    /// The full path, where the name had a folder that leads there by itself.
    pub path: Option<Vec<u16>>,
    /// What is put behind each folder of the search path, where the name had a folder that starts nowhere.
    relative: Option<Vec<u16>>,
    /// The file name with its extension.
    pub name: Vec<u16>,
    /// The file name in lower case, where it is ASCII.
    pub ascii: Option<Vec<u8>>,
}

impl Wanted {
    /// From the name that a program gives: `.dll` is added where there is no extension, a trailing dot says "none".
    pub fn new(given: &[u16]) -> Self {
        let has_folder = given.iter().any(|unit| *unit == BACKSLASH || *unit == u16::from(b'/') || *unit == u16::from(b':'));
        let is_relative = has_folder && path::kind(given) == path::Kind::Relative;
        let mut whole = match (has_folder, is_relative) {
            (_, true) => given.iter().map(|unit| if *unit == u16::from(b'/') { BACKSLASH } else { *unit }).collect(),
            (true, false) => path::full(given, &Process),
            (false, false) => given.to_vec(),
        };
        let at = whole.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
        // path::full has already dropped a trailing dot, so the name given decides.
        if given.last() == Some(&DOT) {
            if !has_folder || is_relative {
                whole.pop();
            }
        } else if !whole[at..].contains(&DOT) {
            whole.extend(".dll".encode_utf16());
        }
        let mut name = whole[at..].to_vec();
        let (mut path, relative) = match (has_folder, is_relative) {
            (_, true) => (None, Some(whole)),
            (true, false) => (Some(whole), None),
            (false, false) => (None, None),
        };
        let ascii = name.iter().map(|unit| u8::try_from(*unit).ok().filter(u8::is_ascii).map(|byte| byte.to_ascii_lowercase())).collect();
        let mut wanted = Self { path: None, relative, name: Vec::new(), ascii };
        if wanted.relative.is_none() {
            wanted.follow_contract(&mut name, &mut path);
        }
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
        self.relative.is_none() && self.path.as_ref().is_none_or(|path| is_system_folder(&path[..path.len() - self.name.len()]))
    }
}

/// Whether a folder, with its backslash, is that of our own DLLs: those of the program's bitness.
fn is_system_folder(folder: &[u16]) -> bool {
    let is = |text: &str| same_ascii(folder, &text.encode_utf16().collect::<Vec<_>>());
    is(SYSTEM_FOLDER) || cfg!(target_arch = "x86") && is(NARROW_SYSTEM_FOLDER)
}

/// Whether a path leads into our own system folder.
pub fn is_ours(path: &[u16]) -> bool {
    path.iter().rposition(|unit| *unit == BACKSLASH).is_some_and(|at| is_system_folder(&path[..=at]))
}

/// Whether a DLL beside the program is taken before ours: runtimes that programs bring along.
pub fn private_wins(name: &[u8]) -> bool {
    const RUNTIMES: &[&[u8]] =
        &[b"vcruntime", b"msvcp", b"concrt", b"vcomp", b"vccorlib", b"mfc", b"atl1", b"ucrtbased", b"libgcc", b"libstdc", b"libwinpthread"];
    RUNTIMES.iter().any(|runtime| name.starts_with(runtime))
}

/// Whether two names are the same to the loader.
fn same(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && crate::string::compare(left, right, true) == 0
}

fn find(is_it: impl Fn(&Module) -> bool) -> Option<*mut Module> {
    // SAFETY: modules live as long as they are listed.
    loader().modules.iter().copied().find(|module| is_it(unsafe { &**module }))
}

/// The module of a file, if it is loaded.
pub fn loaded_from(path: &[u16]) -> Option<*mut Module> {
    find(|module| same(module.full_name(), path))
}

/// The module with this name or path, if it is loaded.
pub fn loaded(wanted: &Wanted) -> Option<*mut Module> {
    match &wanted.path {
        _ if wanted.relative.is_some() => candidates(wanted).iter().find_map(|path| loaded_from(path)),
        Some(path) => {
            let ours = wanted.is_in_system_folder();
            find(|module| if module.system && ours { same(module.base_name(), &wanted.name) } else { same(module.full_name(), path) })
        }
        None => find(|module| same(module.base_name(), &wanted.name)),
    }
}

/// Where a DLL that is none of ours is looked for, in order.
pub fn candidates(wanted: &Wanted) -> Vec<Vec<u16>> {
    if let Some(path) = &wanted.path {
        return alloc::vec![path.clone()];
    }
    let tail = wanted.relative.as_ref().unwrap_or(&wanted.name);
    let folders = loader().folders.clone().unwrap_or_else(folders::standard);
    folders
        .into_iter()
        .filter(|folder| !folder.is_empty())
        .map(|mut folder| {
            if folder.last() != Some(&BACKSLASH) {
                folder.push(BACKSLASH);
            }
            folder.extend(tail);
            path::full(&folder, &Process)
        })
        .collect()
}
