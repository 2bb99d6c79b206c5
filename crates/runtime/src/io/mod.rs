//! Input and output: the file object, which the handles of one open share, requests that pend, and completion ports.

mod block;
mod cancel;
mod lock;
mod pipe;
mod poll;
mod port;
mod segments;
mod service;
mod transfer;

use crate::gate::Answer;
use crate::object::{Body, Object};
use crate::thread::{self, Call, Thread};
use crate::{handle, user};
use gate::file::Device;
use gate::service::Packet;
use pipe::Pipe;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use transfer::Transfer;
use windows_sys::Wdk::Storage::FileSystem::{FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_CANCELLED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH,
};
use windows_sys::Win32::System::Threading::EVENT_MODIFY_STATE;

pub use port::{Port, leave, step_aside};

/// The modes of a file object that bear on how its completions are told (ntifs.h).
const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: u32 = 1;
const FILE_SKIP_SET_EVENT_ON_HANDLE: u32 = 2;

/// What the handles of one open share.
#[derive(Debug)]
pub struct FileObject {
    /// Its calls return when they are complete.
    pub synchronous: bool,
    /// What bytes move over; a folder has none.
    descriptor: Option<Arc<OwnedFd>>,
    /// The facts of a pipe that the broker made; its descriptor never blocks.
    pipe: OnceLock<Pipe>,
    handles: AtomicU32,
    /// `FILE_SKIP_*`.
    modes: AtomicU32,
    port: OnceLock<(Arc<Object>, u64)>,
    /// What a wait for a handle waits for: set while nothing is under way.
    event: OnceLock<Option<Arc<Object>>>,
    pending: Mutex<Pending>,
    /// One writer at a time, so that what is written in one call stays together.
    writing: Mutex<()>,
}

/// Requests under way, in the order in which they came.
#[derive(Debug, Default)]
struct Pending {
    reads: VecDeque<Transfer>,
    writes: VecDeque<Transfer>,
}

impl FileObject {
    /// A new one without handles.
    pub fn new(device: Device, mode: u32, descriptor: Option<OwnedFd>) -> Arc<Self> {
        // Consoles complete nothing later, whatever their handles were opened for.
        let later = matches!(device, Device::Disk | Device::Pipe | Device::Null | Device::Sockets);
        Arc::new(Self {
            synchronous: !later || mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) != 0,
            descriptor: descriptor.map(Arc::new),
            pipe: OnceLock::new(),
            handles: AtomicU32::new(0),
            modes: AtomicU32::new(0),
            port: OnceLock::new(),
            event: OnceLock::new(),
            pending: Mutex::default(),
            writing: Mutex::default(),
        })
    }

    /// The descriptor; a folder has none.
    pub fn descriptor(&self) -> Result<BorrowedFd<'_>, NTSTATUS> {
        self.descriptor.as_ref().map(|descriptor| descriptor.as_fd()).ok_or(STATUS_INVALID_DEVICE_REQUEST)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One handle more.
    pub fn enter(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// One handle less; the last one takes along what pends.
    pub fn let_go(&self) {
        if self.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.cancel(|_| true);
            poll::forget(self);
            lock::forget(self);
        }
    }

    /// Cancels the requests that `which` picks; answers how many there were.
    fn cancel(&self, which: impl Fn(&Notice) -> bool) -> usize {
        let mut pending = self.pending();
        let mut cancelled = Vec::new();
        let Pending { reads, writes } = &mut *pending;
        for queue in [reads, writes] {
            let (taken, left) = std::mem::take(queue).into_iter().partition(|transfer: &Transfer| which(&transfer.notice));
            *queue = left;
            cancelled.extend::<VecDeque<_>>(taken);
        }
        drop(pending);
        if !cancelled.is_empty() {
            poll::look_again();
        }
        for transfer in &cancelled {
            transfer.notice.tell(self, STATUS_CANCELLED, transfer.moved);
        }
        cancelled.len() + lock::cancel(self, which)
    }

    /// What a wait for one of its handles waits for.
    pub fn event(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.event.get_or_init(|| Object::new(Body::Event { manual: true }, 1)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
    }

    fn has(&self, mode: u32) -> bool {
        self.modes.load(Ordering::Relaxed) & mode != 0
    }

    /// Lets a port hear of what is completed; once, and on asynchronous files alone.
    fn set_port(&self, port: Arc<Object>, key: u64) -> Answer {
        let Body::Completion(_) = port.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if self.synchronous {
            return Err(STATUS_INVALID_PARAMETER);
        }
        self.port.set((port, key)).map_err(|_| STATUS_INVALID_PARAMETER)
    }
}

