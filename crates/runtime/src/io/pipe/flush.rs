//! FlushFileBuffers on a pipe: waiting until the other end has read everything.

use super::peek::{available, is_closed};
use crate::io::{FileObject, block};
use crate::serve::Answer;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;
use windows_sys::Win32::Foundation::STATUS_PIPE_BROKEN;

/// Bytes that were written and not read yet.
fn unread(descriptor: BorrowedFd<'_>) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the call writes one number.
    match unsafe { libc::ioctl(descriptor.as_raw_fd(), libc::TIOCOUTQ as _, &raw mut bytes) } {
        0 => u64::try_from(bytes).unwrap_or(0),
        // No socket: a pipe of the host tells both of its ends the same.
        _ => available(descriptor).unwrap_or(0),
    }
}

impl FileObject {
    /// Waits until everything that was written is read.
    pub fn flush_pipe(&self) -> Answer {
        /// The host tells when there is room, and not when everything was read: that is looked at again and again.
        const LONGEST: Duration = Duration::from_millis(16);
        let mut pause = Duration::from_micros(250);
        loop {
            let descriptor = self.moves_over()?;
            if unread(descriptor.as_fd()) == 0 && !self.is_unfinished() {
                return Ok(());
            }
            if is_closed(descriptor.as_fd()) {
                return Err(STATUS_PIPE_BROKEN);
            }
            block::pause(self, 0, pause)?;
            pause = (2 * pause).min(LONGEST);
        }
    }
}
