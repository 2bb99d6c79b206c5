//! wow64apiset.h: what a 32-bit process is told of itself and of the machine, and what `System32` means to it. As 64-bit code the
//! same says what is different there.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use parts::*;

#[cfg(target_os = "windows")]
mod parts {
    extern crate alloc;

    pub use alloc::string::String;
    pub use core::ffi::c_void;
    pub use core::ptr::{null, null_mut};
    pub use guests::files::{SHARE, create};
    pub use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::Storage::FileSystem::*;
    pub use windows_sys::Win32::System::Environment::GetEnvironmentVariableW;
    pub use windows_sys::Win32::System::LibraryLoader::LoadLibraryW;
    pub use windows_sys::Win32::System::SystemInformation::*;
    pub use windows_sys::Win32::System::Threading::*;

    pub const NARROW: bool = cfg!(target_arch = "x86");
    /// `IMAGE_FILE_MACHINE_I386` and `_AMD64`.
    pub const I386: u16 = 0x14C;
    pub const AMD64: u16 = 0x8664;

    /// The machine that a PE file is for; the last error where it cannot be opened.
    pub fn machine(path: &str) -> Result<u16, u32> {
        let file = create(path, GENERIC_READ, SHARE, OPEN_EXISTING, 0)?;
        let (mut bytes, mut count) = ([0; 0x1000], 0);
        unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 0x1000, &raw mut count, null_mut()) };
        let at = u32::from_le_bytes([bytes[0x3C], bytes[0x3D], bytes[0x3E], bytes[0x3F]]) as usize;
        Ok(if at < 0xFF0 { u16::from_le_bytes([bytes[at + 4], bytes[at + 5]]) } else { 0 })
    }

    /// A variable of the environment; nothing where there is none.
    pub fn variable(name: &str) -> String {
        let mut buffer = [0; 256];
        let length = unsafe { GetEnvironmentVariableW(wide(name).as_ptr(), buffer.as_mut_ptr(), 256) };
        if length > 0 { narrow(&buffer) } else { String::new() }
    }

    /// Loads a DLL by its path; the last error where that fails.
    pub fn load(path: &str) -> u32 {
        clear_error();
        let module = unsafe { LoadLibraryW(wide(path).as_ptr()) };
        if module.is_null() {
            return last_error();
        }
        unsafe { FreeLibrary(module) };
        0
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        told(&mut cases);
        folders(&mut cases);
        switched(&mut cases);
        cases.code()
    }
}

