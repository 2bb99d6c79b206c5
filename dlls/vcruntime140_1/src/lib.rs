//! vcruntime140_1.dll: the handler of C++ frames of 64-bit programs, which is a stub until frames are unwound.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]

extern crate alloc;

guest::dll!();
