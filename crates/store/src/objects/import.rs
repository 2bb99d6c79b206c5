//! Bringing files of the host into a store: a folder that was `C:` before there were objects, and single files by their user.

use super::header::Header;
use super::principal::User;
use super::record::Record;
use super::tree::{Content, ROOT};
use super::{Core, Objects, State};
use crate::error::status;
use crate::metadata::{Metadata, attribute};
use crate::name::from_host;
use crate::path::Path;
use crate::volume::{Create, How, Volume};
use rustix::fs::{Dir, Mode, OFlags, openat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use windows_sys::Win32::Foundation::NTSTATUS;

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
        super::disk::copy_all(content, opened.file.as_fd(), u64::MAX).map_err(status)?;
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

    fn import_folder(&self, state: &mut State, folder: BorrowedFd<'_>, into: u64) -> rustix::io::Result<()> {
        let open = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for entry in Dir::read_from(&open)? {
            let entry = entry?;
            let host = entry.file_name();
            // What Windows could not name no program has made.
            let Some((name, wide)) = host.to_str().ok().and_then(|name| Some((name, from_host(name.as_bytes())?))) else { continue };
            let facts = Metadata::of_entry(open.as_fd(), name)?;
            let known = state.tree.child(into, &wide).map(|child| child.id);
            if facts.folder {
                let id = match known {
                    Some(id) => id,
                    None => self.adopt(state, (into, &wide), &facts, None)?,
                };
                let below = openat(&open, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
                self.import_folder(state, below.as_fd(), id)?;
                let own = attribute::KEPT | attribute::READ_ONLY | attribute::DIRECTORY;
                let record = Record::Facts { id, attributes: facts.attributes & own, times: facts.times };
                self.commit(state, vec![record]).map_err(|_| Errno::IO)?;
            } else if facts.regular && known.is_none() {
                let mut number = state.tree.next_staged;
                self.disk.adopt(open.as_fd(), name, &mut number)?;
                self.adopt(state, (into, &wide), &facts, Some(number)).inspect_err(|_| self.disk.remove_staged(number))?;
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
