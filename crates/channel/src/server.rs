//! The broker's end of a channel.

use crate::control::{Alarm, Control, SIZE};
use crate::memory::{Access, Shared};
use crate::park::Futex;
use crate::socket;
use crate::turn::{Side, Waited};
use protocol::{Frame, PAYLOAD};
use rustix::io::Result;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a client's turn brought.
#[allow(clippy::large_enum_variant, reason = "it lives on the stack of the thread that serves it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A request, copied out of the shared memory.
    Request(Frame),
    /// The channel is closed.
    Closed,
    /// The time is over.
    Nothing,
}

/// The broker's end: one thread serves it.
pub struct Server {
    shared: Arc<Control>,
    closer: Closer,
    socket: OwnedFd,
}

/// What other threads of the broker may do to a channel: drain its ring, close it.
#[derive(Clone)]
pub struct Closer {
    shared: Arc<Control>,
    tail: Arc<Mutex<u32>>,
}

impl Closer {
    /// Takes the handles that were posted.
    pub fn drain(&self, take: impl FnMut(u32)) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.ring().drain(&mut tail, take);
    }

    /// The channel's alarm.
    pub fn alarm(&self) -> Alarm {
        Alarm::of(Arc::clone(&self.shared))
    }

    /// Closes the channel: its server and its client learn of it.
    pub fn close(&self) {
        self.shared.close();
    }
}

/// A fresh channel: the broker's end, and the memory and socket for the client.
pub fn pair() -> Result<(Server, Shared, OwnedFd)> {
    let memory = Shared::create("channel", SIZE)?;
    let (ours, theirs) = socket::one_way()?;
    let shared = Arc::new(Control::new(memory.map(Access::Write)?, Side::Server).expect("a channel has its size"));
    let closer = Closer { shared: Arc::clone(&shared), tail: Arc::default() };
    Ok((Server { shared, closer, socket: ours }, memory, theirs))
}

impl Server {
    /// Waits for a request, at most `limit` long.
    pub fn receive(&mut self, limit: Option<Duration>) -> Received {
        match self.shared.wait(Futex { limit }) {
            Waited::Turn => {
                self.shared.rest().end();
                Received::Request(self.shared.frame())
            }
            Waited::Closed => Received::Closed,
            Waited::TimedOut => Received::Nothing,
        }
    }

    /// Says that nobody looks at the ring before the next request; what was posted before has to be drained then.
    pub fn rest(&self) {
        self.shared.rest().begin();
    }

    /// The request's payload, copied out of the shared memory.
    pub fn payload(&self, request: &Frame, into: &mut Vec<u8>) {
        self.shared.payload(request.payload, into);
    }

    /// Puts into the channel what the client finds there before its first request ([`crate::Client::start`]).
    pub fn put_start(&self, start: &[u8]) {
        let start = &start[..start.len().min(PAYLOAD)];
        self.shared.put_payload(start);
        self.shared.put_frame(&Frame { payload: start.len() as u32, ..Frame::default() });
    }

    /// Answers, with a payload and up to two descriptors.
    pub fn reply(&mut self, mut frame: Frame, payload: &[u8], descriptors: &[BorrowedFd<'_>]) {
        let payload = &payload[..payload.len().min(PAYLOAD)];
        frame.payload = payload.len() as u32;
        frame.descriptors = 0;
        // The host counts descriptors under way against all of the user's programs: a client that does not take those it
        // has gets no more.
        let takes = !descriptors.is_empty() && socket::is_empty(&self.socket);
        if takes && socket::send(&self.socket, descriptors).is_ok() {
            frame.descriptors = descriptors.len() as u32;
        }
        self.shared.put_payload(payload);
        self.shared.put_frame(&frame);
        self.shared.hand_over();
    }

    /// A handle for the broker's other threads.
    pub fn closer(&self) -> Closer {
        self.closer.clone()
    }
}
