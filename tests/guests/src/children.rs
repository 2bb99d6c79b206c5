//! Children of a test: the test starts itself again, as `child WORDS`, and looks at what that does.
#![allow(clippy::not_unsafe_ptr_arg_deref, reason = "a handle is a number")]

use crate::{clear_error, last_error, narrow, same, wide};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{ReadFile, SYNCHRONIZE, WriteFile};
use windows_sys::Win32::System::Console::*;
use windows_sys::Win32::System::Environment::*;
use windows_sys::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows_sys::Win32::System::Pipes::CreatePipe;
use windows_sys::Win32::System::Threading::*;

/// Longer than anything here takes, in milliseconds.
pub const LONG: u32 = 20_000;
pub static HEIRS: Heirs =
    Heirs(SECURITY_ATTRIBUTES { nLength: size_of::<SECURITY_ATTRIBUTES>() as u32, lpSecurityDescriptor: null_mut(), bInheritHandle: 1 });

/// What marks a handle for children.
pub struct Heirs(pub SECURITY_ATTRIBUTES);

// SAFETY: it is never changed.
unsafe impl Sync for Heirs {}

/// What a child is started with.
#[derive(Default)]
pub struct How<'a> {
    /// As CreateProcess has it.
    pub application: Option<&'a str>,
    /// As CreateProcess has it.
    pub inherits: bool,
    /// As CreateProcess has it.
    pub flags: u32,
    /// As CreateProcess has it.
    pub environment: Option<&'a [u16]>,
    /// As CreateProcess has it.
    pub folder: Option<&'a str>,
    /// As CreateProcess has it.
    pub standard: Option<[HANDLE; 3]>,
    /// As CreateProcess has it.
    pub attributes: Option<LPPROC_THREAD_ATTRIBUTE_LIST>,
}

/// A process and its first thread; it is ended, and their handles are closed, when it goes.
pub struct Child(pub PROCESS_INFORMATION);

impl Child {
    /// Lets it go on by itself.
    pub fn leave(self) {
        core::mem::forget(self);
    }

    /// Its exit code, once it has ended.
    pub fn code(&self) -> Result<u32, String> {
        let mut code = 0;
        unsafe {
            same!(WaitForSingleObject(self.0.hProcess, LONG), WAIT_OBJECT_0);
            same!(GetExitCodeProcess(self.0.hProcess, &raw mut code), 1);
        }
        Ok(code)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        unsafe {
            // A case that fails leaves nobody behind.
            TerminateProcess(self.0.hProcess, 99);
            CloseHandle(self.0.hProcess);
            CloseHandle(self.0.hThread);
        }
    }
}

/// This program's own path.
pub fn own() -> String {
    let mut path = [0; 1024];
    let length = unsafe { GetModuleFileNameW(null_mut(), path.as_mut_ptr(), 1024) };
    narrow(&path[..length as usize])
}

/// Starts a command line; the error where that fails.
pub fn launch(line: &str, how: &How<'_>) -> Result<Child, u32> {
    let mut startup: STARTUPINFOEXW = unsafe { zeroed() };
    startup.StartupInfo.cb = size_of::<STARTUPINFOW>() as u32;
    if let Some([input, output, error]) = how.standard {
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        (startup.StartupInfo.hStdInput, startup.StartupInfo.hStdOutput, startup.StartupInfo.hStdError) = (input, output, error);
    }
    let mut flags = how.flags;
    if let Some(list) = how.attributes {
        startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
        startup.lpAttributeList = list;
        flags |= EXTENDED_STARTUPINFO_PRESENT;
    }
    if how.environment.is_some() {
        flags |= CREATE_UNICODE_ENVIRONMENT;
    }
    let (application, folder, mut line) = (how.application.map(wide), how.folder.map(wide), wide(line));
    let pointer = |text: &Option<Vec<u16>>| text.as_ref().map_or(null(), |text| text.as_ptr());
    let mut information: PROCESS_INFORMATION = unsafe { zeroed() };
    let environment = how.environment.map_or(null(), |block| block.as_ptr().cast::<c_void>());
    clear_error();
    let done = unsafe {
        CreateProcessW(
            pointer(&application),
            line.as_mut_ptr(),
            null(),
            null(),
            how.inherits.into(),
            flags,
            environment,
            pointer(&folder),
            &raw const startup.StartupInfo,
            &raw mut information,
        )
    };
    if done != 0 { Ok(Child(information)) } else { Err(last_error()) }
}

/// Starts this program as a child that does what the words say.
pub fn child(words: &str, how: &How<'_>) -> Result<Child, String> {
    launch(&format!("\"{}\" child {words}", own()), how).map_err(|error| format!("CreateProcessW: error {error}"))
}

