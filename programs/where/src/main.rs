//! where.exe: where files lie that fit a pattern, along PATH or below a folder.
#![cfg_attr(target_os = "windows", no_std, no_main)]

extern crate alloc;

#[cfg(target_os = "windows")]
mod places;

program::program!(places::run);
