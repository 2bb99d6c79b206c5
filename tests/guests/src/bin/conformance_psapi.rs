//! What programs ask about processes (psapi.h), and their memory (memoryapi.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::children::{Child, How, act, child, own};
use guests::{Cases, arguments, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Wdk::System::Threading::NtQueryInformationProcess;
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Diagnostics::Debug::{ReadProcessMemory, WriteProcessMemory};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Memory::*;
use windows_sys::Win32::System::ProcessStatus::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["child", rest @ ..] = &words[1..] {
            return act(rest);
        }
        let mut cases = Cases::new();
        listed(&mut cases);
        modules(&mut cases);
        memory(&mut cases);
        blocks(&mut cases);
        cases.code()
    }
}

/// A process that does nothing, once its loader is done.
fn hanging() -> Result<Child, String> {
    let hanging = child("hang", &How::default())?;
    let names = |process| bases(process).unwrap_or_default().into_iter().map(|base| base_name(process, base)).collect::<Vec<_>>();
    for _ in 0..2000 {
        if names(hanging.0.hProcess).iter().any(|name| name.eq_ignore_ascii_case("kernel32.dll")) {
            return Ok(hanging);
        }
        unsafe { Sleep(5) };
    }
    Err("its loader does not come to an end".into())
}

fn bases(process: HANDLE) -> Result<Vec<HMODULE>, u32> {
    let (mut all, mut needed) = ([null_mut(); 64], 0);
    clear_error();
    if unsafe { EnumProcessModules(process, all.as_mut_ptr(), size_of_val(&all) as u32, &raw mut needed) } == 0 {
        return Err(last_error());
    }
    Ok(all.into_iter().take(needed as usize / size_of::<HMODULE>()).collect())
}

fn base_name(process: HANDLE, module: HMODULE) -> String {
    let mut name = [0; 260];
    let length = unsafe { GetModuleBaseNameW(process, module, name.as_mut_ptr(), 260) };
    narrow(&name[..length as usize])
}

