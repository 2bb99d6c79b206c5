//! Register contexts: capturing and restoring.

use core::ffi::c_void;
use core::mem::offset_of;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

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

    /// Writes the caller's registers to a context: control, integer and floating point.
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

    /// Loads every register from a context and goes on there. The context must not lie below its own stack pointer's
    /// last 48 bytes, which carry the way back.
    #[unsafe(naked)]
    pub unsafe extern "system" fn restore(context: *mut CONTEXT) -> ! {
        naked_asm!(
            "test dword ptr [rcx + {flags}], 8",
            "je 2f",
            "fxrstor64 [rcx + {float}]",
            "ldmxcsr [rcx + {mxcsr}]",
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
            "mov rax, [rcx + {rax}]",
            "mov rdx, [rcx + {rdx}]",
            "mov rbx, [rcx + {rbx}]",
            "mov rbp, [rcx + {rbp}]",
            "mov rsi, [rcx + {rsi}]",
            "mov rdi, [rcx + {rdi}]",
            "mov r8, [rcx + {r8}]",
            "mov r9, [rcx + {r8} + 8]",
            "mov r10, [rcx + {r8} + 16]",
            "mov r11, [rcx + {r8} + 24]",
            "mov r12, [rcx + {r8} + 32]",
            "mov r13, [rcx + {r8} + 40]",
            "mov r14, [rcx + {r8} + 48]",
            "mov r15, [rcx + {r8} + 56]",
            "mov rcx, [rcx + {rcx_}]",
            "iretq",
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
            float = const offset_of!(CONTEXT, Anonymous),
            mxcsr = const offset_of!(CONTEXT, MxCsr),
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
