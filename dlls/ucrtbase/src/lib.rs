//! ucrtbase.dll: the C runtime since Visual C++ 2015, which the api-ms-win-crt sets lead to. Its sources are shared
//! with the other runtimes' DLLs and lie in `dlls/cruntime`.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, non_upper_case_globals, reason = "exports bear Windows' own names")]
#![allow(unsafe_op_in_unsafe_fn, reason = "an export's pointers are its caller's promise; the bodies turn them into slices and references first")]
#![allow(clippy::missing_safety_doc, reason = "the contract of an export is Microsoft's documentation")]
#![allow(clippy::too_many_arguments, reason = "Windows' own signatures")]
#![allow(dead_code, reason = "each runtime uses its share of the sources")]

extern crate alloc;

#[path = "../../cruntime/mod.rs"]
mod cruntime;

guest::process_heap_allocator!();

#[cfg(target_arch = "x86_64")]
guest::forward!(__C_specific_handler = 319 => "ntdll.__C_specific_handler");

/// The loader's notice.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
extern "system" fn DllMain(_base: *mut core::ffi::c_void, reason: u32, _reserved: *mut core::ffi::c_void) -> i32 {
    cruntime::notice(reason).into()
}
