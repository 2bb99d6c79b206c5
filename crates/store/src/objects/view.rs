//! Looking into a store that a broker may be at work on: what stands in index and journal, and the objects.

use super::content::hash_of;
use super::disk::Disk;
use super::finding::Finding;
use super::load::{OpenError, load};
use super::tree::{Content, Node, Tree};
use crate::journal::header::Hash;
use crate::journal::header::Header;
use crate::metadata::attribute;
use crate::path::Path;
use rustix::fs::{Mode, OFlags, open};
use std::os::fd::OwnedFd;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_FILE_CORRUPT_ERROR, STATUS_FILE_IS_A_DIRECTORY, STATUS_OBJECT_NAME_NOT_FOUND};

/// A store as it stood when it was read.
#[derive(Debug)]
pub struct View {
    pub(super) disk: Disk,
    pub(super) tree: Tree,
    pub(super) damage: Vec<Finding>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its path.
    pub path: Path,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: u32,
    /// Bytes.
    pub size: u64,
    /// When it was last written, in 100 ns since 1601.
    pub written: i64,
    /// When it was made.
    pub created: i64,
    /// When anything of it was last changed.
    pub changed: i64,
    /// Its header; nothing of folders and of what is not published yet.
    pub header: Option<Header>,
}

impl Listed {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.attributes & attribute::DIRECTORY != 0
    }
}

/// One version of a file, the newest first.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its header; nothing of what is not published yet.
    pub header: Option<Header>,
    /// Bytes.
    pub size: u64,
    /// When it was published, or last written, in 100 ns since 1601.
    pub time: i64,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Files.
    pub files: u64,
    /// Folders, but for the root.
    pub folders: u64,
    /// Versions that are kept besides the current ones.
    pub former: u64,
    /// Files that are not published yet.
    pub unsealed: u64,
    /// Bytes of it all on the host.
    pub bytes: u64,
}

impl View {
    /// Reads a store.
    pub fn open(folder: &std::path::Path) -> Result<Self, OpenError> {
        let mut tries = 0;
        loop {
            let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            let disk = Disk::open(root, false)?;
            let loaded = load(&disk)?;
            tries += 1;
            // The broker may have written a new index meanwhile, and deleted what was to be read next.
            if tries < 5 && loaded.damage.iter().any(|finding| matches!(finding, Finding::Missing { .. })) {
                continue;
            }
            return Ok(Self { disk, tree: loaded.tree, damage: loaded.damage });
        }
    }

    /// What is damaged in index and journal.
    pub fn damage(&self) -> &[Finding] {
        &self.damage
    }

    /// How much there is.
    pub fn amount(&self) -> Amount {
        // What is staged counts by what the host says of it.
        let mut amount = Amount { bytes: self.tree.usage.bytes, ..Amount::default() };
        for node in self.tree.nodes.values() {
            match &node.content {
                Content::Folder(_) => amount.folders += 1,
                Content::Published(_) | Content::Lost => amount.files += 1,
                Content::Staged { number, .. } => {
                    amount.files += 1;
                    amount.unsealed += 1;
                    amount.bytes += self.disk.staged_facts(*number).map_or(0, |facts| facts.size);
                }
            }
            amount.former += node.former.len() as u64;
        }
        amount.folders = amount.folders.saturating_sub(1);
        amount
    }

    /// A folder's entries, or a file's own; with everything below where that is wanted.
    pub fn list(&self, path: &Path, below: bool) -> Result<Vec<Listed>, NTSTATUS> {
        let mut found = Vec::new();
        self.walk(path, below, &mut |entry| {
            found.push(entry);
            true
        })?;
        Ok(found)
    }

    /// Tells of a folder's entries, or of a file itself, one after the other until that is enough; with everything below where that is
    /// wanted, however deep it lies.
    pub fn walk(&self, path: &Path, below: bool, each: &mut dyn FnMut(Listed) -> bool) -> Result<(), NTSTATUS> {
        let id = self.tree.find(path)?;
        let mut at = self.tree.spell(path);
        if !self.tree.nodes[&id].is_folder() {
            each(self.listed(id, at)?);
            return Ok(());
        }
        let entries = |folder| self.tree.nodes.get(&folder).and_then(Node::children).into_iter().flat_map(|children| children.iter());
        // Each folder on the way from the first one, with the entries that are still to come.
        let mut way = vec![entries(id)];
        while let Some(left) = way.last_mut() {
            let Some(child) = left.next() else {
                way.pop();
                at.pop();
                continue;
            };
            at.push(child.name);
            if let Ok(entry) = self.listed(child.id, at.clone())
                && !each(entry)
            {
                return Ok(());
            }
            if below && self.tree.nodes.get(&child.id).is_some_and(Node::is_folder) {
                way.push(entries(child.id));
            } else {
                at.pop();
            }
        }
        Ok(())
    }

    fn listed(&self, id: u64, path: Path) -> Result<Listed, NTSTATUS> {
        let node = self.tree.nodes.get(&id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let (size, times, header) = match &node.content {
            Content::Folder(_) | Content::Lost => (0, node.times, None),
            Content::Published(published) => (published.header.size, node.times, Some((*published.header).clone())),
            Content::Staged { number, .. } => {
                let facts = self.disk.staged_facts(*number).unwrap_or_default();
                (facts.size, facts.times, None)
            }
        };
        let [_, _, written, changed] = times;
        Ok(Listed { path, attributes: node.attributes, size, written, created: node.times[0], changed, header })
    }

    /// The versions of a file, the newest first.
    pub fn history(&self, path: &Path) -> Result<Vec<Version>, NTSTATUS> {
        let id = self.tree.find(path)?;
        let node = &self.tree.nodes[&id];
        let published = |header: &Header| Version { size: header.size, time: header.created, header: Some(header.clone()) };
        let mut versions = Vec::new();
        match &node.content {
            Content::Folder(_) => return Err(STATUS_FILE_IS_A_DIRECTORY),
            Content::Lost => {}
            Content::Published(current) => versions.push(published(&current.header)),
            Content::Staged { base, .. } => {
                let listed = self.listed(id, path.clone())?;
                versions.push(Version { header: None, size: listed.size, time: listed.written });
                versions.extend(base.iter().map(|base| published(&base.header)));
            }
        }
        versions.extend(node.former.iter().rev().map(published));
        Ok(versions)
    }

    /// Opens a file's content, or that of one of its versions. An object whose content is not what its header says is refused.
    pub fn content(&self, path: &Path, version: Option<&Hash>) -> Result<OwnedFd, NTSTATUS> {
        let id = self.tree.find(path)?;
        let corrupt = |_| STATUS_FILE_CORRUPT_ERROR;
        let wanted = match (version, &self.tree.nodes[&id].content) {
            (_, Content::Folder(_)) => return Err(STATUS_FILE_IS_A_DIRECTORY),
            (None, Content::Lost) => return Err(STATUS_FILE_CORRUPT_ERROR),
            (None, Content::Staged { number, .. }) => return self.disk.staged(*number, OFlags::RDONLY).map_err(corrupt),
            (None, Content::Published(published)) => published.header.hash,
            (Some(version), _) => {
                let known = self.history(path)?;
                let hashes = known.iter().filter_map(|version| version.header.as_ref()).map(|header| header.hash);
                hashes.into_iter().find(|hash| hash == version).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?
            }
        };
        let blob = self.disk.blob(&wanted).map_err(corrupt)?;
        if hash_of(&blob) == Ok(wanted) { Ok(blob) } else { Err(STATUS_FILE_CORRUPT_ERROR) }
    }
}
