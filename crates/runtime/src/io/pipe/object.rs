//! The file object of a pipe: its facts, and its bytes.

use super::{Named, Pipe};
use crate::io::bytes::{Bytes, Step};
use crate::io::{FileObject, poll};
use crate::serve::Answer;
use gate::pipe::{MESSAGES, NAMED, NO_WAIT, READS_MESSAGES, SERVER};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_SUCCESS};

impl FileObject {
    /// The facts of a pipe that the broker made.
    pub fn pipe(&self) -> Option<&Pipe> {
        self.pipe.get()
    }

    /// What a named pipe has beyond that.
    pub fn named(&self) -> Option<&Named> {
        self.pipe()?.named.as_ref()
    }

    /// Whether it is a pipe that the broker made.
    pub fn is_pipe(&self) -> bool {
        self.pipe().is_some()
    }

    /// Whether calls answer at once, even with nothing.
    pub fn answers_at_once(&self) -> bool {
        self.pipe().is_some_and(|pipe| pipe.no_wait.load(Ordering::Relaxed))
    }

    /// Notes that it is an end of a named pipe, as the broker tells it.
    pub fn set_named(&self, told: u32) {
        if told & NAMED == 0 {
            return;
        }
        let named = Named::new(told & MESSAGES != 0, told & READS_MESSAGES != 0, self.descriptor.as_ref(), self.handles.clone());
        let (server, no_wait) = (told & SERVER != 0, (told & NO_WAIT != 0).into());
        // What else there is to know, the broker says who asks.
        let _ = self.pipe.set(Pipe { server, configuration: 0, quotas: [0; 2], no_wait, named: Some(named) });
    }

    /// Notes that it is the client's end of a pipe.
    pub fn set_client_of(&self, server: &Self) {
        if let Some(Pipe { configuration, quotas, .. }) = server.pipe() {
            let pipe = Pipe { server: false, configuration: *configuration, quotas: *quotas, no_wait: AtomicBool::new(false), named: None };
            let _ = self.pipe.set(pipe);
        }
    }

    /// Moves what can be moved at once.
    pub fn step(&self, bytes: Bytes, moved: &mut u64) -> Step {
        match self.named() {
            Some(named) => named.step(bytes, moved),
            None => match self.descriptor() {
                Ok(descriptor) => bytes.step(descriptor, moved),
                Err(status) => Step::Done(status),
            },
        }
    }

    /// What is ready once more can be moved.
    pub fn moves_over(&self) -> Result<Arc<OwnedFd>, NTSTATUS> {
        match self.named() {
            Some(named) => named.link().map(|link| Arc::clone(&link.descriptor)),
            None => self.shared_descriptor(),
        }
    }

    /// The answer where calls do not wait, and no more can be moved. [`Self::finish_later`] is to follow.
    pub fn moved_so_far(&self, bytes: Bytes, moved: &mut u64) -> Answer {
        match self.named().and_then(|named| named.goes_on(bytes, moved)) {
            Some(STATUS_SUCCESS) => Ok(()),
            Some(status) => Err(status),
            None => bytes.nothing(),
        }
    }

    /// The answer to a request that is broken off with a status.
    pub fn broken_off(self: &Arc<Self>, bytes: Bytes, moved: &mut u64, status: NTSTATUS) -> NTSTATUS {
        let outcome = self.named().and_then(|named| named.broken_off(bytes, moved));
        self.finish_later();
        outcome.unwrap_or(status)
    }

    /// Whether something is missing of a message.
    pub fn is_unfinished(&self) -> bool {
        self.named().and_then(Named::known).is_some_and(|link| link.is_unfinished())
    }

    /// Writes what is missing of a message.
    pub fn finish(&self) {
        if let Some(link) = self.named().and_then(Named::known) {
            link.finish();
        }
    }

    /// Sees that what is missing of a message is written. Nobody may hold the lock of the requests.
    pub fn finish_later(self: &Arc<Self>) {
        if self.is_unfinished() && poll::start().is_ok() {
            poll::watch(self);
        }
    }
}
