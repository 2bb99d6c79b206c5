//! What an end of a named pipe has: the link of its connection. A server has another one with each client; that a connection is
//! over, its bytes' end tells, and how, the broker.

use super::frame::{self, Incoming};
use crate::broker::{self, Arrived};
use crate::io::bytes::{Bytes, Step};
use crate::io::handles::Handles;
use gate::pipe::State;
use protocol::pipe::TakePipe;
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_PIPE_BROKEN, STATUS_PIPE_CLOSING, STATUS_PIPE_DISCONNECTED,
    STATUS_PIPE_LISTENING, STATUS_SUCCESS,
};

/// An end of a named pipe.
#[derive(Debug)]
pub struct Named {
    /// Messages are written, and not bytes.
    pub messages: bool,
    /// It is read by messages.
    pub by_message: AtomicBool,
    /// What is ready while a client is there, once somebody has waited for one.
    pub client: OnceLock<Arc<OwnedFd>>,
    /// The handles that there are of it: by any of them the broker knows it.
    handles: Handles,
    link: RwLock<Option<Arc<Link>>>,
}

/// What the bytes of one connection move over.
#[derive(Debug)]
pub struct Link {
    /// The descriptor, which never blocks.
    pub descriptor: Arc<OwnedFd>,
    generation: u64,
    incoming: Mutex<Incoming>,
    /// What is missing of a message whose writer was broken off.
    unfinished: Mutex<Vec<u8>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    fn new(descriptor: Arc<OwnedFd>, generation: u64) -> Self {
        Self { descriptor, generation, incoming: Mutex::default(), unfinished: Mutex::default() }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Writes what is missing of a message; true once nothing is.
    pub fn finish(&self) -> bool {
        let mut unfinished = lock(&self.unfinished);
        while !unfinished.is_empty() {
            match rustix::io::write(&self.descriptor, &unfinished) {
                Ok(done) => drop(unfinished.drain(..done)),
                Err(Errno::AGAIN) => return false,
                // There is nobody who could read it.
                Err(_) => unfinished.clear(),
            }
        }
        true
    }

    /// Whether something is missing of a message.
    pub fn is_unfinished(&self) -> bool {
        !lock(&self.unfinished).is_empty()
    }

    /// Lets what is missing of a message that is broken off be written later.
    pub fn leave(&self, bytes: Bytes, moved: u64) {
        let rest = frame::rest(bytes, moved);
        lock(&self.unfinished).extend(rest);
    }

    /// The messages that come in.
    pub fn incoming(&self) -> MutexGuard<'_, Incoming> {
        lock(&self.incoming)
    }

    fn step(&self, bytes: Bytes, moved: &mut u64, by_message: bool) -> Step {
        let outcome = match (bytes.write, by_message) {
            (true, _) if !self.finish() => return Step::Blocked,
            (true, _) => frame::write(bytes, self.fd(), moved),
            (false, true) => self.incoming().read_message(bytes, self.fd(), moved),
            (false, false) => self.incoming().read_bytes(bytes, self.fd(), moved),
        };
        bytes.step_of(outcome)
    }
}

impl Named {
    /// Of an end that was opened, or inherited. A client has its link from the start.
    pub fn new(messages: bool, by_message: bool, descriptor: Option<&Arc<OwnedFd>>, handles: Handles) -> Self {
        let link = descriptor.map(|descriptor| Arc::new(Link::new(Arc::clone(descriptor), 1)));
        Self { messages, by_message: by_message.into(), client: OnceLock::new(), handles, link: RwLock::new(link) }
    }

    fn handle(&self) -> Result<u32, NTSTATUS> {
        self.handles.any().ok_or(STATUS_INVALID_HANDLE)
    }

    /// The link, as far as it is known.
    pub fn known(&self) -> Option<Arc<Link>> {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection is over.
    pub fn forget(&self) {
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The link.
    pub fn link(&self) -> Result<Arc<Link>, NTSTATUS> {
        match self.known() {
            Some(link) => Ok(link),
            None => self.look(None)?.ok_or(STATUS_PIPE_LISTENING),
        }
    }

    /// How the end stands.
    pub fn state(&self) -> Result<State, NTSTATUS> {
        let (standing, _) = broker::ask(&TakePipe { known: u64::MAX, handle: self.handle()?, pad: 0 }, &[])?;
        Ok(State::from_number(standing.state).unwrap_or(State::Disconnected))
    }

    /// Asks the broker for the link of the connection that there is now; `None` where it is the one that is known.
    pub fn look(&self, known: Option<&Link>) -> Result<Option<Arc<Link>>, NTSTATUS> {
        let generation = known.map_or(0, |link| link.generation);
        let Arrived { reply, descriptor, lost } = broker::open(&TakePipe { known: generation, handle: self.handle()?, pad: 0 }, &[])?;
        match State::from_number(reply.state) {
            Some(State::Connected | State::Closing) => {}
            Some(State::Listening) => return Err(STATUS_PIPE_LISTENING),
            _ => return Err(STATUS_PIPE_DISCONNECTED),
        }
        if lost {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let Some(descriptor) = descriptor else { return Ok(None) };
        let newer = Arc::new(Link::new(Arc::new(descriptor), reply.generation));
        let mut link = self.link.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have asked as well: what it has begun to read goes on there.
        match link.as_ref().filter(|link| link.generation == reply.generation) {
            Some(same) => Ok(Some(Arc::clone(same))),
            None => Ok(Some(Arc::clone(link.insert(newer)))),
        }
    }

    /// Moves what can be moved at once.
    pub fn step(&self, bytes: Bytes, moved: &mut u64) -> Step {
        let mut link = match self.link() {
            Ok(link) => link,
            Err(status) => return Step::Done(status),
        };
        loop {
            let step = match self.messages {
                true => link.step(bytes, moved, self.by_message.load(Ordering::Relaxed)),
                false => bytes.step(link.fd(), moved),
            };
            let Step::Done(status @ (STATUS_PIPE_BROKEN | STATUS_PIPE_CLOSING)) = step else { return step };
            match self.look(Some(&link)) {
                // Another process has broken the connection off, and there is another one.
                Ok(Some(newer)) if *moved == 0 => link = newer,
                Ok(_) => return Step::Done(status),
                Err(status) => return Step::Done(status),
            }
        }
    }

    /// How a request stands that is broken off after it has moved something: a message that was read in part is not lost.
    pub fn broken_off(&self, bytes: Bytes, moved: &mut u64) -> Option<NTSTATUS> {
        if !self.messages || *moved == 0 {
            return None;
        }
        if !bytes.write {
            return Some(windows_sys::Win32::Foundation::STATUS_BUFFER_OVERFLOW);
        }
        if let Some(link) = self.known() {
            link.leave(bytes, *moved);
        }
        *moved = 0;
        None
    }

    /// As [`Self::broken_off`], where calls do not wait: the message is as good as written.
    pub fn goes_on(&self, bytes: Bytes, moved: &mut u64) -> Option<NTSTATUS> {
        if !self.messages || *moved == 0 || !bytes.write {
            return self.broken_off(bytes, moved);
        }
        if let Some(link) = self.known() {
            link.leave(bytes, *moved);
        }
        *moved = bytes.length;
        Some(STATUS_SUCCESS)
    }
}
