//! Starting processes, and what is known of them: CreateProcess, OpenProcess, exit codes (processthreadsapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::children::{Child, HEIRS, How, LONG, act, child, drained, environment_variable, launch, own, pipe, write};
use guests::{Cases, arguments, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Console::*;
use windows_sys::Win32::System::Environment::*;
use windows_sys::Win32::System::Pipes::CreatePipe;
use windows_sys::Win32::System::Threading::*;

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
        known(&mut cases);
        refused(&mut cases);
        cases.code()
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
        let done =
            unsafe { CreateProcessA(null(), line.as_mut_ptr(), null(), null(), 0, 0, null(), null(), &raw const startup, &raw mut information) };
        same!(done, 1);
        same!(Child(information).code()?, 6);
    });
    case!(cases, "kernel32!CreateProcessA", Failure, "nothing to start, and a program that is not there", {
        let mut startup: STARTUPINFOA = unsafe { zeroed() };
        startup.cb = size_of::<STARTUPINFOA>() as u32;
        let mut information: PROCESS_INFORMATION = unsafe { zeroed() };
        let mut line = *b"no-such-program child\0";
        let done =
            unsafe { CreateProcessA(null(), line.as_mut_ptr(), null(), null(), 0, 0, null(), null(), &raw const startup, &raw mut information) };
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
    case!(
        cases,
        "kernel32!TerminateProcess",
        Failure,
        "a process that has ended, and a handle that does not allow it",
        wine = "what has ended is ended once more",
        {
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
        }
    );
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
