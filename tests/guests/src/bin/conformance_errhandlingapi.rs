//! errhandlingapi.h: the last error, error modes, exceptions as far as they need no frames; and what winbase.h adds:
//! pointers that are tried, encoded pointers, interlocked lists.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use core::sync::atomic::{AtomicU32, Ordering};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Diagnostics::Debug::*;
    pub use windows_sys::Win32::System::Kernel::*;
    pub use windows_sys::Win32::System::Memory::*;
    pub use windows_sys::Win32::System::Threading::*;

    windows_link::link!("kernel32.dll" "system" fn IsBadReadPtr(address: *const c_void, size: usize) -> i32);
    windows_link::link!("kernel32.dll" "system" fn IsBadWritePtr(address: *mut c_void, size: usize) -> i32);
    windows_link::link!("kernel32.dll" "system" fn IsBadStringPtrW(address: *const u16, size: usize) -> i32);
    windows_link::link!("kernel32.dll" "system" fn IsBadCodePtr(address: *const c_void) -> i32);
    windows_link::link!("kernel32.dll" "system" fn RtlPcToFileHeader(address: *const c_void, base: *mut *mut c_void) -> *mut c_void);
    windows_link::link!("kernel32.dll" "system" fn RtlLookupFunctionEntry(address: u64, base: *mut u64, history: *mut c_void) -> *mut c_void);
    windows_link::link!("kernel32.dll" "system" fn GetModuleHandleW(name: *const u16) -> *mut c_void);

    pub static SEEN: AtomicU32 = AtomicU32::new(0);

    pub unsafe extern "system" fn vectored(pointers: *mut EXCEPTION_POINTERS) -> i32 {
        let record = unsafe { &*(*pointers).ExceptionRecord };
        if record.ExceptionCode != 0x1234_5678 {
            return EXCEPTION_CONTINUE_SEARCH;
        }
        SEEN.fetch_add(record.ExceptionInformation[1] as u32, Ordering::Relaxed);
        EXCEPTION_CONTINUE_EXECUTION
    }

    /// The last resort: goes on after exceptions of the program's own.
    pub unsafe extern "system" fn filter(pointers: *const EXCEPTION_POINTERS) -> i32 {
        let record = unsafe { &*(*pointers).ExceptionRecord };
        if record.ExceptionCode != 0x0765_4321 {
            return EXCEPTION_EXECUTE_HANDLER;
        }
        SEEN.fetch_add(record.NumberParameters, Ordering::Relaxed);
        EXCEPTION_CONTINUE_EXECUTION
    }

    pub unsafe extern "system" fn mode(_parameter: *mut c_void) -> u32 {
        unsafe { GetThreadErrorMode() }
    }

    #[repr(C, align(16))]
    pub struct Aligned<T>(pub T);

    /// An entry of an interlocked list.
    #[repr(C, align(16))]
    pub struct Entry(pub *mut Entry, pub usize);
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        errors(&mut cases);
        exceptions(&mut cases);
        pointers(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn errors(cases: &mut Cases) {
    case!(cases, "kernel32!GetLastError kernel32!SetLastError", Total, "goes in and comes out, in this thread alone", {
        unsafe { SetLastError(0x2000_0007) };
        same!(unsafe { GetLastError() }, 0x2000_0007);
    });
    case!(cases, "kernel32!SetErrorMode kernel32!GetErrorMode", Total, "answers the mode before", {
        let before = unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX) };
        same!(unsafe { GetErrorMode() }, SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
        same!(unsafe { SetErrorMode(before) }, SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
        same!(unsafe { GetErrorMode() }, before);
    });
    case!(cases, "kernel32!SetThreadErrorMode kernel32!GetThreadErrorMode", Success, "a thread's own", {
        let mut before = 9;
        same!(unsafe { SetThreadErrorMode(SEM_NOGPFAULTERRORBOX, &raw mut before) }, 1);
        same!((before, unsafe { GetThreadErrorMode() }), (0, SEM_NOGPFAULTERRORBOX));
        unsafe {
            let thread = CreateThread(null(), 0, Some(mode), null(), 0, null_mut());
            WaitForSingleObject(thread, INFINITE);
            let mut code = 9;
            GetExitCodeThread(thread, &raw mut code);
            same!(code, 0);
            CloseHandle(thread);
        }
        same!(unsafe { SetThreadErrorMode(0, null_mut()) }, 1);
    });
    case!(cases, "kernel32!SetThreadErrorMode", Failure, "a bit that threads do not have", {
        clear_error();
        same!((unsafe { SetThreadErrorMode(SEM_NOALIGNMENTFAULTEXCEPT, null_mut()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

#[cfg(target_os = "windows")]
fn exceptions(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!AddVectoredExceptionHandler kernel32!RemoveVectoredExceptionHandler kernel32!RaiseException",
        Success,
        "a handler sees the parameters, and lets the thread go on",
        {
            SEEN.store(0, Ordering::Relaxed);
            let handler = unsafe { AddVectoredExceptionHandler(1, Some(vectored)) };
            holds!(!handler.is_null());
            let parameters = [3_usize, 40, 5];
            unsafe { RaiseException(0x1234_5678, 0, 3, parameters.as_ptr()) };
            same!(SEEN.load(Ordering::Relaxed), 40);
            same!(unsafe { RemoveVectoredExceptionHandler(handler) } != 0, true);
        }
    );
    case!(cases, "kernel32!RemoveVectoredExceptionHandler", Failure, "no handler", {
        same!(unsafe { RemoveVectoredExceptionHandler(0x1234_5670 as *const c_void) }, 0);
    });
    case!(
        cases,
        "kernel32!SetUnhandledExceptionFilter kernel32!UnhandledExceptionFilter",
        Success,
        "the filter is asked, and told from the one before",
        {
            let before = unsafe { SetUnhandledExceptionFilter(Some(filter)) };
            same!(unsafe { SetUnhandledExceptionFilter(Some(filter)) }.map(|found| found as usize), Some(filter as *const () as usize));
            let mut record: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
            (record.ExceptionCode, record.NumberParameters) = (0x0765_4321, 4);
            let pointers = EXCEPTION_POINTERS { ExceptionRecord: &raw mut record, ContextRecord: null_mut() };
            SEEN.store(0, Ordering::Relaxed);
            same!(unsafe { UnhandledExceptionFilter(&raw const pointers) }, EXCEPTION_CONTINUE_EXECUTION);
            same!(SEEN.load(Ordering::Relaxed), 4);
            unsafe { SetUnhandledExceptionFilter(before) };
        }
    );
    #[cfg(target_arch = "x86_64")]
    case!(cases, "kernel32!RtlLookupFunctionEntry", Total, "the function that holds an address, and nothing outside of images", {
        let (here, mut base) = (errors as *const () as u64, 0);
        let entry = unsafe { RtlLookupFunctionEntry(here, &raw mut base, null_mut()) }.cast::<u32>();
        holds!(!entry.is_null());
        same!(base, unsafe { GetModuleHandleW(null()) } as u64);
        same!(base + u64::from(unsafe { *entry }), here);
        holds!(unsafe { RtlLookupFunctionEntry(0x1234, &raw mut base, null_mut()) }.is_null());
    });
    case!(cases, "kernel32!RtlCaptureContext kernel32!RtlPcToFileHeader", Total, "the caller's place, which lies in the program", {
        let mut context: Aligned<CONTEXT> = unsafe { core::mem::zeroed() };
        unsafe { RtlCaptureContext(&raw mut context.0) };
        let mut base = null_mut();
        let place = guests::registers::instruction(&context.0) as *const c_void;
        same!(unsafe { RtlPcToFileHeader(place, &raw mut base) }, unsafe { GetModuleHandleW(null()) });
        same!(base, unsafe { GetModuleHandleW(null()) });
        holds!(unsafe { RtlPcToFileHeader(core::ptr::without_provenance::<c_void>(1), &raw mut base) }.is_null());
        holds!(base.is_null());
    });
}

#[cfg(target_os = "windows")]
fn pointers(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!EncodePointer kernel32!DecodePointer kernel32!EncodeSystemPointer kernel32!DecodeSystemPointer",
        Total,
        "another one, and back",
        {
            let pointer = 0x1234_5678_usize as *const c_void;
            let encoded = unsafe { EncodePointer(pointer) };
            holds!(encoded.cast_const() != pointer);
            same!(unsafe { DecodePointer(encoded) }.cast_const(), pointer);
            same!(unsafe { DecodeSystemPointer(EncodeSystemPointer(pointer)) }.cast_const(), pointer);
        }
    );
    case!(
        cases,
        "kernel32!IsBadReadPtr kernel32!IsBadWritePtr kernel32!IsBadStringPtrW kernel32!IsBadCodePtr",
        Total,
        "what can be touched, and what cannot",
        {
            let mut word = [7_u16, 0];
            same!(unsafe { IsBadReadPtr(word.as_ptr().cast(), 4) }, 0);
            same!(unsafe { IsBadWritePtr(word.as_mut_ptr().cast(), 4) }, 0);
            same!(unsafe { IsBadStringPtrW(word.as_ptr(), 100) }, 0);
            let reserved = unsafe { VirtualAlloc(null(), 0x2000, MEM_RESERVE, PAGE_NOACCESS) };
            unsafe { VirtualAlloc(reserved, 0x1000, MEM_COMMIT, PAGE_READONLY) };
            same!(unsafe { IsBadReadPtr(reserved, 0x1000) }, 0);
            same!(unsafe { IsBadReadPtr(reserved, 0x1001) }, 1);
            same!(unsafe { IsBadWritePtr(reserved, 1) }, 1);
            same!(unsafe { IsBadReadPtr(null(), 0) }, 0);
            same!(unsafe { IsBadReadPtr(null(), 1) }, 1);
            same!(unsafe { IsBadStringPtrW(8 as *const u16, 1) }, 1);
            same!(unsafe { IsBadCodePtr(null()) }, 1);
            unsafe { VirtualFree(reserved, 0, MEM_RELEASE) };
        }
    );
    case!(
        cases,
        "kernel32!InitializeSListHead kernel32!InterlockedPushEntrySList kernel32!InterlockedPopEntrySList kernel32!InterlockedFlushSList kernel32!QueryDepthSList",
        Total,
        "last in, first out",
        {
            let mut head: Aligned<[u64; 2]> = Aligned([9, 9]);
            let list = (&raw mut head).cast::<SLIST_HEADER>();
            let mut entries = [const { Entry(null_mut(), 0) }; 3];
            let first = entries.as_mut_ptr();
            unsafe { InitializeSListHead(list) };
            same!(unsafe { QueryDepthSList(list) }, 0);
            holds!(unsafe { InterlockedPopEntrySList(list) }.is_null());
            holds!(unsafe { InterlockedPushEntrySList(list, first.cast()) }.is_null());
            same!(unsafe { InterlockedPushEntrySList(list, first.add(1).cast()) }.cast(), first);
            same!(unsafe { InterlockedPushEntrySList(list, first.add(2).cast()) }.cast(), unsafe { first.add(1) });
            same!(unsafe { QueryDepthSList(list) }, 3);
            same!(unsafe { InterlockedPopEntrySList(list) }.cast(), unsafe { first.add(2) });
            same!(unsafe { InterlockedFlushSList(list) }.cast(), unsafe { first.add(1) });
            same!(unsafe { (*first.add(1)).0 }, first);
            same!(unsafe { QueryDepthSList(list) }, 0);
        }
    );
}
