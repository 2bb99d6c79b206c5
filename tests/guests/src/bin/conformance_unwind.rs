//! rtlsupportapi.h and excpt.h: frames that handle exceptions, announced tables, and the walk of stacks.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU64, Ordering};
    pub use guests::guard::{Dispatcher, Guard, guard_except, guard_finally, guard_raw, unwind_to_raw};
    pub use guests::{Cases, case, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Diagnostics::Debug::*;

    #[cfg(target_arch = "x86_64")]
    pub use core::ffi::c_void;
    #[cfg(target_arch = "x86_64")]
    pub use core::sync::atomic::AtomicU32;
    #[cfg(target_arch = "x86_64")]
    pub use guests::guard::guard_raw_target;
    #[cfg(target_arch = "x86_64")]
    pub use guests::holds;
    #[cfg(target_arch = "x86_64")]
    pub use windows_sys::Win32::System::Memory::*;

    // For cases of frames that have tables.
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlUnwindEx(target: *mut c_void, ip: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void, context: *mut CONTEXT, history: *mut c_void));
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlLookupFunctionEntry(address: u64, base: *mut u64, history: *mut c_void) -> *mut c_void);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlVirtualUnwind(kind: u32, base: u64, pc: u64, row: *mut c_void, context: *mut CONTEXT, data: *mut *mut c_void, frame: *mut u64, pointers: *mut c_void) -> *mut c_void);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlAddFunctionTable(rows: *const [u32; 3], count: u32, base: u64) -> u8);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlDeleteFunctionTable(rows: *const [u32; 3]) -> u8);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlInstallFunctionTableCallback(identifier: u64, base: u64, length: u32, callback: *const c_void, context: *mut c_void, dll: *const u16) -> u8);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlCaptureStackBackTrace(skip: u32, count: u32, trace: *mut *mut c_void, hash: *mut u32) -> u16);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("kernel32.dll" "system" fn RtlRestoreContext(context: *mut CONTEXT, record: *mut EXCEPTION_RECORD));
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("ntdll.dll" "system" fn RtlAddGrowableFunctionTable(table: *mut *mut c_void, rows: *const [u32; 3], count: u32, most: u32, base: u64, end: u64) -> i32);
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("ntdll.dll" "system" fn RtlGrowFunctionTable(table: *mut c_void, count: u32));
    #[cfg(target_arch = "x86_64")]
    windows_link::link!("ntdll.dll" "system" fn RtlDeleteGrowableFunctionTable(table: *mut c_void));

    #[cfg(target_arch = "x86_64")]
    #[repr(C, align(16))]
    pub struct Aligned<T>(pub T);

    pub const CODE: u32 = 0xE000_0001;
    pub const TAKEN: u64 = 1 << 32;

    /// What happened, one digit after the other.
    pub static TRACE: AtomicU64 = AtomicU64::new(0);

    pub fn note(digit: u64) {
        TRACE.store(TRACE.load(Ordering::Relaxed) * 10 + digit, Ordering::Relaxed);
    }

    pub fn take() -> u64 {
        TRACE.swap(0, Ordering::Relaxed)
    }

    pub unsafe extern "system" fn raises(_: *mut Guard) -> u64 {
        unsafe { RaiseException(CODE, 0, 2, [7_usize, 8].as_ptr()) };
        77
    }

    pub unsafe extern "system" fn executes(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
        note(1);
        1
    }

    pub unsafe extern "system" fn searches(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
        note(2);
        0
    }

    pub unsafe extern "system" fn continues(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
        note(3);
        -1
    }

    pub unsafe extern "system" fn finally(_: *mut Guard, abnormal: bool) {
        note(4 + u64::from(abnormal));
    }

    /// A frame with a termination handler around a body.
    pub unsafe extern "system" fn in_finally(outer: *mut Guard) -> u64 {
        let mut guard = Guard::new(unsafe { core::mem::transmute::<usize, unsafe extern "system" fn(*mut Guard) -> u64>((*outer).data[0] as usize) });
        guard.finally = finally;
        unsafe { guard_finally(&raw mut guard) }
    }

    pub fn body(of: unsafe extern "system" fn(*mut Guard) -> u64) -> u64 {
        of as *const () as usize as u64
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        scopes(&mut cases);
        collisions(&mut cases);
        raw(&mut cases);
        vectored(&mut cases);
        #[cfg(target_arch = "x86_64")]
        {
            consolidated(&mut cases);
            walks(&mut cases);
            announced(&mut cases);
        }
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn scopes(cases: &mut Cases) {
    case!(cases, "ntdll!__C_specific_handler", Success, "the filter decides: the block, further out, or on", {
        let mut guard = Guard::new(raises);
        guard.filter = executes;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 1));
        guard.filter = continues;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (77, 3));
    });
    case!(cases, "ntdll!__C_specific_handler kernel32!RtlUnwindEx", Success, "termination handlers run after the filter, from the inside out", {
        let mut guard = Guard::new(in_finally);
        (guard.filter, guard.data[0]) = (executes, body(raises));
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 15));
        guard.filter = continues;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (77, 34));
    });
    case!(cases, "ntdll!__C_specific_handler", Success, "an inner frame that does not want it is asked first", {
        unsafe extern "system" fn inner(_: *mut Guard) -> u64 {
            let mut guard = Guard::new(in_finally);
            (guard.filter, guard.data[0]) = (searches, body(raises));
            unsafe { guard_except(&raw mut guard) }
        }
        let mut guard = Guard::new(inner);
        guard.filter = executes;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 215));
    });
    #[cfg(target_arch = "x86_64")]
    case!(cases, "ntdll!__C_specific_handler", Success, "the block finds the exception's code in eax", wine = "Wine unwinds with the value 0", {
        let mut guard = Guard::new(raises);
        guard.filter = executes;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 1));
        same!(guard.data[5], u64::from(CODE));
    });
    case!(cases, "kernel32!RaiseException", Failure, "going on after what cannot be continued raises another exception", {
        unsafe extern "system" fn fatal(_: *mut Guard) -> u64 {
            unsafe { RaiseException(CODE, 1, 0, null()) };
            77
        }
        unsafe extern "system" fn insists(_: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
            let record = unsafe { &*(*pointers).ExceptionRecord };
            note(if record.ExceptionCode as u32 == CODE { 6 } else { 7 });
            if record.ExceptionCode as u32 == CODE { -1 } else { 1 }
        }
        let mut guard = Guard::new(fatal);
        guard.filter = insists;
        let found = unsafe { guard_except(&raw mut guard) };
        same!((found, take()), (TAKEN, 67));
    });
}

