//! The older thread pool: threadpoollegacyapiset.h, and the registered waits of winbase.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::null_mut;
    pub use core::sync::atomic::Ordering;
    pub use guests::callbacks::{LONG, Seen, event, wait};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub unsafe extern "system" fn on_item(seen: *mut c_void) -> u32 {
        unsafe { Seen::note(seen) };
        0
    }

    pub unsafe extern "system" fn on_old(seen: *mut c_void, timed_out: bool) {
        unsafe { Seen::note(seen) }.result.store(1 + u32::from(timed_out), Ordering::SeqCst);
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        old(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn old(cases: &mut Cases) {
    case!(cases, "kernel32!QueueUserWorkItem", Success, "runs once, on another thread", {
        let seen = Seen::default();
        same!(unsafe { QueueUserWorkItem(Some(on_item), seen.pointer(), WT_EXECUTEDEFAULT) }, 1);
        holds!(seen.wait(1));
        holds!(seen.thread.load(Ordering::SeqCst) != unsafe { GetCurrentThreadId() });
    });
    case!(cases, "kernel32!RegisterWaitForSingleObject kernel32!UnregisterWaitEx", Success, "runs each time, until it is unregistered", {
        let (seen, event) = (Seen::default(), event(false, false));
        unsafe {
            let mut registered = null_mut();
            same!(RegisterWaitForSingleObject(&raw mut registered, event, Some(on_old), seen.pointer(), INFINITE, WT_EXECUTEDEFAULT), 1);
            for turn in 1..=3 {
                SetEvent(event);
                holds!(seen.wait(turn));
            }
            same!(seen.result.load(Ordering::SeqCst), 1);
            same!(UnregisterWaitEx(registered, INVALID_HANDLE_VALUE), 1);
            SetEvent(event);
            Sleep(10);
            same!(seen.calls(), 3);
            CloseHandle(event);
        }
    });
    case!(cases, "kernel32!RegisterWaitForSingleObject", Success, "once, and when the time is over", {
        let (seen, event) = (Seen::default(), event(false, false));
        unsafe {
            let mut registered = null_mut();
            RegisterWaitForSingleObject(&raw mut registered, event, Some(on_old), seen.pointer(), 5, WT_EXECUTEONLYONCE);
            holds!(seen.wait(1));
            Sleep(20);
            same!((seen.calls(), seen.result.load(Ordering::SeqCst)), (1, 2));
            same!(UnregisterWaitEx(registered, INVALID_HANDLE_VALUE), 1);
            CloseHandle(event);
        }
    });
    case!(cases, "kernel32!UnregisterWait kernel32!UnregisterWaitEx", Failure, "while its callback runs, and no wait", {
        let (seen, gate, event) = (Seen::default(), event(true, false), event(false, false));
        seen.gate.set(gate);
        unsafe {
            let mut registered = null_mut();
            RegisterWaitForSingleObject(&raw mut registered, event, Some(on_old), seen.pointer(), INFINITE, WT_EXECUTEDEFAULT);
            SetEvent(event);
            while seen.thread.load(Ordering::SeqCst) == 0 {
                Sleep(1);
            }
            clear_error();
            same!((UnregisterWait(registered), last_error()), (0, ERROR_IO_PENDING));
            SetEvent(gate);
            holds!(seen.wait(1));
            clear_error();
            same!((UnregisterWait(null_mut()), last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((UnregisterWaitEx(null_mut(), null_mut()), last_error()), (0, ERROR_INVALID_HANDLE));
            CloseHandle(event);
        }
    });
    case!(
        cases,
        "kernel32!CreateTimerQueue kernel32!CreateTimerQueueTimer kernel32!DeleteTimerQueueTimer kernel32!DeleteTimerQueueEx",
        Success,
        "one that runs once, and one that runs again and again",
        {
            let (once, often) = (Seen::default(), Seen::default());
            unsafe {
                let queue = CreateTimerQueue();
                holds!(!queue.is_null());
                let (mut first, mut second) = (null_mut(), null_mut());
                same!(CreateTimerQueueTimer(&raw mut first, queue, Some(on_old), once.pointer(), 5, 0, WT_EXECUTEDEFAULT), 1);
                same!(CreateTimerQueueTimer(&raw mut second, queue, Some(on_old), often.pointer(), 0, 5, WT_EXECUTEINTIMERTHREAD), 1);
                holds!(once.wait(1) && often.wait(4));
                same!((once.calls(), once.result.load(Ordering::SeqCst)), (1, 2));
                same!(DeleteTimerQueueTimer(queue, second, INVALID_HANDLE_VALUE), 1);
                let calls = often.calls();
                Sleep(20);
                same!(often.calls(), calls);
                same!(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE), 1);
            }
        }
    );
    case!(cases, "kernel32!ChangeTimerQueueTimer kernel32!DeleteTimerQueueTimer", Success, "in the default queue, and set anew", {
        let seen = Seen::default();
        unsafe {
            let mut timer = null_mut();
            CreateTimerQueueTimer(&raw mut timer, null_mut(), Some(on_old), seen.pointer(), 20_000, 0, WT_EXECUTEDEFAULT);
            same!(ChangeTimerQueueTimer(null_mut(), timer, 5, 0), 1);
            holds!(seen.wait(1));
            let done = event(true, false);
            DeleteTimerQueueTimer(null_mut(), timer, done);
            same!(wait(done, LONG), WAIT_OBJECT_0);
            CloseHandle(done);
        }
    });
    case!(cases, "kernel32!DeleteTimerQueueEx kernel32!DeleteTimerQueue", Failure, "no queue", {
        clear_error();
        same!((unsafe { DeleteTimerQueueEx(null_mut(), null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { DeleteTimerQueue(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}
