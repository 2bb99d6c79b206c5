//! A command line that is connected.

use crate::console::ConsoleModes;
use crate::wire::{Answer, send};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

/// The broker's end of a connection.
#[derive(Debug)]
pub struct Session {
    /// What is read from; the main loop alone does that.
    pub stream: UnixStream,
    /// The modes of its console.
    pub console: ConsoleModes,
    sending: Mutex<()>,
}

impl Session {
    /// A connection that was accepted.
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, console: ConsoleModes::default(), sending: Mutex::new(()) }
    }

    /// Says something. A command line that has gone hears nothing.
    pub fn send(&self, answer: &Answer) {
        let _turn = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = send(&self.stream, answer);
    }
}