fn listed(cases: &mut Cases) {
    case!(cases, "psapi!EnumProcesses kernel32!K32EnumProcesses", Success, "the numbers of all processes, as many as fit", {
        let child = child("hang", &How::default())?;
        let (mut ids, mut used) = ([0; 1024], 0);
        same!(unsafe { EnumProcesses(ids.as_mut_ptr(), 4096, &raw mut used) }, 1);
        let all = &ids[..used as usize / 4];
        holds!(all.contains(&child.0.dwProcessId) && all.contains(&unsafe { GetCurrentProcessId() }));
        same!(unsafe { K32EnumProcesses(ids.as_mut_ptr(), 4, &raw mut used) }, 1);
        same!(used, 4);
    });
    case!(
        cases,
        "psapi!GetProcessMemoryInfo kernel32!K32GetProcessMemoryInfo",
        Success,
        "of this process, and of another",
        wine = "Wine counts no faults",
        {
            let child = hanging()?;
            for process in [unsafe { GetCurrentProcess() }, child.0.hProcess] {
                let mut counters: PROCESS_MEMORY_COUNTERS_EX = unsafe { zeroed() };
                let size = size_of_val(&counters) as u32;
                same!(unsafe { GetProcessMemoryInfo(process, (&raw mut counters).cast(), size) }, 1);
                holds!(counters.WorkingSetSize > 0x1_0000 && counters.PeakWorkingSetSize >= counters.WorkingSetSize);
                holds!(counters.PageFaultCount > 0 && counters.PrivateUsage > 0);
            }
        }
    );
    case!(cases, "kernel32!K32GetProcessMemoryInfo", Failure, "too small a structure", {
        let mut counters: PROCESS_MEMORY_COUNTERS = unsafe { zeroed() };
        clear_error();
        same!(unsafe { K32GetProcessMemoryInfo(GetCurrentProcess(), &raw mut counters, 8) }, 0);
        same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
    });
    case!(cases, "kernel32!GetProcessHandleCount", Success, "of another process", wine = "Wine counts none", {
        let child = hanging()?;
        let mut count = 0;
        same!(unsafe { GetProcessHandleCount(child.0.hProcess, &raw mut count) }, 1);
        holds!(count > 0 && count < 1000);
    });
    case!(
        cases,
        "psapi!GetProcessImageFileNameW kernel32!K32GetProcessImageFileNameW kernel32!K32GetProcessImageFileNameA psapi!GetProcessImageFileNameA",
        Success,
        "a path with its device",
        {
            let child = child("hang", &How::default())?;
            let (mut wide, mut ansi) = ([0_u16; 260], [0_u8; 260]);
            let length = unsafe { GetProcessImageFileNameW(child.0.hProcess, wide.as_mut_ptr(), 260) } as usize;
            let path = narrow(&wide[..length]);
            holds!(path.starts_with("\\Device\\") && path.ends_with(&own()[2..]));
            same!(unsafe { K32GetProcessImageFileNameA(child.0.hProcess, ansi.as_mut_ptr(), 260) } as usize, length);
            clear_error();
            same!(unsafe { K32GetProcessImageFileNameW(child.0.hProcess, wide.as_mut_ptr(), 5) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        }
    );
}

fn modules(cases: &mut Cases) {
    case!(
        cases,
        "psapi!EnumProcessModules psapi!GetModuleBaseNameW psapi!GetModuleFileNameExW kernel32!K32EnumProcessModules kernel32!K32GetModuleBaseNameW kernel32!K32GetModuleFileNameExW",
        Success,
        "this process and another have the program first",
        wine = "Wine leaves a text that was cut without its NUL",
        {
            let child = hanging()?;
            for process in [unsafe { GetCurrentProcess() }, child.0.hProcess] {
                let all = bases(process).map_err(|error| format!("error {error}"))?;
                same!(base_name(process, all[0]), String::from(own().rsplit('\\').next().unwrap_or_default()));
                let mut path = [0; 260];
                for module in [all[0], null_mut()] {
                    let length = unsafe { GetModuleFileNameExW(process, module, path.as_mut_ptr(), 260) };
                    same!(narrow(&path[..length as usize]), own());
                }
                let last = *all.last().ok_or("no module")?;
                let mut name = [0_u8; 4];
                same!(unsafe { K32GetModuleBaseNameA(process, last, name.as_mut_ptr(), 4) }, 4);
                same!(name[3], 0);
            }
        }
    );
    case!(cases, "psapi!GetModuleInformation kernel32!K32GetModuleInformation", Success, "where a module lies", {
        let kernel = unsafe { GetModuleHandleW(wide("kernel32.dll").as_ptr()) };
        let mut information: MODULEINFO = unsafe { zeroed() };
        same!(unsafe { GetModuleInformation(GetCurrentProcess(), kernel, &raw mut information, size_of::<MODULEINFO>() as u32) }, 1);
        same!(information.lpBaseOfDll, kernel);
        holds!(information.SizeOfImage >= 0x1000);
    });
    case!(cases, "kernel32!K32EnumProcessModulesEx psapi!EnumProcessModulesEx", Success, "those of one width", {
        let (mut all, mut needed) = ([null_mut(); 64], 0);
        let process = unsafe { GetCurrentProcess() };
        let own = if cfg!(target_arch = "x86") { LIST_MODULES_32BIT } else { LIST_MODULES_64BIT };
        same!(unsafe { EnumProcessModulesEx(process, all.as_mut_ptr(), size_of_val(&all) as u32, &raw mut needed, own) }, 1);
        same!(all[0], unsafe { GetModuleHandleW(null()) });
    });
    case!(cases, "kernel32!K32GetModuleBaseNameW kernel32!K32GetModuleInformation", Failure, "what is no module", {
        let mut name = [0; 260];
        clear_error();
        same!(unsafe { GetModuleBaseNameW(GetCurrentProcess(), 8 as HMODULE, name.as_mut_ptr(), 260) }, 0);
        same!(last_error(), ERROR_INVALID_HANDLE);
    });
}

fn memory(cases: &mut Cases) {
    case!(cases, "kernel32!ReadProcessMemory kernel32!WriteProcessMemory", Success, "of another process, by the address of what both have", {
        static mut WORDS: [u64; 0x8000] = [0; 0x8000];
        let child = hanging()?;
        let place = (&raw mut WORDS).cast::<c_void>();
        let own = unsafe { GetModuleHandleW(null()) } as usize;
        let theirs = bases(child.0.hProcess).map_err(|error| format!("error {error}"))?[0] as usize;
        let place = place.wrapping_byte_add(theirs.wrapping_sub(own));
        let given: Vec<u64> = (1..=0x8000).collect();
        let bytes = 8 * given.len();
        let (mut taken, mut done) = (alloc::vec![0_u64; 0x8000], 0);
        same!(unsafe { ReadProcessMemory(child.0.hProcess, place, taken.as_mut_ptr().cast(), bytes, &raw mut done) }, 1);
        same!((done, taken.iter().sum::<u64>()), (bytes, 0));
        same!(unsafe { WriteProcessMemory(child.0.hProcess, place, given.as_ptr().cast(), bytes, &raw mut done) }, 1);
        same!(done, bytes);
        same!(unsafe { ReadProcessMemory(child.0.hProcess, place, taken.as_mut_ptr().cast(), bytes, null_mut()) }, 1);
        holds!(taken == given);
        same!(unsafe { (&raw const WORDS).cast::<u64>().read_volatile() }, 0);
    });
    case!(
        cases,
        "kernel32!ReadProcessMemory kernel32!WriteProcessMemory",
        Failure,
        "where nothing is, and where only a part is",
        wine = "Wine: ERROR_NOACCESS where the first page is missing",
        {
            let child = hanging()?;
            let (mut bytes, mut done) = ([0_u8; 16], 7);
            let pages = unsafe { VirtualAlloc(null(), 0x2000, MEM_RESERVE, PAGE_READWRITE) };
            same!(unsafe { VirtualAlloc(pages, 0x1000, MEM_COMMIT, PAGE_READWRITE) }, pages);
            for process in [unsafe { GetCurrentProcess() }, child.0.hProcess] {
                clear_error();
                same!(unsafe { ReadProcessMemory(process, 8 as *const c_void, bytes.as_mut_ptr().cast(), 16, &raw mut done) }, 0);
                same!((last_error(), done), (ERROR_PARTIAL_COPY, 0));
                clear_error();
                same!(unsafe { WriteProcessMemory(process, 8 as *const c_void, bytes.as_ptr().cast(), 16, &raw mut done) }, 0);
                holds!(matches!(last_error(), ERROR_PARTIAL_COPY | ERROR_NOACCESS));
            }
            let end = pages.wrapping_byte_add(0xFF8);
            clear_error();
            same!(unsafe { ReadProcessMemory(GetCurrentProcess(), end, bytes.as_mut_ptr().cast(), 16, &raw mut done) }, 0);
            same!(last_error(), ERROR_PARTIAL_COPY);
        }
    );
    case!(cases, "kernel32!WriteProcessMemory", Success, "into code of this process", {
        let page = unsafe { VirtualAlloc(null(), 0x1000, MEM_COMMIT, PAGE_EXECUTE_READ) };
        let mut done = 0;
        // mov eax, 7; ret
        let code = [0xB8_u8, 7, 0, 0, 0, 0xC3];
        same!(unsafe { WriteProcessMemory(GetCurrentProcess(), page, code.as_ptr().cast(), 6, &raw mut done) }, 1);
        let mut memory = MEMORY_BASIC_INFORMATION::default();
        unsafe { VirtualQuery(page, &raw mut memory, size_of_val(&memory)) };
        same!((done, memory.Protect), (6, PAGE_EXECUTE_READ));
        let function: extern "system" fn() -> u32 = unsafe { core::mem::transmute(page) };
        same!(function(), 7);
    });
    case!(cases, "kernel32!ReadProcessMemory", Failure, "a handle that does not grant it", {
        let child = hanging()?;
        let mut bytes = [0_u8; 4];
        let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, child.0.dwProcessId) };
        clear_error();
        same!(unsafe { ReadProcessMemory(handle, 0x10000 as *const c_void, bytes.as_mut_ptr().cast(), 4, null_mut()) }, 0);
        same!(last_error(), ERROR_ACCESS_DENIED);
        unsafe { CloseHandle(handle) };
    });
}

