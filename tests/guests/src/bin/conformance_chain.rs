//! Handlers of 32-bit code: the chain from `fs:[0]` on, its unwinding, and the frames that a C compiler makes; what the
//! processor's faults look like there, and what becomes of a program that changes its own segments.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(all(target_os = "windows", target_arch = "x86"))]
use parts::*;

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicUsize, Ordering};
    pub use guests::guard::{Guard, Registration, guard_except, guard_finally, registered};
    pub use guests::{Cases, case, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Diagnostics::Debug::*;

    windows_link::link!("ntdll.dll" "system" fn RtlUnwind(target: *mut c_void, address: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void));

    /// What handlers saw.
    pub static SEEN: [AtomicUsize; 8] = [const { AtomicUsize::new(0) }; 8];

    pub fn seen() -> [usize; 8] {
        core::array::from_fn(|index| SEEN[index].swap(0, Ordering::SeqCst))
    }

    pub fn note(index: usize, value: usize) {
        SEEN[index].store(value, Ordering::SeqCst);
    }

    pub const UNWINDING: u32 = 2;

    /// Goes on behind an instruction of two bytes, for a fault.
    pub unsafe extern "C" fn skip(record: *mut EXCEPTION_RECORD, _frame: *mut Registration, context: *mut CONTEXT, _about: *mut c_void) -> i32 {
        unsafe {
            note(0, (*record).ExceptionCode as usize);
            note(1, (*record).ExceptionInformation[1]);
            note(2, (*record).ExceptionAddress as usize - (*context).Eip as usize);
            note(3, (*context).SegCs as usize);
            (*context).Eip += 2;
            (*context).Eax = 77;
        }
        0
    }

    /// Counts, and passes on.
    pub unsafe extern "C" fn count(record: *mut EXCEPTION_RECORD, _frame: *mut Registration, _context: *mut CONTEXT, _about: *mut c_void) -> i32 {
        let unwinding = unsafe { (*record).ExceptionFlags } & UNWINDING != 0;
        SEEN[4 + usize::from(unwinding)].fetch_add(1, Ordering::SeqCst);
        1
    }

    /// Reads at an address with an instruction of two bytes.
    pub fn read(at: usize) -> usize {
        let value;
        unsafe { core::arch::asm!("mov eax, [ecx]", in("ecx") at, out("eax") value) };
        value
    }

    pub unsafe extern "system" fn raise(guard: *mut Guard) -> u64 {
        unsafe {
            RaiseException((*guard).data[0] as u32, 0, 0, null());
        }
        5
    }

    pub unsafe extern "system" fn take(guard: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
        unsafe {
            (*guard).data[1] = (*(*pointers).ExceptionRecord).ExceptionCode as u32 as u64;
        }
        1
    }

    pub unsafe extern "system" fn finish(guard: *mut Guard, abnormally: bool) {
        unsafe { (*guard).data[2] += 1 + u64::from(abnormally) };
    }

    pub unsafe extern "system" fn in_between(guard: *mut Guard) -> u64 {
        unsafe {
            let mut inner = Guard::new(raise);
            inner.data[0] = (*guard).data[0];
            inner.finally = finish;
            let answer = guard_finally(&raw mut inner);
            (*guard).data[3] = inner.data[2];
            answer
        }
    }

    pub unsafe extern "system" fn read_nothing(_guard: *mut Guard) -> u64 {
        read(8) as u64
    }
}

