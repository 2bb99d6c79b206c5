//! Alerts and keyed events, as locks of programs and runtimes use them (ntdll.dll).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use guests::callbacks::{LONG, event, wait};
use guests::{Cases, case, holds, same, wide};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Threading::*;

windows_link::link!("ntdll.dll" "system" fn NtAlertThread(thread: HANDLE) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtAlertResumeThread(thread: HANDLE, previous: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtTestAlert() -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtAlertThreadByThreadId(id: HANDLE) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtWaitForAlertByThreadId(address: *const c_void, timeout: *const i64) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtDelayExecution(alertable: u8, timeout: *const i64) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtWaitForSingleObject(handle: HANDLE, alertable: u8, timeout: *const i64) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtCreateKeyedEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, flags: u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtOpenKeyedEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtWaitForKeyedEvent(handle: HANDLE, key: *const c_void, alertable: u8, timeout: *const i64) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtReleaseKeyedEvent(handle: HANDLE, key: *const c_void, alertable: u8, timeout: *const i64) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryObject(handle: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS);

const THIS_THREAD: HANDLE = -2_isize as HANDLE;
const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
const ALL: u32 = 0x000F_0003;
static NOW: i64 = 0;
static SHORT: i64 = -50_000;
/// Longer than anything here takes.
static LATE: i64 = -200_000_000;

fn key(number: usize) -> *const c_void {
    number as *const c_void
}

fn launch(routine: LPTHREAD_START_ROUTINE, parameter: *mut c_void, flags: u32) -> (HANDLE, u32) {
    let mut id = 0;
    (unsafe { CreateThread(null(), 0, routine, parameter, flags, &raw mut id) }, id)
}

fn code(thread: HANDLE) -> u32 {
    let mut code = 0;
    unsafe {
        if wait(thread, LONG) != WAIT_OBJECT_0 {
            return u32::MAX;
        }
        GetExitCodeThread(thread, &raw mut code);
        CloseHandle(thread);
    }
    code
}

/// Set by a thread that is about to wait.
static READY: AtomicU32 = AtomicU32::new(0);
/// Where threads meet, and the handle that they meet at.
static EVENT: AtomicUsize = AtomicUsize::new(0);
static ORDER: AtomicU32 = AtomicU32::new(0);

/// Waits until a thread has said that it is about to wait, and most likely does.
fn ready() {
    while READY.load(Ordering::SeqCst) == 0 {
        unsafe { Sleep(1) };
    }
    READY.store(0, Ordering::SeqCst);
    unsafe { Sleep(5) };
}

unsafe extern "system" fn delay(_: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtDelayExecution(1, &raw const LATE) as u32 }
}

unsafe extern "system" fn wait_alertably(event: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtWaitForSingleObject(event, 1, &raw const LATE) as u32 }
}

unsafe extern "system" fn sleep_ex(_: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { SleepEx(60, 1) }
}

unsafe extern "system" fn wait_for_alert(_: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtWaitForAlertByThreadId(null(), null()) as u32 }
}

unsafe extern "system" fn wait_for_key(key: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtWaitForKeyedEvent(EVENT.load(Ordering::SeqCst) as HANDLE, key, 0, &raw const LATE) as u32 }
}

unsafe extern "system" fn wait_for_key_alertably(key: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtWaitForKeyedEvent(EVENT.load(Ordering::SeqCst) as HANDLE, key, 1, &raw const LATE) as u32 }
}

unsafe extern "system" fn release_key(key: *mut c_void) -> u32 {
    READY.store(1, Ordering::SeqCst);
    unsafe { NtReleaseKeyedEvent(EVENT.load(Ordering::SeqCst) as HANDLE, key, 0, &raw const LATE) as u32 }
}

/// Waits a hundred times, and answers how often it met somebody.
unsafe extern "system" fn wait_often(key: *mut c_void) -> u32 {
    (0..100).filter(|_| unsafe { NtWaitForKeyedEvent(EVENT.load(Ordering::SeqCst) as HANDLE, key, 0, &raw const LATE) } == 0).count() as u32
}

