//! cmd.exe: the command interpreter. `language` says what lines mean, `shell` runs them, `command` holds the commands of its own.
#![cfg_attr(target_os = "windows", no_std)]

extern crate alloc;

#[cfg(target_os = "windows")]
mod command;
pub mod language;
#[cfg(target_os = "windows")]
mod shell;

#[cfg(target_os = "windows")]
pub use shell::run;
