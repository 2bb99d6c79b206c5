//! A folder of the host as a volume: nothing is ever resolved outside of it.

mod change;
mod leads;
mod open;
#[cfg(test)]
mod tests;

use crate::error::status;
use crate::index::Index;
use crate::listing::{self, View};
use crate::metadata::Metadata;
use crate::name::to_host;
use crate::path::Path;
use crate::pattern::Pattern;
use crate::search;
use crate::volume::{Change, Entry, FileId, How, Look, OUTSIDE, Open, Permit, Space, Volume};
use crate::zone;
use rustix::fs::{Mode, OFlags, ResolveFlags, fstatvfs, openat2};
use rustix::io::{Errno, Result as HostResult};
use std::borrow::Cow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_NAME_TOO_LONG, STATUS_NOT_A_DIRECTORY,
    STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
};

/// Which entries of the folder are there, by their names.
pub type Filter = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A folder of the host.
pub struct Folder {
    root: OwnedFd,
    index: Index,
    filter: Option<Filter>,
    /// Its links lead outside, wherever they lead: the caller follows them by their text.
    confined: AtomicBool,
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);

impl Folder {
    /// Takes an open folder.
    pub fn new(root: OwnedFd) -> Self {
        Self { root, index: Index::default(), filter: None, confined: AtomicBool::new(false) }
    }

    /// Takes an open folder of which only some entries are there, and no folder in it. A link that is there must not
    /// lead to what is not.
    pub fn filtered(root: OwnedFd, filter: Filter) -> Self {
        Self { filter: Some(filter), confined: AtomicBool::new(true), ..Self::new(root) }
    }

    /// From now on every link leads outside ([`OUTSIDE`]), one that stays in the folder too: a part of the folder has
    /// other rules than the rest, and the caller must see each path that leads there.
    pub fn confine(&self) {
        self.confined.store(true, Ordering::Relaxed);
    }

    /// The caller's spelling of a path, as the host would write it.
    fn names(path: &Path) -> Result<Vec<String>, NTSTATUS> {
        // A path that the host cannot take is refused before its parts are looked for one by one.
        const LONGEST: usize = 4096;
        if path.units().len() >= LONGEST {
            return Err(STATUS_NAME_TOO_LONG);
        }
        path.names().map(|name| to_host(name).ok_or(STATUS_OBJECT_NAME_INVALID)).collect()
    }

    /// The host's spelling of a path. Components that do not exist keep the caller's spelling.
    fn spell(&self, path: &Path) -> Result<Vec<String>, NTSTATUS> {
        let mut names = Self::names(path)?;
        if let Some(filter) = &self.filter {
            return match names.as_slice() {
                [] => Ok(names),
                [name] => {
                    let spelt = if filter(name) { Some(name.clone()) } else { None };
                    let found = spelt.filter(|name| self.entry(std::slice::from_ref(name)).is_ok());
                    let other = || self.index.find(self.root.as_fd(), path.units()).ok().flatten().filter(|name| filter(name));
                    found.or_else(other).map(|name| vec![name]).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
                }
                _ => Err(STATUS_OBJECT_PATH_NOT_FOUND),
            };
        }
        if !names.is_empty() && self.entry(&names).is_err() {
            self.respell(path, &mut names)?;
        }
        Ok(names)
    }

    /// What is at a path, with the host's spelling: first as the caller spells it, which is mostly right.
    fn find<T>(&self, path: &Path, at: impl Fn(&[String]) -> HostResult<T>) -> Result<(Vec<String>, T), NTSTATUS> {
        let names = if self.filter.is_none() {
            let mut names = Self::names(path)?;
            match at(&names) {
                Err(Errno::NOENT) => {}
                done => return done.map(|found| (names, found)).map_err(refused),
            }
            if !self.respell(path, &mut names)? {
                return Err(STATUS_OBJECT_NAME_NOT_FOUND);
            }
            names
        } else {
            self.spell(path)?
        };
        let found = at(&names).map_err(refused)?;
        Ok((names, found))
    }