#[cfg(target_os = "windows")]
fn collisions(cases: &mut Cases) {
    unsafe extern "system" fn raises_again(_: *mut Guard, abnormal: bool) {
        note(8);
        if abnormal {
            unsafe { RaiseException(CODE + 1, 0, 0, null()) };
        }
    }
    unsafe extern "system" fn inner(_: *mut Guard) -> u64 {
        let mut guard = Guard::new(raises);
        guard.finally = raises_again;
        unsafe { guard_finally(&raw mut guard) }
    }
    unsafe extern "system" fn middle(_: *mut Guard) -> u64 {
        let mut guard = Guard::new(in_finally);
        guard.data[0] = body(inner);
        unsafe { guard_except(&raw mut guard) }
    }
    case!(cases, "ntdll!__C_specific_handler kernel32!RtlUnwindEx", Success, "an exception in a termination handler: its unwinding takes over", {
        let mut guard = Guard::new(middle);
        guard.filter = executes;
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 1815));
    });
    case!(
        cases,
        "ntdll!__C_specific_handler",
        Success,
        "an exception inside a filter has the frames around it, and the flag of nested calls",
        wine = "Wine does not mark nested calls",
        {
            unsafe extern "system" fn raising(_: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
                let record = unsafe { &*(*pointers).ExceptionRecord };
                if record.ExceptionCode as u32 == CODE + 1 {
                    note(if record.ExceptionFlags & 0x10 != 0 { 9 } else { 6 });
                    return 1;
                }
                note(7);
                unsafe { RaiseException(CODE + 1, 0, 0, null()) };
                0
            }
            let mut guard = Guard::new(in_finally);
            (guard.filter, guard.data[0]) = (raising, body(raises));
            same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 795));
        }
    );
    case!(cases, "ntdll!__C_specific_handler", Success, "an exception inside a filter that is handled there", {
        unsafe extern "system" fn handling(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
            let mut guard = Guard::new(raises);
            guard.filter = executes;
            unsafe { guard_except(&raw mut guard) };
            note(9);
            1
        }
        let mut guard = Guard::new(in_finally);
        (guard.filter, guard.data[0]) = (handling, body(raises));
        same!((unsafe { guard_except(&raw mut guard) }, take()), (TAKEN, 195));
    });
}

