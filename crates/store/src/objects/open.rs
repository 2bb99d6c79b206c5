//! Opening and making files and folders.

use super::content::hash_of;
use super::record::Record;
use super::tree::{Content, Published, Settled};
use super::{Core, Objects, State, now};
use crate::case::fold;
use crate::error::status;
use crate::metadata::{Metadata, attribute};
use crate::path::{LONGEST, Path};
use crate::volume::{Create, How, Open, Outcome, Permit};
use rustix::fs::{OFlags, ftruncate};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_FILE_CORRUPT_ERROR, STATUS_FILE_IS_A_DIRECTORY, STATUS_NAME_TOO_LONG, STATUS_NOT_A_DIRECTORY,
    STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND,
};

impl Objects {
    pub(super) fn open_path(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        let core = &*self.core;
        let state = &mut *core.state();
        let (id, file, outcome) = match core.existing(state, path)? {
            Some(id) => {
                let (file, outcome) = core.open_node(state, id, how, permit)?;
                (id, file, outcome)
            }
            None => {
                let (id, file) = core.make_node(state, path, how)?;
                (id, file, Outcome::Created)
            }
        };
        state.count_opens(id, 1);
        // Nobody else comes between the permit and what is done with it: the volume's lock is held.
        let metadata = core.metadata(state, id);
        let permitted = metadata.and_then(|metadata| match outcome {
            Outcome::Overwritten => Ok(metadata),
            outcome => permit(&metadata, outcome).map(|()| metadata),
        });
        let metadata = permitted.inspect_err(|_| state.count_opens(id, -1))?;
        let spelt = state.tree.spell(path);
        Ok(Open { file, metadata, outcome, path: (spelt != *path).then_some(spelt) })
    }
}

impl State {
    fn count_opens(&mut self, id: u64, more: i64) {
        if let Some(node) = self.tree.nodes.get_mut(&id) {
            node.opens = node.opens.saturating_add_signed(more);
        }
    }
}

impl Core {
    /// What a path leads to; `None` where its last name alone is missing.
    fn existing(&self, state: &State, path: &Path) -> Result<Option<u64>, NTSTATUS> {
        match state.tree.find(path) {
            Err(STATUS_OBJECT_NAME_NOT_FOUND) => Ok(None),
            found => found.map(Some),
        }
    }

