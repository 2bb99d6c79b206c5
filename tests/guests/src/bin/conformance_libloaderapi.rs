//! libloaderapi.h: loading and freeing DLLs, their notices, what they export, where they lie.
#![cfg_attr(target_os = "windows", no_std, no_main)]

extern crate alloc;

guests::export!("note", 8);

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    pub use alloc::string::String;
    pub use core::ptr::{null, null_mut};
    use core::sync::atomic::{AtomicBool, Ordering};
    pub use guests::notices::{load, notes, tell};
    pub use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::LibraryLoader::*;

    /// What the DLLs call with their names and reasons.
    #[unsafe(no_mangle)]
    pub unsafe extern "system" fn note(dll: *const u8, reason: u32) {
        let name = unsafe { tell(dll, reason) };
        if EXITING.load(Ordering::Relaxed) && name == "first" {
            let seen = notes();
            let ok = seen == "second detach, callback detach, first detach";
            guests::print(&if ok { "ok\n".into() } else { alloc::format!("FAIL the notices are {seen}\n") });
        }
    }

    static EXITING: AtomicBool = AtomicBool::new(false);

    /// A case that the last notice ends: what DLLs are told of the process's end.
    pub fn at_exit() {
        load("companion_second");
        notes();
        guests::print("case\tkernel32!ExitProcess\ttotal\tDLLs are told of the end, the last that started first\t\t");
        EXITING.store(true, Ordering::Relaxed);
    }

    pub fn module(name: &str) -> HMODULE {
        unsafe { GetModuleHandleW(wide(name).as_ptr()) }
    }

    pub fn call(module: HMODULE, name: &core::ffi::CStr) -> Option<u32> {
        let found = unsafe { GetProcAddress(module, name.as_ptr().cast()) }?;
        Some(unsafe { core::mem::transmute::<unsafe extern "system" fn() -> isize, unsafe extern "system" fn() -> u32>(found)() })
    }

    pub fn file_name(module: HMODULE) -> String {
        let mut buffer = [0_u16; 300];
        unsafe { GetModuleFileNameW(module, buffer.as_mut_ptr(), 300) };
        narrow(&buffer)
    }

    /// The program's folder, with a backslash.
    pub fn folder() -> String {
        let path = file_name(null_mut());
        path[..=path.rfind('\\').unwrap_or(0)].into()
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        loading(&mut cases);
        names(&mut cases);
        exports(&mut cases);
        paths(&mut cases);
        at_exit();
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn loading(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!LoadLibraryW kernel32!FreeLibrary",
        Success,
        "a circle of DLLs is told once, what is stood on first, and goes as a whole",
        {
            notes();
            let first = load("companion_first");
            holds!(!first.is_null());
            same!(notes(), "second attach, callback attach, first attach");
            same!(call(first, c"TwiceSecond"), Some(42));
            same!(load("companion_first.dll"), first);
            same!(unsafe { FreeLibrary(first) }, 1);
            same!(notes(), "");
            same!(module("companion_second").is_null(), false);
            same!(unsafe { FreeLibrary(first) }, 1);
            same!(notes(), "callback detach, first detach, second detach");
            holds!(module("companion_first").is_null());
            holds!(module("companion_second").is_null());
        }
    );
    case!(
        cases,
        "kernel32!LoadLibraryW",
        Success,
        "what another DLL imports stays until both have let go",
        wine = "Wine does not count the import that closes a circle",
        {
            let second = load("companion_second.dll");
            same!(notes(), "callback attach, first attach, second attach");
            let first = load("companion_first.dll");
            same!(notes(), "");
            same!(unsafe { FreeLibrary(second) }, 1);
            same!(notes(), "");
            same!(call(first, c"TwiceSecond"), Some(42));
            same!(unsafe { FreeLibrary(first) }, 1);
            same!(notes(), "second detach, callback detach, first detach");
        }
    );
    case!(
        cases,
        "kernel32!LoadLibraryW",
        Failure,
        "a DLL that refuses is told of the end, and takes what it needed along",
        wine = "Wine does not count the import that closes a circle",
        {
            clear_error();
            holds!(load("companion_refusing").is_null());
            same!(last_error(), ERROR_DLL_INIT_FAILED);
            same!(
                notes(),
                "callback attach, first attach, second attach, refusing attach, refusing detach, second detach, callback detach, first detach"
            );
            holds!(module("companion_second").is_null());
        }
    );
    case!(cases, "kernel32!LoadLibraryW kernel32!LoadLibraryExW", Failure, "a DLL that is nowhere", {
        clear_error();
        holds!(load("companion_nowhere").is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
        clear_error();
        holds!(unsafe { LoadLibraryExW(wide("C:\\companion_nowhere.dll").as_ptr(), null_mut(), 0) }.is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!LoadLibraryA", Failure, "a DLL that is nowhere", {
        clear_error();
        holds!(unsafe { LoadLibraryA(c"companion_nowhere".as_ptr().cast()) }.is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!LoadLibraryA kernel32!LoadLibraryExA", Success, "one of the system's", {
        let module = unsafe { LoadLibraryA(c"kernel32".as_ptr().cast()) };
        same!(module, self::module("kernel32.dll"));
        same!(unsafe { LoadLibraryExA(c"KERNEL32.DLL".as_ptr().cast(), null_mut(), 0) }, module);
        same!(unsafe { FreeLibrary(module) }, 1);
        same!(unsafe { FreeLibrary(module) }, 1);
        holds!(!self::module("kernel32").is_null());
    });
    case!(cases, "kernel32!LoadLibraryExA", Failure, "flags that exclude each other", {
        clear_error();
        let flags = LOAD_WITH_ALTERED_SEARCH_PATH | LOAD_LIBRARY_SEARCH_SYSTEM32;
        holds!(unsafe { LoadLibraryExA(c"kernel32".as_ptr().cast(), null_mut(), flags) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!FreeLibrary", Failure, "an address that no module starts at", {
        clear_error();
        same!(unsafe { FreeLibrary(0x12_0000 as HMODULE) }, 0);
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!LoadLibraryExW", Success, "by flags: only where they say", {
        let name = wide("companion_second.dll");
        clear_error();
        holds!(unsafe { LoadLibraryExW(name.as_ptr(), null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32) }.is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
        let found = unsafe { LoadLibraryExW(name.as_ptr(), null_mut(), LOAD_LIBRARY_SEARCH_APPLICATION_DIR) };
        holds!(!found.is_null());
        same!(unsafe { FreeLibrary(found) }, 1);
        let whole = wide(&alloc::format!("{}companion_second.dll", folder()));
        let found = unsafe { LoadLibraryExW(whole.as_ptr(), null_mut(), LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR) };
        holds!(!found.is_null());
        same!(unsafe { FreeLibrary(found) }, 1);
        let found = unsafe { LoadLibraryExW(whole.as_ptr(), null_mut(), LOAD_WITH_ALTERED_SEARCH_PATH) };
        holds!(!found.is_null());
        same!(unsafe { FreeLibrary(found) }, 1);
        notes();
    });
    case!(cases, "kernel32!LoadLibraryExW", Failure, "the DLL's own folder of a name without one", {
        clear_error();
        holds!(unsafe { LoadLibraryExW(wide("companion_second.dll").as_ptr(), null_mut(), LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!LoadLibraryExW", Success, "as data: no notice, no module", {
        let whole = wide(&alloc::format!("{}companion_second.dll", folder()));
        for flags in [LOAD_LIBRARY_AS_DATAFILE, LOAD_LIBRARY_AS_IMAGE_RESOURCE, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE] {
            let data = unsafe { LoadLibraryExW(whole.as_ptr(), null_mut(), flags) };
            holds!(!data.is_null());
            holds!(data as usize & 3 != 0);
            same!(notes(), "");
            holds!(module("companion_second").is_null());
            same!(unsafe { FreeLibrary(data) }, 1);
        }
        clear_error();
        holds!(unsafe { LoadLibraryExW(wide("companion_nowhere.dll").as_ptr(), null_mut(), LOAD_LIBRARY_AS_DATAFILE) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
}

#[cfg(target_os = "windows")]
fn names(cases: &mut Cases) {
    case!(cases, "kernel32!GetModuleHandleW kernel32!GetModuleHandleA", Success, "by name in any case, with and without extension", {
        let module = self::module("kernel32");
        holds!(!module.is_null());
        same!(self::module("KERNEL32.DLL"), module);
        same!(unsafe { GetModuleHandleA(c"Kernel32.dll".as_ptr().cast()) }, module);
        holds!(!unsafe { GetModuleHandleW(null()) }.is_null());
        same!(unsafe { GetModuleHandleA(null()) }, unsafe { GetModuleHandleW(null()) });
    });
    case!(cases, "kernel32!GetModuleHandleW kernel32!GetModuleHandleA", Failure, "nothing of that name", {
        clear_error();
        holds!(self::module("companion_nowhere").is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
        clear_error();
        holds!(unsafe { GetModuleHandleA(c"companion_nowhere".as_ptr().cast()) }.is_null());
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!GetModuleHandleExW kernel32!GetModuleHandleExA", Success, "a reference is added, or not", {
        let second = load("companion_second");
        let mut found = null_mut();
        same!(unsafe { GetModuleHandleExW(0, wide("companion_second").as_ptr(), &raw mut found) }, 1);
        same!(found, second);
        same!(unsafe { FreeLibrary(second) }, 1);
        holds!(!self::module("companion_second").is_null());
        let inside = unsafe { GetProcAddress(second, c"SecondNumber".as_ptr().cast()) }.map_or(null(), |found| found as *const u16);
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        found = null_mut();
        same!(unsafe { GetModuleHandleExW(flags, inside, &raw mut found) }, 1);
        same!(found, second);
        found = null_mut();
        same!(unsafe { GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, c"companion_second".as_ptr().cast(), &raw mut found) }, 1);
        same!(found, second);
        same!(unsafe { FreeLibrary(second) }, 1);
        holds!(self::module("companion_second").is_null());
        notes();
    });
    case!(cases, "kernel32!GetModuleHandleExW kernel32!GetModuleHandleExA", Failure, "no module; flags that exclude each other", {
        let mut found = 0x1000 as HMODULE;
        clear_error();
        same!(unsafe { GetModuleHandleExW(0, wide("companion_nowhere").as_ptr(), &raw mut found) }, 0);
        same!((last_error(), found), (ERROR_MOD_NOT_FOUND, null_mut()));
        clear_error();
        same!(unsafe { GetModuleHandleExA(0, c"companion_nowhere".as_ptr().cast(), &raw mut found) }, 0);
        same!(last_error(), ERROR_MOD_NOT_FOUND);
        clear_error();
        let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        same!(unsafe { GetModuleHandleExW(flags, null(), &raw mut found) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!(unsafe { GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, 0x1234 as *const u16, &raw mut found) }, 0);
        same!(last_error(), ERROR_MOD_NOT_FOUND);
    });
    case!(cases, "kernel32!GetModuleFileNameW kernel32!GetModuleFileNameA", Success, "the program's and a DLL's", {
        holds!(file_name(null_mut()).ends_with("\\conformance_libloaderapi.exe"));
        holds!(file_name(self::module("kernel32")).to_ascii_lowercase().ends_with("\\system32\\kernel32.dll"));
        let mut buffer = [0_u8; 300];
        let length = unsafe { GetModuleFileNameA(null_mut(), buffer.as_mut_ptr(), 300) } as usize;
        holds!(buffer[..length].ends_with(b"\\conformance_libloaderapi.exe"));
        same!(buffer[length], 0);
    });
    case!(
        cases,
        "kernel32!GetModuleFileNameW kernel32!GetModuleFileNameA",
        Failure,
        "no module, and a buffer that is too small",
        wine = "Wine writes no NUL where the path is cut",
        {
            let mut buffer = [0xFFFF_u16; 8];
            clear_error();
            same!(unsafe { GetModuleFileNameW(0x12_0000 as HMODULE, buffer.as_mut_ptr(), 8) }, 0);
            same!(last_error(), ERROR_MOD_NOT_FOUND);
            clear_error();
            same!(unsafe { GetModuleFileNameW(null_mut(), buffer.as_mut_ptr(), 4) }, 4);
            same!((last_error(), buffer[3], buffer[4]), (ERROR_INSUFFICIENT_BUFFER, 0, 0xFFFF));
            let mut bytes = [0xFF_u8; 8];
            clear_error();
            same!(unsafe { GetModuleFileNameA(null_mut(), bytes.as_mut_ptr(), 4) }, 4);
            same!((last_error(), bytes[3], bytes[4]), (ERROR_INSUFFICIENT_BUFFER, 0, 0xFF));
        }
    );
}

#[cfg(target_os = "windows")]
fn exports(cases: &mut Cases) {
    case!(cases, "kernel32!GetProcAddress", Success, "by name, by number, through forwarders, in a contract's host", {
        let first = load("companion_first");
        same!(call(first, c"FirstNumber"), Some(1));
        same!(call(first, c"Forwarded"), Some(21));
        let by_number = unsafe { GetProcAddress(first, 77 as *const u8) };
        same!(by_number.map(|found| found as usize), unsafe { GetProcAddress(first, c"FirstNumber".as_ptr().cast()) }.map(|found| found as usize));
        same!(unsafe { FreeLibrary(first) }, 1);
        let contract = load("api-ms-win-core-synch-l1-2-0.dll");
        holds!(!contract.is_null());
        holds!(unsafe { GetProcAddress(contract, c"WaitOnAddress".as_ptr().cast()) }.is_some());
        unsafe { FreeLibrary(contract) };
        notes();
    });
    case!(
        cases,
        "kernel32!GetProcAddress",
        Failure,
        "what is not exported, and what leads nowhere",
        wine = "Wine has one error for names and numbers",
        {
            let first = load("companion_first");
            clear_error();
            holds!(unsafe { GetProcAddress(first, c"Nothing".as_ptr().cast()) }.is_none());
            same!(last_error(), ERROR_PROC_NOT_FOUND);
            clear_error();
            holds!(unsafe { GetProcAddress(first, c"Absent".as_ptr().cast()) }.is_none());
            same!(last_error(), ERROR_PROC_NOT_FOUND);
            clear_error();
            holds!(unsafe { GetProcAddress(first, 4711 as *const u8) }.is_none());
            same!(last_error(), ERROR_INVALID_ORDINAL);
            clear_error();
            holds!(unsafe { GetProcAddress(0x12_0000 as HMODULE, c"Nothing".as_ptr().cast()) }.is_none());
            same!(last_error(), ERROR_MOD_NOT_FOUND);
            unsafe { FreeLibrary(first) };
            notes();
        }
    );
}

#[cfg(target_os = "windows")]
fn paths(cases: &mut Cases) {
    case!(cases, "kernel32!SetDllDirectoryW kernel32!GetDllDirectoryW", Success, "a folder goes in and comes out", {
        let mut buffer = [0_u16; 64];
        same!(unsafe { GetDllDirectoryW(64, buffer.as_mut_ptr()) }, 0);
        same!(unsafe { SetDllDirectoryW(wide("C:\\some").as_ptr()) }, 1);
        same!(unsafe { GetDllDirectoryW(64, buffer.as_mut_ptr()) }, 7);
        same!(narrow(&buffer), "C:\\some");
        same!(unsafe { GetDllDirectoryW(4, buffer.as_mut_ptr()) }, 8);
        same!(unsafe { SetDllDirectoryW(null()) }, 1);
        same!(unsafe { GetDllDirectoryW(64, buffer.as_mut_ptr()) }, 0);
    });
    case!(cases, "kernel32!SetDllDirectoryA kernel32!GetDllDirectoryA", Success, "a folder goes in and comes out", {
        let mut buffer = [0_u8; 64];
        same!(unsafe { SetDllDirectoryA(c"C:\\some".as_ptr().cast()) }, 1);
        same!(unsafe { GetDllDirectoryA(64, buffer.as_mut_ptr()) }, 7);
        same!(&buffer[..8], b"C:\\some\0");
        same!(unsafe { SetDllDirectoryA(null()) }, 1);
    });
    case!(cases, "kernel32!SetDllDirectoryW kernel32!SetDllDirectoryA", Failure, "a list of folders", wine = "Wine takes a list", {
        clear_error();
        same!(unsafe { SetDllDirectoryW(wide("C:\\some;C:\\more").as_ptr()) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!(unsafe { SetDllDirectoryA(c"C:\\some;C:\\more".as_ptr().cast()) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(
        cases,
        "kernel32!AddDllDirectory kernel32!RemoveDllDirectory",
        Success,
        "a folder of the program's own is searched when the flags say so",
        {
            let cookie = unsafe { AddDllDirectory(wide(&folder()).as_ptr()) };
            holds!(!cookie.is_null());
            let found = unsafe { LoadLibraryExW(wide("companion_second.dll").as_ptr(), null_mut(), LOAD_LIBRARY_SEARCH_USER_DIRS) };
            holds!(!found.is_null());
            unsafe { FreeLibrary(found) };
            same!(unsafe { RemoveDllDirectory(cookie) }, 1);
            notes();
        }
    );
    case!(cases, "kernel32!AddDllDirectory", Failure, "no full path, and no such folder", {
        clear_error();
        holds!(unsafe { AddDllDirectory(wide("some").as_ptr()) }.is_null());
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        holds!(unsafe { AddDllDirectory(wide("C:\\companion_nowhere").as_ptr()) }.is_null());
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!SetDefaultDllDirectories", Failure, "none, and one that goes with a single DLL", {
        for flags in [0, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR] {
            clear_error();
            same!(unsafe { SetDefaultDllDirectories(flags) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        }
    });
    case!(
        cases,
        "kernel32!SetDefaultDllDirectories",
        Success,
        "loads that say nothing search what it says",
        wine = "Wine does not count the import that closes a circle",
        {
            same!(unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32) }, 1);
            holds!(load("companion_second.dll").is_null());
            same!(unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS) }, 1);
            let found = load("companion_second.dll");
            holds!(!found.is_null());
            unsafe { FreeLibrary(found) };
            notes();
        }
    );
}
