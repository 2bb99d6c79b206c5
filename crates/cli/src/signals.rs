//! The signals that a run passes on to its processes.

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::io::Result;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Signals as they arrive.
pub struct Signals(SignalDelivery<UnixStream, SignalOnly>);

impl Signals {
    /// Catches them from now on.
    pub fn new() -> Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        let wanted = [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH];
        Ok(Self(SignalDelivery::with_pipe(read, write, SignalOnly, wanted)?))
    }

    /// Becomes readable when one has arrived.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }

    /// Those that have arrived.
    pub fn take(&mut self) -> Vec<i32> {
        use std::io::Read;
        let mut bytes = [0; 64];
        let _ = self.0.get_read_mut().read(&mut bytes);
        self.0.pending().collect()
    }
}
