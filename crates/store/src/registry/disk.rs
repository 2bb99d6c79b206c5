//! The registry's folder on the host: an index of the sandbox's keys, and the journal of what has changed since.
//!
//! `index.N` and `journal.N` belong together. An index ends with what tells where it begins, twice, and with a seal; a journal is sealed
//! when its sandbox ends.

use super::Registry;
use super::record::{Part, Record};
use crate::error::status;
use crate::journal::bytes::Writer;
use crate::journal::header::{Hash, Header};
use crate::journal::log::{Entry, Head, Log, Place, Unreadable, read_part, read_places};
use crate::journal::principal::Principal;
use crate::objects::{Finding, OpenError, Wrong, now};
use rustix::fs::{Dir, FlockOperation, Mode, OFlags, flock, fstat, fsync, open, openat};
use rustix::io::{Errno, Result as HostResult, pread};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use windows_sys::Win32::Foundation::NTSTATUS;

/// Bytes in front of a record's own.
const FRAME: u64 = 16;

/// An index that is read piece by piece.
#[derive(Debug)]
pub struct Index {
    pub file: OwnedFd,
    pub generation: u64,
    pub length: u64,
}

/// Where a registry is kept.
#[derive(Debug)]
pub struct Disk {
    pub root: OwnedFd,
    pub generation: u64,
    pub index: Option<Index>,
    /// Nothing is written where a registry is only looked at.
    pub journal: Option<Log<Record>>,
    pub principal: Option<Principal>,
    /// Up to where the journal is sealed, and what was sealed last.
    pub sealed: (u64, Hash),
    /// How many changes the journal told of when it was read.
    pub changes: usize,
    placed: bool,
}

/// What was found on the disk.
pub struct Opened {
    pub disk: Disk,
    pub root: Option<Part>,
    pub keys: u64,
    pub bytes: u64,
    pub changes: Vec<Record>,
    pub damage: Vec<Finding>,
}

pub fn index_name(generation: u64) -> String {
    format!("index.{generation}")
}

pub fn journal_name(generation: u64) -> String {
    format!("journal.{generation}")
}

