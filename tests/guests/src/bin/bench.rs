//! Times single calls, as a program sees them: `bench FILE` prints one line per case, `name<TAB>nanoseconds`, each the median of many
//! batches. FILE is read; nothing is written. `bench FILE WORD` times the cases alone that have the word in their names, and
//! `bench FILE WORD ROUNDS` so many times, for a profiler to look at.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        bench::bench()
    }
}

#[cfg(target_os = "windows")]
mod bench {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ffi::c_void;
    use core::hint::black_box;
    use core::ptr::{null, null_mut};
    use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
    use guests::files::File;
    use guests::guard::{Guard, guard_except};
    use guests::pipes::{connected, name, read, write};
    use guests::{arguments, last_error, print, wide};
    use windows_sys::Win32::Foundation::{CloseHandle, GetLastError, HANDLE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{
        CreateFileW, FILE_GENERIC_READ, FILE_SHARE_READ, GetFileAttributesW, INVALID_FILE_ATTRIBUTES, OPEN_EXISTING, PIPE_ACCESS_DUPLEX,
        PIPE_ACCESS_INBOUND, ReadFile, WriteFile,
    };
    use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;
    use windows_sys::Win32::System::Diagnostics::Debug::{
        AddVectoredExceptionHandler, EXCEPTION_POINTERS, RaiseException, RemoveVectoredExceptionHandler,
    };
    use windows_sys::Win32::System::IO::{CreateIoCompletionPort, GetQueuedCompletionStatus, OVERLAPPED, PostQueuedCompletionStatus};
    use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapAlloc, HeapFree};
    use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
    use windows_sys::Win32::System::Pipes::{CreatePipe, PIPE_READMODE_MESSAGE, PIPE_TYPE_BYTE, PIPE_TYPE_MESSAGE};
    use windows_sys::Win32::System::SystemInformation::GetTickCount64;
    use windows_sys::Win32::System::Threading::{
        CRITICAL_SECTION, CreateEventW, CreateMutexW, CreateThread, EnterCriticalSection, GetCurrentProcessId, INFINITE, InitializeCriticalSection,
        LeaveCriticalSection, ReleaseMutex, SetEvent, WaitForSingleObject,
    };

    const BATCHES: usize = 51;

