//! The store's folder on the host: staged files by number, blobs by hash, and the files of records.

use super::content::copy_all;
use crate::journal::header::Hash;
use crate::metadata::Metadata;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, chmodat, fchmod, fstat, linkat, mkdirat, openat, renameat, unlinkat};
use rustix::io::{Errno, Result};
use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// A blob's mode: nobody writes it by accident, not even its owner.
const SEALED: Mode = Mode::RUSR;
const OWN: Mode = Mode::RUSR.union(Mode::WUSR);
/// The host's flags of something that is made in any case.
const MADE: OFlags = OFlags::CREATE.union(OFlags::EXCL);

/// The folders.
#[derive(Debug)]
pub struct Disk {
    /// The store's own.
    pub root: OwnedFd,
    staging: OwnedFd,
    /// Opened when it is first needed: many volumes never publish.
    pool: OnceLock<OwnedFd>,
    makes: bool,
}

impl Disk {
    /// Opens them; makes what is missing, unless the store is only read.
    pub fn open(root: OwnedFd, make: bool) -> Result<Self> {
        let staging = folder(&root, "staging", make)?;
        Ok(Self { root, staging, pool: OnceLock::new(), makes: make })
    }

    fn pool(&self) -> Result<BorrowedFd<'_>> {
        if self.pool.get().is_none() {
            // Whoever was first, one of them stays.
            let _ = self.pool.set(folder(&self.root, "pool", self.makes)?);
        }
        self.pool.get().map(AsFd::as_fd).ok_or(Errno::NOENT)
    }

    /// Makes a staged file, or the next one that has no file yet.
    pub fn make_staged(&self, number: &mut u64, flags: OFlags) -> Result<OwnedFd> {
        loop {
            match openat(&self.staging, staged_name(*number), flags | MADE | OFlags::CLOEXEC, OWN) {
                // A run that was killed had come so far.
                Err(Errno::EXIST) => *number += 1,
                done => return done,
            }
        }
    }

    /// Opens a staged file.
    pub fn staged(&self, number: u64, flags: OFlags) -> Result<OwnedFd> {
        let open = || openat(&self.staging, staged_name(number), flags | OFlags::CLOEXEC, Mode::empty());
        match open() {
            // A run that was killed had sealed it, and not written that down.
            Err(Errno::ACCESS) => {
                chmodat(&self.staging, staged_name(number), OWN, AtFlags::empty())?;
                open()
            }
            opened => opened,
        }
    }

    /// Facts of a staged file.
    pub fn staged_facts(&self, number: u64) -> Result<Metadata> {
        Metadata::of_host_entry(self.staging.as_fd(), &staged_name(number))
    }

    /// Sets a staged file's times.
    pub fn set_staged_times(&self, number: u64, times: &rustix::fs::Timestamps) -> Result<()> {
        rustix::fs::utimensat(&self.staging, staged_name(number), times, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Deletes a staged file. One that is not there is no error.
    pub fn remove_staged(&self, number: u64) {
        let _ = unlinkat(&self.staging, staged_name(number), AtFlags::empty());
    }

    /// Opens a blob.
    pub fn blob(&self, hash: &Hash) -> Result<OwnedFd> {
        openat(self.pool()?, blob_name(hash), OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
    }

    /// Deletes a blob.
    pub fn remove_blob(&self, hash: &Hash) {
        let _ = self.pool().and_then(|pool| unlinkat(pool, blob_name(hash), AtFlags::empty()));
    }

    /// Makes a staged file a blob. It keeps its staged name too, until the journal that tells of it is on the disk.
    pub fn publish(&self, number: u64, file: BorrowedFd<'_>, hash: &Hash) -> Result<()> {
        fchmod(file, SEALED)?;
        let link = || linkat(&self.staging, staged_name(number), self.pool()?, blob_name(hash), AtFlags::empty());
        match link() {
            Err(Errno::NOENT) => {
                self.make_pool_folder(hash)?;
                link()
            }
            // Nothing tells of what has that name.
            Err(Errno::EXIST) => {
                self.remove_blob(hash);
                link()
            }
            done => done,
        }
    }

    /// Gives a blob's very file a staged number, and puts a copy in its place: whoever has it open sees what will be written.
    pub fn take_blob(&self, hash: &Hash, number: &mut u64) -> Result<()> {
        let blob = self.blob(hash)?;
        while let Err(error) = linkat(self.pool()?, blob_name(hash), &self.staging, staged_name(*number), AtFlags::empty()) {
            if error != Errno::EXIST {
                return Err(error);
            }
            *number += 1;
        }
        let taken = || {
            let mut fresh = *number + 1;
            let copy = self.make_staged(&mut fresh, OFlags::RDWR)?;
            let copied = copy_all(blob.as_fd(), copy.as_fd(), fstat(&blob)?.st_size as u64).and_then(|()| {
                keep_times(blob.as_fd(), copy.as_fd())?;
                fchmod(&copy, SEALED)?;
                // The blob's bytes must be on the disk before those of its former file change.
                rustix::fs::fsync(&copy)?;
                renameat(&self.staging, staged_name(fresh), self.pool()?, blob_name(hash))?;
                let folder = openat(self.pool()?, &blob_name(hash)[..2], FOLDER, Mode::empty())?;
                rustix::fs::fsync(folder)
            });
            copied.inspect_err(|_| self.remove_staged(fresh))?;
            fchmod(&blob, OWN)
        };
        taken().inspect_err(|_| self.remove_staged(*number))
    }

    fn make_pool_folder(&self, hash: &Hash) -> Result<()> {
        match mkdirat(self.pool()?, &blob_name(hash)[..2], Mode::RWXU) {
            Err(Errno::EXIST) => Ok(()),
            done => done,
        }
    }

    /// The numbers of all staged files.
    pub fn staged_numbers(&self) -> Result<Vec<u64>> {
        Ok(names(self.staging.as_fd(), ".")?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The hashes of all blobs.
    pub fn blobs(&self) -> Result<Vec<Hash>> {
        let pool = self.pool()?;
        let mut found = Vec::new();
        for folder in names(pool, ".")? {
            found.extend(names(pool, &folder)?.iter().filter_map(|name| Hash::parse(&format!("{folder}{name}"))));
        }
        Ok(found)
    }

    /// Sees that the names of staged files, and those of the files of records, are on the disk.
    pub fn sync_names(&self) -> Result<()> {
        rustix::fs::fsync(&self.staging)?;
        rustix::fs::fsync(&self.root)
    }

    /// Sees that the store's own name is on the disk, and those of the folders above that were made with it.
    pub fn sync_place(&self) -> Result<()> {
        for above in ["..", "../..", "../../.."] {
            rustix::fs::fsync(openat(&self.root, above, FOLDER, Mode::empty())?)?;
        }
        Ok(())
    }

    /// Sees that the names of blobs are on the disk, by the first bytes of their hashes.
    pub fn sync_blobs(&self, folders: &BTreeSet<u8>) -> Result<()> {
        for folder in folders {
            match openat(self.pool()?, format!("{folder:02x}"), FOLDER, Mode::empty()) {
                // Somebody has taken it away, with what was in it.
                Err(Errno::NOENT) => {}
                opened => rustix::fs::fsync(opened?)?,
            }
        }
        if folders.is_empty() { Ok(()) } else { rustix::fs::fsync(self.pool()?) }
    }

    /// Gives a host's file another name, among the staged ones.
    pub fn adopt(&self, folder: BorrowedFd<'_>, name: &str, number: &mut u64) -> Result<()> {
        loop {
            match linkat(folder, name, &self.staging, staged_name(*number), AtFlags::empty()) {
                Err(Errno::EXIST) => *number += 1,
                done => return done,
            }
        }
    }

    /// The names in the store's own folder.
    pub fn files(&self) -> Result<Vec<String>> {
        names(self.root.as_fd(), ".")
    }
}

fn folder(root: &OwnedFd, name: &str, make: bool) -> Result<OwnedFd> {
    match openat(root, name, FOLDER, Mode::empty()) {
        Err(Errno::NOENT) if make => {
            mkdirat(root, name, Mode::RWXU)?;
            openat(root, name, FOLDER, Mode::empty())
        }
        opened => opened,
    }
}

fn staged_name(number: u64) -> String {
    number.to_string()
}

fn blob_name(hash: &Hash) -> String {
    let mut name = hash.hex();
    name.insert(2, '/');
    name
}

fn names(folder: BorrowedFd<'_>, below: &str) -> Result<Vec<String>> {
    let folder = openat(folder, below, FOLDER, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::new(folder)? {
        let entry = entry?;
        names.extend(entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | "..")).map(str::to_owned));
    }
    Ok(names)
}

fn keep_times(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<()> {
    let facts = fstat(from)?;
    let time = |seconds, nanoseconds| rustix::fs::Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = rustix::fs::Timestamps {
        last_access: time(facts.st_atime as i64, facts.st_atime_nsec as i64),
        last_modification: time(facts.st_mtime as i64, facts.st_mtime_nsec as i64),
    };
    rustix::fs::futimens(to, &times)
}

/// The time of a file's last write in nanoseconds since 1970, and its size.
pub fn written(file: BorrowedFd<'_>) -> Result<(i64, u64)> {
    let facts = fstat(file)?;
    Ok((facts.st_mtime as i64 * 1_000_000_000 + facts.st_mtime_nsec as i64, facts.st_size as u64))
}
