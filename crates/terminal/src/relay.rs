//! The way of a program's output to its user's terminal.

use crate::{Filter, Pty};
use rustix::io::{Errno, read, write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A thread that carries what a program writes to its user's terminal, filtered.
#[derive(Debug)]
pub struct Relay {
    finished: Receiver<bool>,
}

impl Relay {
    /// Carries from now on, until no program holds the other end.
    pub fn start(pty: Arc<Pty>, terminal: BorrowedFd<'static>) -> std::io::Result<Self> {
        let (say, finished) = channel();
        std::thread::Builder::new().name("terminal".into()).spawn(move || {
            let _ = say.send(carry(&pty, terminal));
        })?;
        Ok(Self { finished })
    }

    /// Waits for the last of the output; answers whether the terminal may have typed by itself. A terminal that takes nothing any
    /// more is not waited for longer than `patience`.
    pub fn finish(self, patience: Duration) -> bool {
        self.finished.recv_timeout(patience).unwrap_or(false)
    }
}

fn carry(pty: &Pty, terminal: BorrowedFd<'_>) -> bool {
    let mut filter = Filter::default();
    let mut buffer = vec![0; 1 << 16];
    let mut typed = false;
    loop {
        match read(pty, &mut buffer) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            // EIO: nobody holds the other end any more.
            Ok(0) | Err(_) => break,
            Ok(count) => {
                put(terminal, &filter.pass(&buffer[..count]));
                typed |= filter.makes_terminal_type();
            }
        }
    }
    put(terminal, &filter.undo());
    typed
}

/// Writes all of it; what a terminal that has gone does not take is dropped.
fn put(terminal: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write(terminal, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            // Somebody has set the user's terminal so; it is ready again in a moment.
            Err(Errno::AGAIN) => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return,
        }
    }
}
