//! Confinement of sandbox processes: namespaces and an empty root from the outside, Landlock and seccomp from the inside;
//! and what else Linux offers that needs unsafe code, behind safe functions.
//!
//! The seccomp layer is never optional. Every other layer that the host lacks is reported, not hidden.

mod enter;
mod fork;
mod layers;
mod lease;
mod limits;
mod lock;
mod memory;
mod notify;
mod rules;
mod spawn;
mod text;

pub use enter::{OWN_ARCHITECTURE, dispatch_thread, enter, is_listed, raise, raise_32};
pub use fork::{Forked, fork_daemon};
pub use layers::{Layer, Layers, host};
pub use lease::{is_unheld, is_unwritten};
pub use limits::Limits;
pub use lock::{Lock, is_locked, lock};
pub use memory::{read_memory, write_memory};
pub use notify::{Call, Listener};
pub use rules::{Must, QUIETLY_REFUSED, RULES, Rule};
pub use spawn::{Child, Gate, Spawn, SpawnError};
pub use text::{text, time_stamp};
