//! A key as it is in memory.

use super::record::Part;
use super::sorted::Sorted;
use super::values::Values;
use std::collections::BTreeSet;

/// No key.
pub const NOBODY: u32 = u32::MAX;

/// What of the built-in base the sandbox has deleted, by folded names.
#[derive(Debug, Default)]
pub struct Hidden {
    pub keys: BTreeSet<Box<[u16]>>,
    pub values: BTreeSet<Box<[u16]>>,
}

/// What a key holds and nobody has looked at yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pending {
    /// A piece of the built-in base.
    pub base: Option<&'static str>,
    /// A part of the index, which lies over it.
    pub part: Option<Part>,
}

/// The longest name and class of the subkeys, the longest name and the largest data of the values, in bytes. As on Windows they do not
/// shrink until nothing is left.
#[derive(Clone, Copy, Debug, Default)]
pub struct Longest {
    /// A subkey's name.
    pub key: u32,
    /// A subkey's class.
    pub class: u32,
    /// A value's name.
    pub value: u32,
    /// A value's data.
    pub data: u32,
}

/// What a key takes beside its names.
const KEY_BYTES: u64 = 256;

/// What a key takes with a name and a class.
pub fn key_size(name: &[u16], class: &[u16]) -> u64 {
    KEY_BYTES + 2 * (name.len() + class.len()) as u64
}

/// A key.
#[derive(Debug)]
pub struct Node {
    pub name: Box<[u16]>,
    pub class: Box<[u16]>,
    pub parent: u32,
    /// When it was last changed, in 100 ns since 1601.
    pub written: i64,
    /// The keys below it, by folded names.
    pub subkeys: Sorted<Box<[u16]>, u32>,
    pub values: Values,
    /// The built-in base has it.
    pub base: bool,
    /// The sandbox has made it.
    pub own: bool,
    /// It goes with the sandbox's last process.
    pub volatile: bool,
    /// It is a symbolic link.
    pub link: bool,
    /// The sandbox has changed it, or something below it.
    pub touched: bool,
    /// Somebody still has it open, but it is gone.
    pub deleted: bool,
    pub hidden: Option<Box<Hidden>>,
    pub pending: Option<Box<Pending>>,
    pub opens: u32,
    pub longest: Longest,
}

impl Node {
    pub fn new(name: &[u16], parent: u32) -> Self {
        Self {
            name: name.into(),
            class: Box::default(),
            parent,
            written: 0,
            subkeys: Sorted::default(),
            values: Values::default(),
            base: false,
            own: false,
            volatile: false,
            link: false,
            touched: false,
            deleted: false,
            hidden: None,
            pending: None,
            opens: 0,
            longest: Longest::default(),
        }
    }

    /// What it takes with its names.
    pub fn size(&self) -> u64 {
        key_size(&self.name, &self.class)
    }

    /// Notes how long a subkey's names are.
    pub fn grow_for(&mut self, name: &[u16], class: &[u16]) {
        self.longest.key = self.longest.key.max(2 * name.len() as u32);
        self.longest.class = self.longest.class.max(2 * class.len() as u32);
    }
}
