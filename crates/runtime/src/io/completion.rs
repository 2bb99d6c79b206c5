//! How the end of a request is told: to its status block, its event, its routine, or the completion port of its file.

use crate::object::{Body, Object};
use crate::port;
use crate::serve::Answer;
use crate::thread::call::Call;
use crate::thread::{self, Thread};
use crate::{bitness, user};
use gate::service::Packet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH, STATUS_SUCCESS,
};

/// Modes of a file object that bear on how its completions are told (ntifs.h).
pub const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: u32 = 1;
pub const FILE_SKIP_SET_EVENT_ON_HANDLE: u32 = 2;

/// How a file object lets know what is complete.
#[derive(Debug)]
pub struct Completion {
    /// Its calls return when they are complete.
    pub synchronous: bool,
    /// `FILE_SKIP_*`.
    pub modes: AtomicU32,
    port: OnceLock<(Arc<Object>, u64)>,
    /// What a wait for a handle waits for: set while nothing is under way.
    event: OnceLock<Option<Arc<Object>>>,
}

impl Completion {
    /// Of a new file object.
    pub fn new(synchronous: bool) -> Self {
        Self { synchronous, modes: AtomicU32::new(0), port: OnceLock::new(), event: OnceLock::new() }
    }

    /// What a wait for one of its handles waits for.
    pub fn event(&self) -> Result<Arc<Object>, NTSTATUS> {
        self.event.get_or_init(|| Object::new(Body::Event { manual: true }, 1)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
    }

    fn has(&self, mode: u32) -> bool {
        self.modes.load(Ordering::Relaxed) & mode != 0
    }

    /// Lets a port hear of what is completed; once, and on asynchronous files alone.
    pub fn set_port(&self, port: Arc<Object>, key: u64) -> Answer {
        let Body::Completion = port.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if self.synchronous {
            return Err(STATUS_INVALID_PARAMETER);
        }
        self.port.set((port, key)).map_err(|_| STATUS_INVALID_PARAMETER)
    }
}

/// Whom a request's end is told to.
#[derive(Debug)]
pub struct Notice {
    event: Option<Arc<Object>>,
    routine: u64,
    context: u64,
    /// The status block, in the guest's memory.
    pub block: u64,
    /// Whose request it is.
    pub thread: Arc<Thread>,
}

impl Notice {
    /// Looks at what a request brings: the event that it names is looked up already.
    pub fn new(completion: &Completion, event: Option<Arc<Object>>, routine: u64, context: u64, block: u64) -> Result<Self, NTSTATUS> {
        if routine != 0 && completion.port.get().is_some() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if event.as_ref().is_some_and(|event| !matches!(event.body, Body::Event { .. })) {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        Ok(Self { event, routine, context, block, thread: thread::current() })
    }

    /// Nothing of the request is complete yet.
    pub fn begin(&self, completion: &Completion) -> Answer {
        // The handle of a synchronous file stays signalled: where its request brings an event, that one alone is set.
        if !completion.synchronous && !completion.has(FILE_SKIP_SET_EVENT_ON_HANDLE) {
            completion.event()?.reset()?;
        }
        if let Some(event) = &self.event {
            event.reset()?;
        }
        Ok(())
    }

    /// A request that pended is complete.
    pub fn tell(&self, completion: &Completion, status: NTSTATUS, information: u64) {
        self.tell_block(status, information);
        self.tell_others(completion, status, information, false);
    }

    /// A request was complete at once, and answers that. Of a failure nobody but the caller hears.
    pub fn tell_at_once(&self, completion: &Completion, outcome: Answer, information: u64) -> Answer {
        const ERROR: u32 = 0xC000_0000;
        let status = outcome.err().unwrap_or(STATUS_SUCCESS);
        if status as u32 >= ERROR {
            if let (None, Some(Some(event))) = (&self.event, completion.event.get()) {
                let _ = event.set();
            }
            return outcome;
        }
        self.tell_block(status, information);
        self.tell_others(completion, status, information, true);
        outcome
    }

    fn tell_block(&self, status: NTSTATUS, information: u64) {
        // The status comes last: a program may look at it without waiting.
        let _ = bitness::write_word(self.block + bitness::teb().word, information);
        std::sync::atomic::fence(Ordering::Release);
        let _ = user::write(self.block, &status);
    }

    fn tell_others(&self, completion: &Completion, status: NTSTATUS, information: u64, at_once: bool) {
        let _: Result<u32, NTSTATUS> = match &self.event {
            Some(event) => event.set(),
            None if completion.has(FILE_SKIP_SET_EVENT_ON_HANDLE) => Ok(0),
            None => completion.event().and_then(|event| event.set()),
        };
        if self.routine != 0 {
            self.call();
        } else if let Some((port, key)) = completion.port.get().filter(|_| self.context != 0)
            && !(at_once && status >= 0 && completion.has(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
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
