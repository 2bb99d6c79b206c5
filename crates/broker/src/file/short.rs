//! Short names on the way of a path: each stands for the one entry of its folder that has it.

use crate::namespace::{DrivePath, Name, Place};
use crate::process::Process;
use std::borrow::Cow;
use store::{Path, Pattern, may_be_short, same, short_name};
use windows_sys::Win32::Foundation::STATUS_OBJECT_NAME_NOT_FOUND;

impl Process {
    /// A name whose path has no short names any more. What may be one and is none stays as it is; a path without any pays a look at it.
    pub(super) fn lengthened(&self, name: Name) -> Name {
        match name {
            Name::Drive(path) if path.path.names().any(may_be_short) => Name::Drive(self.lengthened_path(path)),
            Name::Stream(path) if path.path.names().any(may_be_short) => Name::Stream(self.lengthened_path(path)),
            name => name,
        }
    }

    fn lengthened_path(&self, path: DrivePath) -> DrivePath {
        let mut folder = DrivePath { path: Path::default(), folder: true, ..path };
        for name in path.path.names() {
            let long = if may_be_short(name) { self.long_name(&folder, name) } else { None };
            folder.path.push(&long.unwrap_or(Cow::Borrowed(name)));
        }
        DrivePath { folder: path.folder, ..folder }
    }

    /// What an entry of a folder is really called, where `name` is its short name. Of several that could be meant, none is.
    fn long_name<'a>(&self, folder: &DrivePath, name: &'a [u16]) -> Option<Cow<'a, [u16]>> {
        let found = self.through(folder, |at| match self.terms.namespace.place(at)? {
            Place::Volume(inside) => {
                let entries = inside.volume.list(&inside.path, &Pattern::new(name))?;
                entries.into_iter().next().map(|entry| entry.name).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
            }
            Place::Way(entries) => {
                let is_meant = |entry: &&Vec<u16>| short_name(entry).is_some_and(|short| same(&short, name));
                let exact = entries.iter().find(|entry| same(entry, name));
                let mut short = entries.iter().filter(is_meant);
                exact.or_else(|| short.next().filter(|_| short.next().is_none())).cloned().ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
            }
        });
        found.ok().filter(|found| !same(found, name)).map(Cow::Owned)
    }
}
