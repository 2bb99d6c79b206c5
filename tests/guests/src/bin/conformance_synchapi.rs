//! synchapi.h: events, mutexes, semaphores, timers, waits, locks and waits on addresses.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
    pub use guests::{Cases, case, clear_error, holds, last_error, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::core::BOOL;
    pub use windows_sys::Win32::System::Threading::*;

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

    pub unsafe extern "system" fn wait_for(handle: *mut c_void) -> u32 {
        wait(handle, LONG)
    }

    /// A number under some lock.
    pub struct Shared {
        pub section: CRITICAL_SECTION,
        pub lock: SRWLOCK,
        pub variable: CONDITION_VARIABLE,
        pub number: u32,
        pub turn: u32,
    }

    pub const ROUNDS: u32 = 20_000;

    pub unsafe extern "system" fn count_in_section(shared: *mut c_void) -> u32 {
        let shared = shared.cast::<Shared>();
        for _ in 0..ROUNDS {
            unsafe {
                EnterCriticalSection(&raw mut (*shared).section);
                (*shared).number += 1;
                LeaveCriticalSection(&raw mut (*shared).section);
            }
        }
        0
    }

    pub unsafe extern "system" fn count_in_lock(shared: *mut c_void) -> u32 {
        let shared = shared.cast::<Shared>();
        for _ in 0..ROUNDS {
            unsafe {
                AcquireSRWLockExclusive(&raw mut (*shared).lock);
                (*shared).number += 1;
                ReleaseSRWLockExclusive(&raw mut (*shared).lock);
            }
        }
        0
    }

    pub unsafe extern "system" fn try_section(section: *mut c_void) -> u32 {
        unsafe { TryEnterCriticalSection(section.cast()) as u32 }
    }

    pub unsafe extern "system" fn try_exclusive(lock: *mut c_void) -> u32 {
        unsafe { TryAcquireSRWLockExclusive(lock.cast()).into() }
    }

    pub unsafe extern "system" fn try_shared(lock: *mut c_void) -> u32 {
        let got = unsafe { TryAcquireSRWLockShared(lock.cast()) };
        if got {
            unsafe { ReleaseSRWLockShared(lock.cast()) };
        }
        got.into()
    }

    /// Plays ball over a condition variable with a section: takes the odd turns.
    pub unsafe extern "system" fn play_section(shared: *mut c_void) -> u32 {
        let shared = shared.cast::<Shared>();
        unsafe {
            EnterCriticalSection(&raw mut (*shared).section);
            for _ in 0..100 {
                while (*shared).turn % 2 == 0 {
                    if SleepConditionVariableCS(&raw mut (*shared).variable, &raw mut (*shared).section, LONG) == 0 {
                        return last_error();
                    }
                }
                (*shared).turn += 1;
                WakeAllConditionVariable(&raw mut (*shared).variable);
            }
            LeaveCriticalSection(&raw mut (*shared).section);
        }
        0
    }

    /// The same with a slim lock.
    pub unsafe extern "system" fn play_lock(shared: *mut c_void) -> u32 {
        let shared = shared.cast::<Shared>();
        unsafe {
            AcquireSRWLockExclusive(&raw mut (*shared).lock);
            for _ in 0..100 {
                while (*shared).turn % 2 == 0 {
                    if SleepConditionVariableSRW(&raw mut (*shared).variable, &raw mut (*shared).lock, LONG, 0) == 0 {
                        return last_error();
                    }
                }
                (*shared).turn += 1;
                WakeConditionVariable(&raw mut (*shared).variable);
            }
            ReleaseSRWLockExclusive(&raw mut (*shared).lock);
        }
        0
    }

    pub fn shared() -> Shared {
        let mut shared: Shared = unsafe { core::mem::zeroed() };
        unsafe { InitializeCriticalSection(&raw mut shared.section) };
        shared
    }

    pub static CALLS: AtomicU32 = AtomicU32::new(0);

    pub unsafe extern "system" fn once(_once: *mut INIT_ONCE, parameter: *mut c_void, context: *mut *mut c_void) -> BOOL {
        CALLS.fetch_add(1, Ordering::Relaxed);
        unsafe { *context = parameter };
        (!parameter.is_null()).into()
    }

    pub static WORD: AtomicU32 = AtomicU32::new(0);

    pub static BYTE: AtomicU8 = AtomicU8::new(0);
    pub static WOKEN: AtomicU32 = AtomicU32::new(0);

    /// Sleeps on [`BYTE`] as long as it is 1.
    pub unsafe extern "system" fn sleep_on_byte(_parameter: *mut c_void) -> u32 {
        let one = 1_u8;
        while BYTE.load(Ordering::Acquire) == 1 {
            if unsafe { WaitOnAddress(BYTE.as_ptr().cast(), (&raw const one).cast(), 1, LONG) } == 0 {
                return last_error();
            }
        }
        WOKEN.fetch_add(1, Ordering::AcqRel);
        0
    }

    /// Sleeps on [`WORD`] until it is no longer the number given.
    pub unsafe extern "system" fn sleep_on_word(number: *mut c_void) -> u32 {
        let number = number as u32;
        while WORD.load(Ordering::Acquire) == number {
            if unsafe { WaitOnAddress(WORD.as_ptr().cast(), (&raw const number).cast(), 4, LONG) } == 0 {
                return last_error();
            }
        }
        0
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
        sections(&mut cases);
        locks(&mut cases);
        once_and_address(&mut cases);
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
    case!(cases, "kernel32!CreateWaitableTimerW kernel32!CreateWaitableTimerExW kernel32!SetWaitableTimer kernel32!CancelWaitableTimer", Success, "is signalled when its time has come, not before", {
        for timer in unsafe { [CreateWaitableTimerW(null(), 1, null()), CreateWaitableTimerExW(null(), null(), CREATE_WAITABLE_TIMER_MANUAL_RESET, 0x1F_0003)] } {
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
    });
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
    case!(cases, "kernel32!WaitForMultipleObjects kernel32!WaitForMultipleObjectsEx", Failure, "none, too many, one twice, no handle", wine = "Wine lets one be waited for twice", {
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
    });
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

#[cfg(target_os = "windows")]
fn sections(cases: &mut Cases) {
    case!(cases, "kernel32!InitializeCriticalSection kernel32!EnterCriticalSection kernel32!LeaveCriticalSection kernel32!DeleteCriticalSection", Total, "two threads never are inside together", {
        let mut shared = shared();
        let parameter = (&raw mut shared).cast();
        let threads = [launch(count_in_section, parameter), launch(count_in_section, parameter)];
        same!(threads.map(end), [0, 0]);
        same!(shared.number, 2 * ROUNDS);
        unsafe { DeleteCriticalSection(&raw mut shared.section) };
    });
    case!(cases, "kernel32!TryEnterCriticalSection kernel32!InitializeCriticalSectionAndSpinCount kernel32!InitializeCriticalSectionEx kernel32!SetCriticalSectionSpinCount", Success, "its owner enters again, others do not", {
        let mut section: CRITICAL_SECTION = unsafe { core::mem::zeroed() };
        let section = &raw mut section;
        same!(unsafe { InitializeCriticalSectionAndSpinCount(section, 100) }, 1);
        same!(unsafe { SetCriticalSectionSpinCount(section, 7) }, 100);
        same!(unsafe { InitializeCriticalSectionEx(section, 5, 0) }, 1);
        same!((unsafe { TryEnterCriticalSection(section) }, unsafe { TryEnterCriticalSection(section) }), (1, 1));
        same!(end(launch(try_section, section.cast())), 0);
        unsafe { LeaveCriticalSection(section) };
        same!(end(launch(try_section, section.cast())), 0);
        unsafe { LeaveCriticalSection(section) };
        same!(end(launch(try_section, section.cast())), 1);
    });
    case!(cases, "kernel32!SleepConditionVariableCS kernel32!WakeAllConditionVariable kernel32!InitializeConditionVariable", Success, "two threads take turns", {
        let mut shared = shared();
        let at = &raw mut shared;
        unsafe { InitializeConditionVariable(&raw mut (*at).variable) };
        let thread = launch(play_section, at.cast());
        unsafe {
            EnterCriticalSection(&raw mut (*at).section);
            while (*at).turn < 200 {
                if (*at).turn % 2 == 0 {
                    (*at).turn += 1;
                    WakeAllConditionVariable(&raw mut (*at).variable);
                } else {
                    same!(SleepConditionVariableCS(&raw mut (*at).variable, &raw mut (*at).section, LONG), 1);
                }
            }
            LeaveCriticalSection(&raw mut (*at).section);
        }
        same!(end(thread), 0);
    });
    case!(cases, "kernel32!SleepConditionVariableCS kernel32!SleepConditionVariableSRW", Failure, "nobody wakes it", {
        let mut shared = shared();
        let at = &raw mut shared;
        unsafe {
            EnterCriticalSection(&raw mut (*at).section);
            clear_error();
            same!((SleepConditionVariableCS(&raw mut (*at).variable, &raw mut (*at).section, 1), last_error()), (0, ERROR_TIMEOUT));
            LeaveCriticalSection(&raw mut (*at).section);
            AcquireSRWLockShared(&raw mut (*at).lock);
            clear_error();
            let flags = CONDITION_VARIABLE_LOCKMODE_SHARED;
            same!((SleepConditionVariableSRW(&raw mut (*at).variable, &raw mut (*at).lock, 1, flags), last_error()), (0, ERROR_TIMEOUT));
            ReleaseSRWLockShared(&raw mut (*at).lock);
        }
    });
}

#[cfg(target_os = "windows")]
fn locks(cases: &mut Cases) {
    case!(cases, "kernel32!InitializeSRWLock kernel32!AcquireSRWLockExclusive kernel32!ReleaseSRWLockExclusive", Total, "two threads never hold it together", {
        let mut shared = shared();
        unsafe { InitializeSRWLock(&raw mut shared.lock) };
        let parameter = (&raw mut shared).cast();
        let threads = [launch(count_in_lock, parameter), launch(count_in_lock, parameter)];
        same!(threads.map(end), [0, 0]);
        same!(shared.number, 2 * ROUNDS);
    });
    case!(cases, "kernel32!AcquireSRWLockShared kernel32!ReleaseSRWLockShared kernel32!TryAcquireSRWLockShared kernel32!TryAcquireSRWLockExclusive", Total, "readers share it, writers do not", {
        let mut lock: SRWLOCK = unsafe { core::mem::zeroed() };
        let lock = &raw mut lock;
        unsafe { AcquireSRWLockShared(lock) };
        same!((end(launch(try_shared, lock.cast())), end(launch(try_exclusive, lock.cast()))), (1, 0));
        unsafe { ReleaseSRWLockShared(lock) };
        unsafe { AcquireSRWLockExclusive(lock) };
        same!((end(launch(try_shared, lock.cast())), end(launch(try_exclusive, lock.cast()))), (0, 0));
        unsafe { ReleaseSRWLockExclusive(lock) };
        same!(unsafe { TryAcquireSRWLockExclusive(lock) }, true);
        unsafe { ReleaseSRWLockExclusive(lock) };
    });
    case!(cases, "kernel32!SleepConditionVariableSRW kernel32!WakeConditionVariable", Success, "two threads take turns", {
        let mut shared = shared();
        let at = &raw mut shared;
        let thread = launch(play_lock, at.cast());
        unsafe {
            AcquireSRWLockExclusive(&raw mut (*at).lock);
            while (*at).turn < 200 {
                if (*at).turn % 2 == 0 {
                    (*at).turn += 1;
                    WakeConditionVariable(&raw mut (*at).variable);
                } else {
                    same!(SleepConditionVariableSRW(&raw mut (*at).variable, &raw mut (*at).lock, LONG, 0), 1);
                }
            }
            ReleaseSRWLockExclusive(&raw mut (*at).lock);
        }
        same!(end(thread), 0);
    });
}

#[cfg(target_os = "windows")]
fn once_and_address(cases: &mut Cases) {
    case!(cases, "kernel32!InitOnceExecuteOnce", Success, "once, and the context is kept", {
        let mut once_word: INIT_ONCE = unsafe { core::mem::zeroed() };
        CALLS.store(0, Ordering::Relaxed);
        for _ in 0..3 {
            let mut context = null_mut();
            same!(unsafe { InitOnceExecuteOnce(&raw mut once_word, Some(once), 0x40 as *mut c_void, &raw mut context) }, 1);
            same!(context as usize, 0x40);
        }
        same!(CALLS.load(Ordering::Relaxed), 1);
    });
    case!(cases, "kernel32!InitOnceExecuteOnce", Failure, "a callback that fails is asked again", {
        let mut once_word: INIT_ONCE = unsafe { core::mem::zeroed() };
        CALLS.store(0, Ordering::Relaxed);
        for _ in 0..2 {
            let mut context = null_mut();
            same!(unsafe { InitOnceExecuteOnce(&raw mut once_word, Some(once), null_mut(), &raw mut context) }, 0);
        }
        same!(CALLS.load(Ordering::Relaxed), 2);
    });
    case!(cases, "kernel32!InitOnceBeginInitialize kernel32!InitOnceComplete kernel32!InitOnceInitialize", Success, "in two steps", {
        let mut word: INIT_ONCE = unsafe { core::mem::zeroed() };
        let (mut pending, mut context) = (0, null_mut());
        unsafe { InitOnceInitialize(&raw mut word) };
        same!(unsafe { InitOnceBeginInitialize(&raw mut word, 0, &raw mut pending, &raw mut context) }, 1);
        same!(pending, 1);
        same!(unsafe { InitOnceComplete(&raw mut word, 0, 0x80 as *const c_void) }, 1);
        same!(unsafe { InitOnceBeginInitialize(&raw mut word, 0, &raw mut pending, &raw mut context) }, 1);
        same!((pending, context as usize), (0, 0x80));
    });
    case!(cases, "kernel32!InitOnceBeginInitialize kernel32!InitOnceComplete", Failure, "only looking, and ending what has ended", {
        let mut word: INIT_ONCE = unsafe { core::mem::zeroed() };
        let mut pending = 0;
        clear_error();
        same!(unsafe { InitOnceBeginInitialize(&raw mut word, INIT_ONCE_CHECK_ONLY, &raw mut pending, null_mut()) }, 0);
        same!(last_error(), ERROR_GEN_FAILURE);
        same!(unsafe { InitOnceBeginInitialize(&raw mut word, 0, &raw mut pending, null_mut()) }, 1);
        same!(unsafe { InitOnceComplete(&raw mut word, 0, null()) }, 1);
        clear_error();
        same!(unsafe { InitOnceComplete(&raw mut word, 0, null()) }, 0);
        same!(last_error(), ERROR_GEN_FAILURE);
    });
    case!(cases, "kernel32!WaitOnAddress kernel32!WakeByAddressSingle kernel32!WakeByAddressAll", Success, "threads sleep until the word is another one", {
        WORD.store(1, Ordering::Release);
        let threads = [launch(sleep_on_word, 1 as *mut c_void), launch(sleep_on_word, 1 as *mut c_void)];
        WORD.store(2, Ordering::Release);
        unsafe { WakeByAddressAll(WORD.as_ptr().cast()) };
        same!(threads.map(end), [0, 0]);
        let thread = launch(sleep_on_word, 2 as *mut c_void);
        WORD.store(3, Ordering::Release);
        unsafe { WakeByAddressSingle(WORD.as_ptr().cast()) };
        same!(end(thread), 0);
    });
    case!(cases, "kernel32!WaitOnAddress kernel32!WakeByAddressSingle", Success, "on a byte: one wake-up is for one thread, and the other sleeps on", {
        BYTE.store(1, Ordering::Release);
        WOKEN.store(0, Ordering::Release);
        let threads = [launch(sleep_on_byte, null_mut()), launch(sleep_on_byte, null_mut())];
        BYTE.store(2, Ordering::Release);
        // Who comes late sees the new value; who sleeps is woken in turn.
        for _ in 0..2 {
            unsafe { WakeByAddressSingle(BYTE.as_ptr().cast()) };
        }
        same!(threads.map(end), [0, 0]);
        same!(WOKEN.load(Ordering::Acquire), 2);
    });
    case!(cases, "kernel32!WaitOnAddress", Failure, "its time is over, and a size that no word has", {
        let (word, other) = (5_u32, 6_u32);
        clear_error();
        same!(unsafe { WaitOnAddress((&raw const word).cast(), (&raw const word).cast(), 4, 1) }, 0);
        same!(last_error(), ERROR_TIMEOUT);
        same!(unsafe { WaitOnAddress((&raw const word).cast(), (&raw const other).cast(), 4, 1) }, 1);
        clear_error();
        same!(unsafe { WaitOnAddress((&raw const word).cast(), (&raw const word).cast(), 3, 1) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
}
