//! Where the runtime lets a thread into guest code: at its start, and after a fault. Nothing imports this file.

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
mod x64 {
    use core::arch::naked_asm;
    use core::mem::offset_of;
    use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

    /// Where the runtime lets a thread continue after a fault: the context lies on top of the stack, the record behind it,
    /// and a machine frame that leads to what was interrupted.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn KiUserExceptionDispatcher() -> ! {
        // The home space of the call is the context's own.
        naked_asm!(
            ".seh_proc KiUserExceptionDispatcher",
            ".seh_pushframe",
            ".seh_stackalloc 0x590",
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
            "cld",
            "lea rcx, [rsp + 0x4F0]",
            "mov rdx, rsp",
            "call {dispatch}",
            "int3",
            ".seh_endproc",
            dispatch = sym crate::exception::from_system,
            rbx_ = const offset_of!(CONTEXT, Rbx),
            rbp_ = const offset_of!(CONTEXT, Rbp),
            rsi_ = const offset_of!(CONTEXT, Rsi),
            rdi_ = const offset_of!(CONTEXT, Rdi),
            r12_ = const offset_of!(CONTEXT, R12),
            xmm6_ = const offset_of!(CONTEXT, Anonymous) + 0xA0 + 6 * 16,
        )
    }

    /// Where the runtime starts a thread: the context in rcx is what it goes on with.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn LdrInitializeThunk(context: *mut CONTEXT) -> ! {
        naked_asm!(
            "sub rsp, 40",
            "mov [rsp + 32], rcx",
            "call {initialize}",
            "mov rcx, [rsp + 32]",
            "jmp {restore}",
            initialize = sym crate::loader::initialize,
            restore = sym crate::context::restore,
        )
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod x86 {
    use core::arch::naked_asm;
    use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

    /// Where the runtime lets a thread continue after a fault: pointers to record and context lie on top of the stack.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn KiUserExceptionDispatcher() -> ! {
        naked_asm!("cld", "push dword ptr [esp + 4]", "push dword ptr [esp + 4]", "call {dispatch}", "int3",
            dispatch = sym crate::exception::from_system)
    }

    /// Where the runtime starts a thread: the context on the stack is what it goes on with.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn LdrInitializeThunk(context: *mut CONTEXT) -> ! {
        naked_asm!("push dword ptr [esp + 4]", "call {initialize}", "jmp {restore}",
            initialize = sym crate::loader::initialize, restore = sym crate::context::restore)
    }
}
