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
        cookies(&mut cases);
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

/// A frame whose table is hidden by a cookie, and which keeps one of its own: `_except_handler4`, as compilers make it.
#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod guarded {
    use super::parts::*;

    #[link(name = "msvcrt", kind = "raw-dylib", import_name_type = "undecorated")]
    unsafe extern "C" {
        // The linker takes one underscore off.
        #[link_name = "__except_handler4_common"]
        fn _except_handler4_common() -> i32;
    }

    unsafe extern "system" {
        /// `__try { body } __except (filter) { }` with a cookie that was `changed` by so much: 1, where the block ran.
        pub fn guard_except_4(guard: *mut Guard, changed: u32) -> u32;
    }

    /// What is checked of a cookie: how often, and that it is the program's.
    unsafe extern "fastcall" fn check(cookie: u32) {
        SEEN[6].fetch_add(1, Ordering::SeqCst);
        note(7, cookie as usize);
    }

    pub static COOKIE: u32 = 0x5EC0_0C1E;

    core::arch::global_asm!(
        ".section .rdata,\"dr\"",
        // No stack cookie; the frame's at ebp - 28; one block, in none, with its filter and its code.
        "guard_4_scopes: .long -2, 0, -28, 0, -2, guard_4_filter, guard_4_taken",
        ".text",
        "guard_4_handler:",
        "push dword ptr [esp + 16]",
        "push dword ptr [esp + 16]",
        "push dword ptr [esp + 16]",
        "push dword ptr [esp + 16]",
        "lea eax, [{check}]",
        "push eax",
        "lea eax, [{cookie}]",
        "push eax",
        "call {common}",
        "add esp, 24",
        "ret",
        ".globl _guard_except_4@8",
        "_guard_except_4@8:",
        "push ebp",
        "mov ebp, esp",
        "push -2",
        "lea eax, [guard_4_scopes]",
        "xor eax, dword ptr [{cookie}]",
        "push eax",
        "lea eax, [guard_4_handler]",
        "push eax",
        "push dword ptr fs:[0]",
        "mov fs:[0], esp",
        "sub esp, 8",
        "mov eax, dword ptr [{cookie}]",
        "xor eax, ebp",
        "add eax, [ebp + 12]",
        "push eax",
        "push ebx",
        "push esi",
        "push edi",
        "mov [ebp - 24], esp",
        "mov dword ptr [ebp - 4], 0",
        "mov eax, [ebp + 8]",
        "push eax",
        "call dword ptr [eax]",
        "xor eax, eax",
        "2:",
        "mov dword ptr [ebp - 4], -2",
        "mov ecx, [ebp - 16]",
        "mov fs:[0], ecx",
        "lea esp, [ebp - 40]",
        "pop edi",
        "pop esi",
        "pop ebx",
        "mov esp, ebp",
        "pop ebp",
        "ret 8",
        "guard_4_filter:",
        "push dword ptr [ebp - 20]",
        "push dword ptr [ebp + 8]",
        "mov eax, [ebp + 8]",
        "call dword ptr [eax + 4]",
        "ret",
        "guard_4_taken:",
        "mov esp, [ebp - 24]",
        "mov eax, 1",
        "jmp 2b",
        check = sym check,
        cookie = sym COOKIE,
        common = sym _except_handler4_common,
    );
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn cookies(cases: &mut Cases) {
    use guarded::{COOKIE, guard_except_4};
    case!(cases, "msvcrt!_except_handler4_common", Success, "the program checks its cookie before a filter takes an exception", {
        let mut guard = Guard::new(raise);
        (guard.filter, guard.data[0]) = (take, 0xE000_0004);
        seen();
        same!(unsafe { guard_except_4(&raw mut guard, 0) }, 1);
        same!(guard.data[1], 0xE000_0004);
        let found = seen();
        same!((found[6] > 0, found[7]), (true, COOKIE as usize));
    });
    case!(cases, "msvcrt!_except_handler4_common", Failure, "a frame that was overwritten is what the program's check sees", {
        let mut guard = Guard::new(read_nothing);
        guard.filter = take;
        same!(unsafe { guard_except_4(&raw mut guard, 4) }, 1);
        let found = seen();
        same!((found[6] > 0, found[7] == COOKIE as usize), (true, false));
    });
    case!(cases, "msvcrt!_except_handler4_common", Success, "what lies between is left", {
        let mut guard = Guard::new(in_between);
        (guard.filter, guard.data[0]) = (take, 0xE000_0005);
        same!(unsafe { guard_except_4(&raw mut guard, 0) }, 1);
        same!((guard.data[1], guard.data[3]), (0xE000_0005, 0));
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
