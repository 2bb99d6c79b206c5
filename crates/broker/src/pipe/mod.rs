//! Named pipes: the directory of a sandbox's names, the instances of each, and who is connected with whom. Bytes do not come by
//! here: each connection has a pair of the host's descriptors.

pub mod end;
pub mod link;
mod open;
mod service;
#[cfg(test)]
mod tests;
mod unnamed;

use end::{Bond, Connection};
use gate::pipe::State;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_OPEN};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSTANCE_NOT_AVAILABLE, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_IO_TIMEOUT,
    STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_PIPE_CLOSING, STATUS_PIPE_CONNECTED, STATUS_PIPE_DISCONNECTED,
    STATUS_PIPE_NOT_AVAILABLE, STATUS_PROCESS_IS_TERMINATING,
};

/// The most instances of all the pipes of a sandbox.
const MOST: usize = 4096;
/// The longest name, in units.
const LONGEST: usize = 512;

/// What the instances of a name have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Messages are written, and not bytes.
    pub messages: bool,
    /// `FILE_SHARE_*`: what clients may do.
    pub share: u32,
    /// The most instances, or `u32::MAX`.
    pub most: u32,
    /// How long a client waits who does not say it.
    pub patience: Duration,
}

/// The pipes of a sandbox.
#[derive(Default)]
pub struct Pipes {
    inner: Mutex<Inner>,
    /// An instance listens that did not, or a name has gone, or a process.
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// By the folded name.
    names: HashMap<Box<[u16]>, Name>,
    /// By number: older ones come first.
    instances: BTreeMap<u64, Instance>,
    next: u64,
}

struct Name {
    shown: Arc<[u16]>,
    shape: Shape,
    instances: u32,
}

struct Instance {
    folded: Box<[u16]>,
    state: State,
    /// Counts its connections.
    generation: u64,
    connection: Option<Arc<Connection>>,
    /// The server's end.
    link: Option<Arc<OwnedFd>>,
    /// Ready while a client is there, for who waits for one.
    event: Option<Arc<OwnedFd>>,
    server: u32,
    quotas: [u32; 2],
}

/// What was made.
pub struct Made {
    /// Its number.
    pub instance: u64,
    /// The name, as its first creator spelled it.
    pub name: Arc<[u16]>,
    /// It is the first one of its name.
    pub first: bool,
}

/// What a client gets.
pub struct Connected {
    /// The instance.
    pub instance: u64,
    /// The name.
    pub name: Arc<[u16]>,
    /// How it is connected.
    pub connection: Arc<Connection>,
    /// Its end.
    pub descriptor: Arc<OwnedFd>,
}

/// How an instance stands, as its server sees it.
pub struct Standing {
    /// The state.
    pub state: State,
    /// Counts its connections.
    pub generation: u64,
    /// The server's end.
    pub link: Option<Arc<OwnedFd>>,
    /// Whom it is connected with.
    pub connection: Option<Arc<Connection>>,
    /// The sizes asked for.
    pub quotas: [u32; 2],
    /// The server's process.
    pub server: u32,
}

/// A name in the directory.
pub struct Listed {
    /// As its first creator spelled it.
    pub name: Arc<[u16]>,
    /// How many instances there are, and may be.
    pub instances: [u32; 2],
}

