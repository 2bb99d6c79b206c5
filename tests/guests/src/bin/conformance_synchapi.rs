//! synchapi.h: events, mutexes, semaphores, timers and waits.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use guests::{Cases, case, clear_error, holds, last_error, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;
    pub use windows_sys::core::BOOL;

    /// Longer than anything here takes, so that a wait that does not end is a failed case.
    pub const LONG: u32 = 20_000;

    /// Milliseconds since the machine started, from the page that every process shares (`KUSER_SHARED_DATA.InterruptTime`).
    pub fn now() -> u64 {
        unsafe { (0x7FFE_0008 as *const u64).read_volatile() / 10_000 }
    }

    pub fn event(manual: bool, set: bool) -> HANDLE {
        unsafe { CreateEventW(null(), manual.into(), set.into(), null()) }
    }

    pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
        unsafe { WaitForSingleObject(handle, timeout) }
    }

    pub fn wait_many(handles: &[HANDLE], all: bool, timeout: u32) -> u32 {
        unsafe { WaitForMultipleObjects(handles.len() as u32, handles.as_ptr(), all.into(), timeout) }
    }

    pub fn launch(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void) -> HANDLE {
        unsafe { CreateThread(null(), 0, Some(routine), parameter, 0, null_mut()) }
    }

    /// Waits for a thread; answers its code.
    pub fn end(thread: HANDLE) -> u32 {
        let mut code = u32::MAX;
        unsafe {
            WaitForSingleObject(thread, LONG);
            GetExitCodeThread(thread, &raw mut code);
            CloseHandle(thread);
        }
        code
    }

    pub fn close(handles: &[HANDLE]) {
        for handle in handles {
            unsafe { CloseHandle(*handle) };
        }
    }

    /// Takes a mutex and ends without releasing it.
    pub unsafe extern "system" fn abandon(mutex: *mut c_void) -> u32 {
        wait(mutex, LONG)
    }

    /// Whether a mutex can be had at once.
    pub unsafe extern "system" fn try_it(mutex: *mut c_void) -> u32 {
        let found = wait(mutex, 0);
        if found == WAIT_OBJECT_0 {
            unsafe { ReleaseMutex(mutex) };
        }
        found
    }

    pub unsafe extern "system" fn release_it(mutex: *mut c_void) -> u32 {
        clear_error();
        if unsafe { ReleaseMutex(mutex) } == 0 { last_error() } else { 0 }
    }

    /// Two events and two counters: what a thread that waits for both does.
    pub struct Both(pub [HANDLE; 2]);

    pub unsafe extern "system" fn wait_both(both: *mut c_void) -> u32 {
        let both = unsafe { &*both.cast::<Both>() };
        wait_many(&both.0, true, LONG)
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        events(&mut cases);
        mutexes(&mut cases);
        semaphores(&mut cases);
        timers(&mut cases);
        waits(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn events(cases: &mut Cases) {
    case!(cases, "kernel32!CreateEventW kernel32!SetEvent kernel32!ResetEvent", Success, "one that is reset by hand, and one that is not", {
        let (manual, auto) = (event(true, false), event(false, true));
        same!(wait(manual, 0), WAIT_TIMEOUT);
        same!(unsafe { SetEvent(manual) }, 1);
        same!((wait(manual, 0), wait(manual, 0)), (WAIT_OBJECT_0, WAIT_OBJECT_0));
        same!(unsafe { ResetEvent(manual) }, 1);
        same!(wait(manual, 0), WAIT_TIMEOUT);
        same!((wait(auto, 0), wait(auto, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
        close(&[manual, auto]);
    });
    case!(cases, "kernel32!CreateEventA kernel32!CreateEventExW kernel32!CreateEventExA", Success, "in its other forms", {
        for event in unsafe {
            [
                CreateEventA(null(), 1, 1, null()),
                CreateEventExW(null(), null(), CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET, 0x1F_0003),
                CreateEventExA(null(), null(), CREATE_EVENT_INITIAL_SET, 0x1F_0003),
            ]
        } {
            same!(wait(event, 0), WAIT_OBJECT_0);
            close(&[event]);
        }
    });
    case!(cases, "kernel32!CreateEventExW kernel32!CreateEventExA", Failure, "unknown flags", wine = "Wine does not look at unknown flags", {
        clear_error();
        holds!(unsafe { CreateEventExW(null(), null(), 4, 0x1F_0003) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        holds!(unsafe { CreateEventExA(null(), null(), 4, 0x1F_0003) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!SetEvent kernel32!ResetEvent kernel32!PulseEvent", Failure, "no handle, another kind, no right", {
        let semaphore = unsafe { CreateSemaphoreW(null(), 0, 1, null()) };
        let weak = unsafe { CreateEventExW(null(), null(), 0, 0x10_0000) };
        for change in [SetEvent, ResetEvent] as [unsafe extern "system" fn(HANDLE) -> BOOL; 2] {
            clear_error();
            same!((unsafe { change(0x1234_5678 as HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { change(semaphore) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { change(weak) }, last_error()), (0, ERROR_ACCESS_DENIED));
        }
        clear_error();
        same!((unsafe { PulseEvent(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        close(&[semaphore, weak]);
    });
    case!(cases, "kernel32!PulseEvent", Success, "with nobody waiting, it ends reset", {
        let event = event(true, true);
        same!(unsafe { PulseEvent(event) }, 1);
        same!(wait(event, 0), WAIT_TIMEOUT);
        close(&[event]);
    });
    case!(cases, "kernel32!OpenEventW kernel32!OpenEventA", Failure, "a name that nobody gave", {
        clear_error();
        holds!(unsafe { OpenEventW(0x1F_0003, 0, wide("conformance nobody").as_ptr()) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
        clear_error();
        holds!(unsafe { OpenEventA(0x1F_0003, 0, c"conformance nobody".as_ptr().cast()) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
}

#[cfg(target_os = "windows")]
fn mutexes(cases: &mut Cases) {
    case!(cases, "kernel32!CreateMutexW kernel32!CreateMutexA kernel32!ReleaseMutex", Success, "its owner takes it again, others do not get it", {
        for mutex in unsafe { [CreateMutexW(null(), 1, null()), CreateMutexA(null(), 1, null()), CreateMutexExW(null(), null(), 1, 0x1F_0001)] } {
            same!(wait(mutex, 0), WAIT_OBJECT_0);
            same!(end(launch(try_it, mutex)), WAIT_TIMEOUT);
            same!(unsafe { ReleaseMutex(mutex) }, 1);
            same!(end(launch(try_it, mutex)), WAIT_TIMEOUT);
            same!(unsafe { ReleaseMutex(mutex) }, 1);
            same!(end(launch(try_it, mutex)), WAIT_OBJECT_0);
            close(&[mutex]);
        }
    });
    case!(cases, "kernel32!CreateMutexExW kernel32!CreateMutexExA", Success, "free at first", {
        for mutex in unsafe { [CreateMutexExW(null(), null(), 0, 0x1F_0001), CreateMutexExA(null(), null(), 0, 0x1F_0001)] } {
            same!(end(launch(try_it, mutex)), WAIT_OBJECT_0);
            close(&[mutex]);
        }
    });
    case!(cases, "kernel32!ReleaseMutex", Failure, "of a thread that does not own it, and of none", {
        let mutex = unsafe { CreateMutexW(null(), 0, null()) };
        clear_error();
        same!((unsafe { ReleaseMutex(mutex) }, last_error()), (0, ERROR_NOT_OWNER));
        same!(wait(mutex, 0), WAIT_OBJECT_0);
        same!(end(launch(release_it, mutex)), ERROR_NOT_OWNER);
        clear_error();
        same!((unsafe { ReleaseMutex(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        close(&[mutex]);
    });
    case!(cases, "kernel32!WaitForSingleObject", Success, "a mutex whose owner has ended is told of once", {
        let mutex = unsafe { CreateMutexW(null(), 0, null()) };
        same!(end(launch(abandon, mutex)), WAIT_OBJECT_0);
        same!(wait(mutex, LONG), WAIT_ABANDONED);
        same!(unsafe { ReleaseMutex(mutex) }, 1);
        same!(wait(mutex, LONG), WAIT_OBJECT_0);
        close(&[mutex]);
    });
    case!(cases, "kernel32!OpenMutexW kernel32!OpenMutexA", Failure, "a name that nobody gave", {
        clear_error();
        holds!(unsafe { OpenMutexW(0x1F_0001, 0, wide("conformance nobody").as_ptr()) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
}

#[cfg(target_os = "windows")]
fn semaphores(cases: &mut Cases) {
    case!(cases, "kernel32!CreateSemaphoreW kernel32!ReleaseSemaphore", Success, "counts down and up", {
        let semaphore = unsafe { CreateSemaphoreW(null(), 2, 3, null()) };
        same!([wait(semaphore, 0), wait(semaphore, 0), wait(semaphore, 0)], [WAIT_OBJECT_0, WAIT_OBJECT_0, WAIT_TIMEOUT]);
        let mut before = 9;
        same!(unsafe { ReleaseSemaphore(semaphore, 3, &raw mut before) }, 1);
        same!(before, 0);
        close(&[semaphore]);
    });
    case!(cases, "kernel32!CreateSemaphoreA kernel32!CreateSemaphoreExW kernel32!CreateSemaphoreExA", Success, "in its other forms", {
        for semaphore in unsafe {
            [
                CreateSemaphoreA(null(), 1, 1, null()),
                CreateSemaphoreExW(null(), 1, 1, null(), 0, 0x1F_0003),
                CreateSemaphoreExA(null(), 1, 1, null(), 0, 0x1F_0003),
            ]
        } {
            same!((wait(semaphore, 0), wait(semaphore, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
            close(&[semaphore]);
        }
    });
    case!(cases, "kernel32!CreateSemaphoreW kernel32!CreateSemaphoreA", Failure, "more than its most, or a most of none", {
        for (initial, most) in [(2, 1), (0, 0), (-1, 1)] {
            clear_error();
            holds!(unsafe { CreateSemaphoreW(null(), initial, most, null()) }.is_null());
            same!(last_error(), ERROR_INVALID_PARAMETER);
        }
        clear_error();
        holds!(unsafe { CreateSemaphoreA(null(), 2, 1, null()) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!ReleaseSemaphore", Failure, "above its most, and by nothing", wine = "Wine lets a semaphore be released by nothing", {
        let semaphore = unsafe { CreateSemaphoreW(null(), 1, 2, null()) };
        clear_error();
        same!((unsafe { ReleaseSemaphore(semaphore, 2, null_mut()) }, last_error()), (0, ERROR_TOO_MANY_POSTS));
        clear_error();
        same!((unsafe { ReleaseSemaphore(semaphore, 0, null_mut()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        same!((wait(semaphore, 0), wait(semaphore, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
        close(&[semaphore]);
    });
    case!(cases, "kernel32!OpenSemaphoreW", Failure, "a name that nobody gave", {
        clear_error();
        holds!(unsafe { OpenSemaphoreW(0x1F_0003, 0, wide("conformance nobody").as_ptr()) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
}

#[cfg(target_os = "windows")]
fn timers(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateWaitableTimerW kernel32!CreateWaitableTimerExW kernel32!SetWaitableTimer kernel32!CancelWaitableTimer",
        Success,
        "is signalled when its time has come, not before",
        {
            for timer in unsafe {
                [CreateWaitableTimerW(null(), 1, null()), CreateWaitableTimerExW(null(), null(), CREATE_WAITABLE_TIMER_MANUAL_RESET, 0x1F_0003)]
            } {
                holds!(!timer.is_null());
                same!(wait(timer, 0), WAIT_TIMEOUT);
                let (start, due) = (now(), -300_000_i64);
                same!(unsafe { SetWaitableTimer(timer, &raw const due, 0, None, null(), 0) }, 1);
                same!(wait(timer, LONG), WAIT_OBJECT_0);
                holds!(now() - start >= 15);
                same!(wait(timer, 0), WAIT_OBJECT_0);
                let far = -10_000_000_000_i64;
                same!(unsafe { SetWaitableTimer(timer, &raw const far, 0, None, null(), 0) }, 1);
                same!(wait(timer, 0), WAIT_TIMEOUT);
                same!(unsafe { CancelWaitableTimer(timer) }, 1);
                close(&[timer]);
            }
        }
    );
    case!(cases, "kernel32!SetWaitableTimer", Success, "one with a period is signalled again and again", {
        let timer = unsafe { CreateWaitableTimerW(null(), 0, null()) };
        let due = -10_000_i64;
        same!(unsafe { SetWaitableTimer(timer, &raw const due, 5, None, null(), 0) }, 1);
        same!([wait(timer, LONG), wait(timer, LONG), wait(timer, LONG)], [WAIT_OBJECT_0; 3]);
        close(&[timer]);
    });
    case!(cases, "kernel32!SetWaitableTimer kernel32!CancelWaitableTimer", Failure, "no timer", {
        let (event, due) = (event(true, false), 0_i64);
        clear_error();
        same!((unsafe { SetWaitableTimer(event, &raw const due, 0, None, null(), 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { CancelWaitableTimer(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        close(&[event]);
    });
}

#[cfg(target_os = "windows")]
fn waits(cases: &mut Cases) {
    case!(cases, "kernel32!WaitForSingleObject kernel32!WaitForSingleObjectEx", Failure, "no handle", {
        clear_error();
        same!((wait(0x1234_5678 as HANDLE, 0), last_error()), (WAIT_FAILED, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { WaitForSingleObjectEx(null_mut(), 0, 0) }, last_error()), (WAIT_FAILED, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!WaitForSingleObjectEx kernel32!WaitForMultipleObjectsEx", Success, "as without alerts", {
        let event = event(false, true);
        same!(unsafe { WaitForSingleObjectEx(event, 0, 1) }, WAIT_OBJECT_0);
        same!(unsafe { WaitForMultipleObjectsEx(1, &raw const event, 0, 1, 1) }, WAIT_TIMEOUT);
        close(&[event]);
    });
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "any: the first of those that are signalled, and it alone is taken", {
        let handles = [event(false, false), event(false, true), event(false, true)];
        same!(wait_many(&handles, false, LONG), WAIT_OBJECT_0 + 1);
        same!(wait_many(&handles, false, LONG), WAIT_OBJECT_0 + 2);
        same!(wait_many(&handles, false, 0), WAIT_TIMEOUT);
        close(&handles);
    });
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "all: none is taken before every one can be", {
        let handles = [event(false, true), event(false, false)];
        same!(wait_many(&handles, true, 0), WAIT_TIMEOUT);
        same!(wait(handles[0], 0), WAIT_OBJECT_0);
        let mut both = Both(handles);
        let thread = launch(wait_both, (&raw mut both).cast());
        unsafe { SetEvent(handles[0]) };
        // While the other one is missing, anybody else may have the first.
        same!(wait(handles[0], LONG), WAIT_OBJECT_0);
        unsafe { SetEvent(handles[1]) };
        same!(wait(thread, 0), WAIT_TIMEOUT);
        unsafe { SetEvent(handles[0]) };
        same!(end(thread), WAIT_OBJECT_0);
        same!((wait(handles[0], 0), wait(handles[1], 0)), (WAIT_TIMEOUT, WAIT_TIMEOUT));
        close(&handles);
    });
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "an abandoned mutex among others", {
        let handles = [event(false, false), unsafe { CreateMutexW(null(), 0, null()) }];
        same!(end(launch(abandon, handles[1])), WAIT_OBJECT_0);
        same!(wait_many(&handles, false, LONG), WAIT_ABANDONED_0 + 1);
        same!(unsafe { ReleaseMutex(handles[1]) }, 1);
        close(&handles);
    });
    case!(
        cases,
        "kernel32!WaitForMultipleObjects kernel32!WaitForMultipleObjectsEx",
        Failure,
        "none, too many, one twice, no handle",
        wine = "Wine lets one be waited for twice",
        {
            let event = event(true, true);
            clear_error();
            same!((wait_many(&[], false, 0), last_error()), (WAIT_FAILED, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((wait_many(&[event; 65], false, 0), last_error()), (WAIT_FAILED, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((wait_many(&[event, event], true, 0), last_error()), (WAIT_FAILED, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((unsafe { WaitForMultipleObjectsEx(2, [event, null_mut()].as_ptr(), 0, 0, 0) }, last_error()), (WAIT_FAILED, ERROR_INVALID_HANDLE));
            close(&[event]);
        }
    );
    case!(cases, "kernel32!SignalObjectAndWait", Success, "signals one, waits for the other", {
        let (first, second) = (event(false, false), event(false, true));
        same!(unsafe { SignalObjectAndWait(first, second, LONG, 0) }, WAIT_OBJECT_0);
        same!(wait(first, 0), WAIT_OBJECT_0);
        close(&[first, second]);
    });
    case!(cases, "kernel32!SignalObjectAndWait", Failure, "what cannot be signalled", {
        let event = event(false, true);
        clear_error();
        same!((unsafe { SignalObjectAndWait(GetCurrentThread(), event, 0, 0) }, last_error()), (WAIT_FAILED, ERROR_INVALID_HANDLE));
        close(&[event]);
    });
    case!(cases, "kernel32!Sleep", Total, "no less than asked for", {
        let start = now();
        unsafe { Sleep(30) };
        holds!(now() - start >= 15);
    });
    case!(cases, "kernel32!SleepEx", Total, "its time is over", {
        same!(unsafe { SleepEx(1, 1) }, 0);
    });
}
