//! What the processor makes exceptions of: their codes and parameters, and that a thread goes on with every register as a
//! handler left it.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::arch::asm;
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
    pub use guests::guard::{Guard, guard_except};
    pub use guests::registers::{instruction, set_instruction};
    pub use guests::{Cases, case, holds, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Diagnostics::Debug::*;
    pub use windows_sys::Win32::System::Memory::*;
    pub use windows_sys::Win32::System::Threading::*;

    #[cfg_attr(target_arch = "x86", link(name = "msvcrt", kind = "raw-dylib", import_name_type = "undecorated"))]
    #[cfg_attr(not(target_arch = "x86"), link(name = "msvcrt", kind = "raw-dylib"))]
    unsafe extern "C" {
        // The linker takes one underscore off.
        #[cfg_attr(target_arch = "x86", link_name = "__resetstkoflw")]
        pub fn _resetstkoflw() -> i32;
    }

    /// What the last exception was: its code, count and parameters, and how far from its instruction the context stood.
    pub static SEEN: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

    pub unsafe fn keep(pointers: *mut EXCEPTION_POINTERS) {
        let (record, context) = unsafe { (&*(*pointers).ExceptionRecord, &*(*pointers).ContextRecord) };
        let values = [
            record.ExceptionCode as u32 as u64,
            record.NumberParameters.into(),
            record.ExceptionInformation[0] as u64,
            record.ExceptionInformation[1] as u64,
            instruction(context).wrapping_sub(record.ExceptionAddress as usize) as u64,
        ];
        for (slot, value) in SEEN.iter().zip(values) {
            slot.store(value, Ordering::Relaxed);
        }
    }

    pub unsafe extern "system" fn filter(_: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
        unsafe { keep(pointers) };
        1
    }

    /// The exception that a body ends with: code, count, parameters, distance.
    pub fn seen(body: unsafe extern "system" fn(*mut Guard) -> u64, data: u64) -> Option<[u64; 5]> {
        let mut guard = Guard::new(body);
        (guard.filter, guard.data[0]) = (filter, data);
        let taken = unsafe { guard_except(&raw mut guard) } == 1 << 32;
        taken.then(|| [0, 1, 2, 3, 4].map(|index| SEEN[index].load(Ordering::Relaxed)))
    }

    pub const fn code(status: NTSTATUS) -> u64 {
        status as u32 as u64
    }

    /// The stack pointer's name, and the instructions that push and pop the flags.
    #[cfg(target_arch = "x86_64")]
    macro_rules! named {
        (sp) => {
            "rsp"
        };
        (pushf) => {
            "pushfq"
        };
        (popf) => {
            "popfq"
        };
    }
    #[cfg(target_arch = "x86")]
    macro_rules! named {
        (sp) => {
            "esp"
        };
        (pushf) => {
            "pushfd"
        };
        (popf) => {
            "popfd"
        };
    }
    pub(crate) use named;

    pub unsafe extern "system" fn reads(guard: *mut Guard) -> u64 {
        unsafe { ((*guard).data[0] as *const u8).read_volatile().into() }
    }

    pub unsafe extern "system" fn writes(guard: *mut Guard) -> u64 {
        unsafe { ((*guard).data[0] as *mut u8).write_volatile(1) };
        0
    }

    pub unsafe extern "system" fn jumps(guard: *mut Guard) -> u64 {
        let target: unsafe extern "system" fn() -> u64 = unsafe { core::mem::transmute((*guard).data[0] as usize) };
        unsafe { target() }
    }

    macro_rules! body {
        ($name:ident: $($line:tt)*) => {
            pub unsafe extern "system" fn $name(_: *mut Guard) -> u64 {
                unsafe { asm!($($line)*) };
                0
            }
        };
    }

    body!(divides: "xor edx, edx", "mov eax, 1", "xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _);
    body!(is_illegal: "ud2");
    body!(is_privileged: "hlt");
    body!(breaks: "int3");
    body!(steps: named!(pushf), concat!("or dword ptr [", named!(sp), "], 0x100"), named!(popf), "nop");
    #[cfg(target_arch = "x86_64")]
    body!(strays: "mov rax, 0x8000000000000000", "mov al, [rax]", out("rax") _);
    body!(misaligns: concat!("sub ", named!(sp), ", 16"), named!(pushf), concat!("or dword ptr [", named!(sp), "], 0x40000"), named!(popf),
        concat!("mov eax, [", named!(sp), " + 1]"), concat!("add ", named!(sp), ", 16"), out("eax") _);
    body!(fast_fails_softly: "mov ecx, 1", "int 0x2c", out("ecx") _);
    body!(unmasks: "fninit", concat!("sub ", named!(sp), ", 16"), concat!("mov dword ptr [", named!(sp), "], 0x37B"), concat!("fldcw [", named!(sp), "]"),
        "fld1", "fldz", "fdivp st(1), st", "fwait", concat!("add ", named!(sp), ", 16"));
    body!(unmasks_vectors: concat!("sub ", named!(sp), ", 16"), concat!("mov dword ptr [", named!(sp), "], 0x1D80"), concat!("ldmxcsr [", named!(sp), "]"),
        "xorps xmm0, xmm0", "mov eax, 1", "cvtsi2sd xmm1, eax", "divsd xmm1, xmm0", concat!("add ", named!(sp), ", 16"),
        out("eax") _, out("xmm0") _, out("xmm1") _);

    pub fn pages(count: usize, protection: u32) -> u64 {
        (unsafe { VirtualAlloc(null(), count * 0x1000, MEM_RESERVE | MEM_COMMIT, protection) }) as usize as u64
    }

    pub fn release(pages: u64) {
        unsafe { VirtualFree(pages as *mut c_void, 0, MEM_RELEASE) };
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        memory(&mut cases);
        instructions(&mut cases);
        vectors(&mut cases);
        registers(&mut cases);
        stacks(&mut cases);
        #[cfg(target_arch = "x86_64")]
        nested(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn memory(cases: &mut Cases) {
    case!(cases, "ntdll!KiUserExceptionDispatcher", Success, "an access violation says whether it read, wrote or ran, and where", {
        let violation = code(STATUS_ACCESS_VIOLATION);
        same!(seen(reads, 8), Some([violation, 2, 0, 8, 0]));
        same!(seen(writes, 16), Some([violation, 2, 1, 16, 0]));
        let read_only = pages(1, PAGE_READONLY);
        same!(seen(writes, read_only + 5), Some([violation, 2, 1, read_only + 5, 0]));
        same!(seen(jumps, read_only), Some([violation, 2, 8, read_only, 0]));
        release(read_only);
        #[cfg(target_arch = "x86_64")]
        same!(seen(strays, 0), Some([violation, 2, 0, u64::MAX, 0]));
    });
    case!(cases, "ntdll!KiUserExceptionDispatcher", Success, "a guard page fires once", {
        let guarded = pages(1, PAGE_READWRITE | PAGE_GUARD);
        same!(seen(writes, guarded + 9), Some([code(STATUS_GUARD_PAGE_VIOLATION), 2, 1, guarded + 9, 0]));
        same!(seen(writes, guarded + 9), None);
        release(guarded);
    });
}

#[cfg(target_os = "windows")]
fn instructions(cases: &mut Cases) {
    case!(cases, "ntdll!KiUserExceptionDispatcher", Success, "division, and instructions that are none or the system's", {
        same!(seen(divides, 0).map(|seen| (seen[0], seen[1], seen[4])), Some((code(STATUS_INTEGER_DIVIDE_BY_ZERO), 0, 0)));
        same!(seen(is_illegal, 0).map(|seen| (seen[0], seen[1], seen[4])), Some((code(STATUS_ILLEGAL_INSTRUCTION), 0, 0)));
        same!(seen(is_privileged, 0).map(|seen| (seen[0], seen[1], seen[4])), Some((code(STATUS_PRIVILEGED_INSTRUCTION), 0, 0)));
    });
    case!(cases, "kernel32!DebugBreak", Success, "int3 stands at its own address; a single step comes after the next instruction", {
        same!(seen(breaks, 0).map(|seen| (seen[0], seen[1], seen[4])), Some((code(STATUS_BREAKPOINT), 1, 0)));
        same!(seen(steps, 0).map(|seen| (seen[0], seen[1], seen[4])), Some((code(STATUS_SINGLE_STEP), 0, 0)));
        same!(seen(fast_fails_softly, 0).map(|seen| (seen[0], seen[4])), Some((code(STATUS_ASSERTION_FAILURE), 0)));
    });
    case!(
        cases,
        "ntdll!KiUserExceptionDispatcher",
        Success,
        "a misaligned access, where the flag asks for it",
        wine = "Wine clears the flag and goes on",
        {
            // The flag stays set in the block that the frame goes on with.
            let misaligned = seen(misaligns, 0).map(|seen| seen[0]);
            unsafe { asm!(named!(pushf), concat!("and dword ptr [", named!(sp), "], 0xFFFBFFFF"), named!(popf)) };
            same!(misaligned, Some(code(STATUS_DATATYPE_MISALIGNMENT)));
        }
    );
    case!(cases, "ntdll!KiUserExceptionDispatcher", Success, "a floating-point division by zero, where it is unmasked", {
        same!(seen(unmasks, 0).map(|seen| seen[0]), Some(code(STATUS_FLOAT_DIVIDE_BY_ZERO)));
        // The block starts with what the body left: masked again for the rest.
        unsafe { asm!("fninit") };
    });
    case!(cases, "ntdll!KiUserExceptionDispatcher", Success, "the same in vector registers, which 32-bit code is not told more of", {
        let expected = if cfg!(target_arch = "x86") { STATUS_FLOAT_MULTIPLE_TRAPS } else { STATUS_FLOAT_DIVIDE_BY_ZERO };
        same!(seen(unmasks_vectors, 0).map(|seen| seen[0]), Some(code(expected)));
        unsafe {
            asm!(
                concat!("sub ", named!(sp), ", 8"),
                concat!("mov dword ptr [", named!(sp), "], 0x1F80"),
                concat!("ldmxcsr [", named!(sp), "]"),
                concat!("add ", named!(sp), ", 8")
            );
        }
    });
}

#[cfg(target_os = "windows")]
static WANTED: AtomicU32 = AtomicU32::new(0);

/// Another value for a register that functions keep, and one for xmm3.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn change(context: &mut CONTEXT) {
    context.R12 = 0x1234_5678_9ABC_DEF0;
    unsafe { context.Anonymous.FltSave.XmmRegisters[3].Low = 99 };
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn change(context: &mut CONTEXT) {
    context.Edi = 0x9ABC_DEF0;
    context.ExtendedRegisters[160 + 3 * 16] = 99;
}

/// Skips the two bytes of a fault, and changes what the case wants to be changed.
#[cfg(target_os = "windows")]
unsafe extern "system" fn skips(pointers: *mut EXCEPTION_POINTERS) -> i32 {
    let (record, context) = unsafe { (&*(*pointers).ExceptionRecord, &mut *(*pointers).ContextRecord) };
    if record.ExceptionCode != STATUS_ILLEGAL_INSTRUCTION {
        return 0;
    }
    set_instruction(context, instruction(context) + 2);
    match WANTED.load(Ordering::Relaxed) {
        1 => change(context),
        _ => unsafe {
            // What handlers do to registers is theirs alone.
            asm!("vpcmpeqd ymm0, ymm0, ymm0", "vpcmpeqd ymm5, ymm5, ymm5", "vpcmpeqd ymm7, ymm7, ymm7", out("xmm0") _, out("xmm5") _, out("xmm7") _);
            #[cfg(target_arch = "x86_64")]
            asm!("vpcmpeqd ymm15, ymm15, ymm15", out("xmm15") _);
        },
    }
    -1
}

/// Steps through instructions: each step asks for the next one in the context.
#[cfg(target_os = "windows")]
unsafe extern "system" fn steps_on(pointers: *mut EXCEPTION_POINTERS) -> i32 {
    const TRAP: u32 = 0x100;
    let (record, context) = unsafe { (&*(*pointers).ExceptionRecord, &mut *(*pointers).ContextRecord) };
    match record.ExceptionCode {
        STATUS_BREAKPOINT => {
            set_instruction(context, instruction(context) + 1);
            SEEN[0].store(instruction(context) as u64, Ordering::Relaxed);
            SEEN[1].store(0, Ordering::Relaxed);
            context.EFlags |= TRAP;
        }
        STATUS_SINGLE_STEP => {
            let count = SEEN[1].load(Ordering::Relaxed) + 1;
            // The instructions have one byte each.
            let right = instruction(context) as u64 == SEEN[0].load(Ordering::Relaxed) + count;
            SEEN[1].store(if right { count } else { 100 }, Ordering::Relaxed);
            if count < 5 {
                context.EFlags |= TRAP;
            } else {
                context.EFlags &= !TRAP;
            }
        }
        _ => return 0,
    }
    -1
}

/// Every vector register, and the integer ones, around a fault.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn vectors(cases: &mut Cases) {
    case!(cases, "kernel32!AddVectoredExceptionHandler", Success, "all 256 bits of every vector register, and the integer ones", {
        let mut before = [[0_u64; 4]; 16];
        for (register, words) in before.iter_mut().enumerate() {
            for (index, word) in words.iter_mut().enumerate() {
                *word = 0x0101_0101_0101_0101_u64.wrapping_mul((register * 4 + index) as u64 + 1);
            }
        }
        let mut after = [[0_u64; 4]; 16];
        let (mut sum, mut flags) = (0x1111_u64, 0_u64);
        WANTED.store(0, Ordering::Relaxed);
        let handler = unsafe { AddVectoredExceptionHandler(1, Some(skips)) };
        macro_rules! all {
            ($($number:literal)*) => {
                unsafe {
                    asm!(
                        $(concat!("vmovdqu ymm", $number, ", [{before} + 32 * ", $number, "]"),)*
                        "mov r8, 8", "mov r9, 9", "mov r10, 10", "mov r11, 11", "mov r12, 12", "mov r13, 13", "mov r14, 14", "mov r15, 15",
                        "cmp r8, r9",
                        "ud2",
                        "pushfq",
                        "pop {flags}",
                        "add {sum}, r8", "add {sum}, r9", "add {sum}, r10", "add {sum}, r11",
                        "add {sum}, r12", "add {sum}, r13", "add {sum}, r14", "add {sum}, r15",
                        $(concat!("vmovdqu [{after} + 32 * ", $number, "], ymm", $number),)*
                        "vzeroupper",
                        before = in(reg) before.as_ptr(), after = in(reg) after.as_mut_ptr(), sum = inout(reg) sum, flags = out(reg) flags,
                        out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
                        out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                        out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                    )
                }
            };
        }
        all!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        unsafe { RemoveVectoredExceptionHandler(handler) };
        same!(after, before);
        same!(sum, 0x1111 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15);
        // Carry and sign, from the comparison before the fault.
        same!(flags & 0x81, 0x81);
    });
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
fn vectors(cases: &mut Cases) {
    case!(cases, "kernel32!AddVectoredExceptionHandler", Success, "all 256 bits of every vector register, and the integer ones", {
        let mut before = [[0_u64; 4]; 8];
        for (register, words) in before.iter_mut().enumerate() {
            for (index, word) in words.iter_mut().enumerate() {
                *word = 0x0101_0101_0101_0101_u64.wrapping_mul((register * 4 + index) as u64 + 1);
            }
        }
        let mut after = [[0_u64; 4]; 8];
        let (mut sum, mut flags) = (before.as_ptr() as usize, after.as_mut_ptr() as usize);
        WANTED.store(0, Ordering::Relaxed);
        let handler = unsafe { AddVectoredExceptionHandler(1, Some(skips)) };
        macro_rules! all {
            ($($number:literal)*) => {
                unsafe {
                    asm!(
                        "push ebx", "push ebp", "push esi", "push edi", "push edx",
                        $(concat!("vmovdqu ymm", $number, ", [ecx + 32 * ", $number, "]"),)*
                        "mov eax, 1", "mov ebx, 2", "mov ecx, 4", "mov edx, 8", "mov ebp, 16", "mov esi, 32", "mov edi, 64",
                        "cmp ebx, ecx",
                        "ud2",
                        named!(pushf),
                        "add eax, ebx", "add eax, ecx", "add eax, edx", "add eax, ebp", "add eax, esi", "add eax, edi",
                        "pop ecx",
                        "pop edx",
                        $(concat!("vmovdqu [edx + 32 * ", $number, "], ymm", $number),)*
                        "vzeroupper",
                        "pop edi", "pop esi", "pop ebp", "pop ebx",
                        inout("ecx") sum => flags, inout("edx") flags => _, out("eax") sum,
                        out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                    )
                }
            };
        }
        all!(0 1 2 3 4 5 6 7);
        unsafe { RemoveVectoredExceptionHandler(handler) };
        same!(after, before);
        same!(sum, 127);
        // Carry and sign, from the comparison before the fault.
        same!(flags & 0x81, 0x81);
    });
}

#[cfg(target_os = "windows")]
fn registers(cases: &mut Cases) {
    case!(cases, "kernel32!AddVectoredExceptionHandler", Success, "the trap flag in a context counts from the next instruction on", {
        unsafe {
            let handler = AddVectoredExceptionHandler(1, Some(steps_on));
            asm!("int3", "nop", "nop", "nop", "nop", "nop", "nop", "nop", "nop");
            RemoveVectoredExceptionHandler(handler);
        }
        same!(SEEN[1].load(Ordering::Relaxed), 5);
    });
    case!(cases, "kernel32!AddVectoredExceptionHandler", Success, "what a handler changes in the context counts", {
        let (integer, float): (usize, usize);
        WANTED.store(1, Ordering::Relaxed);
        unsafe {
            let handler = AddVectoredExceptionHandler(1, Some(skips));
            #[cfg(target_arch = "x86_64")]
            asm!("xor r12, r12", "pxor xmm3, xmm3", "ud2", "mov {integer}, r12", "movq {float}, xmm3",
                integer = out(reg) integer, float = out(reg) float, out("r12") _, out("xmm3") _);
            #[cfg(target_arch = "x86")]
            asm!("xor edi, edi", "pxor xmm3, xmm3", "ud2", "movd {float}, xmm3", float = out(reg) float, out("edi") integer, out("xmm3") _);
            RemoveVectoredExceptionHandler(handler);
        }
        same!((integer, float), (0x1234_5678_9ABC_DEF0_u64 as usize, 99));
    });
}

#[cfg(target_os = "windows")]
fn stacks(cases: &mut Cases) {
    /// Runs down the stack in steps of a page.
    unsafe extern "system" fn overflows(guard: *mut Guard) -> u64 {
        let mut room = [0_u8; 0x1000];
        core::hint::black_box(&mut room);
        if core::hint::black_box(guard).is_null() {
            return 0;
        }
        let deeper = unsafe { overflows(guard) };
        deeper + u64::from(core::hint::black_box(room[7]))
    }
    unsafe extern "system" fn overflow(guaranteed: *mut c_void) -> u32 {
        let mut size = guaranteed as u32;
        if unsafe { SetThreadStackGuarantee(&raw mut size) } == 0 {
            return 1;
        }
        // The guard page is gone after an overflow; without it, the next one would end the process.
        for _ in 0..3 {
            match seen(overflows, 0) {
                Some([found, 2, ..]) if found == code(STATUS_STACK_OVERFLOW) => {}
                Some([found, ..]) => return found as u32,
                None => return 2,
            }
            if unsafe { _resetstkoflw() } == 0 {
                return 3;
            }
        }
        7
    }
    case!(cases, "kernel32!SetThreadStackGuarantee msvcrt!_resetstkoflw", Success, "an overflow is an exception that a frame can handle", {
        for guaranteed in [0_usize, 0x4000] {
            let thread =
                unsafe { CreateThread(null(), 0x4_0000, Some(overflow), guaranteed as *const c_void, STACK_SIZE_PARAM_IS_A_RESERVATION, null_mut()) };
            holds!(!thread.is_null());
            let mut end = 0;
            unsafe {
                WaitForSingleObject(thread, INFINITE);
                GetExitCodeThread(thread, &raw mut end);
                CloseHandle(thread);
            }
            same!(end, 7);
        }
    });
}

/// Comes last: Wine ends there.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
fn nested(cases: &mut Cases) {
    case!(cases, "kernel32!AddVectoredExceptionHandler", Success, "a thread goes on from an exception within a nested task", wine = "ends", {
        unsafe {
            let handler = AddVectoredExceptionHandler(1, Some(steps_on));
            asm!(
                "pushfq",
                "or qword ptr [rsp], 0x4000",
                "popfq",
                "int3",
                "nop",
                "nop",
                "nop",
                "nop",
                "nop",
                "nop",
                "pushfq",
                "and qword ptr [rsp], -0x4001",
                "popfq"
            );
            RemoveVectoredExceptionHandler(handler);
        }
        same!(SEEN[1].load(Ordering::Relaxed), 5);
    });
}