    fn open_node(&self, state: &mut State, id: u64, how: &How, permit: Permit<'_>) -> Result<(OwnedFd, Outcome), NTSTATUS> {
        let empties = matches!(how.create, Create::Truncate | Create::TruncateOrNew);
        let node = state.tree.nodes.get(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        if how.create == Create::New {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        if node.is_folder() {
            if empties {
                return Err(STATUS_ACCESS_DENIED);
            }
            if how.folder == Some(false) {
                return Err(STATUS_FILE_IS_A_DIRECTORY);
            }
            return self.place().map(|place| (place, Outcome::Opened));
        }
        if how.folder == Some(true) {
            return Err(STATUS_NOT_A_DIRECTORY);
        }
        if empties {
            permit(&self.metadata(state, id)?, Outcome::Overwritten)?;
        }
        if !empties && !how.read && !how.write && !how.append {
            return Ok((self.place()?, Outcome::Opened));
        }
        if !empties && !how.write && !how.append {
            return self.open_to_read(state, id).map(|file| (file, Outcome::Opened));
        }
        let number = self.stage(state, id, empties)?;
        let file = self.disk.staged(number, flags(how)).map_err(status)?;
        if !empties {
            return Ok((file, Outcome::Opened));
        }
        ftruncate(self.disk.staged(number, OFlags::WRONLY).map_err(status)?, 0).map_err(status)?;
        self.overwrite_facts(state, id, how)?;
        Ok((file, Outcome::Overwritten))
    }

    /// A descriptor that stands for a place alone: what is opened without its bytes, and folders.
    fn place(&self) -> Result<OwnedFd, NTSTATUS> {
        rustix::fs::openat(&self.disk.root, ".", OFlags::PATH | OFlags::CLOEXEC, rustix::fs::Mode::empty()).map_err(status)
    }

    fn overwrite_facts(&self, state: &mut State, id: u64, how: &How) -> Result<(), NTSTATUS> {
        let Some(node) = state.tree.nodes.get(&id) else { return Ok(()) };
        let attributes = how.attributes & (attribute::KEPT | attribute::READ_ONLY) | attribute::ARCHIVE;
        if attributes == node.attributes {
            return Ok(());
        }
        self.commit(state, vec![Record::Facts { id, attributes, times: node.times }])
    }

    /// Opens a file's bytes for reading: the blob itself, or what is staged.
    fn open_to_read(&self, state: &mut State, id: u64) -> Result<OwnedFd, NTSTATUS> {
        let node = state.tree.nodes.get(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let published = match &node.content {
            Content::Staged { number, .. } => {
                return self.disk.staged(*number, OFlags::RDONLY).map_err(|error| missing(error, STATUS_FILE_CORRUPT_ERROR));
            }
            Content::Published(published) => published.clone(),
            Content::Folder(_) => return Err(STATUS_FILE_IS_A_DIRECTORY),
            Content::Lost => return Err(STATUS_FILE_CORRUPT_ERROR),
        };
        let blob = self.blob(&published)?;
        let hash = published.header.hash;
        // Two names with one blob must not be held by readers at once: one of them may be written, and its readers must see that.
        if state.given.get(&hash).is_some_and(|first| *first != id) && !self.leases.is_unheld(blob.as_fd()) {
            drop(blob);
            let number = self.stage(state, id, false)?;
            return self.disk.staged(number, OFlags::RDONLY).map_err(status);
        }
        state.given.insert(hash, id);
        Ok(blob)
    }

    /// Opens a published blob. One of somebody else, or one that is no more what was published, is refused.
    pub(super) fn blob(&self, published: &Published) -> Result<OwnedFd, NTSTATUS> {
        let header = &*published.header;
        if self.principal.as_ref().is_some_and(|principal| !principal.accepts(&header.author, &header.owner)) {
            return Err(STATUS_FILE_CORRUPT_ERROR);
        }
        let blob = match self.disk.blob(&header.hash) {
            Err(Errno::NOENT) if published.staged != 0 => self.relink(published),
            opened => opened,
        };
        let blob = blob.map_err(|error| missing(error, STATUS_FILE_CORRUPT_ERROR))?;
        let (written, size) = super::disk::written(blob.as_fd()).map_err(status)?;
        if size == header.size && written == published.written {
            return Ok(blob);
        }
        // Somebody has touched it: only its bytes can tell.
        let is_whole = size == header.size && hash_of(&blob).map_err(status)? == header.hash;
        if is_whole { Ok(blob) } else { Err(STATUS_FILE_CORRUPT_ERROR) }
    }

    /// A host that lost its power may have kept the record of a publication, and the staged file, but not the blob's name.
    fn relink(&self, published: &Published) -> rustix::io::Result<OwnedFd> {
        let file = self.disk.staged(published.staged, OFlags::RDONLY)?;
        self.disk.publish(published.staged, file.as_fd(), &published.header.hash)?;
        self.disk.blob(&published.header.hash)
    }

    /// Sees that a file's content is staged, so that it can be written; the number of the staged file.
    pub(super) fn stage(&self, state: &mut State, id: u64, empties: bool) -> Result<u64, NTSTATUS> {
        let node = state.tree.nodes.get_mut(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        node.writers += 1;
        let published = match &mut node.content {
            Content::Staged { number, settled, .. } => {
                *settled = None;
                return Ok(*number);
            }
            Content::Published(published) => Some(published.clone()),
            Content::Lost if empties => None,
            Content::Lost => return Err(STATUS_FILE_CORRUPT_ERROR),
            Content::Folder(_) => return Err(STATUS_FILE_IS_A_DIRECTORY),
        };
        let times = node.times;
        let mut number = state.tree.next_staged;
        match published {
            Some(published) if !empties || self.is_held_by(state, id, &published) => {
                let blob = self.blob(&published)?;
                self.check_bytes(state, published.header.size)?;
                if state.given.get(&published.header.hash) != Some(&id) || self.leases.is_unheld(blob.as_fd()) {
                    let copy = self.disk.make_staged(&mut number, OFlags::RDWR).map_err(status)?;
                    super::content::copy_all(blob.as_fd(), copy.as_fd(), published.header.size)
                        .map_err(status)
                        .inspect_err(|_| self.disk.remove_staged(number))?;
                } else {
                    drop(blob);
                    self.disk.take_blob(&published.header.hash, &mut number).map_err(status)?;
                    state.given.remove(&published.header.hash);
                }
            }
            _ => drop(self.disk.make_staged(&mut number, OFlags::RDWR).map_err(status)?),
        }
        if !empties {
            // A copy is as old as what it was made from.
            let [_, access, write, _] = times.map(crate::volume::to_host);
            let set = rustix::fs::Timestamps { last_access: access, last_modification: write };
            let _ = self.disk.set_staged_times(number, &set);
        }
        self.commit(state, vec![Record::Stage { id, staged: number }]).inspect_err(|_| self.disk.remove_staged(number))?;
        Ok(number)
    }

    /// Whether somebody reads a file's blob, whom a writer's bytes must reach.
    fn is_held_by(&self, state: &State, id: u64, published: &Published) -> bool {
        let hash = &published.header.hash;
        state.given.get(hash) == Some(&id) && self.disk.blob(hash).is_ok_and(|blob| !self.leases.is_unheld(blob.as_fd()))
    }

    fn make_node(&self, state: &mut State, path: &Path, how: &How) -> Result<(u64, OwnedFd), NTSTATUS> {
        if matches!(how.create, Create::Open | Create::Truncate) {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        let (parent, name) = state.tree.parent(path)?.ok_or(STATUS_OBJECT_NAME_COLLISION)?;
        if path.units().len() > LONGEST {
            return Err(STATUS_NAME_TOO_LONG);
        }
        self.check_objects(state)?;
        let (id, time) = (state.tree.next_id, now());
        let kept = how.attributes & (attribute::KEPT | attribute::READ_ONLY);
        let make = |attributes, staged| Record::Make { id, parent, name: name.into(), attributes, times: [time; 4], staged };
        if how.folder == Some(true) {
            let place = self.place()?;
            self.commit(state, vec![make(kept | attribute::DIRECTORY, None)])?;
            return Ok((id, place));
        }
        self.check_bytes(state, 0)?;
        let mut number = state.tree.next_staged;
        let file = self.disk.make_staged(&mut number, flags(how)).map_err(status)?;
        self.commit(state, vec![make(kept | attribute::ARCHIVE, Some(number))]).inspect_err(|_| self.disk.remove_staged(number))?;
        if let Some(node) = state.tree.nodes.get_mut(&id) {
            node.writers += 1;
        }
        Ok((id, file))
    }

    /// Facts of a node as of now.
    pub(super) fn metadata(&self, state: &mut State, id: u64) -> Result<Metadata, NTSTATUS> {
        let node = state.tree.nodes.get_mut(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let folder = node.is_folder();
        let mut metadata = Metadata {
            times: node.times,
            links: if folder { 1 } else { node.links },
            attributes: if node.attributes == 0 { attribute::NORMAL } else { node.attributes },
            id,
            device: self.device,
            folder,
            regular: !folder,
            ..Metadata::default()
        };
        let is_open = node.opens > 0;
        match &mut node.content {
            Content::Folder(_) | Content::Lost => {}
            Content::Published(published) => {
                metadata.size = published.header.size;
                metadata.allocated = published.header.size.next_multiple_of(4096);
            }
            Content::Staged { number, settled, counted, .. } => {
                let now = match settled {
                    Some(settled) => **settled,
                    None => {
                        let found = self.settled(*number)?;
                        state.tree.usage.bytes = state.tree.usage.bytes.saturating_sub(*counted) + found.size;
                        *counted = found.size;
                        if !is_open {
                            *settled = self.is_settled(*number).then(|| Box::new(found));
                        }
                        found
                    }
                };
                metadata.size = now.size;
                metadata.allocated = now.allocated;
                metadata.times = [metadata.times[0], now.times[1], now.times[2], now.times[3]];
            }
        }
        Ok(metadata)
    }

    /// Facts of a staged file as the host tells them.
    pub(super) fn settled(&self, number: u64) -> Result<Settled, NTSTATUS> {
        let facts = self.disk.staged_facts(number).map_err(|error| missing(error, STATUS_FILE_CORRUPT_ERROR))?;
        Ok(Settled { size: facts.size, allocated: facts.allocated, times: facts.times })
    }

    fn is_settled(&self, number: u64) -> bool {
        self.disk.staged(number, OFlags::RDONLY).is_ok_and(|file| self.leases.is_unwritten(file.as_fd()))
    }

    /// Whether two paths lead to one entry of one folder.
    pub(super) fn is_same_entry(one: (u64, &[u16]), other: (u64, &[u16])) -> bool {
        one.0 == other.0 && fold(one.1) == fold(other.1)
    }
}

fn missing(error: Errno, otherwise: NTSTATUS) -> NTSTATUS {
    if error == Errno::NOENT { otherwise } else { status(error) }
}

/// The host's flags.
fn flags(how: &How) -> OFlags {
    let access = match (how.read, how.write || how.append) {
        (_, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
        (true, true) => OFlags::RDWR,
    };
    let access = if how.append && !how.write { access | OFlags::APPEND } else { access };
    if how.through { access | OFlags::DSYNC } else { access }
}