/// A pipe: its reading end, and a writing end that children inherit.
pub fn pipe() -> (HANDLE, HANDLE) {
    let (mut read, mut write) = (null_mut(), null_mut());
    unsafe {
        CreatePipe(&raw mut read, &raw mut write, &raw const HEIRS.0, 0);
        SetHandleInformation(read, HANDLE_FLAG_INHERIT, 0);
    }
    (read, write)
}

/// All that comes out of a pipe, until its writing end is closed everywhere.
pub fn drained(read: HANDLE) -> Result<String, String> {
    let (mut all, mut some) = (Vec::new(), [0_u8; 256]);
    loop {
        let mut done = 0;
        if unsafe { ReadFile(read, some.as_mut_ptr(), some.len() as u32, &raw mut done, null_mut()) } == 0 {
            same!(last_error(), ERROR_BROKEN_PIPE);
            unsafe { CloseHandle(read) };
            return String::from_utf8(all).map_err(|_| String::from("no UTF-8"));
        }
        all.extend_from_slice(&some[..done as usize]);
    }
}

pub fn write(handle: HANDLE, text: &str) -> bool {
    let mut done = 0;
    (unsafe { WriteFile(handle, text.as_ptr(), text.len() as u32, &raw mut done, null_mut()) }) != 0 && done as usize == text.len()
}

pub fn environment_variable(name: &str) -> String {
    let mut value = [0; 512];
    let length = unsafe { GetEnvironmentVariableW(wide(name).as_ptr(), value.as_mut_ptr(), 512) };
    if length == 0 { String::from("-") } else { narrow(&value[..length as usize]) }
}

fn handle_of(word: &str) -> HANDLE {
    usize::from_str_radix(word, 16).unwrap_or(0) as HANDLE
}

/// What a child does: its exit code tells how it went.
pub fn act(words: &[&str]) -> u32 {
    let out = unsafe { GetStdHandle(STD_OUTPUT_HANDLE) };
    match words {
        ["exit", code] => code.parse().unwrap_or(99),
        ["say", text] => u32::from(!write(out, text)),
        ["line"] => {
            let line = unsafe {
                let start = GetCommandLineW();
                let length = (0..).take_while(|index| *start.add(*index) != 0).count();
                narrow(core::slice::from_raw_parts(start, length))
            };
            u32::from(!write(out, &line))
        }
        ["variable", name] => u32::from(!write(out, &environment_variable(name))),
        ["folder"] => {
            let mut folder = [0; 512];
            let length = unsafe { GetCurrentDirectoryW(512, folder.as_mut_ptr()) };
            u32::from(!write(out, &narrow(&folder[..length as usize])))
        }
        ["echo"] => {
            let mut text = [0_u8; 64];
            let mut done = 0;
            unsafe { ReadFile(GetStdHandle(STD_INPUT_HANDLE), text.as_mut_ptr(), 64, &raw mut done, null_mut()) };
            u32::from(!write(out, core::str::from_utf8(&text[..done as usize]).unwrap_or("?")))
        }
        ["set", handle] => unsafe { if SetEvent(handle_of(handle)) != 0 { 0 } else { last_error() } },
        ["write", handle, text] => u32::from(!write(handle_of(handle), text)),
        // 1: inherited, 2: not.
        ["has", handle] => {
            let mut flags = 0;
            if unsafe { GetHandleInformation(handle_of(handle), &raw mut flags) } != 0 { 1 } else { 2 }
        }
        // Until it has used 200 ms of its own.
        ["spin"] => loop {
            let [mut created, mut ended, mut kernel, mut user]: [FILETIME; 4] = unsafe { zeroed() };
            unsafe { GetProcessTimes(GetCurrentProcess(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) };
            if user.dwLowDateTime + kernel.dwLowDateTime >= 2_000_000 {
                return 0;
            }
        },
        ["hang"] => loop {
            unsafe { Sleep(1000) };
        },
        ["parent", id] => {
            let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, 0, id.parse().unwrap_or(0)) };
            if handle.is_null() {
                return last_error();
            }
            unsafe {
                let runs = WaitForSingleObject(handle, 0) == WAIT_TIMEOUT && GetProcessId(handle) == id.parse().unwrap_or(0);
                CloseHandle(handle);
                if runs { 0 } else { 90 }
            }
        }
        ["first-thread-ends"] => unsafe {
            let thread = CreateThread(null(), 0, Some(late), null_mut(), 0, null_mut());
            CloseHandle(thread);
            ExitThread(3)
        },
        // A child of the child, whose code it tells.
        ["deep", "0"] => 7,
        ["deep", depth] => {
            let depth: u32 = depth.parse().unwrap_or(0);
            child(&format!("deep {}", depth - 1), &How::default()).and_then(|child| child.code()).map_or(98, |code| code + 1)
        }
        _ => 97,
    }
}

unsafe extern "system" fn late(_: *mut c_void) -> u32 {
    unsafe {
        Sleep(50);
        ExitProcess(12)
    }
}
