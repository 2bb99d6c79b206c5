//! Folding: what the sandbox has made of the registry goes into a new index. What nobody has read is copied as it stands.

use super::disk::{Disk, Index, files, hash_range, index_name, journal_name};
use super::record::{LINK, OWN, Part, Record};
use super::{ROOT, Registry};
use crate::journal::bytes::Writer;
use crate::journal::header::{Hash, Header};
use crate::journal::log::{Head, Log, read_part};
use crate::objects::now;
use rustix::fs::{AtFlags, fsync, renameat, unlinkat};
use rustix::io::{Errno, Result};
use std::os::fd::AsFd;

/// A journal of so many bytes is folded when the registry is closed; where the index is larger, half of its bytes.
const LONG: u64 = 256 << 10;
/// A key's content of so many bytes is a part of its own.
const PART: usize = 32 << 10;
/// The name of an index that is not whole yet.
const FRESH: &str = "index.new";

/// An index under construction.
struct Fold {
    log: Log<Record>,
    bytes: Writer,
    old: Option<Index>,
}

/// Records that are not written yet, and about how many bytes they take.
#[derive(Default)]
struct Content {
    records: Vec<Record>,
    size: usize,
}

impl Content {
    fn push(&mut self, record: Record, size: usize) {
        self.records.push(record);
        self.size += size + 64;
    }

    /// Puts a key behind what is there, with what it holds: as a part, where that is long.
    fn key(&mut self, fold: &mut Fold, key: Record, content: Self) -> Result<()> {
        let Record::Key { name, class, time, flags, .. } = key else { return Ok(()) };
        let size = 2 * (name.len() + class.len());
        if content.size >= PART {
            let part = Some(fold.write(content)?);
            self.push(Record::Key { depth: 1, name, class, time, flags, part }, size);
            return Ok(());
        }
        self.push(Record::Key { depth: 1, name, class, time, flags, part: None }, size);
        self.size += content.size;
        self.records.extend(content.records.into_iter().map(|record| match record {
            Record::Key { depth, name, class, time, flags, part } => Record::Key { depth: depth + 1, name, class, time, flags, part },
            record => record,
        }));
        Ok(())
    }
}

impl Fold {
    /// Writes what a key holds.
    fn write(&mut self, content: Content) -> Result<Part> {
        let place = self.log.place(&self.bytes);
        for record in &content.records {
            self.log.gather(record, &mut self.bytes)?;
        }
        let length = self.log.place(&self.bytes).offset - place.offset;
        Ok(Part { place, length })
    }

    /// What a part of the old index holds, whose own parts are written anew.
    fn copy(&mut self, part: &Part) -> Result<Content> {
        let mut content = Content::default();
        let Some(old) = &self.old else { return Ok(content) };
        let mut records = Vec::new();
        if !read_part(&old.file, old.generation, part.place, part.length.min(old.length) as usize, |record: Record| records.push(record))? {
            return Err(Errno::IO);
        }
        for record in records {
            let record = match record {
                Record::Key { depth, name, class, time, flags, part: Some(part) } => {
                    let below = self.copy(&part)?;
                    let part = Some(self.write(below)?);
                    Record::Key { depth, name, class, time, flags, part }
                }
                record => record,
            };
            let size = match &record {
                Record::Key { name, class, .. } => 2 * (name.len() + class.len()),
                Record::Value { name, data, .. } => 2 * name.len() + data.len(),
                _ => 0,
            };
            content.push(record, size);
        }
        Ok(content)
    }
}

impl Registry {
    /// Nobody uses the registry any more: what was done is sealed, or goes into a new index where the journal has grown long.
    pub fn finish(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        let length = disk.journal.as_ref().map_or(0, |journal| journal.length);
        let long = LONG.max(disk.index.as_ref().map_or(0, |index| index.length / 2));
        if length < long || self.fold().is_err() {
            // What cannot be sealed is as good as it is.
            if let Some(disk) = &mut self.disk {
                let _ = disk.seal();
            }
        }
    }