    /// Puts the host's spelling into a path that does not exist as it is spelt; whether there was another one. The last name may be
    /// missing under any spelling, the folders before it must be there.
    fn respell(&self, path: &Path, names: &mut [String]) -> Result<bool, NTSTATUS> {
        let Some(last) = names.len().checked_sub(1) else { return Ok(false) };
        // Mostly the folders are spelt as they are.
        let mut holder = self.holder(&names[..last]);
        let respelt = matches!(holder, Err(Errno::NOENT));
        if respelt {
            for (count, name) in (1..=last).zip(path.names()) {
                match self.entry(&names[..count]) {
                    Ok(_) => continue,
                    Err(Errno::NOENT) => {}
                    Err(error) => return Err(parent_status(error)),
                }
                let above = self.holder(&names[..count - 1]).map_err(parent_status)?;
                names[count - 1] = self.spelling(above.as_fd(), name)?.ok_or(STATUS_OBJECT_PATH_NOT_FOUND)?;
            }
            holder = self.holder(&names[..last]);
        }
        let name = path.last().unwrap_or_default();
        match self.spelling(holder.map_err(parent_status)?.as_fd(), name)? {
            // The caller's own spelling comes first, also where it is a link that leads nowhere.
            Some(name) if name != names[last] && self.entry(names).is_err() => names[last] = name,
            _ => return Ok(respelt),
        }
        Ok(true)
    }

    /// The host's spelling of a name in a folder. Where a folder may be entered and not listed, only the exact one is known.
    fn spelling(&self, folder: BorrowedFd<'_>, name: &[u16]) -> Result<Option<String>, NTSTATUS> {
        match self.index.find(folder, name) {
            Err(Errno::ACCESS) => Ok(None),
            found => found.map_err(parent_status),
        }
    }

    /// The folder that holds the entries of a path.
    fn holder(&self, names: &[String]) -> HostResult<Holder<'_>> {
        match names {
            [] => Ok(Holder::Root(self.root.as_fd())),
            names => self.open_host(names, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map(Holder::Below),
        }
    }

    fn open_host(&self, names: &[String], flags: OFlags, mode: Mode) -> HostResult<OwnedFd> {
        let path = host_path(names);
        // `openat2` refuses every flag that a mere place does not know.
        let always = if flags.contains(OFlags::PATH) { OFlags::CLOEXEC } else { OFlags::CLOEXEC | OFlags::NOCTTY };
        if !self.confined.load(Ordering::Relaxed) {
            return openat2(&self.root, path, flags | always, mode, BENEATH);
        }
        let opened = openat2(&self.root, path, flags | always, mode, BENEATH | ResolveFlags::NO_SYMLINKS);
        opened.map_err(|error| if error == Errno::LOOP { Errno::XDEV } else { error })
    }

    /// The place that a path leads to; nothing is done there.
    fn path_only(&self, names: &[String]) -> HostResult<OwnedFd> {
        self.open_host(names, OFlags::PATH, Mode::empty())
    }

    /// The same, but for a link at its end: that is the place itself.
    fn entry(&self, names: &[String]) -> HostResult<OwnedFd> {
        self.open_host(names, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())
    }

    fn folder(&self, names: &[String]) -> HostResult<OwnedFd> {
        self.open_host(names, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
    }

    /// The folder that holds a path, and the last name.
    fn parent<'a>(&'a self, names: &'a [String]) -> Result<(Holder<'a>, &'a str), NTSTATUS> {
        let Some((last, folders)) = names.split_last() else { return Err(STATUS_ACCESS_DENIED) };
        Ok((self.holder(folders).map_err(parent_status)?, last))
    }

    /// Facts of what a path leads to, as it is spelt.
    fn facts_at(&self, names: &[String], look: Look) -> HostResult<Metadata> {
        // An entry of this very folder lies beneath it, unless it is a link: no descriptor is needed that holds the place.
        if let [name] = names {
            let root = self.root.as_fd();
            let entry = if look.attributes { Metadata::of_entry(root, name) } else { Metadata::of_host_entry(root, name) }?;
            if look.link || !entry.link {
                return Ok(entry);
            }
        }
        let place = if look.link { self.entry(names) } else { self.path_only(names) }?;
        if look.attributes { Metadata::of_place(&place) } else { Metadata::of_host(&place) }
    }

    /// Facts of a link, which is a folder's where it leads to one.
    fn link_facts(&self, names: &[String], link: Metadata) -> Metadata {
        if self.leads_to_folder(names) { link.leading_to_folder() } else { link }
    }

    fn leads_to_folder(&self, names: &[String]) -> bool {
        self.path_only(names).and_then(Metadata::of_host).is_ok_and(|target| target.folder)
    }

    fn is_same(&self, one: &[String], other: &[String]) -> bool {
        let id = |names| self.entry(names).and_then(Metadata::of_host).map(|metadata| (metadata.device, metadata.id));
        matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
    }
}

/// A folder whose entries are worked at.
enum Holder<'a> {
    /// The volume's own.
    Root(BorrowedFd<'a>),
    /// One below it.
    Below(OwnedFd),
}

impl AsFd for Holder<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(root) => *root,
            Self::Below(folder) => folder.as_fd(),
        }
    }
}

impl Volume for Folder {
    fn paths(&self, id: FileId, most: usize) -> Result<Vec<Path>, NTSTATUS> {
        search::paths(&|folder| self.list(folder, &Pattern::default()), id, most)
    }

