//! Names and what they stand for, in memory. Whatever changes them is a record, and applying records is all that is done here:
//! what a store does at work and what it does when it is opened again come to the same.

pub use super::node::{Child, Children, Content, Node, Nodes, Published, Settled};
use super::record::Record;
use crate::journal::header::Hash;
use crate::metadata::{Times, attribute};
use crate::path::Path;
use std::collections::{HashMap, HashSet};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND};

/// The number of the root.
pub const ROOT: u64 = 5;
/// Former versions of a file that are kept, and the largest of them in bytes.
pub const KEPT_VERSIONS: usize = 8;
pub const LARGEST_KEPT: u64 = 16 << 20;

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of blobs and of staged files, as far as they are known.
    pub bytes: u64,
    /// Files and folders.
    pub objects: u64,
}

/// All names and nodes.
#[derive(Debug)]
pub struct Tree {
    pub nodes: Nodes,
    pub next_id: u64,
    pub next_staged: u64,
    /// How many headers, current and former, tell of a blob.
    pub blobs: HashMap<Hash, u32>,
    pub usage: Usage,
    /// Numbers of staged files and hashes of blobs that nothing tells of any more.
    pub dead_staged: Vec<u64>,
    pub dead_blobs: Vec<(Hash, u64)>,
    /// What records told that does not fit to the others.
    pub strange: Vec<String>,
    /// While records are read: the files that were told of and have no name any more, and the number that the index's end says is the
    /// next. Of such a file a later record may tell, for somebody had it open.
    pub past: Option<(HashSet<u64>, u64)>,
}

/// The most names that a file has, as on NTFS.
pub const MOST_LINKS: u32 = 1024;

impl Tree {
    /// A tree of an empty root.
    pub fn new(now: i64) -> Self {
        let root = Node {
            attributes: attribute::DIRECTORY,
            times: [now; 4],
            links: 1,
            parent: ROOT,
            content: Content::Folder(Children::default()),
            former: Vec::new(),
            opens: 0,
            writers: 0,
        };
        let mut nodes = Nodes::default();
        nodes.insert(ROOT, root);
        Self {
            nodes,
            next_id: ROOT + 1,
            next_staged: 1,
            blobs: HashMap::new(),
            usage: Usage::default(),
            dead_staged: Vec::new(),
            dead_blobs: Vec::new(),
            strange: Vec::new(),
            past: None,
        }
    }

    /// Whether a file was there once, as far as the records that are being read tell.
    fn is_past(&self, id: u64) -> bool {
        self.past.as_ref().is_some_and(|(gone, next)| id < *next || gone.contains(&id))
    }

    /// What a record tells of a file that is not there.
    fn missing(&mut self, id: u64, what: &str) {
        if !self.is_past(id) {
            self.strange.push(format!("{what} of file {id}, which is not there"));
        }
    }

    /// Whether a record tells of a file without a name: nobody can find it any more, and nothing of it outlives its handles.
    pub fn is_nameless(&self, record: &Record) -> bool {
        match record {
            Record::Facts { id, .. } | Record::Stage { id, .. } | Record::Publish { id, .. } | Record::Former { id, .. } => {
                self.nodes.get(id).is_some_and(|node| node.links == 0)
            }
            _ => false,
        }
    }

