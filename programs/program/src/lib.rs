//! What our own system programs (`cmd`, `reg`, `where` ..) stand on: arguments, text in the console's code page, files, processes.
//!
//! They are ordinary Windows programs: everything here calls exports of `kernel32` and its like, and they run under any Windows.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(clippy::not_unsafe_ptr_arg_deref, reason = "a handle is a number to the system, and nobody reads through it")]

extern crate alloc;

pub mod arguments;
#[cfg(target_os = "windows")]
pub mod console;
#[cfg(target_os = "windows")]
pub mod environment;
pub mod error;
#[cfg(target_os = "windows")]
pub mod file;
#[cfg(target_os = "windows")]
pub mod input;
#[cfg(target_os = "windows")]
pub mod output;
#[cfg(target_os = "windows")]
pub mod process;
#[cfg(target_os = "windows")]
mod runtime;
#[cfg(target_os = "windows")]
pub mod search;
pub mod switch;
pub mod text;
#[cfg(target_os = "windows")]
pub mod time;
#[cfg(target_os = "windows")]
pub mod version;
pub mod wildcard;

pub use error::{Error, Result};

/// Declares a program by the function that runs it and answers the exit code.
#[macro_export]
macro_rules! program {
    ($run:path) => {
        #[cfg(target_os = "windows")]
        #[unsafe(no_mangle)]
        extern "system" fn start() -> ! {
            $crate::exit($run())
        }

        #[cfg(not(target_os = "windows"))]
        fn main() {}
    };
}

/// Ends the program.
#[cfg(target_os = "windows")]
pub fn exit(code: u32) -> ! {
    // SAFETY: ends the process.
    unsafe { windows_sys::Win32::System::Threading::ExitProcess(code) }
}

/// A panic is a bug of ours: it is said, and the code is that of a process that ended itself for an error of its own.
#[cfg(target_os = "windows")]
fn panicked(what: &str) -> ! {
    const STATUS_STACK_BUFFER_OVERRUN: u32 = 0xC000_0409;
    output::complain(&alloc::format!("{what}\r\n"));
    exit(STATUS_STACK_BUFFER_OVERRUN)
}
