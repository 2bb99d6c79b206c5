//! The system file: every system DLL of one bitness, laid out and bound among themselves by the build, so that a start
//! needs nothing but mappings; and the system's programs, which are looked at as files alone.
//!
//! `Header | Entry.. | Segment.. | images, page-aligned`. Little-endian; offsets count from the file's start.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The first bytes.
pub const MAGIC: [u8; 8] = *b"WCSYSTEM";
/// The format's version.
pub const VERSION: u32 = 1;
/// The longest name of a DLL, in bytes.
pub const NAME: usize = 40;

/// The head.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`VERSION`].
    pub version: u32,
    /// How many DLLs and programs.
    pub entries: u32,
    /// How many segments.
    pub segments: u32,
    /// Bytes of everything before the images.
    pub head: u32,
}

/// The flag of a program: it lies in the system's folder as a file, and is started like any other. No process loads it as a DLL.
pub const PROGRAM: u32 = 1;

/// One DLL, or a program.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Entry {
    /// Its name in lower case with its extension, padded with NUL.
    pub name: [u8; NAME],
    /// Where it was laid out for.
    pub base: u64,
    /// Bytes in memory.
    pub size: u32,
    /// Its first segment and how many it has.
    pub segments: [u32; 2],
    /// 0 for a DLL; [`PROGRAM`].
    pub flags: u32,
}

/// A piece of a DLL: bytes of the file, or zeroes, with one protection.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Segment {
    /// Where it goes, from the image's start; whole pages.
    pub rva: u32,
    /// Bytes in memory; whole pages.
    pub size: u32,
    /// Where its bytes lie in the file; 0 for zeroes. Page-aligned.
    pub file: u32,
    /// `PAGE_*`.
    pub protect: u32,
}

impl Entry {
    /// Its name.
    pub fn name(&self) -> &[u8] {
        self.name.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// The tables of a system file, over its mapped head.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// The DLLs.
    pub entries: &'a [Entry],
    /// Their segments.
    pub segments: &'a [Segment],
}

impl<'a> Tables<'a> {
    /// Reads the head of a system file; `None` where it is damaged or of another version.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = Header::ref_from_prefix(bytes).ok()?;
        if header.magic != MAGIC || header.version != VERSION {
            return None;
        }
        let (entries, rest) = <[Entry]>::ref_from_prefix_with_elems(rest, header.entries as usize).ok()?;
        let (segments, _) = <[Segment]>::ref_from_prefix_with_elems(rest, header.segments as usize).ok()?;
        Some(Self { entries, segments })
    }

    /// The DLL with this name in lower case.
    pub fn find(&self, name: &[u8]) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.flags & PROGRAM == 0 && entry.name() == name)
    }

    /// A DLL's segments.
    pub fn segments(&self, entry: &Entry) -> &'a [Segment] {
        let [first, count] = entry.segments.map(|word| word as usize);
        self.segments.get(first..first.saturating_add(count)).unwrap_or_default()
    }
}

/// The name under which the table of stubs lies among the DLLs.
pub const STUBS: &[u8] = b"stubs.tbl";

/// How a stub fails, by what the metadata says of its function.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StubValue {
    /// With an exception that names the function: nothing says what failure is.
    Raise = 0,
    /// With 0 (FALSE, NULL) and the last error.
    Zero = 1,
    /// With all bits set and the last error.
    Ones = 2,
    /// With the Win32 error itself.
    Win32 = 3,
    /// With an NTSTATUS.
    NtStatus = 4,
    /// With an HRESULT.
    HResult = 5,
    /// It returns nothing, and does nothing.
    Nothing = 6,
}

/// What the metadata says of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stub {
    /// How it fails.
    pub value: StubValue,
    /// Bytes of arguments that it takes off an x86 stack.
    pub stack_bytes: u16,
}

impl Stub {
    /// As two bytes: 4 bits of value, 12 of stack.
    pub const fn pack(self) -> u16 {
        (self.value as u16) << 12 | self.stack_bytes
    }

    /// From two bytes.
    pub const fn unpack(packed: u16) -> Self {
        let value = match packed >> 12 {
            1 => StubValue::Zero,
            2 => StubValue::Ones,
            3 => StubValue::Win32,
            4 => StubValue::NtStatus,
            5 => StubValue::HResult,
            6 => StubValue::Nothing,
            _ => StubValue::Raise,
        };
        Self { value, stack_bytes: packed & 0xFFF }
    }
}

/// The table of stubs: hashes of `dll!function` (the DLL in lower case) and of `dll`, sorted, and two bytes for each.
#[derive(Clone, Copy, Debug)]
pub struct StubTable<'a> {
    hashes: &'a [[u8; 8]],
    values: &'a [[u8; 2]],
}

impl<'a> StubTable<'a> {
    /// Reads a table: a count, the hashes, the values.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk::<8>()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        let (hashes, rest) = rest.split_at_checked(count.checked_mul(8)?)?;
        let values = rest.get(..count.checked_mul(2)?)?;
        Some(Self { hashes: hashes.as_chunks().0, values: values.as_chunks().0 })
    }

    /// What the metadata says of `dll!function`.
    pub fn find(&self, name: &[u8]) -> Option<Stub> {
        let hash = hash(name);
        let at = self.hashes.binary_search_by_key(&hash, |bytes| u64::from_le_bytes(*bytes)).ok()?;
        Some(Stub::unpack(u16::from_le_bytes(*self.values.get(at)?)))
    }

    /// Whether the metadata knows a DLL.
    pub fn knows_dll(&self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }
}

/// FNV-1a of a name, 64 bits: the build checks that no two names of the metadata collide.
pub const fn hash(name: &[u8]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    let mut index = 0;
    while index < name.len() {
        hash = (hash ^ name[index] as u64).wrapping_mul(0x100_0000_01B3);
        index += 1;
    }
    hash
}
