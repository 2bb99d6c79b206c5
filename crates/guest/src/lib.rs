//! What every system DLL stands on: how an export counts, fails and is published, the thread's block, text, memory,
//! and the symbols that the compiler wants. Only `ntdll` goes further down, to the gate.
//!
//! On other targets than Windows everything has a small stand-in, so that DLL crates can be tested natively.
#![cfg_attr(target_os = "windows", no_std)]

extern crate alloc;

mod allocator;
pub mod call;
pub mod error;
mod import;
pub mod nls;
#[cfg(target_os = "windows")]
mod panic;
pub mod router;
pub mod row;
pub mod security;
pub mod shared;
#[cfg(target_os = "windows")]
mod symbols;
pub mod teb;
pub mod text;

pub use shim::shim;