    /// A folder's entry.
    pub fn child(&self, folder: u64, name: &[u16]) -> Option<Child<'_>> {
        self.nodes.get(&folder)?.children()?.get(name)
    }

    /// The folder that a path's last name is looked for in, and that name. `None` for the root.
    pub fn parent<'a>(&self, path: &'a Path) -> Result<Option<(u64, &'a [u16])>, NTSTATUS> {
        let mut names = path.names();
        let Some(last) = names.next_back() else { return Ok(None) };
        let mut folder = ROOT;
        for name in names {
            folder = self.child(folder, name).map(|child| child.id).ok_or(STATUS_OBJECT_PATH_NOT_FOUND)?;
        }
        if self.nodes.get(&folder).is_some_and(Node::is_folder) { Ok(Some((folder, last))) } else { Err(STATUS_OBJECT_PATH_NOT_FOUND) }
    }

    /// What a path leads to.
    pub fn find(&self, path: &Path) -> Result<u64, NTSTATUS> {
        match self.parent(path)? {
            None => Ok(ROOT),
            Some((folder, name)) => self.child(folder, name).map(|child| child.id).ok_or(STATUS_OBJECT_NAME_NOT_FOUND),
        }
    }

    /// How many units the longest path from a folder down adds to its own.
    pub fn longest_below(&self, folder: u64) -> usize {
        let mut longest = 0;
        let mut folders = vec![(folder, 0)];
        // A damaged store could have a circle.
        for _ in 0..self.nodes.len() {
            let Some((folder, above)) = folders.pop() else { break };
            for child in self.nodes.get(&folder).and_then(Node::children).into_iter().flat_map(Children::iter) {
                let length = above + 1 + child.name.len();
                longest = longest.max(length);
                if self.nodes.get(&child.id).is_some_and(Node::is_folder) {
                    folders.push((child.id, length));
                }
            }
        }
        longest
    }

    /// The paths of a file, at most so many.
    pub fn paths(&self, id: u64, most: usize) -> Vec<Path> {
        let Some(node) = self.nodes.get(&id) else { return Vec::new() };
        // A file with one name has it in the folder that it knows; of another one, names may be anywhere.
        let folders: Vec<u64> = match node.links {
            0 => Vec::new(),
            1 if self.name_in(node.parent, id).is_some() => vec![node.parent],
            _ => self.nodes.iter().filter(|(_, node)| node.is_folder()).map(|(number, _)| *number).collect(),
        };
        let names = folders.iter().flat_map(|folder| {
            let children = self.nodes.get(folder).and_then(Node::children).into_iter().flat_map(Children::iter);
            children.filter(|child| child.id == id).map(|child| (*folder, child.name))
        });
        let path = |(folder, name)| {
            let mut path = self.folder_path(folder)?;
            path.push(name);
            Some(path)
        };
        if id == ROOT { vec![Path::default()] } else { names.filter_map(path).take(most).collect() }
    }

    fn name_in(&self, folder: u64, id: u64) -> Option<&[u16]> {
        self.nodes.get(&folder)?.children()?.iter().find(|child| child.id == id).map(|child| child.name)
    }

    /// The path of a folder: each knows the one that it lies in. A damaged store could have a circle, which is no path.
    fn folder_path(&self, folder: u64) -> Option<Path> {
        let (mut names, mut at) = (Vec::new(), folder);
        while at != ROOT {
            let parent = self.nodes.get(&at)?.parent;
            names.push(self.name_in(parent, at)?);
            at = parent;
            if names.len() > self.nodes.len() {
                return None;
            }
        }
        Some(names.into_iter().rev().collect())
    }

    /// A path as it is spelt here; what does not exist keeps the caller's spelling.
    pub fn spell(&self, path: &Path) -> Path {
        let mut folder = Some(ROOT);
        let spelt = path.names().map(|name| {
            let child = folder.and_then(|folder| self.child(folder, name));
            folder = child.map(|child| child.id);
            child.map_or(name, |child| child.name)
        });
        spelt.collect()
    }

    /// Does what a record tells. What does not fit is remembered as strange, and the rest goes on.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Make { id, parent, name, attributes, times, staged } => self.make(id, (parent, name), attributes, times, staged),
            Record::Link { id, parent, name, time } => {
                let parent = self.folder(parent);
                self.touch(parent, time);
                if let Some(node) = self.nodes.get_mut(&id) {
                    node.links += 1;
                    // A second name takes as much as a file.
                    self.usage.objects += 1;
                    self.put(parent, name, id);
                } else {
                    self.strange.push(format!("a second name of file {id}, which is not there"));
                }
            }
            Record::Unlink { parent, name, time } => match self.take(parent, &name) {
                Some(child) => {
                    self.touch(parent, time);
                    self.unlink(child);
                }
                None => self.strange.push(format!("the end of `{}`, which is not there", String::from_utf16_lossy(&name))),
            },
            Record::Move { parent, name, new_parent, new_name, time } => {
                let Some(child) = self.take(parent, &name) else {
                    self.strange.push(format!("another name for `{}`, which is not there", String::from_utf16_lossy(&name)));
                    return;
                };
                let new_parent = self.folder(new_parent);
                self.touch(parent, time);
                self.touch(new_parent, time);
                if let Some(node) = self.nodes.get_mut(&child) {
                    node.parent = new_parent;
                }
                self.put(new_parent, new_name, child);
            }
            Record::Facts { id, attributes, times } => match self.nodes.get_mut(&id) {
                Some(node) => (node.attributes, node.times) = (attributes, times),
                None => self.missing(id, "facts"),
            },
            Record::Stage { id, staged } => self.stage(id, staged),
            Record::Publish { id, staged, times, written, header } => self.publish(id, times, Published { header, written, staged }),
            Record::Former { id, header } => match self.nodes.get_mut(&id) {
                Some(node) => {
                    let hash = (header.hash, header.size);
                    node.former.push(*header);
                    self.tell_of(hash);
                }
                None => self.missing(id, "a former version"),
            },
            Record::End { next_id, next_staged, .. } => {
                self.next_id = self.next_id.max(next_id);
                self.next_staged = self.next_staged.max(next_staged);
                if let Some((_, next)) = &mut self.past {
                    *next = next_id;
                }
            }
        }
    }

    fn make(&mut self, id: u64, (parent, name): (u64, Box<[u16]>), attributes: u32, times: Times, staged: Option<u64>) {
        self.next_id = self.next_id.max(id + 1);
        self.next_staged = self.next_staged.max(staged.map_or(0, |staged| staged + 1));
        let parent = self.folder(parent);
        let content = match staged {
            _ if attributes & attribute::DIRECTORY != 0 => Content::Folder(Children::default()),
            Some(number) => Content::Staged { number, settled: None, counted: 0, base: None },
            None => Content::Lost,
        };
        if id == ROOT {
            if let Some(root) = self.nodes.get_mut(&ROOT) {
                (root.attributes, root.times) = (attributes, times);
            }
            return;
        }
        let node = Node { attributes, times, links: 1, parent, content, former: Vec::new(), opens: 0, writers: 0 };
        if self.nodes.insert(id, node) {
            self.strange.push(format!("file {id} twice"));
        } else {
            self.usage.objects += 1;
        }
        self.touch(parent, times[3]);
        self.put(parent, name, id);
    }

    /// A folder was written: an entry came or went. Its own times come after those of its entries in an index.
    fn touch(&mut self, folder: u64, time: i64) {
        if let Some(node) = self.nodes.get_mut(&folder) {
            (node.times[2], node.times[3]) = (time, time);
        }
    }

    /// A folder by its number. Where no record told of it, or of one that is no folder, what lies in it is found in a folder of the root.
    fn folder(&mut self, id: u64) -> u64 {
        if self.nodes.get(&id).is_some_and(Node::is_folder) {
            return id;
        }
        let found: Box<[u16]> = format!("FOUND.{id}").encode_utf16().collect();
        if let Some(child) = self.child(ROOT, &found) {
            return child.id;
        }
        self.strange.push(format!("folder {id} is lost: what was in it is in `{}`", String::from_utf16_lossy(&found)));
        let (now, id) = (self.nodes[&ROOT].times, if self.nodes.contains_key(&id) { self.next_id } else { id });
        self.make(id, (ROOT, found), attribute::DIRECTORY, now, None);
        id
    }

    /// Gives something a name; what had it goes.
    fn put(&mut self, folder: u64, name: Box<[u16]>, id: u64) {
        let before = match self.nodes.get_mut(&folder).map(|node| &mut node.content) {
            Some(Content::Folder(children)) => children.insert(name, id),
            _ => None,
        };
        if let Some(before) = before {
            self.unlink(before);
        }
    }

    fn take(&mut self, folder: u64, name: &[u16]) -> Option<u64> {
        match self.nodes.get_mut(&folder).map(|node| &mut node.content) {
            Some(Content::Folder(children)) => children.remove(name),
            _ => None,
        }
    }

    /// A name has gone. What has no more goes too, unless somebody has it open.
    /// Takes a name from a node; whether nothing is left that would keep it.
    fn lose_name(&mut self, id: u64) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else { return false };
        node.links = node.links.saturating_sub(1);
        if node.links > 0 {
            self.usage.objects = self.usage.objects.saturating_sub(1);
        }
        node.links == 0 && node.opens == 0
    }

    fn unlink(&mut self, id: u64) {
        if self.lose_name(id) {
            self.forget(id);
        }
    }

    /// Forgets what has no name.
    pub fn forget(&mut self, id: u64) {
        let mut going = vec![id];
        while let Some(id) = going.pop() {
            let Some(node) = self.nodes.remove(&id) else { continue };
            if let Some((gone, _)) = &mut self.past {
                gone.insert(id);
            }
            self.usage.objects = self.usage.objects.saturating_sub(1);
            if let Content::Staged { number, counted, .. } = &node.content {
                self.dead_staged.push(*number);
                self.usage.bytes = self.usage.bytes.saturating_sub(*counted);
            }
            for header in node.headers() {
                self.tell_no_more(header.hash, header.size);
            }
            // What lay in a lost folder's stead has names no more either.
            if let Content::Folder(children) = node.content {
                going.extend(children.into_ids().filter(|child| self.lose_name(*child)));
            }
        }
    }

    fn stage(&mut self, id: u64, staged: u64) {
        self.next_staged = self.next_staged.max(staged + 1);
        let Some(node) = self.nodes.get_mut(&id) else {
            self.missing(id, "content");
            return;
        };
        let base = match std::mem::replace(&mut node.content, Content::Lost) {
            Content::Folder(children) => {
                node.content = Content::Folder(children);
                self.strange.push(format!("content of folder {id}"));
                return;
            }
            Content::Staged { number, counted, base, .. } => {
                self.dead_staged.push(number);
                self.usage.bytes = self.usage.bytes.saturating_sub(counted);
                base
            }
            Content::Published(published) => Some(Box::new(published)),
            Content::Lost => None,
        };
        node.content = Content::Staged { number: staged, settled: None, counted: 0, base };
    }

    fn publish(&mut self, id: u64, times: Times, published: Published) {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.is_folder()) else {
            self.missing(id, "an object");
            return;
        };
        let hash = (published.header.hash, published.header.size);
        node.times = times;
        let base = match std::mem::replace(&mut node.content, Content::Published(published)) {
            Content::Staged { number, counted, base, .. } => {
                self.dead_staged.push(number);
                self.usage.bytes = self.usage.bytes.saturating_sub(counted);
                base
            }
            Content::Published(base) => Some(Box::new(base)),
            Content::Folder(_) | Content::Lost => None,
        };
        // What was published before stays as a former version, where it differs and rules allow it.
        let mut dropped = Vec::new();
        if let Some(base) = base {
            if base.header.hash != hash.0 && base.header.size <= LARGEST_KEPT {
                node.former.push(*base.header);
                if node.former.len() > KEPT_VERSIONS {
                    dropped.push(node.former.remove(0));
                }
            } else {
                dropped.push(*base.header);
            }
        }
        self.tell_of(hash);
        for header in dropped {
            self.tell_no_more(header.hash, header.size);
        }
    }

    fn tell_of(&mut self, (hash, size): (Hash, u64)) {
        let count = self.blobs.entry(hash).or_default();
        *count += 1;
        if *count == 1 {
            self.usage.bytes += size;
        }
    }

    fn tell_no_more(&mut self, hash: Hash, size: u64) {
        if let Some(count) = self.blobs.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.blobs.remove(&hash);
                self.dead_blobs.push((hash, size));
                self.usage.bytes = self.usage.bytes.saturating_sub(size);
            }
        }
    }

    /// The records that make the same tree again, and their end.
    pub fn records(&self, mut each: impl FnMut(Record)) {
        let mut count = 0;
        let mut give = |record| {
            count += 1;
            each(record);
        };
        let root = &self.nodes[&ROOT];
        give(Record::Make { id: ROOT, parent: ROOT, name: Box::default(), attributes: root.attributes, times: root.times, staged: None });
        let mut told = HashMap::new();
        let mut folders = vec![ROOT];
        while let Some(folder) = folders.pop() {
            for child in self.nodes[&folder].children().into_iter().flat_map(Children::iter) {
                let Some(node) = self.nodes.get(&child.id) else { continue };
                if node.links > 1 && told.insert(child.id, ()).is_some() {
                    give(Record::Link { id: child.id, parent: folder, name: child.name.into(), time: 0 });
                    continue;
                }
                let staged = match &node.content {
                    Content::Staged { number, base: None, .. } => Some(*number),
                    _ => None,
                };
                give(Record::Make { id: child.id, parent: folder, name: child.name.into(), attributes: node.attributes, times: node.times, staged });
                if node.is_folder() {
                    folders.push(child.id);
                }
                for header in &node.former {
                    give(Record::Former { id: child.id, header: Box::new(header.clone()) });
                }
                let published = match &node.content {
                    Content::Published(published) => Some(published),
                    Content::Staged { base, .. } => base.as_deref(),
                    Content::Folder(_) | Content::Lost => None,
                };
                if let Some(Published { header, written, .. }) = published.cloned() {
                    give(Record::Publish { id: child.id, staged: 0, times: node.times, written, header });
                }
                if let Content::Staged { number, base: Some(_), .. } = &node.content {
                    give(Record::Stage { id: child.id, staged: *number });
                }
            }
            let Node { attributes, times, .. } = self.nodes[&folder];
            give(Record::Facts { id: folder, attributes, times });
        }
        each(Record::End { records: count, next_id: self.next_id, next_staged: self.next_staged });
    }
}
