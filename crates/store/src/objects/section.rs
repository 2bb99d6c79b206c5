//! A store in an archive: the records that make its tree, then each content once. What is read is checked as if an enemy had written it.

use super::check::Names;
use super::disk::Disk;
use super::finding::{Finding, Wrong};
use super::record::Record;
use super::tree::{Content, ROOT, Tree};
use super::view::View;
use super::{Limits, index_name, journal_name, new_device, now};
use crate::archive::error::Error;
use crate::archive::section::{Amount, Fresh, Section};
use crate::archive::stream::{In, Item, Out};
use crate::journal::bytes::Writer;
use crate::journal::header::Hash;
use crate::journal::log::{Entry, Head, Log};
use crate::metadata::attribute;
use crate::path::Path;
use rustix::fs::{Mode, OFlags, Timespec, Timestamps, futimens, open};
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path as HostPath;

/// Where a sandbox's objects lie in its folder.
pub const FOLDER: &str = "objects";
/// The deepest folder that is made: no path that a program can say is longer.
const DEEPEST: u32 = 16_384;
/// The first index of a store that was read.
const GENERATION: u64 = 1;

/// The files on `C:`.
#[derive(Debug)]
pub struct Files;

impl Section for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn write(&self, sandbox: &HostPath, out: &mut Out<'_>) -> Result<(), Error> {
        let folder = sandbox.join(FOLDER);
        // A sandbox whose programs never looked at C: has none.
        if folder.exists() { write_store(&folder, out) } else { Ok(()) }
    }

    fn read(&self, fresh: &Fresh<'_>, from: &mut In<'_>, wrong: &mut Vec<Finding>) -> Result<Amount, Error> {
        let Some(first) = from.item()? else { return Ok(Amount::default()) };
        let (amount, left) = read_store(&fresh.folder.join(FOLDER), fresh, (first, from), wrong)?;
        if left.is_some() { Err(Error::Damaged("a record stands behind the contents".into())) } else { Ok(amount) }
    }
}

/// Writes a store: its records, then each content once.
pub fn write_store(folder: &HostPath, out: &mut Out<'_>) -> Result<(), Error> {
    let view = View::open(folder)?;
    let mut wrong: Vec<Finding> = view.damage().iter().filter(|finding| !finding.is_harmless()).cloned().collect();
    let names = LazyCell::new(|| Names::of(&view.tree));
    for (id, node) in view.tree.nodes.iter() {
        let path = || names.path(*id);
        match &node.content {
            Content::Staged { .. } => wrong.push(Finding::Object { path: path(), wrong: Wrong::Unsealed }),
            Content::Lost => wrong.push(Finding::Object { path: path(), wrong: Wrong::Lost }),
            Content::Folder(_) | Content::Published(_) => {}
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Wrong(wrong));
    }
    let (mut failed, mut bytes) = (None, Writer::default());
    view.tree.records(|record| {
        bytes.0.clear();
        record.encode(&mut bytes);
        if failed.is_none() {
            failed = out.item(&bytes.0).err();
        }
    });
    failed.map_or(Ok(()), Err)?;
    for (hash, size, id) in contents(&view.tree) {
        let sound = match view.disk.blob(&hash) {
            Ok(blob) => out.content(&hash, size, File::from(blob))?,
            Err(_) => false,
        };
        if !sound {
            return Err(Error::Wrong(vec![Finding::Object { path: names.path(id), wrong: Wrong::Altered }]));
        }
    }
    Ok(())
}

