//! fibersapi.h: fibers, and their storage.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub static MAIN: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
    /// What happened, in order: each event appends a digit.
    pub static TRACE: AtomicUsize = AtomicUsize::new(0);

    pub fn note(digit: usize) {
        TRACE.store(TRACE.load(Ordering::SeqCst) * 10 + digit, Ordering::SeqCst);
    }

    pub fn trace() -> usize {
        TRACE.swap(0, Ordering::SeqCst)
    }

    /// Notes its parameter and goes back, again and again.
    pub unsafe extern "system" fn ping(parameter: *mut c_void) {
        loop {
            note(parameter as usize);
            unsafe { SwitchToFiber(MAIN.load(Ordering::SeqCst)) };
        }
    }

    /// Uses a lot of stack, and goes back.
    pub unsafe extern "system" fn deep(parameter: *mut c_void) {
        note(dive(parameter as usize));
        unsafe { SwitchToFiber(MAIN.load(Ordering::SeqCst)) };
    }

    #[inline(never)]
    fn dive(depth: usize) -> usize {
        let mut block = [0_u8; 4096];
        core::hint::black_box(&mut block)[depth % 4096] = 1;
        let below = if depth > 0 { dive(depth - 1) } else { 0 };
        core::hint::black_box(&block)[depth % 4096] as usize + below - usize::from(depth > 0)
    }

    pub unsafe extern "system" fn comes_back(_parameter: *mut c_void) {}

    pub unsafe extern "system" fn host(fiber: *mut c_void) -> u32 {
        unsafe {
            ConvertThreadToFiber(null());
            SwitchToFiber(fiber);
        }
        99
    }

    /// Sets its own value of a slot, goes back, and notes it.
    pub unsafe extern "system" fn stores(slot: *mut c_void) {
        unsafe {
            let slot = slot as usize as u32;
            note(usize::from(!FlsGetValue(slot).is_null()));
            FlsSetValue(slot, 7 as *const c_void);
            SwitchToFiber(MAIN.load(Ordering::SeqCst));
            note(FlsGetValue(slot) as usize);
            SwitchToFiber(MAIN.load(Ordering::SeqCst));
        }
    }

    pub unsafe extern "system" fn forget(value: *const c_void) {
        note(value as usize);
    }

    pub unsafe extern "system" fn floats(parameter: *mut c_void) {
        let mut sum = parameter as usize as f64;
        loop {
            sum = core::hint::black_box(sum) * 0.5;
            note(sum as usize);
            unsafe { SwitchToFiber(MAIN.load(Ordering::SeqCst)) };
        }
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        threads(&mut cases);
        fibers(&mut cases);
        storage(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn threads(cases: &mut Cases) {
    case!(cases, "kernel32!ConvertThreadToFiber kernel32!IsThreadAFiber kernel32!ConvertFiberToThread", Success, "there and back", {
        unsafe {
            same!(IsThreadAFiber(), 0);
            let fiber = ConvertThreadToFiber(5 as *const c_void);
            holds!(!fiber.is_null());
            same!((IsThreadAFiber(), *fiber.cast::<usize>()), (1, 5));
            clear_error();
            same!((ConvertThreadToFiber(null()).is_null(), last_error()), (true, ERROR_ALREADY_FIBER));
            same!(ConvertFiberToThread(), 1);
            same!(IsThreadAFiber(), 0);
        }
    });
    case!(cases, "kernel32!ConvertFiberToThread", Failure, "a thread that is no fiber", wine = "it succeeds", {
        clear_error();
        same!((unsafe { ConvertFiberToThread() }, last_error()), (0, ERROR_ALREADY_THREAD));
    });
    case!(cases, "kernel32!ConvertThreadToFiber", Failure, "a thread that is one already", {
        unsafe {
            ConvertThreadToFiber(null());
            clear_error();
            same!((ConvertThreadToFiber(null()).is_null(), last_error()), (true, ERROR_ALREADY_FIBER));
            ConvertFiberToThread();
        }
    });
    case!(cases, "kernel32!ConvertThreadToFiberEx", Success, "with the floating-point flag", {
        unsafe {
            holds!(!ConvertThreadToFiberEx(null(), 1).is_null());
            same!(ConvertFiberToThread(), 1);
        }
    });
}

#[cfg(target_os = "windows")]
fn fibers(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFiber kernel32!SwitchToFiber kernel32!DeleteFiber", Success, "two take turns", {
        unsafe {
            MAIN.store(ConvertThreadToFiber(null()), Ordering::SeqCst);
            let (first, second) = (CreateFiber(0, Some(ping), core::ptr::without_provenance(1)), CreateFiber(0, Some(ping), 2 as *const c_void));
            holds!(!first.is_null() && !second.is_null());
            for _ in 0..2 {
                SwitchToFiber(first);
                SwitchToFiber(second);
            }
            same!(trace(), 1212);
            DeleteFiber(first);
            DeleteFiber(second);
            ConvertFiberToThread();
        }
    });
    case!(cases, "kernel32!CreateFiberEx", Success, "a stack that grows", {
        unsafe {
            MAIN.store(ConvertThreadToFiber(null()), Ordering::SeqCst);
            let fiber = CreateFiberEx(0x1000, 0x20_0000, 1, Some(deep), 300 as *const c_void);
            holds!(!fiber.is_null());
            SwitchToFiber(fiber);
            same!(trace(), 1);
            DeleteFiber(fiber);
            ConvertFiberToThread();
        }
    });
    case!(cases, "kernel32!SwitchToFiber", Success, "keeps numbers in registers apart", {
        unsafe {
            MAIN.store(ConvertThreadToFiber(null()), Ordering::SeqCst);
            let (first, second) = (CreateFiber(0, Some(floats), 8 as *const c_void), CreateFiber(0, Some(floats), 4 as *const c_void));
            for _ in 0..2 {
                SwitchToFiber(first);
                SwitchToFiber(second);
            }
            same!(trace(), 4221);
            DeleteFiber(first);
            DeleteFiber(second);
            ConvertFiberToThread();
        }
    });
    case!(cases, "kernel32!CreateFiber", Success, "one that comes back ends its thread", {
        unsafe {
            let fiber = CreateFiber(0, Some(comes_back), null());
            let thread = CreateThread(null(), 0, Some(host), fiber, 0, null_mut());
            same!(WaitForSingleObject(thread, 20_000), WAIT_OBJECT_0);
            let mut code = STILL_ACTIVE as u32;
            GetExitCodeThread(thread, &raw mut code);
            holds!(code != STILL_ACTIVE as u32);
            CloseHandle(thread);
        }
    });
    case!(cases, "kernel32!CreateFiberEx", Failure, "a stack that is larger than all memory", {
        clear_error();
        let fiber = unsafe { CreateFiberEx(0, 1 << (usize::BITS - 2 + u32::from(cfg!(target_arch = "x86"))), 0, Some(ping), null()) };
        holds!(fiber.is_null());
        holds!(last_error() == ERROR_NOT_ENOUGH_MEMORY || last_error() == ERROR_INVALID_PARAMETER);
    });
}

