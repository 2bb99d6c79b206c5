//! Requests about memory, sections and images.

use crate::{Address, Handle};

requests! {
    /// Reserves or commits memory.
    AllocateMemory {
        /// In: where, or 0. Out: the base.
        base: Address,
        /// In: how many bytes. Out: rounded to pages.
        size: u64,
        /// `MEM_*`.
        kind: u32,
        /// `PAGE_*`.
        protect: u32,
        /// The highest address allowed, or 0.
        limit: Address,
    }
    /// Decommits or releases memory.
    FreeMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// `MEM_DECOMMIT` or `MEM_RELEASE`.
        kind: u32,
        /// Unused.
        pad: u32,
    }
    /// Changes the protection of committed pages.
    ProtectMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// The new `PAGE_*`.
        protect: u32,
        /// Out: the first page's old protection.
        old: u32,
    }
    /// Describes the run of equal pages that starts at an address.
    QueryMemory {
        /// The address.
        address: Address,
        /// Out: the run.
        run: MemoryRun,
    }
    /// Maps a system DLL by its base name.
    MapSystemImage {
        /// The name in lower case with its extension, ASCII.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// Out: where it is mapped.
        base: Address,
        /// Out: its size in bytes.
        size: u64,
        /// Out: [`IMAGE_BOUND`] and the like.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Makes a section of a file, or of paging-file memory.
    CreateSection {
        /// The file, or 0.
        file: Handle,
        /// The size in bytes, or 0 for the file's.
        size: u64,
        /// The protection that its views may have.
        protect: u32,
        /// `SEC_*`.
        attributes: u32,
        /// The access wanted.
        access: u32,
        /// `OBJ_INHERIT` and `OBJ_OPENIF`, or 0.
        flags: u32,
        /// The name, UTF-16, with its directory; none is 0.
        name: Address,
        /// Bytes of the name.
        name_size: u64,
        /// Out: the section.
        handle: Handle,
    }
    /// Maps a view of a section.
    MapView {
        /// The section.
        section: Handle,
        /// In: where, or 0. Out: the base.
        base: Address,
        /// In: how many bytes, or 0 for all. Out: rounded to pages.
        size: u64,
        /// Where in the section the view starts.
        offset: u64,
        /// `PAGE_*`.
        protect: u32,
        /// `MEM_*`.
        kind: u32,
    }
    /// Unmaps a view or an image.
    UnmapView {
        /// An address in the view.
        base: Address,
    }
    /// Keeps committed pages in the machine's memory, or lets them go.
    LockMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// Non-zero: let go.
        unlock: u32,
        /// Unused.
        pad: u32,
    }
}

/// The image's imports from other system DLLs are bound already, as long as those lie at their preferred bases.
pub const IMAGE_BOUND: u32 = 1;
/// The image was mapped before.
pub const IMAGE_AGAIN: u32 = 2;
/// The image lies elsewhere than at its preferred base.
pub const IMAGE_MOVED: u32 = 4;

/// A run of pages that are alike.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryRun {
    /// The first page.
    pub base: Address,
    /// The base of the allocation it belongs to.
    pub allocation: Address,
    /// Bytes.
    pub size: u64,
    /// The protection given when it was allocated.
    pub allocation_protect: u32,
    /// `MEM_COMMIT`, `MEM_RESERVE` or `MEM_FREE`.
    pub state: u32,
    /// `PAGE_*`.
    pub protect: u32,
    /// `MEM_PRIVATE`, `MEM_MAPPED` or `MEM_IMAGE`.
    pub kind: u32,
}
