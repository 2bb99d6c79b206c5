//! synchapi.h: events, mutexes, semaphores and timers that have a name; duplicated and compared handles.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ptr::{null, null_mut};
    pub use guests::{Cases, case, clear_error, holds, last_error, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    // windows-sys has neither.
    windows_link::link!("kernel32.dll" "system" fn OpenMutexA(access: u32, inherit: i32, name: *const u8) -> HANDLE);
    windows_link::link!("kernel32.dll" "system" fn OpenSemaphoreA(access: u32, inherit: i32, name: *const u8) -> HANDLE);

    pub const TIMER_ALL: u32 = 0x1F_0003;

    pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
        unsafe { WaitForSingleObject(handle, timeout) }
    }

    pub fn close(handles: &[HANDLE]) {
        for handle in handles {
            unsafe { CloseHandle(*handle) };
        }
    }

    /// A name that no other run of this test has.
    pub fn name(text: &str) -> alloc::vec::Vec<u16> {
        let mut name = alloc::string::String::from(text);
        name.push_str(&alloc::format!("-{}", unsafe { GetCurrentProcessId() }));
        wide(&name)
    }

    pub fn event(name: &[u16], set: bool) -> HANDLE {
        unsafe { CreateEventW(null(), 1, set.into(), name.as_ptr()) }
    }

    /// `GetLastError` after a call that failed; 0 where it did not.
    pub fn failed(handle: HANDLE) -> u32 {
        if handle.is_null() { last_error() } else { 0 }
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        names(&mut cases);
        directories(&mut cases);
        kinds(&mut cases);
        handles(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
extern crate alloc;

#[cfg(target_os = "windows")]
fn names(cases: &mut Cases) {
    case!(cases, "kernel32!CreateEventW kernel32!OpenEventW", Success, "two handles to one object, which keeps its first kind", {
        let text = name("Named");
        clear_error();
        let first = event(&text, false);
        same!(last_error(), 0);
        let second = unsafe { CreateEventW(null(), 0, 1, text.as_ptr()) };
        same!(last_error(), ERROR_ALREADY_EXISTS);
        let third = unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, text.as_ptr()) };
        holds!(!first.is_null() && !second.is_null() && !third.is_null() && first != second);
        same!(wait(second, 0), WAIT_TIMEOUT);
        unsafe { SetEvent(third) };
        same!((wait(first, 0), wait(first, 0)), (WAIT_OBJECT_0, WAIT_OBJECT_0));
        close(&[first, second, third]);
    });
    case!(cases, "kernel32!CreateMutexW kernel32!OpenMutexW", Success, "the owner's second handle holds it too", {
        let text = name("Named mutex");
        let first = unsafe { CreateMutexW(null(), 1, text.as_ptr()) };
        clear_error();
        let second = unsafe { CreateMutexW(null(), 1, text.as_ptr()) };
        same!(last_error(), ERROR_ALREADY_EXISTS);
        let third = unsafe { OpenMutexW(MUTEX_ALL_ACCESS, 0, text.as_ptr()) };
        same!(unsafe { ReleaseMutex(third) }, 1);
        clear_error();
        same!((unsafe { ReleaseMutex(second) }, last_error()), (0, ERROR_NOT_OWNER));
        close(&[first, second, third]);
    });
    case!(cases, "kernel32!CreateSemaphoreW kernel32!OpenSemaphoreW", Success, "one count", {
        let text = name("Named semaphore");
        let first = unsafe { CreateSemaphoreW(null(), 1, 5, text.as_ptr()) };
        let second = unsafe { CreateSemaphoreW(null(), 3, 9, text.as_ptr()) };
        same!(last_error(), ERROR_ALREADY_EXISTS);
        let third = unsafe { OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, 0, text.as_ptr()) };
        let mut before = 0;
        same!(unsafe { ReleaseSemaphore(third, 1, &raw mut before) }, 1);
        same!(before, 1);
        close(&[first, second, third]);
    });
    case!(cases, "kernel32!CreateWaitableTimerW kernel32!OpenWaitableTimerW", Success, "one time", {
        let text = name("Named timer");
        let first = unsafe { CreateWaitableTimerW(null(), 1, text.as_ptr()) };
        let second = unsafe { CreateWaitableTimerW(null(), 1, text.as_ptr()) };
        same!(last_error(), ERROR_ALREADY_EXISTS);
        let third = unsafe { OpenWaitableTimerW(TIMER_ALL, 0, text.as_ptr()) };
        let due = 0_i64;
        unsafe { SetWaitableTimer(third, &raw const due, 0, None, null(), 0) };
        same!(wait(first, 1_000), WAIT_OBJECT_0);
        close(&[first, second, third]);
    });
    case!(
        cases,
        "kernel32!CreateEventA kernel32!OpenEventA kernel32!CreateMutexA kernel32!OpenMutexA kernel32!CreateSemaphoreA kernel32!OpenSemaphoreA",
        Success,
        "by narrow names",
        {
            unsafe {
                let event = CreateEventA(null(), 1, 1, c"narrow event".as_ptr().cast());
                let other = OpenEventA(EVENT_ALL_ACCESS, 0, c"narrow event".as_ptr().cast());
                same!(wait(other, 0), WAIT_OBJECT_0);
                let mutex = CreateMutexA(null(), 0, c"narrow mutex".as_ptr().cast());
                let other_mutex = OpenMutexA(MUTEX_ALL_ACCESS, 0, c"narrow mutex".as_ptr().cast());
                holds!(!mutex.is_null() && !other_mutex.is_null());
                let semaphore = CreateSemaphoreA(null(), 1, 1, c"narrow semaphore".as_ptr().cast());
                let other_semaphore = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, 0, c"narrow semaphore".as_ptr().cast());
                same!(wait(other_semaphore, 0), WAIT_OBJECT_0);
                close(&[event, other, mutex, other_mutex, semaphore, other_semaphore]);
            }
        }
    );
    case!(cases, "kernel32!OpenEventW kernel32!OpenMutexW kernel32!OpenSemaphoreW kernel32!OpenWaitableTimerW", Failure, "names that nobody has", {
        let text = name("Nobody");
        unsafe {
            same!(failed(OpenEventW(EVENT_ALL_ACCESS, 0, text.as_ptr())), ERROR_FILE_NOT_FOUND);
            same!(failed(OpenMutexW(MUTEX_ALL_ACCESS, 0, text.as_ptr())), ERROR_FILE_NOT_FOUND);
            same!(failed(OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, 0, text.as_ptr())), ERROR_FILE_NOT_FOUND);
            same!(failed(OpenWaitableTimerW(TIMER_ALL, 0, text.as_ptr())), ERROR_FILE_NOT_FOUND);
        }
    });
    case!(cases, "kernel32!CloseHandle kernel32!OpenEventW", Success, "a name goes with the last handle, and can be given anew", {
        let text = name("Gone");
        for turn in 0..100 {
            let first = event(&text, turn % 2 == 0);
            same!(last_error(), 0);
            let second = event(&text, false);
            same!(wait(second, 0), if turn % 2 == 0 { WAIT_OBJECT_0 } else { WAIT_TIMEOUT });
            close(&[first]);
            let third = unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, text.as_ptr()) };
            holds!(!third.is_null());
            close(&[second, third]);
            same!(failed(unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, text.as_ptr()) }), ERROR_FILE_NOT_FOUND);
        }
    });
}