#[cfg(target_os = "windows")]
fn raw(cases: &mut Cases) {
    unsafe extern "system" fn unwinds(_: *mut Guard, record: *mut EXCEPTION_RECORD, frame: u64, _: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
        unsafe {
            if (*record).ExceptionFlags & 2 != 0 {
                note(if (*record).ExceptionFlags & 0x20 != 0 { 7 } else { 8 });
                return 1;
            }
            note(6);
            unwind_to_raw(frame, record, (*record).ExceptionInformation[0] + 1000, about);
        }
        1
    }
    case!(cases, "kernel32!RtlUnwindEx", Success, "to the handler's own frame, which hears of it where frames have tables, with a value", {
        let mut guard = Guard::new(in_finally);
        (guard.raw, guard.data[0]) = (unwinds, body(raises));
        same!((unsafe { guard_raw(&raw mut guard) }, take()), (1007, if cfg!(target_arch = "x86") { 65 } else { 657 }));
    });
    case!(cases, "kernel32!RtlUnwind", Success, "with a record of its own", {
        unsafe extern "system" fn plain(_: *mut Guard, record: *mut EXCEPTION_RECORD, frame: u64, _: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
            unsafe {
                if (*record).ExceptionFlags & 2 != 0 {
                    note(if (*record).ExceptionCode == STATUS_UNWIND { 7 } else { 8 });
                    return 1;
                }
                unwind_to_raw(frame, null_mut(), 55, about);
            }
            1
        }
        let mut guard = Guard::new(in_finally);
        (guard.raw, guard.data[0]) = (plain, body(raises));
        same!((unsafe { guard_raw(&raw mut guard) }, take()), (55, if cfg!(target_arch = "x86") { 5 } else { 57 }));
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn consolidated(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!RtlUnwindEx kernel32!RtlRestoreContext",
        Success,
        "a consolidation calls its function above the frames, and goes on where that says",
        {
            unsafe extern "system" fn called(record: *mut EXCEPTION_RECORD) -> u64 {
                note(unsafe { (*record).ExceptionInformation[1] } as u64);
                // An exception here passes through the frames that are kept.
                let mut guard = Guard::new(raises);
                guard.filter = executes;
                unsafe { guard_except(&raw mut guard) };
                guard_raw_target as *const () as u64
            }
            unsafe extern "system" fn consolidates(
                _: *mut Guard,
                record: *mut EXCEPTION_RECORD,
                frame: u64,
                _: *mut CONTEXT,
                about: *mut Dispatcher,
            ) -> i32 {
                unsafe {
                    if (*record).ExceptionFlags & 2 != 0 {
                        note(7);
                        return 1;
                    }
                    let mut own: EXCEPTION_RECORD = core::mem::zeroed();
                    own.ExceptionCode = STATUS_UNWIND_CONSOLIDATE;
                    own.NumberParameters = 3;
                    own.ExceptionInformation[..2].copy_from_slice(&[called as *const () as usize, 9]);
                    RtlUnwindEx(frame as *mut c_void, (*about).pc as *mut c_void, &raw mut own, null_mut(), (*about).context, (*about).history);
                }
                1
            }
            let mut guard = Guard::new(in_finally);
            (guard.raw, guard.data[0]) = (consolidates, body(raises));
            unsafe { guard_raw(&raw mut guard) };
            same!(take(), 5791);
        }
    );
}

#[cfg(target_os = "windows")]
fn vectored(cases: &mut Cases) {
    unsafe extern "system" fn first(pointers: *mut EXCEPTION_POINTERS) -> i32 {
        note(6);
        if unsafe { (*(*pointers).ExceptionRecord).ExceptionInformation[0] } == 1 { -1 } else { 0 }
    }
    unsafe extern "system" fn going_on(_: *mut EXCEPTION_POINTERS) -> i32 {
        note(9);
        0
    }
    case!(
        cases,
        "kernel32!AddVectoredExceptionHandler kernel32!AddVectoredContinueHandler",
        Success,
        "before the frames, and when the thread goes on",
        wine = "Wine calls them only after vectored handlers",
        {
            unsafe extern "system" fn for_vectored(_: *mut Guard) -> u64 {
                unsafe { RaiseException(CODE, 0, 1, [1_usize].as_ptr()) };
                78
            }
            let (one, other) = unsafe { (AddVectoredExceptionHandler(1, Some(first)), AddVectoredContinueHandler(1, Some(going_on))) };
            let mut guard = Guard::new(raises);
            guard.filter = continues;
            let by_frame = (unsafe { guard_except(&raw mut guard) }, take());
            guard.filter = executes;
            let by_block = (unsafe { guard_except(&raw mut guard) }, take());
            guard.body = for_vectored;
            let by_vectored = (unsafe { guard_except(&raw mut guard) }, take());
            unsafe {
                RemoveVectoredExceptionHandler(one);
                RemoveVectoredContinueHandler(other);
            }
            same!(by_frame, (77, 639));
            same!(by_block, (TAKEN, 61));
            same!(by_vectored, (78, 69));
        }
    );
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn walks(cases: &mut Cases) {
    static TRACE: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];
    unsafe extern "system" fn walk(_: *mut Guard) -> u64 {
        let mut found = [null_mut(); 8];
        let count = unsafe { RtlCaptureStackBackTrace(0, 8, found.as_mut_ptr(), null_mut()) };
        for (slot, address) in TRACE.iter().zip(found) {
            slot.store(address as u64, Ordering::Relaxed);
        }
        u64::from(count)
    }
    case!(cases, "kernel32!RtlCaptureStackBackTrace", Success, "the callers, the nearest first; some of them left out", {
        let mut guard = Guard::new(walk);
        let count = unsafe { guard_raw(&raw mut guard) };
        holds!(count >= 3);
        // The second is the frame that called the walk, whose place is known.
        same!(TRACE[1].load(Ordering::Relaxed), guard_raw_target as *const () as u64 - 1);
        let mut found = [null_mut(); 1];
        same!(unsafe { RtlCaptureStackBackTrace(1000, 1, found.as_mut_ptr(), null_mut()) }, 0);
    });
    unsafe extern "system" fn unwind(guard: *mut Guard) -> u64 {
        let mut context: Aligned<CONTEXT> = unsafe { core::mem::zeroed() };
        let context = &mut context.0;
        unsafe {
            RtlCaptureContext(context);
            let (mut base, mut data, mut frame) = (0, null_mut(), 0);
            let row = RtlLookupFunctionEntry(context.Rip, &raw mut base, null_mut());
            RtlVirtualUnwind(0, base, context.Rip, row, context, &raw mut data, &raw mut frame, null_mut());
            (*guard).data[0] = context.Rip;
            let row = RtlLookupFunctionEntry(context.Rip, &raw mut base, null_mut());
            let handler = RtlVirtualUnwind(1, base, context.Rip, row, context, &raw mut data, &raw mut frame, null_mut());
            (*guard).data[1] = handler as u64;
            // The frame's word above its establisher is its guard.
            (*guard).data[2] = *((frame + 32) as *const u64);
        }
        0
    }
    case!(cases, "kernel32!RtlVirtualUnwind kernel32!RtlLookupFunctionEntry", Success, "the caller's place, its frame and its handler", {
        let mut guard = Guard::new(unwind);
        unsafe { guard_raw(&raw mut guard) };
        same!(guard.data[0], guard_raw_target as *const () as u64 - 1);
        holds!(guard.data[1] != 0);
        same!(guard.data[2], &raw const guard as u64);
    });
    case!(cases, "kernel32!RtlRestoreContext", Success, "goes on where the context was captured, once more", {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut context: Aligned<CONTEXT> = unsafe { core::mem::zeroed() };
        COUNT.store(0, Ordering::Relaxed);
        unsafe { RtlCaptureContext(&raw mut context.0) };
        if COUNT.fetch_add(1, Ordering::Relaxed) < 2 {
            unsafe { RtlRestoreContext(&raw mut context.0, null_mut()) };
        }
        same!(COUNT.load(Ordering::Relaxed), 3);
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn announced(cases: &mut Cases) {
    /// `sub rsp, 40; call rcx; nop; add rsp, 40; ret`, its unwind data, and its row.
    const MADE: [u8; 12] = [0x48, 0x83, 0xEC, 0x28, 0xFF, 0xD1, 0x90, 0x48, 0x83, 0xC4, 0x28, 0xC3];
    const DATA: [u8; 8] = [1, 4, 1, 0, 4, 0x42, 0, 0];
    unsafe extern "system" fn raise_here() -> u64 {
        unsafe { RaiseException(CODE, 0, 0, null()) };
        0
    }
    unsafe extern "system" fn through(guard: *mut Guard) -> u64 {
        // SAFETY: the code was put there.
        let made: unsafe extern "system" fn(unsafe extern "system" fn() -> u64) -> u64 = unsafe { core::mem::transmute((*guard).data[0]) };
        unsafe { made(raise_here) }
    }
    fn make() -> (u64, *mut [u32; 3]) {
        let memory = unsafe { VirtualAlloc(null(), 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE) }.cast::<u8>();
        unsafe {
            memory.copy_from(MADE.as_ptr(), MADE.len());
            memory.add(0x100).copy_from(DATA.as_ptr(), DATA.len());
            let row = memory.add(0x200).cast::<[u32; 3]>();
            *row = [0, MADE.len() as u32, 0x100];
            (memory as u64, row)
        }
    }
    unsafe fn run(code: u64) -> (u64, u64) {
        let mut guard = Guard::new(through);
        (guard.filter, guard.data[0]) = (executes, code);
        (unsafe { guard_except(&raw mut guard) }, take())
    }
    let taken = (TAKEN, 1);
    case!(cases, "kernel32!RtlAddFunctionTable kernel32!RtlDeleteFunctionTable", Total, "exceptions find their way through code made at run time", {
        let (code, row) = make();
        let mut base = 0;
        same!(unsafe { RtlAddFunctionTable(row, 1, code) }, 1);
        same!(unsafe { RtlLookupFunctionEntry(code + 5, &raw mut base, null_mut()) } as u64, row as u64);
        same!(base, code);
        same!(unsafe { run(code) }, taken);
        same!(unsafe { RtlDeleteFunctionTable(row) }, 1);
        holds!(unsafe { RtlLookupFunctionEntry(code + 5, &raw mut base, null_mut()) }.is_null());
        same!(unsafe { RtlDeleteFunctionTable(row) }, 0);
        unsafe { VirtualFree(code as *mut c_void, 0, MEM_RELEASE) };
    });
    case!(cases, "kernel32!RtlInstallFunctionTableCallback", Total, "a callback answers the row; its identifier ends in two set bits", {
        unsafe extern "system" fn callback(_: u64, context: *mut c_void) -> *mut c_void {
            context
        }
        let (code, row) = make();
        let identifier = code | 3;
        same!(unsafe { RtlInstallFunctionTableCallback(code, code, 0x1000, callback as *const c_void, row.cast(), null()) }, 0);
        same!(unsafe { RtlInstallFunctionTableCallback(identifier, code, 0x1000, callback as *const c_void, row.cast(), null()) }, 1);
        same!(unsafe { run(code) }, taken);
        same!(unsafe { RtlDeleteFunctionTable(identifier as *const [u32; 3]) }, 1);
        unsafe { VirtualFree(code as *mut c_void, 0, MEM_RELEASE) };
    });
    case!(
        cases,
        "ntdll!RtlAddGrowableFunctionTable ntdll!RtlGrowFunctionTable ntdll!RtlDeleteGrowableFunctionTable",
        Total,
        "rows count once the table has grown to them",
        {
            let (code, row) = make();
            let (mut table, mut base) = (null_mut(), 0);
            same!(unsafe { RtlAddGrowableFunctionTable(&raw mut table, row, 0, 1, code, code + 0x1000) }, 0);
            holds!(unsafe { RtlLookupFunctionEntry(code + 5, &raw mut base, null_mut()) }.is_null());
            unsafe { RtlGrowFunctionTable(table, 1) };
            same!(unsafe { run(code) }, taken);
            unsafe { RtlDeleteGrowableFunctionTable(table) };
            holds!(unsafe { RtlLookupFunctionEntry(code + 5, &raw mut base, null_mut()) }.is_null());
            unsafe { VirtualFree(code as *mut c_void, 0, MEM_RELEASE) };
        }
    );
}
