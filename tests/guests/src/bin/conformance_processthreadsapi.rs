//! processthreadsapi.h: threads, this process, thread-local storage.
#![cfg_attr(target_os = "windows", no_std, no_main)]

extern crate alloc;

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU32, Ordering};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::SystemInformation::GetSystemTimePreciseAsFileTime;
    pub use windows_sys::Win32::System::Threading::*;

    pub const NO_HANDLE: HANDLE = 0x1234_5678 as HANDLE;

    pub fn launch(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void, flags: u32, id: &mut u32) -> HANDLE {
        unsafe { CreateThread(null(), 0, Some(routine), parameter, flags, id) }
    }

    pub fn code(thread: HANDLE) -> u32 {
        let mut code = 0;
        unsafe { GetExitCodeThread(thread, &raw mut code) };
        code
    }

    pub fn end(thread: HANDLE) -> u32 {
        unsafe { WaitForSingleObject(thread, 20_000) };
        let code = code(thread);
        unsafe { CloseHandle(thread) };
        code
    }

    pub unsafe extern "system" fn answer(parameter: *mut c_void) -> u32 {
        parameter as usize as u32 + 1
    }

    pub unsafe extern "system" fn id(_parameter: *mut c_void) -> u32 {
        unsafe { GetCurrentThreadId() }
    }

    pub unsafe extern "system" fn leave(parameter: *mut c_void) -> u32 {
        unsafe { ExitThread(parameter as usize as u32) }
    }

    pub unsafe extern "system" fn kill_self(parameter: *mut c_void) -> u32 {
        unsafe { TerminateThread(GetCurrentThread(), parameter as usize as u32) };
        0
    }

    pub unsafe extern "system" fn wait_for(event: *mut c_void) -> u32 {
        unsafe { WaitForSingleObject(event, 20_000) }
    }

    /// What a new thread sees in a slot that others have set: nothing.
    pub unsafe extern "system" fn slot(index: *mut c_void) -> u32 {
        let index = index as usize as u32;
        if !unsafe { TlsGetValue(index) }.is_null() {
            return 1;
        }
        unsafe { TlsSetValue(index, 0x77 as *const c_void) };
        u32::from(unsafe { TlsGetValue(index) } as usize != 0x77)
    }

    pub static CLEANED: AtomicU32 = AtomicU32::new(0);

    pub unsafe extern "system" fn clean(value: *const c_void) {
        CLEANED.fetch_add(value as usize as u32, Ordering::Relaxed);
    }

    pub unsafe extern "system" fn set_local(index: *mut c_void) -> u32 {
        let set = unsafe { FlsSetValue(index as usize as u32, 0x10 as *const c_void) };
        u32::from(set == 0 || unsafe { FlsGetValue(index as usize as u32) } as usize != 0x10)
    }

    windows_link::link!("kernel32.dll" "system" fn FlsAlloc(callback: Option<unsafe extern "system" fn(*const c_void)>) -> u32);
    windows_link::link!("kernel32.dll" "system" fn FlsFree(index: u32) -> i32);
    windows_link::link!("kernel32.dll" "system" fn FlsGetValue(index: u32) -> *mut c_void);
    windows_link::link!("kernel32.dll" "system" fn FlsSetValue(index: u32, value: *const c_void) -> i32);

    pub fn number(time: FILETIME) -> u64 {
        u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        threads(&mut cases);
        facts(&mut cases);
        processes(&mut cases);
        slots(&mut cases);
        lists(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn threads(cases: &mut Cases) {
    case!(cases, "kernel32!CreateThread kernel32!GetExitCodeThread kernel32!GetThreadId", Success, "runs, and its code is kept", {
        let mut id = 0;
        let thread = launch(answer, 41 as *mut c_void, 0, &mut id);
        holds!(!thread.is_null() && id != 0 && id % 4 == 0);
        same!(unsafe { GetThreadId(thread) }, id);
        same!(end(thread), 42);
    });
    case!(cases, "kernel32!GetCurrentThreadId kernel32!GetCurrentThread", Total, "a thread's own number", {
        let mut number = 0;
        let thread = launch(id, null_mut(), 0, &mut number);
        same!(end(thread), number);
        same!(unsafe { GetThreadId(GetCurrentThread()) }, unsafe { GetCurrentThreadId() });
    });
    case!(cases, "kernel32!CreateThread kernel32!ResumeThread", Success, "one that is suspended at first", {
        let mut id = 0;
        let thread = launch(answer, null_mut(), CREATE_SUSPENDED, &mut id);
        same!(unsafe { WaitForSingleObject(thread, 20) }, WAIT_TIMEOUT);
        same!(code(thread), STILL_ACTIVE as u32);
        same!(unsafe { SuspendThread(thread) }, 1);
        same!((unsafe { ResumeThread(thread) }, unsafe { ResumeThread(thread) }), (2, 1));
        same!(end(thread), 1);
    });
    case!(cases, "kernel32!ResumeThread kernel32!SuspendThread kernel32!GetExitCodeThread kernel32!GetThreadId", Failure, "no handle", {
        let mut code = 0;
        clear_error();
        same!((unsafe { ResumeThread(NO_HANDLE) }, last_error()), (u32::MAX, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { SuspendThread(NO_HANDLE) }, last_error()), (u32::MAX, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { GetExitCodeThread(NO_HANDLE, &raw mut code) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { GetThreadId(NO_HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CreateThread", Failure, "a stack that is larger than all memory", {
        clear_error();
        let thread = unsafe {
            CreateThread(
                null(),
                1 << (usize::BITS - 2 + u32::from(cfg!(target_arch = "x86"))),
                Some(answer),
                null_mut(),
                STACK_SIZE_PARAM_IS_A_RESERVATION,
                null_mut(),
            )
        };
        holds!(thread.is_null());
        same!(last_error(), ERROR_NOT_ENOUGH_MEMORY);
    });
    case!(cases, "kernel32!ExitThread", Total, "ends with a code", {
        let mut id = 0;
        same!(end(launch(leave, 9 as *mut c_void, 0, &mut id)), 9);
    });
    case!(cases, "kernel32!TerminateThread", Success, "a thread ends itself at once", {
        let mut id = 0;
        same!(end(launch(kill_self, 8 as *mut c_void, 0, &mut id)), 8);
    });
    case!(cases, "kernel32!TerminateThread", Failure, "no handle", {
        clear_error();
        same!((unsafe { TerminateThread(NO_HANDLE, 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!OpenThread", Success, "by number; it can then be waited for", {
        let (mut id, event) = (0, unsafe { CreateEventW(null(), 1, 0, null()) });
        let thread = launch(wait_for, event, 0, &mut id);
        let opened = unsafe { OpenThread(THREAD_SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION, 0, id) };
        holds!(!opened.is_null());
        same!(unsafe { WaitForSingleObject(opened, 0) }, WAIT_TIMEOUT);
        same!(unsafe { GetThreadId(opened) }, id);
        unsafe { SetEvent(event) };
        same!(unsafe { WaitForSingleObject(opened, 20_000) }, WAIT_OBJECT_0);
        same!(end(thread), 0);
        unsafe { CloseHandle(opened) };
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!OpenThread", Failure, "a number that no thread has", {
        clear_error();
        holds!(unsafe { OpenThread(THREAD_SYNCHRONIZE, 0, 0x7FFF_FFF0) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!SwitchToThread", Total, "yes or no", {
        holds!((0..=1).contains(&unsafe { SwitchToThread() }));
    });
}

#[cfg(target_os = "windows")]
fn facts(cases: &mut Cases) {
    case!(cases, "kernel32!SetThreadPriority kernel32!GetThreadPriority", Success, "goes in and comes out", {
        let this = unsafe { GetCurrentThread() };
        same!(unsafe { GetThreadPriority(this) }, THREAD_PRIORITY_NORMAL);
        for priority in [THREAD_PRIORITY_ABOVE_NORMAL, THREAD_PRIORITY_LOWEST, THREAD_PRIORITY_NORMAL] {
            same!(unsafe { SetThreadPriority(this, priority) }, 1);
            same!(unsafe { GetThreadPriority(this) }, priority);
        }
    });
    case!(cases, "kernel32!SetThreadPriority kernel32!GetThreadPriority", Failure, "none of the seven, no handle", {
        clear_error();
        same!((unsafe { SetThreadPriority(GetCurrentThread(), 100) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        same!((unsafe { SetThreadPriority(NO_HANDLE, 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { GetThreadPriority(NO_HANDLE) }, last_error()), (i32::MAX, ERROR_INVALID_HANDLE));
    });
    case!(
        cases,
        "kernel32!SetThreadPriorityBoost kernel32!GetThreadPriorityBoost",
        Success,
        "goes in and comes out",
        wine = "Wine does not keep it",
        {
            let (this, mut off) = (unsafe { GetCurrentThread() }, 7);
            same!(unsafe { SetThreadPriorityBoost(this, 1) }, 1);
            same!(unsafe { GetThreadPriorityBoost(this, &raw mut off) }, 1);
            same!(off, 1);
            same!(unsafe { SetThreadPriorityBoost(this, 0) }, 1);
            same!((unsafe { GetThreadPriorityBoost(this, &raw mut off) }, off), (1, 0));
        }
    );
    case!(cases, "kernel32!GetThreadTimes kernel32!GetProcessTimes", Success, "started, not ended", {
        let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let [mut created, mut ended, mut kernel, mut user] = [zero; 4];
        same!(unsafe { GetThreadTimes(GetCurrentThread(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) }, 1);
        holds!(number(created) > 130_000_000_000_000_000);
        let thread = number(created);
        same!(unsafe { GetProcessTimes(GetCurrentProcess(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) }, 1);
        let process = number(created);
        let mut now = zero;
        unsafe { GetSystemTimePreciseAsFileTime(&raw mut now) };
        // On a busy machine Wine's process begins a good while after its thread: only that both have begun is sure.
        holds!(process > 130_000_000_000_000_000 && process.max(thread) <= number(now));
    });
    case!(cases, "kernel32!GetThreadTimes kernel32!GetProcessTimes", Failure, "no handle", {
        let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let [mut created, mut ended, mut kernel, mut user] = [zero; 4];
        clear_error();
        same!(unsafe { GetThreadTimes(NO_HANDLE, &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) }, 0);
        same!(last_error(), ERROR_INVALID_HANDLE);
        clear_error();
        same!(unsafe { GetProcessTimes(NO_HANDLE, &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) }, 0);
        same!(last_error(), ERROR_INVALID_HANDLE);
    });
    case!(cases, "kernel32!SetThreadStackGuarantee", Success, "answers what was guaranteed before", {
        let mut bytes = 0;
        same!(unsafe { SetThreadStackGuarantee(&raw mut bytes) }, 1);
        let before = bytes;
        bytes = 0x5000;
        same!((unsafe { SetThreadStackGuarantee(&raw mut bytes) }, bytes), (1, before));
        bytes = 0;
        same!(unsafe { SetThreadStackGuarantee(&raw mut bytes) }, 1);
        same!(bytes, before.max(0x5000));
    });
    case!(cases, "kernel32!GetCurrentThreadStackLimits", Total, "the stack lies between them", {
        let (mut low, mut high) = (0, 0);
        unsafe { GetCurrentThreadStackLimits(&raw mut low, &raw mut high) };
        let here = (&raw const low) as usize;
        holds!(low < here && here < high);
    });
    case!(cases, "kernel32!GetCurrentProcessorNumber", Total, "below the number of processors that there can be", {
        holds!(unsafe { GetCurrentProcessorNumber() } < 1024);
    });
    case!(cases, "kernel32!SetThreadAffinityMask kernel32!GetProcessAffinityMask", Success, "goes in and comes out", {
        let (mut process, mut system) = (0, 0);
        same!(unsafe { GetProcessAffinityMask(GetCurrentProcess(), &raw mut process, &raw mut system) }, 1);
        holds!(process != 0 && process & !system == 0);
        let one = process & process.wrapping_neg();
        let before = unsafe { SetThreadAffinityMask(GetCurrentThread(), one) };
        same!(before, process);
        same!(unsafe { SetThreadAffinityMask(GetCurrentThread(), before) }, one);
    });
    case!(cases, "kernel32!SetThreadAffinityMask kernel32!GetProcessAffinityMask", Failure, "no processor, no handle", {
        let (mut process, mut system) = (0, 0);
        clear_error();
        same!((unsafe { SetThreadAffinityMask(GetCurrentThread(), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        same!((unsafe { GetProcessAffinityMask(NO_HANDLE, &raw mut process, &raw mut system) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!IsProcessorFeaturePresent", Total, "what every such processor has, and what there is not", {
        same!(unsafe { IsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE) }, 1);
        same!(unsafe { IsProcessorFeaturePresent(PF_COMPARE_EXCHANGE_DOUBLE) }, 1);
        same!(unsafe { IsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED) }, 0);
        same!(unsafe { IsProcessorFeaturePresent(10_000) }, 0);
    });
}

#[cfg(target_os = "windows")]
fn processes(cases: &mut Cases) {
    case!(cases, "kernel32!GetCurrentProcess kernel32!GetCurrentProcessId", Total, "a fixed number, and one of its own", {
        same!(unsafe { GetCurrentProcess() } as isize, -1);
        holds!(unsafe { GetCurrentProcessId() } != 0);
    });
    case!(cases, "kernel32!GetProcessId kernel32!OpenProcess kernel32!GetExitCodeProcess", Success, "this process, by its number", {
        let id = unsafe { GetCurrentProcessId() };
        same!(unsafe { GetProcessId(GetCurrentProcess()) }, id);
        let process = unsafe { OpenProcess(PROCESS_QUERY_INFORMATION, 0, id) };
        holds!(!process.is_null());
        same!(unsafe { GetProcessId(process) }, id);
        let mut code = 0;
        same!(unsafe { GetExitCodeProcess(process, &raw mut code) }, 1);
        same!(code, STILL_ACTIVE as u32);
        unsafe { CloseHandle(process) };
    });
    case!(cases, "kernel32!GetProcessId kernel32!OpenProcess kernel32!GetExitCodeProcess", Failure, "no handle, no such number, no right", {
        let mut code = 0;
        clear_error();
        same!((unsafe { GetProcessId(NO_HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        holds!(unsafe { OpenProcess(PROCESS_QUERY_INFORMATION, 0, 0x7FFF_FFF0) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!((unsafe { GetExitCodeProcess(NO_HANDLE, &raw mut code) }, last_error()), (0, ERROR_INVALID_HANDLE));
        let weak = unsafe { OpenProcess(PROCESS_VM_READ, 0, GetCurrentProcessId()) };
        clear_error();
        same!((unsafe { GetExitCodeProcess(weak, &raw mut code) }, last_error()), (0, ERROR_ACCESS_DENIED));
        unsafe { CloseHandle(weak) };
    });
    case!(cases, "kernel32!TerminateProcess", Failure, "no handle, no right", {
        clear_error();
        same!((unsafe { TerminateProcess(NO_HANDLE, 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        let weak = unsafe { OpenProcess(PROCESS_VM_READ, 0, GetCurrentProcessId()) };
        clear_error();
        same!((unsafe { TerminateProcess(weak, 0) }, last_error()), (0, ERROR_ACCESS_DENIED));
        unsafe { CloseHandle(weak) };
    });
    case!(cases, "kernel32!GetProcessHandleCount", Success, "grows with a handle", wine = "Wine does not count", {
        let (mut before, mut after) = (0, 0);
        same!(unsafe { GetProcessHandleCount(GetCurrentProcess(), &raw mut before) }, 1);
        let event = unsafe { CreateEventW(null(), 1, 0, null()) };
        same!(unsafe { GetProcessHandleCount(GetCurrentProcess(), &raw mut after) }, 1);
        same!(after, before + 1);
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!GetStartupInfoW", Total, "states its size", {
        let mut info: STARTUPINFOW = unsafe { core::mem::zeroed() };
        unsafe { GetStartupInfoW(&raw mut info) };
        same!(info.cb as usize, size_of::<STARTUPINFOW>());
    });
    case!(cases, "kernel32!IsWow64Process", Success, "a process of the machine's own bitness is none", {
        let mut wow = 7;
        same!(unsafe { IsWow64Process(GetCurrentProcess(), &raw mut wow) }, 1);
        same!(wow, cfg!(target_arch = "x86").into());
    });
    case!(cases, "kernel32!IsWow64Process", Failure, "no handle", {
        let mut wow = 7;
        clear_error();
        same!((unsafe { IsWow64Process(NO_HANDLE, &raw mut wow) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

#[cfg(target_os = "windows")]
fn slots(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!TlsAlloc kernel32!TlsSetValue kernel32!TlsGetValue kernel32!TlsFree",
        Success,
        "each thread has its own value, and a slot starts empty",
        {
            let mut indexes = alloc::vec::Vec::new();
            for _ in 0..100 {
                let index = unsafe { TlsAlloc() };
                holds!(index != TLS_OUT_OF_INDEXES && !indexes.contains(&index));
                same!(unsafe { TlsGetValue(index) }.is_null(), true);
                same!(unsafe { TlsSetValue(index, (index as usize + 5) as *const c_void) }, 1);
                indexes.push(index);
            }
            for index in indexes {
                clear_error();
                same!((unsafe { TlsGetValue(index) } as usize, last_error()), (index as usize + 5, 0));
                let mut id = 0;
                same!(end(launch(slot, index as usize as *mut c_void, 0, &mut id)), 0);
                same!(unsafe { TlsFree(index) }, 1);
            }
        }
    );
    case!(cases, "kernel32!TlsSetValue kernel32!TlsGetValue kernel32!TlsFree", Failure, "beyond the last slot, and a slot that is free", {
        clear_error();
        same!((unsafe { TlsSetValue(1088, null()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        holds!(unsafe { TlsGetValue(1088) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!((unsafe { TlsFree(1087) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(
        cases,
        "kernel32!FlsAlloc kernel32!FlsSetValue kernel32!FlsGetValue kernel32!FlsFree",
        Success,
        "a thread's value is cleaned up when it ends, or the slot goes",
        {
            CLEANED.store(0, Ordering::Relaxed);
            let index = unsafe { FlsAlloc(Some(clean)) };
            holds!(index != u32::MAX);
            let mut id = 0;
            same!(end(launch(set_local, index as usize as *mut c_void, 0, &mut id)), 0);
            same!(CLEANED.load(Ordering::Relaxed), 0x10);
            same!(unsafe { FlsSetValue(index, 0x200 as *const c_void) }, 1);
            same!(unsafe { FlsFree(index) }, 1);
            same!(CLEANED.load(Ordering::Relaxed), 0x210);
        }
    );
    case!(cases, "kernel32!FlsSetValue kernel32!FlsGetValue kernel32!FlsFree", Failure, "no slot", {
        clear_error();
        same!((unsafe { FlsSetValue(100_000, null()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        holds!(unsafe { FlsGetValue(100_000) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!((unsafe { FlsFree(100_000) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

#[cfg(target_os = "windows")]
fn lists(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!InitializeProcThreadAttributeList kernel32!UpdateProcThreadAttribute kernel32!DeleteProcThreadAttributeList",
        Success,
        "a list with one attribute",
        {
            let mut size = 0;
            clear_error();
            same!((unsafe { InitializeProcThreadAttributeList(null_mut(), 1, 0, &raw mut size) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
            let mut memory = alloc::vec![0_u64; size.div_ceil(8)];
            let list = memory.as_mut_ptr().cast();
            same!(unsafe { InitializeProcThreadAttributeList(list, 1, 0, &raw mut size) }, 1);
            let handle: HANDLE = null_mut();
            let attribute = PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize;
            same!(unsafe { UpdateProcThreadAttribute(list, 0, attribute, (&raw const handle).cast(), 8, null_mut(), null()) }, 1);
            unsafe { DeleteProcThreadAttributeList(list) };
        }
    );
    case!(
        cases,
        "kernel32!InitializeProcThreadAttributeList kernel32!UpdateProcThreadAttribute",
        Failure,
        "a second attribute in a list for one, and a wrong size",
        wine = "Wine takes unknown flags",
        {
            let (mut memory, mut size) = ([0_u64; 64], 512);
            let list = memory.as_mut_ptr().cast();
            same!(unsafe { InitializeProcThreadAttributeList(list, 1, 0, &raw mut size) }, 1);
            let handle: HANDLE = null_mut();
            let value = (&raw const handle).cast();
            clear_error();
            same!(
                unsafe {
                    UpdateProcThreadAttribute(
                        list,
                        0,
                        PROC_THREAD_ATTRIBUTE_PARENT_PROCESS as usize,
                        value,
                        size_of::<usize>() / 2,
                        null_mut(),
                        null(),
                    )
                },
                0
            );
            same!(last_error(), ERROR_BAD_LENGTH);
            same!(
                unsafe {
                    UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS as usize, value, size_of::<usize>(), null_mut(), null())
                },
                1
            );
            clear_error();
            same!(
                unsafe {
                    UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize, value, size_of::<usize>(), null_mut(), null())
                },
                0
            );
            same!(last_error(), ERROR_GEN_FAILURE);
            clear_error();
            same!((unsafe { InitializeProcThreadAttributeList(list, 1, 7, &raw mut size) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    );
}
