//! Register contexts: capturing and restoring.

use core::ffi::c_void;
use core::mem::offset_of;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// A context that the processor can save its registers to.
#[repr(C, align(16))]
pub struct Aligned(pub CONTEXT);

/// A naked function on whose frame a CONTEXT lies: how the frame begins, then what the function does, then its operands. Unwinding
/// finds the caller's registers in the context.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
macro_rules! naked_on_context {
    ([$($frame:literal),* $(,)?], [$($does:literal),* $(,)?], $($operands:tt)*) => {
        core::arch::naked_asm!(
            $($frame,)*
            ".seh_savereg rbx, {rbx_}",
            ".seh_savereg rbp, {rbp_}",
            ".seh_savereg rsi, {rsi_}",
            ".seh_savereg rdi, {rdi_}",
            ".seh_savereg r12, {r12_}",
            ".seh_savereg r13, {r12_} + 8",
            ".seh_savereg r14, {r12_} + 16",
            ".seh_savereg r15, {r12_} + 24",
            ".seh_savexmm xmm6, {xmm6_}",
            ".seh_savexmm xmm7, {xmm6_} + 16",
            ".seh_savexmm xmm8, {xmm6_} + 32",
            ".seh_savexmm xmm9, {xmm6_} + 48",
            ".seh_savexmm xmm10, {xmm6_} + 64",
            ".seh_savexmm xmm11, {xmm6_} + 80",
            ".seh_savexmm xmm12, {xmm6_} + 96",
            ".seh_savexmm xmm13, {xmm6_} + 112",
            ".seh_savexmm xmm14, {xmm6_} + 128",
            ".seh_savexmm xmm15, {xmm6_} + 144",
            ".seh_endprologue",
            $($does,)*
            ".seh_endproc",
            rbx_ = const core::mem::offset_of!(CONTEXT, Rbx),
            rbp_ = const core::mem::offset_of!(CONTEXT, Rbp),
            rsi_ = const core::mem::offset_of!(CONTEXT, Rsi),
            rdi_ = const core::mem::offset_of!(CONTEXT, Rdi),
            r12_ = const core::mem::offset_of!(CONTEXT, R12),
            xmm6_ = const core::mem::offset_of!(CONTEXT, Anonymous) + 0xA0 + 6 * 16,
            $($operands)*
        )
    };
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
pub(crate) use naked_on_context;

/// The instruction that a context stands at.
#[cfg(target_arch = "x86_64")]
pub fn instruction(context: &CONTEXT) -> *mut c_void {
    context.Rip as *mut c_void
}

/// The instruction that a context stands at.
#[cfg(target_arch = "x86")]
pub fn instruction(context: &CONTEXT) -> *mut c_void {
    context.Eip as usize as *mut c_void
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
mod x64 {
    use super::{CONTEXT, offset_of};
    use core::arch::naked_asm;
    use core::mem::MaybeUninit;

    /// Writes the caller's registers to a context: control, integer and floating point. Keeps every register.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn RtlCaptureContext(context: *mut CONTEXT) {
        naked_asm!(
            ".seh_proc RtlCaptureContext",
            "pushfq",
            ".seh_stackalloc 8",
            ".seh_endprologue",
            "mov dword ptr [rcx + {flags}], 0x10000F",
            "mov [rcx + {rax}], rax",
            "mov [rcx + {rcx_}], rcx",
            "mov [rcx + {rdx}], rdx",
            "mov [rcx + {rbx}], rbx",
            "mov [rcx + {rbp}], rbp",
            "mov [rcx + {rsi}], rsi",
            "mov [rcx + {rdi}], rdi",
            "mov [rcx + {r8}], r8",
            "mov [rcx + {r8} + 8], r9",
            "mov [rcx + {r8} + 16], r10",
            "mov [rcx + {r8} + 24], r11",
            "mov [rcx + {r8} + 32], r12",
            "mov [rcx + {r8} + 40], r13",
            "mov [rcx + {r8} + 48], r14",
            "mov [rcx + {r8} + 56], r15",
            "lea rax, [rsp + 16]",
            "mov [rcx + {rsp_}], rax",
            "mov rax, [rsp + 8]",
            "mov [rcx + {rip_}], rax",
            "mov eax, [rsp]",
            "mov [rcx + {eflags}], eax",
            "mov word ptr [rcx + {cs}], 0x33",
            "mov word ptr [rcx + {ss}], 0x2B",
            "mov word ptr [rcx + {ds}], 0x2B",
            "mov word ptr [rcx + {es}], 0x2B",
            "mov word ptr [rcx + {fs}], 0x53",
            "mov word ptr [rcx + {gs}], 0x2B",
            "fxsave64 [rcx + {float}]",
            "stmxcsr [rcx + {mxcsr}]",
            "mov rax, [rcx + {rax}]",
            "add rsp, 8",
            "ret",
            ".seh_endproc",
            flags = const offset_of!(CONTEXT, ContextFlags),
            rax = const offset_of!(CONTEXT, Rax),
            rcx_ = const offset_of!(CONTEXT, Rcx),
            rdx = const offset_of!(CONTEXT, Rdx),
            rbx = const offset_of!(CONTEXT, Rbx),
            rbp = const offset_of!(CONTEXT, Rbp),
            rsi = const offset_of!(CONTEXT, Rsi),
            rdi = const offset_of!(CONTEXT, Rdi),
            r8 = const offset_of!(CONTEXT, R8),
            rsp_ = const offset_of!(CONTEXT, Rsp),
            rip_ = const offset_of!(CONTEXT, Rip),
            eflags = const offset_of!(CONTEXT, EFlags),
            cs = const offset_of!(CONTEXT, SegCs),
            ss = const offset_of!(CONTEXT, SegSs),
            ds = const offset_of!(CONTEXT, SegDs),
            es = const offset_of!(CONTEXT, SegEs),
            fs = const offset_of!(CONTEXT, SegFs),
            gs = const offset_of!(CONTEXT, SegGs),
            float = const offset_of!(CONTEXT, Anonymous),
            mxcsr = const offset_of!(CONTEXT, MxCsr),
        )
    }

    /// What `CONTEXT_XSTATE` adds to the flags.
    const XSTATE: u32 = 0x40;
    const FLOATING_POINT: u32 = 8;
    /// The parts of the extended state that contexts carry: AVX, and the three of AVX-512.
    const CARRIED: u64 = 0xE4;
    /// Bytes of an XSAVE area before the extended parts.
    const HEAD: usize = 576;

    /// `CONTEXT_EX`, which follows a context with extended state.
    #[repr(C)]
    struct ContextEx {
        all: [i32; 2],
        legacy: [i32; 2],
        extended: [i32; 2],
    }

    #[repr(C, align(64))]
    struct Area<const N: usize>([MaybeUninit<u8>; N]);

    /// Loads every register from a context and goes on there.
    ///
    /// The last 24 bytes below the context's stack pointer carry the way back: the context must not lie there.
    pub unsafe extern "system" fn restore(context: *mut CONTEXT) -> ! {
        unsafe {
            if (*context).ContextFlags & XSTATE == 0 {
                restore_plain(context)
            }
            let extended = context.add(1).cast::<ContextEx>();
            let state = extended.cast::<u8>().offset((*extended).extended[0] as isize);
            let length = (*extended).extended[1] as usize;
            // Most code leaves the larger parts alone, and some stacks are small.
            if length <= HEAD - 512 {
                restore_extended::<HEAD>(context, state, length)
            } else if length <= 832 - 512 {
                restore_extended::<832>(context, state, length)
            } else {
                restore_extended::<2816>(context, state, length)
            }
        }
    }

    /// Loads the extended state by an XSAVE area of its own.
    #[inline(never)]
    unsafe fn restore_extended<const N: usize>(context: *mut CONTEXT, state: *const u8, length: usize) -> ! {
        let mut area = Area::<N>([MaybeUninit::uninit(); N]);
        let start = area.0.as_mut_ptr().cast::<u8>();
        unsafe {
            let float = &(*context).Anonymous.FltSave;
            core::ptr::copy_nonoverlapping(core::ptr::from_ref(float).cast::<u8>(), start, 512);
            if (*context).ContextFlags & FLOATING_POINT == 0 {
                core::arch::asm!("fxsave64 [{}]", in(reg) start);
            } else {
                start.add(24).cast::<u32>().write((*context).MxCsr);
            }
            let (low, high): (u32, u32);
            core::arch::asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") high, options(nomem, nostack));
            let there = u64::from(low) | u64::from(high) << 32;
            let room = (N - HEAD).min(length.saturating_sub(64));
            core::ptr::copy_nonoverlapping(state.add(64), start.add(HEAD), room);
            core::ptr::write_bytes(start.add(512), 0, 64);
            core::ptr::write_bytes(start.add(HEAD + room), 0, N - HEAD - room);
            // The larger parts are used only where the context has room for them.
            let fits = if N > 832 {
                CARRIED
            } else if room >= 256 {
                4
            } else {
                0
            };
            let used = state.cast::<u64>().read_unaligned() & fits & there;
            start.add(512).cast::<u64>().write(3 | used);
            load_area(context, start, there & (CARRIED | 3))
        }
    }

    #[unsafe(naked)]
    unsafe extern "system" fn load_area(context: *mut CONTEXT, area: *mut u8, parts: u64) -> ! {
        naked_asm!(
            "mov eax, r8d",
            "mov r8, rdx",
            "xor edx, edx",
            "xrstor64 [r8]",
            "jmp {integers}",
            integers = sym restore_integers,
        )
    }

    #[unsafe(naked)]
    unsafe extern "system" fn restore_plain(context: *mut CONTEXT) -> ! {
        naked_asm!(
            "test dword ptr [rcx + {flags}], 8",
            "je {integers}",
            "fxrstor64 [rcx + {float}]",
            "ldmxcsr [rcx + {mxcsr}]",
            "jmp {integers}",
            integers = sym restore_integers,
            flags = const offset_of!(CONTEXT, ContextFlags),
            float = const offset_of!(CONTEXT, Anonymous),
            mxcsr = const offset_of!(CONTEXT, MxCsr),
        )
    }

    /// Loads the integer registers and goes on. Only `iret` lets the trap flag count from the next instruction on, and
    /// keeps the resume flag; it costs as much as all the rest.
    #[unsafe(naked)]
    unsafe extern "system" fn restore_integers(context: *mut CONTEXT) -> ! {
        naked_asm!(
            "mov rbx, [rcx + {rbx_}]",
            "mov rbp, [rcx + {rbp_}]",
            "mov rsi, [rcx + {rsi_}]",
            "mov rdi, [rcx + {rdi_}]",
            "mov r8, [rcx + {r8_}]",
            "mov r9, [rcx + {r8_} + 8]",
            "mov r10, [rcx + {r8_} + 16]",
            "mov r11, [rcx + {r8_} + 24]",
            "mov r12, [rcx + {r8_} + 32]",
            "mov r13, [rcx + {r8_} + 40]",
            "mov r14, [rcx + {r8_} + 48]",
            "mov r15, [rcx + {r8_} + 56]",
            "test dword ptr [rcx + {eflags}], 0x10100",
            "jne 2f",
            "mov rax, [rcx + {rsp_}]",
            "mov rdx, [rcx + {rip_}]",
            "mov [rax - 8], rdx",
            "mov edx, [rcx + {eflags}]",
            "mov [rax - 16], rdx",
            "mov rdx, [rcx + {rcx_}]",
            "mov [rax - 24], rdx",
            "mov rdx, [rcx + {rdx_}]",
            "lea rsp, [rax - 24]",
            "mov rax, [rcx + {rax_}]",
            "pop rcx",
            "popfq",
            "ret",
            "2:",
            "sub rsp, 40",
            "and rsp, -16",
            "mov rax, [rcx + {rip_}]",
            "mov [rsp], rax",
            "mov qword ptr [rsp + 8], 0x33",
            "mov eax, [rcx + {eflags}]",
            "mov [rsp + 16], rax",
            "mov rax, [rcx + {rsp_}]",
            "mov [rsp + 24], rax",
            "mov qword ptr [rsp + 32], 0x2B",
            "mov rax, [rcx + {rax_}]",
            "mov rdx, [rcx + {rdx_}]",
            "mov rcx, [rcx + {rcx_}]",
            "iretq",
            rax_ = const offset_of!(CONTEXT, Rax),
            rcx_ = const offset_of!(CONTEXT, Rcx),
            rdx_ = const offset_of!(CONTEXT, Rdx),
            rbx_ = const offset_of!(CONTEXT, Rbx),
            rbp_ = const offset_of!(CONTEXT, Rbp),
            rsi_ = const offset_of!(CONTEXT, Rsi),
            rdi_ = const offset_of!(CONTEXT, Rdi),
            r8_ = const offset_of!(CONTEXT, R8),
            rsp_ = const offset_of!(CONTEXT, Rsp),
            rip_ = const offset_of!(CONTEXT, Rip),
            eflags = const offset_of!(CONTEXT, EFlags),
        )
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
pub use x64::{RtlCaptureContext, restore};

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod x86 {
    use super::{CONTEXT, offset_of};
    use core::arch::naked_asm;

    /// Writes the caller's registers to a context: control, integer and segments.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn RtlCaptureContext(context: *mut CONTEXT) {
        naked_asm!(
            "push ebx",
            "mov ebx, [esp + 8]",
            "mov dword ptr [ebx + {flags}], 0x10007",
            "mov [ebx + {eax}], eax",
            "mov [ebx + {ecx}], ecx",
            "mov [ebx + {edx}], edx",
            "mov [ebx + {esi}], esi",
            "mov [ebx + {edi}], edi",
            "mov [ebx + {ebp}], ebp",
            "mov eax, [esp]",
            "mov [ebx + {ebx_}], eax",
            "mov eax, [esp + 4]",
            "mov [ebx + {eip}], eax",
            "lea eax, [esp + 12]",
            "mov [ebx + {esp_}], eax",
            "pushfd",
            "pop dword ptr [ebx + {eflags}]",
            "mov dword ptr [ebx + {cs}], 0x23",
            "mov dword ptr [ebx + {ss}], 0x2B",
            "mov eax, [ebx + {eax}]",
            "pop ebx",
            "ret 4",
            flags = const offset_of!(CONTEXT, ContextFlags),
            eax = const offset_of!(CONTEXT, Eax),
            ecx = const offset_of!(CONTEXT, Ecx),
            edx = const offset_of!(CONTEXT, Edx),
            ebx_ = const offset_of!(CONTEXT, Ebx),
            esi = const offset_of!(CONTEXT, Esi),
            edi = const offset_of!(CONTEXT, Edi),
            ebp = const offset_of!(CONTEXT, Ebp),
            esp_ = const offset_of!(CONTEXT, Esp),
            eip = const offset_of!(CONTEXT, Eip),
            eflags = const offset_of!(CONTEXT, EFlags),
            cs = const offset_of!(CONTEXT, SegCs),
            ss = const offset_of!(CONTEXT, SegSs),
        )
    }

    /// Loads the integer and control registers from a context and goes on there.
    #[unsafe(naked)]
    pub unsafe extern "system" fn restore(context: *mut CONTEXT) -> ! {
        naked_asm!(
            "mov ecx, [esp + 4]",
            "mov eax, [ecx + {esp_}]",
            "sub eax, 12",
            "mov edx, [ecx + {eip}]",
            "mov [eax + 8], edx",
            "mov edx, [ecx + {eflags}]",
            "mov [eax + 4], edx",
            "mov edx, [ecx + {eax_}]",
            "mov [eax], edx",
            "mov edx, [ecx + {edx}]",
            "mov ebx, [ecx + {ebx_}]",
            "mov esi, [ecx + {esi}]",
            "mov edi, [ecx + {edi}]",
            "mov ebp, [ecx + {ebp}]",
            "mov ecx, [ecx + {ecx_}]",
            "mov esp, eax",
            "pop eax",
            "popfd",
            "ret",
            eax_ = const offset_of!(CONTEXT, Eax),
            ecx_ = const offset_of!(CONTEXT, Ecx),
            edx = const offset_of!(CONTEXT, Edx),
            ebx_ = const offset_of!(CONTEXT, Ebx),
            esi = const offset_of!(CONTEXT, Esi),
            edi = const offset_of!(CONTEXT, Edi),
            ebp = const offset_of!(CONTEXT, Ebp),
            esp_ = const offset_of!(CONTEXT, Esp),
            eip = const offset_of!(CONTEXT, Eip),
            eflags = const offset_of!(CONTEXT, EFlags),
        )
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
pub use x86::{RtlCaptureContext, restore};

#[cfg(not(target_os = "windows"))]
mod elsewhere {
    use super::CONTEXT;

    /// Native tests have no guest registers.
    pub unsafe extern "system" fn RtlCaptureContext(_context: *mut CONTEXT) {}

    /// Native tests never continue.
    pub unsafe extern "system" fn restore(_context: *mut CONTEXT) -> ! {
        unreachable!("only guests continue")
    }
}

#[cfg(not(target_os = "windows"))]
pub use elsewhere::{RtlCaptureContext, restore};

const _: usize = offset_of!(CONTEXT, ContextFlags);
