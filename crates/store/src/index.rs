//! Names of a folder by their upper-case form, kept until the folder changes.

use crate::case::upcase;
use crate::name::from_host;
use rustix::fs::{Dir, Mode, OFlags, fstat, openat};
use rustix::io::Result;
use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};

/// A folder's names: upper-case form to what the host calls it. Where two differ by case alone, the first in byte order.
type Names = HashMap<Vec<u16>, String>;

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
    names: Arc<Names>,
}

/// Indexes of folders, by the folder's device and number.
#[derive(Default)]
pub struct Index(Mutex<HashMap<(u64, u64), Known>>);

impl Index {
    /// What the host calls the entry of a folder that has this name but for letter case.
    pub fn find(&self, folder: BorrowedFd<'_>, name: &[u16]) -> Result<Option<String>> {
        Ok(self.names(folder)?.get(&fold(name)).cloned())
    }

    fn names(&self, folder: BorrowedFd<'_>) -> Result<Arc<Names>> {
        let facts = fstat(folder)?;
        let changed = facts.st_mtime as i64 * 1_000_000_000 + facts.st_mtime_nsec as i64;
        let version = Version(facts.st_dev, facts.st_ino, changed);
        let key = (facts.st_dev, facts.st_ino);
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key)
            && known.version == version
        {
            return Ok(Arc::clone(&known.names));
        }
        let names = Arc::new(read(folder)?);
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        if now.tv_sec * 1_000_000_000 + now.tv_nsec - changed > SETTLED {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let remembered: usize = known.values().map(|known| known.names.len()).sum();
            if known.len() >= MOST || remembered + names.len() > MOST_NAMES {
                known.clear();
            }
            known.insert(key, Known { version, names: Arc::clone(&names) });
        }
        Ok(names)
    }
}

/// The upper-case form of a name.
fn fold(name: &[u16]) -> Vec<u16> {
    name.iter().map(|unit| upcase(*unit)).collect()
}

fn read(folder: BorrowedFd<'_>) -> Result<Names> {
    let mut names: Names = HashMap::new();
    // The folder's own descriptor may only stand for its place.
    let folder = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for entry in Dir::new(folder)? {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        let (Some(wide), Ok(host)) = (from_host(bytes), std::str::from_utf8(bytes)) else { continue };
        let known = names.entry(fold(&wide)).or_insert_with(|| host.to_owned());
        if host < known.as_str() {
            host.clone_into(known);
        }
    }
    Ok(names)
}