    fn open_if(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        self.open_path(path, how, permit)
    }

    fn metadata(&self, path: &Path, look: Look) -> Result<Metadata, NTSTATUS> {
        let (names, metadata) = self.find(path, |names| self.facts_at(names, look))?;
        Ok(if metadata.link { self.link_facts(&names, metadata) } else { metadata })
    }

    fn facts(&self, path: &Path, _id: u64, file: BorrowedFd<'_>) -> Result<Metadata, NTSTATUS> {
        let metadata = Metadata::of(file).map_err(status)?;
        if metadata.link { Ok(self.link_facts(&self.spell(path)?, metadata)) } else { Ok(metadata) }
    }

    fn list(&self, path: &Path, pattern: &Pattern) -> Result<Vec<Entry>, NTSTATUS> {
        let names = self.spell(path)?;
        let folder = self.folder(&names).map_err(|error| if error == Errno::NOTDIR { STATUS_NOT_A_DIRECTORY } else { refused(error) })?;
        let view = View {
            is_visible: &|name| self.filter.as_ref().is_none_or(|filter| filter(name)),
            leads_to_folder: &|name| self.leads_to_folder(&[names.as_slice(), &[name.to_owned()]].concat()),
        };
        match pattern.literal() {
            Some(name) if let Some(entry) = listing::one(folder.as_fd(), name, &self.index, &view) => Ok(vec![entry]),
            Some(_) if !pattern.is_short() => Ok(Vec::new()),
            _ => listing::read(folder.as_fd(), pattern, &view).map(|entries| listing::unambiguous(entries, pattern)).map_err(refused),
        }
    }

    fn is_empty(&self, path: &Path) -> Result<bool, NTSTATUS> {
        listing::is_empty(self.folder(&self.spell(path)?).map_err(refused)?.as_fd()).map_err(refused)
    }

    fn remove(&self, path: &Path, folder: bool, id: FileId) -> Result<(), NTSTATUS> {
        self.remove_entry(path, folder, id)
    }

    fn rename(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
        self.rename_entry(from, id, to, replace)
    }

    fn link(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        self.link_entry(from, id, to, replace)
    }

    fn set(&self, _path: &Path, _id: u64, file: BorrowedFd<'_>, change: &Change) -> Result<(), NTSTATUS> {
        change::set(file, change)
    }

    fn resolved(&self, path: &Path, file: BorrowedFd<'_>) -> Result<Path, NTSTATUS> {
        Ok(self.real_path(file).unwrap_or_else(|| path.clone()))
    }

    fn target(&self, file: BorrowedFd<'_>) -> Result<PathBuf, NTSTATUS> {
        leads::target(file)
    }

    fn leads(&self, path: &Path) -> Option<(PathBuf, usize)> {
        self.leads_outside(path)
    }

    fn watched(&self, _path: &Path, folder: BorrowedFd<'_>) -> Result<OwnedFd, NTSTATUS> {
        // Of a folder of which only some entries are there, the host would tell them all.
        if self.filter.is_some() {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        folder.try_clone_to_owned().map_err(|_| STATUS_INSUFFICIENT_RESOURCES)
    }

    fn zone(&self, _path: &Path, file: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, NTSTATUS> {
        zone::get(file)
    }

    fn set_zone(&self, _path: &Path, file: BorrowedFd<'_>, content: Option<&[u8]>) -> Result<(), NTSTATUS> {
        zone::set(file, content)
    }

    fn space(&self) -> Result<Space, NTSTATUS> {
        let room = fstatvfs(&self.root).map_err(status)?;
        let device = Metadata::of_host(&self.root).map_err(status)?.device;
        // Clusters of more than 64 KiB are more than Windows programs expect; network file systems report such.
        let cluster = room.f_frsize.clamp(512, 0x1_0000) as u32;
        Ok(Space { total: room.f_blocks * room.f_frsize, free: room.f_bavail * room.f_frsize, cluster, device })
    }
}

/// Names as a path of the host, below the folder.
fn host_path(names: &[String]) -> Cow<'_, str> {
    match names {
        [] => Cow::Borrowed("."),
        [name] => Cow::Borrowed(name),
        names => Cow::Owned(names.join("/")),
    }
}

/// A refusal of the host. `openat2` says with `EXDEV` that a link leads out of the folder.
fn refused(error: Errno) -> NTSTATUS {
    if error == Errno::XDEV { OUTSIDE } else { status(error) }
}

/// The same for a folder on the way.
fn parent_status(error: Errno) -> NTSTATUS {
    if error == Errno::NOENT { STATUS_OBJECT_PATH_NOT_FOUND } else { refused(error) }
}
