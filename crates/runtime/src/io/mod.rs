//! Input and output: the file object, which the handles of one open share, and its requests that pend.

pub mod block;
pub mod bytes;
mod cancel;
pub mod close;
pub mod completion;
mod handles;
pub mod host;
mod lock;
pub mod pipe;
pub mod poll;
mod segments;
pub mod service;
mod sparse;
pub mod stream;
mod transfer;
mod watch;

use bytes::{Bytes, Step};
use completion::{Completion, Notice};
use gate::file::Device;
use handles::Handles;
use pipe::Pipe;
use rustix::event::PollFlags;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use windows_sys::Wdk::Storage::FileSystem::{FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST};

/// A read or write of a pipe that is under way.
#[derive(Debug)]
pub struct Transfer {
    /// Whom its end is told to.
    pub notice: Notice,
    /// The bytes that were moved.
    pub moved: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// What the handles of one open share.
#[derive(Debug)]
pub struct FileObject {
    /// How its completions are told.
    pub completion: Completion,
    /// What bytes move over; a folder has none.
    descriptor: Option<Arc<OwnedFd>>,
    /// The facts of a pipe that the broker made; its descriptor never blocks.
    pipe: OnceLock<Pipe>,
    /// What is ready while changes of a folder wait; of one that is watched.
    changes: OnceLock<Arc<OwnedFd>>,
    /// The file's identity on the host, once a lock was asked for.
    identity: OnceLock<lock::Identity>,
    /// The broker's numbers of its handles.
    handles: Handles,
    /// Its locks are the sandbox's alone.
    pub locks_inside: AtomicBool,
    pending: Mutex<Pending>,
    /// One writer at a time, so that what is written in one call stays together.
    writing: Mutex<()>,
    /// One reader of messages at a time.
    reading: Mutex<()>,
}

/// A request that waits for a client.
#[derive(Debug)]
pub struct Listening {
    /// Whom its end is told to.
    pub notice: Notice,
}

/// A request that waits for changes.
#[derive(Debug)]
pub struct Watching {
    /// Whom its end is told to.
    pub notice: Notice,
    /// The folder's handle that it was made with.
    handle: u32,
    buffer: u64,
    length: u64,
}

/// Requests under way, in the order in which they came.
#[derive(Debug, Default)]
pub struct Pending {
    reads: VecDeque<Transfer>,
    writes: VecDeque<Transfer>,
    /// Of a named pipe's server: who waits for a client.
    pub listens: VecDeque<Listening>,
    /// Of a folder: who waits for changes.
    watches: VecDeque<Watching>,
}

impl FileObject {
    /// A new one without handles.
    pub fn new(device: Device, mode: u32, descriptor: Option<OwnedFd>) -> Arc<Self> {
        // Consoles complete nothing later, whatever their handles were opened for.
        let later = matches!(device, Device::Disk | Device::Pipe | Device::Null | Device::Sockets);
        Arc::new(Self {
            completion: Completion::new(!later || mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) != 0),
            descriptor: descriptor.map(Arc::new),
            pipe: OnceLock::new(),
            changes: OnceLock::new(),
            identity: OnceLock::new(),
            handles: Handles::default(),
            locks_inside: AtomicBool::new(false),
            pending: Mutex::default(),
            writing: Mutex::default(),
            reading: Mutex::default(),
        })
    }

    /// Whether its calls return when they are complete.
    pub fn is_synchronous(&self) -> bool {
        self.completion.synchronous
    }

    /// The descriptor; a folder has none.
    pub fn descriptor(&self) -> Result<BorrowedFd<'_>, NTSTATUS> {
        self.descriptor.as_ref().map(|descriptor| descriptor.as_fd()).ok_or(STATUS_INVALID_DEVICE_REQUEST)
    }

    /// The descriptor, for who needs it longer than the file object lives.
    pub fn shared_descriptor(&self) -> Result<Arc<OwnedFd>, NTSTATUS> {
        self.descriptor.clone().ok_or(STATUS_INVALID_DEVICE_REQUEST)
    }

    /// The requests under way.
    pub fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One handle more.
    pub fn enter(&self, handle: u32) {
        self.handles.enter(handle);
    }

    /// One of its handles, for what is asked of the broker about the object.
    pub fn any_handle(&self) -> Option<u32> {
        self.handles.any()
    }

    /// Goes on with what pends, as far as it goes.
    pub fn progress(&self) {
        self.tell_changes();
        self.tell_clients();
        self.finish();
        let mut pending = self.pending();
        let mut complete = Vec::new();
        let Pending { reads, writes, .. } = &mut *pending;
        for queue in [reads, writes] {
            while let Some(transfer) = queue.front_mut() {
                let Step::Done(status) = self.step(transfer.bytes, &mut transfer.moved) else { break };
                complete.extend(queue.pop_front().map(|transfer| (transfer, status)));
            }
        }
        drop(pending);
        for (transfer, status) in complete {
            transfer.notice.tell(&self.completion, status, transfer.moved);
        }
    }
}

impl poll::Polled for FileObject {
    fn wanted(&self) -> PollFlags {
        let wanted = self.pending().wanted();
        if self.is_unfinished() { wanted | PollFlags::OUT } else { wanted }
    }

    /// What bytes move over, or what tells of a folder's changes, or of a client.
    fn polled(&self) -> Option<Arc<OwnedFd>> {
        if let Some(named) = self.named() {
            let listens = !self.pending().listens.is_empty();
            return if listens { named.client.get().cloned() } else { named.known().map(|link| Arc::clone(&link.descriptor)) };
        }
        self.descriptor.as_ref().or_else(|| self.changes.get()).cloned()
    }

    fn progress(&self) {
        FileObject::progress(self);
    }
}

impl Pending {
    /// What the poll thread waits for.
    pub fn wanted(&self) -> PollFlags {
        let read = if self.reads.is_empty() && self.watches.is_empty() && self.listens.is_empty() { PollFlags::empty() } else { PollFlags::IN };
        if self.writes.is_empty() { read } else { read | PollFlags::OUT }
    }
}