/// Whom a request's end is told to.
#[derive(Debug)]
struct Notice {
    event: Option<Arc<Object>>,
    routine: u64,
    context: u64,
    /// The status block, in the guest's memory.
    block: u64,
    /// Whose request it is.
    thread: Arc<Thread>,
}

impl Notice {
    /// Looks at what a request brings, and resets what will be set.
    fn new(object: &FileObject, event: u64, routine: u64, context: u64, block: u64) -> Result<Self, NTSTATUS> {
        if routine != 0 && object.port.get().is_some() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let event = if event == 0 { None } else { Some(handle::object(event, EVENT_MODIFY_STATE)?) };
        if event.as_ref().is_some_and(|event| !matches!(event.body, Body::Event { .. })) {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        Ok(Self { event, routine, context, block, thread: thread::current() })
    }

    /// Nothing of the request is complete yet.
    fn begin(&self, object: &FileObject) -> Answer {
        // The handle of a synchronous file stays signalled: where its request brings an event, that one alone is set.
        if !object.synchronous && !object.has(FILE_SKIP_SET_EVENT_ON_HANDLE) {
            object.event()?.reset()?;
        }
        if let Some(event) = &self.event {
            event.reset()?;
        }
        Ok(())
    }

    /// A request that pended is complete.
    fn tell(&self, object: &FileObject, status: NTSTATUS, information: u64) {
        self.tell_block(status, information);
        self.tell_others(object, status, information, false);
    }

    /// A request was complete at once. Of a failure nobody but the caller hears.
    fn tell_at_once(&self, object: &FileObject, status: NTSTATUS, information: u64) {
        const ERROR: u32 = 0xC000_0000;
        if status as u32 >= ERROR {
            if let (None, Some(Some(event))) = (&self.event, object.event.get()) {
                let _ = event.set();
            }
            return;
        }
        self.tell_block(status, information);
        self.tell_others(object, status, information, true);
    }

    fn tell_block(&self, status: NTSTATUS, information: u64) {
        // The status comes last: a program may look at it without waiting.
        let _ = user::write(self.block + 8, &information);
        std::sync::atomic::fence(Ordering::Release);
        let _ = user::write(self.block, &status);
    }

    fn tell_others(&self, object: &FileObject, status: NTSTATUS, information: u64, at_once: bool) {
        let _: Result<u32, NTSTATUS> = match &self.event {
            Some(event) => event.set(),
            None if object.has(FILE_SKIP_SET_EVENT_ON_HANDLE) => Ok(0),
            None => object.event().and_then(|event| event.set()),
        };
        if self.routine != 0 {
            self.call();
        } else if let Some((port, key)) = object.port.get().filter(|_| self.context != 0)
            && !(at_once && status >= 0 && object.has(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
        {
            let packet = Packet { key: *key, context: self.context, status, pad: 0, information };
            let _ = port::post(port, packet);
        }
    }

    /// Queues the routine to the thread whose request it is.
    fn call(&self) {
        // A thread that has ended runs nothing.
        let _ = self.thread.queue_call(Call { routine: self.routine, arguments: [self.context, self.block, 0], timer: None });
    }
}
