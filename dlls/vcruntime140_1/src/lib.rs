//! vcruntime140_1.dll: the handler of C++ frames with packed tables. `ucrtbase.dll` has it.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]

extern crate alloc;

guest::process_heap_allocator!();

#[cfg(target_arch = "x86_64")]
guest::forward!(__CxxFrameHandler4 = 0 => "ucrtbase.__CxxFrameHandler4");

/// The loader's notice.
#[cfg(target_os = "windows")]
#[unsafe(no_mangle)]
extern "system" fn DllMain(_base: *mut core::ffi::c_void, _reason: u32, _reserved: *mut core::ffi::c_void) -> i32 {
    1
}
