//! Reading a volume's index and journal.

use super::disk::Disk;
use super::finding::{Finding, of_read};
use super::record::Record;
use super::tree::Tree;
use crate::error::status;
use crate::journal::log::{self, Entry, Unreadable};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use windows_sys::Win32::Foundation::NTSTATUS;

/// Why a store cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The host refused.
    Host(Errno),
    /// Another process has it open.
    InUse,
    /// A newer program wrote it: the version of its format.
    Newer(u32),
    /// The file of this name is damaged where it says what it is.
    Damaged(String),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(error) => write!(out, "the object store cannot be opened: {}", std::io::Error::from(*error)),
            Self::InUse => write!(out, "the object store is in use"),
            Self::Newer(version) => write!(out, "the object store is of a newer version ({version}, not {})", Record::VERSION),
            Self::Damaged(file) => write!(out, "the object store's file `{file}` is damaged at its start"),
        }
    }
}

impl From<Errno> for OpenError {
    fn from(error: Errno) -> Self {
        Self::Host(error)
    }
}

impl OpenError {
    /// What a program is told.
    pub fn status(&self) -> NTSTATUS {
        match self {
            Self::Host(error) => status(*error),
            Self::InUse => windows_sys::Win32::Foundation::STATUS_SHARING_VIOLATION,
            Self::Newer(_) => windows_sys::Win32::Foundation::STATUS_UNRECOGNIZED_VOLUME,
            Self::Damaged(_) => windows_sys::Win32::Foundation::STATUS_DISK_CORRUPT_ERROR,
        }
    }
}

pub fn index_name(generation: u64) -> String {
    format!("index.{generation}")
}

pub fn journal_name(generation: u64) -> String {
    format!("journal.{generation}")
}

/// The newest index in a store, by the names in its folder; the first store has none.
fn newest(files: &[String]) -> u64 {
    files.iter().filter_map(|name| name.strip_prefix("index.")?.parse().ok()).max().unwrap_or(0)
}

/// A tree that was read, and where its journal goes on.
pub struct Loaded {
    pub tree: Tree,
    pub journal: Option<(OwnedFd, log::Read)>,
    pub generation: u64,
    pub device: Option<u64>,
    pub damage: Vec<Finding>,
}

/// Reads index and journal.
pub fn load(disk: &Disk) -> Result<Loaded, OpenError> {
    let generation = newest(&disk.files()?);
    let mut loaded = Loaded { tree: Tree::new(now()), journal: None, generation, device: None, damage: Vec::new() };
    loaded.tree.past = Some(Default::default());
    if generation > 0 {
        let name = index_name(generation);
        let mut end = None;
        let mut count = 0;
        if let Some((_, read)) = read_log(disk, &name, &mut |record| {
            count += 1;
            if let Record::End { records, .. } = &record {
                end = Some(*records);
            }
            loaded.tree.apply(record);
        })? {
            loaded.device = Some(read.head.device);
            loaded.damage.extend(of_read(&name, &read));
            if end != Some(count - 1) || read.torn > 0 {
                loaded.damage.push(Finding::Index { file: name, missing: end.map(|end| end.saturating_sub(count - 1)) });
            }
        }
    }
    let name = journal_name(generation);
    let tree = &mut loaded.tree;
    if let Some((file, read)) = read_log(disk, &name, &mut |record| tree.apply(record))? {
        loaded.device = Some(read.head.device);
        loaded.damage.extend(of_read(&name, &read));
        loaded.journal = Some((file, read));
    } else if generation > 0 {
        loaded.damage.push(Finding::Missing { file: name });
    }
    loaded.tree.past = None;
    loaded.damage.extend(loaded.tree.strange.drain(..).map(Finding::Strange));
    Ok(loaded)
}

/// A file of records, if it is there.
fn read_log(disk: &Disk, name: &str, each: &mut dyn FnMut(Record)) -> Result<Option<(OwnedFd, log::Read)>, OpenError> {
    let open = |flags| openat(&disk.root, name, flags | OFlags::CLOEXEC, Mode::empty());
    let file = match open(OFlags::RDWR).or_else(|error| if error == Errno::NOENT { Err(error) } else { open(OFlags::RDONLY) }) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened?,
    };
    match log::read(&file, each) {
        Ok(read) => Ok(Some((file, read))),
        Err(Unreadable::Newer(version)) => Err(OpenError::Newer(version)),
        Err(Unreadable::Damaged) => Err(OpenError::Damaged(name.to_owned())),
        Err(Unreadable::Host(error)) => Err(error.into()),
    }
}

/// The time in 100 ns since 1601 (UTC), as the host puts it to its files.
pub fn now() -> i64 {
    const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    time.tv_sec * 10_000_000 + time.tv_nsec / 100 + UNIX_EPOCH
}
