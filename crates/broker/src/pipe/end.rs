//! The two ends of a named pipe, and what they know of each other.

use super::Shape;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

gate::numbered! {
    /// How a connection stands, as its client sees it.
    Bond {
        /// Both ends are open.
        Whole = 0,
        /// One of them is closed: what was written can still be read.
        Broken = 1,
        /// The server has broken it off: nothing can be read any more.
        Severed = 2,
    }
}

/// A connection of a client with an instance of a pipe.
#[derive(Debug)]
pub struct Connection {
    bond: AtomicU32,
    /// The process of the server, and that of the client.
    pub processes: [u32; 2],
    /// What the pipe is like.
    pub shape: Shape,
    /// The sizes asked for: what comes in at the server, what goes out there.
    pub quotas: [u32; 2],
    /// The client's end, as long as it is open.
    pub client: Weak<OwnedFd>,
}

impl Connection {
    /// A new one.
    pub fn new(processes: [u32; 2], shape: Shape, quotas: [u32; 2], client: &Arc<OwnedFd>) -> Self {
        Self { bond: AtomicU32::new(Bond::Whole as u32), processes, shape, quotas, client: Arc::downgrade(client) }
    }

    /// How it stands.
    pub fn bond(&self) -> Bond {
        Bond::from_number(self.bond.load(Ordering::SeqCst)).unwrap_or(Bond::Broken)
    }

    /// It ends, once.
    pub fn end(&self, how: Bond) {
        let _ = self.bond.compare_exchange(Bond::Whole as u32, how as u32, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Which end of a named pipe a file object is.
#[derive(Debug)]
pub struct End {
    /// The instance.
    pub instance: u64,
    /// What a client holds.
    pub connection: Option<Arc<Connection>>,
    /// The name, as its creator spelled it.
    pub name: Arc<[u16]>,
    /// Bits of [`gate::pipe`]: what whoever opens or inherits it is told.
    pub told: AtomicU32,
}

impl End {
    /// Whether it is the server's.
    pub const fn is_server(&self) -> bool {
        self.connection.is_none()
    }
}
