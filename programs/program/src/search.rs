//! Where a program lies that is called by its name: the current folder, then those of PATH, with the extensions of PATHEXT.

use crate::{environment, file};
use alloc::string::String;
use alloc::vec::Vec;

/// What PATHEXT is where it is not set.
const EXTENSIONS: &str = ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC";

/// The extensions by which programs are known, each with its dot.
pub fn extensions() -> Vec<String> {
    let list = environment::get("PATHEXT").filter(|list| !list.is_empty()).unwrap_or_else(|| EXTENSIONS.into());
    list.split(';').map(str::trim).filter(|extension| extension.starts_with('.')).map(String::from).collect()
}

/// The folders of a list with semicolons between them; quotes keep semicolons.
pub fn folders(list: &str) -> Vec<String> {
    let (mut folders, mut folder, mut quoted) = (Vec::new(), String::new(), false);
    for character in list.chars().chain([';']) {
        match character {
            '"' => quoted = !quoted,
            ';' if !quoted => {
                let folder = core::mem::take(&mut folder);
                folders.extend(Some(folder).filter(|folder| !folder.trim().is_empty()));
            }
            other => folder.push(other),
        }
    }
    folders
}

/// The current folder, unless the environment says that it is not searched, and those of PATH.
pub fn path() -> Vec<String> {
    let current = environment::get("NoDefaultCurrentDirectoryInExePath").is_none().then(environment::folder);
    current.into_iter().chain(folders(&environment::get("PATH").unwrap_or_default())).collect()
}

/// A program's full path. A name with an extension counts as it is first; one with a folder is looked for there alone.
pub fn program(name: &str) -> Option<String> {
    let own = !file::extension_of(name).is_empty();
    let extensions = extensions();
    let in_folder = |folder: &str| {
        let base = file::join(folder, name);
        let whole = own.then(|| base.clone()).filter(|path| file::is_file(path));
        whole.or_else(|| extensions.iter().map(|extension| [&base, extension.as_str()].concat()).find(|path| file::is_file(path)))
    };
    let found = if name.contains(['\\', '/', ':']) { in_folder("") } else { path().iter().find_map(|folder| in_folder(folder)) };
    found.and_then(|path| file::full(&path).ok())
}