unsafe extern "system" fn nothing(_: usize) {}

unsafe extern "system" fn end(_: *mut c_void) -> u32 {
    0
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        alerts(&mut cases);
        by_number(&mut cases);
        keyed(&mut cases);
        names(&mut cases);
        cases.code()
    }
}

fn alerts(cases: &mut Cases) {
    case!(cases, "ntdll!NtAlertThread", Success, "ends an alertable sleep", wine = "NtAlertThread is not implemented", {
        let (thread, _) = launch(Some(delay), null_mut(), 0);
        ready();
        same!(unsafe { NtAlertThread(thread) }, 0);
        same!(code(thread), STATUS_ALERTED as u32);
    });
    case!(cases, "ntdll!NtAlertThread", Success, "ends an alertable wait", wine = "NtAlertThread is not implemented", {
        let event = event(true, false);
        let (thread, _) = launch(Some(wait_alertably), event, 0);
        ready();
        same!(unsafe { NtAlertThread(thread) }, 0);
        same!(code(thread), STATUS_ALERTED as u32);
        unsafe { CloseHandle(event) };
    });
    case!(
        cases,
        "ntdll!NtAlertThread",
        Success,
        "before the wait: the next alertable one ends at once, and only that",
        wine = "NtAlertThread is not implemented",
        {
            unsafe {
                same!(NtAlertThread(THIS_THREAD), 0);
                same!(NtDelayExecution(0, &raw const SHORT), 0);
                same!(NtDelayExecution(1, &raw const LATE), STATUS_ALERTED);
                same!(NtDelayExecution(1, &raw const SHORT), 0);
            }
        }
    );
    case!(cases, "ntdll!NtAlertThread", Success, "two alerts are one", wine = "NtAlertThread is not implemented", {
        unsafe {
            same!(NtAlertThread(THIS_THREAD), 0);
            same!(NtAlertThread(THIS_THREAD), 0);
            same!(NtTestAlert(), STATUS_ALERTED);
            same!(NtTestAlert(), 0);
        }
    });
    case!(cases, "kernel32!SleepEx", Success, "an alert does not end it", wine = "NtAlertThread is not implemented", {
        let (thread, _) = launch(Some(sleep_ex), null_mut(), 0);
        ready();
        same!(unsafe { NtAlertThread(thread) }, 0);
        same!(code(thread), 0);
    });
    case!(cases, "ntdll!NtAlertThread", Failure, "a handle that is none", wine = "NtAlertThread is not implemented", {
        same!(unsafe { NtAlertThread(NO_HANDLE) }, STATUS_INVALID_HANDLE);
    });
    case!(cases, "ntdll!NtAlertThread", Failure, "an event", wine = "NtAlertThread is not implemented", {
        let event = event(true, false);
        same!(unsafe { NtAlertThread(event) }, STATUS_OBJECT_TYPE_MISMATCH);
        unsafe { CloseHandle(event) };
    });
    case!(cases, "ntdll!NtAlertResumeThread", Success, "resumes, and the first alertable wait ends at once", wine = "it resumes without an alert", {
        let (thread, _) = launch(Some(delay), null_mut(), CREATE_SUSPENDED);
        let mut before = 7;
        same!(unsafe { NtAlertResumeThread(thread, &raw mut before) }, 0);
        same!(before, 1);
        same!(code(thread), STATUS_ALERTED as u32);
        READY.store(0, Ordering::SeqCst);
    });
    case!(cases, "ntdll!NtAlertResumeThread", Failure, "a handle that is none", {
        same!(unsafe { NtAlertResumeThread(NO_HANDLE, null_mut()) }, STATUS_INVALID_HANDLE);
    });
    case!(cases, "ntdll!NtTestAlert", Success, "nobody has alerted the thread", {
        same!(unsafe { NtTestAlert() }, 0);
    });
    case!(
        cases,
        "ntdll!NtTestAlert",
        Success,
        "an alert comes before calls, and calls run all the same",
        wine = "NtAlertThread is not implemented",
        {
            unsafe {
                same!(NtAlertThread(THIS_THREAD), 0);
                same!(QueueUserAPC(Some(nothing), THIS_THREAD, 0), 1);
                same!(NtTestAlert(), STATUS_ALERTED);
                same!(SleepEx(0, 1), 0);
            }
        }
    );
}

