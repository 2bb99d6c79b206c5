//! 32-bit code whose image lists its handlers (`/SAFESEH`): `safe_handlers WHICH` faults with one of its handlers in the chain, which
//! prints that it was called and goes on behind the fault.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod parts {
    use core::ffi::c_void;
    use core::ptr::{null, null_mut};
    use guests::guard::{Handler, Registration, registered};
    use guests::{arguments, print};
    use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};
    use windows_sys::Win32::System::Memory::{MEM_COMMIT, MEM_RESERVE, PAGE_EXECUTE_READWRITE, VirtualAlloc, VirtualProtect};

    /// The image's load configuration, as far as it tells of handlers.
    #[repr(C)]
    struct Configuration {
        size: u32,
        others: [u32; 15],
        table: *const *const c_void,
        count: *const u8,
    }

    // SAFETY: nobody changes it.
    unsafe impl Sync for Configuration {}

    unsafe extern "C" {
        // The linker makes both of what is said to be a handler; the count is the symbol's value.
        #[link_name = "__safe_se_handler_table"]
        static TABLE: *const c_void;
        #[link_name = "__safe_se_handler_count"]
        static COUNT: u8;
        fn listed_handler();
    }

    #[unsafe(export_name = "_load_config_used")]
    static CONFIGURATION: Configuration =
        Configuration { size: size_of::<Configuration>() as u32, others: [0; 15], table: &raw const TABLE, count: &raw const COUNT };

    core::arch::global_asm!(
        ".safeseh _listed_handler",
        ".globl _listed_handler",
        ".def _listed_handler; .scl 2; .type 32; .endef",
        "_listed_handler:",
        "jmp {skip}",
        skip = sym skip,
    );

    /// Goes on behind the two bytes that faulted.
    unsafe extern "C" fn skip(_: *mut EXCEPTION_RECORD, _: *mut Registration, context: *mut CONTEXT, _: *mut c_void) -> i32 {
        print("called\n");
        unsafe { (*context).Eip += 2 };
        0
    }

    /// `jmp skip`, for elsewhere.
    fn code() -> [u8; 7] {
        let [first, second, third, fourth] = (skip as *const () as u32).to_le_bytes();
        // mov eax, skip; jmp eax.
        [0xB8, first, second, third, fourth, 0xFF, 0xE0]
    }

    pub fn main() -> u32 {
        let words = arguments();
        let mut on_stack = code();
        let handler: *const c_void = match words.get(1).map(|word| word.as_str()) {
            Some("listed") => listed_handler as *const c_void,
            Some("other") => skip as *const c_void,
            Some("stack") => {
                let mut before = 0;
                unsafe { VirtualProtect(on_stack.as_mut_ptr().cast(), 7, PAGE_EXECUTE_READWRITE, &raw mut before) };
                on_stack.as_ptr().cast()
            }
            Some("made") => unsafe {
                let made = VirtualAlloc(null(), 7, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
                made.cast::<[u8; 7]>().write(code());
                made
            },
            _ => return 2,
        };
        // SAFETY: it is one, wherever it lies.
        let handler = unsafe { core::mem::transmute::<*const c_void, Handler>(handler) };
        let mut own = Registration { next: null_mut(), handler };
        registered(&mut own, || unsafe { core::arch::asm!("mov eax, [ecx]", in("ecx") 0x20, out("eax") _) });
        core::hint::black_box(&on_stack);
        print("went on\n");
        0
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
