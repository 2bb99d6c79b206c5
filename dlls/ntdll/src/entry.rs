//! Where the runtime lets a thread into guest code: at its start, and after a fault. Nothing imports this file.

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
mod x64 {
    use crate::context::naked_on_context;
    use core::arch::naked_asm;
    use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

    /// Where the runtime lets a thread continue after a fault: the context lies on top of the stack, the record behind it,
    /// and a machine frame that leads to what was interrupted.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn KiUserExceptionDispatcher() -> ! {
        // The home space of the call is the context's own.
        naked_on_context!(
            [".seh_proc KiUserExceptionDispatcher", ".seh_pushframe", ".seh_stackalloc 0x590"],
            ["cld", "lea rcx, [rsp + 0x4F0]", "mov rdx, rsp", "call {dispatch}", "int3"],
            dispatch = sym crate::exception::from_system,
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
