//! synchapi.h: waits for objects that have a name, which other processes may have too, together with objects that have none.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use guests::{Cases, case, clear_error, holds, last_error, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
        // SAFETY: takes a handle.
        unsafe { WaitForSingleObject(handle, timeout) }
    }

    pub fn wait_for<const N: usize>(handles: [HANDLE; N], all: bool, timeout: u32) -> u32 {
        // SAFETY: reads that many handles.
        unsafe { WaitForMultipleObjects(N as u32, handles.as_ptr(), all.into(), timeout) }
    }

    pub fn close(handles: &[HANDLE]) {
        for handle in handles {
            // SAFETY: takes a handle.
            unsafe { CloseHandle(*handle) };
        }
    }

    /// A name that no other run of this test has.
    pub fn name(text: &str) -> alloc::vec::Vec<u16> {
        // SAFETY: takes nothing.
        wide(&alloc::format!("{text}-{}", unsafe { GetCurrentProcessId() }))
    }

    /// An event that is reset by the wait that it ends; with a name where one is given.
    pub fn event(text: &str) -> HANDLE {
        let name = name(text);
        // SAFETY: reads the name.
        unsafe { CreateEventW(null(), 0, 0, if text.is_empty() { null() } else { name.as_ptr() }) }
    }

    /// A thread that runs a routine with a parameter; its exit code is the routine's.
    pub fn thread(routine: LPTHREAD_START_ROUTINE, parameter: *const c_void) -> HANDLE {
        // SAFETY: the routine gets what it wants.
        unsafe { CreateThread(null(), 0, routine, parameter, 0, null_mut()) }
    }

    pub fn exit_code(thread: HANDLE) -> u32 {
        let mut code = 0;
        same_or_stop(wait(thread, 10_000) == WAIT_OBJECT_0);
        // SAFETY: writes the code.
        unsafe { GetExitCodeThread(thread, &raw mut code) };
        code
    }

    fn same_or_stop(ended: bool) {
        if !ended {
            guests::print("a thread does not end\n");
            guests::exit(99);
        }
    }

    /// What a thread is to wait for: handles, whether all of them; and what it says before.
    #[repr(C)]
    pub struct Wait {
        pub handles: [HANDLE; 3],
        pub count: u32,
        pub all: bool,
        pub ready: HANDLE,
    }

    pub unsafe extern "system" fn waits(parameter: *mut c_void) -> u32 {
        // SAFETY: the parameter outlives the thread.
        let this = unsafe { &*parameter.cast::<Wait>() };
        // SAFETY: takes handles.
        unsafe {
            SetEvent(this.ready);
            WaitForMultipleObjects(this.count, this.handles.as_ptr(), this.all.into(), 10_000)
        }
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        any(&mut cases);
        all(&mut cases);
        owners(&mut cases);
        contention(&mut cases);
        others(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn any(cases: &mut Cases) {
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "the first of those that are signalled, with a name or without", {
        let (own, shared, other) = (event(""), event("any shared"), event("any other"));
        for order in [[own, shared, other], [shared, own, other], [shared, other, own]] {
            same!(wait_for(order, false, 0), WAIT_TIMEOUT);
            for (place, handle) in order.iter().enumerate() {
                unsafe { SetEvent(*handle) };
                same!(wait_for(order, false, 0), WAIT_OBJECT_0 + place as u32);
            }
            unsafe { (SetEvent(order[1]), SetEvent(order[2])) };
            same!((wait_for(order, false, 0), wait_for(order, false, 0)), (WAIT_OBJECT_0 + 1, WAIT_OBJECT_0 + 2));
            unsafe { (SetEvent(order[0]), SetEvent(order[1]), SetEvent(order[2])) };
            same!((wait_for(order, false, 0), wait(order[0], 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
            same!((wait_for(order, false, 0), wait_for(order, false, 0)), (WAIT_OBJECT_0 + 1, WAIT_OBJECT_0 + 2));
        }
        close(&[own, shared, other]);
    });
    case!(cases, "kernel32!WaitForMultipleObjects kernel32!SetEvent", Success, "a thread that sleeps is given one of them, and no other is taken", {
        let (own, shared, ready) = (event(""), event("sleep shared"), event(""));
        for turn in 0..200 {
            let parameter = Wait { handles: [own, shared, null_mut()], count: 2, all: false, ready };
            let sleeper = thread(Some(waits), (&raw const parameter).cast());
            same!(wait(ready, 10_000), WAIT_OBJECT_0);
            // Both at once, by two parties: the thread is given one, the other stays.
            let (first, second) = if turn % 2 == 0 { (own, shared) } else { (shared, own) };
            unsafe { (SetEvent(first), SetEvent(second)) };
            let given = exit_code(sleeper) - WAIT_OBJECT_0;
            holds!(given < 2);
            let (taken, left) = if given == 0 { (own, shared) } else { (shared, own) };
            same!((wait(taken, 0), wait(left, 0)), (WAIT_TIMEOUT, WAIT_OBJECT_0));
            close(&[sleeper]);
        }
        close(&[own, shared, ready]);
    });
    case!(cases, "kernel32!WaitForMultipleObjects kernel32!WaitForSingleObject", Failure, "nothing comes in time", {
        let (own, shared) = (event(""), event("late"));
        same!((wait(shared, 20), wait_for([own, shared], false, 20), wait_for([own, shared], true, 20)), (WAIT_TIMEOUT, WAIT_TIMEOUT, WAIT_TIMEOUT));
        unsafe { SetEvent(shared) };
        same!((wait(shared, 0), wait(shared, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
        close(&[own, shared]);
    });
}

#[cfg(target_os = "windows")]
fn all(cases: &mut Cases) {
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "all of them, or none is taken", {
        let (own, shared, other) = (event(""), event("all shared"), event("all other"));
        let order = [own, shared, other];
        for missing in 0..3 {
            for (place, handle) in order.iter().enumerate() {
                if place != missing {
                    unsafe { SetEvent(*handle) };
                }
            }
            same!((wait_for(order, true, 0), wait_for(order, true, 5)), (WAIT_TIMEOUT, WAIT_TIMEOUT));
            unsafe { SetEvent(order[missing]) };
            same!(wait_for(order, true, 0), WAIT_OBJECT_0);
            same!(wait_for(order, false, 0), WAIT_TIMEOUT);
        }
        close(&order);
    });
    case!(cases, "kernel32!WaitForMultipleObjects kernel32!SetEvent", Success, "a thread that sleeps for all, whichever comes last", {
        let (own, shared, other, ready) = (event(""), event("last shared"), event("last other"), event(""));
        for order in [[own, shared, other], [shared, other, own], [other, own, shared]] {
            for handles in [[own, shared, other], [shared, own, other]] {
                let parameter = Wait { handles, count: 3, all: true, ready };
                let sleeper = thread(Some(waits), (&raw const parameter).cast());
                same!(wait(ready, 10_000), WAIT_OBJECT_0);
                unsafe { (SetEvent(order[0]), SetEvent(order[1])) };
                // It takes none of them before the last one.
                same!(wait(sleeper, 5), WAIT_TIMEOUT);
                unsafe { SetEvent(order[2]) };
                same!(exit_code(sleeper), WAIT_OBJECT_0);
                same!(wait_for(handles, false, 0), WAIT_TIMEOUT);
                close(&[sleeper]);
            }
        }
        close(&[own, shared, other, ready]);
    });
    case!(cases, "kernel32!WaitForMultipleObjects", Failure, "one object twice among all", wine = "Wine lets one be waited for twice", {
        let shared = event("twice");
        clear_error();
        same!((wait_for([shared, shared], true, 0), last_error()), (WAIT_FAILED, ERROR_INVALID_PARAMETER));
        close(&[shared]);
    });
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn takes_and_ends(parameter: *mut c_void) -> u32 {
    wait(parameter.cast(), 10_000)
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn tries(parameter: *mut c_void) -> u32 {
    let mutex = parameter.cast();
    clear_error();
    // SAFETY: takes a handle.
    let refused = unsafe { ReleaseMutex(mutex) } == 0 && last_error() == ERROR_NOT_OWNER;
    if refused { wait(mutex, 0) } else { 77 }
}

#[cfg(target_os = "windows")]
fn owners(cases: &mut Cases) {
    case!(cases, "kernel32!CreateMutexW kernel32!ReleaseMutex", Success, "its owner takes it again and again, and nobody else", {
        let text = name("owned");
        let mutex = unsafe { CreateMutexW(null(), 1, text.as_ptr()) };
        let own = event("");
        same!((wait(mutex, 0), wait_for([own, mutex], false, 0)), (WAIT_OBJECT_0, WAIT_OBJECT_0 + 1));
        let other = thread(Some(tries), mutex.cast());
        same!(exit_code(other), WAIT_TIMEOUT);
        for _ in 0..3 {
            same!(unsafe { ReleaseMutex(mutex) }, 1);
        }
        clear_error();
        same!((unsafe { ReleaseMutex(mutex) }, last_error()), (0, ERROR_NOT_OWNER));
        let next = thread(Some(takes_and_ends), mutex.cast());
        same!(exit_code(next), WAIT_OBJECT_0);
        close(&[mutex, own, other, next]);
    });
    case!(cases, "kernel32!WaitForMultipleObjects kernel32!WaitForSingleObject", Success, "an owner that ended without releasing it", {
        let text = name("abandoned");
        let mutex = unsafe { CreateMutexW(null(), 0, text.as_ptr()) };
        let own = event("");
        let owner = thread(Some(takes_and_ends), mutex.cast());
        same!(exit_code(owner), WAIT_OBJECT_0);
        same!(wait_for([own, mutex], false, 0), WAIT_ABANDONED_0 + 1);
        unsafe { ReleaseMutex(mutex) };
        same!(wait(mutex, 0), WAIT_OBJECT_0);
        unsafe { ReleaseMutex(mutex) };
        let again = thread(Some(takes_and_ends), mutex.cast());
        same!(exit_code(again), WAIT_OBJECT_0);
        unsafe { SetEvent(own) };
        // Which of them was abandoned is not promised in a wait for all.
        holds!(matches!(wait_for([own, mutex], true, 1_000), WAIT_ABANDONED_0..=0x81));
        unsafe { ReleaseMutex(mutex) };
        close(&[mutex, own, owner, again]);
    });
}

/// Takes a mutex again and again, and ends as its owner in the end.
#[cfg(target_os = "windows")]
unsafe extern "system" fn contends(parameter: *mut c_void) -> u32 {
    let mutex = parameter.cast();
    for _ in 0..300 {
        if !matches!(wait(mutex, 10_000), WAIT_OBJECT_0 | WAIT_ABANDONED_0) {
            return 1;
        }
        // SAFETY: takes a handle.
        if unsafe { ReleaseMutex(mutex) } == 0 {
            return 2;
        }
    }
    if matches!(wait(mutex, 10_000), WAIT_OBJECT_0 | WAIT_ABANDONED_0) { 0 } else { 3 }
}

/// Takes a mutex by a handle of its own, closes that, and ends.
#[cfg(target_os = "windows")]
unsafe extern "system" fn closes_and_ends(parameter: *mut c_void) -> u32 {
    // SAFETY: the name outlives the thread.
    let mutex = unsafe { OpenMutexW(MUTEX_ALL_ACCESS, 0, parameter.cast()) };
    let answer = wait(mutex, 10_000);
    close(&[mutex]);
    answer
}

#[cfg(target_os = "windows")]
fn contention(cases: &mut Cases) {
    case!(cases, "kernel32!WaitForSingleObject kernel32!ReleaseMutex", Success, "many threads want it, and each ends as its owner", {
        let text = name("contended");
        let mutex = unsafe { CreateMutexW(null(), 0, text.as_ptr()) };
        let threads: [HANDLE; 6] = core::array::from_fn(|_| thread(Some(contends), mutex.cast()));
        for thread in threads {
            same!(exit_code(thread), 0);
        }
        same!(wait(mutex, 0), WAIT_ABANDONED_0);
        same!((unsafe { ReleaseMutex(mutex) }, wait(mutex, 0)), (1, WAIT_OBJECT_0));
        unsafe { ReleaseMutex(mutex) };
        close(&threads);
        close(&[mutex]);
    });
    case!(cases, "kernel32!CloseHandle kernel32!ReleaseMutex", Success, "an owner closes its handle, and opens it again", {
        let text = name("reopened");
        let kept = unsafe { CreateMutexW(null(), 0, text.as_ptr()) };
        let owner = thread(Some(closes_and_ends), text.as_ptr().cast());
        same!(exit_code(owner), WAIT_OBJECT_0);
        same!(wait(kept, 0), WAIT_ABANDONED_0);
        let again = unsafe { OpenMutexW(MUTEX_ALL_ACCESS, 0, text.as_ptr()) };
        close(&[kept]);
        same!((unsafe { ReleaseMutex(again) }, wait(again, 0), unsafe { ReleaseMutex(again) }), (1, WAIT_OBJECT_0, 1));
        clear_error();
        same!((unsafe { ReleaseMutex(again) }, last_error()), (0, ERROR_NOT_OWNER));
        close(&[again, owner]);
    });
    case!(cases, "kernel32!SignalObjectAndWait kernel32!QueueUserAPC", Success, "signals though a call ends the wait at once", {
        let (shared, other) = (event("signal call"), event("signal call other"));
        let mut count = 0_u32;
        same!(unsafe { QueueUserAPC(Some(counts), GetCurrentThread(), (&raw mut count) as usize) }, 1);
        same!((unsafe { SignalObjectAndWait(shared, other, 1_000, 1) }, count, wait(shared, 0)), (WAIT_IO_COMPLETION, 1, WAIT_OBJECT_0));
        close(&[shared, other]);
    });
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn counts(parameter: usize) {
    // SAFETY: the parameter is a counter that outlives the call.
    unsafe { *(parameter as *mut u32) += 1 };
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn timer_counts(parameter: *const c_void, _low: u32, _high: u32) {
    // SAFETY: as above.
    unsafe { *parameter.cast_mut().cast::<u32>() += 1 };
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn signals_and_waits(parameter: *mut c_void) -> u32 {
    // SAFETY: two handles, which outlive the thread's look at them.
    let [ready, waited] = unsafe { *parameter.cast::<[HANDLE; 2]>() };
    // SAFETY: takes handles.
    unsafe { SignalObjectAndWait(ready, waited, 10_000, 0) }
}

#[cfg(target_os = "windows")]
fn others(cases: &mut Cases) {
    case!(cases, "kernel32!SignalObjectAndWait", Success, "signals one and waits for the other, with names or without", {
        let (own, shared, other) = (event(""), event("signal shared"), event("signal other"));
        for (signalled, waited) in [(own, shared), (shared, own), (shared, other)] {
            same!(unsafe { SignalObjectAndWait(signalled, waited, 0, 0) }, WAIT_TIMEOUT);
            unsafe { SetEvent(waited) };
            same!(unsafe { SignalObjectAndWait(signalled, waited, 1_000, 0) }, WAIT_OBJECT_0);
            same!((wait(signalled, 0), wait(waited, 0)), (WAIT_OBJECT_0, WAIT_TIMEOUT));
        }
        close(&[own, shared, other]);
    });
    case!(cases, "kernel32!SignalObjectAndWait", Failure, "a semaphore that is full", {
        let text = name("full");
        let (semaphore, shared) = (unsafe { CreateSemaphoreW(null(), 1, 1, text.as_ptr()) }, event("full event"));
        clear_error();
        same!((unsafe { SignalObjectAndWait(semaphore, shared, 0, 0) }, last_error()), (WAIT_FAILED, ERROR_TOO_MANY_POSTS));
        clear_error();
        same!((unsafe { ReleaseSemaphore(semaphore, 1, null_mut()) }, last_error()), (0, ERROR_TOO_MANY_POSTS));
        close(&[semaphore, shared]);
    });
    case!(cases, "kernel32!WaitForSingleObjectEx kernel32!WaitForMultipleObjectsEx kernel32!QueueUserAPC", Success, "a call ends the wait", {
        let (own, shared) = (event(""), event("call"));
        let mut count = 0_u32;
        let me = unsafe { GetCurrentThread() };
        same!(unsafe { QueueUserAPC(Some(counts), me, (&raw mut count) as usize) }, 1);
        same!((unsafe { WaitForSingleObjectEx(shared, 1_000, 1) }, count), (WAIT_IO_COMPLETION, 1));
        same!(unsafe { QueueUserAPC(Some(counts), me, (&raw mut count) as usize) }, 1);
        same!((wait(shared, 0), count), (WAIT_TIMEOUT, 1));
        same!((unsafe { WaitForMultipleObjectsEx(2, [own, shared].as_ptr(), 1, 1_000, 1) }, count), (WAIT_IO_COMPLETION, 2));
        unsafe { SetEvent(shared) };
        same!(unsafe { WaitForSingleObjectEx(shared, 1_000, 1) }, WAIT_OBJECT_0);
        close(&[own, shared]);
    });
    case!(cases, "kernel32!SetWaitableTimer kernel32!CancelWaitableTimer", Success, "a timer with a name: its time, its period, its routine", {
        let text = name("timer");
        let (timer, own) = (unsafe { CreateWaitableTimerW(null(), 0, text.as_ptr()) }, event(""));
        let soon = -20_000_i64;
        same!(unsafe { SetWaitableTimer(timer, &raw const soon, 2, None, null(), 0) }, 1);
        for _ in 0..3 {
            same!(wait_for([own, timer], false, 10_000), WAIT_OBJECT_0 + 1);
        }
        same!(unsafe { CancelWaitableTimer(timer) }, 1);
        let _ = wait(timer, 0);
        same!(wait(timer, 10), WAIT_TIMEOUT);
        let mut count = 0_u32;
        same!(unsafe { SetWaitableTimer(timer, &raw const soon, 0, Some(timer_counts), (&raw const count).cast(), 0) }, 1);
        same!(unsafe { SleepEx(10_000, 1) }, WAIT_IO_COMPLETION);
        same!((count, wait(timer, 10_000)), (1, WAIT_OBJECT_0));
        count = 0;
        let late = -100_000_000_i64;
        same!(unsafe { SetWaitableTimer(timer, &raw const late, 0, None, null(), 0) }, 1);
        same!((wait(timer, 5), count), (WAIT_TIMEOUT, 0));
        close(&[timer, own]);
    });
    case!(cases, "kernel32!CloseHandle", Success, "the handle is closed while somebody waits", {
        let (shared, ready) = (event("closed"), event(""));
        let kept = unsafe { OpenEventW(EVENT_ALL_ACCESS, 0, name("closed").as_ptr()) };
        let both = [ready, shared];
        let sleeper = thread(Some(signals_and_waits), both.as_ptr().cast());
        same!(wait(ready, 10_000), WAIT_OBJECT_0);
        close(&[shared]);
        unsafe { SetEvent(kept) };
        same!(exit_code(sleeper), WAIT_OBJECT_0);
        close(&[kept, sleeper, ready]);
    });
    case!(cases, "kernel32!PulseEvent kernel32!ResetEvent", Success, "an event with a name", {
        let text = name("pulse");
        let shared = unsafe { CreateEventW(null(), 1, 1, text.as_ptr()) };
        same!((wait(shared, 0), unsafe { ResetEvent(shared) }, wait(shared, 0)), (WAIT_OBJECT_0, 1, WAIT_TIMEOUT));
        same!((unsafe { PulseEvent(shared) }, wait(shared, 0)), (1, WAIT_TIMEOUT));
        close(&[shared]);
    });
}