/// The names in a folder.
pub fn files(root: BorrowedFd<'_>) -> HostResult<Vec<String>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(root)? {
        if let Ok(name) = entry?.file_name().to_str() {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

fn framed(record: &Record) -> u64 {
    let mut out = Writer::default();
    record.encode(&mut out);
    FRAME + out.0.len() as u64
}

/// How many bytes the end of an index takes, and its seal.
fn tail_sizes() -> (u64, u64) {
    let nobody = Header {
        hash: Hash::default(),
        size: 0,
        author: [0; 32],
        owner: [0; 32],
        rights: 0,
        lineage: Hash::default(),
        created: 0,
        signature: [0; 64],
    };
    (framed(&Record::End { root: Part::default(), keys: 0, bytes: 0 }), framed(&Record::Seal(Box::new(nobody))))
}

fn unreadable(name: &str) -> impl Fn(Unreadable) -> OpenError {
    move |why| match why {
        Unreadable::Newer(version) => OpenError::Newer(version),
        Unreadable::Damaged => OpenError::Damaged(name.to_owned()),
        Unreadable::Host(error) => OpenError::Host(error),
    }
}

impl Index {
    fn open(root: BorrowedFd<'_>, generation: u64) -> HostResult<Self> {
        let file = openat(root, index_name(generation), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let length = fstat(&file)?.st_size as u64;
        Ok(Self { file, generation, length })
    }

    /// The record at a place near the end, whatever its number.
    fn record(&self, offset: u64, length: u64) -> Option<(Record, u32)> {
        let mut number = [0; 4];
        pread(&self.file, &mut number, offset + 4).ok()?;
        let sequence = u32::from_le_bytes(number);
        let mut found = None;
        read_part(&self.file, self.generation, Place { offset, sequence }, length as usize, |record: Record| found = Some(record)).ok()?;
        Some((found?, sequence))
    }

    /// How it ends: read from the end, or looked for from the start where that is damaged.
    fn end(&self, damage: &mut Vec<Finding>) -> Option<(Part, u64, u64, Hash)> {
        let (end, seal) = tail_sizes();
        let file = || index_name(self.generation);
        let hash = match self.length.checked_sub(seal).and_then(|at| self.record(at, seal)) {
            Some((Record::Seal(header), _)) => header.hash,
            _ => {
                damage.push(Finding::Seal { file: file(), wrong: Wrong::Missing });
                Hash::default()
            }
        };
        for at in [self.length.checked_sub(seal + end), self.length.checked_sub(seal + 2 * end)].into_iter().flatten() {
            if let Some((Record::End { root, keys, bytes }, _)) = self.record(at, end) {
                return Some((root, keys, bytes, hash));
            }
        }
        damage.push(Finding::Index { file: file(), missing: None });
        let mut found = None;
        let _ = read_places(&self.file, |record: Record, _, _| {
            if let Record::End { root, keys, bytes } = record {
                found = Some((root, keys, bytes, hash));
            }
        });
        found
    }
}

impl Disk {
    /// Opens a folder, made where there is none, for one broker alone.
    pub fn open(folder: &Path, principal: Option<Principal>) -> Result<Opened, OpenError> {
        std::fs::create_dir_all(folder).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match flock(&root, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(OpenError::InUse),
            done => done?,
        }
        Self::load(root, principal, true)
    }

    /// Opens a folder to look at it, while a broker may be at work there.
    pub fn look(folder: &Path) -> Result<Opened, OpenError> {
        let mut left = 3;
        loop {
            let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            let found = Self::load(root, None, false)?;
            left -= 1;
            // The broker may have written a new index meanwhile.
            if left == 0 || !found.damage.iter().any(|finding| matches!(finding, Finding::Missing { .. })) {
                return Ok(found);
            }
        }
    }

    fn load(root: OwnedFd, principal: Option<Principal>, writes: bool) -> Result<Opened, OpenError> {
        let generation = files(root.as_fd())?.iter().filter_map(|name| name.strip_prefix("index.")?.parse().ok()).max().unwrap_or(0);
        let disk = Self { root, generation, index: None, journal: None, principal, sealed: (0, Hash::default()), changes: 0, placed: false };
        let mut opened = Opened { disk, root: None, keys: 0, bytes: 0, changes: Vec::new(), damage: Vec::new() };
        if generation > 0 {
            let index = Index::open(opened.disk.root.as_fd(), generation)?;
            if let Some((root, keys, bytes, hash)) = index.end(&mut opened.damage) {
                (opened.root, opened.keys, opened.bytes, opened.disk.sealed.1) = (Some(root), keys, bytes, hash);
            }
            opened.disk.index = Some(index);
        }
        let name = journal_name(generation);
        let flags = if writes { OFlags::RDWR } else { OFlags::RDONLY };
        match openat(&opened.disk.root, &name, flags | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT) => {
                if generation > 0 {
                    opened.damage.push(Finding::Missing { file: name.clone() });
                }
                if writes {
                    opened.disk.journal = Some(Log::make(opened.disk.root.as_fd(), &name, Head { generation, device: 0 })?);
                }
            }
            file => {
                let file = file?;
                let sealed = &mut opened.disk.sealed;
                let read = read_places(&file, |record: Record, _, end| match record {
                    Record::Seal(header) => *sealed = (end, header.hash),
                    record => opened.changes.push(record),
                })
                .map_err(unreadable(&name))?;
                opened.disk.changes = opened.changes.len();
                opened.damage.extend(crate::objects::of_read(&name, &read));
                if writes {
                    opened.disk.journal = Some(Log::go_on(file, &read)?);
                }
            }
        }
        Ok(opened)
    }

    /// Writes a change down.
    pub fn append(&mut self, record: Record) -> Result<(), NTSTATUS> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(&[record])).map_err(status)
    }

    /// Sees that the journal is on the disk, and the names that lead to it.
    pub fn flush(&mut self) -> Result<(), NTSTATUS> {
        let Some(journal) = &self.journal else { return Ok(()) };
        journal.sync().map_err(status)?;
        if !self.placed {
            for above in [".", "..", "../..", "../../.."] {
                let folder = openat(&self.root, above, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
                folder.and_then(fsync).map_err(status)?;
            }
            self.placed = true;
        }
        Ok(())
    }

    /// Signs what the journal has told since the last seal.
    pub fn seal(&mut self) -> HostResult<()> {
        let (Some(journal), Some(principal)) = (&mut self.journal, &self.principal) else { return Ok(()) };
        let (from, lineage) = self.sealed;
        if journal.length <= from || from == 0 && journal.place(&Writer::default()).sequence == 0 {
            return Ok(());
        }
        let (hash, size) = hash_range(journal.file(), from, journal.length)?;
        let header = Header::sign(principal, hash, size, lineage, now());
        journal.append(&[Record::Seal(Box::new(header))])?;
        self.sealed = (journal.length, hash);
        Ok(())
    }
}

/// The hash of some bytes of a file, and how many there are.
pub fn hash_range(file: BorrowedFd<'_>, mut from: u64, to: u64) -> HostResult<(Hash, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    let size = to.saturating_sub(from);
    while from < to {
        let room = buffer.len().min(usize::try_from(to - from).unwrap_or(usize::MAX));
        match pread(file, &mut buffer[..room], from) {
            Ok(0) => return Err(Errno::IO),
            Ok(more) => {
                hasher.update(&buffer[..more]);
                from += more as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((Hash(*hasher.finalize().as_bytes()), size))
}

/// What verifying a registry found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Keys and values that the sandbox has made.
    pub keys: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Seals that were verified.
    pub seals: u64,
    /// Bytes of changes that no seal covers yet.
    pub unsealed: u64,
}

/// Verifies a registry's records, and its seals: they are the sandbox's own, or of one that it was imported from.
pub fn verify(folder: &Path, principal: &Principal) -> Result<Checked, OpenError> {
    let mut registry = Registry::look(folder, &[])?;
    registry.load_all();
    let mut checked = Checked { findings: registry.damage.clone(), keys: registry.keys, bytes: registry.bytes, ..Checked::default() };
    let Some(disk) = &registry.disk else { return Ok(checked) };
    for name in [index_name(disk.generation), journal_name(disk.generation)] {
        let file = match openat(&disk.root, &name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT) => continue,
            file => file?,
        };
        let (mut from, mut seals) = (0, Vec::new());
        let read = read_places(&file, |record: Record, place, end| {
            if let Record::Seal(header) = record {
                seals.push((from, place.offset, header));
                from = end;
            }
        })
        .map_err(unreadable(&name))?;
        if name.starts_with("journal") && read.sequence > 0 {
            checked.unsealed += read.length - from;
        }
        for (from, to, header) in seals {
            checked.seals += 1;
            let wrong = if !principal.accepts(&header.author, &header.owner) {
                Wrong::Foreign
            } else if !header.is_signed() {
                Wrong::Signature
            } else if hash_range(file.as_fd(), from, to)? != (header.hash, header.size) {
                Wrong::Altered
            } else {
                continue;
            };
            checked.findings.push(Finding::Seal { file: name.clone(), wrong });
        }
    }
    Ok(checked)
}
