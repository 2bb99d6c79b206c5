//! Verifying a store: what is damaged is named, one finding each.

use super::header::Header;
use super::log::Read;
use super::open::hash_of;
use super::principal::Principal;
use super::tree::{Content, Node, Tree};
use super::view::View;
use crate::path::Path;
use rustix::fs::OFlags;
use std::collections::{HashMap, HashSet};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An index is not whole, by so many records.
    Index {
        /// Its name.
        file: String,
        /// How many records are missing, where its end is there to tell.
        missing: Option<u64>,
    },
    /// A file of records is missing.
    Missing {
        /// Its name.
        file: String,
    },
    /// A file of records holds bytes that are no record.
    Damaged {
        /// Its name.
        file: String,
        /// Where they start.
        start: u64,
        /// Where they end.
        end: u64,
    },
    /// A file of records ends inside a record. The journal of a host that lost its power may: that change was not confirmed.
    Torn {
        /// Its name.
        file: String,
        /// How many bytes of the record are there.
        bytes: u64,
    },
    /// A record tells of what no other one has told of.
    Strange(String),
    /// An object is not what its header says.
    Object {
        /// Its name.
        path: Path,
        /// What is wrong with it.
        wrong: Wrong,
    },
}

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its content is not there.
    Missing,
    /// Its content is another one.
    Altered,
    /// Its header is not signed by who is said to have made it.
    Signature,
    /// It was made by another sandbox, or belongs to somebody else.
    Foreign,
    /// No record tells of its content.
    Lost,
    /// It is not published, though it should be.
    Unsealed,
}

impl Wrong {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "its content is missing",
            Self::Altered => "its content was altered",
            Self::Signature => "its header's signature is wrong",
            Self::Foreign => "it is of another sandbox or another user, whom nobody has accepted",
            Self::Lost => "the record of its content is lost",
            Self::Unsealed => "it could not be sealed",
        }
    }
}

impl Finding {
    /// Whether it is only what the loss of power leaves behind: nothing that was confirmed is missing.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::Torn { .. })
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index { file, missing: Some(missing) } => write!(out, "{file}: {missing} records are missing"),
            Self::Index { file, missing: None } => write!(out, "{file}: its end is missing"),
            Self::Missing { file } => write!(out, "{file}: it is missing"),
            Self::Damaged { file, start, end } => write!(out, "{file}: the bytes from {start} to {end} are damaged"),
            Self::Torn { file, bytes } => write!(out, "{file}: it ends inside a record, of which {bytes} bytes are there"),
            Self::Strange(what) => write!(out, "a record tells of {what}"),
            Self::Object { path, wrong } => write!(out, "C:\\{}: {}", String::from_utf16_lossy(path.units()), wrong.text()),
        }
    }
}

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Objects that were verified, former versions among them.
    pub objects: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files that are not published yet.
    pub unsealed: u64,
}

impl View {
    /// Verifies everything: records, signatures and the content of every object, against the keys of the sandbox, of its user, and of those
    /// whose objects it has accepted.
    pub fn verify(&self, principal: &Principal) -> Report {
        let mut report = Report { findings: self.damage.clone(), ..Report::default() };
        let paths = paths(&self.tree);
        let mut ids: Vec<_> = self.tree.nodes.iter().collect();
        ids.sort_by_key(|(id, _)| **id);
        let mut whole = HashSet::new();
        for (id, node) in ids {
            let path = paths.get(id).cloned().unwrap_or_default();
            let mut wrong = |wrong| report.findings.push(Finding::Object { path: path.clone(), wrong });
            let current = match &node.content {
                Content::Folder(_) => None,
                Content::Lost => {
                    wrong(Wrong::Lost);
                    None
                }
                Content::Staged { number, base, .. } => {
                    if self.disk.staged(*number, OFlags::RDONLY).is_err() {
                        wrong(Wrong::Missing);
                    }
                    report.unsealed += 1;
                    base.as_deref()
                }
                Content::Published(published) => Some(published),
            };
            let staged = current.map_or(0, |published| published.staged);
            for header in current.map(|published| &*published.header).into_iter().chain(&node.former) {
                report.objects += 1;
                report.bytes += header.size;
                if !whole.contains(&header.hash)
                    && let Some(found) = self.check(header, staged, principal)
                {
                    report.findings.push(Finding::Object { path: path.clone(), wrong: found });
                } else {
                    whole.insert(header.hash);
                }
            }
        }
        report
    }

    fn check(&self, header: &Header, staged: u64, principal: &Principal) -> Option<Wrong> {
        if !principal.accepts(&header.author, &header.owner) {
            return Some(Wrong::Foreign);
        }
        if !header.is_signed() {
            return Some(Wrong::Signature);
        }
        // The blob's name may have been lost with the host's power; its staged one is kept until it is on the disk.
        let Ok(blob) = self.disk.blob(&header.hash).or_else(|_| self.disk.staged(staged, OFlags::RDONLY)) else { return Some(Wrong::Missing) };
        (hash_of(&blob) != Ok(header.hash)).then_some(Wrong::Altered)
    }
}

/// The first path of everything, as far as names lead to it.
pub(super) fn paths(tree: &Tree) -> HashMap<u64, Path> {
    let mut found = HashMap::from([(super::tree::ROOT, Path::default())]);
    let mut folders = vec![super::tree::ROOT];
    while let Some(folder) = folders.pop() {
        let above = found[&folder].clone();
        for child in tree.nodes.get(&folder).and_then(Node::children).into_iter().flat_map(|children| children.iter()) {
            let mut path = above.clone();
            path.push(child.name);
            if found.insert(child.id, path).is_none() && tree.nodes.get(&child.id).is_some_and(Node::is_folder) {
                folders.push(child.id);
            }
        }
    }
    found
}

/// What reading a file of records found.
pub(super) fn of_read(file: &str, read: &Read) -> Vec<Finding> {
    let file = || file.to_owned();
    let damaged = read.damaged.iter().map(|(start, end)| Finding::Damaged { file: file(), start: *start, end: *end });
    let torn = (read.torn > 0).then(|| Finding::Torn { file: file(), bytes: read.torn });
    damaged.chain(torn).collect()
}