impl Pipes {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an instance, which listens from its birth.
    pub fn create(&self, name: &[u16], disposition: u32, shape: Shape, quotas: [u32; 2], process: u32) -> Result<Made, NTSTATUS> {
        if name.is_empty() || name.len() > LONGEST {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        let folded = store::fold(name);
        let mut inner = self.lock();
        match inner.names.get(&folded) {
            Some(_) if disposition == FILE_CREATE => return Err(STATUS_ACCESS_DENIED),
            Some(known) if known.instances >= known.shape.most => return Err(STATUS_INSTANCE_NOT_AVAILABLE),
            Some(known) if known.shape.messages != shape.messages || known.shape.share != shape.share => return Err(STATUS_ACCESS_DENIED),
            Some(_) => {}
            None if disposition == FILE_OPEN => return Err(STATUS_OBJECT_NAME_NOT_FOUND),
            None => {}
        }
        if inner.instances.len() >= MOST {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let known = inner.names.entry(folded.clone()).or_insert_with(|| Name { shown: name.into(), shape, instances: 0 });
        known.instances += 1;
        let made = (Arc::clone(&known.shown), known.instances == 1);
        let number = inner.next;
        inner.next += 1;
        let instance =
            Instance { folded, state: State::Listening, generation: 0, connection: None, link: None, event: None, server: process, quotas };
        inner.instances.insert(number, instance);
        self.changed.notify_all();
        Ok(Made { instance: number, name: made.0, first: made.1 })
    }

    /// What the pipe of a name is like.
    pub fn shape(&self, name: &[u16]) -> Result<Shape, NTSTATUS> {
        self.lock().names.get(&store::fold(name)).map(|name| name.shape).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
    }

    /// Connects a client with the oldest instance that listens.
    pub fn connect(&self, name: &[u16], process: u32) -> Result<Connected, NTSTATUS> {
        let folded = store::fold(name);
        let mut inner = self.lock();
        let known = inner.names.get(&folded).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let (shown, shape) = (Arc::clone(&known.shown), known.shape);
        let mut listening = inner.instances.iter_mut().filter(|(_, instance)| instance.state == State::Listening);
        let (number, instance) = listening.find(|(_, instance)| instance.folded == folded).ok_or(STATUS_PIPE_NOT_AVAILABLE)?;
        let (ours, theirs) = link::pair(shape.share, shape.messages, instance.quotas)?;
        let theirs = Arc::new(theirs);
        let connection = Arc::new(Connection::new([instance.server, process], shape, instance.quotas, &theirs));
        instance.state = State::Connected;
        instance.generation += 1;
        instance.link = Some(Arc::new(ours));
        instance.connection = Some(Arc::clone(&connection));
        if let Some(event) = &instance.event {
            // Nobody but the broker writes there: it is never full.
            let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
        }
        Ok(Connected { instance: *number, name: shown, connection, descriptor: theirs })
    }

    /// Lets an instance listen. Answers what is ready once a client is there, and whether the instance did not listen before.
    pub fn listen(&self, instance: u64) -> Result<(Arc<OwnedFd>, bool), NTSTATUS> {
        let mut inner = self.lock();
        let instance = inner.instances.get_mut(&instance).ok_or(STATUS_INVALID_HANDLE)?;
        match instance.state {
            State::Connected => return Err(STATUS_PIPE_CONNECTED),
            State::Closing => return Err(STATUS_PIPE_CLOSING),
            State::Disconnected | State::Listening => {}
        }
        let event = match &instance.event {
            Some(event) => Arc::clone(event),
            None => {
                let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(store::status)?;
                if !crate::descriptor::leaves_room(event.as_fd()) {
                    return Err(STATUS_INSUFFICIENT_RESOURCES);
                }
                Arc::clone(instance.event.insert(Arc::new(event)))
            }
        };
        let anew = instance.state == State::Disconnected;
        instance.state = State::Listening;
        if anew {
            self.changed.notify_all();
        }
        Ok((event, anew))
    }

    /// How an instance stands.
    pub fn standing(&self, instance: u64) -> Result<Standing, NTSTATUS> {
        let inner = self.lock();
        let Instance { state, generation, connection, link, server, quotas, .. } = inner.instances.get(&instance).ok_or(STATUS_INVALID_HANDLE)?;
        let (link, connection) = (link.clone(), connection.clone());
        Ok(Standing { state: *state, generation: *generation, link, connection, quotas: *quotas, server: *server })
    }

    /// How many instances a name has, and may have.
    pub fn instances(&self, name: &[u16]) -> Option<[u32; 2]> {
        self.lock().names.get(&store::fold(name)).map(|name| [name.instances, name.shape.most])
    }

    /// Breaks an instance's connection off. It does not listen afterwards.
    pub fn disconnect(&self, instance: u64) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        let instance = inner.instances.get_mut(&instance).ok_or(STATUS_INVALID_HANDLE)?;
        if instance.state == State::Disconnected {
            return Err(STATUS_PIPE_DISCONNECTED);
        }
        instance.state = State::Disconnected;
        let (connection, link) = (instance.connection.take(), instance.link.take());
        if let Some(event) = &instance.event {
            let _ = rustix::io::read(event, &mut [0; 8]);
        }
        drop(inner);
        if let (Some(connection), Some(link)) = (connection, link) {
            // A client that looks why its end is over finds the reason.
            connection.end(Bond::Severed);
            link::sever(&link, connection.client.upgrade().as_deref());
        }
        Ok(())
    }

    /// An end is closed for good: the other one can still read what was written.
    pub fn close(&self, end: &end::End) {
        let mut inner = self.lock();
        if let Some(connection) = &end.connection {
            connection.end(Bond::Broken);
            let instance = inner.instances.get_mut(&end.instance);
            let same = |instance: &&mut Instance| instance.connection.as_ref().is_some_and(|other| Arc::ptr_eq(other, connection));
            if let Some(instance) = instance.filter(same) {
                instance.state = State::Closing;
            }
            return;
        }
        let Some(instance) = inner.instances.remove(&end.instance) else { return };
        if let Some(connection) = &instance.connection {
            connection.end(Bond::Broken);
        }
        if let Some(name) = inner.names.get_mut(&instance.folded) {
            name.instances -= 1;
            if name.instances == 0 {
                inner.names.remove(&instance.folded);
            }
        }
        self.changed.notify_all();
    }

    /// Waits until an instance of a name listens. `None` waits as long as the name's creator said; `ended` breaks it off.
    pub fn wait(&self, name: &[u16], limit: Option<Duration>, ended: impl Fn() -> bool) -> Result<(), NTSTATUS> {
        /// A wait without an end, in pieces.
        const LONG: Duration = Duration::from_secs(3600);
        let folded = store::fold(name);
        let start = Instant::now();
        let mut inner = self.lock();
        loop {
            let known = inner.names.get(&folded).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
            let limit = limit.unwrap_or(known.shape.patience);
            if inner.instances.values().any(|instance| instance.state == State::Listening && instance.folded == folded) {
                return Ok(());
            }
            if ended() {
                return Err(STATUS_PROCESS_IS_TERMINATING);
            }
            let left = limit.checked_sub(start.elapsed()).filter(|left| !left.is_zero()).ok_or(STATUS_IO_TIMEOUT)?;
            inner = self.changed.wait_timeout(inner, left.min(LONG)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A process has ended: it waits for nothing.
    pub fn end_waits(&self) {
        let _inner = self.lock();
        self.changed.notify_all();
    }

    /// Every name.
    pub fn list(&self) -> Vec<Listed> {
        let inner = self.lock();
        let mut all: Vec<Listed> =
            inner.names.values().map(|name| Listed { name: Arc::clone(&name.shown), instances: [name.instances, name.shape.most] }).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}
