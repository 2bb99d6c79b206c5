//! Asynchronous procedure calls: QueueUserAPC, alertable waits, routines of timers (processthreadsapi.h, synchapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicUsize, Ordering};
    pub use guests::{Cases, case, clear_error, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    /// Longer than anything here takes, so that a wait that does not end is a failed case.
    pub const LONG: u32 = 20_000;
    pub const THIS_THREAD: HANDLE = -2_isize as HANDLE;

    /// What the calls did, in order: each appends a digit.
    pub static DONE: AtomicUsize = AtomicUsize::new(0);

    pub fn done() -> usize {
        DONE.swap(0, Ordering::SeqCst)
    }

    pub unsafe extern "system" fn note(digit: usize) {
        DONE.store(DONE.load(Ordering::SeqCst) * 10 + digit, Ordering::SeqCst);
    }

    /// Queues another to its own thread.
    pub unsafe extern "system" fn queue_more(digit: usize) {
        unsafe {
            note(digit);
            QueueUserAPC(Some(note), THIS_THREAD, digit + 1);
        }
    }

    /// Waits alertably inside of a call.
    pub unsafe extern "system" fn wait_inside(digit: usize) {
        unsafe {
            note(digit);
            note(if SleepEx(0, 1) == WAIT_IO_COMPLETION { 8 } else { 9 });
        }
    }

    pub fn queue(digit: usize) {
        unsafe { QueueUserAPC(Some(note), THIS_THREAD, digit) };
    }

    pub fn event(manual: bool, set: bool) -> HANDLE {
        unsafe { CreateEventW(null(), manual.into(), set.into(), null()) }
    }

    pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
        unsafe { WaitForSingleObject(handle, timeout) }
    }

    pub unsafe extern "system" fn timer_routine(argument: *const c_void, low: u32, high: u32) {
        unsafe { note(argument as usize) };
        let time = u64::from(high) << 32 | u64::from(low);
        // Between the years 2001 and 2200.
        if !(126_227_808_000_000_000..189_000_000_000_000_000).contains(&time) {
            unsafe { note(0) };
        }
    }

    /// Set by a thread once its routine runs: what is queued before runs before.
    pub static STARTED: AtomicUsize = AtomicUsize::new(0);

    pub fn started() {
        STARTED.store(1, Ordering::SeqCst);
    }

    /// Starts a thread, and comes back when its routine runs.
    pub fn launch_and_see(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void) -> HANDLE {
        STARTED.store(0, Ordering::SeqCst);
        let thread = launch(routine, parameter, 0);
        while STARTED.load(Ordering::SeqCst) == 0 {
            unsafe { SwitchToThread() };
        }
        thread
    }

    /// Waits alertably for an event that nobody sets.
    pub unsafe extern "system" fn wait_alertably(event: *mut c_void) -> u32 {
        started();
        unsafe { WaitForSingleObjectEx(event, LONG, 1) }
    }

    pub unsafe extern "system" fn sleep_alertably(_parameter: *mut c_void) -> u32 {
        started();
        unsafe { SleepEx(INFINITE, 1) }
    }

    pub unsafe extern "system" fn wait_both_alertably(events: *mut c_void) -> u32 {
        started();
        unsafe { WaitForMultipleObjectsEx(2, events.cast(), 1, LONG, 1) }
    }

    /// A wait that is not alertable, then one that is.
    pub unsafe extern "system" fn wait_twice(event: *mut c_void) -> u32 {
        started();
        unsafe { WaitForSingleObject(event, LONG) + 1000 * SleepEx(0, 1) }
    }

    pub unsafe extern "system" fn report(_parameter: *mut c_void) -> u32 {
        DONE.load(Ordering::SeqCst) as u32
    }

    pub fn launch(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void, flags: u32) -> HANDLE {
        unsafe { CreateThread(null(), 0, Some(routine), parameter, flags, null_mut()) }
    }

    pub fn end(thread: HANDLE) -> u32 {
        let mut code = u32::MAX;
        unsafe {
            WaitForSingleObject(thread, LONG);
            GetExitCodeThread(thread, &raw mut code);
            CloseHandle(thread);
        }
        code
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        own(&mut cases);
        others(&mut cases);
        timers(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn own(cases: &mut Cases) {
    case!(cases, "kernel32!QueueUserAPC kernel32!SleepEx", Success, "calls run in their order, in an alertable sleep alone", {
        for digit in 1..=3 {
            queue(digit);
        }
        unsafe { Sleep(0) };
        same!(unsafe { SleepEx(0, 0) }, 0);
        same!(DONE.load(Ordering::SeqCst), 0);
        same!(unsafe { SleepEx(INFINITE, 1) }, WAIT_IO_COMPLETION);
        same!(done(), 123);
        same!(unsafe { SleepEx(0, 1) }, 0);
    });
    case!(cases, "kernel32!QueueUserAPC", Success, "a call that a call queues runs in the same wait", {
        unsafe { QueueUserAPC(Some(queue_more), THIS_THREAD, 4) };
        same!(unsafe { SleepEx(LONG, 1) }, WAIT_IO_COMPLETION);
        same!(done(), 45);
    });
    case!(cases, "kernel32!QueueUserAPC", Success, "a call that waits runs the others inside", {
        unsafe { QueueUserAPC(Some(wait_inside), THIS_THREAD, 1) };
        queue(2);
        same!(unsafe { SleepEx(LONG, 1) }, WAIT_IO_COMPLETION);
        same!(done(), 128);
    });
    case!(cases, "kernel32!WaitForSingleObjectEx", Success, "an object that is signalled comes before the calls", {
        let set = event(true, true);
        queue(1);
        same!(unsafe { WaitForSingleObjectEx(set, LONG, 1) }, WAIT_OBJECT_0);
        same!(DONE.load(Ordering::SeqCst), 0);
        unsafe { ResetEvent(set) };
        same!(unsafe { WaitForSingleObjectEx(set, 0, 1) }, WAIT_IO_COMPLETION);
        same!(done(), 1);
        same!(unsafe { WaitForSingleObjectEx(set, 0, 1) }, WAIT_TIMEOUT);
        unsafe { CloseHandle(set) };
    });
    case!(cases, "kernel32!SignalObjectAndWait", Success, "ends for a call, after it has signalled", {
        let (first, second) = (event(true, false), event(true, false));
        queue(7);
        same!(unsafe { SignalObjectAndWait(first, second, LONG, 1) }, WAIT_IO_COMPLETION);
        same!((done(), wait(first, 0)), (7, WAIT_OBJECT_0));
        unsafe { CloseHandle(first) };
        unsafe { CloseHandle(second) };
    });
    case!(cases, "kernel32!QueueUserAPC", Failure, "a bad handle, and one of another kind", {
        clear_error();
        same!((unsafe { QueueUserAPC(Some(note), null_mut(), 1) }, last_error()), (0, ERROR_INVALID_HANDLE));
        let event = event(true, false);
        clear_error();
        same!((unsafe { QueueUserAPC(Some(note), event, 1) }, last_error()), (0, ERROR_INVALID_HANDLE));
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!QueueUserAPC", Failure, "a thread that has ended", {
        let thread = launch(report, null_mut(), 0);
        wait(thread, LONG);
        clear_error();
        same!((unsafe { QueueUserAPC(Some(note), thread, 1) }, last_error()), (0, ERROR_GEN_FAILURE));
        end(thread);
    });
}

#[cfg(target_os = "windows")]
fn others(cases: &mut Cases) {
    case!(cases, "kernel32!QueueUserAPC kernel32!WaitForSingleObjectEx", Success, "ends another thread's wait", {
        let event = event(true, false);
        let thread = launch_and_see(wait_alertably, event);
        same!(unsafe { QueueUserAPC(Some(note), thread, 3) }, 1);
        same!((end(thread), done()), (WAIT_IO_COMPLETION, 3));
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!SleepEx", Success, "ends another thread's sleep without an end", {
        let thread = launch_and_see(sleep_alertably, null_mut());
        same!(wait(thread, 30), WAIT_TIMEOUT);
        same!(unsafe { QueueUserAPC(Some(note), thread, 5) }, 1);
        same!((end(thread), done()), (WAIT_IO_COMPLETION, 5));
    });
    case!(cases, "kernel32!WaitForMultipleObjectsEx", Success, "ends a wait for all, and takes nothing", {
        let events = [event(false, true), event(false, false)];
        let thread = launch_and_see(wait_both_alertably, events.as_ptr().cast_mut().cast());
        same!(wait(thread, 30), WAIT_TIMEOUT);
        unsafe { QueueUserAPC(Some(note), thread, 6) };
        same!((end(thread), done()), (WAIT_IO_COMPLETION, 6));
        same!(wait(events[0], 0), WAIT_OBJECT_0);
        unsafe { (CloseHandle(events[0]), CloseHandle(events[1])) };
    });
    case!(cases, "kernel32!QueueUserAPC", Success, "a wait that is not alertable goes on", {
        let event = event(true, false);
        let thread = launch_and_see(wait_twice, event);
        unsafe { QueueUserAPC(Some(note), thread, 2) };
        same!(wait(thread, 30), WAIT_TIMEOUT);
        unsafe { SetEvent(event) };
        same!((end(thread), done()), (1000 * WAIT_IO_COMPLETION, 2));
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!QueueUserAPC", Success, "what is queued before a thread starts runs before its routine", {
        let thread = launch(report, null_mut(), CREATE_SUSPENDED);
        unsafe {
            QueueUserAPC(Some(note), thread, 4);
            ResumeThread(thread);
        }
        same!(end(thread), 4);
        done();
    });
}

#[cfg(target_os = "windows")]
fn timers(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!SetWaitableTimer",
        Success,
        "its routine runs in an alertable wait of the thread that set it",
        wine = "the time that it passes to the routine is not one of the calendar",
        {
            unsafe {
                let timer = CreateWaitableTimerW(null(), 1, null());
                let due = -100_000_i64;
                same!(SetWaitableTimer(timer, &raw const due, 0, Some(timer_routine), 6 as *const c_void, 0), 1);
                same!(SleepEx(LONG, 1), WAIT_IO_COMPLETION);
                same!((done(), wait(timer, 0)), (6, WAIT_OBJECT_0));
                CloseHandle(timer);
            }
        }
    );
    case!(
        cases,
        "kernel32!SetWaitableTimer",
        Success,
        "a periodic one runs again and again, and one call is queued at most",
        wine = "the time that it passes to the routine is not one of the calendar",
        {
            unsafe {
                let timer = CreateWaitableTimerW(null(), 0, null());
                let due = -10_000_i64;
                SetWaitableTimer(timer, &raw const due, 10, Some(timer_routine), core::ptr::without_provenance(1), 0);
                Sleep(60);
                same!(SleepEx(LONG, 1), WAIT_IO_COMPLETION);
                same!(done(), 1);
                same!((SleepEx(LONG, 1), done()), (WAIT_IO_COMPLETION, 1));
                same!(CancelWaitableTimer(timer), 1);
                same!((SleepEx(50, 1), done()), (0, 0));
                CloseHandle(timer);
            }
        }
    );
    case!(cases, "kernel32!CancelWaitableTimer", Success, "takes back a call that is queued", wine = "at times the call stays queued", {
        unsafe {
            let timer = CreateWaitableTimerW(null(), 1, null());
            let due = -10_000_i64;
            SetWaitableTimer(timer, &raw const due, 0, Some(timer_routine), core::ptr::without_provenance(1), 0);
            same!(wait(timer, LONG), WAIT_OBJECT_0);
            CancelWaitableTimer(timer);
            same!((SleepEx(0, 1), done()), (0, 0));
            CloseHandle(timer);
        }
    });
    case!(
        cases,
        "kernel32!SetWaitableTimerEx",
        Success,
        "with a routine",
        wine = "the time that it passes to the routine is not one of the calendar",
        {
            unsafe {
                let timer = CreateWaitableTimerW(null(), 1, null());
                let due = -10_000_i64;
                same!(SetWaitableTimerEx(timer, &raw const due, 0, Some(timer_routine), 2 as *const c_void, null(), 0), 1);
                same!((WaitForSingleObjectEx(timer, LONG, 1) == WAIT_TIMEOUT, SleepEx(LONG, 1)), (false, WAIT_IO_COMPLETION));
                same!(done(), 2);
                CloseHandle(timer);
            }
        }
    );
}
