//! What the compiler wants of a program without a C runtime: the allocator, its own calls, and who hears of a panic
//! (`panicked` of the crate that this file is in). The tests' programs stand on it as well.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::panic::PanicInfo;

// The programs link what the system DLLs link for the compiler's own calls.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(include_str!("../../../crates/guest/src/symbols/x86_64.s"));
#[cfg(target_arch = "x86")]
core::arch::global_asm!(include_str!("../../../crates/guest/src/symbols/x86.s"));
#[cfg(target_arch = "x86")]
#[path = "../../../crates/guest/src/symbols/divisions.rs"]
mod divisions;

windows_link::link!("kernel32.dll" "system" fn GetProcessHeap() -> *mut c_void);
windows_link::link!("kernel32.dll" "system" fn HeapAlloc(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void);
windows_link::link!("kernel32.dll" "system" fn HeapFree(heap: *mut c_void, flags: u32, memory: *mut c_void) -> i32);

struct ProcessHeap;

// SAFETY: the process heap gives distinct blocks, aligned to two pointers.
unsafe impl GlobalAlloc for ProcessHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the process heap exists.
        unsafe { HeapAlloc(GetProcessHeap(), 0, layout.size()).cast() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _layout: Layout) {
        // SAFETY: the block came from `alloc`.
        unsafe { HeapFree(GetProcessHeap(), 0, memory.cast()) };
    }
}

#[global_allocator]
static ALLOCATOR: ProcessHeap = ProcessHeap;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    crate::panicked(&alloc::format!("{info}"))
}
