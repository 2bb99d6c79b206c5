//! From a key to another by a path: links are followed, and 32-bit programs led to their own.

use super::name::{DEEPEST, LONGEST_KEY, LONGEST_PATH, fold, names, wide};
use super::{ROOT, Registry, view};
use std::collections::VecDeque;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER, STATUS_KEY_DELETED, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD,
};

/// How a path is looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// As 32-bit programs see it.
    pub view32: bool,
    /// A link at the path's end is what is looked for.
    pub link: bool,
}

/// Where a path leads.
pub enum Walked {
    /// To a key.
    To(u32),
    /// The key above is the last one that is there; these names are missing.
    Short(u32, VecDeque<Box<[u16]>>),
}

/// A symbolic link leads to what this value says.
const LINK_VALUE: &str = "SymbolicLinkValue";
/// `REG_LINK` (winnt.h).
pub const REG_LINK: u32 = 6;
/// Links that are followed for one path.
const MOST_LINKS: u32 = 32;

impl Registry {
    /// The key below another, by its folded name.
    pub(super) fn child(&mut self, id: u32, folded: &[u16]) -> Option<u32> {
        self.load(id);
        self.node(id).subkeys.get(folded).copied()
    }

    /// Follows a path as far as it goes.
    pub(super) fn walk(&mut self, start: u32, path: &[u16], how: How) -> Result<Walked, NTSTATUS> {
        if self.is_deleted(start) {
            return Err(STATUS_KEY_DELETED);
        }
        let mut at = start;
        let mut rest = VecDeque::new();
        for name in names(path) {
            if name.is_empty() {
                // Several backslashes are as good as one.
                continue;
            }
            if name.len() > LONGEST_KEY {
                return Err(STATUS_INVALID_PARAMETER);
            }
            rest.push_back(Box::from(name));
        }
        if how.view32 && at != self.wow && self.is_above(self.wow, at) {
            // What 32-bit programs share may lie below: the path is looked at from where the views part.
            let mut below = at;
            while below != self.wow {
                rest.push_front(self.node(below).name.clone());
                below = self.node(below).parent;
            }
            at = self.wow;
        }
        let mut links = 0;
        loop {
            if self.node(at).link && !(rest.is_empty() && how.link) {
                links += 1;
                if links > MOST_LINKS {
                    return Err(STATUS_OBJECT_NAME_NOT_FOUND);
                }
                let target = self.target(at)?;
                // No key is so deep or has so long a path: a link that adds to itself ends here, and not with the broker's memory.
                let length: usize = target.iter().chain(&rest).map(|name| 1 + name.len()).sum();
                if target.len() + rest.len() > DEEPEST || length > LONGEST_PATH {
                    return Err(STATUS_OBJECT_NAME_NOT_FOUND);
                }
                target.into_iter().rev().for_each(|name| rest.push_front(name));
                at = ROOT;
                continue;
            }
            if how.view32 {
                at = self.redirected(at, &rest);
            }
            if self.private.contains(&at) {
                return Err(STATUS_ACCESS_DENIED);
            }
            let Some(next) = rest.front() else { return Ok(Walked::To(at)) };
            match self.child(at, &fold(next)) {
                Some(below) => {
                    rest.pop_front();
                    at = below;
                }
                None => return Ok(Walked::Short(at, rest)),
            }
        }
    }

    /// The names that a link leads to, from the root.
    fn target(&mut self, id: u32) -> Result<Vec<Box<[u16]>>, NTSTATUS> {
        let value = self.value(id, &wide(LINK_VALUE)).map_err(|_| STATUS_OBJECT_NAME_NOT_FOUND)?;
        if value.kind != REG_LINK || value.data.len() > 2 * ("\\REGISTRY".len() + LONGEST_PATH) {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        let path: Vec<u16> = value.data.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let path = below_root(&path).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        Ok(names(path).filter(|name| !name.is_empty()).map(Box::from).collect())
    }

    /// Where a 32-bit program goes on from a key.
    fn redirected(&mut self, at: u32, rest: &VecDeque<Box<[u16]>>) -> u32 {
        let Some(next) = rest.front().map(|next| fold(next)) else { return at };
        if at == self.software {
            if *next == *wide("WOW6432NODE") || view::is_shared(rest) {
                at
            } else {
                // What the sandbox has made of the key above it tells of it too.
                self.load(at);
                self.wow
            }
        } else if at == self.wow && view::is_shared(rest) {
            self.software
        } else if view::is_redirected_class(&next) && self.is_classes(at) {
            self.child(at, &wide("WOW6432NODE")).unwrap_or(at)
        } else {
            at
        }
    }

    /// Whether a key holds classes: the machine's or a user's.
    fn is_classes(&mut self, id: u32) -> bool {
        let node = self.node(id);
        if node.parent == self.software {
            return super::name::same(&node.name, &wide("Classes"));
        }
        node.name.ends_with(&wide("_Classes")) && self.depth(id) == 2
    }

    /// How many keys are above one.
    pub(super) fn depth(&self, id: u32) -> usize {
        let (mut depth, mut at) = (0, id);
        while at != ROOT && self.node(at).parent != super::NOBODY {
            at = self.node(at).parent;
            depth += 1;
        }
        depth
    }

    /// The key that a path leads to from another.
    pub fn find(&mut self, start: u32, path: &[u16], how: How) -> Result<u32, NTSTATUS> {
        match self.walk(start, path, how)? {
            Walked::To(id) => Ok(id),
            Walked::Short(..) => Err(STATUS_OBJECT_NAME_NOT_FOUND),
        }
    }
}

/// What follows `\Registry` in a full path.
pub fn below_root(path: &[u16]) -> Option<&[u16]> {
    let root = wide("\\REGISTRY");
    let (head, rest) = path.split_at_checked(root.len())?;
    (super::name::same(head, &root) && matches!(rest.first(), None | Some(&super::name::PARTS))).then_some(rest)
}

/// What follows `\Registry` in a full path, or why it is none.
pub fn absolute(path: &[u16]) -> Result<&[u16], NTSTATUS> {
    if path.first() != Some(&super::name::PARTS) {
        return Err(STATUS_OBJECT_PATH_SYNTAX_BAD);
    }
    below_root(path).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
}
