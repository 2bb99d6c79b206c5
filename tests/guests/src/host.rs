//! The host beneath, as a program that means harm comes to it by itself: its system calls, and memory wherever it lies.
//! 32-bit code goes into 64-bit mode for both.

#[cfg(target_arch = "x86_64")]
pub use x64::*;
#[cfg(target_arch = "x86")]
pub use x86::*;

#[cfg(target_arch = "x86_64")]
mod x64 {
    use core::arch::asm;
    use core::sync::atomic::{AtomicU32, Ordering};

    /// A system call of the host's.
    pub fn call(number: u64, arguments: [u64; 6]) -> i64 {
        let result;
        // SAFETY: none of it is safe, which is the point.
        unsafe {
            asm!("syscall", inlateout("rax") number => result, in("rdi") arguments[0], in("rsi") arguments[1], in("rdx") arguments[2],
                in("r10") arguments[3], in("r8") arguments[4], in("r9") arguments[5], out("rcx") _, out("r11") _);
        }
        result
    }

    /// The host's 32-bit way to call.
    pub fn int80(number: u32) -> i32 {
        let result: u64;
        // SAFETY: as above. The compiler keeps rbx for itself.
        unsafe {
            asm!("xchg {saved}, rbx", "int 0x80", "xchg {saved}, rbx", saved = inout(reg) 0_u64 => _, inlateout("rax") u64::from(number) => result,
                in("rcx") 0, in("rdx") 0);
        }
        result as i32
    }

    fn word<'a>(address: u64) -> &'a AtomicU32 {
        // SAFETY: whoever asks knows that the address can be read.
        unsafe { &*(address as *const AtomicU32) }
    }

    pub fn load(address: u64) -> u32 {
        word(address).load(Ordering::Acquire)
    }

    pub fn store(address: u64, value: u32) {
        word(address).store(value, Ordering::Relaxed);
    }

    pub fn swap(address: u64, value: u32) -> u32 {
        word(address).swap(value, Ordering::AcqRel)
    }
}

#[cfg(target_arch = "x86")]
mod x86 {
    use core::arch::{asm, global_asm};

    /// What 64-bit code is to do: what of it, with which numbers; it leaves its answer in the last word.
    #[repr(C, align(8))]
    struct Work {
        kind: u64,
        words: [u64; 7],
        answer: u64,
    }

    const CALL: u64 = 0;
    const LOAD: u64 = 1;
    const STORE: u64 = 2;

    unsafe extern "C" {
        fn host_far(work: *mut Work);
    }

    global_asm!(
        ".globl _host_far",
        "_host_far:",
        "push ebp",
        "push ebx",
        "push esi",
        "push edi",
        "mov ecx, [esp + 20]",
        "lea eax, [host_far_64]",
        "push 0x33",
        "push eax",
        "retf",
        ".code64",
        "host_far_64:",
        // What is above 32 bits of a register is unknown after a change of mode.
        "mov esp, esp",
        "mov ebp, ecx",
        "cmp qword ptr [rbp], {load}",
        "jb 2f",
        "je 3f",
        "mov rax, [rbp + 8]",
        "mov ecx, [rbp + 16]",
        "xchg [rax], ecx",
        "mov [rbp + 64], rcx",
        "jmp 4f",
        "3:",
        "mov rax, [rbp + 8]",
        "mov eax, [rax]",
        "mov [rbp + 64], rax",
        "jmp 4f",
        "2:",
        "mov rax, [rbp + 8]",
        "mov rdi, [rbp + 16]",
        "mov rsi, [rbp + 24]",
        "mov rdx, [rbp + 32]",
        "mov r10, [rbp + 40]",
        "mov r8, [rbp + 48]",
        "mov r9, [rbp + 56]",
        "syscall",
        "mov [rbp + 64], rax",
        "4:",
        "push 0x23",
        "lea rax, [rip + host_far_back]",
        "push rax",
        "retfq",
        ".code32",
        "host_far_back:",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret",
        load = const LOAD,
    );

    fn far(kind: u64, words: [u64; 7]) -> u64 {
        let mut work = Work { kind, words, answer: 0 };
        // SAFETY: none of it is safe, which is the point.
        unsafe { host_far(&raw mut work) };
        work.answer
    }

    /// A system call of the host's.
    pub fn call(number: u64, arguments: [u64; 6]) -> i64 {
        let [first, second, third, fourth, fifth, sixth] = arguments;
        far(CALL, [number, first, second, third, fourth, fifth, sixth]).cast_signed()
    }

    /// The host's 32-bit way to call.
    pub fn int80(number: u32) -> i32 {
        let result;
        // SAFETY: as above.
        unsafe { asm!("int 0x80", inlateout("eax") number => result, in("ecx") 0, in("edx") 0) };
        result
    }

    pub fn load(address: u64) -> u32 {
        far(LOAD, [address, 0, 0, 0, 0, 0, 0]) as u32
    }

    pub fn store(address: u64, value: u32) {
        swap(address, value);
    }

    pub fn swap(address: u64, value: u32) -> u32 {
        far(STORE, [address, value.into(), 0, 0, 0, 0, 0]) as u32
    }
}
