//! libloaderapi.h: what DLLs are told of threads.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

guests::export!("note", 8);

use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use guests::notices::{load, notes, push, tell, thread};
use guests::{Cases, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::LibraryLoader::*;
use windows_sys::Win32::System::Threading::*;

/// What the DLLs call with their names and reasons.
///
/// # Safety
/// The name ends in a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn note(dll: *const u8, reason: u32) {
    unsafe { tell(dll, reason) };
}

unsafe extern "system" fn swap_twice(first: *mut core::ffi::c_void) -> u32 {
    let swap = unsafe { GetProcAddress(first, c"SwapThreadNumber".as_ptr().cast()) }.expect("it is exported");
    let swap: unsafe extern "system" fn(u32) -> u32 = unsafe { core::mem::transmute(swap) };
    if unsafe { swap(7) } != 0x1234_5678 {
        return 1;
    }
    u32::from(unsafe { swap(8) } != 7)
}

unsafe extern "system" fn nothing(_parameter: *mut core::ffi::c_void) -> u32 {
    0
}

windows_link::link!("kernel32.dll" "system" fn FlsAlloc(callback: Option<unsafe extern "system" fn(*const core::ffi::c_void)>) -> u32);
windows_link::link!("kernel32.dll" "system" fn FlsSetValue(slot: u32, value: *const core::ffi::c_void) -> i32);
windows_link::link!("kernel32.dll" "system" fn FlsFree(slot: u32) -> i32);

/// Notes the end of a fiber's value among the DLLs' notices.
unsafe extern "system" fn value_ends(_value: *const core::ffi::c_void) {
    push("value ends".into());
}

/// Keeps a value in the slot, and ends.
unsafe extern "system" fn keep_value(slot: *mut core::ffi::c_void) -> u32 {
    unsafe { FlsSetValue(slot as usize as u32, 7 as *const core::ffi::c_void) };
    0
}

/// Ends in the middle.
unsafe extern "system" fn exits(_parameter: *mut core::ffi::c_void) -> u32 {
    unsafe { ExitThread(3) }
}

/// Set by a thread whose routine runs.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Starts a thread that waits for an event; comes back when its routine runs.
fn launch(event: HANDLE) -> HANDLE {
    BEGUN.store(false, Ordering::SeqCst);
    let thread = unsafe { CreateThread(null(), 0, Some(waits), event, 0, null_mut()) };
    while !BEGUN.load(Ordering::SeqCst) {
        unsafe { Sleep(1) };
    }
    thread
}

/// Waits for an event, and ends.
unsafe extern "system" fn waits(event: *mut core::ffi::c_void) -> u32 {
    BEGUN.store(true, Ordering::SeqCst);
    unsafe { WaitForSingleObject(event, INFINITE) };
    0
}

unsafe extern "system" fn free_and_exit(module: *mut core::ffi::c_void) -> u32 {
    unsafe { FreeLibraryAndExitThread(module, 5) }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        notices(&mut cases);
        cases.code()
    }
}

fn notices(cases: &mut Cases) {
    case!(cases, "kernel32!LoadLibraryW", Success, "threads are told of in order, and have their own storage", {
        let first = load("companion_first");
        notes();
        same!(thread(swap_twice, first), 0);
        same!(
            notes(),
            "second thread attach, callback thread attach, first thread attach, callback thread detach, first thread detach, second thread detach"
        );
        same!(thread(swap_twice, first), 0);
        notes();
        same!(unsafe { FreeLibrary(first) }, 1);
        notes();
    });
    case!(cases, "kernel32!DisableThreadLibraryCalls", Success, "a DLL without storage is not told any more", {
        let second = load("companion_second");
        same!(unsafe { DisableThreadLibraryCalls(second) }, 1);
        notes();
        same!(thread(nothing, null_mut()), 0);
        same!(notes(), "callback thread attach, first thread attach, callback thread detach, first thread detach");
        same!(unsafe { FreeLibrary(second) }, 1);
        notes();
    });
    case!(cases, "kernel32!LoadLibraryW", Success, "a thread that was there before is told of at its end alone", {
        unsafe {
            let event = CreateEventW(null(), 1, 0, null());
            let early = launch(event);
            let first = load("companion_first");
            same!(notes(), "second attach, callback attach, first attach");
            SetEvent(event);
            WaitForSingleObject(early, INFINITE);
            same!(notes(), "callback thread detach, first thread detach, second thread detach");
            same!(FreeLibrary(first), 1);
            CloseHandle(early);
            CloseHandle(event);
        }
        notes();
    });
    case!(cases, "kernel32!ExitThread", Success, "DLLs are told of an end in the middle", {
        let first = load("companion_first");
        notes();
        same!(thread(exits, null_mut()), 3);
        same!(
            notes(),
            "second thread attach, callback thread attach, first thread attach, callback thread detach, first thread detach, second thread detach"
        );
        same!(unsafe { FreeLibrary(first) }, 1);
        notes();
    });
    case!(cases, "kernel32!TerminateThread", Success, "DLLs are told nothing", {
        unsafe {
            let first = load("companion_first");
            let event = CreateEventW(null(), 1, 0, null());
            let thread = launch(event);
            notes();
            same!(TerminateThread(thread, 4), 1);
            WaitForSingleObject(thread, INFINITE);
            same!(notes(), "");
            same!(FreeLibrary(first), 1);
            CloseHandle(thread);
            CloseHandle(event);
        }
        notes();
    });
    case!(cases, "kernel32!FlsAlloc", Success, "a thread's values end before DLLs are told of its end", {
        let first = load("companion_first");
        let slot = unsafe { FlsAlloc(Some(value_ends)) };
        notes();
        same!(thread(keep_value, slot as usize as HMODULE), 0);
        same!(
            notes(),
            "second thread attach, callback thread attach, first thread attach, value ends, callback thread detach, first thread detach, second thread detach"
        );
        unsafe {
            FlsFree(slot);
            same!(FreeLibrary(first), 1);
        }
        notes();
    });
    case!(cases, "kernel32!DisableThreadLibraryCalls", Failure, "no module", {
        clear_error();
        same!(unsafe { DisableThreadLibraryCalls(0x12_0000 as HMODULE) }, 0);
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!FreeLibraryAndExitThread", Total, "a thread lets go of a DLL and ends", {
        let second = load("companion_second");
        same!(thread(free_and_exit, second), 5);
        holds!(unsafe { GetModuleHandleW(wide("companion_second").as_ptr()) }.is_null());
        notes();
    });
}
