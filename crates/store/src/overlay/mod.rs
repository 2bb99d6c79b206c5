//! A folder of the host that is changed in the sandbox alone: what is read is the host's, what is written lies above it in a store of its own.
//!
//! Above there are two trees. `files` holds what differs; whatever is there hides what the host has of that name. `host` holds notes of the
//! host's entries that something was done to: what was found there then, and whether it is gone for the sandbox. A note that says so
//! hides everything below that name as well. Each change is one record at a time, in an order in which all that lies between is as true
//! as what was before.

mod apply;
mod changes;
mod copy;
mod ids;
pub mod section;
#[cfg(test)]
mod tests;

pub use apply::{Applied, Refusal, apply};
pub use changes::{Change, Kind, changes};

use crate::case::fold;
use crate::folder::Folder;
use crate::listing::unambiguous;
use crate::metadata::{Metadata, attribute};
use crate::objects::Objects;
use crate::path::Path;
use crate::pattern::Pattern;
use crate::search;
use crate::volume::{self, Create, Entry, FileId, How, Look, Open, Permit, Space, Volume};
use ids::Ids;
use std::collections::HashSet;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DIRECTORY_NOT_EMPTY, STATUS_FILE_IS_A_DIRECTORY, STATUS_INVALID_PARAMETER, STATUS_NOT_A_DIRECTORY,
    STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_SHARING_VIOLATION,
};

/// The trees above.
const FILES: &str = "files";
const HOST: &str = "host";
/// What the attributes of a note say: the sandbox no longer sees what the host has of that name.
const GONE: u32 = attribute::HIDDEN;
/// The host had something of that name, whose times the note has.
const KNOWN: u32 = attribute::SYSTEM;

/// A folder of the host with the sandbox's own changes above it.
pub struct Overlay {
    /// The host's folder, which is only read.
    below: Folder,
    above: Objects,
    device: u64,
    ids: Mutex<Ids>,
    /// Held while names change, so that two changes cannot come between each other's steps.
    changing: Mutex<()>,
}

/// Where something is.
enum Found {
    Above(Metadata),
    Below(Metadata),
}

impl Found {
    fn metadata(&self) -> &Metadata {
        let (Self::Above(metadata) | Self::Below(metadata)) = self;
        metadata
    }
}

/// What the way to a path tells.
struct Way {
    /// It is there above.
    above: Option<Metadata>,
    /// The folder it lies in is there above.
    parent_above: bool,
    /// What the host has there is seen.
    shows_below: bool,
}

/// A path in one of the trees above.
fn within(tree: &str, path: &Path) -> Path {
    let mut at = Path::default();
    at.push(&tree.encode_utf16().collect::<Vec<_>>());
    at.join(path)
}

fn above(path: &Path) -> Path {
    within(FILES, path)
}

fn note(path: &Path) -> Path {
    within(HOST, path)
}

/// A path without the tree's name.
fn without_tree(path: &Path) -> Path {
    path.names().skip(1).collect()
}

/// How the trees' own folders are opened.
fn as_folder(create: Create) -> How {
    How { read: false, write: false, append: false, through: false, create, folder: Some(true), link: false, attributes: 0 }
}

impl Overlay {
    /// Puts a store above an open folder of the host.
    pub fn new(root: OwnedFd, above: Objects) -> Result<Self, NTSTATUS> {
        let below = Folder::new(root);
        // A link may lead to what differs above: the caller follows it, and asks again.
        below.confine();
        for tree in [FILES, HOST] {
            let opened = above.open(&within(tree, &Path::default()), &as_folder(Create::OpenOrNew))?;
            above.released(opened.metadata.id);
        }
        let device = above.space()?.device;
        Ok(Self { below, above, device, ids: Mutex::default(), changing: Mutex::default() })
    }