fn by_number(cases: &mut Cases) {
    case!(cases, "ntdll!NtAlertThreadByThreadId ntdll!NtWaitForAlertByThreadId", Success, "ends the wait", {
        let (thread, id) = launch(Some(wait_for_alert), null_mut(), 0);
        ready();
        same!(unsafe { NtAlertThreadByThreadId(id as usize as HANDLE) }, 0);
        same!(code(thread), STATUS_ALERTED as u32);
    });
    case!(cases, "ntdll!NtWaitForAlertByThreadId", Success, "alerted before, once however often", {
        let this = unsafe { GetCurrentThreadId() } as usize as HANDLE;
        unsafe {
            same!(NtAlertThreadByThreadId(this), 0);
            same!(NtAlertThreadByThreadId(this), 0);
            same!(NtWaitForAlertByThreadId(null(), null()), STATUS_ALERTED);
            same!(NtWaitForAlertByThreadId(null(), &raw const NOW), STATUS_TIMEOUT);
        }
    });
    case!(cases, "ntdll!NtWaitForAlertByThreadId", Success, "nobody alerts, and the time is over", {
        same!(unsafe { NtWaitForAlertByThreadId(null(), &raw const SHORT) }, STATUS_TIMEOUT);
    });
    case!(
        cases,
        "ntdll!NtAlertThreadByThreadId",
        Success,
        "these alerts end no alertable wait",
        wine = "a sleep whose time is over answers STATUS_TIMEOUT",
        {
            let this = unsafe { GetCurrentThreadId() } as usize as HANDLE;
            unsafe {
                same!(NtAlertThreadByThreadId(this), 0);
                same!(NtDelayExecution(1, &raw const SHORT), 0);
                same!(NtTestAlert(), 0);
                same!(NtWaitForAlertByThreadId(null(), &raw const NOW), STATUS_ALERTED);
            }
        }
    );
    case!(cases, "ntdll!NtAlertThreadByThreadId", Success, "a thread that has not begun", {
        let (thread, id) = launch(Some(wait_for_alert), null_mut(), CREATE_SUSPENDED);
        unsafe {
            same!(NtAlertThreadByThreadId(id as usize as HANDLE), 0);
            same!(ResumeThread(thread), 1);
        }
        same!(code(thread), STATUS_ALERTED as u32);
        READY.store(0, Ordering::SeqCst);
    });
    case!(cases, "ntdll!NtAlertThreadByThreadId", Failure, "a number that is no thread's", {
        same!(unsafe { NtAlertThreadByThreadId(0x7FFF_FFF0_usize as HANDLE) }, STATUS_INVALID_CID);
        same!(unsafe { NtAlertThreadByThreadId(null_mut()) }, STATUS_INVALID_CID);
    });
    case!(cases, "ntdll!NtAlertThreadByThreadId", Failure, "a thread that has ended", wine = "the number of a thread that has ended is alerted", {
        let (thread, id) = launch(Some(end), null_mut(), 0);
        same!(wait(thread, LONG), WAIT_OBJECT_0);
        // Its number stays taken as long as there is a handle, and nobody alerts it any more.
        unsafe { CloseHandle(thread) };
        same!(unsafe { NtAlertThreadByThreadId(id as usize as HANDLE) }, STATUS_INVALID_CID);
    });
}

