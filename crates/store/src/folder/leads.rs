//! Links: where they lead, and what a path is without them.

use super::Folder;
use crate::error::status;
use crate::kept::place;
use crate::name::from_host;
use crate::path::Path;
use rustix::fs::readlinkat;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path as HostPath, PathBuf};
use windows_sys::Win32::Foundation::NTSTATUS;

/// What a link says.
pub fn target(file: BorrowedFd<'_>) -> Result<PathBuf, NTSTATUS> {
    let text = readlinkat(file, "", Vec::new()).map_err(status)?;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(text.into_bytes())))
}

/// The host's path of what is open.
fn host_path(file: BorrowedFd<'_>) -> Option<PathBuf> {
    let text = readlinkat(rustix::fs::CWD, place(file), Vec::new()).ok()?.into_bytes();
    Some(PathBuf::from(OsStr::from_bytes(&text))).filter(|path| path.is_absolute())
}

impl Folder {
    /// The path of what is open, beneath the folder; `None` where it has gone from there.
    pub(super) fn real_path(&self, file: BorrowedFd<'_>) -> Option<Path> {
        let (file, root) = (host_path(file)?, host_path(self.root.as_fd())?);
        file.strip_prefix(root).ok()?.components().map(|component| from_host(component.as_os_str().as_encoded_bytes())).collect()
    }

    /// The first link of a path that leads outside: where to, and how many names come behind it.
    pub(super) fn leads_outside(&self, path: &Path) -> Option<(PathBuf, usize)> {
        let names = self.spell_links(path)?;
        for count in 1..=names.len() {
            if self.path_only(&names[..count]).err() != Some(Errno::XDEV) {
                continue;
            }
            let (parent, name) = self.parent(&names[..count]).ok()?;
            let says = readlinkat(&parent, name, Vec::new()).ok()?.into_bytes();
            let says = HostPath::new(OsStr::from_bytes(&says));
            return Some((follow(&host_path(parent.as_fd())?, says)?, names.len() - count));
        }
        None
    }

    /// The host's spelling as far as the volume goes; behind a link that leads outside, the caller's.
    fn spell_links(&self, path: &Path) -> Option<Vec<String>> {
        let names = Self::names(path).ok()?;
        for count in (0..=names.len()).rev() {
            if let Ok(mut spelt) = self.spell(&path.first(count)) {
                spelt.extend_from_slice(&names[count..]);
                return Some(spelt);
            }
        }
        None
    }
}

/// What a link in a folder (a path without links) leads to. Only at its start may it go up: farther on, what it goes up
/// from could be a link itself.
fn follow(folder: &HostPath, says: &HostPath) -> Option<PathBuf> {
    let mut path = if says.is_absolute() { PathBuf::new() } else { folder.to_path_buf() };
    let mut named = false;
    for component in says.components() {
        match component {
            Component::RootDir => path.push("/"),
            Component::CurDir => {}
            Component::ParentDir if named => return None,
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => {
                named = true;
                path.push(name);
            }
            Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_by_their_text() {
        for (says, leads) in [
            ("/a/b", Some("/a/b")),
            ("../x", Some("/home/x")),
            ("../../../x", Some("/x")),
            ("x/y", Some("/home/u/x/y")),
            ("./x", Some("/home/u/x")),
            ("x/../y", None),
        ] {
            assert_eq!(follow(HostPath::new("/home/u"), HostPath::new(says)), leads.map(PathBuf::from), "{says}");
        }
    }
}
