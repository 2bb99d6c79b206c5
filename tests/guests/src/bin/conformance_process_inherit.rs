//! What children inherit: handles, events, files with their positions, memory (CreateProcess, processthreadsapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guests::children::{HEIRS, How, LONG, act, child, pipe, write};
use guests::{Cases, arguments, case, holds, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::Memory::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["child", rest @ ..] = &words[1..] {
            return act(rest);
        }
        let mut cases = Cases::new();
        inherited(&mut cases);
        cases.code()
    }
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