#[cfg(target_os = "windows")]
fn directories(cases: &mut Cases) {
    case!(cases, "kernel32!CreateEventW", Success, "Local is the default, Global is apart", {
        let plain = event(&wide("Place"), true);
        let local = unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, wide("Local\\Place").as_ptr()) };
        holds!(!local.is_null());
        same!(failed(unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, wide("Global\\Place").as_ptr()) }), ERROR_FILE_NOT_FOUND);
        let global = event(&wide("Global\\Place"), false);
        same!((wait(local, 0), wait(global, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
        close(&[plain, local, global]);
    });
    case!(cases, "kernel32!CreateEventW", Success, "the case of a name counts", {
        let small = event(&name("cased"), true);
        clear_error();
        let large = event(&name("CASED"), false);
        same!((last_error(), wait(large, 0)), (0, WAIT_TIMEOUT));
        close(&[small, large]);
    });
    case!(cases, "kernel32!CreateEventW kernel32!CreateMutexW", Failure, "backslashes in a name", {
        same!(failed(event(&wide("no\\directory"), false)), ERROR_PATH_NOT_FOUND);
        same!(failed(event(&wide("Local\\no\\directory"), false)), ERROR_PATH_NOT_FOUND);
        same!(failed(unsafe { CreateMutexW(null(), 0, wide("Global\\no\\directory").as_ptr()) }), ERROR_PATH_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateEventW", Success, "a name of 260 characters", {
        let mut long = [u16::from(b'x'); 261];
        long[260] = 0;
        let event = event(&long, true);
        holds!(!event.is_null());
        close(&[event]);
    });
    case!(cases, "kernel32!CreateEventA kernel32!CreateEventW", Success, "an empty name is none", {
        unsafe {
            let first = CreateEventW(null(), 1, 1, wide("").as_ptr());
            clear_error();
            let second = CreateEventW(null(), 1, 0, wide("").as_ptr());
            same!((last_error(), wait(second, 0)), (0, WAIT_TIMEOUT));
            close(&[first, second]);
        }
    });
}

#[cfg(target_os = "windows")]
fn kinds(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateMutexW kernel32!CreateSemaphoreW kernel32!CreateWaitableTimerW kernel32!OpenMutexW",
        Failure,
        "a name that another kind of object has",
        {
            let text = name("Kind");
            let event = event(&text, true);
            unsafe {
                same!(failed(CreateMutexW(null(), 0, text.as_ptr())), ERROR_INVALID_HANDLE);
                same!(failed(CreateSemaphoreW(null(), 0, 1, text.as_ptr())), ERROR_INVALID_HANDLE);
                same!(failed(CreateWaitableTimerW(null(), 0, text.as_ptr())), ERROR_INVALID_HANDLE);
                same!(failed(OpenMutexW(MUTEX_ALL_ACCESS, 0, text.as_ptr())), ERROR_INVALID_HANDLE);
            }
            close(&[event]);
        }
    );
    case!(cases, "kernel32!CreateEventW", Failure, "a name that another kind of object has", {
        let text = name("Other kind");
        let mutex = unsafe { CreateMutexW(null(), 0, text.as_ptr()) };
        same!(failed(event(&text, true)), ERROR_INVALID_HANDLE);
        close(&[mutex]);
    });
    case!(cases, "kernel32!OpenEventW", Success, "with the access asked for alone", {
        let text = name("Access");
        let event = event(&text, false);
        let waits = unsafe { OpenEventW(SYNCHRONIZATION, 0, text.as_ptr()) };
        clear_error();
        same!((unsafe { SetEvent(waits) }, last_error()), (0, ERROR_ACCESS_DENIED));
        same!(wait(waits, 0), WAIT_TIMEOUT);
        close(&[event, waits]);
    });
}

