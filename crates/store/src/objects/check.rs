//! Verifying a store: what is damaged is named, one finding each.

use super::content::hash_of;
use super::finding::{Finding, Report, Wrong};
use super::tree::{Content, Node, ROOT, Tree};
use super::view::View;
use crate::journal::header::Header;
use crate::journal::principal::Principal;
use crate::path::Path;
use rustix::fs::OFlags;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

impl View {
    /// Verifies everything: records, signatures and the content of every object, against the keys of the sandbox, of its user, and of those
    /// whose objects it has accepted.
    pub fn verify(&self, principal: &Principal) -> Report {
        let mut report = Report { findings: self.damage.clone(), ..Report::default() };
        let names = LazyCell::new(|| Names::of(&self.tree));
        let mut ids: Vec<_> = self.tree.nodes.iter().collect();
        ids.sort_by_key(|(id, _)| **id);
        let mut whole = HashSet::new();
        for (id, node) in ids {
            let mut wrong = |wrong| report.findings.push(Finding::Object { path: names.path(*id), wrong });
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
                    report.findings.push(Finding::Object { path: names.path(*id), wrong: found });
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

/// The first name of everything that names lead to, and the folder that has it. Whole paths are made when one is asked for: those of a
/// deep tree would take more memory than everything else of it.
#[derive(Default)]
pub(super) struct Names(HashMap<u64, (u64, Box<[u16]>)>);

impl Names {
    /// Those of a tree.
    pub fn of(tree: &Tree) -> Self {
        let mut names = HashMap::new();
        let mut folders = vec![ROOT];
        while let Some(folder) = folders.pop() {
            for child in tree.nodes.get(&folder).and_then(Node::children).into_iter().flat_map(|children| children.iter()) {
                let is_new = names.insert(child.id, (folder, Box::from(child.name))).is_none();
                if is_new && tree.nodes.get(&child.id).is_some_and(Node::is_folder) {
                    folders.push(child.id);
                }
            }
        }
        Self(names)
    }

    /// The path of a node; empty for the root, and for what has no name.
    pub fn path(&self, id: u64) -> Path {
        let above = |(parent, _): &&(u64, Box<[u16]>)| self.0.get(parent);
        let names: Vec<_> = std::iter::successors(self.0.get(&id), above).take(self.0.len()).map(|(_, name)| name).collect();
        names.into_iter().rev().collect()
    }
}
