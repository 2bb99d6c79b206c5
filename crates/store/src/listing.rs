//! Listing a folder of the host.

use crate::case::fold;
use crate::index::Index;
use crate::metadata::Metadata;
use crate::name::{from_host, same, to_host};
use crate::pattern::Pattern;
use crate::volume::Entry;
use rustix::fs::Dir;
use rustix::io::Result;
use std::os::fd::BorrowedFd;

/// The entries of a folder that there is a way to say and that fit a pattern, sorted as NTFS sorts them: by upper-case form.
pub fn read(folder: BorrowedFd<'_>, pattern: &Pattern, view: &View<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let host = entry.file_name();
        let Some(name) = from_host(host.to_bytes()).filter(|name| pattern.fits(name)) else { continue };
        if let Some(metadata) = host.to_str().ok().and_then(|host| metadata(folder, host, view)) {
            entries.push(Entry { name, metadata });
        }
    }
    entries.sort_by_cached_key(|entry| (fold(&entry.name), entry.name.clone()));
    Ok(entries)
}

/// Of what fits a name that is the short one of something else: that one, and nothing where it could be several.
pub fn unambiguous(entries: Vec<Entry>, pattern: &Pattern) -> Vec<Entry> {
    let is_meant = |entry: &Entry| pattern.literal().is_some_and(|name| same(name, &entry.name));
    if pattern.is_short() && entries.len() > 1 && !entries.iter().any(is_meant) { Vec::new() } else { entries }
}

/// The entry with a name, however it is spelt.
pub fn one(folder: BorrowedFd<'_>, name: &[u16], index: &Index, view: &View<'_>) -> Option<Entry> {
    let find = |host: String| {
        let metadata = metadata(folder, &host, view)?;
        Some(Entry { name: from_host(host.as_bytes())?, metadata })
    };
    let exact = to_host(name).filter(|host| from_host(host.as_bytes()).as_deref() == Some(name)).and_then(find);
    exact.or_else(|| index.find(folder, name).ok().flatten().and_then(find))
}

/// Whether a folder has no entries at all.
pub fn is_empty(folder: BorrowedFd<'_>) -> Result<bool> {
    for entry in Dir::read_from(folder)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a listing shows.
pub struct View<'a> {
    /// Whether an entry is there, by its name.
    pub is_visible: &'a dyn Fn(&str) -> bool,
    /// Whether a link, by its name, leads to a folder of the volume: a listing does not tell of what lies outside.
    pub leads_to_folder: &'a dyn Fn(&str) -> bool,
}

/// Facts of an entry that is a file, a folder or a link.
fn metadata(folder: BorrowedFd<'_>, name: &str, view: &View<'_>) -> Option<Metadata> {
    let metadata = if (view.is_visible)(name) { Metadata::of_entry(folder, name).ok()? } else { return None };
    match metadata {
        Metadata { link: true, .. } if (view.leads_to_folder)(name) => Some(metadata.leading_to_folder()),
        metadata => (!metadata.is_special()).then_some(metadata),
    }
}
