//! Writing an overlay's changes to the host's folder, as its user wants it. Nothing outside of the folder is touched and no link is
//! followed; what the host has changed meanwhile is left alone, unless it is forced. What was written is no difference any more.

use super::changes::{Change, Kind, Notes, changes, is_same};
use super::{FILES, GONE, KNOWN, above, note, within};
use crate::error::status;
use crate::folder::Folder;
use crate::metadata::{Metadata, Times, attribute};
use crate::objects::{Listed, Objects, View, copy_content};
use crate::path::Path;
use crate::pattern::Pattern;
use crate::volume::{self, Create, How, Look, Open, Volume};
use rustix::fs::{Mode, fchmod, fstat, fsync};
use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_DIRECTORY_NOT_EMPTY, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
};

/// What was done.
#[derive(Debug, Default)]
pub struct Applied {
    /// Changes that the host's folder has now.
    pub done: Vec<Change>,
    /// Changes that it does not have, and why.
    pub refused: Vec<(Change, Refusal)>,
}

/// Why a change was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The host's has changed since the sandbox first changed it.
    Changed,
    /// The host has one of that name by now.
    Exists,
    /// The host's folder holds what the sandbox has never seen.
    NotEmpty,
    /// The host or the store refused.
    Failed(NTSTATUS),
}

impl From<NTSTATUS> for Refusal {
    fn from(status: NTSTATUS) -> Self {
        Self::Failed(status)
    }
}

const LINK: Look = Look { link: true, attributes: false };

struct Work<'a> {
    host: Folder,
    view: &'a View,
    store: &'a Objects,
    notes: Notes,
    force: bool,
    /// Folders whose entries have made way for others.
    emptied: RefCell<Vec<Path>>,
}

/// Writes changes to the host's folder: all, or those at and below some paths. The store is opened by nobody else.
pub fn apply(store: &Objects, view: &View, root: OwnedFd, wanted: &[Path], force: bool) -> Result<Applied, NTSTATUS> {
    let all = changes(view, root.as_fd())?;
    let is_wanted = |change: &&Change| {
        let leads = |path: &Path| change.folder && change.kind != Kind::Deleted && path.below(&change.path).is_some();
        wanted.is_empty() || wanted.iter().any(|path| change.path.below(path).is_some() || leads(path))
    };
    let host = Folder::new(root);
    host.confine();
    let work = Work { host, view, store, notes: Notes::read(view)?.0, force, emptied: RefCell::default() };
    let mut applied = Applied::default();
    let chosen: Vec<&Change> = all.iter().filter(is_wanted).collect();
    let made = chosen.iter().filter(|change| change.kind != Kind::Deleted);
    // What lies in a folder goes before it.
    let gone = chosen.iter().rev().filter(|change| change.kind == Kind::Deleted);
    for change in made.chain(gone) {
        match work.one(change) {
            Ok(()) => applied.done.push((*change).clone()),
            Err(refusal) => applied.refused.push(((*change).clone(), refusal)),
        }
    }
    if applied.refused.is_empty() {
        work.sweep()?;
    }
    Ok(applied)
}

