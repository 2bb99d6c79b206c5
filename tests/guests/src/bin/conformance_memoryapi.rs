//! memoryapi.h and heapapi.h: pages and heaps.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use guests::{Cases, case, clear_error, holds, last_error, same};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::Memory::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub const PAGE: usize = 0x1000;

    pub fn take(size: usize, kind: u32, protect: u32) -> *mut u8 {
        unsafe { VirtualAlloc(null(), size, kind, protect) }.cast()
    }

    pub fn query(address: *const u8) -> MEMORY_BASIC_INFORMATION {
        let mut facts: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
        unsafe { VirtualQuery(address.cast(), &raw mut facts, size_of::<MEMORY_BASIC_INFORMATION>()) };
        facts
    }

    pub fn give(memory: *mut u8) -> i32 {
        unsafe { VirtualFree(memory.cast(), 0, MEM_RELEASE) }
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        pages(&mut cases);
        heaps(&mut cases);
        cases.code()
    }
}

/// More than any address space has in one piece.
#[cfg(target_os = "windows")]
const TOO_MUCH: usize = (1_u64 << if cfg!(target_pointer_width = "64") { 47 } else { 31 }) as usize;

#[cfg(target_os = "windows")]
fn pages(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!VirtualAlloc kernel32!VirtualFree kernel32!VirtualQuery",
        Success,
        "reserved, then committed in part, then decommitted, then released",
        {
            let memory = take(0x2_8000, MEM_RESERVE, PAGE_NOACCESS);
            holds!(!memory.is_null());
            same!(memory as usize % 0x1_0000, 0);
            let facts = query(memory.wrapping_add(0x5123));
            same!((facts.BaseAddress as usize, facts.AllocationBase as usize), (memory as usize + 0x5000, memory as usize));
            same!((facts.RegionSize, facts.State, facts.Type, facts.Protect), (0x2_3000, MEM_RESERVE, MEM_PRIVATE, 0));
            let middle = unsafe { VirtualAlloc(memory.wrapping_add(0x4100).cast(), 0x1000, MEM_COMMIT, PAGE_READWRITE) };
            same!(middle as usize, memory as usize + 0x4000);
            let facts = query(memory.wrapping_add(0x4000));
            same!((facts.RegionSize, facts.State, facts.Protect), (0x2000, MEM_COMMIT, PAGE_READWRITE));
            unsafe { memory.add(0x5FFF).write(7) };
            same!(unsafe { memory.add(0x5FFF).read() }, 7);
            same!(unsafe { VirtualFree(middle, 0x2000, MEM_DECOMMIT) }, 1);
            same!(query(memory.wrapping_add(0x4000)).State, MEM_RESERVE);
            unsafe { VirtualAlloc(middle, 0x2000, MEM_COMMIT, PAGE_READWRITE) };
            same!(unsafe { memory.add(0x5FFF).read() }, 0);
            same!(give(memory), 1);
            same!(query(memory).State, MEM_FREE);
        }
    );
    case!(cases, "kernel32!VirtualAlloc", Success, "at an address of the caller's, rounded down to 64 KiB", {
        let first = take(0x10_0000, MEM_RESERVE, PAGE_NOACCESS);
        give(first);
        let again = unsafe { VirtualAlloc(first.wrapping_add(0x1_2345).cast(), 0x100, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
        same!(again as usize, first as usize + 0x1_0000);
        same!(query(again.cast()).RegionSize, 0x3000);
        same!(give(again.cast()), 1);
    });
    case!(cases, "kernel32!VirtualAlloc", Failure, "nothing, too much, a place that is taken, no such kind or protection, commit without reserve", {
        clear_error();
        holds!(take(0, MEM_RESERVE, PAGE_NOACCESS).is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        holds!(take(TOO_MUCH, MEM_RESERVE, PAGE_NOACCESS).is_null());
        holds!(last_error() == ERROR_INVALID_PARAMETER || last_error() == ERROR_NOT_ENOUGH_MEMORY);
        let memory = take(0x1_0000, MEM_RESERVE, PAGE_NOACCESS);
        clear_error();
        holds!(unsafe { VirtualAlloc(memory.cast(), PAGE, MEM_RESERVE, PAGE_NOACCESS) }.is_null());
        same!(last_error(), ERROR_INVALID_ADDRESS);
        clear_error();
        holds!(unsafe { VirtualAlloc(memory.cast(), 0x2_0000, MEM_COMMIT, PAGE_READWRITE) }.is_null());
        same!(last_error(), ERROR_INVALID_ADDRESS);
        give(memory);
        clear_error();
        holds!(unsafe { VirtualAlloc(memory.cast(), PAGE, MEM_COMMIT, PAGE_READWRITE) }.is_null());
        same!(last_error(), ERROR_INVALID_ADDRESS);
        clear_error();
        holds!(take(PAGE, MEM_RESERVE, 0x3).is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        holds!(take(PAGE, 0, PAGE_READWRITE).is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(
        cases,
        "kernel32!VirtualFree",
        Failure,
        "a release with a size, in the middle, of nothing",
        wine = "Wine has another error for what is free",
        {
            let memory = take(0x2_0000, MEM_RESERVE, PAGE_NOACCESS);
            clear_error();
            same!((unsafe { VirtualFree(memory.cast(), PAGE, MEM_RELEASE) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((give(memory.wrapping_add(0x1_0000)), last_error()), (0, ERROR_INVALID_ADDRESS));
            same!(give(memory), 1);
            clear_error();
            same!((give(memory), last_error()), (0, ERROR_INVALID_ADDRESS));
        }
    );
    case!(cases, "kernel32!VirtualProtect", Success, "answers what was before, and splits what is alike", {
        let memory = take(4 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        let mut old = 0;
        same!(unsafe { VirtualProtect(memory.wrapping_add(PAGE).cast(), 1, PAGE_READONLY, &raw mut old) }, 1);
        same!(old, PAGE_READWRITE);
        same!((query(memory).RegionSize, query(memory.wrapping_add(PAGE)).RegionSize), (PAGE, PAGE));
        same!(query(memory.wrapping_add(PAGE)).Protect, PAGE_READONLY);
        same!(query(memory.wrapping_add(2 * PAGE)).AllocationProtect, PAGE_READWRITE);
        same!(unsafe { VirtualProtect(memory.cast(), 4 * PAGE, PAGE_EXECUTE_READWRITE, &raw mut old) }, 1);
        // `mov eax, 42; ret`
        unsafe { memory.copy_from_nonoverlapping([0xB8, 42, 0, 0, 0, 0xC3].as_ptr(), 6) };
        same!(unsafe { core::mem::transmute::<*mut u8, extern "system" fn() -> u32>(memory)() }, 42);
        give(memory);
    });
    case!(cases, "kernel32!VirtualAlloc", Success, "executable pages whose targets are invalid, to programs without control-flow guard", {
        let memory = take(PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE | PAGE_TARGETS_INVALID);
        holds!(!memory.is_null());
        same!(query(memory).Protect, PAGE_EXECUTE_READWRITE);
        let mut old = 0;
        same!(unsafe { VirtualProtect(memory.cast(), PAGE, PAGE_EXECUTE_READ | PAGE_TARGETS_NO_UPDATE, &raw mut old) }, 1);
        same!((old, query(memory).Protect), (PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_READ));
        give(memory);
    });
    case!(cases, "kernel32!VirtualAlloc", Failure, "targets of pages that hold no code", wine = "Wine takes the flag with any page", {
        clear_error();
        holds!(take(PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_TARGETS_INVALID).is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!VirtualProtect", Failure, "not committed, no protection, nowhere to write the old one", {
        let memory = take(PAGE, MEM_RESERVE, PAGE_READWRITE);
        let mut old = 0;
        clear_error();
        same!((unsafe { VirtualProtect(memory.cast(), 1, PAGE_READONLY, &raw mut old) }, last_error()), (0, ERROR_INVALID_ADDRESS));
        unsafe { VirtualAlloc(memory.cast(), PAGE, MEM_COMMIT, PAGE_READWRITE) };
        clear_error();
        same!((unsafe { VirtualProtect(memory.cast(), 1, 0, &raw mut old) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        same!((unsafe { VirtualProtect(memory.cast(), 1, PAGE_READONLY, null_mut()) }, last_error()), (0, ERROR_NOACCESS));
        give(memory);
    });
    case!(cases, "kernel32!VirtualQuery", Success, "of code, and of the stack", {
        let code = query(query as *const () as *const u8);
        same!((code.State, code.Type, code.Protect), (MEM_COMMIT, MEM_IMAGE, PAGE_EXECUTE_READ));
        let local = 0_u8;
        let stack = query(&raw const local);
        same!((stack.State, stack.Type, stack.Protect), (MEM_COMMIT, MEM_PRIVATE, PAGE_READWRITE));
    });
    case!(cases, "kernel32!VirtualQuery", Failure, "a buffer that is too small, an address that nobody has", {
        let mut facts: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
        clear_error();
        same!(unsafe { VirtualQuery(null(), &raw mut facts, 4) }, 0);
        same!(last_error(), ERROR_BAD_LENGTH);
        clear_error();
        same!(unsafe { VirtualQuery(usize::MAX as *const c_void, &raw mut facts, size_of_val(&facts)) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!VirtualAllocEx kernel32!VirtualProtectEx kernel32!VirtualQueryEx kernel32!VirtualFreeEx", Success, "of this process", {
        let this = unsafe { GetCurrentProcess() };
        let memory = unsafe { VirtualAllocEx(this, null(), PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
        holds!(!memory.is_null());
        let (mut old, mut facts): (u32, MEMORY_BASIC_INFORMATION) = (0, unsafe { core::mem::zeroed() });
        same!(unsafe { VirtualProtectEx(this, memory, PAGE, PAGE_READONLY, &raw mut old) }, 1);
        same!(unsafe { VirtualQueryEx(this, memory, &raw mut facts, size_of_val(&facts)) }, size_of_val(&facts));
        same!(facts.Protect, PAGE_READONLY);
        same!(unsafe { VirtualFreeEx(this, memory, 0, MEM_RELEASE) }, 1);
    });
    case!(cases, "kernel32!VirtualAllocEx kernel32!VirtualProtectEx kernel32!VirtualQueryEx kernel32!VirtualFreeEx", Failure, "of no process", {
        let none = 0x1234_5678 as HANDLE;
        let (mut old, mut facts): (u32, MEMORY_BASIC_INFORMATION) = (0, unsafe { core::mem::zeroed() });
        let here = (&raw mut old).cast();
        clear_error();
        holds!(unsafe { VirtualAllocEx(none, null(), PAGE, MEM_RESERVE, PAGE_READWRITE) }.is_null());
        same!(last_error(), ERROR_INVALID_HANDLE);
        clear_error();
        same!((unsafe { VirtualProtectEx(none, here, 1, PAGE_READONLY, &raw mut old) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { VirtualQueryEx(none, here, &raw mut facts, size_of_val(&facts)) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { VirtualFreeEx(none, here, 0, MEM_RELEASE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!VirtualLock kernel32!VirtualUnlock", Success, "one page", {
        let memory = take(PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        same!((unsafe { VirtualLock(memory.cast(), 1) }, unsafe { VirtualUnlock(memory.cast(), 1) }), (1, 1));
        give(memory);
    });
    case!(cases, "kernel32!VirtualUnlock", Failure, "a page that is not locked", wine = "Wine keeps no account of it", {
        let memory = take(PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        clear_error();
        same!((unsafe { VirtualUnlock(memory.cast(), 1) }, last_error()), (0, ERROR_NOT_LOCKED));
        give(memory);
    });
}

#[cfg(target_os = "windows")]
fn heaps(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetProcessHeap kernel32!HeapAlloc kernel32!HeapSize kernel32!HeapReAlloc kernel32!HeapFree",
        Success,
        "a block grows and keeps its bytes",
        {
            let heap = unsafe { GetProcessHeap() };
            let block = unsafe { HeapAlloc(heap, HEAP_ZERO_MEMORY, 100) }.cast::<u8>();
            holds!(!block.is_null() && (block as usize).is_multiple_of(2 * size_of::<usize>()));
            same!(unsafe { core::slice::from_raw_parts(block, 100) }, [0; 100]);
            same!(unsafe { HeapSize(heap, 0, block.cast()) }, 100);
            unsafe { block.write_bytes(7, 100) };
            let block = unsafe { HeapReAlloc(heap, HEAP_ZERO_MEMORY, block.cast(), 100_000) }.cast::<u8>();
            same!(unsafe { HeapSize(heap, 0, block.cast()) }, 100_000);
            same!((unsafe { *block.add(99) }, unsafe { *block.add(100) }), (7, 0));
            same!(unsafe { HeapValidate(heap, 0, block.cast()) }, 1);
            same!(unsafe { HeapFree(heap, 0, block.cast()) }, 1);
            same!(unsafe { HeapFree(heap, 0, null()) }, 1);
        }
    );
    case!(cases, "kernel32!HeapCreate kernel32!HeapDestroy", Success, "one of the program's own", {
        let heap = unsafe { HeapCreate(0, 0, 0) };
        holds!(!heap.is_null());
        for _ in 0..1000 {
            holds!(!unsafe { HeapAlloc(heap, 0, 1000) }.is_null());
        }
        same!(unsafe { HeapDestroy(heap) }, 1);
    });
    case!(cases, "kernel32!HeapAlloc kernel32!HeapReAlloc", Failure, "more than all memory; a heap with a most", {
        let heap = unsafe { GetProcessHeap() };
        holds!(unsafe { HeapAlloc(heap, 0, usize::MAX / 2) }.is_null());
        let block = unsafe { HeapAlloc(heap, 0, 16) };
        holds!(unsafe { HeapReAlloc(heap, 0, block, usize::MAX / 2) }.is_null());
        same!(unsafe { HeapSize(heap, 0, block) }, 16);
        unsafe { HeapFree(heap, 0, block) };
        let small = unsafe { HeapCreate(0, 0x1000, 0x1_0000) };
        holds!(unsafe { HeapAlloc(small, 0, 0x8_0000) }.is_null());
        same!(unsafe { HeapDestroy(small) }, 1);
    });
    case!(cases, "kernel32!HeapReAlloc", Success, "in place: smaller", {
        let heap = unsafe { GetProcessHeap() };
        let block = unsafe { HeapAlloc(heap, 0, 1000) };
        same!(unsafe { HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 10) }, block);
        same!(unsafe { HeapSize(heap, 0, block) }, 10);
        unsafe { HeapFree(heap, 0, block) };
    });
    case!(cases, "kernel32!GetProcessHeaps", Success, "the process heap is among them, and a new one", {
        let mut heaps = [null_mut(); 64];
        let heap = unsafe { HeapCreate(0, 0, 0) };
        let count = unsafe { GetProcessHeaps(64, heaps.as_mut_ptr()) } as usize;
        holds!(count >= 2 && heaps[..count].contains(&heap) && heaps[..count].contains(&unsafe { GetProcessHeap() }));
        same!(unsafe { GetProcessHeaps(1, heaps.as_mut_ptr()) } as usize, count);
        unsafe { HeapDestroy(heap) };
    });
    case!(cases, "kernel32!HeapLock kernel32!HeapUnlock", Success, "its owner goes on using it", {
        let heap = unsafe { HeapCreate(0, 0, 0) };
        same!(unsafe { HeapLock(heap) }, 1);
        holds!(!unsafe { HeapAlloc(heap, 0, 10) }.is_null());
        same!(unsafe { HeapUnlock(heap) }, 1);
        unsafe { HeapDestroy(heap) };
    });
    case!(cases, "kernel32!HeapQueryInformation kernel32!HeapSetInformation", Success, "the front end; ending when damaged", {
        let (mut kind, mut size) = (9_u32, 0);
        same!(unsafe { HeapQueryInformation(GetProcessHeap(), HeapCompatibilityInformation, (&raw mut kind).cast(), 4, &raw mut size) }, 1);
        holds!(kind == 0 || kind == 2);
        same!(size, 4);
        same!(unsafe { HeapSetInformation(null_mut(), HeapEnableTerminationOnCorruption, null(), 0) }, 1);
    });
    case!(cases, "kernel32!HeapQueryInformation", Failure, "no room for the answer", {
        let (mut kind, mut size) = (9_u32, 0);
        clear_error();
        same!(unsafe { HeapQueryInformation(GetProcessHeap(), HeapCompatibilityInformation, (&raw mut kind).cast(), 2, &raw mut size) }, 0);
        same!((last_error(), size), (ERROR_INSUFFICIENT_BUFFER, 4));
    });
    case!(
        cases,
        "kernel32!GlobalAlloc kernel32!GlobalLock kernel32!GlobalUnlock kernel32!GlobalSize kernel32!GlobalReAlloc kernel32!GlobalFree kernel32!GlobalFlags kernel32!GlobalHandle",
        Success,
        "one that moves, and one that does not",
        {
            let fixed = unsafe { GlobalAlloc(GPTR, 40) };
            same!(unsafe { GlobalLock(fixed) }, fixed);
            same!(unsafe { GlobalSize(fixed) }, 40);
            same!(unsafe { GlobalFree(fixed) }, null_mut());
            let moving = unsafe { GlobalAlloc(GHND, 40) };
            let at = unsafe { GlobalLock(moving) }.cast::<u8>();
            holds!(!at.is_null() && at.cast() != moving);
            same!(unsafe { core::slice::from_raw_parts(at, 40) }, [0; 40]);
            same!(unsafe { GlobalFlags(moving) } & 0xFF, 1);
            same!(unsafe { GlobalHandle(at.cast()) }, moving);
            unsafe { at.write(5) };
            clear_error();
            same!((unsafe { GlobalUnlock(moving) }, last_error()), (0, NO_ERROR));
            same!(unsafe { GlobalReAlloc(moving, 4000, GMEM_MOVEABLE) }, moving);
            same!(unsafe { GlobalSize(moving) }, 4000);
            same!(unsafe { *GlobalLock(moving).cast::<u8>() }, 5);
            unsafe { GlobalUnlock(moving) };
            same!(unsafe { GlobalFree(moving) }, null_mut());
        }
    );
    case!(cases, "kernel32!GlobalUnlock", Failure, "one that is not locked", {
        let moving = unsafe { GlobalAlloc(GHND, 40) };
        clear_error();
        same!((unsafe { GlobalUnlock(moving) }, last_error()), (0, ERROR_NOT_LOCKED));
        unsafe { GlobalFree(moving) };
    });
    case!(
        cases,
        "kernel32!LocalAlloc kernel32!LocalSize kernel32!LocalReAlloc kernel32!LocalFree kernel32!LocalLock kernel32!LocalUnlock",
        Success,
        "one that moves, and one that does not",
        {
            let fixed = unsafe { LocalAlloc(LPTR, 40) };
            same!(unsafe { LocalSize(fixed) }, 40);
            same!(unsafe { core::slice::from_raw_parts(fixed.cast::<u8>(), 40) }, [0; 40]);
            same!(unsafe { LocalFree(fixed) }, null_mut());
            same!(unsafe { LocalFree(null_mut()) }, null_mut());
            let moving = unsafe { LocalAlloc(LMEM_MOVEABLE, 40) };
            holds!(!unsafe { LocalLock(moving) }.is_null());
            same!(unsafe { LocalUnlock(moving) }, 0);
            same!(unsafe { LocalFree(moving) }, null_mut());
        }
    );
}
