//! Names of a folder by their upper-case form, kept until the folder changes.

use crate::case::fold;
use crate::name::from_host;
use rustix::fs::{Dir, Mode, OFlags, fstat, openat};
use rustix::io::Result;
use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A folder's names: upper-case form to what the host calls it. Where two differ by case alone, the first in byte order.
type Names = HashMap<Box<[u16]>, String>;

/// How many folders are remembered.
const MOST: usize = 256;
/// How many of their names.
const MOST_NAMES: usize = 1 << 20;
/// A folder that changed this little time ago, in nanoseconds, may change again within the same time stamp.
const SETTLED: i64 = 20_000_000;

/// What a folder was when it was read: device, number, time of its last change.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version(u64, u64, i64);

/// A folder's names as they were at a time.
struct Known {
    version: Version,
    names: Names,
    /// How far they are to be relied on.
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Whatever changes the folder from now on changes its version.
    Settled,
    /// Read, with our own changes since, each of which gave the folder a time stamp. Somebody else's change within one of those
    /// stamps is only seen when the folder has come to rest, and is read again.
    Own,
    /// Just read: a change may still come within the same time stamp.
    Fresh,
}

/// Indexes of folders, by the folder's device and number.
#[derive(Default)]
pub struct Index(Mutex<HashMap<(u64, u64), Known>>);

/// A folder whose names are known while we change it.
pub struct Changing(Version);

impl Version {
    fn of(folder: BorrowedFd<'_>) -> Result<Self> {
        let facts = fstat(folder)?;
        let changed = facts.st_mtime as i64 * 1_000_000_000 + facts.st_mtime_nsec as i64;
        Ok(Self(facts.st_dev, facts.st_ino, changed))
    }

    fn key(&self) -> (u64, u64) {
        (self.0, self.1)
    }

    /// Whether the folder has come to rest.
    fn is_settled(&self) -> bool {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        now.tv_sec * 1_000_000_000 + now.tv_nsec - self.2 > SETTLED
    }
}

impl Index {
    /// What the host calls the entry of a folder that has this name but for letter case.
    pub fn find(&self, folder: BorrowedFd<'_>, name: &[u16]) -> Result<Option<String>> {
        let (version, name) = (Version::of(folder)?, fold(name));
        if let Some(known) = self.known().get(&version.key())
            && known.version == version
            && (known.state == State::Settled || known.state == State::Own && !version.is_settled())
        {
            return Ok(known.names.get(&name).cloned());
        }
        let names = read(folder)?;
        let found = names.get(&name).cloned();
        let state = if version.is_settled() { State::Settled } else { State::Fresh };
        let mut all = self.known();
        let remembered: usize = all.values().map(|known| known.names.len()).sum();
        if all.len() >= MOST || remembered + names.len() > MOST_NAMES {
            all.clear();
        }
        all.insert(version.key(), Known { version, names, state });
        Ok(found)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(u64, u64), Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a folder's names are known before we change it ourselves, so that they need not be read again for that.
    pub fn changing(&self, folder: BorrowedFd<'_>) -> Option<Changing> {
        let version = Version::of(folder).ok()?;
        self.known().get(&version.key()).filter(|known| known.version == version)?;
        Some(Changing(version))
    }

    /// We have changed a folder: an entry has gone, an entry has come.
    pub fn changed(&self, folder: BorrowedFd<'_>, before: Option<Changing>, (gone, come): (Option<&str>, Option<&str>)) {
        let (Some(Changing(before)), Ok(after)) = (before, Version::of(folder)) else { return };
        let mut all = self.known();
        // Somebody else's change in between has another time stamp, or is noticed when the folder has come to rest.
        let Some(known) = all.get_mut(&before.key()).filter(|known| known.version == before && after.key() == before.key()) else { return };
        if let Some((gone, name)) = gone.and_then(|gone| Some((gone, fold(&from_host(gone.as_bytes())?))))
            && known.names.get(&name).is_some_and(|known| known == gone)
        {
            known.names.remove(&name);
        }
        if let Some((come, name)) = come.and_then(|come| Some((come, fold(&from_host(come.as_bytes())?)))) {
            enter(&mut known.names, name, come);
        }
        (known.version, known.state) = (after, State::Own);
    }
}

fn enter(names: &mut Names, folded: Box<[u16]>, host: &str) {
    let known = names.entry(folded).or_insert_with(|| host.to_owned());
    if host < known.as_str() {
        host.clone_into(known);
    }
}

fn read(folder: BorrowedFd<'_>) -> Result<Names> {
    let mut names: Names = HashMap::new();
    // The folder's own descriptor may only stand for its place.
    let folder = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for entry in Dir::new(folder)? {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        let (Some(wide), Ok(host)) = (from_host(bytes), std::str::from_utf8(bytes)) else { continue };
        enter(&mut names, fold(&wide), host);
    }
    Ok(names)
}
