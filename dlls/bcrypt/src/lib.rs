//! bcrypt.dll: random numbers and hashes.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "a caller's pointers are what the documentation demands; a wrong one faults in the caller's own process"
)]
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, non_upper_case_globals, reason = "exports and constants bear Windows' own names")]
#![allow(unsafe_op_in_unsafe_fn, reason = "an export's pointers are its caller's promise; the bodies turn them into slices and references first")]
#![allow(clippy::missing_safety_doc, reason = "the contract of an export is Microsoft's documentation")]
#![allow(clippy::too_many_arguments, reason = "Windows' own signatures")]

extern crate alloc;

mod algorithm;
mod bcrypt;
mod hash;

guest::dll!();
