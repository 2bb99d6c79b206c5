//! Starting processes and what is theirs: CreateProcess, handles that are inherited, exit codes (processthreadsapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::{Cases, arguments, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::Console::*;
use windows_sys::Win32::System::Environment::*;
use windows_sys::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows_sys::Win32::System::Memory::*;
use windows_sys::Win32::System::Pipes::CreatePipe;
use windows_sys::Win32::System::Threading::*;

/// Longer than anything here takes, in milliseconds.
const LONG: u32 = 20_000;
static HEIRS: Heirs = Heirs(SECURITY_ATTRIBUTES { nLength: size_of::<SECURITY_ATTRIBUTES>() as u32, lpSecurityDescriptor: null_mut(), bInheritHandle: 1 });

/// What marks a handle for children.
struct Heirs(SECURITY_ATTRIBUTES);

// SAFETY: it is never changed.
unsafe impl Sync for Heirs {}

/// What a child is started with.
#[derive(Default)]
struct How<'a> {
    application: Option<&'a str>,
    inherits: bool,
    flags: u32,
    environment: Option<&'a [u16]>,
    folder: Option<&'a str>,
    standard: Option<[HANDLE; 3]>,
    attributes: Option<LPPROC_THREAD_ATTRIBUTE_LIST>,
}

/// A process and its first thread; their handles are closed when it goes.
struct Child(PROCESS_INFORMATION);

impl Child {
    /// Its exit code, once it has ended.
    fn code(&self) -> Result<u32, String> {
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
            CloseHandle(self.0.hProcess);
            CloseHandle(self.0.hThread);
        }
    }
}

/// This program's own path.
fn own() -> String {
    let mut path = [0; 1024];
    let length = unsafe { GetModuleFileNameW(null_mut(), path.as_mut_ptr(), 1024) };
    narrow(&path[..length as usize])
}

