//! Contexts of 32-bit code.

use core::arch::naked_asm;
use core::mem::offset_of;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

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

/// `CONTEXT_EXTENDED_REGISTERS`: x87 and SSE, as FXSAVE writes them.
const EXTENDED_REGISTERS: u32 = 0x20;

/// Fills the part of an XSAVE area that FXSAVE knows: from the context, or as it is where the context says nothing of it.
pub unsafe fn fill_legacy(context: *const CONTEXT, area: *mut u8) {
    unsafe {
        core::ptr::copy_nonoverlapping((*context).ExtendedRegisters.as_ptr().cast::<u8>(), area, 512);
        if (*context).ContextFlags & EXTENDED_REGISTERS == EXTENDED_REGISTERS {
            // A reserved bit would fault.
            let control = area.add(24).cast::<u32>();
            control.write(control.read() & 0xFFFF);
        } else {
            core::arch::asm!("fxsave [{}]", in(reg) area);
        }
    }
}

/// Loads all parts of an area, then the rest from the context.
#[unsafe(naked)]
pub unsafe extern "system" fn load_area(context: *mut CONTEXT, area: *mut u8, parts: u64) -> ! {
    naked_asm!(
        "mov eax, [esp + 12]",
        "mov edx, [esp + 16]",
        "mov ecx, [esp + 8]",
        "xrstor [ecx]",
        "mov ecx, [esp + 4]",
        "jmp {integers}",
        integers = sym restore_integers,
    )
}

/// Loads a context without extended state: what FXSAVE writes where it is there, what FSAVE writes where that alone is.
#[unsafe(naked)]
pub unsafe extern "system" fn restore_plain(context: *mut CONTEXT) -> ! {
    naked_asm!(
        "mov ecx, [esp + 4]",
        "test dword ptr [ecx + {flags}], 0x20",
        "je 2f",
        // The processor wants it aligned.
        "sub esp, 528",
        "and esp, -16",
        "mov edi, esp",
        "lea esi, [ecx + {extended}]",
        "mov edx, ecx",
        "mov ecx, 128",
        "cld",
        "rep movsd",
        "mov ecx, edx",
        "and dword ptr [esp + 24], 0xFFFF",
        "fxrstor [esp]",
        "jmp {integers}",
        "2:",
        "test dword ptr [ecx + {flags}], 8",
        "je {integers}",
        "frstor [ecx + {float}]",
        "jmp {integers}",
        integers = sym restore_integers,
        flags = const offset_of!(CONTEXT, ContextFlags),
        extended = const offset_of!(CONTEXT, ExtendedRegisters),
        float = const offset_of!(CONTEXT, FloatSave),
    )
}

/// Loads the integer registers from the context in ecx and goes on. Only `iret` lets the trap flag count from the next
/// instruction on, and keeps the resume flag; within one mode it takes no stack pointer, so that what it takes lies on the
/// context's own stack.
#[unsafe(naked)]
unsafe extern "C" fn restore_integers() -> ! {
    naked_asm!(
        "mov ebx, [ecx + {ebx_}]",
        "mov esi, [ecx + {esi}]",
        "mov edi, [ecx + {edi}]",
        "mov ebp, [ecx + {ebp}]",
        "mov eax, [ecx + {esp_}]",
        "test dword ptr [ecx + {eflags}], 0x10100",
        "jne 2f",
        "mov edx, [ecx + {eip}]",
        "mov [eax - 4], edx",
        "mov edx, [ecx + {eflags}]",
        "and edx, {user}",
        "mov [eax - 8], edx",
        "mov edx, [ecx + {edx}]",
        "lea esp, [eax - 8]",
        "mov eax, [ecx + {eax_}]",
        "mov ecx, [ecx + {ecx_}]",
        "popfd",
        "ret",
        "2:",
        // `iret` refuses to work for a nested task.
        "push 0x202",
        "popfd",
        "mov edx, [ecx + {eflags}]",
        "and edx, {user}",
        "mov [eax - 4], edx",
        "mov dword ptr [eax - 8], 0x23",
        "mov edx, [ecx + {eip}]",
        "mov [eax - 12], edx",
        "mov edx, [ecx + {edx}]",
        "lea esp, [eax - 12]",
        "mov eax, [ecx + {eax_}]",
        "mov ecx, [ecx + {ecx_}]",
        "iretd",
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
        user = const super::flags::USER_FLAGS,
    )
}
