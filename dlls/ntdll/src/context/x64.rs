//! Contexts of 64-bit code.

use core::arch::naked_asm;
use core::mem::offset_of;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

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

const FLOATING_POINT: u32 = 8;

/// Fills the part of an XSAVE area that FXSAVE knows: from the context, or as it is where the context says nothing of it.
pub unsafe fn fill_legacy(context: *const CONTEXT, area: *mut u8) {
    unsafe {
        let float = &(*context).Anonymous.FltSave;
        core::ptr::copy_nonoverlapping(core::ptr::from_ref(float).cast::<u8>(), area, 512);
        if (*context).ContextFlags & FLOATING_POINT == 0 {
            core::arch::asm!("fxsave64 [{}]", in(reg) area);
        } else {
            area.add(24).cast::<u32>().write((*context).MxCsr);
        }
    }
}

/// Loads all parts of an area, then the rest from the context.
#[unsafe(naked)]
pub unsafe extern "system" fn load_area(context: *mut CONTEXT, area: *mut u8, parts: u64) -> ! {
    naked_asm!(
        "mov eax, r8d",
        "mov r8, rdx",
        "xor edx, edx",
        "xrstor64 [r8]",
        "jmp {integers}",
        integers = sym restore_integers,
    )
}

/// Loads a context without extended state.
#[unsafe(naked)]
pub unsafe extern "system" fn restore_plain(context: *mut CONTEXT) -> ! {
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
        "and edx, {user}",
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
        // `iret` refuses to work for a nested task.
        "push 0x202",
        "popfq",
        "sub rsp, 40",
        "and rsp, -16",
        "mov rax, [rcx + {rip_}]",
        "mov [rsp], rax",
        "mov qword ptr [rsp + 8], 0x33",
        "mov eax, [rcx + {eflags}]",
        "and eax, {user}",
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
        user = const super::flags::USER_FLAGS,
    )
}
