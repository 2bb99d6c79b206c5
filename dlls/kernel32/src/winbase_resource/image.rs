//! A program's file with another resource section: in the old one's place where it is the last but for relocations, which
//! then move behind it; else as a new section at the end.

use super::tree::Tree;
use alloc::vec::Vec;
use pe::{Image, Layout};

/// Offsets in the headers, from the signature on (winnt.h).
const SECTIONS: usize = 6;
const OPTIONAL_SIZE: usize = 20;
const OPTIONAL: usize = 24;
const SIZE_OF_IMAGE: usize = OPTIONAL + 56;
const CHECKSUM: usize = OPTIONAL + 64;
/// Bytes of a section's header, and where its members stand.
const HEADER: usize = 40;
const VIRTUAL_SIZE: usize = 8;
const ADDRESS: usize = 12;
const RAW_SIZE: usize = 16;
const RAW: usize = 20;
const CHARACTERISTICS: usize = 36;
/// `IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ`.
const READ_DATA: u32 = 0x4000_0040;
/// Directories by their numbers.
const RESOURCE: usize = 2;
const SECURITY: usize = 4;
const RELOCATION: usize = 5;
const DEBUG: usize = 6;
const DIRECTORIES: usize = 16;

/// A file that is being changed.
struct File {
    bytes: Vec<u8>,
    /// Where the signature stands.
    headers: usize,
    /// Where the directories start, and how many there are.
    directories: (usize, usize),
    alignment: u32,
    file_alignment: u32,
}

