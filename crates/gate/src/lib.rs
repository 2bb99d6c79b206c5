//! What both sides of the gate agree on: the services' numbers and fixed-width requests, the thread block,
//! and the Windows structures that the runtime fills and programs read. No code that runs, no I/O.
//!
//! Guest addresses and handles travel as `u64`, so that one layout serves 32- and 64-bit guests.
#![no_std]
#![forbid(unsafe_code)]

#[macro_use]
mod numbered;

pub mod api_set;
pub mod block;
pub mod cell;
pub mod file;
pub mod map;
pub mod names;
pub mod peb;
pub mod pipe;
pub mod process;
pub mod service;
pub mod shared;
pub mod state;
pub mod system;
pub mod teb;
pub mod zone;

pub use service::Service;

/// An address in the guest's memory, zero-extended where the guest is 32-bit.
pub type Address = u64;

/// A handle as the guest sees it, zero-extended where the guest is 32-bit.
pub type Handle = u64;
