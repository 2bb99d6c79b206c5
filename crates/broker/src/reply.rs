//! What the broker answers to a request.

use protocol::Frame;
use protocol::message::Done;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_SUCCESS};
use zerocopy::{Immutable, IntoBytes};

/// An answer: a value, and what travels with it.
#[derive(Debug)]
pub struct Reply {
    /// The value, or the status alone.
    pub frame: Frame,
    /// Bytes that do not fit into the frame.
    pub payload: Vec<u8>,
    /// What the receiver gets a copy of.
    pub descriptors: [Option<Arc<OwnedFd>>; 2],
}

impl Reply {
    /// A value alone.
    pub fn value<T: IntoBytes + Immutable>(value: &T) -> Self {
        Self { frame: Frame::reply(0, STATUS_SUCCESS, value, 0), payload: Vec::new(), descriptors: [None, None] }
    }

    /// With a payload.
    pub fn with_payload(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// With a descriptor, if there is one: the broker's own, of which the kernel makes the receiver's copy.
    pub fn with_descriptor(self, descriptor: Option<Arc<OwnedFd>>) -> Self {
        Self { descriptors: [descriptor, None], ..self }
    }

    /// With two descriptors.
    pub fn with_descriptors(self, one: OwnedFd, two: OwnedFd) -> Self {
        Self { descriptors: [Some(Arc::new(one)), Some(Arc::new(two))], ..self }
    }

    /// A failure.
    pub fn status(status: NTSTATUS) -> Self {
        Self { frame: Frame::reply(0, status, &Done {}, 0), payload: Vec::new(), descriptors: [None, None] }
    }
}