#[cfg(target_os = "windows")]
fn told(cases: &mut Cases) {
    case!(cases, "kernel32!IsWow64Process2", Success, "the process's machine, where it is not the machine's own, and that", {
        let (mut own, mut native) = (1, 1);
        same!(unsafe { IsWow64Process2(GetCurrentProcess(), &raw mut own, &raw mut native) }, 1);
        same!((own, native), (if NARROW { I386 } else { 0 }, AMD64));
        same!(unsafe { IsWow64Process2(GetCurrentProcess(), &raw mut own, null_mut()) }, 1);
    });
    case!(cases, "kernel32!IsWow64Process2", Failure, "no handle", wine = "Wine takes it for the calling process", {
        let (mut own, mut native) = (1, 1);
        clear_error();
        same!((unsafe { IsWow64Process2(null_mut(), &raw mut own, &raw mut native) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!GetNativeSystemInfo kernel32!GetSystemInfo", Total, "the machine as it is, and as the process sees it", {
        let architecture = |get: unsafe extern "system" fn(*mut SYSTEM_INFO)| unsafe {
            let mut info: SYSTEM_INFO = core::mem::zeroed();
            get(&raw mut info);
            (info.Anonymous.Anonymous.wProcessorArchitecture, info.dwProcessorType, info.lpMaximumApplicationAddress as usize as u64)
        };
        let ask = |get: *const ()| unsafe { core::mem::transmute::<*const (), unsafe extern "system" fn(*mut SYSTEM_INFO)>(get) };
        let (native, own) = (architecture(ask(GetNativeSystemInfo as *const ())), architecture(ask(GetSystemInfo as *const ())));
        same!((native.0, native.1), (PROCESSOR_ARCHITECTURE_AMD64, 8664));
        same!((own.0, own.1), if NARROW { (PROCESSOR_ARCHITECTURE_INTEL, 586) } else { (PROCESSOR_ARCHITECTURE_AMD64, 8664) });
        holds!(!NARROW || own.2 < 1 << 32);
    });
    case!(cases, "kernel32!GetEnvironmentVariableW", Success, "variables that tell of the machine, and where programs lie", {
        same!(variable("PROCESSOR_ARCHITECTURE"), if NARROW { "x86" } else { "AMD64" });
        same!(variable("PROCESSOR_ARCHITEW6432"), if NARROW { "AMD64" } else { "" });
        same!(variable("ProgramW6432"), "C:\\Program Files");
        same!(variable("ProgramFiles(x86)"), "C:\\Program Files (x86)");
        same!(variable("ProgramFiles"), variable(if NARROW { "ProgramFiles(x86)" } else { "ProgramW6432" }));
        same!(variable("CommonProgramFiles"), variable(if NARROW { "CommonProgramFiles(x86)" } else { "CommonProgramW6432" }));
    });
}

#[cfg(target_os = "windows")]
fn folders(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateFileW kernel32!GetFileAttributesW",
        Success,
        "System32 is that of the process's bitness, SysWOW64 the one of 32 bits",
        wine = "Wine without its 32-bit half has no SysWOW64",
        {
            let own = if NARROW { I386 } else { AMD64 };
            same!(machine("C:\\Windows\\System32\\kernel32.dll"), Ok(own));
            same!(machine("c:/windows/system32/KERNEL32.DLL"), Ok(own));
            same!(machine("\\\\?\\C:\\Windows\\System32\\ntdll.dll"), Ok(own));
            same!(machine("C:\\Windows\\SysWOW64\\kernel32.dll"), Ok(I386));
            for folder in ["C:\\Windows\\System32", "C:\\Windows\\SysWOW64"] {
                let attributes = unsafe { GetFileAttributesW(wide(folder).as_ptr()) };
                holds!(attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY != 0);
            }
        }
    );
    case!(cases, "kernel32!CreateFileW kernel32!GetFileAttributesW", Failure, "Sysnative is there for 32-bit processes alone", {
        let found = machine("C:\\Windows\\Sysnative\\kernel32.dll");
        same!(found, if NARROW { Ok(AMD64) } else { Err(ERROR_PATH_NOT_FOUND) });
        let attributes = unsafe { GetFileAttributesW(wide("C:\\Windows\\Sysnative").as_ptr()) };
        same!(attributes == INVALID_FILE_ATTRIBUTES, !NARROW);
    });
    case!(cases, "kernel32!FindFirstFileW", Success, "a listing of System32 shows what is opened there", {
        let mut found: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
        let search = unsafe { FindFirstFileW(wide("C:\\Windows\\System32\\kernel32.dll").as_ptr(), &raw mut found) };
        holds!(search != INVALID_HANDLE_VALUE);
        unsafe { FindClose(search) };
        let file = create("C:\\Windows\\System32\\kernel32.dll", GENERIC_READ, SHARE, OPEN_EXISTING, 0)
            .map_err(|error| guests::difference(&error, &0, "it", 0))?;
        same!(unsafe { GetFileSize(file.0, null_mut()) }, found.nFileSizeLow);
    });
    case!(cases, "kernel32!LoadLibraryW", Failure, "DLLs of the other bitness", wine = "Wine without its 32-bit half has no SysWOW64", {
        same!(load("C:\\Windows\\System32\\version.dll"), 0);
        if NARROW {
            same!(load("C:\\Windows\\SysWOW64\\version.dll"), 0);
            same!(load("C:\\Windows\\Sysnative\\winmm.dll"), ERROR_BAD_EXE_FORMAT);
        } else {
            same!(load("C:\\Windows\\SysWOW64\\version.dll"), ERROR_BAD_EXE_FORMAT);
        }
    });
}

#[cfg(target_os = "windows")]
unsafe extern "system" fn look(_: *mut c_void) -> u32 {
    machine("C:\\Windows\\System32\\kernel32.dll").map_or(0, u32::from)
}

#[cfg(target_os = "windows")]
fn switched(cases: &mut Cases) {
    const PATH: &str = "C:\\Windows\\System32\\kernel32.dll";
    if !NARROW {
        case!(cases, "kernel32!Wow64DisableWow64FsRedirection kernel32!Wow64RevertWow64FsRedirection", Failure, "64-bit code is not redirected", {
            let mut before = null_mut();
            clear_error();
            same!((unsafe { Wow64DisableWow64FsRedirection(&raw mut before) }, last_error()), (0, ERROR_INVALID_FUNCTION));
            clear_error();
            same!((unsafe { Wow64RevertWow64FsRedirection(null()) }, last_error()), (0, ERROR_INVALID_FUNCTION));
        });
        case!(cases, "kernel32!Wow64EnableWow64FsRedirection", Failure, "64-bit code is not redirected", {
            clear_error();
            holds!(!unsafe { Wow64EnableWow64FsRedirection(true) });
            same!(last_error(), ERROR_INVALID_FUNCTION);
        });
        return;
    }
    case!(cases, "kernel32!Wow64DisableWow64FsRedirection kernel32!Wow64RevertWow64FsRedirection", Success, "for one thread, and nested", {
        let (mut first, mut second) = (c"".as_ptr().cast_mut().cast(), null_mut());
        same!(machine(PATH), Ok(I386));
        same!(unsafe { Wow64DisableWow64FsRedirection(&raw mut first) }, 1);
        same!(machine(PATH), Ok(AMD64));
        same!(machine("C:\\Windows\\SysWOW64\\kernel32.dll"), Ok(I386));
        same!(machine("C:\\Windows\\Sysnative\\kernel32.dll"), Err(ERROR_PATH_NOT_FOUND));
        let thread = unsafe { CreateThread(null(), 0, Some(look), null(), 0, null_mut()) };
        let mut other = 0;
        unsafe {
            WaitForSingleObject(thread, INFINITE);
            GetExitCodeThread(thread, &raw mut other);
            CloseHandle(thread);
        }
        same!(other, u32::from(I386));
        same!(unsafe { Wow64DisableWow64FsRedirection(&raw mut second) }, 1);
        same!((first.is_null(), second.is_null()), (true, false));
        same!(unsafe { Wow64RevertWow64FsRedirection(second) }, 1);
        same!(machine(PATH), Ok(AMD64));
        same!(unsafe { Wow64RevertWow64FsRedirection(first) }, 1);
        same!(machine(PATH), Ok(I386));
    });
    case!(cases, "kernel32!Wow64EnableWow64FsRedirection", Success, "off and on", {
        holds!(unsafe { Wow64EnableWow64FsRedirection(false) });
        same!(machine(PATH), Ok(AMD64));
        holds!(unsafe { Wow64EnableWow64FsRedirection(true) });
        same!(machine(PATH), Ok(I386));
    });
}
