//! What makes a crate a DLL: Rust's allocator (the process heap, as for every Windows program) and the loader's notice.

/// Makes a crate a DLL that has nothing to do when it is loaded, nor when it goes.
#[macro_export]
macro_rules! dll {
    () => {
        $crate::process_heap_allocator!();

        /// The loader's notice.
        #[cfg(target_os = "windows")]
        #[unsafe(no_mangle)]
        extern "system" fn DllMain(_base: *mut core::ffi::c_void, _reason: u32, _reserved: *mut core::ffi::c_void) -> i32 {
            1
        }
    };
}

/// Makes the process heap this DLL's allocator. `ntdll`, which holds the heap, has its own.
#[macro_export]
macro_rules! process_heap_allocator {
    () => {
        #[cfg(target_os = "windows")]
        const _: () = {
            use core::alloc::{GlobalAlloc, Layout};
            use core::ffi::c_void;

            #[cfg_attr(target_arch = "x86", link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated"))]
            #[cfg_attr(not(target_arch = "x86"), link(name = "ntdll", kind = "raw-dylib"))]
            unsafe extern "system" {
                fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void;
                fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void, size: usize) -> *mut c_void;
                fn RtlFreeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
            }

            struct ProcessHeap;

            impl ProcessHeap {
                fn heap() -> *mut c_void {
                    // SAFETY: the PEB lives as long as the process.
                    unsafe { (*$crate::teb::peb()).process_heap as *mut c_void }
                }
            }

            // SAFETY: the process heap gives distinct blocks, aligned to two pointers.
            unsafe impl GlobalAlloc for ProcessHeap {
                unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
                    if layout.align() > 2 * size_of::<usize>() {
                        return core::ptr::null_mut();
                    }
                    // SAFETY: the heap exists since before the first DLL was initialised.
                    unsafe { RtlAllocateHeap(Self::heap(), 0, layout.size()).cast() }
                }

                unsafe fn dealloc(&self, memory: *mut u8, _layout: Layout) {
                    // SAFETY: the block came from `alloc`.
                    unsafe { RtlFreeHeap(Self::heap(), 0, memory.cast()) };
                }

                unsafe fn realloc(&self, memory: *mut u8, _layout: Layout, size: usize) -> *mut u8 {
                    // SAFETY: the block came from `alloc`.
                    unsafe { RtlReAllocateHeap(Self::heap(), 0, memory.cast(), size).cast() }
                }
            }

            #[global_allocator]
            static ALLOCATOR: ProcessHeap = ProcessHeap;
        };
    };
}
