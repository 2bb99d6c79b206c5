//! What the runtime takes from `ntdll` itself: what every call needs, without kernel32 in between.

use core::ffi::c_void;
use windows_sys::Win32::Foundation::NTSTATUS;
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_RECORD;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

guest::imports! {
    "ntdll" {
        fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void;
        fn RtlDeleteCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlEnterCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlFlsAlloc(callback: *const c_void, index: *mut u32) -> NTSTATUS;
        fn RtlFlsFree(index: u32) -> NTSTATUS;
        fn RtlFlsGetValue(index: u32, value: *mut *mut c_void) -> NTSTATUS;
        fn RtlFlsSetValue(index: u32, value: *mut c_void) -> NTSTATUS;
        fn RtlFreeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
        fn RtlInitializeCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlLeaveCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlInterlockedFlushSList(list: *mut c_void) -> *mut c_void;
        fn RtlPcToFileHeader(address: *const c_void, base: *mut *mut c_void) -> *mut c_void;
        fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void, size: usize) -> *mut c_void;
        fn RtlSizeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> usize;
        fn RtlTryEnterCriticalSection(section: *mut CRITICAL_SECTION) -> u8;
        fn WcRandom(buffer: *mut c_void, size: usize) -> NTSTATUS;
        fn RtlUnwindEx(target: *mut c_void, address: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void, context: *mut c_void, history: *mut c_void);
        fn RtlUnwind(target: *mut c_void, address: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void);
        fn RtlValidateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
    }
}

/// The process heap.
#[inline]
pub fn heap() -> *mut c_void {
    // SAFETY: the PEB lives as long as the process.
    #[cfg(target_os = "windows")]
    return unsafe { (*guest::teb::peb()).process_heap as *mut c_void };
    #[cfg(not(target_os = "windows"))]
    core::ptr::null_mut()
}
