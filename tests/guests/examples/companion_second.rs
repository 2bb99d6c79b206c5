//! A DLL that imports from `companion_first`, which imports from this one.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(missing_docs, reason = "a test's own exports")]

guests::dll!();

#[cfg(target_os = "windows")]
mod dll {
    use core::ffi::c_void;

    #[cfg_attr(target_arch = "x86", link(name = "companion_first", kind = "raw-dylib", import_name_type = "undecorated"))]
    #[cfg_attr(not(target_arch = "x86"), link(name = "companion_first", kind = "raw-dylib"))]
    unsafe extern "system" {
        fn FirstNumber() -> u32;
    }

    #[unsafe(no_mangle)]
    pub extern "system" fn DllMain(_base: *mut c_void, reason: u32, _reserved: *mut c_void) -> i32 {
        guests::note(c"second", reason);
        1
    }

    #[unsafe(no_mangle)]
    pub extern "system" fn SecondNumber() -> u32 {
        // SAFETY: takes nothing.
        20 + unsafe { FirstNumber() }
    }
}
