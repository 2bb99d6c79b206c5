//! psapi.dll: what programs ask about processes. `kernel32.dll` has it, under names of its own.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]

extern crate alloc;

guest::forward!(
    EnumProcessModules = 3 => "kernel32.K32EnumProcessModules",
    EnumProcessModulesEx = 5 => "kernel32.K32EnumProcessModulesEx",
    EnumProcesses = 6 => "kernel32.K32EnumProcesses",
    GetModuleBaseNameA = 7 => "kernel32.K32GetModuleBaseNameA",
    GetModuleBaseNameW = 4 => "kernel32.K32GetModuleBaseNameW",
    GetModuleFileNameExA = 8 => "kernel32.K32GetModuleFileNameExA",
    GetModuleFileNameExW = 0 => "kernel32.K32GetModuleFileNameExW",
    GetModuleInformation = 9 => "kernel32.K32GetModuleInformation",
    GetProcessImageFileNameA = 10 => "kernel32.K32GetProcessImageFileNameA",
    GetProcessImageFileNameW = 11 => "kernel32.K32GetProcessImageFileNameW",
    GetProcessMemoryInfo = 1 => "kernel32.K32GetProcessMemoryInfo",
);

guest::dll!();