#[cfg(not(all(target_os = "windows", target_arch = "x86")))]
guests::program! {
    fn main() -> u32 {
        #[cfg(target_os = "windows")]
        guests::print("skipped\tthis is about 32-bit code\n");
        0
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        chain(&mut cases);
        frames(&mut cases);
        segments(&mut cases);
        cases.code()
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn chain(cases: &mut Cases) {
    case!(cases, "ntdll!KiUserExceptionDispatcher", Total, "a handler changes the registers, and the thread goes on", {
        let mut own = Registration { next: null_mut(), handler: skip };
        same!(registered(&mut own, || read(0x20)), 77);
        let [code, address, distance, selector, ..] = seen();
        same!((code as i32, address, distance, selector), (EXCEPTION_ACCESS_VIOLATION, 0x20, 0, 0x23));
    });
    case!(cases, "ntdll!RtlRaiseException", Total, "handlers are asked from the innermost on", {
        let mut outer = Registration { next: null_mut(), handler: skip };
        let mut inner = Registration { next: null_mut(), handler: count };
        registered(&mut outer, || registered(&mut inner, || read(0x20)));
        let found = seen();
        same!((found[0] as i32, found[4], found[5]), (EXCEPTION_ACCESS_VIOLATION, 1, 0));
    });
    case!(cases, "ntdll!RtlUnwind", Success, "calls what lies below the target, and takes it off", {
        let mut outer = Registration { next: null_mut(), handler: count };
        let mut inner = Registration { next: null_mut(), handler: count };
        let target = (&raw mut outer).cast();
        registered(&mut outer, || unsafe {
            core::arch::asm!("mov {}, fs:[0]", out(reg) inner.next);
            core::arch::asm!("mov fs:[0], {}", in(reg) &raw mut inner);
            RtlUnwind(target, null_mut(), null_mut(), null_mut());
        });
        let head: *mut c_void;
        unsafe { core::arch::asm!("mov {}, fs:[0]", out(reg) head) };
        same!(head, outer.next.cast());
        let found = seen();
        same!((found[4], found[5]), (0, 1));
    });
    case!(cases, "ntdll!RtlUnwind", Failure, "a target that is not in the chain", {
        let mut guard = Guard::new(unwind_nowhere);
        guard.filter = take;
        same!(unsafe { guard_except(&raw mut guard) }, 1 << 32);
        same!(guard.data[1] as u32 as i32, STATUS_INVALID_UNWIND_TARGET);
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
unsafe extern "system" fn unwind_nowhere(_guard: *mut Guard) -> u64 {
    let mut nowhere = [0_usize; 2];
    unsafe { RtlUnwind((&raw mut nowhere).cast(), null_mut(), null_mut(), null_mut()) };
    0
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn frames(cases: &mut Cases) {
    case!(cases, "msvcrt!_except_handler3", Success, "a filter takes an exception, and the block behind it runs", {
        let mut guard = Guard::new(raise);
        (guard.filter, guard.data[0]) = (take, 0xE000_0001);
        same!(unsafe { guard_except(&raw mut guard) }, 1 << 32);
        same!(guard.data[1], 0xE000_0001);
    });
    case!(cases, "msvcrt!_except_handler3", Success, "what lies between is left", {
        let mut guard = Guard::new(in_between);
        (guard.filter, guard.data[0]) = (take, 0xE000_0002);
        same!(unsafe { guard_except(&raw mut guard) }, 1 << 32);
        same!((guard.data[1], guard.data[3]), (0xE000_0002, 0));
    });
    case!(cases, "msvcrt!_except_handler3", Success, "a fault, a thousand times", {
        for _ in 0..1000 {
            let mut guard = Guard::new(read_nothing);
            guard.filter = take;
            same!(unsafe { guard_except(&raw mut guard) }, 1 << 32);
            same!(guard.data[1] as u32 as i32, EXCEPTION_ACCESS_VIOLATION);
        }
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn segments(cases: &mut Cases) {
    case!(cases, "ntdll!KiUserExceptionDispatcher", Total, "FS, GS, DS and ES that the program loads itself", {
        let before = unsafe { GetLastError() };
        unsafe {
            core::arch::asm!("push fs", "pop fs");
            same!(GetLastError(), before);
            core::arch::asm!("push gs", "pop gs", "push ds", "pop ds", "push es", "pop es");
            same!(GetLastError(), before);
            core::arch::asm!("xor eax, eax", "mov gs, ax", out("eax") _);
            // A service finds its way without it.
            same!(windows_sys::Win32::System::Threading::SwitchToThread() <= 1, true);
            core::arch::asm!("xor eax, eax", "mov fs, ax", out("eax") _);
            same!(windows_sys::Win32::System::Threading::GetCurrentThreadId() != 0, true);
        }
    });
    case!(cases, "ntdll!KiUserExceptionDispatcher", Total, "a fault finds its handler when FS was lost", {
        let mut guard = Guard::new(lose_and_read);
        guard.filter = take;
        same!(unsafe { guard_except(&raw mut guard) }, 1 << 32);
        same!(guard.data[1] as u32 as i32, EXCEPTION_ACCESS_VIOLATION);
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
unsafe extern "system" fn lose_and_read(_guard: *mut Guard) -> u64 {
    unsafe { core::arch::asm!("push fs", "pop fs") };
    read(8) as u64
}
