//! What 32-bit code can try that 64-bit code cannot: `hostile_32 WHAT` tries one thing and tells how it went.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(all(target_os = "windows", target_arch = "x86"))]
extern crate alloc;

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod parts {
    use alloc::format;
    use core::arch::asm;
    use guests::print;
    use windows_sys::Win32::System::Threading::GetCurrentThreadId;

    /// Goes into 64-bit mode, makes a system call of the host's there, and comes back: what it answered.
    fn far(number: u32) -> i32 {
        let answer;
        unsafe {
            asm!(
                "lea ecx, [6f]",
                "push 0x33",
                "push ecx",
                "retf",
                "6:",
                // 64-bit code: syscall; push 0x23; lea rcx, [rip + 3]; push rcx; retfq.
                ".byte 0x0F, 0x05",
                ".byte 0x6A, 0x23",
                ".byte 0x48, 0x8D, 0x0D, 0x03, 0x00, 0x00, 0x00",
                ".byte 0x51",
                ".byte 0x48, 0xCB",
                inlateout("eax") number => answer,
                out("ecx") _, out("edx") _,
            );
        }
        answer
    }

    /// The host's 32-bit ways to call.
    fn int80(number: u32) -> i32 {
        let answer;
        unsafe { asm!("int 0x80", inlateout("eax") number => answer, in("ecx") 0, in("edx") 0) };
        answer
    }

    fn sysenter() {
        unsafe { asm!("push ebp", "mov ebp, esp", "sysenter", "pop ebp", in("eax") 20, lateout("eax") _, out("ecx") _, out("edx") _) };
    }

    /// The third way: processors of one make come to the host by it, those of the other do not know it here.
    fn syscall(number: u32) -> i32 {
        let answer;
        unsafe { asm!("push ebp", "syscall", "pop ebp", inlateout("eax") number => answer, out("ecx") _, out("edx") _) };
        answer
    }

    /// Faults in 64-bit mode: at a low address, with nobody to take it.
    fn far_fault() {
        unsafe {
            asm!("lea ecx, [2f]", "push 0x33", "push ecx", "retf", "2:", ".byte 0x31, 0xC0", ".byte 0x48, 0x8B, 0x00", out("eax") _, out("ecx") _)
        };
    }

    pub fn main() -> u32 {
        let words = guests::arguments();
        match words.get(1).map(|word| word.as_str()) {
            Some("int80") => print(&format!("int 0x80: {}\n", int80(20))),
            Some("sysenter") => sysenter(),
            Some("syscall") => print(&format!("syscall: {}\n", syscall(20))),
            Some("far") => print(&format!("far: {}\n", far(9999))),
            Some("far-fault") => far_fault(),
            _ => return 2,
        }
        // Everything of ours still works.
        u32::from(unsafe { GetCurrentThreadId() } == 0)
    }
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
guests::program! {
    fn main() -> u32 {
        parts::main()
    }
}

#[cfg(not(all(target_os = "windows", target_arch = "x86")))]
guests::program! {
    fn main() -> u32 {
        0
    }
}
