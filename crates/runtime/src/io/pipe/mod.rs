//! Pipes: what is known of an end that the broker made. Bytes move over descriptors of the host that never block; messages are
//! framed there.

mod flush;
mod frame;
mod listen;
mod named;
mod object;
mod peek;
mod service;

pub use named::Named;

use std::sync::atomic::AtomicBool;

/// One end of a pipe that the broker made.
#[derive(Debug)]
pub struct Pipe {
    /// The server's.
    pub server: bool,
    /// `FILE_PIPE_INBOUND` and the like.
    pub configuration: u32,
    /// What was asked for: what comes in at the server, what goes out there.
    pub quotas: [u32; 2],
    /// Calls answer at once, even with nothing.
    pub no_wait: AtomicBool,
    /// What it has beyond that because of its name.
    pub named: Option<Named>,
}
