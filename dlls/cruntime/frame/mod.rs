//! The handlers of C and C++ frames: which `catch` takes an exception, which objects end on the way there, and which guarded
//! blocks are left. 64-bit code has tables beside it, 32-bit code registers its frames in a chain.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "tables are their compiler's promise; those that lead nowhere fault in the program that has them"
)]

mod catch;
#[cfg(target_arch = "x86_64")]
mod funclet;
#[cfg(target_arch = "x86")]
pub mod guarded;
#[cfg(target_arch = "x86_64")]
mod packed;
#[cfg(target_arch = "x86_64")]
mod plain;
#[cfg(target_arch = "x86")]
mod registered;
mod tables;
mod types;
#[cfg(target_arch = "x86_64")]
mod x64;

pub use catch::current_record;
