//! A registry in an archive: its index as it stands, with the seal of the sandbox that wrote it. What is read is checked as if an enemy
//! had written it.

use super::disk::{Index, hash_range, index_name, journal_name};
use super::name::{DEEPEST, LARGEST_VALUE, LONGEST_KEY, LONGEST_PATH, LONGEST_VALUE, PARTS};
use super::node::{NOBODY, key_size};
use super::record::{OWN, Part, Record};
use super::values::{Value, value_size};
use super::{Limits, ROOT, Registry};
use crate::archive::error::Error;
use crate::archive::section::{Amount, Fresh, Section};
use crate::archive::stream::{In, Item, Out};
use crate::journal::header::Header;
use crate::journal::log::{Head, Log, read_places};
use crate::objects::{Finding, Wrong};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

/// Where a sandbox's registry lies in its folder.
pub const FOLDER: &str = "registry";
/// What an index is called until its generation is known.
const UNNAMED: &str = "index.new";
/// The highest generation that is taken: what follows needs numbers too.
const LAST: u64 = 1 << 62;

/// The registry.
#[derive(Debug)]
pub struct Keys;

/// As it is told where files of the object store may be meant too.
fn named(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

fn unreadable(name: &str) -> Error {
    Error::Wrong(vec![Finding::Damaged { file: named(name), start: 0, end: 0 }])
}

impl Section for Keys {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn write(&self, sandbox: &Path, out: &mut Out<'_>) -> Result<(), Error> {
        let folder = sandbox.join(FOLDER);
        // A sandbox whose programs never asked for a key has none.
        if !folder.exists() {
            return Ok(());
        }
        let mut registry = Registry::look(&folder, &[])?;
        registry.load_all();
        let mut wrong: Vec<Finding> = registry.damage.iter().filter(|finding| !finding.is_harmless()).cloned().collect();
        let Some(disk) = &registry.disk else { return Ok(()) };
        if disk.changes > 0 {
            wrong.push(Finding::Seal { file: named(&journal_name(disk.generation)), wrong: Wrong::Unsealed });
        }
        if !wrong.is_empty() {
            return Err(Error::Wrong(wrong));
        }
        let Some(Index { file, length, .. }) = &disk.index else { return Ok(()) };
        let (hash, _) = hash_range(file.as_fd(), 0, *length)?;
        // The index was read, and the place in its file is shared.
        let bytes = File::open(folder.join(index_name(disk.generation)))?;
        if out.content(&hash, *length, bytes)? { Ok(()) } else { Err(unreadable(&index_name(disk.generation))) }
    }

    fn read(&self, fresh: &Fresh<'_>, from: &mut In<'_>, wrong: &mut Vec<Finding>) -> Result<Amount, Error> {
        let Some(item) = from.item()? else { return Ok(Amount::default()) };
        let Item::Content { hash, size } = item else { return Err(Error::Damaged("its registry is no content".into())) };
        let limits = Limits::default();
        // Each record takes less than what is counted for it, but those that hide what the base has, and heads of files.
        if size > limits.bytes + (64 << 20) {
            return Err(Error::Damaged("its registry is larger than one can be".into()));
        }
        let folder = fresh.folder.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let unnamed = folder.join(UNNAMED);
        let mut file = File::options().read(true).write(true).create_new(true).open(&unnamed)?;
        if from.content(&mut file)? != hash {
            return Err(unreadable(UNNAMED));
        }
        if from.item()?.is_some() {
            return Err(Error::Damaged("something stands behind its registry".into()));
        }
        let index = read_index(&file, limits)?;
        let generation = index.head.generation;
        let seal = index.wrong(fresh, &file)?;
        if !seal.is_empty() {
            // Nobody whom one may believe has written it.
            wrong.extend(seal);
            return Ok(Amount::default());
        }
        let root = File::open(&folder)?;
        std::fs::rename(&unnamed, folder.join(index_name(generation)))?;
        Log::<Record>::make(root.as_fd(), &journal_name(generation), Head { generation, device: 0 })?;
        let mut registry = Registry::look(&folder, &[])?;
        registry.load_all();
        wrong.extend(registry.damage.iter().cloned());
        registry.check(limits, wrong);
        Ok(Amount { objects: registry.keys, bytes: registry.bytes })
    }
}

/// What an index holds, as far as it must be known before it is read as one.
struct Read {
    head: Head,
    /// The parts that records lead to, in their order.
    parts: Vec<Part>,
    /// The first of the two last records but the seal, where it starts, and how many of them there are.
    ends: Option<(Record, u64, u32)>,
    /// The seal, and where it starts.
    seal: Option<(Box<Header>, u64)>,
}

/// What the records of an index take, before they are believed.
#[derive(Default)]
struct Amounts {
    keys: u64,
    /// Keys that are the base's, and what is told to be gone of it.
    base: u64,
    bytes: u64,
}

impl Amounts {
    /// More than a base has, or bases of several versions.
    const BASE: u64 = 1 << 16;

    /// Counts a record; whether there is room for it.
    fn takes(&mut self, record: &Record, limits: Limits) -> bool {
        match record {
            Record::Key { name, class, flags, .. } if flags & OWN != 0 => {
                self.keys += 1;
                self.bytes += key_size(name, class);
            }
            Record::Value { name, data, .. } => self.bytes += value_size(name, data),
            Record::Key { .. } | Record::NoKey { .. } | Record::NoValue { .. } => self.base += 1,
            _ => {}
        }
        self.keys <= limits.keys && self.bytes <= limits.bytes && self.base <= Self::BASE
    }
}

/// Reads an index from its start to its end. Every part lies in front of the record that leads to it, so that none can hold itself.
fn read_index(file: &File, limits: Limits) -> Result<Read, Error> {
    let refused = |what: &str| Error::Damaged(format!("its registry has a record {what}"));
    let (mut found, mut wrong) = (Read { head: Head { generation: 0, device: 0 }, parts: Vec::new(), ends: None, seal: None }, None);
    let mut amount = Amounts::default();
    let read = read_places(file, |record: Record, place, _| {
        if wrong.is_some() {
            return;
        }
        // What would fill the memory is refused before a key of it is made.
        if !amount.takes(&record, limits) {
            return wrong = Some("too many");
        }
        let part = match &record {
            _ if found.seal.is_some() => return wrong = Some("behind its seal"),
            Record::Seal(header) => return found.seal = Some((header.clone(), place.offset)),
            Record::End { root, .. } => {
                let (first, start, count) = found.ends.get_or_insert_with(|| (record.clone(), place.offset, 0));
                *count += 1;
                // The second one is the first once more, and is what is read first.
                if *first != record {
                    return wrong = Some("that ends it in another way than the one before");
                }
                (*start == place.offset).then_some(*root)
            }
            _ if found.ends.is_some() => return wrong = Some("behind its end"),
            Record::Key { part, .. } => *part,
            Record::Value { .. } | Record::NoKey { .. } | Record::NoValue { .. } => None,
            _ => return wrong = Some("of a kind that no index has"),
        };
        if let Some(part) = part {
            if part.place.offset.checked_add(part.length).is_none_or(|end| end > place.offset) {
                wrong = Some("of what comes behind it");
            }
            found.parts.push(part);
        }
    });
    let read = read.map_err(|_| unreadable(UNNAMED))?;
    if let Some(what) = wrong {
        return Err(refused(what));
    }
    if !read.damaged.is_empty() || read.torn > 0 || !(1..LAST).contains(&read.head.generation) {
        return Err(unreadable(UNNAMED));
    }
    found.head = read.head;
    Ok(found)
}

impl Read {
    /// What is wrong with its seal, or with where its parts lie: each follows the one before it, and each belongs to one record.
    fn wrong(mut self, fresh: &Fresh<'_>, file: &File) -> Result<Vec<Finding>, Error> {
        let name = named(&index_name(self.head.generation));
        let (Some((_, start, 2)), Some((header, sealed))) = (self.ends, self.seal) else {
            return Ok(vec![Finding::Index { file: name, missing: None }]);
        };
        self.parts.sort_unstable_by_key(|part| (part.place.offset, part.length));
        let mut at = crate::journal::log::HEAD as u64;
        for part in &self.parts {
            if part.place.offset != at {
                return Err(Error::Damaged("a part of its registry belongs to no record, or to two".into()));
            }
            at += part.length;
        }
        if at != start {
            return Err(Error::Damaged("a part of its registry belongs to no record".into()));
        }
        let wrong = if hash_range(file.as_fd(), 0, sealed)? != (header.hash, header.size) { Some(Wrong::Altered) } else { fresh.wrong_with(&header) };
        Ok(wrong.map(|wrong| Finding::Seal { file: name, wrong }).into_iter().collect())
    }
}

impl Registry {
    /// Adds what no registry can hold, and where what was counted is not what is there.
    fn check(&self, limits: Limits, wrong: &mut Vec<Finding>) {
        let is_name = |name: &[u16]| !name.is_empty() && name.len() <= LONGEST_KEY && !name.contains(&PARTS);
        let (mut keys, mut bytes) = (0, 0);
        let mut left = vec![(ROOT, 0, 0)];
        while let Some((id, depth, length)) = left.pop() {
            let node = self.node(id);
            let length = length + 1 + node.name.len();
            let is_value = |value: &Value| value.name.len() <= LONGEST_VALUE && value.data.len() <= LARGEST_VALUE;
            if !is_name(&node.name) || node.class.len() > LONGEST_PATH || depth > DEEPEST || length > LONGEST_PATH + "\\REGISTRY".len() {
                return wrong.push(Finding::Strange("a key that cannot be".into()));
            }
            // Those of the system itself are the base's.
            if node.own && (node.parent == NOBODY || node.parent == ROOT || self.node(node.parent).parent == ROOT) {
                return wrong.push(Finding::Strange("a key where the system's own lie".into()));
            }
            if !node.values.from(0).all(is_value) {
                return wrong.push(Finding::Strange("a value that cannot be".into()));
            }
            keys += u64::from(node.own);
            bytes += if node.own { node.size() } else { 0 };
            bytes += node.values.from(0).filter(|value| value.own).map(Value::size).sum::<u64>();
            left.extend(node.subkeys.iter().map(|(_, below)| (*below, depth + 1, length)));
        }
        if (keys, bytes) != (self.keys, self.bytes) || keys > limits.keys || bytes > limits.bytes {
            wrong.push(Finding::Strange("more than there is in the registry, or less".into()));
        }
    }
}