/// Makes a store of the items from the first one on. Answers what it holds, and the item that is no part of it any more.
pub fn read_store(
    folder: &HostPath,
    fresh: &Fresh<'_>,
    (first, from): (Item, &mut In<'_>),
    wrong: &mut Vec<Finding>,
) -> Result<(Amount, Option<Item>), Error> {
    std::fs::create_dir_all(folder)?;
    let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let (mut made, mut next) = (Made::new(Disk::open(root, true)?)?, Some(first));
    while let Some(Item::Bytes(bytes)) = next.as_ref().filter(|_| !made.ended) {
        made.record(bytes)?;
        next = from.item()?;
    }
    let mut wanted = made.check(fresh, wrong);
    while let Some(Item::Content { hash, .. }) = next {
        match wanted.remove(&hash) {
            Some(wanted) => made.content(&hash, &wanted, from, wrong)?,
            None => wrong.push(Finding::Strange("a content that no object has".into())),
        }
        next = from.item()?;
    }
    wrong.extend(wanted.into_values().map(|wanted| Finding::Object { path: made.names.path(wanted.id), wrong: Wrong::Missing }));
    Ok((made.finish()?, next))
}

/// The contents that a tree tells of, each with a file that has it.
fn contents(tree: &Tree) -> Vec<(Hash, u64, u64)> {
    let mut seen = HashSet::new();
    let mut ids: Vec<_> = tree.nodes.iter().collect();
    ids.sort_by_key(|(id, _)| **id);
    let all = ids.into_iter().flat_map(|(id, node)| node.headers().map(|header| (header.hash, header.size, *id)));
    all.filter(|(hash, _, _)| seen.insert(*hash)).collect()
}

/// A content that must come yet.
struct Wanted {
    /// A file that has it.
    id: u64,
    size: u64,
    /// When its blob was last written, as the records have it.
    written: i64,
}

/// A store that is being made.
struct Made {
    disk: Disk,
    index: Log<Record>,
    head: Head,
    tree: Tree,
    gathered: Writer,
    /// How deep each folder lies.
    depths: HashMap<u64, u32>,
    /// The index has come to its end.
    ended: bool,
    /// For findings; once the tree is whole.
    names: Names,
    amount: Amount,
}

impl Made {
    fn new(disk: Disk) -> Result<Self, Error> {
        let head = Head { generation: GENERATION, device: new_device() };
        let index = Log::make(disk.root.as_fd(), &index_name(GENERATION), head)?;
        Ok(Self {
            disk,
            index,
            head,
            tree: Tree::new(now()),
            gathered: Writer::default(),
            depths: HashMap::from([(ROOT, 0)]),
            ended: false,
            names: Names::default(),
            amount: Amount::default(),
        })
    }

    /// Takes one record. A record that an index would not hold is refused.
    fn record(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let refused = |what: &str| Err(Error::Damaged(format!("a record {what}")));
        let Some(record) = Record::decode(bytes) else { return refused("is none") };
        let is_name = |name: &[u16]| name.len() <= 255 && Path::parse(name).is_some_and(|path| path.count() == 1);
        let most = Limits::default().objects;
        match &record {
            Record::Make { id: ROOT, parent: ROOT, name, attributes, staged: None, .. }
                if name.is_empty() && attributes & attribute::DIRECTORY != 0 => {}
            Record::Make { id, parent, name, attributes, staged, .. } => {
                let depth = self.depths.get(parent).copied().unwrap_or(DEEPEST);
                let allowed = attribute::KEPT | attribute::READ_ONLY | attribute::DIRECTORY;
                if !is_name(name) || depth >= DEEPEST || attributes & !allowed != 0 || staged.is_some() || *id == 0 || *id > 1 << 62 {
                    return refused("makes what cannot be");
                }
                if self.tree.child(*parent, name).is_some() || self.tree.nodes.len() as u64 > most {
                    return refused("makes a name twice, or too many");
                }
                if attributes & attribute::DIRECTORY != 0 {
                    self.depths.insert(*id, depth + 1);
                }
            }
            Record::Link { id, parent, name, .. } => {
                let is_file = self.tree.nodes.get(id).is_some_and(|node| !node.is_folder());
                if !is_name(name) || !is_file || !self.depths.contains_key(parent) || self.tree.child(*parent, name).is_some() {
                    return refused("links what cannot be");
                }
            }
            Record::Facts { id, attributes, .. } if *id == ROOT || attributes & attribute::DIRECTORY != 0 => {}
            Record::Publish { staged: 0, .. } | Record::Former { .. } | Record::End { .. } => {}
            Record::Facts { .. } | Record::Publish { .. } | Record::Unlink { .. } | Record::Move { .. } | Record::Stage { .. } => {
                return refused("is of a kind that no index has");
            }
        }
        self.ended = matches!(record, Record::End { .. });
        self.index.gather(&record, &mut self.gathered)?;
        self.tree.apply(record);
        Ok(())
    }

    /// Checks the tree and every header; answers the contents that must come.
    fn check(&mut self, fresh: &Fresh<'_>, wrong: &mut Vec<Finding>) -> HashMap<Hash, Wanted> {
        wrong.extend(self.tree.strange.drain(..).map(Finding::Strange));
        if !self.ended {
            wrong.push(Finding::Strange("more than there is: the last one is missing".into()));
        }
        self.names = Names::of(&self.tree);
        let mut wanted = HashMap::new();
        let mut ids: Vec<_> = self.tree.nodes.iter().collect();
        ids.sort_by_key(|(id, _)| **id);
        for (id, node) in ids {
            let path = || self.names.path(*id);
            if matches!(node.content, Content::Lost) {
                wrong.push(Finding::Object { path: path(), wrong: Wrong::Lost });
            }
            let current = if let Content::Published(published) = &node.content { Some(published) } else { None };
            for header in node.headers() {
                self.amount.objects += 1;
                if let Some(found) = fresh.wrong_with(header) {
                    wrong.push(Finding::Object { path: path(), wrong: found });
                }
                let written = current.filter(|published| *published.header == *header).map_or(0, |published| published.written);
                let content = wanted.entry(header.hash).or_insert_with(|| Wanted { id: *id, size: header.size, written });
                if content.size != header.size {
                    wrong.push(Finding::Object { path: path(), wrong: Wrong::Altered });
                }
                content.written = content.written.max(written);
            }
        }
        wanted
    }

    fn content(&mut self, hash: &Hash, wanted: &Wanted, from: &mut In<'_>, wrong: &mut Vec<Finding>) -> Result<(), Error> {
        let mut number = 1;
        let staged = self.disk.make_staged(&mut number, OFlags::RDWR)?;
        let mut file = File::from(staged);
        let found = from.content(&mut file)?;
        let size = file.metadata()?.len();
        if found != *hash || size != wanted.size {
            wrong.push(Finding::Object { path: self.names.path(wanted.id), wrong: Wrong::Altered });
        }
        // The time of the blob's last write is what an open compares with its record.
        let time = Timespec { tv_sec: wanted.written.div_euclid(1_000_000_000), tv_nsec: wanted.written.rem_euclid(1_000_000_000) };
        futimens(&file, &Timestamps { last_access: time, last_modification: time })?;
        self.disk.publish(number, file.as_fd(), hash)?;
        self.disk.remove_staged(number);
        self.amount.bytes += size;
        Ok(())
    }

    fn finish(mut self) -> Result<Amount, Error> {
        self.index.finish(&mut self.gathered)?;
        Log::<Record>::make(self.disk.root.as_fd(), &journal_name(GENERATION), self.head)?;
        Ok(self.amount)
    }
}
