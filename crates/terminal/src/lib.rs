//! What stands between a program and its user's terminal.
//!
//! The program has one end of a pseudo-terminal, a [`Pty`]. What it writes goes through a [`Filter`] to the user's terminal; what the
//! user types goes to the program when it asks for input. The user's terminal keeps its own line editing and its own signals, so job
//! control works as for any program, and changes only where the program sets a console mode ([`User`]).

#![forbid(unsafe_code)]

mod filter;
mod mode;
mod pty;
mod relay;
mod shown;
mod user;

pub use filter::Filter;
pub use mode::Mode;
pub use pty::{END_OF_INPUT, Pty};
pub use relay::Relay;
pub use shown::{escaped, shown};
pub use user::User;
