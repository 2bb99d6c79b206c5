//! Verifying a store: what is damaged is named, one finding each.

use super::disk::hash_of;
use super::finding::{Finding, Report, Wrong};
use super::tree::{Content, Node, Tree};
use super::view::View;
use crate::journal::header::Header;
use crate::journal::principal::Principal;
use crate::path::Path;
use rustix::fs::OFlags;
use std::collections::{HashMap, HashSet};

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
