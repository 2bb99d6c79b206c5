//! How a sandbox process and its broker talk: control messages in sealed shared memory, one channel per thread, futexes
//! to wait, a socket for descriptors. What lies in shared memory is hostile: it is copied out before it is looked at.
//!
//! The crate knows nothing of what the messages mean.
#![cfg_attr(loom, allow(dead_code, unused_imports, reason = "loom checks the turns and the ring alone"))]

mod alarm;
#[cfg(not(loom))]
mod client;
#[cfg(not(loom))]
mod control;
#[cfg(not(loom))]
mod cpu;
#[cfg(not(loom))]
mod memory;
mod park;
mod ring;
#[cfg(not(loom))]
mod server;
#[cfg(not(loom))]
pub mod socket;
mod turn;

pub use alarm::code;
#[cfg(not(loom))]
pub use client::{Client, Gone, Posted};
#[cfg(not(loom))]
pub use control::Alarm;
#[cfg(not(loom))]
pub use memory::{Access, Mapping, Shared};
#[cfg(not(loom))]
pub use server::{Closer, Received, Server, pair};
