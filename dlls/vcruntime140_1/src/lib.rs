//! vcruntime140_1.dll: the handler of C++ frames with packed tables. `ucrtbase.dll` has it.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]

extern crate alloc;

#[cfg(target_arch = "x86_64")]
guest::forward!(__CxxFrameHandler4 = 0 => "ucrtbase.__CxxFrameHandler4");

guest::dll!();
