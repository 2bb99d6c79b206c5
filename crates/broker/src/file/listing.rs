//! Listing a folder.

use super::{Answer, lock, units};
use crate::object::{FileObject, Listing, OnDrive, Share};
use crate::pipe::Listed;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::{Device, Entry, SYMLINK};
use protocol::message::{ListFolder, Word};
use store::{Metadata, Pattern, attribute};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_BUFFER_TOO_SMALL, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE,
    STATUS_OBJECT_NAME_INVALID,
};
use windows_sys::Win32::Storage::FileSystem::FILE_LIST_DIRECTORY;
use zerocopy::IntoBytes;

/// Bytes of a pattern: more than any name can fit, for the work grows with its length.
const LONGEST_PATTERN: usize = 2 * 512;

/// So many entries of listings wait at once for a process: programs read listings to their end, and few at a time.
const MOST_LISTED: usize = 1 << 20;

impl Process {
    /// Lists a folder, from where the last answer ended.
    pub fn list_folder(&self, request: &ListFolder, payload: &[u8]) -> Answer {
        self.settle();
        let object = self.object(request.handle, FILE_LIST_DIRECTORY)?;
        if object.device != Device::Pipes && !object.is_folder() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let mut listing = lock(&object.listing);
        let first = listing.is_none();
        if first || request.restart != 0 {
            if payload.len() > LONGEST_PATTERN {
                return Err(STATUS_OBJECT_NAME_INVALID);
            }
            // The pattern is that of the first question, unless a new start brings another one.
            let pattern = match (&*listing, units(payload)?) {
                (Some(before), pattern) if pattern.is_empty() => before.pattern.clone(),
                (_, pattern) => Pattern::new(&pattern),
            };
            // The old one makes room first.
            *listing = None;
            let entries = match &object.file {
                Some(file) => read_folder(&object, file, &pattern)?,
                None => self.read_pipes(&pattern),
            };
            let share = Share::take(&self.listed, entries.len(), MOST_LISTED).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
            *listing = Some(Listing { entries: entries.into_iter(), pending: None, pattern, share });
        }
        let listing = listing.as_mut().ok_or(STATUS_INVALID_PARAMETER)?;
        let room = (request.bytes as usize).min(protocol::PAYLOAD);
        let mut records = Vec::new();
        for _ in 0..request.most.max(1) {
            let Some(entry) = listing.pending.take().or_else(|| listing.entries.next()) else { break };
            let size = (size_of::<Entry>() + 2 * entry.name.len()).next_multiple_of(8);
            if records.len() + size > room {
                listing.pending = Some(entry);
                break;
            }
            put_entry(&mut records, &entry);
        }
        if listing.pending.is_none() && listing.entries.len() == 0 {
            // What was read to its end takes no more room.
            listing.entries = Vec::new().into_iter();
            listing.share = Share::default();
        }
        if records.is_empty() {
            return Err(match listing.pending {
                Some(_) => STATUS_BUFFER_TOO_SMALL,
                None if first => STATUS_NO_SUCH_FILE,
                None => STATUS_NO_MORE_FILES,
            });
        }
        Ok(Reply::value(&Word { value: records.len() as u32 }).with_payload(records))
    }

    /// The names of pipes: how many instances there are stands in place of their size, and how many there may be in place of their room.
    fn read_pipes(&self, pattern: &Pattern) -> Vec<store::Entry> {
        let all = self.sandbox.pipes.list().into_iter().filter(|pipe| pattern.fits(&pipe.name));
        all.map(|Listed { name, instances: [size, allocated] }| {
            let (size, allocated) = (size.into(), allocated.into());
            store::Entry { name: name.to_vec(), metadata: Metadata { size, allocated, attributes: attribute::NORMAL, ..Metadata::default() } }
        })
        .collect()
    }
}

fn read_folder(object: &FileObject, file: &OnDrive, pattern: &Pattern) -> Result<Vec<store::Entry>, NTSTATUS> {
    let folder = |name: &[u16]| store::Entry { name: name.to_vec(), metadata: Metadata { folder: true, ..file.metadata } };
    let mut entries: Vec<store::Entry> = Vec::new();
    // The root of a drive has neither of them.
    if !lock(&file.place).path.path.is_empty() {
        let dots: [&[u16]; 2] = [&[0x2E], &[0x2E, 0x2E]];
        entries.extend(dots.into_iter().filter(|name| pattern.fits(name)).map(folder));
    }
    match object.inside() {
        Some(inside) => entries.extend(inside.volume.list(&inside.path, pattern)?),
        None => entries.extend(file.way.iter().filter(|name| pattern.fits(name)).map(|name| folder(name))),
    }
    Ok(entries)
}

/// Appends a record of a listing.
fn put_entry(records: &mut Vec<u8>, entry: &store::Entry) {
    let metadata = &entry.metadata;
    let short = store::short_name(&entry.name).unwrap_or_default();
    let mut head = Entry {
        times: metadata.times,
        size: metadata.size,
        allocated: metadata.allocated,
        id: metadata.id,
        attributes: metadata.attributes,
        name_size: 2 * entry.name.len() as u32,
        reparse: if metadata.link { SYMLINK } else { 0 },
        short_size: 2 * short.len() as u32,
        short: [0; 12],
        pad: 0,
    };
    head.short[..short.len()].copy_from_slice(&short);
    records.extend_from_slice(head.as_bytes());
    records.extend(entry.name.iter().flat_map(|unit| unit.to_le_bytes()));
    records.resize(records.len().next_multiple_of(8), 0);
}
