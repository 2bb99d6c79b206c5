//! Sections, and where the bytes of a file go in memory.

use core::iter;

use object::{
    LittleEndian as LE,
    pe::{self, ImageSectionHeader},
};

use crate::{Image, Layout};

pub(crate) const PAGE: u64 = 0x1000;

/// Windows reads sections from whole sectors: a section's offset in the file is rounded down to one
/// (`dlls/kernel32/tests/loader.c` of Wine has it measured).
const SECTOR: u64 = 0x200;

/// A piece of an image: so many bytes of the file go to an address, and zeros follow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Where it starts in memory, relative to the image's start.
    pub rva: u32,
    /// Its length in memory, in bytes, whole pages.
    pub size: u64,
    /// Where its bytes start in the file.
    pub file_offset: u64,
    /// How many bytes of the file it has: at most its length in memory, and none beyond the file's end.
    pub file_size: u64,
}

/// A section header.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    header: &'a ImageSectionHeader,
    /// Length of the file, where it is known.
    file: u64,
}

impl<'a> Section<'a> {
    /// The name, up to eight bytes, without its padding.
    pub fn name(&self) -> &'a [u8] {
        let name = &self.header.name;
        name.split(|byte| *byte == 0).next().unwrap_or(name)
    }

    /// Where it starts in memory, relative to the image's start.
    pub fn rva(&self) -> u32 {
        self.header.virtual_address.get(LE)
    }

    /// The header's length in memory, in bytes; 0 means as long as in the file.
    pub fn virtual_size(&self) -> u32 {
        self.header.virtual_size.get(LE)
    }

    /// The header's offset of the section's bytes in the file; 0 means none.
    pub fn raw_offset(&self) -> u32 {
        self.header.pointer_to_raw_data.get(LE)
    }

    /// The header's number of bytes in the file.
    pub fn raw_size(&self) -> u32 {
        self.header.size_of_raw_data.get(LE)
    }

    /// The `IMAGE_SCN_*` flags.
    pub fn characteristics(&self) -> u32 {
        self.header.characteristics.get(LE).0
    }

    /// Whether its pages may be read.
    pub fn is_readable(&self) -> bool {
        self.characteristics() & pe::IMAGE_SCN_MEM_READ.0 != 0
    }

    /// Whether its pages may be written.
    pub fn is_writable(&self) -> bool {
        self.characteristics() & pe::IMAGE_SCN_MEM_WRITE.0 != 0
    }

    /// Whether its pages may be executed.
    pub fn is_executable(&self) -> bool {
        self.characteristics() & pe::IMAGE_SCN_MEM_EXECUTE.0 != 0
    }

    /// Whether all processes share its pages.
    pub fn is_shared(&self) -> bool {
        self.characteristics() & pe::IMAGE_SCN_MEM_SHARED.0 != 0
    }

    /// Its length in memory, in bytes.
    pub fn memory_size(&self) -> u32 {
        match self.virtual_size() {
            0 => self.raw_size(),
            size => size,
        }
    }

    /// Which bytes of the file go where.
    pub fn placement(&self) -> Placement {
        let size = u64::from(self.memory_size()).next_multiple_of(PAGE);
        let (offset, length) = (u64::from(self.raw_offset()), u64::from(self.raw_size()));
        let start = offset - offset % SECTOR;
        let end = if offset == 0 || length == 0 { start } else { (offset + length).next_multiple_of(SECTOR) };
        let end = end.min(self.file).min(start + size);
        Placement { rva: self.rva(), size, file_offset: start, file_size: end.saturating_sub(start) }
    }
}

impl<'a> Image<'a> {
    /// The sections, in the order of their table.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = Section<'a>> + Clone + use<'a> {
        let file = match self.layout {
            Layout::File => self.bytes.len() as u64,
            Layout::Mapped => u64::MAX,
        };
        self.table.iter().map(move |header| Section { header, file })
    }

    /// The section that holds an address.
    pub fn section_at(&self, rva: u32) -> Option<Section<'a>> {
        self.sections().find(|section| rva.checked_sub(section.rva()).is_some_and(|offset| u64::from(offset) < section.placement().size))
    }

    /// Which bytes of the file go where in memory: the headers, then the sections.
    ///
    /// A low-alignment image is one piece: Windows maps it as it lies in the file.
    pub fn placements(&self) -> impl Iterator<Item = Placement> + use<'a> {
        let flat = self.has_low_alignment();
        let (headers, image) = (u64::from(self.size_of_headers()), u64::from(self.size_of_image()));
        let file_size = if flat { image } else { headers };
        let first = Placement { rva: 0, size: file_size.next_multiple_of(PAGE), file_offset: 0, file_size: file_size.min(self.bytes.len() as u64) };
        let sections = (!flat).then(|| self.sections().map(|section| section.placement()));
        iter::once(first).chain(sections.into_iter().flatten())
    }
}