impl Work<'_> {
    fn one(&self, change: &Change) -> Result<(), Refusal> {
        let now = match self.host.metadata(&change.path, LINK) {
            Ok(now) => Some(now),
            Err(STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND) => None,
            Err(status) => return Err(status.into()),
        };
        match change.kind {
            Kind::Deleted => self.delete(change, now)?,
            _ if change.folder => self.make_folder(change, now)?,
            _ => self.write(change, now)?,
        }
        Ok(())
    }

    /// Whether the host has what it had when the sandbox first changed it.
    fn check(&self, known: Option<Times>, now: Option<&Metadata>) -> Result<(), Refusal> {
        match (known, now) {
            _ if self.force => Ok(()),
            (None, Some(_)) => Err(Refusal::Exists),
            (Some(known), Some(now)) if (known[2], known[3]) == (now.times[2], now.times[3]) => Ok(()),
            (Some(_), _) => Err(Refusal::Changed),
            (None, None) => Ok(()),
        }
    }

    fn delete(&self, change: &Change, now: Option<Metadata>) -> Result<(), Refusal> {
        if let Some(now) = now {
            if now.folder {
                self.check_folder(&change.path)?;
                self.delete_folder(&change.path, &now)?;
            } else {
                self.check(change.known, Some(&now))?;
                self.host.remove(&change.path, false, (now.device, now.id))?;
            }
        }
        Ok(self.store.settle(&above(&change.path), &note(&change.path))?)
    }

    /// Whether everything in a folder of the host is what the sandbox has seen. Its own times change with its entries.
    fn check_folder(&self, path: &Path) -> Result<(), Refusal> {
        for entry in self.host.list(path, &Pattern::default())? {
            let mut at = path.clone();
            at.push(&entry.name);
            let known = self.notes.known(&at);
            if known.is_none() && !self.force {
                return Err(Refusal::NotEmpty);
            }
            if entry.metadata.folder {
                self.check_folder(&at)?;
            } else {
                self.check(known, Some(&entry.metadata))?;
            }
        }
        Ok(())
    }

    fn delete_folder(&self, path: &Path, known: &Metadata) -> Result<(), Refusal> {
        for entry in self.host.list(path, &Pattern::default())? {
            let mut at = path.clone();
            at.push(&entry.name);
            if entry.metadata.folder {
                self.delete_folder(&at, &entry.metadata)?;
            } else {
                self.host.remove(&at, false, (entry.metadata.device, entry.metadata.id))?;
            }
        }
        let done = self.host.remove(path, true, (known.device, known.id));
        done.map_err(|status| if status == STATUS_DIRECTORY_NOT_EMPTY { Refusal::NotEmpty } else { status.into() })
    }

    fn make_folder(&self, change: &Change, now: Option<Metadata>) -> Result<(), Refusal> {
        match now {
            // What it replaces is not the sandbox's to see: its entries go, those that it put there come.
            Some(now) if now.folder => {
                for entry in self.host.list(&change.path, &Pattern::default())? {
                    let mut at = change.path.clone();
                    at.push(&entry.name);
                    let known = self.notes.known(&at);
                    self.check(known, Some(&entry.metadata))?;
                    if entry.metadata.folder {
                        self.check_folder(&at)?;
                        self.delete_folder(&at, &entry.metadata)?;
                    } else {
                        self.host.remove(&at, false, (entry.metadata.device, entry.metadata.id))?;
                    }
                }
                self.emptied.borrow_mut().push(change.path.clone());
            }
            now => {
                self.check(change.known, now.as_ref())?;
                if let Some(now) = now {
                    self.host.remove(&change.path, false, (now.device, now.id))?;
                }
                let how = How {
                    read: false,
                    write: false,
                    append: false,
                    through: false,
                    create: Create::New,
                    folder: Some(true),
                    link: false,
                    attributes: change.attributes,
                };
                self.host.open(&change.path, &how)?;
            }
        }
        // From now on it is the host's, and what lies in it comes next.
        let times = self.host.metadata(&change.path, LINK)?.times;
        Ok(self.store.note(&note(&change.path), KNOWN, times)?)
    }

    fn write(&self, change: &Change, now: Option<Metadata>) -> Result<(), Refusal> {
        let listed = self.view.list(&above(&change.path), false)?;
        let entry: &Listed = listed.first().ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        // An application that was cut off had come so far.
        if !is_same(self.view, &self.host, &change.path, entry) {
            let was_deleted = || self.emptied.borrow().iter().any(|folder| change.path.below(folder).is_some());
            if now.is_some() || !was_deleted() {
                self.check(change.known, now.as_ref())?;
            }
            if let Some(now) = now.filter(|now| now.folder) {
                self.check_folder(&change.path)?;
                self.delete_folder(&change.path, &now)?;
            }
            self.replace(change, now.as_ref())?;
        }
        Ok(self.store.settle(&above(&change.path), &note(&change.path))?)
    }

    /// Writes a file beside its place, and puts it there: whoever looks sees the old one or the new one.
    fn replace(&self, change: &Change, now: Option<&Metadata>) -> Result<(), NTSTATUS> {
        let how = |create| How { read: true, write: true, append: false, through: false, create, folder: Some(false), link: false, attributes: 0 };
        let before = match now.filter(|now| now.regular) {
            Some(_) => self.host.open(&change.path, &How { write: false, ..how(Create::Open) }).ok(),
            None => None,
        };
        let (fresh, opened) = self.beside(&change.path, &how(Create::New))?;
        let write = || {
            let content = self.view.content(&above(&change.path), None)?;
            copy_content(content.as_fd(), opened.file.as_fd(), u64::MAX).map_err(status)?;
            if let Some(before) = &before {
                let mode = fstat(&before.file).map_err(status)?.st_mode & 0o777;
                fchmod(&opened.file, Mode::from_raw_mode(mode | 0o200)).map_err(status)?;
            }
            let facts = volume::Change {
                times: [None, None, Some(change.written)],
                attributes: Some(change.attributes).filter(|_| change.attributes != attribute::ARCHIVE),
            };
            self.host.set(&fresh, opened.metadata.id, opened.file.as_fd(), &facts)?;
            fsync(&opened.file).map_err(status)?;
            self.host.rename(&fresh, (opened.metadata.device, opened.metadata.id), &change.path, true).map(|_| ())
        };
        write().inspect_err(|_| {
            let _ = self.host.remove(&fresh, false, (opened.metadata.device, opened.metadata.id));
        })
    }

    /// Makes a file beside another, under a name that nothing has: what the user keeps there, and what its links lead to, stays as it is.
    fn beside(&self, path: &Path, how: &How) -> Result<(Path, Open), NTSTATUS> {
        let mut tries = 0;
        loop {
            let mut number = [0; 8];
            rustix::rand::getrandom(&mut number, rustix::rand::GetRandomFlags::empty()).map_err(status)?;
            let mut fresh = path.clone();
            fresh.pop();
            fresh.push(&format!("~win-compat-{:016x}.tmp", u64::from_le_bytes(number)).encode_utf16().collect::<Vec<_>>());
            tries += 1;
            match self.host.open(&fresh, how) {
                Err(STATUS_OBJECT_NAME_COLLISION) if tries < 16 => {}
                opened => return Ok((fresh, opened?)),
            }
        }
    }

    /// Takes away what is left above of folders that are the host's: as soon as nothing lies in them, they tell nothing.
    fn sweep(&self) -> Result<(), NTSTATUS> {
        let mut folders: Vec<Path> = Vec::new();
        let mut next = vec![Path::default()];
        while let Some(folder) = next.pop() {
            for entry in self.store.list(&above(&folder), &Pattern::default())?.into_iter().filter(|entry| entry.metadata.folder) {
                let mut at = folder.clone();
                at.push(&entry.name);
                folders.push(at.clone());
                next.push(at);
            }
        }
        for folder in folders.iter().rev() {
            let is_hosts = self.store.noted(&note(folder)).is_some_and(|(attributes, _)| attributes & (KNOWN | GONE) == KNOWN);
            if is_hosts && self.store.is_empty(&within(FILES, folder))? {
                self.store.settle(&above(folder), &note(folder))?;
            }
        }
        Ok(())
    }
}
