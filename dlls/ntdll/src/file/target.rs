//! Where an information class goes.

use core::ffi::c_void;
use guest::error::Status;
use windows_sys::Win32::Foundation::STATUS_INFO_LENGTH_MISMATCH;

/// Where an information class goes.
pub struct Target {
    pub buffer: *mut c_void,
    pub length: usize,
}

impl Target {
    /// Writes a structure, if there is room for it; answers its size.
    pub unsafe fn put<T>(&self, value: T) -> Result<usize, Status> {
        if self.length < size_of::<T>() {
            return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
        }
        // SAFETY: the caller's buffer has room.
        unsafe { self.buffer.cast::<T>().write_unaligned(value) };
        Ok(size_of::<T>())
    }

    /// Writes a name with its length in front, as much as fits.
    pub unsafe fn put_name(&self, name: &[u16], at: usize) -> Result<(usize, bool), Status> {
        let head = at + size_of::<u32>();
        if self.length < head + 2 {
            return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
        }
        let fits = name.len().min((self.length - head) / 2);
        unsafe {
            self.buffer.byte_add(at).cast::<u32>().write_unaligned(2 * name.len() as u32);
            core::ptr::copy_nonoverlapping(name.as_ptr().cast::<u8>(), self.buffer.byte_add(head).cast::<u8>(), 2 * fits);
        }
        Ok((head + 2 * fits, fits < name.len()))
    }
}