#[cfg(target_os = "windows")]
fn storage(cases: &mut Cases) {
    case!(cases, "kernel32!FlsAlloc kernel32!FlsSetValue kernel32!FlsGetValue", Success, "each fiber has its own", {
        unsafe {
            let slot = FlsAlloc(None);
            MAIN.store(ConvertThreadToFiber(null()), Ordering::SeqCst);
            FlsSetValue(slot, 3 as *const c_void);
            let fiber = CreateFiber(0, Some(stores), slot as usize as *const c_void);
            SwitchToFiber(fiber);
            note(FlsGetValue(slot) as usize);
            SwitchToFiber(fiber);
            note(FlsGetValue(slot) as usize);
            same!(trace(), 3_73);
            DeleteFiber(fiber);
            ConvertFiberToThread();
            FlsFree(slot);
        }
    });
    case!(cases, "kernel32!DeleteFiber", Success, "calls the slots' callbacks", {
        unsafe {
            let slot = FlsAlloc(Some(forget));
            MAIN.store(ConvertThreadToFiber(null()), Ordering::SeqCst);
            let fiber = CreateFiber(0, Some(stores), slot as usize as *const c_void);
            SwitchToFiber(fiber);
            DeleteFiber(fiber);
            same!(trace(), 7);
            ConvertFiberToThread();
            FlsFree(slot);
        }
    });
    case!(cases, "kernel32!FlsFree", Success, "calls the callback for the values that are left", {
        unsafe {
            let slot = FlsAlloc(Some(forget));
            FlsSetValue(slot, 6 as *const c_void);
            same!(FlsFree(slot), 1);
            same!(trace(), 6);
        }
    });
    case!(cases, "kernel32!FlsFree kernel32!FlsSetValue kernel32!FlsGetValue", Failure, "slots that nobody has", {
        unsafe {
            clear_error();
            same!((FlsFree(4_999), last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((FlsSetValue(4_999, null()), last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((FlsGetValue(4_999).is_null(), last_error()), (true, ERROR_INVALID_PARAMETER));
        }
    });
}
