//! The headers, from `MZ` to the section table.

use object::{
    LittleEndian as LE, U32,
    pe::{self, ImageDosHeader, ImageFileHeader, ImageOptionalHeader32, ImageOptionalHeader64},
};

use crate::{
    Image, Layout, Machine, Malformed, Span, Subsystem,
    stretch::{array, structure},
};

/// Most sections: "the Windows loader limits the number of sections to 96", says Microsoft's description of the format.
const MOST_SECTIONS: usize = 96;

/// The optional header of either kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Optional<'a> {
    Pe32(&'a ImageOptionalHeader32),
    Pe64(&'a ImageOptionalHeader64),
}

/// A data directory that is found by its address in memory; see [`Image::certificates`] for the one that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "the names are the format's own")]
pub enum Directory {
    Export = pe::IMAGE_DIRECTORY_ENTRY_EXPORT,
    Import = pe::IMAGE_DIRECTORY_ENTRY_IMPORT,
    Resource = pe::IMAGE_DIRECTORY_ENTRY_RESOURCE,
    Exception = pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION,
    Relocation = pe::IMAGE_DIRECTORY_ENTRY_BASERELOC,
    Debug = pe::IMAGE_DIRECTORY_ENTRY_DEBUG,
    Tls = pe::IMAGE_DIRECTORY_ENTRY_TLS,
    LoadConfig = pe::IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG,
    BoundImport = pe::IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT,
    AddressTable = pe::IMAGE_DIRECTORY_ENTRY_IAT,
    DelayImport = pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT,
    Dotnet = pe::IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR,
}

/// A range of the file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSpan {
    /// Where it starts.
    pub offset: u32,
    /// Its length.
    pub size: u32,
}

impl<'a> Image<'a> {
    /// Reads the headers.
    pub fn parse(bytes: &'a [u8], layout: Layout) -> Result<Self, Malformed> {
        let signature = find_signature(bytes)?;
        let file: &ImageFileHeader = structure(bytes, signature + 4).ok_or(Malformed::Truncated("file header"))?;
        let start = signature + 4 + pe::IMAGE_SIZEOF_FILE_HEADER;
        let (optional, count, end) = parse_optional(bytes, start)?;

        // The loader goes by the count, not by the header's size, which only locates the section table.
        let room = bytes.len().saturating_sub(end) / size_of::<pe::ImageDataDirectory>();
        let count = (count as usize).min(pe::IMAGE_NUMBEROF_DIRECTORY_ENTRIES).min(room);
        let directories = array(bytes, end, count).unwrap_or_default();

        let sections = usize::from(file.number_of_sections.get(LE));
        if sections > MOST_SECTIONS {
            return Err(Malformed::BadField("number of sections"));
        }
        let table = start + usize::from(file.size_of_optional_header.get(LE));
        let table = array(bytes, table, sections).ok_or(Malformed::Truncated("section table"))?;

        let mut image = Self { bytes, layout, base: 0, signature, file, optional, directories, table };
        image.base = image.image_base();
        Ok(image)
    }

    /// A data directory, `None` where the image has none.
    pub fn directory(&self, directory: Directory) -> Option<Span> {
        let entry = self.directories.get(directory as usize)?;
        let rva = entry.virtual_address.get(LE);
        (rva != 0).then_some(Span { rva, size: entry.size.get(LE) })
    }

    /// Where the Authenticode signatures lie in the file (they are not mapped); `None` where there are none.
    pub fn certificates(&self) -> Result<Option<FileSpan>, Malformed> {
        let Some(entry) = self.directories.get(pe::IMAGE_DIRECTORY_ENTRY_SECURITY) else { return Ok(None) };
        let (offset, size) = (entry.virtual_address.get(LE), entry.size.get(LE));
        if offset == 0 || size == 0 {
            return Ok(None);
        }
        if self.layout == Layout::File && u64::from(offset) + u64::from(size) > self.bytes.len() as u64 {
            return Err(Malformed::Outside("certificate table"));
        }
        Ok(Some(FileSpan { offset, size }))
    }

    /// The file offset of the header's checksum.
    pub(crate) fn checksum_offset(&self) -> usize {
        self.signature + 4 + pe::IMAGE_SIZEOF_FILE_HEADER + core::mem::offset_of!(ImageOptionalHeader32, check_sum)
    }

    /// The processor.
    pub fn machine(&self) -> Machine {
        Machine::new(self.file.machine.get(LE))
    }

    /// When it was linked, in seconds since 1970, or a hash of its contents.
    pub fn timestamp(&self) -> u32 {
        self.file.time_date_stamp.get(LE)
    }

    /// The `IMAGE_FILE_*` flags.
    pub fn characteristics(&self) -> u16 {
        self.file.characteristics.get(LE).0
    }

    /// Whether it is a DLL.
    pub fn is_dll(&self) -> bool {
        self.characteristics() & pe::IMAGE_FILE_DLL.0 != 0
    }

    /// Whether it is .NET code, all or in part.
    pub fn is_dotnet(&self) -> bool {
        self.directory(Directory::Dotnet).is_some_and(|span| span.size != 0)
    }

