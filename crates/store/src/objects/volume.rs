//! What the broker asks of a volume.

use super::record::Record;
use super::tree::{Child, Children, Content, MOST_LINKS};
use super::{Core, Objects, State, now};
use crate::error::status;
use crate::listing::unambiguous;
use crate::metadata::{Metadata, attribute};
use crate::path::{LONGEST, Path};
use crate::pattern::Pattern;
use crate::volume::{Change, Entry, FileId, How, Look, Open, Permit, Space, Volume, to_host};
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT, fstatvfs};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DIRECTORY_NOT_EMPTY, STATUS_FILE_DELETED, STATUS_FILE_IS_A_DIRECTORY, STATUS_INVALID_PARAMETER,
    STATUS_NAME_TOO_LONG, STATUS_NOT_A_DIRECTORY, STATUS_NOT_A_REPARSE_POINT, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_TOO_MANY_LINKS,
};

impl Volume for Objects {
    fn open_if(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        self.open_path(path, how, permit)
    }

    fn metadata(&self, path: &Path, _look: Look) -> Result<Metadata, NTSTATUS> {
        let state = &mut *self.core.state();
        let id = state.tree.find(path)?;
        self.core.metadata(state, id)
    }

    fn facts(&self, _path: &Path, id: u64, _file: BorrowedFd<'_>) -> Result<Metadata, NTSTATUS> {
        self.core.metadata(&mut self.core.state(), id)
    }

    fn list(&self, path: &Path, pattern: &Pattern) -> Result<Vec<Entry>, NTSTATUS> {
        let owned = |child: Child<'_>| (child.name.to_vec(), child.id);
        let mut found: Vec<(Vec<u16>, u64)> = {
            let state = self.core.state();
            let folder = state.tree.find(path)?;
            let children = state.tree.nodes.get(&folder).and_then(|node| node.children()).ok_or(STATUS_NOT_A_DIRECTORY)?;
            match pattern.literal() {
                Some(name) if let Some(child) = children.get(name) => vec![owned(child)],
                Some(_) if !pattern.is_short() => Vec::new(),
                _ => children.iter().map(owned).collect(),
            }
        };
        // A pattern is the program's, and may take its time: nobody else waits for that.
        found.retain(|(name, _)| pattern.fits(name));
        let state = &mut *self.core.state();
        let entry = |(name, id)| {
            // What is damaged has a name all the same.
            let metadata = self.core.metadata(state, id).unwrap_or(Metadata {
                attributes: attribute::ARCHIVE,
                links: 1,
                id,
                device: self.core.device,
                regular: true,
                ..Metadata::default()
            });
            Entry { name, metadata }
        };
        Ok(unambiguous(found.into_iter().map(entry).collect(), pattern))
    }

    fn is_empty(&self, path: &Path) -> Result<bool, NTSTATUS> {
        let state = self.core.state();
        let folder = state.tree.find(path)?;
        state.tree.nodes.get(&folder).and_then(|node| node.children()).map(Children::is_empty).ok_or(STATUS_NOT_A_DIRECTORY)
    }

