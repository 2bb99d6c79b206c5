//! The thread pool: threadpoolapiset.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::Ordering;
    pub use guests::callbacks::{LONG, Seen, event, wait};
    pub use guests::{Cases, case, holds, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub unsafe extern "system" fn on_work(_instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void, _work: PTP_WORK) {
        unsafe { Seen::note(seen) };
    }

    pub unsafe extern "system" fn on_timer(_instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void, _timer: PTP_TIMER) {
        unsafe { Seen::note(seen) };
    }

    pub unsafe extern "system" fn on_wait(_instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void, _wait: PTP_WAIT, result: u32) {
        unsafe { Seen::note(seen) }.result.store(result, Ordering::SeqCst);
    }

    pub unsafe extern "system" fn on_simple(_instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void) {
        unsafe { Seen::note(seen) };
    }

    /// Asks for an event when it returns, and tells that it may take long.
    pub unsafe extern "system" fn on_return(instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void) {
        unsafe {
            let event = (*seen.cast::<Seen>()).told.get();
            SetEventWhenCallbackReturns(instance, event);
            let set = wait(event, 0) == WAIT_OBJECT_0;
            Seen::note(seen).result.store(set.into(), Ordering::SeqCst);
        }
    }

    pub unsafe extern "system" fn on_cancel(seen: *mut c_void, context: *mut c_void) {
        unsafe { (*seen.cast::<Seen>()).result.fetch_add(context as usize as u32, Ordering::SeqCst) };
    }

    /// `InitializeThreadpoolEnvironment`, which is a macro.
    pub fn environment() -> TP_CALLBACK_ENVIRON_V3 {
        let mut environment: TP_CALLBACK_ENVIRON_V3 = unsafe { core::mem::zeroed() };
        environment.Version = 3;
        environment.CallbackPriority = TP_CALLBACK_PRIORITY_NORMAL;
        environment.Size = size_of::<TP_CALLBACK_ENVIRON_V3>() as u32;
        environment
    }

    pub fn due(milliseconds: i64) -> FILETIME {
        let time = -10_000 * milliseconds;
        FILETIME { dwLowDateTime: time as u32, dwHighDateTime: (time >> 32) as u32 }
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        work(&mut cases);
        timers(&mut cases);
        waits(&mut cases);
        groups(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn work(cases: &mut Cases) {
    case!(cases, "kernel32!TrySubmitThreadpoolCallback", Success, "runs once, on another thread", {
        let seen = Seen::default();
        same!(unsafe { TrySubmitThreadpoolCallback(Some(on_simple), seen.pointer(), null()) }, 1);
        holds!(seen.wait(1));
        holds!(seen.thread.load(Ordering::SeqCst) != unsafe { GetCurrentThreadId() });
        unsafe { Sleep(5) };
        same!(seen.calls(), 1);
    });
    case!(
        cases,
        "kernel32!CreateThreadpoolWork kernel32!SubmitThreadpoolWork kernel32!WaitForThreadpoolWorkCallbacks",
        Success,
        "runs as often as it was submitted",
        {
            let seen = Seen::default();
            unsafe {
                let work = CreateThreadpoolWork(Some(on_work), seen.pointer(), null());
                holds!(work != 0);
                for _ in 0..100 {
                    SubmitThreadpoolWork(work);
                }
                WaitForThreadpoolWorkCallbacks(work, 0);
                same!(seen.calls(), 100);
                CloseThreadpoolWork(work);
            }
        }
    );
    case!(cases, "kernel32!WaitForThreadpoolWorkCallbacks kernel32!SetThreadpoolThreadMaximum", Success, "what has not begun can be cancelled", {
        let (seen, gate) = (Seen::default(), event(true, false));
        seen.gate.set(gate);
        unsafe {
            let pool = CreateThreadpool(null_mut());
            SetThreadpoolThreadMaximum(pool, 1);
            let mut environment = environment();
            environment.Pool = pool;
            let work = CreateThreadpoolWork(Some(on_work), seen.pointer(), &raw const environment);
            for _ in 0..10 {
                SubmitThreadpoolWork(work);
            }
            while seen.thread.load(Ordering::SeqCst) == 0 {
                Sleep(1);
            }
            let opener = CreateThreadpoolTimer(Some(on_open), gate, null());
            let time = due(20);
            SetThreadpoolTimer(opener, &raw const time, 0, 0);
            WaitForThreadpoolWorkCallbacks(work, 1);
            same!(seen.calls(), 1);
            CloseThreadpoolTimer(opener);
            CloseThreadpoolWork(work);
            CloseThreadpool(pool);
            CloseHandle(gate);
        }
    });
    case!(cases, "kernel32!SetThreadpoolThreadMinimum kernel32!CreateThreadpool", Success, "as many run at once", {
        let (seen, gate) = (Seen::default(), event(true, false));
        seen.gate.set(gate);
        unsafe {
            let pool = CreateThreadpool(null_mut());
            same!(SetThreadpoolThreadMinimum(pool, 4), 1);
            let mut environment = environment();
            environment.Pool = pool;
            let work = CreateThreadpoolWork(Some(on_work), seen.pointer(), &raw const environment);
            for _ in 0..4 {
                SubmitThreadpoolWork(work);
            }
            SetEvent(gate);
            WaitForThreadpoolWorkCallbacks(work, 0);
            same!(seen.calls(), 4);
            CloseThreadpoolWork(work);
            CloseThreadpool(pool);
            CloseHandle(gate);
        }
    });
    case!(cases, "kernel32!SetEventWhenCallbackReturns", Success, "is set after the callback, and not before", {
        let (seen, told) = (Seen::default(), event(true, false));
        seen.told.set(told);
        unsafe {
            TrySubmitThreadpoolCallback(Some(on_return), seen.pointer(), null());
            same!(wait(told, LONG), WAIT_OBJECT_0);
            same!((seen.calls(), seen.result.load(Ordering::SeqCst)), (1, 0));
            CloseHandle(told);
        }
    });
    case!(cases, "kernel32!CallbackMayRunLong", Success, "where there is room for other threads", {
        let seen = Seen::default();
        unsafe { TrySubmitThreadpoolCallback(Some(on_long), seen.pointer(), null()) };
        holds!(seen.wait(1));
        same!(seen.result.load(Ordering::SeqCst), 1);
    });
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn on_open(_instance: PTP_CALLBACK_INSTANCE, gate: *mut c_void, _timer: PTP_TIMER) {
    unsafe { SetEvent(gate) };
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn on_long(instance: PTP_CALLBACK_INSTANCE, seen: *mut c_void) {
    unsafe {
        (*seen.cast::<Seen>()).result.store(CallbackMayRunLong(instance) as u32, Ordering::SeqCst);
        Seen::note(seen);
    }
}

#[cfg(target_os = "windows")]
fn timers(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateThreadpoolTimer kernel32!SetThreadpoolTimer kernel32!IsThreadpoolTimerSet kernel32!WaitForThreadpoolTimerCallbacks",
        Success,
        "runs when it is due",
        {
            let seen = Seen::default();
            unsafe {
                let timer = CreateThreadpoolTimer(Some(on_timer), seen.pointer(), null());
                same!(IsThreadpoolTimerSet(timer), 0);
                let time = due(10);
                SetThreadpoolTimer(timer, &raw const time, 0, 0);
                holds!(seen.wait(1));
                WaitForThreadpoolTimerCallbacks(timer, 1);
                same!(seen.calls(), 1);
                CloseThreadpoolTimer(timer);
            }
        }
    );
    case!(cases, "kernel32!SetThreadpoolTimer kernel32!IsThreadpoolTimerSet", Success, "again and again, until it is stopped", {
        let seen = Seen::default();
        unsafe {
            let timer = CreateThreadpoolTimer(Some(on_timer), seen.pointer(), null());
            let time = due(0);
            SetThreadpoolTimer(timer, &raw const time, 5, 0);
            holds!(seen.wait(4));
            same!(IsThreadpoolTimerSet(timer), 1);
            SetThreadpoolTimer(timer, null(), 0, 0);
            WaitForThreadpoolTimerCallbacks(timer, 1);
            let calls = seen.calls();
            Sleep(30);
            same!((seen.calls(), IsThreadpoolTimerSet(timer)), (calls, 0));
            CloseThreadpoolTimer(timer);
        }
    });
    case!(cases, "kernel32!SetThreadpoolTimer", Success, "one that is stopped before it is due never runs", {
        let seen = Seen::default();
        unsafe {
            let timer = CreateThreadpoolTimer(Some(on_timer), seen.pointer(), null());
            let time = due(10_000);
            SetThreadpoolTimer(timer, &raw const time, 0, 0);
            CloseThreadpoolTimer(timer);
            Sleep(5);
            same!(seen.calls(), 0);
        }
    });
}

#[cfg(target_os = "windows")]
fn waits(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateThreadpoolWait kernel32!SetThreadpoolWait kernel32!WaitForThreadpoolWaitCallbacks",
        Success,
        "runs once when the object is signalled",
        {
            let (seen, event) = (Seen::default(), event(false, false));
            unsafe {
                let object = CreateThreadpoolWait(Some(on_wait), seen.pointer(), null());
                SetThreadpoolWait(object, event, null());
                Sleep(5);
                same!(seen.calls(), 0);
                SetEvent(event);
                holds!(seen.wait(1));
                WaitForThreadpoolWaitCallbacks(object, 0);
                same!((seen.calls(), seen.result.load(Ordering::SeqCst)), (1, WAIT_OBJECT_0));
                SetEvent(event);
                Sleep(10);
                same!((seen.calls(), wait(event, 0)), (1, WAIT_OBJECT_0));
                CloseThreadpoolWait(object);
                CloseHandle(event);
            }
        }
    );
    case!(cases, "kernel32!SetThreadpoolWait", Success, "runs when the time is over", {
        let (seen, event) = (Seen::default(), event(false, false));
        unsafe {
            let object = CreateThreadpoolWait(Some(on_wait), seen.pointer(), null());
            let time = due(5);
            SetThreadpoolWait(object, event, &raw const time);
            holds!(seen.wait(1));
            WaitForThreadpoolWaitCallbacks(object, 0);
            same!(seen.result.load(Ordering::SeqCst), WAIT_TIMEOUT);
            CloseThreadpoolWait(object);
            CloseHandle(event);
        }
    });
    case!(cases, "kernel32!SetThreadpoolWait", Success, "a hundred objects at once", {
        let seen = Seen::default();
        let events: [HANDLE; 100] = core::array::from_fn(|_| event(false, false));
        unsafe {
            let objects: [PTP_WAIT; 100] = core::array::from_fn(|_| CreateThreadpoolWait(Some(on_wait), seen.pointer(), null()));
            for (object, event) in objects.iter().zip(events) {
                SetThreadpoolWait(*object, event, null());
            }
            for event in events {
                SetEvent(event);
            }
            holds!(seen.wait(100));
            for (object, event) in objects.iter().zip(events) {
                WaitForThreadpoolWaitCallbacks(*object, 0);
                CloseThreadpoolWait(*object);
                CloseHandle(event);
            }
            same!(seen.calls(), 100);
        }
    });
}

#[cfg(target_os = "windows")]
fn groups(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateThreadpoolCleanupGroup kernel32!CloseThreadpoolCleanupGroupMembers kernel32!CloseThreadpoolCleanupGroup",
        Success,
        "waits for what its members run",
        {
            let seen = Seen::default();
            unsafe {
                let group = CreateThreadpoolCleanupGroup();
                holds!(group != 0);
                let mut environment = environment();
                environment.CleanupGroup = group;
                let work = CreateThreadpoolWork(Some(on_work), seen.pointer(), &raw const environment);
                let timer = CreateThreadpoolTimer(Some(on_timer), seen.pointer(), &raw const environment);
                let time = due(20_000);
                SetThreadpoolTimer(timer, &raw const time, 0, 0);
                for _ in 0..20 {
                    SubmitThreadpoolWork(work);
                }
                TrySubmitThreadpoolCallback(Some(on_simple), seen.pointer(), &raw const environment);
                CloseThreadpoolCleanupGroupMembers(group, 0, null_mut());
                same!(seen.calls(), 21);
                CloseThreadpoolCleanupGroup(group);
            }
        }
    );
    case!(cases, "kernel32!CloseThreadpoolCleanupGroupMembers", Success, "cancels what has not begun, and tells of it", {
        let (seen, blocked, gate) = (Seen::default(), Seen::default(), event(true, false));
        blocked.gate.set(gate);
        unsafe {
            let pool = CreateThreadpool(null_mut());
            SetThreadpoolThreadMaximum(pool, 1);
            let group = CreateThreadpoolCleanupGroup();
            let mut environment = environment();
            environment.Pool = pool;
            let blocker = CreateThreadpoolWork(Some(on_work), blocked.pointer(), &raw const environment);
            SubmitThreadpoolWork(blocker);
            environment.CleanupGroup = group;
            environment.CleanupGroupCancelCallback = Some(on_cancel);
            let work = CreateThreadpoolWork(Some(on_work), seen.pointer(), &raw const environment);
            SubmitThreadpoolWork(work);
            CloseThreadpoolCleanupGroupMembers(group, 1, 9 as *mut c_void);
            same!((seen.calls(), seen.result.load(Ordering::SeqCst)), (0, 9));
            SetEvent(gate);
            WaitForThreadpoolWorkCallbacks(blocker, 0);
            CloseThreadpoolWork(blocker);
            CloseThreadpoolCleanupGroup(group);
            CloseThreadpool(pool);
            CloseHandle(gate);
        }
    });
}
