//! cmd.exe.
#![cfg_attr(target_os = "windows", no_std, no_main)]

program::program!(program_cmd::run);