    /// Whether its optional header is of the 64-bit kind (PE32+).
    pub fn is_64(&self) -> bool {
        matches!(self.optional, Optional::Pe64(_))
    }

    /// Whether its sections are aligned to less than a page.
    pub fn has_low_alignment(&self) -> bool {
        u64::from(self.section_alignment()) < crate::section::PAGE
    }
}

/// The file offset of the `PE` signature.
fn find_signature(bytes: &[u8]) -> Result<usize, Malformed> {
    if bytes.get(..2) != Some(b"MZ") {
        return Err(Malformed::NotExecutable);
    }
    let dos: &ImageDosHeader = structure(bytes, 0).ok_or(Malformed::Truncated("DOS header"))?;
    let offset = usize::try_from(dos.e_lfanew.get(LE)).unwrap_or(usize::MAX);
    match bytes.get(offset..).unwrap_or_default() {
        [b'P', b'E', 0, 0, ..] => Ok(offset),
        [b'N', b'E', ..] => Err(Malformed::Ne),
        [b'L', b'E', ..] => Err(Malformed::Le),
        [b'L', b'X', ..] => Err(Malformed::Lx),
        _ => Err(Malformed::DosProgram),
    }
}

/// The optional header, its number of data directories, and the offset of the first.
fn parse_optional(bytes: &[u8], start: usize) -> Result<(Optional<'_>, u32, usize), Malformed> {
    let truncated = Malformed::Truncated("optional header");
    let magic: &object::U16<LE> = structure(bytes, start).ok_or(truncated)?;
    let (optional, count, size): (_, &U32<LE>, _) = match magic.get(LE) {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => {
            let header: &ImageOptionalHeader32 = structure(bytes, start).ok_or(truncated)?;
            (Optional::Pe32(header), &header.number_of_rva_and_sizes, size_of::<ImageOptionalHeader32>())
        }
        pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => {
            let header: &ImageOptionalHeader64 = structure(bytes, start).ok_or(truncated)?;
            (Optional::Pe64(header), &header.number_of_rva_and_sizes, size_of::<ImageOptionalHeader64>())
        }
        _ => return Err(Malformed::BadField("kind of optional header")),
    };
    Ok((optional, count.get(LE), start + size))
}

/// Accessors of fields that both kinds of optional header have, if in different widths.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = |$header:ident| $value:expr;)*) => {
        impl Image<'_> {
            $(
                $(#[$doc])*
                #[allow(clippy::useless_conversion, reason = "one of the two has the wanted width already")]
                pub fn $name(&self) -> $kind {
                    match self.optional {
                        Optional::Pe32($header) => $value,
                        Optional::Pe64($header) => $value,
                    }
                }
            )*
        }
    };
}

fields! {
    /// The header's preferred address.
    image_base: u64 = |header| header.image_base.get(LE).into();
    /// Length in memory, in bytes.
    size_of_image: u32 = |header| header.size_of_image.get(LE);
    /// Length of the headers in the file, in bytes.
    size_of_headers: u32 = |header| header.size_of_headers.get(LE);
    /// The entry point's address relative to the image's start; 0 means none.
    entry_point: u32 = |header| header.address_of_entry_point.get(LE);
    /// Alignment of sections in memory, in bytes.
    section_alignment: u32 = |header| header.section_alignment.get(LE);
    /// Alignment of sections in the file, in bytes.
    file_alignment: u32 = |header| header.file_alignment.get(LE);
    /// The subsystem.
    subsystem: Subsystem = |header| Subsystem::new(header.subsystem.get(LE));
    /// The `IMAGE_DLLCHARACTERISTICS_*` flags.
    dll_characteristics: u16 = |header| header.dll_characteristics.get(LE).0;
    /// The oldest system that it runs on: major, minor.
    os_version: (u16, u16) = |header| (header.major_operating_system_version.get(LE), header.minor_operating_system_version.get(LE));
    /// The oldest subsystem that it runs on: major, minor.
    subsystem_version: (u16, u16) = |header| (header.major_subsystem_version.get(LE), header.minor_subsystem_version.get(LE));
    /// Its own version: major, minor.
    image_version: (u16, u16) = |header| (header.major_image_version.get(LE), header.minor_image_version.get(LE));
    /// The linker's version: major, minor.
    linker_version: (u8, u8) = |header| (header.major_linker_version, header.minor_linker_version);
    /// Address space for the first thread's stack, in bytes.
    stack_reserve: u64 = |header| header.size_of_stack_reserve.get(LE).into();
    /// Memory that the first thread's stack starts with, in bytes.
    stack_commit: u64 = |header| header.size_of_stack_commit.get(LE).into();
    /// Address space for the process heap, in bytes.
    heap_reserve: u64 = |header| header.size_of_heap_reserve.get(LE).into();
    /// Memory that the process heap starts with, in bytes.
    heap_commit: u64 = |header| header.size_of_heap_commit.get(LE).into();
    /// The header's checksum; see [`checksum`](crate::checksum()).
    checksum_field: u32 = |header| header.check_sum.get(LE);
    /// The loader flags, which no loader reads.
    loader_flags: u32 = |header| header.loader_flags.get(LE);
}
