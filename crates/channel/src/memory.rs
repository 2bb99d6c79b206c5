//! Memory that the broker shares with a sandbox process: sealed so that nobody can truncate it under the other.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::io::{Errno, Result};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::ffi::c_void;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

/// What a mapping may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only read.
    Read,
    /// Read and write.
    Write,
}

/// A sealed memory file.
#[derive(Debug)]
pub struct Shared {
    file: OwnedFd,
    size: usize,
}

impl Shared {
    /// Makes one of `size` bytes, all zero, that can neither shrink nor grow.
    pub fn create(name: &str, size: usize) -> Result<Self> {
        let file = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, size as u64)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(Self { file, size })
    }

    /// Makes one that only the returned mapping can write: whoever gets the file can map it for reading alone.
    pub fn create_read_only(name: &str, size: usize) -> Result<(Self, Mapping)> {
        let file = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, size as u64)?;
        let shared = Self { file, size };
        let mapping = shared.map(Access::Write)?;
        fcntl_add_seals(&shared.file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::FUTURE_WRITE | SealFlags::SEAL)?;
        Ok((shared, mapping))
    }

    /// Takes one that the broker made. Refuses a file that could still shrink (`EINVAL`).
    pub fn adopt(file: OwnedFd) -> Result<Self> {
        let size = fstat(&file)?.st_size as usize;
        if !fcntl_get_seals(&file)?.contains(SealFlags::SHRINK) {
            return Err(Errno::INVAL);
        }
        Ok(Self { file, size })
    }

    /// Maps it whole.
    pub fn map(&self, access: Access) -> Result<Mapping> {
        let protection = if access == Access::Write { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nobody's memory.
        let start = unsafe { mmap(std::ptr::null_mut(), self.size, protection, MapFlags::SHARED, &self.file, 0)? };
        Ok(Mapping { start: NonNull::new(start).ok_or(Errno::NOMEM)?, size: self.size, access })
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The file alone.
    pub fn into_descriptor(self) -> OwnedFd {
        self.file
    }
}

impl AsFd for Shared {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A mapping of a [`Shared`]. The other side may change it at any time: it is read and written by copying or by atomics.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    size: usize,
    access: Access,
}

// SAFETY: the mapping is plain memory that any thread may touch; all access is atomic or by volatile copy.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Copies bytes out. Panics when they do not lie inside: a bug of the caller, never of the other side.
    pub fn read(&self, offset: usize, into: &mut [u8]) {
        assert!(offset <= self.size && into.len() <= self.size - offset, "reading outside of shared memory");
        // SAFETY: the range lies inside; the other side may write meanwhile, which gives arbitrary bytes and no more.
        unsafe { std::ptr::copy_nonoverlapping(self.start.as_ptr().cast::<u8>().add(offset), into.as_mut_ptr(), into.len()) };
    }

    /// Copies bytes in. Panics when they do not fit, or the mapping is read-only: a bug of the caller.
    pub fn write(&self, offset: usize, from: &[u8]) {
        assert!(self.access == Access::Write && offset <= self.size && from.len() <= self.size - offset, "writing outside of shared memory");
        // SAFETY: the range lies inside and is writable; who reads meanwhile expects arbitrary bytes.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), self.start.as_ptr().cast::<u8>().add(offset), from.len()) };
    }

    /// A word of it as an atomic. Panics where it is misaligned or outside: a bug of the caller.
    pub fn word(&self, offset: usize) -> &AtomicU32 {
        assert!(self.access == Access::Write && offset.is_multiple_of(4) && offset + 4 <= self.size, "no such word in shared memory");
        // SAFETY: it lies inside, is aligned, and lives as long as the mapping.
        unsafe { &*self.start.as_ptr().cast::<u8>().add(offset).cast() }
    }

    /// Where it starts.
    pub fn start(&self) -> *mut c_void {
        self.start.as_ptr()
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A part of it seen as a structure of atomics. Panics where it does not fit: a bug of the caller.
    ///
    /// # Safety
    /// `T` consists of atomics only, so that every bit pattern is valid and shared change is expected.
    pub(crate) unsafe fn at<T>(&self, offset: usize) -> &T {
        assert!(self.access == Access::Write && offset.is_multiple_of(align_of::<T>()) && offset + size_of::<T>() <= self.size);
        // SAFETY: it lies inside, is aligned, and lives as long as the mapping; the rest is the caller's promise.
        unsafe { &*self.start.as_ptr().cast::<u8>().add(offset).cast() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody borrows from a mapping that is dropped.
        let _ = unsafe { munmap(self.start.as_ptr(), self.size) };
    }
}
