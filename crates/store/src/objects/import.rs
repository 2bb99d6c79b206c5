//! Bringing files of the host into a store: a folder that was `C:` before there were objects, and single files by their user.

use super::record::Record;
use super::tree::{Content, ROOT};
use super::{Core, Objects, State, now};
use crate::error::status;
use crate::journal::header::Header;
use crate::journal::principal::User;
use crate::metadata::{Metadata, Times, attribute};
use crate::name::from_host;
use crate::path::Path;
use crate::volume::{Create, How, Volume};
use rustix::fs::{Dir, Mode, OFlags, openat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SHARING_VIOLATION};

impl Objects {
    /// Takes over everything that lies in a folder of the host, on the same file system. What has its name already stays as it is:
    /// an import that was cut off is done again. The folder itself is left alone.
    pub fn import(&self, folder: BorrowedFd<'_>) -> Result<(), NTSTATUS> {
        let state = &mut *self.core.state();
        self.core.import_folder(state, folder, ROOT).map_err(status)
    }

    /// Puts a file's content under a path, as its user's own object.
    pub fn put(&self, path: &Path, content: BorrowedFd<'_>, user: &User) -> Result<(), NTSTATUS> {
        let how = How {
            read: true,
            write: true,
            append: false,
            through: false,
            create: Create::TruncateOrNew,
            folder: Some(false),
            link: false,
            attributes: 0,
        };
        let opened = self.open(path, &how)?;
        super::content::copy_all(content, opened.file.as_fd(), u64::MAX).map_err(status)?;
        drop(opened.file);
        let id = opened.metadata.id;
        self.core.publish(id, true).map_err(status)?;
        self.core.sign_as(&mut self.core.state(), id, user)
    }

    /// Folds a long journal, and publishes nothing: for those who only put a file.
    pub fn leave(&self) {
        self.core.fold_if_long();
    }
}

/// A folder of the host that is being imported.
struct Importing {
    folder: OwnedFd,
    entries: Dir,
    /// What it has become.
    into: u64,
    /// What is to be told of it at last.
    facts: Option<Record>,
}

impl Importing {
    fn new(above: BorrowedFd<'_>, name: &str, into: u64, facts: Option<Record>) -> rustix::io::Result<Self> {
        let folder = openat(above, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { entries: Dir::read_from(&folder)?, folder, into, facts })
    }
}

impl Core {
    /// Signs a published object as the user's own.
    fn sign_as(&self, state: &mut State, id: u64, user: &User) -> Result<(), NTSTATUS> {
        let Some(node) = state.tree.nodes.get(&id) else { return Ok(()) };
        let Content::Published(published) = &node.content else { return Ok(()) };
        let Header { hash, size, lineage, created, .. } = *published.header;
        let header = Box::new(Header::sign(&user.author(), hash, size, lineage, created));
        let (times, written, staged) = (node.times, published.written, published.staged);
        self.commit(state, vec![Record::Publish { id, staged, times, written, header }])
    }

    /// A folder's own facts come after what lies in it, for that changes them.
    fn import_folder(&self, state: &mut State, folder: BorrowedFd<'_>, into: u64) -> rustix::io::Result<()> {
        let mut way = vec![Importing::new(folder, ".", into, None)?];
        while let Some(at) = way.last_mut() {
            let Some(entry) = at.entries.next() else {
                if let Some(facts) = way.pop().and_then(|done| done.facts) {
                    self.commit(state, vec![facts]).map_err(|_| Errno::IO)?;
                }
                continue;
            };
            let entry = entry?;
            let host = entry.file_name();
            // What Windows could not name no program has made.
            let Some((name, wide)) = host.to_str().ok().and_then(|name| Some((name, from_host(name.as_bytes())?))) else { continue };
            let facts = Metadata::of_entry(at.folder.as_fd(), name)?;
            let known = state.tree.child(at.into, &wide).map(|child| child.id);
            if facts.folder {
                let id = match known {
                    Some(id) => id,
                    None => self.adopt(state, (at.into, &wide), &facts, None)?,
                };
                let own = attribute::KEPT | attribute::READ_ONLY | attribute::DIRECTORY;
                let record = Record::Facts { id, attributes: facts.attributes & own, times: facts.times };
                let below = Importing::new(at.folder.as_fd(), name, id, Some(record))?;
                way.push(below);
            } else if facts.regular && known.is_none() {
                let mut number = state.tree.next_staged;
                self.disk.adopt(at.folder.as_fd(), name, &mut number)?;
                self.adopt(state, (at.into, &wide), &facts, Some(number)).inspect_err(|_| self.disk.remove_staged(number))?;
                let writable: rustix::io::Result<OwnedFd> = self.disk.staged(number, OFlags::RDONLY);
                rustix::fs::fchmod(writable?, Mode::RUSR | Mode::WUSR)?;
            }
        }
        Ok(())
    }

    fn adopt(&self, state: &mut State, (parent, name): (u64, &[u16]), facts: &Metadata, staged: Option<u64>) -> rustix::io::Result<u64> {
        let id = state.tree.next_id;
        let own = attribute::KEPT | attribute::READ_ONLY | attribute::DIRECTORY;
        let record = Record::Make { id, parent, name: name.into(), attributes: facts.attributes & own, times: facts.times, staged };
        self.commit(state, vec![record]).map_err(|_| Errno::IO)?;
        Ok(id)
    }
}

