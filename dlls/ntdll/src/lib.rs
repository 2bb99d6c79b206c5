//! ntdll.dll: the loader, the heap, locks, text and paths, and the only way to the gate.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "a caller's pointers are what the documentation demands; a wrong one faults in the caller's own process"
)]
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]
#![allow(unsafe_op_in_unsafe_fn, reason = "an export's pointers are its caller's promise; the bodies turn them into slices and references first")]
#![allow(clippy::missing_safety_doc, reason = "the contract of an export is Microsoft's documentation")]
#![allow(clippy::too_many_arguments, reason = "Windows' own signatures")]
#![cfg_attr(not(target_os = "windows"), allow(dead_code, reason = "only a DLL has exports"))]

extern crate alloc;

mod address;
mod alert;
#[cfg(target_os = "windows")]
mod allocator;
mod barrier;
mod call;
mod cell;
mod class_buffer;
mod completion;
mod context;
mod critical;
mod crt;
mod current_folder;
mod directory;
mod distant;
mod entry;
mod error;
mod exception;
mod file;
mod fls;
mod gate;
mod heap;
mod image_list;
mod job;
mod key;
mod keyed;
mod loader;
mod lock;
mod memory;
mod object;
mod once;
mod other;
mod parameters;
mod path;
mod pointer;
mod pool;
mod private;
mod process;
mod process_list;
mod redirection;
mod slist;
mod sparse;
mod srw;
mod stack;
mod string;
mod sync;
mod system;
mod thread;
mod thread_attribute;
mod thread_information;
mod thread_list;
mod time;
mod token;
#[cfg(target_arch = "x86_64")]
mod unwind;
mod version;
mod volume;

/// The entry point that the format wants; the loader never calls it.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
extern "system" fn DllMain(_base: *mut core::ffi::c_void, _reason: u32, _reserved: *mut core::ffi::c_void) -> i32 {
    1
}
