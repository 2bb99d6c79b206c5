//! Memory of a process that the caller has started (process_vm_readv(2)). Pages that the process itself could not touch in that way are
//! not touched here either.

use std::ffi::c_void;
use std::io::{Error, Result};

const PAGE: u64 = 0x1000;

/// A range, cut at the ends of its pages: the host copies a part as a whole or not at all.
fn parts(at: u64, length: usize) -> Vec<libc::iovec> {
    let (mut parts, mut at, mut left) = (Vec::new(), at, length as u64);
    while left > 0 {
        let size = (PAGE - at % PAGE).min(left);
        parts.push(libc::iovec { iov_base: at as *mut c_void, iov_len: size as usize });
        (at, left) = (at.wrapping_add(size), left - size);
    }
    parts.truncate(libc::UIO_MAXIOV as usize);
    parts
}

fn copied(count: isize) -> Result<usize> {
    match usize::try_from(count) {
        Ok(count) => Ok(count),
        Err(_) => match Error::last_os_error() {
            // The first page is missing already.
            error if error.raw_os_error() == Some(libc::EFAULT) => Ok(0),
            error => Err(error),
        },
    }
}

/// Reads from an address of a process; answers how many bytes there were, up to the first page that cannot be read.
pub fn read_memory(process: i32, at: u64, into: &mut [u8]) -> Result<usize> {
    let (local, remote) = (libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() }, parts(at, into.len()));
    // SAFETY: what is written to is the buffer, and no more of it than there is; what is read is not this process's.
    copied(unsafe { libc::process_vm_readv(process, &raw const local, 1, remote.as_ptr(), remote.len() as libc::c_ulong, 0) })
}

/// Writes to an address of a process; answers how many bytes were written, up to the first page that cannot be.
pub fn write_memory(process: i32, at: u64, from: &[u8]) -> Result<usize> {
    let (local, remote) = (libc::iovec { iov_base: from.as_ptr().cast_mut().cast(), iov_len: from.len() }, parts(at, from.len()));
    // SAFETY: what is read is the buffer; what is written to is not this process's, whose number nobody gives.
    copied(unsafe { libc::process_vm_writev(process, &raw const local, 1, remote.as_ptr(), remote.len() as libc::c_ulong, 0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_ends_at_the_first_page_that_is_not_there() {
        let own = std::process::id() as i32;
        let (from, mut into) = ([7_u8; 100], [0_u8; 100]);
        assert_eq!((read_memory(own, from.as_ptr() as u64, &mut into).unwrap(), into), (100, from));
        assert_eq!(read_memory(own, 8, &mut into).unwrap(), 0);
        // SAFETY: a new mapping, whose second page is taken away.
        let pages = unsafe {
            let pages = libc::mmap(std::ptr::null_mut(), 0x2000, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
            assert_eq!(libc::mprotect(pages.byte_add(0x1000), 0x1000, libc::PROT_NONE), 0);
            pages as u64
        };
        assert_eq!(write_memory(own, pages + 0xFF0, &from).unwrap(), 16);
        assert_eq!(read_memory(own, pages + 0xFF0, &mut into).unwrap(), 16);
    }
}