#[cfg(target_os = "windows")]
const SYNCHRONIZATION: u32 = 0x10_0000;

#[cfg(target_os = "windows")]
fn handles(cases: &mut Cases) {
    const ME: HANDLE = -1_isize as HANDLE;
    case!(cases, "kernel32!DuplicateHandle", Success, "with the same rights, and with fewer", {
        let event = unsafe { CreateEventW(null(), 1, 0, null()) };
        let (mut same_rights, mut fewer) = (null_mut(), null_mut());
        unsafe {
            same!(DuplicateHandle(ME, event, ME, &raw mut same_rights, 0, 0, DUPLICATE_SAME_ACCESS), 1);
            same!(DuplicateHandle(ME, event, ME, &raw mut fewer, SYNCHRONIZATION, 0, 0), 1);
            same!(SetEvent(same_rights), 1);
            same!(wait(fewer, 0), WAIT_OBJECT_0);
            clear_error();
            same!((ResetEvent(fewer), last_error()), (0, ERROR_ACCESS_DENIED));
        }
        close(&[event, same_rights, fewer]);
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "closes the source, and makes pseudo handles real", {
        unsafe {
            let event = CreateEventW(null(), 1, 1, null());
            let (mut moved, mut process, mut thread) = (null_mut(), null_mut(), null_mut());
            same!(DuplicateHandle(ME, event, ME, &raw mut moved, 0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE), 1);
            // The new handle may have the number of the old one.
            if moved != event {
                clear_error();
                same!((CloseHandle(event), last_error()), (0, ERROR_INVALID_HANDLE));
            }
            same!(wait(moved, 0), WAIT_OBJECT_0);
            same!(DuplicateHandle(ME, ME, ME, &raw mut process, 0, 0, DUPLICATE_SAME_ACCESS), 1);
            same!(GetProcessId(process), GetCurrentProcessId());
            same!(DuplicateHandle(ME, GetCurrentThread(), ME, &raw mut thread, 0, 0, DUPLICATE_SAME_ACCESS), 1);
            same!(GetThreadId(thread), GetCurrentThreadId());
            close(&[moved, process, thread]);
        }
    });
    case!(cases, "kernel32!DuplicateHandle", Failure, "no handle", {
        let mut target = null_mut();
        clear_error();
        same!(
            (unsafe { DuplicateHandle(ME, null_mut(), ME, &raw mut target, 0, 0, DUPLICATE_SAME_ACCESS) }, last_error()),
            (0, ERROR_INVALID_HANDLE)
        );
        clear_error();
        same!(
            (unsafe { DuplicateHandle(null_mut(), ME, ME, &raw mut target, 0, 0, DUPLICATE_SAME_ACCESS) }, last_error()),
            (0, ERROR_INVALID_HANDLE)
        );
    });
    case!(
        cases,
        "kernel32!SetHandleInformation kernel32!GetHandleInformation kernel32!CloseHandle",
        Success,
        "a handle that is protected from closing",
        {
            unsafe {
                let event = CreateEventW(null(), 1, 0, null());
                same!(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE), 1);
                let mut flags = 0;
                same!((GetHandleInformation(event, &raw mut flags), flags), (1, HANDLE_FLAG_PROTECT_FROM_CLOSE));
                same!(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0), 1);
                same!(CloseHandle(event), 1);
            }
        }
    );
    case!(cases, "kernel32!CompareObjectHandles", Success, "two handles to one object, and two objects", {
        unsafe {
            let (event, other) = (CreateEventW(null(), 1, 0, null()), CreateEventW(null(), 1, 0, null()));
            let mut second = null_mut();
            DuplicateHandle(ME, event, ME, &raw mut second, 0, 0, DUPLICATE_SAME_ACCESS);
            same!(CompareObjectHandles(event, second), 1);
            same!(CompareObjectHandles(event, other), 0);
            close(&[event, second, other]);
        }
    });
}
