//! The sandbox process's end of a channel.

use crate::control::{Alarm, Control};
use crate::memory::{Access, Shared};
use crate::park::Futex;
use crate::socket;
use crate::turn::{Side, Waited};
use protocol::Frame;
use rustix::io::{Errno, Result};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// The broker has closed the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// What became of a handle that was to be closed without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The broker will close it.
    Yes,
    /// That needs a request.
    No,
    /// It is posted, and the broker has gone to rest meanwhile: any request lets it look.
    Unseen,
}

/// The client's end.
pub struct Client {
    control: Arc<Control>,
    socket: OwnedFd,
}

impl Client {
    /// Takes a channel that the broker made: its memory and its socket.
    pub fn new(memory: OwnedFd, socket: OwnedFd) -> Result<Self> {
        let memory = Shared::adopt(memory)?.map(Access::Write)?;
        Ok(Self { control: Arc::new(Control::new(memory, Side::Client).ok_or(Errno::INVAL)?), socket })
    }

    /// The channel's alarm.
    pub fn alarm(&self) -> Alarm {
        Alarm::of(Arc::clone(&self.control))
    }

    /// What the broker put into the channel before the client ran.
    pub fn start(&self) -> Vec<u8> {
        let mut start = Vec::new();
        self.control.payload(self.control.frame().payload, &mut start);
        start
    }

    /// Sends a request and waits for its reply. The payload is cut to what fits; the reply's stays in the channel until
    /// the next request ([`Client::payload`]).
    pub fn call(&mut self, request: &Frame, payload: &[u8]) -> std::result::Result<Frame, Gone> {
        self.control.put_payload(&payload[..payload.len().min(protocol::PAYLOAD)]);
        self.control.put_frame(request);
        self.control.hand_over();
        match self.control.wait(Futex::default()) {
            Waited::Turn => Ok(self.control.frame()),
            Waited::Closed | Waited::TimedOut => Err(Gone),
        }
    }

    /// The payload that the last reply brought.
    pub fn payload(&self, reply: &Frame, into: &mut Vec<u8>) {
        self.control.payload(reply.payload, into);
    }

    /// The descriptors that the last reply brought, up to two.
    pub fn descriptors(&self, reply: &Frame) -> Result<[Option<OwnedFd>; 2]> {
        if reply.descriptors == 0 { Ok([None, None]) } else { socket::receive(&self.socket) }
    }

    /// Tells the broker to close a handle when it next looks.
    pub fn post(&self, handle: u32) -> Posted {
        if self.control.rest().has_begun() || !self.control.ring().post(handle) {
            Posted::No
        } else if self.control.rest().has_begun() {
            Posted::Unseen
        } else {
            Posted::Yes
        }
    }
}