fn blocks(cases: &mut Cases) {
    case!(
        cases,
        "ntdll!NtQueryInformationProcess ntdll!NtReadVirtualMemory",
        Success,
        "the command line of another process, by its PEB and by its class",
        wine = "Wine has no class for it",
        {
            const PARAMETERS: usize = if cfg!(target_arch = "x86") { 0x10 } else { 0x20 };
            const LINE: usize = if cfg!(target_arch = "x86") { 0x40 } else { 0x70 };
            const COMMAND_LINE: i32 = 60;
            let child = child("hang \"a b\"", &How { flags: CREATE_SUSPENDED, ..How::default() })?;
            let process = child.0.hProcess;
            let mut basic: PROCESS_BASIC_INFORMATION = unsafe { zeroed() };
            same!(unsafe { NtQueryInformationProcess(process, 0, (&raw mut basic).cast(), size_of_val(&basic) as u32, null_mut()) }, 0);
            let word = |at: usize| {
                let mut word = 0_usize;
                unsafe { ReadProcessMemory(process, at as *const c_void, (&raw mut word).cast(), size_of::<usize>(), null_mut()) };
                word
            };
            let at = word(basic.PebBaseAddress as usize + PARAMETERS) + LINE;
            let length = word(at) & 0xFFFF;
            let mut units = alloc::vec![0_u16; length / 2];
            let text = word(at + size_of::<usize>());
            same!(unsafe { ReadProcessMemory(process, text as *const c_void, units.as_mut_ptr().cast(), length, null_mut()) }, 1);
            let expected = format!("\"{}\" child hang \"a b\"", own());
            same!(narrow(&units), expected.clone());
            let mut buffer = [0_usize; 512];
            let size = size_of_val(&buffer) as u32;
            same!(unsafe { NtQueryInformationProcess(process, COMMAND_LINE, buffer.as_mut_ptr().cast(), size, null_mut()) }, 0);
            let line: &UNICODE_STRING = unsafe { &*buffer.as_ptr().cast() };
            same!(narrow(unsafe { core::slice::from_raw_parts(line.Buffer, usize::from(line.Length / 2)) }), expected);
        }
    );
}