/// Starts a command line; the error where that fails.
fn launch(line: &str, how: &How<'_>) -> Result<Child, u32> {
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
fn child(words: &str, how: &How<'_>) -> Result<Child, String> {
    launch(&format!("\"{}\" child {words}", own()), how).map_err(|error| format!("CreateProcessW: error {error}"))
}

/// A pipe: its reading end, and a writing end that children inherit.
fn pipe() -> (HANDLE, HANDLE) {
    let (mut read, mut write) = (null_mut(), null_mut());
    unsafe {
        CreatePipe(&raw mut read, &raw mut write, &raw const HEIRS.0, 0);
        SetHandleInformation(read, HANDLE_FLAG_INHERIT, 0);
    }
    (read, write)
}

/// All that comes out of a pipe, until its writing end is closed everywhere.
fn drained(read: HANDLE) -> Result<String, String> {
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

fn write(handle: HANDLE, text: &str) -> bool {
    let mut done = 0;
    (unsafe { WriteFile(handle, text.as_ptr(), text.len() as u32, &raw mut done, null_mut()) }) != 0 && done as usize == text.len()
}

fn environment_variable(name: &str) -> String {
    let mut value = [0; 512];
    let length = unsafe { GetEnvironmentVariableW(wide(name).as_ptr(), value.as_mut_ptr(), 512) };
    if length == 0 { String::from("-") } else { narrow(&value[..length as usize]) }
}

fn handle_of(word: &str) -> HANDLE {
    usize::from_str_radix(word, 16).unwrap_or(0) as HANDLE
}

/// What a child does: its exit code tells how it went.
fn act(words: &[&str]) -> u32 {
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

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["child", rest @ ..] = &words[1..] {
            return act(rest);
        }
        let mut cases = Cases::new();
        start_and_end(&mut cases);
        what_it_is_given(&mut cases);
        inherited(&mut cases);
        known(&mut cases);
        refused(&mut cases);
        0
    }
}

fn start_and_end(cases: &mut Cases) {
    case!(cases, "kernel32!CreateProcessW kernel32!GetExitCodeProcess", Success, "a program runs and tells its exit code, all 32 bits of it", {
        for code in ["0", "1", "259", "256", "3221225477", "4294967295"] {
            same!(child(&format!("exit {code}"), &How::default())?.code()?, code.parse().unwrap_or(0));
        }
    });
    case!(cases, "kernel32!CreateProcessW", Success, "the program is named apart from the command line", {
        let own = own();
        let how = How { application: Some(&own), ..How::default() };
        same!(launch("anything child exit 5", &how).map_err(|error| format!("error {error}"))?.code()?, 5);
    });
    case!(cases, "kernel32!CreateProcessA", Success, "in the ANSI code page", {
        let mut line: Vec<u8> = format!("\"{}\" child exit 6\0", own()).into_bytes();
        let mut startup: STARTUPINFOA = unsafe { zeroed() };
        startup.cb = size_of::<STARTUPINFOA>() as u32;
        let mut information: PROCESS_INFORMATION = unsafe { zeroed() };
        let done = unsafe {
            CreateProcessA(null(), line.as_mut_ptr(), null(), null(), 0, 0, null(), null(), &raw const startup, &raw mut information)
        };
        same!(done, 1);
        same!(Child(information).code()?, 6);
    });
    case!(cases, "kernel32!CreateProcessA", Failure, "nothing to start, and a program that is not there", {
        let mut startup: STARTUPINFOA = unsafe { zeroed() };
        startup.cb = size_of::<STARTUPINFOA>() as u32;
        let mut information: PROCESS_INFORMATION = unsafe { zeroed() };
        let mut line = *b"no-such-program child\0";
        let done = unsafe {
            CreateProcessA(null(), line.as_mut_ptr(), null(), null(), 0, 0, null(), null(), &raw const startup, &raw mut information)
        };
        same!((done, last_error()), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!GetExitCodeProcess", Success, "while it runs its code is STILL_ACTIVE", {
        let child = child("exit 4", &How { flags: CREATE_SUSPENDED, ..How::default() })?;
        let mut code = 0;
        unsafe {
            same!(GetExitCodeProcess(child.0.hProcess, &raw mut code), 1);
            same!(code, STILL_ACTIVE as u32);
            same!(GetExitCodeThread(child.0.hThread, &raw mut code), 1);
            same!(code, STILL_ACTIVE as u32);
            same!(WaitForSingleObject(child.0.hProcess, 30), WAIT_TIMEOUT);
            same!(ResumeThread(child.0.hThread), 1);
        }
        same!(child.code()?, 4);
        unsafe {
            same!(WaitForSingleObject(child.0.hThread, LONG), WAIT_OBJECT_0);
            same!(GetExitCodeThread(child.0.hThread, &raw mut code), 1);
            same!(code, 4);
        }
    });
    case!(cases, "kernel32!TerminateProcess", Success, "ends another process with a code, whatever it does", {
        for flags in [0, CREATE_SUSPENDED] {
            let child = child("hang", &How { flags, ..How::default() })?;
            same!(unsafe { TerminateProcess(child.0.hProcess, 0x1234_5678) }, 1);
            same!(child.code()?, 0x1234_5678);
        }
    });
    case!(cases, "kernel32!TerminateProcess", Failure, "a process that has ended, and a handle that does not allow it", wine = "what has ended is ended once more", {
        let ended = child("exit 0", &How::default())?;
        same!(ended.code()?, 0);
        clear_error();
        same!((unsafe { TerminateProcess(ended.0.hProcess, 1) }, last_error()), (0, ERROR_ACCESS_DENIED));
        let runs = child("hang", &How { flags: CREATE_SUSPENDED, ..How::default() })?;
        unsafe {
            let weak = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, runs.0.dwProcessId);
            holds!(!weak.is_null());
            clear_error();
            same!((TerminateProcess(weak, 1), last_error()), (0, ERROR_ACCESS_DENIED));
            CloseHandle(weak);
            same!(TerminateProcess(runs.0.hProcess, 2), 1);
        }
        same!(runs.code()?, 2);
    });
    case!(cases, "kernel32!WaitForMultipleObjects", Success, "processes among other objects, any and all", {
        let (first, second) = (child("exit 1", &How::default())?, child("hang", &How { flags: CREATE_SUSPENDED, ..How::default() })?);
        unsafe {
            let event = CreateEventW(null(), 1, 0, null());
            let handles = [event, second.0.hProcess, first.0.hProcess];
            same!(WaitForMultipleObjects(3, handles.as_ptr(), 0, LONG), WAIT_OBJECT_0 + 2);
            same!(WaitForMultipleObjects(3, handles.as_ptr(), 1, 10), WAIT_TIMEOUT);
            SetEvent(event);
            TerminateProcess(second.0.hProcess, 1);
            same!(WaitForMultipleObjects(3, handles.as_ptr(), 1, LONG), WAIT_OBJECT_0);
            CloseHandle(event);
        }
    });
    case!(cases, "kernel32!CreateProcessW", Total, "the first thread may end before its process", {
        let child = child("first-thread-ends", &How::default())?;
        unsafe {
            same!(WaitForSingleObject(child.0.hThread, LONG), WAIT_OBJECT_0);
        }
        same!(child.code()?, 12);
    });
    case!(cases, "kernel32!CreateProcessW", Total, "children have children", {
        same!(child("deep 4", &How::default())?.code()?, 11);
    });
}

fn what_it_is_given(cases: &mut Cases) {
    case!(cases, "kernel32!CreateProcessW", Success, "the command line as it was given", {
        let (read, write) = pipe();
        let line = format!("\"{}\" child line  \"a b\" \\\\\"c\" \u{e4}\u{20ac}", own());
        let how = How { inherits: true, standard: Some([null_mut(), write, null_mut()]), ..How::default() };
        let child = launch(&line.replace(" child line ", " child line"), &how).map_err(|error| format!("error {error}"))?;
        unsafe { CloseHandle(write) };
        let told = drained(read)?;
        holds!(child.code()? == 97 || told == line.replace(" child line ", " child line"));
    });
    case!(cases, "kernel32!CreateProcessW", Success, "standard handles, and what is written to them", {
        let (read, write_end) = pipe();
        let (mut input, mut feed) = (null_mut(), null_mut());
        unsafe {
            CreatePipe(&raw mut input, &raw mut feed, &raw const HEIRS.0, 0);
            SetHandleInformation(feed, HANDLE_FLAG_INHERIT, 0);
        }
        let how = How { inherits: true, standard: Some([input, write_end, write_end]), ..How::default() };
        let child = child("echo", &how)?;
        holds!(write(feed, "through two pipes"));
        unsafe {
            CloseHandle(feed);
            CloseHandle(input);
            CloseHandle(write_end);
        }
        same!(drained(read)?, "through two pipes");
        same!(child.code()?, 0);
    });
    case!(cases, "kernel32!CreateProcessW", Success, "its own standard handles where none are given, marked or not", {
        let (read, write_end) = pipe();
        unsafe {
            SetHandleInformation(write_end, HANDLE_FLAG_INHERIT, 0);
            let before = GetStdHandle(STD_OUTPUT_HANDLE);
            SetStdHandle(STD_OUTPUT_HANDLE, write_end);
            let child = child("say hello", &How::default());
            SetStdHandle(STD_OUTPUT_HANDLE, before);
            CloseHandle(write_end);
            same!(child?.code()?, 0);
        }
        same!(drained(read)?, "hello");
    });
    case!(cases, "kernel32!CreateProcessW", Success, "an environment of its own, or its parent's", {
        let (read, write_end) = pipe();
        let how = How { inherits: true, standard: Some([null_mut(), write_end, null_mut()]), ..How::default() };
        unsafe { SetEnvironmentVariableW(wide("WC_CHILD").as_ptr(), wide("parent").as_ptr()) };
        same!(child("variable WC_CHILD", &how)?.code()?, 0);
        let root = format!("SystemRoot={}", environment_variable("SystemRoot"));
        let block: Vec<u16> = wide(&root).into_iter().chain(wide("WC_CHILD=own \u{20ac}")).chain([0]).collect();
        same!(child("variable WC_CHILD", &How { environment: Some(&block), ..how })?.code()?, 0);
        unsafe { CloseHandle(write_end) };
        same!(drained(read)?, "parentown \u{20ac}");
    });
    case!(cases, "kernel32!CreateProcessW", Success, "a working folder of its own", {
        let (read, write_end) = pipe();
        let how = How { inherits: true, standard: Some([null_mut(), write_end, null_mut()]), folder: Some("C:\\Windows\\."), ..How::default() };
        same!(child("folder", &how)?.code()?, 0);
        unsafe { CloseHandle(write_end) };
        holds!(drained(read)?.eq_ignore_ascii_case("C:\\Windows"));
    });
}

fn inherited(cases: &mut Cases) {
    case!(cases, "kernel32!CreateProcessW kernel32!SetHandleInformation", Success, "handles that are marked, and no others", {
        unsafe {
            let (marked, unmarked) = (CreateEventW(&raw const HEIRS.0, 1, 0, null()), CreateEventW(null(), 1, 0, null()));
            let has = |handle: HANDLE, inherits| child(&format!("has {:x}", handle as usize), &How { inherits, ..How::default() })?.code();
            same!(has(marked, true)?, 1);
            same!(has(marked, false)?, 2);
            same!(has(unmarked, true)?, 2);
            let (read, write) = pipe();
            same!(has(write, true)?, 1);
            same!(has(read, true)?, 2);
            SetHandleInformation(read, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
            same!(has(read, true)?, 1);
            for handle in [marked, unmarked, read, write] {
                CloseHandle(handle);
            }
        }
    });
    case!(cases, "kernel32!CreateProcessW", Success, "an event that both wait for and set", {
        unsafe {
            let event = CreateEventW(&raw const HEIRS.0, 0, 0, null());
            let child = child(&format!("set {:x}", event as usize), &How { inherits: true, ..How::default() })?;
            same!(WaitForSingleObject(event, LONG), WAIT_OBJECT_0);
            same!(child.code()?, 0);
            same!(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
            CloseHandle(event);
        }
    });
    case!(cases, "kernel32!CreateProcessW", Success, "a file, with its position", {
        let name = wide("inherited.tmp");
        unsafe {
            let access = GENERIC_READ | GENERIC_WRITE;
            let file = CreateFileW(name.as_ptr(), access, 0, &raw const HEIRS.0, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, null_mut());
            holds!(file != INVALID_HANDLE_VALUE);
            holds!(write(file, "one "));
            same!(child(&format!("write {:x} two", file as usize), &How { inherits: true, ..How::default() })?.code()?, 0);
            holds!(write(file, " three"));
            let (mut text, mut done) = ([0_u8; 32], 0);
            SetFilePointer(file, 0, null_mut(), FILE_BEGIN);
            ReadFile(file, text.as_mut_ptr(), 32, &raw mut done, null_mut());
            CloseHandle(file);
            DeleteFileW(name.as_ptr());
            same!(&text[..done as usize], b"one two three");
        }
    });
    case!(cases, "kernel32!UpdateProcThreadAttribute kernel32!CreateProcessW", Success, "of the marked handles those that are listed", {
        unsafe {
            let (listed, other) = (CreateEventW(&raw const HEIRS.0, 1, 0, null()), CreateEventW(&raw const HEIRS.0, 1, 0, null()));
            let mut size = 0;
            InitializeProcThreadAttributeList(null_mut(), 1, 0, &raw mut size);
            let mut room = alloc::vec![0_usize; size / size_of::<usize>() + 1];
            let list: LPPROC_THREAD_ATTRIBUTE_LIST = room.as_mut_ptr().cast();
            same!(InitializeProcThreadAttributeList(list, 1, 0, &raw mut size), 1);
            let handles = [listed];
            let attribute = PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize;
            same!(UpdateProcThreadAttribute(list, 0, attribute, handles.as_ptr().cast(), size_of_val(&handles), null_mut(), null_mut()), 1);
            let how = || How { inherits: true, attributes: Some(list), ..How::default() };
            same!(child(&format!("has {:x}", listed as usize), &how())?.code()?, 1);
            same!(child(&format!("has {:x}", other as usize), &how())?.code()?, 2);
            DeleteProcThreadAttributeList(list);
            CloseHandle(listed);
            CloseHandle(other);
        }
    });
    case!(cases, "kernel32!CreateFileMappingW", Success, "memory that is inherited is one memory", {
        unsafe {
            let section = CreateFileMappingW(INVALID_HANDLE_VALUE, &raw const HEIRS.0, PAGE_READWRITE, 0, 4096, null());
            holds!(!section.is_null());
            same!(child(&format!("has {:x}", section as usize), &How { inherits: true, ..How::default() })?.code()?, 1);
            CloseHandle(section);
        }
    });
}

fn known(cases: &mut Cases) {
    case!(cases, "kernel32!OpenProcess kernel32!GetProcessId", Success, "by its number, from either side", {
        let id = unsafe { GetCurrentProcessId() };
        same!(child(&format!("parent {id}"), &How::default())?.code()?, 0);
        let child = child("exit 21", &How { flags: CREATE_SUSPENDED, ..How::default() })?;
        unsafe {
            same!(GetProcessId(child.0.hProcess), child.0.dwProcessId);
            same!(GetThreadId(child.0.hThread), child.0.dwThreadId);
            same!(GetProcessIdOfThread(child.0.hThread), child.0.dwProcessId);
            let second = OpenProcess(PROCESS_ALL_ACCESS, 0, child.0.dwProcessId);
            holds!(!second.is_null());
            let thread = OpenThread(THREAD_ALL_ACCESS, 0, child.0.dwThreadId);
            holds!(!thread.is_null());
            same!(ResumeThread(thread), 1);
            CloseHandle(thread);
            same!(WaitForSingleObject(second, LONG), WAIT_OBJECT_0);
            CloseHandle(second);
        }
        same!(child.code()?, 21);
    });
    case!(cases, "kernel32!OpenProcess", Failure, "a number that no process has", {
        clear_error();
        let handle = unsafe { OpenProcess(PROCESS_ALL_ACCESS, 0, 0x7FFF_FFF0) };
        same!((handle.is_null(), last_error()), (true, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!GetProcessTimes", Success, "when it began and ended", {
        let child = child("exit 0", &How::default())?;
        child.code()?;
        let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
        let [created, ended, kernel, user] = &mut times;
        unsafe { same!(GetProcessTimes(child.0.hProcess, created, ended, kernel, user), 1) };
        let number = |time: &FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
        holds!(number(&times[0]) > 0 && number(&times[0]) <= number(&times[1]));
    });
    case!(cases, "kernel32!QueryFullProcessImageNameW", Success, "the program of another process", {
        let child = child("exit 0", &How { flags: CREATE_SUSPENDED, ..How::default() })?;
        let (mut path, mut length) = ([0; 1024], 1024);
        unsafe {
            same!(QueryFullProcessImageNameW(child.0.hProcess, 0, path.as_mut_ptr(), &raw mut length), 1);
            holds!(narrow(&path[..length as usize]).eq_ignore_ascii_case(&own()));
            ResumeThread(child.0.hThread);
        }
        child.code()?;
    });
    case!(cases, "kernel32!QueryFullProcessImageNameW", Failure, "a buffer that is too small", {
        let (mut path, mut length) = ([0; 4], 4);
        clear_error();
        let done = unsafe { QueryFullProcessImageNameW(GetCurrentProcess(), 0, path.as_mut_ptr(), &raw mut length) };
        same!((done, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
    });
}

fn refused(cases: &mut Cases) {
    let error = |line: &str, how: &How<'_>| launch(line, how).err();
    case!(cases, "kernel32!CreateProcessW", Failure, "a program that is not there", {
        same!(error("no-such-program", &How::default()), Some(ERROR_FILE_NOT_FOUND));
        same!(error("x", &How { application: Some("C:\\no-such-program.exe"), ..How::default() }), Some(ERROR_FILE_NOT_FOUND));
        same!(error("x", &How { application: Some("C:\\no-such-folder\\x.exe"), ..How::default() }), Some(ERROR_PATH_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateProcessW", Failure, "a file that is no program", {
        let name = "no-program.tmp";
        guests::files::put(name, b"this is text")?;
        same!(error("x", &How { application: Some(name), ..How::default() }), Some(ERROR_BAD_EXE_FORMAT));
        guests::files::forget(name);
    });
    case!(cases, "kernel32!CreateProcessW", Failure, "a folder", wine = "says that the handle is none", {
        same!(error("x", &How { application: Some("C:\\Windows"), ..How::default() }), Some(ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!CreateProcessW", Failure, "a working folder that is not there", {
        let line = format!("\"{}\" child exit 0", own());
        same!(error(&line, &How { folder: Some("C:\\no-such-folder"), ..How::default() }), Some(ERROR_DIRECTORY));
        same!(error(&line, &How { folder: Some("C:\\Windows\\win.ini"), ..How::default() }), Some(ERROR_DIRECTORY));
    });
    case!(cases, "kernel32!CreateProcessW", Failure, "flags that exclude each other", wine = "takes them both", {
        let line = format!("\"{}\" child exit 0", own());
        same!(error(&line, &How { flags: CREATE_NEW_CONSOLE | DETACHED_PROCESS, ..How::default() }), Some(ERROR_INVALID_PARAMETER));
    });
}
