//! The registry of a sandbox: keys and values over a built-in base that is the same everywhere.
//!
//! It lives in memory, and is read as far as somebody looks at it: the base comes first, the index of what the sandbox has changed
//! over it, then the journal. Each change is a record in the journal before the call returns.

mod base;
mod change;
mod classes;
mod disk;
mod fold;
mod import;
mod load;
mod name;
mod node;
pub(crate) mod record;
pub mod section;
mod sorted;
#[cfg(test)]
mod tests;
pub mod text;
mod values;
mod view;
mod walk;

pub use base::Fact;
pub use change::New;
pub use classes::Key;
pub use disk::{Checked, verify};
pub use import::Importer;
pub use name::{LARGEST_VALUE, LONGEST_KEY, LONGEST_VALUE};
pub use node::Longest;
pub use values::Value;
pub use walk::{How, absolute, below_root};

use crate::journal::log::Log;
use crate::journal::principal::Principal;
use crate::objects::Finding;
use disk::Disk;
use node::{NOBODY, Node};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_KEY_DELETED, STATUS_NO_MORE_ENTRIES, STATUS_OBJECT_NAME_NOT_FOUND};

/// `\REGISTRY`.
pub const ROOT: u32 = 0;

/// A journal of so many bytes is folded while programs run.
const VERY_LONG: u64 = 64 << 20;

/// How much a registry takes of its broker's memory and of the disk.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Keys that the sandbox has made.
    pub keys: u64,
    /// Bytes of names and values.
    pub bytes: u64,
    /// Bytes of a journal that nothing is folded of, for something is damaged.
    pub unfolded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { keys: 1 << 20, bytes: 512 << 20, unfolded: 256 << 20 }
    }
}

/// Something that has changed: a key, and what of it (`REG_NOTIFY_CHANGE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The key; of a subkey that came or went, the one above it.
    pub key: u32,
    /// What of it.
    pub what: u32,
}

/// Facts about a key.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When it was last changed, in 100 ns since 1601.
    pub written: i64,
    /// Its name.
    pub name: Vec<u16>,
    /// Its class.
    pub class: Vec<u16>,
    /// How many keys are below it.
    pub subkeys: u32,
    /// How many values it has.
    pub values: u32,
    /// The longest of them.
    pub longest: Longest,
    /// It is not kept.
    pub volatile: bool,
    /// It is a symbolic link.
    pub link: bool,
}

/// A registry.
pub struct Registry {
    nodes: Vec<Option<Node>>,
    free: Vec<u32>,
    /// `HKLM\Software` and what 32-bit programs see in its place.
    software: u32,
    wow: u32,
    /// Keys of the accounts, which nobody but the system itself opens ("Registry Hives").
    private: [u32; 2],
    /// Where it is kept, if it is.
    disk: Option<Disk>,
    limits: Limits,
    keys: u64,
    bytes: u64,
    /// Keys that are not kept, and bytes of them.
    volatile: (u64, u64),
    /// When the journal is so long, a new index is written.
    tidy_at: u64,
    events: Vec<Event>,
    /// What was found damaged.
    damage: Vec<Finding>,
}

impl Registry {
    /// One that goes with its sandbox.
    pub fn temporary(facts: &[Fact], limits: Limits) -> Self {
        let mut registry = Self {
            nodes: Vec::new(),
            free: Vec::new(),
            software: NOBODY,
            wow: NOBODY,
            private: [NOBODY; 2],
            disk: None,
            limits,
            keys: 0,
            bytes: 0,
            volatile: (0, 0),
            tidy_at: VERY_LONG,
            events: Vec::new(),
            damage: Vec::new(),
        };
        registry.load_base(facts);
        registry
    }

    /// A sandbox's own, in a folder that is made where there is none.
    pub fn open(folder: &std::path::Path, principal: Principal, facts: &[Fact], limits: Limits) -> Result<Self, crate::OpenError> {
        let mut registry = Self::temporary(facts, limits);
        let opened = Disk::open(folder, Some(principal))?;
        registry.adopt(opened)?;
        Ok(registry)
    }

    /// A sandbox's own as it stands on the disk, only to look at.
    pub fn look(folder: &std::path::Path, facts: &[Fact]) -> Result<Self, crate::OpenError> {
        let mut registry = Self::temporary(facts, Limits::default());
        let opened = Disk::look(folder)?;
        registry.adopt(opened)?;
        Ok(registry)
    }

    /// What was found damaged so far.
    pub fn damage(&self) -> &[Finding] {
        &self.damage
    }

    /// Whether something that was kept is lost.
    fn is_damaged(&self) -> bool {
        !self.damage.iter().all(Finding::is_harmless)
    }

    /// Writes a new index where the journal has grown very long.
    pub fn tidy(&mut self) {
        let length = self.disk.as_ref().and_then(|disk| disk.journal.as_ref()).map_or(0, |journal| journal.length);
        if length >= self.tidy_at {
            // What cannot be folded is as good as it is. It is not tried again with each request, which would wait for it.
            self.tidy_at = if self.fold().is_ok() { VERY_LONG } else { length + VERY_LONG };
        }
    }