fn keyed(cases: &mut Cases) {
    let mut made = null_mut();
    case!(cases, "ntdll!NtCreateKeyedEvent", Success, "without a name", {
        same!(unsafe { NtCreateKeyedEvent(&raw mut made, ALL, null(), 0) }, 0);
        holds!(!made.is_null());
    });
    EVENT.store(made as usize, Ordering::SeqCst);
    case!(cases, "ntdll!NtWaitForKeyedEvent ntdll!NtReleaseKeyedEvent", Success, "the release meets who waits", {
        let (thread, _) = launch(Some(wait_for_key), 0x1000 as *mut c_void, 0);
        ready();
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1000), 0, &raw const LATE) }, 0);
        same!(code(thread), 0);
    });
    case!(cases, "ntdll!NtReleaseKeyedEvent", Success, "the release waits for who comes", {
        let (thread, _) = launch(Some(release_key), 0x1000 as *mut c_void, 0);
        ready();
        same!(wait(thread, 0), WAIT_TIMEOUT);
        same!(unsafe { NtWaitForKeyedEvent(made, key(0x1000), 0, &raw const LATE) }, 0);
        same!(code(thread), 0);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent", Success, "each key for itself", {
        let (first, _) = launch(Some(wait_for_key), 0x1000 as *mut c_void, 0);
        ready();
        let (second, _) = launch(Some(wait_for_key), 0x2000 as *mut c_void, 0);
        ready();
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x2000), 0, &raw const LATE) }, 0);
        same!(code(second), 0);
        same!(wait(first, 0), WAIT_TIMEOUT);
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1000), 0, &raw const LATE) }, 0);
        same!(code(first), 0);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent", Success, "no release is lost", {
        ORDER.store(0, Ordering::SeqCst);
        let threads = [0; 4].map(|_| launch(Some(wait_often), 0x3000 as *mut c_void, 0).0);
        for _ in 0..400 {
            same!(unsafe { NtReleaseKeyedEvent(made, key(0x3000), 0, &raw const LATE) }, 0);
        }
        for thread in threads {
            same!(code(thread), 100);
        }
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent", Success, "the process's own", {
        EVENT.store(0, Ordering::SeqCst);
        let (thread, _) = launch(Some(wait_for_key), 0x1000 as *mut c_void, 0);
        ready();
        same!(unsafe { NtReleaseKeyedEvent(null_mut(), key(0x1000), 0, &raw const LATE) }, 0);
        same!(code(thread), 0);
        EVENT.store(made as usize, Ordering::SeqCst);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent ntdll!NtReleaseKeyedEvent", Failure, "nobody comes, and the time is over", {
        same!(unsafe { NtWaitForKeyedEvent(made, key(0x1000), 0, &raw const SHORT) }, STATUS_TIMEOUT);
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1000), 0, &raw const SHORT) }, STATUS_TIMEOUT);
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1000), 0, &raw const NOW) }, STATUS_TIMEOUT);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent", Success, "a call ends an alertable wait", {
        let (thread, _) = launch(Some(wait_for_key_alertably), 0x1000 as *mut c_void, 0);
        ready();
        same!(unsafe { QueueUserAPC(Some(nothing), thread, 0) }, 1);
        same!(code(thread), STATUS_USER_APC as u32);
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1000), 0, &raw const NOW) }, STATUS_TIMEOUT);
    });
    case!(cases, "kernel32!TerminateThread", Success, "threads that wait at a key, and for an alert", {
        for (routine, key) in [(wait_for_key as unsafe extern "system" fn(*mut c_void) -> u32, 0x4000 as *mut c_void), (wait_for_alert, null_mut())] {
            let (thread, _) = launch(Some(routine), key, 0);
            ready();
            same!(unsafe { TerminateThread(thread, 6) }, 1);
            same!(code(thread), 6);
        }
        // Nobody stands there any more.
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x4000), 0, &raw const NOW) }, STATUS_TIMEOUT);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent ntdll!NtReleaseKeyedEvent", Failure, "an odd key", {
        same!(unsafe { NtWaitForKeyedEvent(made, key(0x1001), 0, &raw const NOW) }, STATUS_INVALID_PARAMETER_1);
        same!(unsafe { NtReleaseKeyedEvent(made, key(0x1001), 0, &raw const NOW) }, STATUS_INVALID_PARAMETER_1);
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent ntdll!NtReleaseKeyedEvent", Failure, "a handle that is none, and an event", {
        let event = event(true, false);
        unsafe {
            same!(NtWaitForKeyedEvent(NO_HANDLE, key(0x1000), 0, &raw const NOW), STATUS_INVALID_HANDLE);
            same!(NtReleaseKeyedEvent(event, key(0x1000), 0, &raw const NOW), STATUS_OBJECT_TYPE_MISMATCH);
            CloseHandle(event);
        }
    });
    case!(cases, "ntdll!NtWaitForKeyedEvent ntdll!NtReleaseKeyedEvent", Failure, "handles that do not allow it", {
        let (mut waits, mut wakes) = (null_mut(), null_mut());
        unsafe {
            same!(NtCreateKeyedEvent(&raw mut waits, 1, null(), 0), 0);
            same!(NtCreateKeyedEvent(&raw mut wakes, 2, null(), 0), 0);
            same!(NtReleaseKeyedEvent(waits, key(0x1000), 0, &raw const NOW), STATUS_ACCESS_DENIED);
            same!(NtWaitForKeyedEvent(wakes, key(0x1000), 0, &raw const NOW), STATUS_ACCESS_DENIED);
            CloseHandle(waits);
            CloseHandle(wakes);
        }
    });
    case!(cases, "ntdll!NtCreateKeyedEvent", Failure, "a flag", wine = "flags are not looked at", {
        let mut handle = null_mut();
        same!(unsafe { NtCreateKeyedEvent(&raw mut handle, ALL, null(), 1) }, STATUS_INVALID_PARAMETER_4);
    });
}

