//! What names stand for, in memory: files and folders by their numbers, and a folder's names. A million of them are held, so that what
//! is rare of one lies apart.

use crate::case::upcase;
use crate::journal::header::Header;
use crate::metadata::Times;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// A name in a folder, as it is spelt.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    pub name: &'a [u16],
    pub id: u64,
}

/// A folder's names: the order of listings is that of this map.
#[derive(Debug, Default)]
pub struct Children(BTreeMap<Name, u64>);

impl Children {
    pub fn get(&self, name: &[u16]) -> Option<Child<'_>> {
        self.0.get_key_value(&Name(name.into())).map(|(name, id)| Child { name: &name.0, id: *id })
    }

    pub fn iter(&self) -> impl Iterator<Item = Child<'_>> {
        self.0.iter().map(|(name, id)| Child { name: &name.0, id: *id })
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives something a name, as it is spelt now; answers what had it.
    pub fn insert(&mut self, name: Box<[u16]>, id: u64) -> Option<u64> {
        let name = Name(name);
        // A map keeps the key that it has, and with it the old spelling.
        let before = self.0.remove(&name);
        self.0.insert(name, id);
        before
    }

    pub fn remove(&mut self, name: &[u16]) -> Option<u64> {
        self.0.remove(&Name(name.into()))
    }

    /// What has the names.
    pub fn into_ids(self) -> impl Iterator<Item = u64> {
        self.0.into_values()
    }
}

/// A name, which is compared by its upper-case form.
#[derive(Debug)]
struct Name(Box<[u16]>);

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        // Names of one folder begin alike, mostly in the same case too.
        for (one, other) in self.0.iter().zip(&other.0) {
            if one != other {
                match upcase(*one).cmp(&upcase(*other)) {
                    Ordering::Equal => {}
                    different => return different,
                }
            }
        }
        self.0.len().cmp(&other.0.len())
    }
}

/// Nodes by their numbers. A million of them are a store's memory: each is a piece of its own, for a map that grows has twice the room.
#[derive(Debug, Default)]
pub struct Nodes(HashMap<u64, Box<Node>>);

impl Nodes {
    pub fn get(&self, id: &u64) -> Option<&Node> {
        self.0.get(id).map(|node| &**node)
    }

    pub fn get_mut(&mut self, id: &u64) -> Option<&mut Node> {
        self.0.get_mut(id).map(|node| &mut **node)
    }

    pub fn contains_key(&self, id: &u64) -> bool {
        self.0.contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn values(&self) -> impl Iterator<Item = &Node> {
        self.0.values().map(|node| &**node)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.0.values_mut().map(|node| &mut **node)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&u64, &Node)> {
        self.0.iter().map(|(id, node)| (id, &**node))
    }

    pub fn insert(&mut self, id: u64, node: Node) -> bool {
        self.0.insert(id, Box::new(node)).is_some()
    }

    pub fn remove(&mut self, id: &u64) -> Option<Node> {
        self.0.remove(id).map(|node| *node)
    }
}

impl std::ops::Index<&u64> for Nodes {
    type Output = Node;

    fn index(&self, id: &u64) -> &Node {
        &self.0[id]
    }
}

/// What was found of a staged file when nobody could write it: it holds until somebody opens it.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    pub size: u64,
    pub allocated: u64,
    pub times: Times,
}

/// What something holds.
#[derive(Debug)]
pub enum Content {
    Folder(Children),
    /// A file that may be written, under a number; the size that counts as used; what it was when it was last published.
    Staged {
        number: u64,
        settled: Option<Box<Settled>>,
        counted: u64,
        base: Option<Box<Published>>,
    },
    Published(Published),
    /// A file whose content no record tells of any more.
    Lost,
}

/// A published object.
#[derive(Clone, Debug)]
pub struct Published {
    pub header: Box<Header>,
    /// When its blob was last written, in nanoseconds since 1970.
    pub written: i64,
    /// The number that it was staged under; 0 where that name has gone for sure.
    pub staged: u64,
}

/// A file or a folder.
#[derive(Debug)]
pub struct Node {
    /// `FILE_ATTRIBUTE_*`; `DIRECTORY` is among them.
    pub attributes: u32,
    /// Of a staged file, only the time of creation counts: the host keeps the others.
    pub times: Times,
    /// How many names it has.
    pub links: u32,
    /// The folder of its first name; of a folder, the folder it lies in.
    pub parent: u64,
    pub content: Content,
    pub former: Vec<Header>,
    /// How many opens there are of it.
    pub opens: u64,
    /// How often it was opened for writing.
    pub writers: u32,
}

impl Node {
    pub fn is_folder(&self) -> bool {
        matches!(self.content, Content::Folder(_))
    }

    pub fn children(&self) -> Option<&Children> {
        if let Content::Folder(children) = &self.content { Some(children) } else { None }
    }

    pub fn headers(&self) -> impl Iterator<Item = &Header> {
        let current = match &self.content {
            Content::Published(published) => Some(&*published.header),
            Content::Staged { base: Some(base), .. } => Some(&*base.header),
            Content::Folder(_) | Content::Staged { .. } | Content::Lost => None,
        };
        current.into_iter().chain(&self.former)
    }
}
