//! An image: its bytes, and how addresses in it lead to them.

use core::{ffi::CStr, fmt};

use object::{
    LittleEndian as LE,
    pe::{ImageDataDirectory, ImageFileHeader, ImageSectionHeader},
    pod, {U16, U32, U64},
};

use crate::{Placement, headers::Optional, stretch::Stretch};

/// Longest text (a DLL's or a function's name) in bytes; C++ names run to some thousands.
const LONGEST_TEXT: usize = 0x10000;

/// What the bytes of an image are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The file: addresses go through the section table.
    File,
    /// The image in memory: an address is an index.
    Mapped,
}

/// A range of addresses relative to the image's start, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub rva: u32,
    /// Its length.
    pub size: u32,
}

impl Span {
    /// Whether an address lies in it.
    pub fn contains(self, rva: u32) -> bool {
        rva.checked_sub(self.rva).is_some_and(|offset| offset < self.size)
    }
}

/// A PE image over borrowed bytes, which must not change while it is in use.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) layout: Layout,
    pub(crate) base: u64,
    /// File offset of the `PE` signature.
    pub(crate) signature: usize,
    pub(crate) file: &'a ImageFileHeader,
    pub(crate) optional: Optional<'a>,
    pub(crate) directories: &'a [ImageDataDirectory],
    pub(crate) table: &'a [ImageSectionHeader],
}

impl fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} bytes, {:?}, {}, base {:#x})", self.bytes.len(), self.layout, self.machine(), self.base)
    }
}

impl<'a> Image<'a> {
    /// The bytes that it was parsed from.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What those bytes are.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The same image relocated to another address than its header's: needed wherever the image holds absolute addresses.
    pub fn based_at(self, base: u64) -> Self {
        Self { base, ..self }
    }

    /// The address that the absolute addresses in the bytes are based on.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// An absolute address, relative to the image's start; `None` outside the image.
    pub fn relative(&self, address: u64) -> Option<u32> {
        self.relative_place(address, 1)
    }

    /// The same for a place of some bytes, all of which lie inside the image.
    pub(crate) fn relative_place(&self, address: u64, size: u32) -> Option<u32> {
        let rva = u32::try_from(address.checked_sub(self.base)?).ok()?;
        self.holds(rva, size).then_some(rva)
    }

    /// Whether some bytes lie inside the image. A mapped one is no longer than its bytes, whatever its header says.
    pub(crate) fn holds(&self, rva: u32, size: u32) -> bool {
        let end = u64::from(rva) + u64::from(size);
        end <= self.size_of_image().into() && (self.layout == Layout::File || end <= self.bytes.len() as u64)
    }

    /// Length of an address in the image, in bytes.
    pub(crate) fn pointer_size(&self) -> u32 {
        if self.is_64() { 8 } else { 4 }
    }

    /// A piece of the image; `None` where the bytes do not hold all of it.
    pub fn at(&self, rva: u32, size: u32) -> Option<&'a [u8]> {
        self.stretch(rva)?.bytes.get(..size as usize)
    }

    /// The text at an address up to its NUL; `None` outside the image and above 64 KiB.
    pub fn text(&self, rva: u32) -> Option<&'a [u8]> {
        let stretch = self.stretch(rva)?;
        let bytes = stretch.bytes.get(..LONGEST_TEXT).unwrap_or(stretch.bytes);
        match CStr::from_bytes_until_nul(bytes) {
            Ok(text) => Some(text.to_bytes()),
            Err(_) => (bytes.len() == stretch.bytes.len() && stretch.zeros > 0).then_some(bytes),
        }
    }

    /// The 16-bit number at an address.
    pub fn u16_at(&self, rva: u32) -> Option<u16> {
        Some(self.read::<U16<LE>>(rva)?.get(LE))
    }

    /// The 32-bit number at an address.
    pub fn u32_at(&self, rva: u32) -> Option<u32> {
        Some(self.read::<U32<LE>>(rva)?.get(LE))
    }

    /// The 64-bit number at an address.
    pub fn u64_at(&self, rva: u32) -> Option<u64> {
        Some(self.read::<U64<LE>>(rva)?.get(LE))
    }

    /// The value at an address; what only memory has reads as zero.
    pub(crate) fn read<T: pod::Pod>(&self, rva: u32) -> Option<T> {
        self.stretch(rva)?.next()
    }

    /// All that follows an address, to the end of its section.
    pub(crate) fn stretch(&self, rva: u32) -> Option<Stretch<'a>> {
        if self.layout == Layout::Mapped {
            return Some(Stretch { bytes: self.bytes.get(rva as usize..)?, zeros: 0 });
        }
        let inside = |placement: Placement| {
            let offset = rva.checked_sub(placement.rva)?;
            let behind = placement.size.checked_sub(offset.into())?;
            (behind > 0).then_some((placement, offset, behind))
        };
        let (placement, offset, behind) = self.placements().find_map(inside)?;
        let (start, size) = (usize::try_from(placement.file_offset).ok()?, usize::try_from(placement.file_size).ok()?);
        let piece = self.bytes.get(start..).and_then(|bytes| bytes.get(..size)).unwrap_or_default();
        let bytes = piece.get(offset as usize..).unwrap_or_default();
        Some(Stretch { bytes, zeros: behind.saturating_sub(bytes.len() as u64) })
    }
}