/// What an overlay puts into the store above a folder of the host.
impl Objects {
    /// Makes a file or a folder (`None`) with the facts of one of the host's; a file with its content, or empty. It appears whole, if it
    /// `is_same` afterwards; else nothing is made (`STATUS_SHARING_VIOLATION`). Answers its number.
    pub(crate) fn bring(
        &self,
        path: &Path,
        content: Option<Option<BorrowedFd<'_>>>,
        facts: &Metadata,
        is_same: &dyn Fn() -> bool,
    ) -> Result<u64, NTSTATUS> {
        let core = &*self.core;
        let Some(content) = content else { return core.enter(&mut core.state(), path, facts, None) };
        let size = if content.is_some() { facts.size } else { 0 };
        let (number, file) = core.begin_bringing(path, size)?;
        // However much it is: whoever wants something else of the store does not wait for it.
        let fill = || {
            if let Some(content) = content {
                super::content::copy_all(content, file.as_fd(), u64::MAX).map_err(status)?;
            }
            if !is_same() {
                return Err(STATUS_SHARING_VIOLATION);
            }
            let [_, access, write, _] = facts.times.map(crate::volume::to_host);
            let times = rustix::fs::Timestamps { last_access: access, last_modification: write };
            core.disk.set_staged_times(number, &times).map_err(status)
        };
        let filled = fill();
        let state = &mut *core.state();
        state.filling.remove(&number);
        let entered = filled.and_then(|()| core.check_bytes(state, size)).and_then(|()| core.enter(state, path, facts, Some(number)));
        let id = entered.inspect_err(|_| core.disk.remove_staged(number))?;
        if let Some(node) = state.tree.nodes.get_mut(&id) {
            node.writers += 1;
        }
        Ok(id)
    }

    /// Makes or changes a folder that stands for something else, with facts of its own; and the folders above it.
    pub(crate) fn note(&self, path: &Path, attributes: u32, times: Times) -> Result<(), NTSTATUS> {
        let core = &*self.core;
        let state = &mut *core.state();
        for count in 1..path.count() {
            let above = path.first(count);
            if state.tree.find(&above) == Err(STATUS_OBJECT_NAME_NOT_FOUND) {
                core.make_note(state, &above, attribute::DIRECTORY, [0; 4])?;
            }
        }
        let attributes = attributes | attribute::DIRECTORY;
        match state.tree.find(path) {
            Ok(id) => core.commit(state, vec![Record::Facts { id, attributes, times }]),
            Err(_) => core.make_note(state, path, attributes, times),
        }
    }

    /// The facts of such a folder.
    pub(crate) fn noted(&self, path: &Path) -> Option<(u32, Times)> {
        let state = self.core.state();
        let node = state.tree.nodes.get(&state.tree.find(path).ok()?)?;
        Some((node.attributes, node.times))
    }

    /// Takes a name away and what was noted of it, in one step.
    pub(crate) fn settle(&self, path: &Path, note: &Path) -> Result<(), NTSTATUS> {
        let core = &*self.core;
        let state = &mut *core.state();
        let mut records = Vec::new();
        if let (Ok(_), Ok(Some((parent, name)))) = (state.tree.find(path), state.tree.parent(path)) {
            records.push(Record::Unlink { parent, name: name.into(), time: now() });
        }
        if let Ok(id) = state.tree.find(note) {
            records.push(Record::Facts { id, attributes: attribute::DIRECTORY, times: [0; 4] });
        }
        core.commit(state, records)
    }
}

impl Core {
    /// Makes the staged file for what will have a path, where that may be.
    fn begin_bringing(&self, path: &Path, size: u64) -> Result<(u64, OwnedFd), NTSTATUS> {
        let state = &mut *self.state();
        self.free_entry(state, path)?;
        self.check_bytes(state, size)?;
        let mut number = state.tree.next_staged;
        let file = self.disk.make_staged(&mut number, OFlags::RDWR).map_err(status)?;
        state.tree.next_staged = number + 1;
        state.filling.insert(number);
        Ok((number, file))
    }

    /// The folder and the name of a path that nothing has, where one more object fits.
    fn free_entry<'a>(&self, state: &State, path: &'a Path) -> Result<(u64, &'a [u16]), NTSTATUS> {
        let (parent, name) = state.tree.parent(path)?.ok_or(STATUS_OBJECT_NAME_COLLISION)?;
        if state.tree.child(parent, name).is_some() {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        self.check_objects(state)?;
        Ok((parent, name))
    }

    /// Gives a staged file a path and the facts of one of the host's, or makes a folder with them.
    fn enter(&self, state: &mut State, path: &Path, facts: &Metadata, staged: Option<u64>) -> Result<u64, NTSTATUS> {
        let (parent, name) = self.free_entry(state, path)?;
        let id = state.tree.next_id;
        let kind = if staged.is_none() { attribute::DIRECTORY } else { 0 };
        let attributes = facts.attributes & (attribute::KEPT | attribute::READ_ONLY) | kind;
        let make = Record::Make { id, parent, name: name.into(), attributes, times: facts.times, staged };
        // The folder it lies in does not change by this, as programs see it.
        let holder = state.tree.nodes.get(&parent).map(|node| Record::Facts { id: parent, attributes: node.attributes, times: node.times });
        self.commit(state, [make].into_iter().chain(holder).collect())?;
        Ok(id)
    }

    fn make_note(&self, state: &mut State, path: &Path, attributes: u32, times: Times) -> Result<(), NTSTATUS> {
        let (parent, name) = state.tree.parent(path)?.ok_or(STATUS_OBJECT_NAME_COLLISION)?;
        self.check_objects(state)?;
        let id = state.tree.next_id;
        self.commit(state, vec![Record::Make { id, parent, name: name.into(), attributes, times, staged: None }])
    }
}
