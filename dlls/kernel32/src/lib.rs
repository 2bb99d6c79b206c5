//! kernel32.dll, which kernelbase.dll leads to as well: the base API over `ntdll`.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "a caller's pointers are what the documentation demands; a wrong one faults in the caller's own process"
)]
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, non_upper_case_globals, reason = "exports and constants bear Windows' own names")]
#![allow(unsafe_op_in_unsafe_fn, reason = "an export's pointers are its caller's promise; the bodies turn them into slices and references first")]
#![allow(clippy::missing_safety_doc, reason = "the contract of an export is Microsoft's documentation")]
#![allow(clippy::too_many_arguments, reason = "Windows' own signatures")]
#![cfg_attr(not(target_os = "windows"), allow(dead_code, reason = "only a DLL has exports"))]

extern crate alloc;

mod ansi;
mod buffer;
mod clock;
mod collate;
mod console;
mod consoleapi;
mod consoleapi2;
mod consoleapi3;
mod datetimeapi;
mod debugapi;
mod errhandlingapi;
#[cfg(all(test, not(target_os = "windows")))]
mod fake;
mod fibersapi;
mod fileapi;
mod handleapi;
mod heap;
mod heapapi;
mod information;
mod interlockedapi;
mod ioapiset;
mod jobapi;
mod libloaderapi;
mod lock;
mod mapping;
mod memoryapi;
mod module_list;
mod named;
mod namedpipeapi;
mod nt;
mod open;
mod pathcch;
mod process_list;
mod processenv;
mod processthreadsapi;
mod processtopologyapi;
mod profileapi;
mod psapi;
mod resource;
mod rtlsupportapi;
mod stringapiset;
mod synchapi;
mod sysinfoapi;
mod systemtopologyapi;
mod threadpoolapiset;
mod threadpoollegacyapiset;
mod timezoneapi;
mod tlhelp32;
mod unicode;
mod utilapiset;
mod werapi;
mod winbase;
mod winbase_file;
mod winbase_message;
mod winbase_resource;
mod winbase_string;
mod winnls;
mod winnt;
mod wow64apiset;
mod zone;

guest::process_heap_allocator!();

/// The loader's notice.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
extern "system" fn DllMain(_base: *mut core::ffi::c_void, reason: u32, _reserved: *mut core::ffi::c_void) -> i32 {
    if reason == windows_sys::Win32::System::SystemServices::DLL_PROCESS_ATTACH {
        errhandlingapi::install();
    }
    1
}