    /// Publishes what is left; nobody uses the volume any more.
    pub fn finish(&self) {
        self.above.finish();
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As programs see what lies above.
    fn shown_above(&self, metadata: Metadata) -> Metadata {
        Metadata { id: self.ids().of_above(metadata.id), device: self.device, ..metadata }
    }

    /// As programs see what the host has.
    fn shown_below(&self, path: &Path, metadata: Metadata) -> Metadata {
        Metadata { id: ids::of_below(path, &metadata), device: self.device, ..metadata }
    }

    /// Walks to a path, as far as there is anything above on the way.
    fn way(&self, path: &Path) -> Result<Way, NTSTATUS> {
        let at = |tree: &str, path: &Path| match self.above.metadata(&within(tree, path), Look::default()) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND) => Ok(None),
            Err(status) => Err(status),
        };
        let mut way = Way { above: at(FILES, &Path::default())?, parent_above: true, shows_below: true };
        let (mut noted, mut prefix) = (true, Path::default());
        for name in path.names() {
            prefix.push(name);
            way.parent_above = way.above.is_some();
            if !way.parent_above && !way.shows_below {
                return Err(STATUS_OBJECT_PATH_NOT_FOUND);
            }
            if way.above.take().is_some_and(|folder| !folder.folder) {
                return Err(STATUS_OBJECT_PATH_NOT_FOUND);
            }
            if noted && way.shows_below {
                let found = at(HOST, &prefix)?;
                noted = found.is_some();
                way.shows_below = found.is_none_or(|note| note.attributes & GONE == 0);
            }
            if way.parent_above {
                way.above = at(FILES, &prefix)?;
            }
        }
        Ok(way)
    }

    /// What is at a path.
    fn find(&self, path: &Path, look: Look) -> Result<Found, NTSTATUS> {
        let way = self.way(path)?;
        if let Some(metadata) = way.above {
            return Ok(Found::Above(self.shown_above(metadata)));
        }
        if !way.shows_below {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        match self.below.metadata(path, look) {
            Ok(metadata) => Ok(Found::Below(self.shown_below(path, metadata))),
            Err(STATUS_OBJECT_PATH_NOT_FOUND) if way.parent_above => Err(STATUS_OBJECT_NAME_NOT_FOUND),
            Err(status) => Err(status),
        }
    }

    /// The same, `None` where the last name alone is missing.
    fn existing(&self, path: &Path, look: Look) -> Result<Option<Found>, NTSTATUS> {
        match self.find(path, look) {
            Err(STATUS_OBJECT_NAME_NOT_FOUND) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Opens what lies above, or makes it there.
    fn open_above(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        let opened = self.above.open_if(&above(path), how, &mut |found, outcome| permit(&self.shown_above(*found), outcome))?;
        let path = opened.path.map(|path| without_tree(&path));
        let metadata = self.shown_above(opened.metadata);
        self.ids().opened_above(metadata.id, opened.metadata.id);
        Ok(Open { metadata, path, ..opened })
    }

    /// Opens what the host has, for reading.
    fn open_below(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        let create = if how.create == Create::OpenOrNew { Create::Open } else { how.create };
        let how = How { write: false, append: false, create, ..*how };
        let opened = self.below.open_if(path, &how, &mut |found, outcome| permit(&self.shown_below(path, *found), outcome))?;
        let metadata = self.shown_below(opened.path.as_ref().unwrap_or(path), opened.metadata);
        self.ids().opened_below(metadata.id, how.read && !metadata.folder);
        Ok(Open { metadata, ..opened })
    }

    /// Who reads the host's bytes would not see what is written above: as long as somebody does, nobody writes.
    fn check_unread(&self, known: &Metadata) -> Result<(), NTSTATUS> {
        if self.ids().is_read(known.id) { Err(STATUS_SHARING_VIOLATION) } else { Ok(()) }
    }

    /// The names in a folder that are gone for the sandbox, in upper case.
    fn gone(&self, folder: &Path) -> Result<Vec<Box<[u16]>>, NTSTATUS> {
        match self.above.list(&note(folder), &Pattern::default()) {
            Ok(notes) => Ok(notes.into_iter().filter(|note| note.metadata.attributes & GONE != 0).map(|note| fold(&note.name)).collect()),
            Err(STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND) => Ok(Vec::new()),
            Err(status) => Err(status),
        }
    }
}

impl Volume for Overlay {
    fn paths(&self, id: FileId, most: usize) -> Result<Vec<Path>, NTSTATUS> {
        search::paths(&|folder| self.list(folder, &Pattern::default()), id, most)
    }

    fn open_if(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        let writes = how.write || how.append || matches!(how.create, Create::Truncate | Create::TruncateOrNew);
        let _changing = (writes || how.create != Create::Open).then(|| self.changing());
        match self.existing(path, Look { link: how.link, attributes: writes })? {
            Some(Found::Above(known)) => {
                if writes && !known.folder {
                    self.check_unread(&known)?;
                }
                self.open_above(path, how, permit)
            }
            Some(Found::Below(known)) if writes && !known.folder && how.create != Create::New => {
                if how.folder == Some(true) {
                    return Err(STATUS_NOT_A_DIRECTORY);
                }
                if known.link {
                    return Err(STATUS_ACCESS_DENIED);
                }
                self.check_unread(&known)?;
                let empties = matches!(how.create, Create::Truncate | Create::TruncateOrNew);
                self.copy_up(path, &known, !empties)?;
                self.open_above(path, how, permit)
            }
            Some(Found::Below(_)) if how.create == Create::New => Err(STATUS_OBJECT_NAME_COLLISION),
            Some(Found::Below(known)) if known.folder && writes && how.create != Create::Open && how.create != Create::OpenOrNew => {
                Err(if how.folder == Some(false) { STATUS_FILE_IS_A_DIRECTORY } else { STATUS_ACCESS_DENIED })
            }
            Some(Found::Below(_)) => self.open_below(path, how, permit),
            None if matches!(how.create, Create::Open | Create::Truncate) => Err(STATUS_OBJECT_NAME_NOT_FOUND),
            None => {
                self.make_parents(path)?;
                self.open_above(path, how, permit)
            }
        }
    }

    fn metadata(&self, path: &Path, look: Look) -> Result<Metadata, NTSTATUS> {
        self.find(path, look).map(|found| *found.metadata())
    }

    fn facts(&self, path: &Path, id: u64, file: BorrowedFd<'_>) -> Result<Metadata, NTSTATUS> {
        let known = self.ids().above_of(id);
        match known {
            Some(known) => Ok(self.shown_above(self.above.facts(&above(path), known, file)?)),
            None => Ok(Metadata { id, ..self.shown_below(path, self.below.facts(path, id, file)?) }),
        }
    }

    fn list(&self, path: &Path, pattern: &Pattern) -> Result<Vec<Entry>, NTSTATUS> {
        let way = self.way(path)?;
        let mut entries = match way.above {
            Some(metadata) if !metadata.folder => return Err(STATUS_NOT_A_DIRECTORY),
            Some(_) => self.above.list(&above(path), pattern)?,
            None if !way.shows_below => return Err(STATUS_OBJECT_NAME_NOT_FOUND),
            None => Vec::new(),
        };
        let (is_above, mut below) = (way.above.is_some(), Vec::new());
        if way.shows_below {
            let found = match self.below.list(path, pattern) {
                // What is a folder above need not be one at the host.
                Err(_) if is_above => Vec::new(),
                found => found?,
            };
            let mut hidden: HashSet<Box<[u16]>> = entries.iter().map(|entry| fold(&entry.name)).collect();
            hidden.extend(self.gone(path)?);
            for entry in found.into_iter().filter(|entry| !hidden.contains(&fold(&entry.name))) {
                let mut at = path.clone();
                at.push(&entry.name);
                below.push(Entry { metadata: self.shown_below(&at, entry.metadata), ..entry });
            }
        }
        for entry in &mut entries {
            entry.metadata = self.shown_above(entry.metadata);
        }
        if !below.is_empty() {
            entries.append(&mut below);
            entries.sort_by_cached_key(|entry| (fold(&entry.name), entry.name.clone()));
        }
        Ok(unambiguous(entries, pattern))
    }

    fn is_empty(&self, path: &Path) -> Result<bool, NTSTATUS> {
        self.list(path, &Pattern::default()).map(|entries| entries.is_empty())
    }

    fn remove(&self, path: &Path, folder: bool, (_, id): FileId) -> Result<(), NTSTATUS> {
        let _changing = self.changing();
        let found = self.find(path, Look { link: true, attributes: true })?;
        let known = *found.metadata();
        if known.id != id {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        if known.folder && !folder {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        if known.folder && !self.is_empty(path)? {
            return Err(STATUS_DIRECTORY_NOT_EMPTY);
        }
        self.hide(path)?;
        if let Found::Above(known) = found {
            let number = self.ids().above_of(known.id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
            self.above.remove(&above(path), folder, (self.device, number))?;
        }
        self.ids().forget(id);
        Ok(())
    }

    fn rename(&self, from: &Path, (_, id): FileId, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
        let _changing = self.changing();
        self.check_target(from, to, replace)?;
        let known = *self.find(from, Look { link: true, attributes: true })?.metadata();
        if known.id != id {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        if known.folder && to.below(from).is_some_and(|below| !below.is_empty()) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        self.copy_tree(from)?;
        self.make_parents(to)?;
        // The copy hides what the host has; when the name moves away, the note must.
        self.hide(from)?;
        let path = self.above.rename(&above(from), self.id_above(from)?, &above(to), replace)?;
        Ok(without_tree(&path))
    }

    fn link(&self, from: &Path, (_, id): FileId, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        let _changing = self.changing();
        self.check_target(from, to, replace)?;
        let known = *self.find(from, Look { link: true, attributes: true })?.metadata();
        if known.id != id {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        if known.folder {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        self.copy_tree(from)?;
        self.make_parents(to)?;
        self.above.link(&above(from), self.id_above(from)?, &above(to), replace)
    }

    fn set(&self, path: &Path, id: u64, file: BorrowedFd<'_>, change: &volume::Change) -> Result<(), NTSTATUS> {
        let _changing = self.changing();
        let known = self.ids().above_of(id);
        let number = match known {
            Some(known) => known,
            None => match self.find(path, Look { link: true, attributes: true })? {
                Found::Below(known) if known.id == id => self.copy_up(path, &known, true)?,
                _ => return Err(STATUS_OBJECT_NAME_NOT_FOUND),
            },
        };
        self.above.set(&above(path), number, file, change)
    }

    fn resolved(&self, path: &Path, file: BorrowedFd<'_>) -> Result<Path, NTSTATUS> {
        match self.way(path)?.above {
            Some(_) => self.above.resolved(&above(path), file).map(|path| without_tree(&path)),
            None => self.below.resolved(path, file),
        }
    }

    fn target(&self, file: BorrowedFd<'_>) -> Result<PathBuf, NTSTATUS> {
        self.below.target(file)
    }

    fn leads(&self, path: &Path) -> Option<(PathBuf, usize)> {
        self.below.leads(path)
    }

    fn zone(&self, path: &Path, file: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, NTSTATUS> {
        match self.find(path, Look::default())? {
            Found::Below(_) => self.below.zone(path, file),
            Found::Above(_) => Err(STATUS_OBJECT_NAME_INVALID),
        }
    }

    fn released(&self, id: u64) {
        let left = self.ids().released(id);
        if let Some((known, opens)) = left {
            (0..opens).for_each(|_| self.above.released(known));
        }
    }

    fn flush(&self, id: u64) -> Result<(), NTSTATUS> {
        let known = self.ids().above_of(id);
        known.map_or(Ok(()), |known| self.above.flush(known))
    }

    fn locks_on_host(&self) -> bool {
        false
    }

    fn space(&self) -> Result<Space, NTSTATUS> {
        self.above.space()
    }
}

impl Overlay {
    /// What the store above knows a file by that lies there.
    fn id_above(&self, path: &Path) -> Result<FileId, NTSTATUS> {
        self.above.metadata(&above(path), Look::default()).map(|metadata| (metadata.device, metadata.id))
    }

    /// Whether something may get a name.
    fn check_target(&self, from: &Path, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        if from.is_empty() || to.is_empty() {
            return Err(STATUS_ACCESS_DENIED);
        }
        let is_same = from.below(to).is_some_and(|below| below.is_empty());
        match self.existing(to, Look { link: true, attributes: false })? {
            Some(_) if is_same => Ok(()),
            Some(_) if !replace => Err(STATUS_OBJECT_NAME_COLLISION),
            Some(found) if found.metadata().folder => Err(STATUS_ACCESS_DENIED),
            _ => Ok(()),
        }
    }

    /// Sees that the sandbox no longer sees what the host has of a name. What is above still hides it then, until it goes.
    fn hide(&self, path: &Path) -> Result<(), NTSTATUS> {
        let way = self.way(path)?;
        if !way.shows_below {
            return Ok(());
        }
        let before = self.above.noted(&note(path)).filter(|(attributes, _)| attributes & KNOWN != 0);
        let times = match before {
            // What lies above was made when the host's was that.
            Some((_, times)) if way.above.is_some() => Some(times),
            _ => match self.below.metadata(path, Look { link: true, attributes: false }) {
                Ok(known) => Some(known.times),
                Err(STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND) => None,
                Err(status) => return Err(status),
            },
        };
        // Where the host has nothing there is nothing to hide.
        times.map_or(Ok(()), |times| self.above.note(&note(path), GONE | KNOWN, times))
    }
}
