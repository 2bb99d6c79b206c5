//! Pipes: byte streams of the host, whose descriptors never block.

use super::{Pipe, host};
use crate::file::File;
use crate::serve::{Answer, Serve};
use crate::{access, broker, handle};
use gate::file::Device;
use gate::service::{CreatePipe, PeekPipe, QueryPipe};
use protocol::message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_PIPE_BROKEN};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE};

/// `FILE_PIPE_INBOUND`, `_OUTBOUND`, `_FULL_DUPLEX` (ntifs.h).
const INBOUND: u32 = 0;
const OUTBOUND: u32 = 1;
const FULL_DUPLEX: u32 = 2;

impl Serve for CreatePipe {
    fn serve(&mut self) -> Answer {
        let Self { access, share, options, object_flags, .. } = *self;
        let request = message::CreatePipe { access, share, options, object_flags, bare: 0 };
        let (opened, [descriptor, _]) = broker::pipe(&request)?;
        let file = File::new(&opened, descriptor);
        let configuration = match share & (FILE_SHARE_READ | FILE_SHARE_WRITE) {
            FILE_SHARE_WRITE => INBOUND,
            FILE_SHARE_READ => OUTBOUND,
            _ => FULL_DUPLEX,
        };
        let _ = file.object.pipe.set(Pipe { server: true, configuration, quotas: self.quotas, no_wait: AtomicBool::new(false) });
        file.set_inherit(access::inherit(object_flags));
        self.handle = u64::from(opened.handle);
        handle::insert_file(Arc::new(file));
        Ok(())
    }
}

/// The pipe behind a handle, the shell's included.
fn pipe(number: u64) -> Result<Arc<File>, NTSTATUS> {
    let file = handle::file(number)?;
    if file.device == Device::Pipe { Ok(file) } else { Err(STATUS_INVALID_DEVICE_REQUEST) }
}

/// How many bytes can be read.
fn available(descriptor: BorrowedFd<'_>) -> Result<u64, Errno> {
    rustix::io::ioctl_fionread(descriptor)
}

/// Whether the other end is closed.
fn is_closed(descriptor: BorrowedFd<'_>) -> bool {
    let mut descriptors = [PollFd::from_borrowed_fd(descriptor, PollFlags::empty())];
    let _ = poll(&mut descriptors, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    !descriptors[0].revents().is_empty()
}

impl Serve for QueryPipe {
    fn serve(&mut self) -> Answer {
        let file = pipe(self.file)?;
        let descriptor = file.descriptor()?;
        let facts = file.object.pipe.get();
        if self.set != 0 {
            match facts {
                Some(facts) => facts.no_wait.store(self.no_wait != 0, Ordering::Relaxed),
                // The shell's pipe is not ours to change: it waits, and is told so again.
                None if self.no_wait == 0 => {}
                None => return Err(STATUS_INVALID_DEVICE_REQUEST),
            }
        }
        self.no_wait = file.object.answers_at_once().into();
        self.server = facts.is_some_and(|facts| facts.server).into();
        let reads = file.access & FILE_READ_DATA != 0;
        // Whoever gave a standard stream is its server; what comes in there is what this end writes.
        self.configuration = facts.map_or(if reads { OUTBOUND } else { INBOUND }, |facts| facts.configuration);
        self.quotas = facts.map_or([0; 2], |facts| facts.quotas);
        self.available = if reads { available(descriptor).unwrap_or(0).try_into().unwrap_or(u32::MAX) } else { 0 };
        self.closed = is_closed(descriptor).into();
        Ok(())
    }
}

impl Serve for PeekPipe {
    fn serve(&mut self) -> Answer {
        let file = pipe(self.file)?;
        file.needs(FILE_READ_DATA)?;
        let descriptor = file.descriptor()?;
        self.available = available(descriptor).map_err(|error| host::status(error, false))?;
        if self.available == 0 {
            return if is_closed(descriptor) && available(descriptor) == Ok(0) { Err(STATUS_PIPE_BROKEN) } else { Ok(()) };
        }
        let length = self.length.min(self.available);
        if length > 0 {
            let peeked = match peek(descriptor, self.buffer, length) {
                Err(Errno::INVAL) => peek_socket(descriptor, self.buffer, length),
                peeked => peeked,
            };
            self.done = match peeked {
                Err(Errno::AGAIN) => 0,
                peeked => peeked.map_err(|error| host::status(error, false))?,
            };
        }
        Ok(())
    }
}

/// Copies a pipe's bytes through another pipe, so that they stay where they are.
fn peek(descriptor: BorrowedFd<'_>, buffer: u64, length: u64) -> Result<u64, Errno> {
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
fn peek_socket(descriptor: BorrowedFd<'_>, buffer: u64, length: u64) -> Result<u64, Errno> {
    let (buffer, length) = host::guest_buffer(buffer, length);
    host::retry(buffer, length, || {
        let mut piece = libc::iovec { iov_base: buffer.cast(), iov_len: length };
        // SAFETY: a zeroed message is one; its one piece is the guest's memory, to which the kernel writes, or answers EFAULT.
        unsafe {
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = &raw mut piece;
            message.msg_iovlen = 1;
            libc::recvmsg(descriptor.as_raw_fd(), &raw mut message, libc::MSG_PEEK | libc::MSG_DONTWAIT)
        }
    })
}