    /// Sees that everything is sealed in an index, for an archive carries nothing else.
    pub fn publish(&mut self) -> Result<(), crate::OpenError> {
        let is_bare = self.disk.as_ref().and_then(|disk| disk.journal.as_ref()).is_none_or(Log::is_bare);
        if is_bare { Ok(()) } else { Ok(self.fold()?) }
    }

    fn node(&self, id: u32) -> &Node {
        self.nodes[id as usize].as_ref().expect("a key is there as long as it is open or has a place")
    }

    fn node_mut(&mut self, id: u32) -> &mut Node {
        self.nodes[id as usize].as_mut().expect("a key is there as long as it is open or has a place")
    }

    fn insert(&mut self, node: Node) -> u32 {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = Some(node);
            return id;
        }
        self.nodes.push(Some(node));
        self.nodes.len() as u32 - 1
    }

    /// Whether a key's number is remembered for as long as the registry lives.
    fn is_kept(&self, id: u32) -> bool {
        id == ROOT || id == self.software || id == self.wow || self.private.contains(&id)
    }

    /// Takes a key out of memory. A number that is remembered never becomes another key's.
    fn release(&mut self, id: u32) {
        if !self.is_kept(id) && self.nodes.get_mut(id as usize).and_then(Option::take).is_some() {
            self.free.push(id);
        }
    }

    /// Refuses a key that is gone, and reads what it holds.
    fn ready(&mut self, id: u32) -> Result<&mut Node, NTSTATUS> {
        if self.is_deleted(id) {
            return Err(STATUS_KEY_DELETED);
        }
        self.load(id);
        Ok(self.node_mut(id))
    }

    /// One more handle leads to a key.
    pub fn enter(&mut self, id: u32) {
        self.node_mut(id).opens += 1;
    }

    /// One handle less.
    pub fn leave(&mut self, id: u32) {
        let Some(node) = self.nodes.get_mut(id as usize).and_then(Option::as_mut) else { return };
        node.opens = node.opens.saturating_sub(1);
        if node.deleted && node.opens == 0 {
            self.release(id);
        }
    }

    /// Takes what has changed since the last time.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Whether a key is gone.
    pub fn is_deleted(&self, id: u32) -> bool {
        self.nodes.get(id as usize).and_then(Option::as_ref).is_none_or(|node| node.deleted)
    }

    /// The key above one.
    pub fn above(&self, id: u32) -> Option<u32> {
        let parent = self.nodes.get(id as usize)?.as_ref()?.parent;
        (parent != NOBODY).then_some(parent)
    }

    /// Whether one key is above another, or the same.
    pub(super) fn is_above(&self, above: u32, mut id: u32) -> bool {
        while id != above {
            match self.nodes.get(id as usize).and_then(Option::as_ref) {
                Some(node) if node.parent != NOBODY => id = node.parent,
                _ => return false,
            }
        }
        true
    }

    /// Where a key is: `\REGISTRY\MACHINE\..`.
    pub fn path(&self, id: u32) -> Result<Vec<u16>, NTSTATUS> {
        if self.is_deleted(id) {
            return Err(STATUS_KEY_DELETED);
        }
        let mut names = Vec::new();
        let mut at = id;
        while at != NOBODY {
            let node = self.node(at);
            names.push(&node.name);
            at = node.parent;
        }
        Ok(names.iter().rev().flat_map(|name| std::iter::once(name::PARTS).chain(name.iter().copied())).collect())
    }

    /// Facts about a key.
    pub fn facts(&mut self, id: u32) -> Result<Facts, NTSTATUS> {
        let node = self.ready(id)?;
        Ok(Facts {
            written: node.written,
            name: node.name.to_vec(),
            class: node.class.to_vec(),
            subkeys: node.subkeys.len() as u32,
            values: node.values.len() as u32,
            longest: node.longest,
            volatile: node.volatile,
            link: node.link,
        })
    }

    /// A value.
    pub fn value(&mut self, id: u32, name: &[u16]) -> Result<&Value, NTSTATUS> {
        self.ready(id)?.values.get(name).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
    }

    /// The values from a position on.
    pub fn values(&mut self, id: u32, position: usize) -> Result<impl Iterator<Item = &Value>, NTSTATUS> {
        let node: &Node = self.ready(id)?;
        if position > 0 && position >= node.values.len() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        Ok(node.values.from(position))
    }

    /// The keys below one, from a position on.
    pub fn subkeys(&mut self, id: u32, position: usize) -> Result<impl Iterator<Item = (&[u16], u32)>, NTSTATUS> {
        let node: &Node = self.ready(id)?;
        if position > 0 && position >= node.subkeys.len() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        Ok(node.subkeys.from(position).map(|(name, id)| (&name[..], *id)))
    }

    /// Name, class and time of the last change of a key, whether or not somebody has looked at what it holds.
    pub fn brief(&self, id: u32) -> (&[u16], &[u16], i64) {
        let node = self.node(id);
        (&node.name, &node.class, node.written)
    }
}
