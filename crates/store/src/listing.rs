//! Listing a folder of the host.

use crate::metadata::Metadata;
use crate::name::{Pattern, from_host};
use crate::volume::Entry;
use rustix::fs::{AtFlags, Dir, StatxFlags, statx};
use rustix::io::Result;
use std::os::fd::BorrowedFd;

/// The entries of a folder that Windows can say and that fit a pattern, sorted as NTFS sorts them: by upper-case form.
pub fn read(folder: BorrowedFd<'_>, pattern: &Pattern, visible: impl Fn(&str) -> bool) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let host = entry.file_name();
        let Some(name) = from_host(host.to_bytes()).filter(|name| pattern.fits(name)) else { continue };
        if !host.to_str().is_ok_and(&visible) {
            continue;
        }
        let flags = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        // A link leads on, as it does when it is opened; one that leads nowhere or outside is no file here.
        let Ok(facts) = statx(folder, host, AtFlags::SYMLINK_NOFOLLOW, flags).and_then(|facts| follow(folder, host, facts)) else { continue };
        let metadata = Metadata::from_host(&facts);
        if metadata.folder || metadata.regular {
            entries.push(Entry { name, metadata });
        }
    }
    let fold = |name: &[u16]| name.iter().map(|unit| crate::case::upcase(*unit)).collect::<Vec<_>>();
    entries.sort_by_cached_key(|entry| (fold(&entry.name), entry.name.clone()));
    Ok(entries)
}

fn follow(folder: BorrowedFd<'_>, name: &std::ffi::CStr, facts: rustix::fs::Statx) -> Result<rustix::fs::Statx> {
    use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, openat2};
    if FileType::from_raw_mode(facts.stx_mode.into()) != FileType::Symlink {
        return Ok(facts);
    }
    // Only links that stay in this very folder's tree are shown: the listing must not tell of what lies outside.
    let target = openat2(folder, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)?;
    statx(target, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::BTIME)
}