    /// A case: its name, how many calls a batch has, and the call; it answers whether it worked.
    struct Case<'a> {
        name: &'a str,
        calls: u32,
        call: &'a mut dyn FnMut() -> bool,
    }

    /// The events of two threads that throw a ball to each other.
    struct Round {
        ball: HANDLE,
        back: HANDLE,
    }

    unsafe extern "system" fn throw_back(round: *mut c_void) -> u32 {
        // SAFETY: the round lives as long as the program.
        let round = unsafe { &*round.cast::<Round>() };
        // SAFETY: handles that stay open.
        while unsafe { WaitForSingleObject(round.ball, INFINITE) == 0 && SetEvent(round.back) != 0 } {}
        0
    }

    unsafe extern "system" fn nothing(_parameter: *mut c_void) -> u32 {
        0
    }

    fn now() -> i64 {
        let mut count = 0;
        // SAFETY: writes the count.
        unsafe { QueryPerformanceCounter(&raw mut count) };
        count
    }

    pub fn bench() -> u32 {
        let arguments = arguments();
        let Some(path) = arguments.get(1).map(|path| wide(path)) else {
            print("bench FILE\n");
            return 2;
        };
        // SAFETY: each call's arguments live through it.
        unsafe { run(&path, arguments.get(2).map_or("", String::as_str), arguments.get(3).and_then(|rounds| rounds.parse().ok()).unwrap_or(1)) }
    }

    unsafe extern "system" fn take(_: *mut Guard, _: *mut EXCEPTION_POINTERS) -> i32 {
        1
    }

    unsafe extern "system" fn raise(_: *mut Guard) -> u64 {
        unsafe { RaiseException(0xE000_0001, 0, 0, null()) };
        0
    }

    unsafe extern "system" fn read_nowhere(_: *mut Guard) -> u64 {
        unsafe { core::ptr::without_provenance::<u64>(8).read_volatile() }
    }

    unsafe extern "system" fn go_on(_: *mut EXCEPTION_POINTERS) -> i32 {
        -1
    }

    /// The handler is there for as long as the case runs; its coming and going is a small part of one call.
    fn raise_vectored() -> bool {
        static HANDLED: AtomicU32 = AtomicU32::new(0);
        static HANDLER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
        // SAFETY: the handler is a function of the program's.
        unsafe {
            if HANDLER.load(Ordering::Relaxed).is_null() {
                HANDLER.store(AddVectoredExceptionHandler(1, Some(go_on)), Ordering::Relaxed);
            }
            RaiseException(0xE000_0001, 0, 0, null());
            if HANDLED.fetch_add(1, Ordering::Relaxed) + 1 == BATCHES as u32 * 1000 {
                RemoveVectoredExceptionHandler(HANDLER.load(Ordering::Relaxed));
            }
        }
        true
    }

    fn open(path: &[u16]) -> HANDLE {
        // SAFETY: the path ends in a NUL.
        unsafe { CreateFileW(path.as_ptr(), FILE_GENERIC_READ, FILE_SHARE_READ, null(), OPEN_EXISTING, 0, null_mut()) }
    }

    const MESSAGES: u32 = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE;

    /// Sends 64 bytes from a client to its server.
    fn crosses((server, client): &(File, File)) -> bool {
        let mut bytes = [0; 64];
        write(client, &bytes).1 == 64 && read(server, &mut bytes).1 == 64
    }

    unsafe fn run(path: &[u16], word: &str, rounds: usize) -> u32 {
        let heap = unsafe { GetProcessHeap() };
        let event = unsafe { CreateEventW(null(), 0, 0, null()) };
        let file = open(path);
        if file == INVALID_HANDLE_VALUE {
            print("the file cannot be opened\n");
            return last_error();
        }
        let mut section: CRITICAL_SECTION = unsafe { core::mem::zeroed() };
        unsafe { InitializeCriticalSection(&raw mut section) };
        let (mut buffer, mut few) = ([0_u8; 4096], [0_u8; 64]);
        let section = &raw mut section;
        let mutex = unsafe { CreateMutexW(null(), 0, null()) };
        let round = unsafe { Round { ball: CreateEventW(null(), 0, 0, null()), back: CreateEventW(null(), 0, 0, null()) } };
        unsafe { CreateThread(null(), 0, Some(throw_back), (&raw const round).cast(), 0, null_mut()) };
        let (mut reader, mut writer, mut bytes) = (null_mut(), null_mut(), [0_u8; 64]);
        unsafe { CreatePipe(&raw mut reader, &raw mut writer, null(), 0) };
        let [one_way, both_ways, by_message] =
            [("one", PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE), ("both", PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE), ("messages", PIPE_ACCESS_DUPLEX, MESSAGES)]
                .map(|(of, way, kind)| connected(&name(of), way, kind));
        let (Ok(one_way), Ok(both_ways), Ok(by_message)) = (one_way, both_ways, by_message) else {
            print("no named pipe\n");
            return 1;
        };
        let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0) };
        // Beside the file, of its name and one letter more.
        let missing: Vec<u16> = path.split_last().map(|(end, name)| [name, &[u16::from(b'x'), *end]].concat()).unwrap_or_default();
        let (mut raising, mut reading) = (Guard::new(raise), Guard::new(read_nowhere));
        (raising.filter, reading.filter) = (take, take);
        unsafe {
            let mut cases = [
                Case { name: "GetLastError", calls: 10_000, call: &mut || black_box(GetLastError()) != u32::MAX },
                Case { name: "GetCurrentProcessId", calls: 10_000, call: &mut || black_box(GetCurrentProcessId()) != 0 },
                Case { name: "GetTickCount64", calls: 10_000, call: &mut || black_box(GetTickCount64()) != 0 },
                Case { name: "QueryPerformanceCounter", calls: 10_000, call: &mut || black_box(now()) != 0 },
                Case {
                    name: "EnterCriticalSection, LeaveCriticalSection",
                    calls: 10_000,
                    call: &mut || {
                        EnterCriticalSection(section);
                        LeaveCriticalSection(section);
                        true
                    },
                },
                Case {
                    name: "HeapAlloc, HeapFree of 64 bytes",
                    calls: 10_000,
                    call: &mut || {
                        let memory: *mut c_void = HeapAlloc(heap, 0, 64);
                        HeapFree(heap, 0, black_box(memory)) != 0
                    },
                },
                Case { name: "SetEvent, WaitForSingleObject", calls: 1000, call: &mut || SetEvent(event) != 0 && WaitForSingleObject(event, 0) == 0 },
                Case {
                    name: "CreateEvent, CloseHandle",
                    calls: 1000,
                    call: &mut || {
                        let event = CreateEventW(null(), 0, 0, null());
                        CloseHandle(event) != 0
                    },
                },
                Case {
                    name: "WaitForSingleObject, ReleaseMutex",
                    calls: 1000,
                    call: &mut || WaitForSingleObject(mutex, 0) == 0 && ReleaseMutex(mutex) != 0,
                },
                Case {
                    name: "CreateThread, its end, CloseHandle",
                    calls: 20,
                    call: &mut || {
                        let thread = CreateThread(null(), 0, Some(nothing), null(), 0, null_mut());
                        WaitForSingleObject(thread, INFINITE) == 0 && CloseHandle(thread) != 0
                    },
                },
                Case {
                    name: "a round of two threads, by events",
                    calls: 200,
                    call: &mut || SetEvent(round.ball) != 0 && WaitForSingleObject(round.back, INFINITE) == 0,
                },
                Case {
                    name: "ReadFile of 4 KiB",
                    calls: 1000,
                    call: &mut || {
                        let (mut place, mut read): (OVERLAPPED, u32) = (core::mem::zeroed(), 0);
                        ReadFile(file, buffer.as_mut_ptr(), 4096, &raw mut read, &raw mut place) != 0 && read == 4096
                    },
                },
                Case {
                    name: "ReadFile of 64 bytes",
                    calls: 1000,
                    call: &mut || {
                        let (mut place, mut read): (OVERLAPPED, u32) = (core::mem::zeroed(), 0);
                        ReadFile(file, few.as_mut_ptr(), 64, &raw mut read, &raw mut place) != 0 && read == 64
                    },
                },
                Case {
                    name: "WriteFile, ReadFile of 64 bytes through a pipe",
                    calls: 1000,
                    call: &mut || {
                        let mut moved = 0;
                        WriteFile(writer, bytes.as_ptr(), 64, &raw mut moved, null_mut()) != 0
                            && ReadFile(reader, bytes.as_mut_ptr(), 64, &raw mut moved, null_mut()) != 0
                    },
                },
                Case { name: "the same, through a named pipe that goes one way", calls: 1000, call: &mut || crosses(&one_way) },
                Case { name: "the same, through a named pipe that goes both ways", calls: 1000, call: &mut || crosses(&both_ways) },
                Case { name: "the same, as a message", calls: 1000, call: &mut || crosses(&by_message) },
                Case {
                    name: "PostQueuedCompletionStatus, GetQueuedCompletionStatus",
                    calls: 1000,
                    call: &mut || {
                        let (mut moved, mut key, mut place) = (0, 0, null_mut());
                        PostQueuedCompletionStatus(port, 1, 2, null()) != 0
                            && GetQueuedCompletionStatus(port, &raw mut moved, &raw mut key, &raw mut place, 0) != 0
                    },
                },
                Case { name: "SetConsoleCtrlHandler (a round trip)", calls: 200, call: &mut || SetConsoleCtrlHandler(None, 0) != 0 },
                Case { name: "GetFileAttributes", calls: 200, call: &mut || GetFileAttributesW(path.as_ptr()) != INVALID_FILE_ATTRIBUTES },
                Case { name: "CreateFile, CloseHandle", calls: 200, call: &mut || CloseHandle(open(path)) != 0 },
                Case { name: "CreateFile of a missing file", calls: 200, call: &mut || open(&missing) == INVALID_HANDLE_VALUE },
                Case { name: "RaiseException to a vectored handler", calls: 1000, call: &mut raise_vectored },
                Case { name: "RaiseException to a frame that takes it", calls: 1000, call: &mut || guard_except(&raw mut raising) != 0 },
                Case { name: "an access violation that a frame takes", calls: 200, call: &mut || guard_except(&raw mut reading) != 0 },
            ];
            let mut frequency = 0;
            QueryPerformanceFrequency(&raw mut frequency);
            let asked = cases.iter_mut().filter(|case| case.name.contains(word));
            for case in asked {
                for _ in 1..rounds {
                    median(case, frequency);
                }
                let Some(nanoseconds) = median(case, frequency) else {
                    print(&format!("{} failed\n", case.name));
                    return last_error();
                };
                print(&format!("{}\t{nanoseconds:.1}\n", case.name));
            }
        }
        0
    }

    /// The median batch's time for one call, in nanoseconds; none where a call failed.
    fn median(case: &mut Case<'_>, frequency: i64) -> Option<f64> {
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            let start = now();
            for _ in 0..case.calls {
                if !(case.call)() {
                    return None;
                }
            }
            batches.push(now() - start);
        }
        batches.sort_unstable();
        Some(batches[BATCHES / 2] as f64 * 1e9 / frequency as f64 / f64::from(case.calls))
    }
}