    /// Writes a new index.
    pub(super) fn fold(&mut self) -> Result<()> {
        // Where records are damaged, what they told of may be wanted.
        if self.is_damaged() {
            return Ok(());
        }
        let Some(mut disk) = self.disk.take() else { return Ok(()) };
        let done = self.fold_to(&mut disk);
        self.disk = Some(disk);
        done
    }

    fn fold_to(&mut self, disk: &mut Disk) -> Result<()> {
        let Some(principal) = &disk.principal else { return Ok(()) };
        let head = Head { generation: disk.generation + 1, device: 0 };
        let log = Log::make(disk.root.as_fd(), FRESH, head)?;
        let old = disk.index.as_ref().map(|index| index.file.try_clone().map(|file| Index { file, ..*index })).transpose();
        let mut fold = Fold { log, bytes: Writer::default(), old: old.map_err(|_| Errno::MFILE)? };
        let content = self.content(ROOT, &mut fold)?;
        let root = fold.write(content)?;
        let end = Record::End { root, keys: self.keys, bytes: self.bytes };
        fold.log.gather(&end, &mut fold.bytes)?;
        fold.log.gather(&end, &mut fold.bytes)?;
        fold.log.finish(&mut fold.bytes)?;
        let (hash, size) = hash_range(fold.log.file(), 0, fold.log.length)?;
        let header =
            Header::sign(principal, hash, size, if disk.sealed.0 > 0 || disk.index.is_some() { disk.sealed.1 } else { Hash::default() }, now());
        fold.log.gather(&Record::Seal(Box::new(header)), &mut fold.bytes)?;
        fold.log.finish(&mut fold.bytes)?;
        fold.log.sync()?;
        let journal = Log::make(disk.root.as_fd(), &journal_name(head.generation), head)?;
        journal.sync()?;
        fsync(&disk.root)?;
        if let Err(error) = renameat(&disk.root, FRESH, &disk.root, index_name(head.generation)) {
            let _ = unlinkat(&disk.root, FRESH, AtFlags::empty());
            return Err(error);
        }
        // Parts that nobody has read stand in the old file, which stays open as long as they are wanted.
        (disk.generation, disk.journal, disk.sealed) = (head.generation, Some(journal), (0, hash));
        fsync(&disk.root)?;
        for name in files(disk.root.as_fd())? {
            let number = name.strip_prefix("index.").or_else(|| name.strip_prefix("journal.")).and_then(|number| number.parse::<u64>().ok());
            if number.is_some_and(|number| number != head.generation) {
                let _ = unlinkat(&disk.root, &name, AtFlags::empty());
            }
        }
        Ok(())
    }

    /// What the sandbox has made of a key's content.
    fn content(&mut self, id: u32, fold: &mut Fold) -> Result<Content> {
        if let Some(part) = self.node(id).pending.as_ref().and_then(|pending| pending.part) {
            return fold.copy(&part);
        }
        let mut content = Content::default();
        let node = self.node(id);
        for value in node.values.from(0).filter(|value| value.own) {
            let record = Record::Value { name: value.name.clone(), kind: value.kind, data: value.data.clone() };
            content.push(record, 2 * value.name.len() + value.data.len());
        }
        if let Some(hidden) = &node.hidden {
            for name in &hidden.values {
                content.push(Record::NoValue { name: name.clone() }, 2 * name.len());
            }
            for name in &hidden.keys {
                content.push(Record::NoKey { name: name.clone() }, 2 * name.len());
            }
        }
        let below: Vec<u32> = node.subkeys.iter().map(|(_, below)| *below).collect();
        for below in below {
            let node = self.node(below);
            if !node.touched || node.volatile {
                continue;
            }
            let flags = if node.own { OWN } else { 0 } | if node.link { LINK } else { 0 };
            let key = Record::Key { depth: 1, name: node.name.clone(), class: node.class.clone(), time: node.written, flags, part: None };
            let inside = self.content(below, fold)?;
            content.key(fold, key, inside)?;
        }
        Ok(content)
    }
}