    fn remove(&self, path: &Path, folder: bool, (_, id): FileId) -> Result<(), NTSTATUS> {
        let state = &mut *self.core.state();
        let (parent, name) = state.tree.parent(path)?.ok_or(STATUS_ACCESS_DENIED)?;
        if state.tree.child(parent, name).is_none_or(|child| child.id != id) {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        let node = state.tree.nodes.get(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        match (&node.content, folder) {
            (Content::Folder(children), true) if !children.is_empty() => return Err(STATUS_DIRECTORY_NOT_EMPTY),
            (Content::Folder(_), false) => return Err(STATUS_FILE_IS_A_DIRECTORY),
            _ => {}
        }
        self.core.commit(state, vec![Record::Unlink { parent, name: name.into(), time: now() }])
    }

    fn rename(&self, from: &Path, (_, id): FileId, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
        let core = &*self.core;
        let state = &mut *core.state();
        let (old, new) = (state.tree.parent(from)?.ok_or(STATUS_ACCESS_DENIED)?, state.tree.parent(to)?.ok_or(STATUS_ACCESS_DENIED)?);
        state.meant(old, id)?;
        let is_folder = state.tree.nodes.get(&id).is_some_and(|node| node.is_folder());
        if is_folder && core.is_within(state, new.0, id) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if let Some(there) = state.tree.child(new.0, new.1).map(|child| child.id)
            && !Core::is_same_entry(old, new)
        {
            if !replace {
                return Err(STATUS_OBJECT_NAME_COLLISION);
            }
            if state.tree.nodes.get(&there).is_some_and(|node| node.is_folder()) {
                return Err(STATUS_ACCESS_DENIED);
            }
        }
        let below = if is_folder && to.units().len() > from.units().len() { state.tree.longest_below(id) } else { 0 };
        if to.units().len() + below > LONGEST {
            return Err(STATUS_NAME_TOO_LONG);
        }
        core.commit(state, vec![Record::Move { parent: old.0, name: old.1.into(), new_parent: new.0, new_name: new.1.into(), time: now() }])?;
        Ok(state.tree.spell(to))
    }

    fn link(&self, from: &Path, (_, id): FileId, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        let core = &*self.core;
        let state = &mut *core.state();
        state.meant(state.tree.parent(from)?.ok_or(STATUS_FILE_IS_A_DIRECTORY)?, id)?;
        let (parent, name) = state.tree.parent(to)?.ok_or(STATUS_ACCESS_DENIED)?;
        if state.tree.nodes.get(&id).is_some_and(|node| node.is_folder()) {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        if let Some(there) = state.tree.child(parent, name) {
            if !replace {
                return Err(STATUS_OBJECT_NAME_COLLISION);
            }
            if there.id == id {
                return Ok(());
            }
            if state.tree.nodes.get(&there.id).is_some_and(|node| node.is_folder()) {
                return Err(STATUS_ACCESS_DENIED);
            }
        }
        if to.units().len() > LONGEST {
            return Err(STATUS_NAME_TOO_LONG);
        }
        core.check_objects(state)?;
        if state.tree.nodes.get(&id).is_none_or(|node| node.links >= MOST_LINKS) {
            return Err(STATUS_TOO_MANY_LINKS);
        }
        core.commit(state, vec![Record::Link { id, parent, name: name.into(), time: now() }])
    }

    fn set(&self, _path: &Path, id: u64, _file: BorrowedFd<'_>, change: &Change) -> Result<(), NTSTATUS> {
        self.core.set(&mut self.core.state(), id, change)
    }

    fn resolved(&self, path: &Path, _file: BorrowedFd<'_>) -> Result<Path, NTSTATUS> {
        Ok(self.core.state().tree.spell(path))
    }

    fn target(&self, _file: BorrowedFd<'_>) -> Result<PathBuf, NTSTATUS> {
        Err(STATUS_NOT_A_REPARSE_POINT)
    }

    fn leads(&self, _path: &Path) -> Option<(PathBuf, usize)> {
        None
    }

    fn paths(&self, (_, id): FileId, most: usize) -> Result<Vec<Path>, NTSTATUS> {
        Ok(self.core.state().tree.paths(id, most))
    }

    fn space(&self) -> Result<Space, NTSTATUS> {
        let room = fstatvfs(&self.core.disk.root).map_err(status)?;
        let used = self.core.state().tree.usage.bytes;
        let (limit, host) = (self.core.limits.bytes, room.f_blocks * room.f_frsize);
        let free = (room.f_bavail * room.f_frsize).min(limit.saturating_sub(used));
        Ok(Space { total: limit.min(host), free, cluster: 4096, device: self.core.device })
    }

    fn released(&self, id: u64) {
        self.release(id);
    }

    fn flush(&self, id: u64) -> Result<(), NTSTATUS> {
        self.core.flush(&mut self.core.state(), id)
    }
}

impl State {
    /// Whether a name stands for the file that is meant.
    fn meant(&self, (folder, name): (u64, &[u16]), id: u64) -> Result<(), NTSTATUS> {
        match self.tree.child(folder, name) {
            Some(child) if child.id == id => Ok(()),
            _ if self.tree.nodes.get(&id).is_none_or(|node| node.links == 0) => Err(STATUS_FILE_DELETED),
            _ => Err(STATUS_OBJECT_NAME_NOT_FOUND),
        }
    }
}

impl Core {
    /// Whether a folder is another one or lies in it.
    fn is_within(&self, state: &State, folder: u64, above: u64) -> bool {
        let mut at = folder;
        // Each step goes up; a damaged store could have a circle.
        for _ in 0..state.tree.nodes.len() {
            if at == above {
                return true;
            }
            match state.tree.nodes.get(&at) {
                Some(node) if node.parent != at => at = node.parent,
                _ => return false,
            }
        }
        true
    }

    fn set(&self, state: &mut State, id: u64, change: &Change) -> Result<(), NTSTATUS> {
        let before = self.metadata(state, id)?;
        let node = state.tree.nodes.get_mut(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let [created, access, write] = change.times;
        if let Content::Staged { number, settled, .. } = &mut node.content
            && (access.is_some() || write.is_some())
        {
            const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            let times = Timestamps { last_access: access.map_or(OMIT, to_host), last_modification: write.map_or(OMIT, to_host) };
            self.disk.set_staged_times(*number, &times).map_err(status)?;
            if let Some(settled) = settled {
                settled.times = [settled.times[0], access.unwrap_or(settled.times[1]), write.unwrap_or(settled.times[2]), now()];
            }
        }
        let own = attribute::KEPT | attribute::READ_ONLY;
        let attributes = change.attributes.map_or(node.attributes, |wanted| node.attributes & !own | wanted & own);
        let [was_created, was_access, was_write, _] = before.times;
        let times = [created.unwrap_or(was_created), access.unwrap_or(was_access), write.unwrap_or(was_write), now()];
        // The host keeps what a staged file needs no record for.
        if attributes == node.attributes && created.is_none() && matches!(node.content, Content::Staged { .. }) {
            return Ok(());
        }
        self.commit(state, vec![Record::Facts { id, attributes, times }])
    }

    /// Sees that a file's name, and all names before it, outlive the loss of power. Its bytes are synchronised through its descriptor.
    pub(super) fn flush(&self, state: &mut State, _id: u64) -> Result<(), NTSTATUS> {
        let Some(journal) = &state.journal else { return Ok(()) };
        if !state.placed {
            self.disk.sync_place().map_err(status)?;
            state.placed = true;
        }
        self.disk.sync_names().map_err(status)?;
        journal.sync().map_err(status)?;
        state.synced = state.tree.next_staged;
        Ok(())
    }
}
