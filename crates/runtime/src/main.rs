//! The ELF half of a sandbox process: it holds the address space, the threads, the waits and the descriptors that the
//! broker granted, and serves the system DLLs through the gate. All of it is as untrusted as the guest.
#![cfg_attr(not(test), no_main)]
#![cfg_attr(test, allow(dead_code, reason = "unit tests reach less than the program, which starts at `start::run`"))]

mod access;
mod bell;
mod bitness;
mod broker;
mod clock;
mod current;
mod dispatch;
mod file;
mod gate;
mod guest;
mod handle;
mod image;
mod interrupt;
mod io;
mod job;
mod key;
mod keyed;
mod memory;
mod name;
mod object;
mod port;
mod process;
mod processor;
mod registers;
mod section;
mod segment;
mod serve;
mod shared;
mod signal;
mod start;
mod thread;
mod time;
mod timer;
mod user;
mod wait;
mod waiting;
mod words;

/// The C start-up code calls this; Rust's own, which would install handlers of its own, never runs.
#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn main() -> std::ffi::c_int {
    start::run()
}