impl File {
    fn get(&self, at: usize) -> u32 {
        self.bytes.get(at..at + 4).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn put(&mut self, at: usize, value: u32) {
        if let Some(place) = self.bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }

    fn count(&self) -> usize {
        (self.get(self.headers + SECTIONS) & 0xFFFF) as usize
    }

    /// Where the header of a section stands.
    fn section(&self, index: usize) -> usize {
        let optional = (self.get(self.headers + OPTIONAL_SIZE) & 0xFFFF) as usize;
        self.headers + OPTIONAL + optional + HEADER * index
    }

    /// Where a directory's address stands; its size follows.
    fn directory(&self, index: usize) -> Option<usize> {
        (index < self.directories.1).then_some(self.directories.0 + 8 * index)
    }

    fn up(&self, value: u32) -> Option<u32> {
        value.checked_next_multiple_of(self.alignment)
    }

    /// The section that holds an address.
    fn holder(&self, rva: u32) -> Option<usize> {
        (0..self.count()).find(|index| {
            let at = self.section(*index);
            let size = self.get(at + VIRTUAL_SIZE).max(self.get(at + RAW_SIZE));
            rva.wrapping_sub(self.get(at + ADDRESS)) < size
        })
    }
}

/// The file with these resources instead of its own; `None` where that cannot be.
pub fn replace(bytes: Vec<u8>, tree: &Tree) -> Option<Vec<u8>> {
    let had_checksum;
    let mut file = {
        let image = Image::parse(&bytes, Layout::File).ok()?;
        let (alignment, file_alignment) = (image.section_alignment(), image.file_alignment());
        let headers = u32::from_le_bytes(bytes.get(0x3C..0x40)?.try_into().ok()?) as usize;
        let start = headers + OPTIONAL + if image.is_64() { 112 } else { 96 };
        let count = u32::from_le_bytes(bytes.get(start - 4..start)?.try_into().ok()?) as usize;
        had_checksum = image.checksum_field() != 0;
        if alignment == 0 || file_alignment == 0 {
            return None;
        }
        File { bytes, headers, directories: (start, count.min(DIRECTORIES)), alignment, file_alignment }
    };
    let resources = file.directory(RESOURCE)?;
    match place(&file) {
        Some(index) => grow(&mut file, index, tree)?,
        None => append(&mut file, tree)?,
    }
    // A signature covers what is no longer there.
    if let Some(security) = file.directory(SECURITY)
        && file.get(security) != 0
    {
        file.put(security, 0);
        file.put(security + 4, 0);
    }
    debug_assert!(file.get(resources) != 0);
    let mut bytes = file.bytes;
    if had_checksum {
        let at = file.headers + CHECKSUM;
        let sum = pe::checksum(&bytes).ok()?;
        bytes.get_mut(at..at + 4)?.copy_from_slice(&sum.to_le_bytes());
    }
    Some(bytes)
}

/// The section that holds the resources and nothing else, behind which lies nothing but relocations.
fn place(file: &File) -> Option<usize> {
    let resources = file.get(file.directory(RESOURCE)?);
    let index = file.holder(resources).filter(|index| file.get(file.section(*index) + ADDRESS) == resources)?;
    let relocations = file.directory(RELOCATION).map_or(0, |at| file.get(at));
    let behind = |index: usize| file.get(file.section(index) + ADDRESS);
    let rest: Vec<usize> = (0..file.count()).filter(|other| behind(*other) > resources).collect();
    let movable = match rest.as_slice() {
        [] => true,
        [only] => *only == index + 1 && index + 2 == file.count() && behind(*only) == relocations,
        _ => false,
    };
    // Nothing else may point into what moves or is replaced.
    let free = (0..file.directories.1).filter(|other| ![RESOURCE, SECURITY, RELOCATION].contains(other)).all(|other| {
        let rva = file.directory(other).map_or(0, |at| file.get(at));
        rva == 0 || file.holder(rva).is_none_or(|holder| holder < index)
    });
    (movable && free).then_some(index)
}

/// Replaces a section's bytes, and moves what lies behind it.
fn grow(file: &mut File, index: usize, tree: &Tree) -> Option<()> {
    let at = file.section(index);
    let rva = file.get(at + ADDRESS);
    let mut fresh = tree.bytes(rva)?;
    let size = u32::try_from(fresh.len()).ok()?;
    let (raw, old_raw_size) = (file.get(at + RAW), file.get(at + RAW_SIZE));
    fresh.resize(fresh.len().next_multiple_of(file.file_alignment as usize), 0);
    let raw_size = u32::try_from(fresh.len()).ok()?;
    let raw_end = raw.checked_add(old_raw_size)? as usize;
    if raw == 0 || raw_end > file.bytes.len() {
        return None;
    }
    file.bytes.splice(raw as usize..raw_end, fresh);
    file.put(at + VIRTUAL_SIZE, size);
    file.put(at + RAW_SIZE, raw_size);
    let mut end = file.up(rva.checked_add(size)?)?;
    if index + 1 < file.count() {
        let next = file.section(index + 1);
        let relocations = file.directory(RELOCATION)?;
        file.put(next + ADDRESS, end);
        file.put(relocations, end);
        if file.get(next + RAW) != 0 {
            file.put(next + RAW, file.get(next + RAW).wrapping_add(raw_size).wrapping_sub(old_raw_size));
        }
        end = file.up(end.checked_add(file.get(next + VIRTUAL_SIZE).max(1))?)?;
    }
    file.put(file.headers + SIZE_OF_IMAGE, end);
    let resources = file.directory(RESOURCE)?;
    file.put(resources + 4, size);
    moved(file, raw_end as u32, raw_size.wrapping_sub(old_raw_size))
}

/// Tells the symbol table's pointer and the debug directory where their bytes went, if they lay behind `from` in the file.
fn moved(file: &mut File, from: u32, distance: u32) -> Option<()> {
    const SYMBOLS: usize = 12;
    let symbols = file.get(file.headers + SYMBOLS);
    if symbols >= from {
        file.put(file.headers + SYMBOLS, symbols.wrapping_add(distance));
    }
    const ENTRY: usize = 28;
    const POINTER: usize = 24;
    let Some(directory) = file.directory(DEBUG).filter(|at| file.get(*at) != 0) else { return Some(()) };
    let (rva, size) = (file.get(directory), file.get(directory + 4));
    let at = file.section(file.holder(rva)?);
    let start = (rva - file.get(at + ADDRESS)).checked_add(file.get(at + RAW))? as usize;
    for entry in 0..size as usize / ENTRY {
        let pointer = start + ENTRY * entry + POINTER;
        let old = file.get(pointer);
        if old >= from {
            file.put(pointer, old.wrapping_add(distance));
        }
    }
    Some(())
}

/// Adds a section at the end of the image; what lay behind the last section in the file stays behind it.
fn append(file: &mut File, tree: &Tree) -> Option<()> {
    let count = file.count();
    let header = file.section(count);
    let (mut rva, mut raw, mut first) = (0, 0, u32::MAX);
    for index in 0..count {
        let at = file.section(index);
        rva = rva.max(file.up(file.get(at + ADDRESS).checked_add(file.get(at + VIRTUAL_SIZE).max(file.get(at + RAW_SIZE)))?)?);
        if file.get(at + RAW_SIZE) != 0 {
            raw = raw.max(file.get(at + RAW).checked_add(file.get(at + RAW_SIZE))?);
            first = first.min(file.get(at + RAW));
        }
    }
    // The header must fit in front of the first section's bytes.
    let spare = file.bytes.get(header..header + HEADER)?;
    if header + HEADER > first as usize || spare.iter().any(|byte| *byte != 0) || raw as usize > file.bytes.len() {
        return None;
    }
    let mut fresh = tree.bytes(rva)?;
    let size = u32::try_from(fresh.len()).ok()?;
    fresh.resize(fresh.len().next_multiple_of(file.file_alignment as usize), 0);
    let start = raw.checked_next_multiple_of(file.file_alignment)?;
    let raw_size = u32::try_from(fresh.len()).ok()?;
    let padding = core::iter::repeat_n(0, (start - raw) as usize);
    file.bytes.splice(raw as usize..raw as usize, padding.chain(fresh));
    moved(file, raw, (start - raw).checked_add(raw_size)?)?;
    file.bytes[header..header + 8].copy_from_slice(b".rsrc\0\0\0");
    for (member, value) in [(VIRTUAL_SIZE, size), (ADDRESS, rva), (RAW_SIZE, raw_size), (RAW, start), (CHARACTERISTICS, READ_DATA)] {
        file.put(header + member, value);
    }
    let sections = file.get(file.headers + SECTIONS);
    file.put(file.headers + SECTIONS, sections + 1);
    file.put(file.headers + SIZE_OF_IMAGE, file.up(rva.checked_add(size)?)?);
    let resources = file.directory(RESOURCE)?;
    file.put(resources, rva);
    file.put(resources + 4, size);
    Some(())
}
