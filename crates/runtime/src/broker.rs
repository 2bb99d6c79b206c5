//! Asking the broker: each thread has a channel of its own from its first request on.

use crate::serve::Answer;
use channel::{Alarm, Client, Posted};
use protocol::message::{CloseHandle, CreatePipe, Message, NewChannel, Opened};
use protocol::{Frame, start::descriptor};
use std::cell::RefCell;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// Which channel a thread uses.
enum Mine {
    /// None yet.
    None,
    /// The process's first one, which the first thread shares with those that ask for a channel of their own.
    First,
    /// Its own.
    Own(Client),
}

thread_local! {
    static MINE: RefCell<Mine> = const { RefCell::new(Mine::None) };
}

static FIRST: Mutex<Option<Client>> = Mutex::new(None);

/// Channels of threads that have ended.
static IDLE: Mutex<Vec<Client>> = Mutex::new(Vec::new());

/// Takes the channel that the process is born with for the calling thread; answers what the broker wrote there.
pub fn attach() -> Option<Vec<u8>> {
    // SAFETY: the process is born with these descriptors, and nobody else has taken them.
    let (memory, socket) = unsafe { (OwnedFd::from_raw_fd(descriptor::CHANNEL), OwnedFd::from_raw_fd(descriptor::SOCKET)) };
    let client = Client::new(memory, socket).ok()?;
    let start = client.start();
    *first() = Some(client);
    MINE.set(Mine::First);
    Some(start)
}

fn first() -> MutexGuard<'static, Option<Client>> {
    FIRST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn idle() -> MutexGuard<'static, Vec<Client>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on the calling thread's channel.
fn with_channel<T>(work: impl FnOnce(&mut Client) -> Result<T, NTSTATUS>) -> Result<T, NTSTATUS> {
    MINE.with_borrow_mut(|mine| {
        if let Mine::None = mine {
            *mine = Mine::Own(new_channel()?);
        }
        match mine {
            Mine::Own(client) => work(client),
            _ => work(first().as_mut().ok_or(STATUS_INSUFFICIENT_RESOURCES)?),
        }
    })
}

/// A channel for the calling thread alone.
fn new_channel() -> Result<Client, NTSTATUS> {
    if let Some(client) = idle().pop() {
        return Ok(client);
    }
    let mut first = first();
    let client = first.as_mut().ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
    let reply = exchange(client, &Frame::request(&NewChannel {}, 0), &[])?;
    let Ok([Some(memory), Some(socket)]) = client.descriptors(&reply) else { return Err(STATUS_INSUFFICIENT_RESOURCES) };
    Client::new(memory, socket).map_err(|_| STATUS_INSUFFICIENT_RESOURCES)
}

/// Ends the process at once, without a word: the broker is gone, or has been told.
pub fn vanish() -> ! {
    // SAFETY: ending the process is always possible.
    unsafe { libc::_exit(0) }
}

fn exchange(client: &mut Client, request: &Frame, payload: &[u8]) -> Result<Frame, NTSTATUS> {
    // Without its broker a sandbox process has nothing left to do.
    let reply = client.call(request, payload).unwrap_or_else(|_| vanish());
    if reply.status as u32 >= 0x8000_0000 { Err(reply.status) } else { Ok(reply) }
}

/// Asks, and answers the reply with its payload.
pub fn ask<M: Message>(request: &M, payload: &[u8]) -> Result<(M::Reply, Vec<u8>), NTSTATUS> {
    with_channel(|client| {
        let reply = exchange(client, &Frame::request(request, payload.len()), payload)?;
        let mut back = Vec::new();
        if reply.payload > 0 {
            client.payload(&reply, &mut back);
        }
        Ok((reply.get(), back))
    })
}

/// The alarm of the calling thread's channel, for the waits that it asks for there.
pub fn alarm() -> Result<Alarm, NTSTATUS> {
    with_channel(|client| Ok(client.alarm()))
}

/// What the broker answered, with the descriptor that came along.
pub struct Arrived<T> {
    /// The answer.
    pub reply: T,
    /// The descriptor: a folder has none, nor has a handle that moves no bytes.
    pub descriptor: Option<OwnedFd>,
    /// One was sent, and the process has no room for it: what it was told of is to be closed.
    pub lost: bool,
}

/// Asks for something that may come with a descriptor.
pub fn open<M: Message>(request: &M, name: &[u8]) -> Result<Arrived<M::Reply>, NTSTATUS> {
    with_channel(|client| {
        let reply = exchange(client, &Frame::request(request, name.len()), name)?;
        let descriptor = client.descriptors(&reply).ok().and_then(|[descriptor, _]| descriptor);
        let lost = reply.descriptors > 0 && descriptor.is_none();
        Ok(Arrived { reply: reply.get(), descriptor, lost })
    })
}

/// Asks for a pipe: its server's end, or both ends of one that has no handles.
pub fn pipe(request: &CreatePipe) -> Result<(Opened, [Option<OwnedFd>; 2]), NTSTATUS> {
    with_channel(|client| {
        let reply = exchange(client, &Frame::request(request, 0), &[])?;
        match client.descriptors(&reply) {
            // The process is out of descriptors.
            Ok([None, _]) | Err(_) => Err(STATUS_INSUFFICIENT_RESOURCES),
            Ok(descriptors) => Ok((reply.get(), descriptors)),
        }
    })
}

/// A pipe of the runtime's own: what can be read from, what can be written to.
pub fn bare_pipe() -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let (_, [read, write]) = pipe(&CreatePipe { bare: 1, ..Default::default() })?;
    read.zip(write).ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// Lets go of a handle: posted, unless its effect must not wait.
pub fn close(handle: u32, now: bool) -> Answer {
    with_channel(|client| {
        let posted = if now { Posted::No } else { client.post(handle) };
        if posted == Posted::Yes {
            return Ok(());
        }
        let closed = exchange(client, &Frame::request(&CloseHandle { handle }, 0), &[]).map(|_| ());
        // What was posted unseen is closed before the request is looked at, which then finds no such handle.
        if posted == Posted::Unseen { Ok(()) } else { closed }
    })
}

/// Asks something that the broker answers when it happens: on a channel of the thread's own.
pub fn wait_for<M: Message>(request: &M) -> Result<(M::Reply, Vec<u8>), NTSTATUS> {
    wait_with(request, &[])
}

/// As [`wait_for`], with a payload.
pub fn wait_with<M: Message>(request: &M, payload: &[u8]) -> Result<(M::Reply, Vec<u8>), NTSTATUS> {
    let mut client = new_channel()?;
    let reply = exchange(&mut client, &Frame::request(request, payload.len()), payload);
    let mut back = Vec::new();
    if let Ok(reply) = &reply
        && reply.payload > 0
    {
        client.payload(reply, &mut back);
    }
    idle().push(client);
    reply.map(|reply| (reply.get(), back))
}

/// Puts the calling thread's channel back: the thread ends.
pub fn let_go() {
    if let Mine::Own(client) = MINE.replace(Mine::None) {
        idle().push(client);
    }
}
