//! Input and output: the file object, which the handles of one open share, and its requests that pend.

pub mod block;
mod bytes;
mod cancel;
pub mod close;
pub mod completion;
pub mod host;
mod lock;
mod pipe;
pub mod poll;
mod segments;
mod service;
mod sparse;
pub mod stream;
mod transfer;
mod watch;

use bytes::{Bytes, Step};
use completion::{Completion, Notice};
use gate::file::Device;
use rustix::event::PollFlags;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
    bytes: Bytes,
}

/// One end of a pipe that the broker made.
#[derive(Debug)]
pub struct Pipe {
    server: bool,
    configuration: u32,
    /// What was asked for: what comes in at the server, what goes out there.
    quotas: [u32; 2],
    /// Calls answer at once, even with nothing.
    no_wait: AtomicBool,
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
    changes: OnceLock<OwnedFd>,
    /// The file's identity on the host, once a lock was asked for.
    identity: OnceLock<lock::Identity>,
    handles: AtomicU32,
    pending: Mutex<Pending>,
    /// One writer at a time, so that what is written in one call stays together.
    writing: Mutex<()>,
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
struct Pending {
    reads: VecDeque<Transfer>,
    writes: VecDeque<Transfer>,
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
            handles: AtomicU32::new(0),
            pending: Mutex::default(),
            writing: Mutex::default(),
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

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One handle more.
    pub fn enter(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// Goes on with what pends, as far as it goes.
    pub fn progress(&self) {
        self.tell_changes();
        let mut pending = self.pending();
        let Ok(descriptor) = self.descriptor() else { return };
        let mut complete = Vec::new();
        let Pending { reads, writes, .. } = &mut *pending;
        for queue in [reads, writes] {
            while let Some(transfer) = queue.front_mut() {
                let Step::Done(status) = transfer.bytes.step(descriptor, &mut transfer.moved) else { break };
                complete.extend(queue.pop_front().map(|transfer| (transfer, status)));
            }
        }
        drop(pending);
        for (transfer, status) in complete {
            transfer.notice.tell(&self.completion, status, transfer.moved);
        }
    }

    /// Whether it is a pipe that the broker made.
    pub fn is_pipe(&self) -> bool {
        self.pipe.get().is_some()
    }

    /// Whether calls answer at once, even with nothing.
    pub fn answers_at_once(&self) -> bool {
        self.pipe.get().is_some_and(|pipe| pipe.no_wait.load(Ordering::Relaxed))
    }

    /// Notes that it is the client's end of a pipe.
    pub fn set_client_of(&self, server: &Self) {
        if let Some(Pipe { configuration, quotas, .. }) = server.pipe.get() {
            let pipe = Pipe { server: false, configuration: *configuration, quotas: *quotas, no_wait: AtomicBool::new(false) };
            let _ = self.pipe.set(pipe);
        }
    }
}

impl poll::Polled for FileObject {
    fn wanted(&self) -> PollFlags {
        self.pending().wanted()
    }

    /// The descriptor, or what tells of a folder's changes.
    fn polled(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_deref().or_else(|| self.changes.get()).map(AsFd::as_fd)
    }

    fn progress(&self) {
        FileObject::progress(self);
    }
}

impl Pending {
    /// What the poll thread waits for.
    pub fn wanted(&self) -> PollFlags {
        let read = if self.reads.is_empty() && self.watches.is_empty() { PollFlags::empty() } else { PollFlags::IN };
        if self.writes.is_empty() { read } else { read | PollFlags::OUT }
    }
}