fn attributes(name: &UNICODE_STRING) -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: name,
        Attributes: 0,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    }
}

fn names(cases: &mut Cases) {
    let text = wide("\\BaseNamedObjects\\win-compat-keyed");
    let size = 2 * (text.len() as u16 - 1);
    let name = UNICODE_STRING { Length: size, MaximumLength: size, Buffer: text.as_ptr().cast_mut() };
    case!(cases, "ntdll!NtOpenKeyedEvent", Success, "by its name, and it is the same", {
        let (mut made, mut opened) = (null_mut(), null_mut());
        unsafe {
            same!(NtCreateKeyedEvent(&raw mut made, ALL, core::ptr::from_ref(&attributes(&name)), 0), 0);
            same!(NtOpenKeyedEvent(&raw mut opened, ALL, core::ptr::from_ref(&attributes(&name))), 0);
            EVENT.store(made as usize, Ordering::SeqCst);
            let (thread, _) = launch(Some(wait_for_key), 0x1000 as *mut c_void, 0);
            ready();
            same!(NtReleaseKeyedEvent(opened, key(0x1000), 0, &raw const LATE), 0);
            same!(code(thread), 0);
            let mut second = null_mut();
            same!(NtCreateKeyedEvent(&raw mut second, ALL, core::ptr::from_ref(&attributes(&name)), 0), STATUS_OBJECT_NAME_COLLISION);
            CloseHandle(opened);
            CloseHandle(made);
        }
    });
    case!(cases, "ntdll!NtOpenKeyedEvent", Failure, "a name that nothing has", {
        let mut handle = null_mut();
        same!(unsafe { NtOpenKeyedEvent(&raw mut handle, ALL, core::ptr::from_ref(&attributes(&name))) }, STATUS_OBJECT_NAME_NOT_FOUND);
    });
}
