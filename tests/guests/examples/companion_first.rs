//! A DLL that imports from `companion_second`, which imports from this one; it has thread-local storage with a callback,
//! and a forwarder.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(missing_docs, reason = "a test's own exports")]

guests::dll!();

#[cfg(target_os = "windows")]
mod dll {
    use core::ffi::c_void;

    #[cfg_attr(target_arch = "x86", link(name = "companion_second", kind = "raw-dylib", import_name_type = "undecorated"))]
    #[cfg_attr(not(target_arch = "x86"), link(name = "companion_second", kind = "raw-dylib"))]
    unsafe extern "system" {
        fn SecondNumber() -> u32;
    }

    #[unsafe(no_mangle)]
    pub extern "system" fn DllMain(_base: *mut c_void, reason: u32, _reserved: *mut c_void) -> i32 {
        guests::note(c"first", reason);
        1
    }

    #[unsafe(no_mangle)]
    pub extern "system" fn FirstNumber() -> u32 {
        1
    }

    /// What the other DLL answers, doubled: shows that the circle is bound.
    #[unsafe(no_mangle)]
    pub extern "system" fn TwiceSecond() -> u32 {
        // SAFETY: takes nothing.
        2 * unsafe { SecondNumber() }
    }

    // `Forwarded` is another DLL's, which nothing imports; `Absent` leads nowhere.
    core::arch::global_asm!(
        ".section .drectve,\"yn\"",
        ".ascii \" /export:Forwarded=companion_second.SecondNumber /export:Absent=companion_second.Nothing\"",
        ".text"
    );
    #[cfg(target_arch = "x86")]
    core::arch::global_asm!(".section .drectve,\"yn\"", ".ascii \" /export:ByNumber=_FirstNumber@0,@77,NONAME\"", ".text");
    #[cfg(not(target_arch = "x86"))]
    core::arch::global_asm!(".section .drectve,\"yn\"", ".ascii \" /export:ByNumber=FirstNumber,@77,NONAME\"", ".text");

    /// Each thread's block starts as this.
    #[repr(C)]
    struct Template([u32; 2]);
    static TEMPLATE: Template = Template([0x1234_5678, 0]);
    static mut INDEX: u32 = u32::MAX;

    #[repr(C)]
    struct Callbacks([Option<unsafe extern "system" fn(*mut c_void, u32, *mut c_void)>; 2]);
    static CALLBACKS: Callbacks = Callbacks([Some(told), None]);

    unsafe extern "system" fn told(_base: *mut c_void, reason: u32, _reserved: *mut c_void) {
        guests::note(c"callback", reason);
    }

    unsafe extern "C" {
        static tls_bytes: [u8; 40];
    }

    // The linker takes the symbol `_tls_used` for the image's TLS directory; its addresses have to be relocated.
    macro_rules! directory {
        ($used:literal, $bytes:literal, $pointer:literal) => {
            core::arch::global_asm!(
                ".section .rdata$T,\"dr\"",
                concat!(".globl ", $used),
                concat!($used, ":"),
                concat!($bytes, ":"),
                concat!($pointer, " {template}"),
                concat!($pointer, " {template} + 8"),
                concat!($pointer, " {index}"),
                concat!($pointer, " {callbacks}"),
                ".long 8",
                ".long 0",
                ".text",
                template = sym TEMPLATE,
                index = sym INDEX,
                callbacks = sym CALLBACKS,
            );
        };
    }
    #[cfg(target_arch = "x86_64")]
    directory!("_tls_used", "tls_bytes", ".quad");
    #[cfg(target_arch = "x86")]
    directory!("__tls_used", "_tls_bytes", ".long");

    /// The calling thread's first number, which it then sets.
    #[unsafe(no_mangle)]
    pub extern "system" fn SwapThreadNumber(new: u32) -> u32 {
        // SAFETY: the directory is the image's, which keeps it; the loader has made the thread's block.
        unsafe {
            core::hint::black_box(&raw const tls_bytes);
            let vector: *mut *mut u32;
            #[cfg(target_arch = "x86_64")]
            core::arch::asm!("mov {}, gs:[0x58]", out(reg) vector);
            #[cfg(target_arch = "x86")]
            core::arch::asm!("mov {}, fs:[0x2C]", out(reg) vector);
            let block = *vector.add(INDEX as usize);
            core::mem::replace(&mut *block, new)
        }
    }
}
