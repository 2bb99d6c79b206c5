//! Pictures of the processes, their threads and modules (tlhelp32.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::zeroed;
use core::ptr::null_mut;
use guests::children::{How, act, child, own};
use guests::{Cases, arguments, case, clear_error, holds, last_error, narrow, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Diagnostics::ToolHelp::*;
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["child", rest @ ..] = &words[1..] {
            return act(rest);
        }
        let mut cases = Cases::new();
        processes(&mut cases);
        threads(&mut cases);
        modules(&mut cases);
        refused(&mut cases);
        cases.code()
    }
}

/// A picture; closed when it goes.
struct Picture(HANDLE);

impl Picture {
    fn new(flags: u32, process: u32) -> Result<Self, u32> {
        clear_error();
        let handle = unsafe { CreateToolhelp32Snapshot(flags, process) };
        if handle == INVALID_HANDLE_VALUE { Err(last_error()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        unsafe { CloseHandle(self.0) };
    }
}

fn failed(error: u32) -> String {
    alloc::format!("error {error}")
}

/// A NUL-terminated text.
fn text(units: &[u16]) -> String {
    narrow(units.split(|unit| *unit == 0).next().unwrap_or_default())
}

/// All processes of a picture, and the error at its end.
fn all_processes(picture: &Picture) -> (Vec<PROCESSENTRY32W>, u32) {
    let mut all = Vec::new();
    let mut entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..Default::default() };
    let mut more = unsafe { Process32FirstW(picture.0, &raw mut entry) };
    while more != 0 {
        all.push(entry);
        clear_error();
        more = unsafe { Process32NextW(picture.0, &raw mut entry) };
    }
    (all, last_error())
}

fn all_threads(picture: &Picture) -> Vec<THREADENTRY32> {
    let mut all = Vec::new();
    let mut entry = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..Default::default() };
    let mut more = unsafe { Thread32First(picture.0, &raw mut entry) };
    while more != 0 {
        all.push(entry);
        more = unsafe { Thread32Next(picture.0, &raw mut entry) };
    }
    all
}

fn all_modules(picture: &Picture) -> Vec<MODULEENTRY32W> {
    let mut all = Vec::new();
    let mut entry = MODULEENTRY32W { dwSize: size_of::<MODULEENTRY32W>() as u32, ..Default::default() };
    let mut more = unsafe { Module32FirstW(picture.0, &raw mut entry) };
    while more != 0 {
        all.push(entry);
        more = unsafe { Module32NextW(picture.0, &raw mut entry) };
    }
    all
}

fn file_name() -> String {
    own().rsplit('\\').next().unwrap_or_default().into()
}

fn processes(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateToolhelp32Snapshot kernel32!Process32FirstW kernel32!Process32NextW",
        Success,
        "a child is listed with its parent and its program's name, and is gone once it has ended",
        wine = "Wine tells the class of the priority",
        {
            let hanging = child("hang", &How::default())?;
            let picture = Picture::new(TH32CS_SNAPPROCESS, 0).map_err(failed)?;
            let (all, end) = all_processes(&picture);
            same!(end, ERROR_NO_MORE_FILES);
            let find = |all: &[PROCESSENTRY32W], id: u32| all.iter().find(|entry| entry.th32ProcessID == id).copied();
            let entry = find(&all, hanging.0.dwProcessId).ok_or("the child is missing")?;
            same!(entry.th32ParentProcessID, unsafe { GetCurrentProcessId() });
            same!(text(&entry.szExeFile), file_name());
            holds!(entry.cntThreads >= 1);
            same!(entry.pcPriClassBase, 8);
            let this = find(&all, unsafe { GetCurrentProcessId() }).ok_or("this process is missing")?;
            same!(text(&this.szExeFile), file_name());
            let id = hanging.0.dwProcessId;
            unsafe { TerminateProcess(hanging.0.hProcess, 3) };
            same!(hanging.code()?, 3);
            same!(find(&all_processes(&picture).0, id).is_some(), true);
            let later = Picture::new(TH32CS_SNAPPROCESS, 0).map_err(failed)?;
            same!(find(&all_processes(&later).0, id).is_some(), false);
        }
    );
    case!(cases, "kernel32!Process32First kernel32!Process32Next", Success, "in the ANSI code page, from the first one again", {
        let picture = Picture::new(TH32CS_SNAPPROCESS, 0).map_err(failed)?;
        let mut counts = [0; 2];
        for count in &mut counts {
            let mut entry = PROCESSENTRY32 { dwSize: size_of::<PROCESSENTRY32>() as u32, ..Default::default() };
            let mut more = unsafe { Process32First(picture.0, &raw mut entry) };
            let mut found = false;
            while more != 0 {
                *count += 1;
                let name: Vec<u8> = entry.szExeFile.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
                found |= entry.th32ProcessID == unsafe { GetCurrentProcessId() } && name == file_name().into_bytes();
                more = unsafe { Process32Next(picture.0, &raw mut entry) };
            }
            holds!(found);
        }
        same!(counts[0], counts[1]);
    });
}

unsafe extern "system" fn idle(event: *mut core::ffi::c_void) -> u32 {
    unsafe { WaitForSingleObject(event, INFINITE) }
}

