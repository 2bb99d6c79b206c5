//! Looking into a pipe: what is there stays there.

use super::frame::Waiting;
use super::named::Link;
use crate::broker;
use crate::io::host;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// How many bytes can be read.
pub fn available(descriptor: BorrowedFd<'_>) -> Result<u64, Errno> {
    rustix::io::ioctl_fionread(descriptor)
}

/// Whether the other end is closed.
pub fn is_closed(descriptor: BorrowedFd<'_>) -> bool {
    let mut descriptors = [PollFd::from_borrowed_fd(descriptor, PollFlags::empty())];
    let _ = poll(&mut descriptors, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    !descriptors[0].revents().is_empty()
}

/// Copies the bytes of a pipe or a socket into the guest's memory; how many.
pub fn bytes(descriptor: BorrowedFd<'_>, buffer: u64, length: u64) -> Result<u64, Errno> {
    let (start, size) = host::guest_buffer(buffer, length);
    match through(descriptor, buffer, length) {
        Err(Errno::INVAL) => host::retry(start, size, || of_socket(descriptor, start, size)),
        peeked => peeked,
    }
}

/// What waits of the messages of a link, with the first bytes.
pub fn messages(link: &Link, most: usize, first: bool) -> Result<Waiting, Errno> {
    let incoming = link.incoming();
    let descriptor = link.descriptor.as_fd();
    // No more than the host's buffer holds.
    let mut raw = vec![0; available(descriptor)? as usize];
    let done = match raw.len() {
        0 => 0,
        length => match host::retry(raw.as_mut_ptr(), length, || of_socket(descriptor, raw.as_ptr().cast_mut(), length)) {
            Err(Errno::AGAIN) => 0,
            done => done?,
        },
    };
    raw.truncate(done as usize);
    Ok(incoming.look(&raw, most, first))
}

/// Copies a pipe's bytes through another pipe, so that they stay where they are.
fn through(descriptor: BorrowedFd<'_>, buffer: u64, length: u64) -> Result<u64, Errno> {
    static COPY: Mutex<Option<(OwnedFd, OwnedFd)>> = Mutex::new(None);
    let mut copy = COPY.lock().unwrap_or_else(PoisonError::into_inner);
    // It is put back only once it is empty again.
    let (read, write) = match copy.take() {
        Some(pair) => pair,
        None => broker::bare_pipe().map_err(|_| Errno::NOMEM)?,
    };
    let (buffer, length) = host::guest_buffer(buffer, length);
    // SAFETY: both are pipes of this process.
    let copied = unsafe { libc::tee(descriptor.as_raw_fd(), write.as_raw_fd(), length, libc::SPLICE_F_NONBLOCK) };
    let Ok(copied) = usize::try_from(copied) else {
        let error = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        *copy = Some((read, write));
        return Err(Errno::from_raw_os_error(error));
    };
    let mut moved = 0;
    while moved < copied {
        // SAFETY: the kernel writes to the guest's memory, or answers EFAULT.
        let done = host::retry(buffer.wrapping_add(moved), copied - moved, || unsafe {
            libc::read(read.as_raw_fd(), buffer.wrapping_add(moved).cast(), copied - moved)
        })?;
        moved += done as usize;
    }
    *copy = Some((read, write));
    Ok(moved as u64)
}

/// Looks at a socket's bytes, which stay there.
fn of_socket(descriptor: BorrowedFd<'_>, buffer: *mut u8, length: usize) -> libc::ssize_t {
    let mut piece = libc::iovec { iov_base: buffer.cast(), iov_len: length };
    // SAFETY: a zeroed message is one; its one piece is memory of that length, or the guest's, to which the kernel writes, or answers
    // EFAULT.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut piece;
        message.msg_iovlen = 1;
        libc::recvmsg(descriptor.as_raw_fd(), &raw mut message, libc::MSG_PEEK | libc::MSG_DONTWAIT)
    }
}
