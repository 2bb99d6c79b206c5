//! shell32.dll: command lines and the user's folders.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, non_upper_case_globals, reason = "exports and constants bear Windows' own names")]
#![allow(unsafe_op_in_unsafe_fn, reason = "an export's pointers are its caller's promise; the bodies turn them into slices and references first")]
#![allow(clippy::missing_safety_doc, reason = "the contract of an export is Microsoft's documentation")]
#![allow(clippy::too_many_arguments, reason = "Windows' own signatures")]

extern crate alloc;

mod folder;
mod memory;
mod shellapi;
mod shlobj_core;

guest::dll!();
