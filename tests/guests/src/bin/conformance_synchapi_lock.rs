//! synchapi.h: critical sections, slim locks, condition variables, one-time initialisation, waits on addresses.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
    pub use guests::{Cases, case, clear_error, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;
    pub use windows_sys::core::BOOL;

    /// Longer than anything here takes, so that a wait that does not end is a failed case.
    pub const LONG: u32 = 20_000;

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
        sections(&mut cases);
        locks(&mut cases);
        once_and_address(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn sections(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!InitializeCriticalSection kernel32!EnterCriticalSection kernel32!LeaveCriticalSection kernel32!DeleteCriticalSection",
        Total,
        "two threads never are inside together",
        {
            let mut shared = shared();
            let parameter = (&raw mut shared).cast();
            let threads = [launch(count_in_section, parameter), launch(count_in_section, parameter)];
            same!(threads.map(end), [0, 0]);
            same!(shared.number, 2 * ROUNDS);
            unsafe { DeleteCriticalSection(&raw mut shared.section) };
        }
    );
    case!(
        cases,
        "kernel32!TryEnterCriticalSection kernel32!InitializeCriticalSectionAndSpinCount kernel32!InitializeCriticalSectionEx kernel32!SetCriticalSectionSpinCount",
        Success,
        "its owner enters again, others do not",
        {
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
        }
    );
    case!(
        cases,
        "kernel32!SleepConditionVariableCS kernel32!WakeAllConditionVariable kernel32!InitializeConditionVariable",
        Success,
        "two threads take turns",
        {
            let mut shared = shared();
            let at = &raw mut shared;
            unsafe { InitializeConditionVariable(&raw mut (*at).variable) };
            let thread = launch(play_section, at.cast());
            unsafe {
                EnterCriticalSection(&raw mut (*at).section);
                while (*at).turn < 200 {
                    if (*at).turn.is_multiple_of(2) {
                        (*at).turn += 1;
                        WakeAllConditionVariable(&raw mut (*at).variable);
                    } else {
                        same!(SleepConditionVariableCS(&raw mut (*at).variable, &raw mut (*at).section, LONG), 1);
                    }
                }
                LeaveCriticalSection(&raw mut (*at).section);
            }
            same!(end(thread), 0);
        }
    );
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
    case!(
        cases,
        "kernel32!InitializeSRWLock kernel32!AcquireSRWLockExclusive kernel32!ReleaseSRWLockExclusive",
        Total,
        "two threads never hold it together",
        {
            let mut shared = shared();
            unsafe { InitializeSRWLock(&raw mut shared.lock) };
            let parameter = (&raw mut shared).cast();
            let threads = [launch(count_in_lock, parameter), launch(count_in_lock, parameter)];
            same!(threads.map(end), [0, 0]);
            same!(shared.number, 2 * ROUNDS);
        }
    );
    case!(
        cases,
        "kernel32!AcquireSRWLockShared kernel32!ReleaseSRWLockShared kernel32!TryAcquireSRWLockShared kernel32!TryAcquireSRWLockExclusive",
        Total,
        "readers share it, writers do not",
        {
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
        }
    );
    case!(cases, "kernel32!SleepConditionVariableSRW kernel32!WakeConditionVariable", Success, "two threads take turns", {
        let mut shared = shared();
        let at = &raw mut shared;
        let thread = launch(play_lock, at.cast());
        unsafe {
            AcquireSRWLockExclusive(&raw mut (*at).lock);
            while (*at).turn < 200 {
                if (*at).turn.is_multiple_of(2) {
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
    case!(
        cases,
        "kernel32!WaitOnAddress kernel32!WakeByAddressSingle kernel32!WakeByAddressAll",
        Success,
        "threads sleep until the word is another one",
        {
            WORD.store(1, Ordering::Release);
            let threads =
                [launch(sleep_on_word, core::ptr::without_provenance_mut::<c_void>(1)), launch(sleep_on_word, core::ptr::dangling_mut::<c_void>())];
            WORD.store(2, Ordering::Release);
            unsafe { WakeByAddressAll(WORD.as_ptr().cast()) };
            same!(threads.map(end), [0, 0]);
            let thread = launch(sleep_on_word, 2 as *mut c_void);
            WORD.store(3, Ordering::Release);
            unsafe { WakeByAddressSingle(WORD.as_ptr().cast()) };
            same!(end(thread), 0);
        }
    );
    case!(
        cases,
        "kernel32!WaitOnAddress kernel32!WakeByAddressSingle",
        Success,
        "on a byte: one wake-up is for one thread, and the other sleeps on",
        {
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
        }
    );
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
