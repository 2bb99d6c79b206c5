//! Sections: a file's bytes, an image, or paging-file memory, which views map.

use crate::file::File;
use crate::memory::{self, to_host};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::c_void;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PAGE_PROTECTION, STATUS_NO_MEMORY, STATUS_SECTION_PROTECTION};
use windows_sys::Win32::System::Memory::{PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_READWRITE, PAGE_WRITECOPY};

/// A section.
#[derive(Debug)]
pub struct Section {
    /// Bytes.
    pub size: u64,
    pub protect: u32,
    pub source: Source,
}

#[derive(Debug)]
pub enum Source {
    File(Arc<File>),
    Image(Arc<File>),
    /// Memory that views of one section share: a shared anonymous mapping, kept by its first, whole view.
    Memory(Memory),
}

/// Anonymous memory that can be mapped at several places.
#[derive(Debug)]
pub struct Memory(u64, u64);

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the range is this section's own, outside of the guest's part of the address space.
        let _ = unsafe { rustix::mm::munmap(self.0 as *mut c_void, self.1 as usize) };
    }
}

impl Section {
    /// What a view of this section may be protected with, and the host's way to map it.
    pub fn view_flags(&self, protect: u32) -> Result<(ProtFlags, MapFlags), NTSTATUS> {
        let base = protect & 0xFF;
        let copy = matches!(base, PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY);
        let writes = matches!(base, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        let section_writes = matches!(self.protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        if !memory::is_valid_protection(protect) {
            return Err(STATUS_INVALID_PAGE_PROTECTION);
        }
        if writes && !section_writes {
            return Err(STATUS_SECTION_PROTECTION);
        }
        let protection = ProtFlags::from_bits_retain(to_host(protect).bits());
        Ok((protection, if copy { MapFlags::PRIVATE } else { MapFlags::SHARED }))
    }
}

impl Memory {
    pub fn new(size: u64) -> Result<Self, NTSTATUS> {
        let both = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at a place of the kernel's choice.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), size as usize, both, MapFlags::SHARED | MapFlags::NORESERVE) };
        start.map(|start| Self(start as u64, size)).map_err(|_| STATUS_NO_MEMORY)
    }

    /// Maps a part of it a second time: `mremap` with an old size of 0 does that for shared mappings.
    pub fn map_again(&self, base: u64, offset: u64, size: u64, protection: ProtFlags) -> Result<(), NTSTATUS> {
        let source = (self.0 + offset) as *mut c_void;
        let flags = rustix::mm::MremapFlags::MAYMOVE;
        // SAFETY: the account has just given the place to this view.
        unsafe { rustix::mm::mremap_fixed(source, 0, size as usize, flags, base as *mut c_void) }.map_err(|_| STATUS_NO_MEMORY)?;
        // SAFETY: as above.
        unsafe { rustix::mm::mprotect(base as *mut c_void, size as usize, rustix::mm::MprotectFlags::from_bits_retain(protection.bits())) }
            .map_err(|_| STATUS_NO_MEMORY)
    }
}
