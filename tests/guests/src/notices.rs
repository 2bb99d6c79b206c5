//! What the companion DLLs were told, for programs that load them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::{CloseHandle, HMODULE};
use windows_sys::Win32::System::LibraryLoader::LoadLibraryW;
use windows_sys::Win32::System::Threading::{CreateThread, GetExitCodeThread, INFINITE, WaitForSingleObject};

static LOCK: AtomicBool = AtomicBool::new(false);
static mut NOTES: Vec<String> = Vec::new();

fn locked<T>(work: impl FnOnce(&mut Vec<String>) -> T) -> T {
    while LOCK.swap(true, Ordering::Acquire) {
        core::hint::spin_loop();
    }
    // SAFETY: the flag keeps others out.
    let done = work(unsafe { (&raw mut NOTES).as_mut_unchecked() });
    LOCK.store(false, Ordering::Release);
    done
}

/// Notes what a DLL was told; answers the DLL's name. A program's export `note` calls this.
///
/// # Safety
/// The name ends in a NUL.
pub unsafe fn tell(dll: *const u8, reason: u32) -> String {
    // SAFETY: as the caller promises.
    let name: String = unsafe { core::ffi::CStr::from_ptr(dll.cast()) }.to_string_lossy().into_owned();
    let reason = ["detach", "attach", "thread attach", "thread detach"][reason as usize];
    push(format!("{name} {reason}"));
    name
}

/// Notes something among the notices.
pub fn push(what: String) {
    locked(|notes| notes.push(what));
}

/// The notices since the last time.
pub fn notes() -> String {
    locked(core::mem::take).join(", ")
}

/// Loads a DLL.
pub fn load(name: &str) -> HMODULE {
    // SAFETY: the name ends in a NUL.
    unsafe { LoadLibraryW(crate::wide(name).as_ptr()) }
}

/// Runs a thread to its end; answers its code.
#[expect(clippy::not_unsafe_ptr_arg_deref, reason = "the routine's own parameter")]
pub fn thread(routine: unsafe extern "system" fn(*mut core::ffi::c_void) -> u32, parameter: HMODULE) -> u32 {
    // SAFETY: the routine takes what it is given.
    unsafe {
        let thread = CreateThread(null(), 0, Some(routine), parameter, 0, null_mut());
        WaitForSingleObject(thread, INFINITE);
        let mut code = u32::MAX;
        GetExitCodeThread(thread, &raw mut code);
        CloseHandle(thread);
        code
    }
}
