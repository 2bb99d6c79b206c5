//! Threads of others: their registers, suspending and ending them (processthreadsapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    pub use guests::registers::{self, CONTROL, Context, FULL, INTEGER, context};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Diagnostics::Debug::*;
    pub use windows_sys::Win32::System::Threading::*;

    /// Longer than anything here takes, so that a wait that does not end is a failed case.
    pub const LONG: u32 = 20_000;

    /// Counts while a spinning thread runs.
    pub static TURNS: AtomicUsize = AtomicUsize::new(0);
    /// Where the context lets a thread go on, and what it says there.
    pub static ARRIVED: AtomicUsize = AtomicUsize::new(0);
    pub static STARTED: AtomicU32 = AtomicU32::new(0);

    pub fn event(manual: bool, set: bool) -> HANDLE {
        unsafe { CreateEventW(null(), manual.into(), set.into(), null()) }
    }

    pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
        unsafe { WaitForSingleObject(handle, timeout) }
    }

    pub fn launch(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void, flags: u32) -> HANDLE {
        unsafe { CreateThread(null(), 0, Some(routine), parameter, flags, null_mut()) }
    }

    pub fn exit_code(thread: HANDLE) -> u32 {
        let mut code = u32::MAX;
        unsafe { GetExitCodeThread(thread, &raw mut code) };
        code
    }

    pub fn end(thread: HANDLE) -> u32 {
        wait(thread, LONG);
        let code = exit_code(thread);
        unsafe { CloseHandle(thread) };
        code
    }

    /// Counts for ever, with a number of its own in rbx and in xmm6.
    pub unsafe extern "system" fn spin(mark: *mut c_void) -> u32 {
        registers::spin(mark, TURNS.as_ptr());
        7
    }

    pub fn wait_for_turns() {
        let before = TURNS.load(Ordering::SeqCst);
        while TURNS.load(Ordering::SeqCst) == before {
            unsafe { SwitchToThread() };
        }
    }

    /// Whether nobody counts.
    pub fn stands_still() -> bool {
        let before = TURNS.load(Ordering::SeqCst);
        unsafe { Sleep(10) };
        TURNS.load(Ordering::SeqCst) == before
    }

    /// Where threads are sent.
    pub unsafe extern "system" fn arrive(mark: usize) -> ! {
        ARRIVED.store(mark, Ordering::SeqCst);
        unsafe { ExitThread(21) }
    }

    pub unsafe extern "system" fn wait_long(event: *mut c_void) -> u32 {
        STARTED.store(1, Ordering::SeqCst);
        wait(event, LONG)
    }

    pub unsafe extern "system" fn sleep_long(_parameter: *mut c_void) -> u32 {
        STARTED.store(1, Ordering::SeqCst);
        unsafe { Sleep(LONG) };
        1
    }

    pub unsafe extern "system" fn wait_on_address(word: *mut c_void) -> u32 {
        STARTED.store(1, Ordering::SeqCst);
        let zero = 0_u32;
        unsafe { WaitOnAddress(word, (&raw const zero).cast(), 4, LONG) };
        2
    }

    /// Takes a mutex and waits.
    pub unsafe extern "system" fn own_and_wait(mutex: *mut c_void) -> u32 {
        wait(mutex, LONG);
        STARTED.store(1, Ordering::SeqCst);
        unsafe { Sleep(LONG) };
        3
    }

    pub fn launch_and_see(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: *mut c_void) -> HANDLE {
        STARTED.store(0, Ordering::SeqCst);
        let thread = launch(routine, parameter, 0);
        while STARTED.load(Ordering::SeqCst) == 0 {
            unsafe { SwitchToThread() };
        }
        unsafe { Sleep(5) };
        thread
    }

    pub unsafe extern "system" fn answer(parameter: *mut c_void) -> u32 {
        parameter as usize as u32
    }

    /// Lets a thread go on in [`arrive`], on its own stack.
    pub fn send(context: &mut Context, mark: usize) {
        unsafe { registers::call(&mut context.0, arrive as *const () as usize, mark) };
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        suspended(&mut cases);
        waiting(&mut cases);
        terminated(&mut cases);
        many(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn suspended(cases: &mut Cases) {
    case!(cases, "kernel32!SuspendThread kernel32!ResumeThread", Success, "a thread that runs stands still until it is resumed as often", {
        let thread = launch(spin, core::ptr::without_provenance_mut(1), 0);
        wait_for_turns();
        same!(unsafe { (SuspendThread(thread), SuspendThread(thread)) }, (0, 1));
        holds!(stands_still());
        same!(unsafe { ResumeThread(thread) }, 2);
        holds!(stands_still());
        same!(unsafe { ResumeThread(thread) }, 1);
        wait_for_turns();
        same!(unsafe { TerminateThread(thread, 1) }, 1);
        end(thread);
    });
    case!(cases, "kernel32!SuspendThread kernel32!ResumeThread", Failure, "bad handles, and one without the right", {
        unsafe {
            clear_error();
            same!((SuspendThread(null_mut()), last_error()), (u32::MAX, ERROR_INVALID_HANDLE));
            clear_error();
            same!((ResumeThread(null_mut()), last_error()), (u32::MAX, ERROR_INVALID_HANDLE));
            let weak = OpenThread(THREAD_QUERY_INFORMATION, 0, GetCurrentThreadId());
            clear_error();
            same!((SuspendThread(weak), last_error()), (u32::MAX, ERROR_ACCESS_DENIED));
            clear_error();
            same!((ResumeThread(weak), last_error()), (u32::MAX, ERROR_ACCESS_DENIED));
            CloseHandle(weak);
        }
    });
    case!(cases, "kernel32!GetThreadContext", Success, "of a thread that was stopped in its own code", {
        let thread = launch(spin, 0x1234_5678 as *mut c_void, 0);
        wait_for_turns();
        unsafe {
            SuspendThread(thread);
            let mut found = context(FULL);
            same!(GetThreadContext(thread, &raw mut found.0), 1);
            same!((registers::kept(&found.0), registers::vector(&found.0)), (0x1234_5678, 0x1234_5678));
            let from = spin as *const () as usize;
            holds!((from..from + 0x100).contains(&registers::instruction(&found.0)));
            same!(registers::code(&found.0), registers::CODE);
            TerminateThread(thread, 1);
            ResumeThread(thread);
            end(thread);
        }
    });
    case!(cases, "kernel32!SetThreadContext", Success, "sends a thread that was stopped elsewhere", {
        let thread = launch(spin, 2 as *mut c_void, 0);
        wait_for_turns();
        unsafe {
            SuspendThread(thread);
            let mut found = context(FULL);
            GetThreadContext(thread, &raw mut found.0);
            send(&mut found, 55);
            same!(SetThreadContext(thread, &raw const found.0), 1);
            let mut again = context(CONTROL | INTEGER);
            GetThreadContext(thread, &raw mut again.0);
            let place = |context: &Context| (registers::instruction(&context.0), registers::stack(&context.0));
            same!(place(&again), place(&found));
            ResumeThread(thread);
        }
        same!((end(thread), ARRIVED.swap(0, Ordering::SeqCst)), (21, 55));
    });
    case!(cases, "kernel32!SetThreadContext", Success, "changes one register, and the thread goes on", {
        let thread = launch(spin, 3 as *mut c_void, 0);
        wait_for_turns();
        unsafe {
            SuspendThread(thread);
            let mut found = context(INTEGER);
            GetThreadContext(thread, &raw mut found.0);
            registers::set_kept(&mut found.0, 0);
            same!(SetThreadContext(thread, &raw const found.0), 1);
            ResumeThread(thread);
        }
        same!(end(thread), 7);
    });
    case!(cases, "kernel32!GetThreadContext kernel32!SetThreadContext", Success, "of a thread that has not begun", {
        let thread = launch(answer, 9 as *mut c_void, CREATE_SUSPENDED);
        unsafe {
            let mut found = context(FULL);
            same!(GetThreadContext(thread, &raw mut found.0), 1);
            same!(registers::first(&found.0), (answer as *const () as usize, 9));
            registers::set_first_parameter(&mut found.0, 10);
            same!(SetThreadContext(thread, &raw const found.0), 1);
            ResumeThread(thread);
        }
        same!(end(thread), 10);
    });
    case!(cases, "kernel32!GetThreadContext kernel32!SetThreadContext", Failure, "bad handles, and one without the right", {
        let mut found = context(FULL);
        unsafe {
            clear_error();
            same!((GetThreadContext(null_mut(), &raw mut found.0), last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((SetThreadContext(null_mut(), &raw const found.0), last_error()), (0, ERROR_INVALID_HANDLE));
            let weak = OpenThread(THREAD_SUSPEND_RESUME, 0, GetCurrentThreadId());
            clear_error();
            same!((GetThreadContext(weak, &raw mut found.0), last_error()), (0, ERROR_ACCESS_DENIED));
            clear_error();
            same!((SetThreadContext(weak, &raw const found.0), last_error()), (0, ERROR_ACCESS_DENIED));
            CloseHandle(weak);
        }
    });
}

#[cfg(target_os = "windows")]
fn waiting(cases: &mut Cases) {
    case!(cases, "kernel32!GetThreadContext", Success, "of a thread that waits", {
        let event = event(true, false);
        let thread = launch_and_see(wait_long, event);
        unsafe {
            SuspendThread(thread);
            let mut found = context(CONTROL | INTEGER);
            same!(GetThreadContext(thread, &raw mut found.0), 1);
            holds!(registers::instruction(&found.0) != 0 && registers::stack(&found.0) != 0);
            // Its wait ends, and it still stands.
            SetEvent(event);
            same!(wait(thread, 20), WAIT_TIMEOUT);
            ResumeThread(thread);
        }
        same!(end(thread), WAIT_OBJECT_0);
        unsafe { CloseHandle(event) };
    });
    case!(
        cases,
        "kernel32!SetThreadContext",
        Success,
        "sends a thread that waits elsewhere, once its wait is over",
        wine = "the registers that carry arguments are those of the wait",
        {
            let event = event(true, false);
            let thread = launch_and_see(wait_long, event);
            unsafe {
                SuspendThread(thread);
                let mut found = context(CONTROL | INTEGER);
                GetThreadContext(thread, &raw mut found.0);
                send(&mut found, 77);
                same!(SetThreadContext(thread, &raw const found.0), 1);
                ResumeThread(thread);
                SetEvent(event);
            }
            same!((end(thread), ARRIVED.swap(0, Ordering::SeqCst)), (21, 77));
            unsafe { CloseHandle(event) };
        }
    );
    case!(cases, "kernel32!SetThreadContext", Success, "gives a thread that waits back what it had", {
        let event = event(true, false);
        let thread = launch_and_see(wait_long, event);
        unsafe {
            SuspendThread(thread);
            let mut found = context(CONTROL);
            GetThreadContext(thread, &raw mut found.0);
            SetThreadContext(thread, &raw const found.0);
            ResumeThread(thread);
            SetEvent(event);
        }
        same!(end(thread), WAIT_OBJECT_0);
        unsafe { CloseHandle(event) };
    });
}

#[cfg(target_os = "windows")]
fn terminated(cases: &mut Cases) {
    case!(cases, "kernel32!TerminateThread", Success, "a thread that runs", {
        let thread = launch(spin, 4 as *mut c_void, 0);
        wait_for_turns();
        same!(unsafe { TerminateThread(thread, 31) }, 1);
        same!(end(thread), 31);
        holds!(stands_still());
    });
    case!(cases, "kernel32!TerminateThread", Success, "a thread that waits, sleeps, or waits on an address", {
        let event = event(true, false);
        let thread = launch_and_see(wait_long, event);
        same!(unsafe { TerminateThread(thread, 32) }, 1);
        same!(end(thread), 32);
        let thread = launch_and_see(sleep_long, null_mut());
        same!(unsafe { TerminateThread(thread, 33) }, 1);
        same!(end(thread), 33);
        let word = AtomicU32::new(0);
        let thread = launch_and_see(wait_on_address, word.as_ptr().cast());
        same!(unsafe { TerminateThread(thread, 34) }, 1);
        same!(end(thread), 34);
        unsafe { CloseHandle(event) };
    });
    case!(cases, "kernel32!SuspendThread kernel32!GetThreadContext", Failure, "of a thread that has ended", {
        let thread = launch(answer, null_mut(), 0);
        same!(wait(thread, LONG), WAIT_OBJECT_0);
        clear_error();
        same!((unsafe { SuspendThread(thread) }, last_error()), (u32::MAX, ERROR_ACCESS_DENIED));
        let mut found = context(FULL);
        clear_error();
        same!((unsafe { GetThreadContext(thread, &raw mut found.0) }, last_error()), (0, ERROR_GEN_FAILURE));
        unsafe { CloseHandle(thread) };
    });
    case!(cases, "kernel32!TerminateThread", Success, "one that is suspended, and one that has not begun", {
        let thread = launch(spin, 4 as *mut c_void, 0);
        wait_for_turns();
        unsafe { SuspendThread(thread) };
        same!(unsafe { TerminateThread(thread, 35) }, 1);
        same!(end(thread), 35);
        let thread = launch(answer, core::ptr::without_provenance_mut(1), CREATE_SUSPENDED);
        same!(unsafe { TerminateThread(thread, 36) }, 1);
        same!(end(thread), 36);
    });
    case!(cases, "kernel32!TerminateThread", Success, "its mutexes are abandoned", {
        let mutex = unsafe { CreateMutexW(null(), 0, null()) };
        let thread = launch_and_see(own_and_wait, mutex);
        same!(wait(mutex, 0), WAIT_TIMEOUT);
        unsafe { TerminateThread(thread, 37) };
        same!((end(thread), wait(mutex, LONG)), (37, WAIT_ABANDONED));
        unsafe { CloseHandle(mutex) };
    });
    case!(cases, "kernel32!TerminateThread", Success, "one that has ended keeps its code", wine = "the code changes", {
        let thread = launch(answer, 5 as *mut c_void, 0);
        wait(thread, LONG);
        same!(unsafe { TerminateThread(thread, 38) }, 1);
        same!(end(thread), 5);
    });
    case!(cases, "kernel32!TerminateThread", Failure, "a bad handle, and one without the right", {
        unsafe {
            clear_error();
            same!((TerminateThread(null_mut(), 1), last_error()), (0, ERROR_INVALID_HANDLE));
            let thread = launch(answer, 5 as *mut c_void, CREATE_SUSPENDED);
            let weak = OpenThread(THREAD_QUERY_INFORMATION, 0, GetThreadId(thread));
            clear_error();
            same!((TerminateThread(weak, 1), last_error()), (0, ERROR_ACCESS_DENIED));
            CloseHandle(weak);
            ResumeThread(thread);
            same!(end(thread), 5);
        }
    });
}

#[cfg(target_os = "windows")]
fn many(cases: &mut Cases) {
    case!(cases, "kernel32!CreateThread kernel32!TerminateThread", Success, "2,000 threads at once", {
        let gate = event(true, false);
        let mut threads = alloc::vec::Vec::new();
        for _ in 0..2_000 {
            let thread = unsafe { CreateThread(null(), 0x1_0000, Some(wait_long), gate, STACK_SIZE_PARAM_IS_A_RESERVATION, null_mut()) };
            holds!(!thread.is_null());
            threads.push(thread);
        }
        unsafe { SetEvent(gate) };
        for thread in threads {
            same!(end(thread), WAIT_OBJECT_0);
        }
        unsafe { CloseHandle(gate) };
    });
}

#[cfg(target_os = "windows")]
extern crate alloc;
