//! Bytes that are to be moved between the guest's memory and a pipe, as far as they go at once.

use super::host;
use crate::serve::Answer;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_PIPE_BROKEN, STATUS_PIPE_CLOSING, STATUS_PIPE_EMPTY, STATUS_SUCCESS};

/// What is to be moved, and where to or from.
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// Out of the guest's memory, and not into it.
    pub write: bool,
    /// In the guest's memory.
    pub buffer: u64,
    /// Bytes.
    pub length: u64,
}

/// How far a transfer came.
pub enum Step {
    /// It is over.
    Done(NTSTATUS),
    /// Nothing more can be moved now.
    Blocked,
}

impl Bytes {
    /// Moves what a pipe's descriptor can take or give at once.
    pub fn step(self, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Step {
        self.step_of(if self.write { self.write_some(descriptor, moved) } else { self.read_some(descriptor, moved) })
    }

    /// How far it came, by what the host said.
    pub fn step_of(self, outcome: Result<NTSTATUS, Errno>) -> Step {
        match outcome {
            Ok(status) => Step::Done(status),
            Err(Errno::AGAIN) => Step::Blocked,
            // A socket whose other end was closed before it had read everything.
            Err(Errno::CONNRESET) => Step::Done(if self.write { STATUS_PIPE_CLOSING } else { STATUS_PIPE_BROKEN }),
            Err(error) => Step::Done(host::status(error, false)),
        }
    }

    fn read_some(self, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        if self.length == 0 {
            // A read of nothing tells when there is something.
            let mut poll = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
            rustix::event::poll(&mut poll, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
            let ready = poll[0].revents();
            return match ready {
                _ if ready.contains(PollFlags::IN) => Ok(STATUS_SUCCESS),
                _ if ready.is_empty() => Err(Errno::AGAIN),
                _ => Ok(STATUS_PIPE_BROKEN),
            };
        }
        *moved = host::read(descriptor.as_raw_fd(), self.buffer, self.length, None)?;
        Ok(if *moved == 0 { STATUS_PIPE_BROKEN } else { STATUS_SUCCESS })
    }

    fn write_some(self, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        let descriptor = descriptor.as_raw_fd();
        while *moved < self.length {
            *moved += host::write(descriptor, self.buffer + *moved, self.length - *moved, None)?;
        }
        Ok(STATUS_SUCCESS)
    }

    /// The answer of a pipe whose calls do not wait, where nothing could be moved.
    pub fn nothing(self) -> Answer {
        if self.write { Ok(()) } else { Err(STATUS_PIPE_EMPTY) }
    }
}