fn threads(cases: &mut Cases) {
    case!(cases, "kernel32!Thread32First kernel32!Thread32Next", Success, "every thread of every process, with its priority", {
        let hanging = child("hang", &How::default())?;
        let mut id = 0;
        let (event, thread) = unsafe {
            let event = CreateEventW(core::ptr::null(), 1, 0, core::ptr::null());
            let thread = CreateThread(core::ptr::null(), 0, Some(idle), event, 0, &raw mut id);
            SetThreadPriority(thread, THREAD_PRIORITY_ABOVE_NORMAL);
            (event, thread)
        };
        let of = |all: &[THREADENTRY32], id: u32| all.iter().find(|entry| entry.th32ThreadID == id).copied();
        let all = all_threads(&Picture::new(TH32CS_SNAPTHREAD, 0).map_err(failed)?);
        let own = of(&all, id).ok_or("the thread is missing")?;
        let first = of(&all, unsafe { GetCurrentThreadId() }).ok_or("the calling thread is missing")?;
        same!(own.th32OwnerProcessID, unsafe { GetCurrentProcessId() });
        same!(own.tpBasePri - first.tpBasePri, 1);
        same!(of(&all, hanging.0.dwThreadId).map(|entry| entry.th32OwnerProcessID), Some(hanging.0.dwProcessId));
        unsafe {
            SetEvent(event);
            same!(WaitForSingleObject(thread, 20_000), WAIT_OBJECT_0);
            CloseHandle(thread);
            CloseHandle(event);
        }
        same!(of(&all_threads(&Picture::new(TH32CS_SNAPTHREAD, 0).map_err(failed)?), id).is_some(), false);
    });
}

fn modules(cases: &mut Cases) {
    case!(cases, "kernel32!Module32FirstW kernel32!Module32NextW", Success, "the modules of this process, the program first", {
        let picture = Picture::new(TH32CS_SNAPMODULE, unsafe { GetCurrentProcessId() }).map_err(failed)?;
        let all = all_modules(&picture);
        let first = all.first().ok_or("no module")?;
        same!(text(&first.szExePath), own());
        same!(text(&first.szModule), file_name());
        same!(first.modBaseAddr as usize, unsafe { GetModuleHandleW(core::ptr::null()) } as usize);
        same!(first.hModule, first.modBaseAddr.cast());
        holds!(first.modBaseSize >= 0x1000);
        let kernel = unsafe { GetModuleHandleW(guests::wide("kernel32.dll").as_ptr()) };
        holds!(all.iter().any(|module| module.hModule == kernel && text(&module.szModule).eq_ignore_ascii_case("kernel32.dll")));
        let mut narrow: MODULEENTRY32 = unsafe { zeroed() };
        narrow.dwSize = size_of::<MODULEENTRY32>() as u32;
        same!(unsafe { Module32First(picture.0, &raw mut narrow) }, 1);
        same!(narrow.modBaseAddr, first.modBaseAddr);
        same!(unsafe { Module32Next(picture.0, &raw mut narrow) }, 1);
    });
    case!(cases, "kernel32!Module32FirstW", Success, "and of another one", {
        let hanging = child("hang", &How::default())?;
        // Its loader may be at work yet.
        let listed = (0..2000).find_map(|_| {
            let all = Picture::new(TH32CS_SNAPMODULE, hanging.0.dwProcessId).map(|picture| all_modules(&picture)).unwrap_or_default();
            let is_there = all.iter().any(|module| text(&module.szModule).eq_ignore_ascii_case("kernel32.dll"));
            unsafe { Sleep(u32::from(!is_there) * 5) };
            is_there.then_some(all)
        });
        let all = listed.ok_or("its kernel32.dll is missing")?;
        same!(text(&all[0].szExePath), own());
        same!(all[0].th32ProcessID, hanging.0.dwProcessId);
    });
}

fn refused(cases: &mut Cases) {
    case!(cases, "kernel32!Process32FirstW", Failure, "a structure that does not say its size", wine = "Wine: ERROR_INSUFFICIENT_BUFFER", {
        let picture = Picture::new(TH32CS_SNAPPROCESS, 0).map_err(failed)?;
        let mut entry = PROCESSENTRY32W::default();
        clear_error();
        same!(unsafe { Process32FirstW(picture.0, &raw mut entry) }, 0);
        same!(last_error(), ERROR_BAD_LENGTH);
    });
    case!(cases, "kernel32!Process32FirstW kernel32!Thread32First", Failure, "what is no picture, and a list that is not in it", {
        let mut entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..Default::default() };
        clear_error();
        same!(unsafe { Process32FirstW(null_mut(), &raw mut entry) }, 0);
        same!(last_error(), ERROR_INVALID_HANDLE);
        let picture = Picture::new(TH32CS_SNAPPROCESS, 0).map_err(failed)?;
        same!(all_threads(&picture).len(), 0);
        same!(last_error(), ERROR_NO_MORE_FILES);
    });
    case!(cases, "kernel32!CreateToolhelp32Snapshot", Failure, "modules of a process that is not there", {
        same!(Picture::new(TH32CS_SNAPMODULE, 0xFFFF_FFF0).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(
        cases,
        "kernel32!Heap32ListFirst kernel32!Heap32ListNext kernel32!Heap32First kernel32!Heap32Next",
        Failure,
        "heaps are not listed",
        wine = "Wine lists none, and says so as if there were none",
        {
            let picture = Picture::new(TH32CS_SNAPHEAPLIST, unsafe { GetCurrentProcessId() }).map_err(failed)?;
            let mut list = HEAPLIST32 { dwSize: size_of::<HEAPLIST32>(), ..Default::default() };
            for next in [Heap32ListFirst, Heap32ListNext] {
                clear_error();
                same!((unsafe { next(picture.0, &raw mut list) }, last_error()), (0, ERROR_NOT_SUPPORTED));
            }
            let mut entry = HEAPENTRY32 { dwSize: size_of::<HEAPENTRY32>(), ..Default::default() };
            clear_error();
            same!((unsafe { Heap32First(&raw mut entry, GetCurrentProcessId(), 0) }, last_error()), (0, ERROR_NOT_SUPPORTED));
            clear_error();
            same!((unsafe { Heap32Next(&raw mut entry) }, last_error()), (0, ERROR_NOT_SUPPORTED));
        }
    );
}
