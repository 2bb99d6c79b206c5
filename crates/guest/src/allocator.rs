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

            /// What the heap's blocks are aligned to. A block that wants more lies in a larger one, whose address stands in front of it.
            const ALIGNED: usize = 2 * size_of::<usize>();

            impl ProcessHeap {
                fn heap() -> *mut c_void {
                    // SAFETY: the PEB lives as long as the process.
                    unsafe { (*$crate::teb::peb()).process_heap as *mut c_void }
                }
            }

            // SAFETY: the process heap gives distinct blocks, aligned to two pointers.
            unsafe impl GlobalAlloc for ProcessHeap {
                unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
                    // SAFETY: the heap exists since before the first DLL was initialised.
                    let allocate = |size: usize| unsafe { RtlAllocateHeap(Self::heap(), 0, size).cast::<u8>() };
                    if layout.align() <= ALIGNED {
                        return allocate(layout.size());
                    }
                    let Some(size) = layout.size().checked_add(layout.align()) else { return core::ptr::null_mut() };
                    let whole = allocate(size);
                    if whole.is_null() {
                        return whole;
                    }
                    // The heap's alignment is a part of the wanted one, so that there is room for an address in front.
                    let distance = layout.align() - whole as usize % layout.align();
                    // SAFETY: the block is longer by the whole alignment.
                    unsafe {
                        let memory = whole.add(distance);
                        memory.cast::<*mut u8>().sub(1).write(whole);
                        memory
                    }
                }

                unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
                    // SAFETY: the block came from `alloc`, which wrote the address in front of one that wanted more.
                    let block = if layout.align() <= ALIGNED { memory } else { unsafe { memory.cast::<*mut u8>().sub(1).read() } };
                    // SAFETY: as above.
                    unsafe { RtlFreeHeap(Self::heap(), 0, block.cast()) };
                }

                unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
                    if layout.align() <= ALIGNED {
                        // SAFETY: the block came from `alloc`.
                        return unsafe { RtlReAllocateHeap(Self::heap(), 0, memory.cast(), size).cast() };
                    }
                    // SAFETY: the size is one that a layout may have, as the caller says.
                    let other = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
                    if !other.is_null() {
                        // SAFETY: both blocks have that many bytes, and the first is not used again.
                        unsafe {
                            other.copy_from_nonoverlapping(memory, layout.size().min(size));
                            self.dealloc(memory, layout);
                        }
                    }
                    other
                }
            }

            #[global_allocator]
            static ALLOCATOR: ProcessHeap = ProcessHeap;
        };
    };
}
