//! The messages between a sandbox process and its broker: fixed frames of 256 bytes, with a payload beside them where
//! a name or a listing travels. Decoding is total: any bytes give a message or a refusal.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod handle;
pub mod key;
pub mod message;
pub mod pipe;
pub mod sight;
pub mod start;
mod value;

pub use message::{Message, Opened};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a frame's body.
pub const BODY: usize = 240;
/// The longest payload, in bytes.
pub const PAYLOAD: usize = 0x4_0000;
/// A [`message::Report`] of this kind is the runtime's own last word: why the program cannot run.
pub const FAILURE: u32 = 0x100;
/// A [`message::Report`] of this kind is text that the program wrote for a debugger.
pub const DEBUG_TEXT: u32 = 0x101;
/// The version of the messages, checked when a process starts.
pub const VERSION: u32 = 3;

/// One message, request or reply.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Frame {
    /// Which message this is ([`Message::NUMBER`]).
    pub number: u32,
    /// In replies: the NTSTATUS.
    pub status: i32,
    /// Bytes of payload beside the frame.
    pub payload: u32,
    /// In replies: descriptors that travel on the channel's socket.
    pub descriptors: u32,
    /// The message itself.
    pub body: [u8; BODY],
}

const _: () = assert!(size_of::<Frame>() == 256);

impl Frame {
    /// A frame around a request.
    pub fn request<M: Message>(message: &M, payload: usize) -> Self {
        let mut frame = Self { number: M::NUMBER, status: 0, payload: payload as u32, descriptors: 0, body: [0; BODY] };
        frame.put(message);
        frame
    }

    /// A frame around a reply.
    pub fn reply<T: IntoBytes + Immutable>(number: u32, status: i32, value: &T, payload: usize) -> Self {
        let mut frame = Self { number, status, payload: payload as u32, descriptors: 0, body: [0; BODY] };
        frame.put(value);
        frame
    }

    fn put<T: IntoBytes + Immutable>(&mut self, value: &T) {
        let bytes = value.as_bytes();
        self.body[..bytes.len()].copy_from_slice(bytes);
    }

    /// The body read as a message; every bit pattern is one.
    pub fn get<T: FromBytes>(&self) -> T {
        const { assert!(size_of::<T>() <= BODY) };
        match T::read_from_prefix(&self.body) {
            Ok((value, _)) => value,
            Err(_) => unreachable!("the assertion above"),
        }
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self { number: 0, status: 0, payload: 0, descriptors: 0, body: [0; BODY] }
    }
}
