//! advapi32.dll: the registry, the rights of the process, random bytes, hashes, the user's name.
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

mod evntprov;
mod heap;
mod nt;
mod ntsecapi;
mod sddl;
mod securitybaseapi;
mod winbase;
mod wincrypt;
mod winreg;

guest::dll!();
