//! ioapiset.h: completion ports, and overlapped requests that tell them.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};
use guests::files::{File, event, make, open_overlapped, overlapped};
use guests::{Cases, case, clear_error, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::*;
use windows_sys::Win32::System::WindowsProgramming::{FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FILE_SKIP_SET_EVENT_ON_HANDLE};

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
/// Longer than anything here takes, so that a wait that does not end is a failed case.
const LONG: u32 = 5_000;

fn port(threads: u32) -> Result<File, String> {
    let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, threads) };
    if port.is_null() { Err(alloc::format!("no port: {}", last_error())) } else { Ok(File(port)) }
}

fn post(port: &File, moved: u32, key: usize, overlapped: usize) -> i32 {
    unsafe { PostQueuedCompletionStatus(port.0, moved, key, overlapped as *const OVERLAPPED) }
}

/// Result, bytes, key, OVERLAPPED, and the error of a failure.
fn get(port: HANDLE, timeout: u32) -> (i32, u32, usize, usize, u32) {
    let (mut moved, mut key, mut overlapped) = (7, 7, core::ptr::without_provenance_mut::<OVERLAPPED>(7));
    clear_error();
    let done = unsafe { GetQueuedCompletionStatus(port, &raw mut moved, &raw mut key, &raw mut overlapped, timeout) };
    (done, moved, key, overlapped as usize, if done == 0 { last_error() } else { 0 })
}

/// Reads at a position; pending counts as done once it is, with what GetOverlappedResult says.
fn read(file: &File, request: &mut OVERLAPPED, bytes: &mut [u8]) -> Result<u32, u32> {
    let mut moved = 0;
    let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), bytes.len() as u32, null_mut(), request) };
    if done == 0 && last_error() != ERROR_IO_PENDING {
        return Err(last_error());
    }
    if unsafe { GetOverlappedResult(file.0, request, &raw mut moved, 1) } != 0 { Ok(moved) } else { Err(last_error()) }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        ports(&mut cases);
        posts(&mut cases);
        several(&mut cases);
        waiting(&mut cases);
        files(&mut cases);
        modes(&mut cases);
        routines(&mut cases);
        cases.code()
    }
}

fn ports(cases: &mut Cases) {
    case!(cases, "kernel32!CreateIoCompletionPort", Success, "a port without a file", {
        port(0)?;
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Success, "a file and a new port at once", {
        let _file = make("port.txt", b"bytes")?;
        let file = open_overlapped("port.txt")?;
        let port = File(unsafe { CreateIoCompletionPort(file.0, null_mut(), 1, 0) });
        same!(port.0.is_null(), false);
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Success, "a port that there is, for a file", {
        let (port, file) = (port(0)?, open_overlapped("port.txt")?);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 1, 0) }, port.0);
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Failure, "a port that there is, for no file", {
        let port = port(0)?;
        clear_error();
        same!((unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, port.0, 1, 0) }, last_error()), (null_mut(), ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Failure, "a file that has a port", {
        let (port, file) = (port(0)?, open_overlapped("port.txt")?);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 1, 0) }, port.0);
        clear_error();
        same!((unsafe { CreateIoCompletionPort(file.0, port.0, 2, 0) }, last_error()), (null_mut(), ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Failure, "a file that was not opened for it", {
        let (port, file) = (port(0)?, make("port.txt", b"bytes")?);
        clear_error();
        same!((unsafe { CreateIoCompletionPort(file.0, port.0, 1, 0) }, last_error()), (null_mut(), ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Failure, "a number that is no handle", {
        let port = port(0)?;
        clear_error();
        same!((unsafe { CreateIoCompletionPort(NO_HANDLE, port.0, 1, 0) }, last_error()), (null_mut(), ERROR_INVALID_HANDLE));
    });
}

fn posts(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!PostQueuedCompletionStatus kernel32!GetQueuedCompletionStatus",
        Success,
        "packets come in their order, as they were posted",
        {
            let port = port(0)?;
            for index in 1..=3 {
                same!(post(&port, index, 10 * index as usize, 100 * index as usize), 1);
            }
            for index in 1..=3 {
                same!(get(port.0, 0), (1, index, 10 * index as usize, 100 * index as usize, 0));
            }
        }
    );
    case!(cases, "kernel32!GetQueuedCompletionStatus", Failure, "the time is over", {
        let port = port(0)?;
        let (done, _, _, overlapped, error) = get(port.0, 0);
        same!((done, overlapped, error), (0, 0, WAIT_TIMEOUT));
        let (done, _, _, overlapped, error) = get(port.0, 20);
        same!((done, overlapped, error), (0, 0, WAIT_TIMEOUT));
    });
    case!(cases, "kernel32!GetQueuedCompletionStatus kernel32!PostQueuedCompletionStatus", Failure, "a number that is no handle", {
        let (done, _, _, overlapped, error) = get(NO_HANDLE, 0);
        same!((done, overlapped, error), (0, 0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((post(&File(NO_HANDLE), 0, 0, 0), last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!GetQueuedCompletionStatus kernel32!PostQueuedCompletionStatus", Failure, "an event is no port", {
        let event = event();
        let (done, _, _, _, error) = get(event.0, 0);
        same!((done, error), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((post(&event, 0, 0, 0), last_error()), (0, ERROR_INVALID_HANDLE));
        core::mem::forget(event);
    });
    case!(cases, "kernel32!WaitForSingleObject", Success, "a port is signalled while it has packets", {
        let port = port(0)?;
        same!(unsafe { WaitForSingleObject(port.0, 0) }, WAIT_TIMEOUT);
        same!(post(&port, 0, 0, 0), 1);
        same!(unsafe { WaitForSingleObject(port.0, 0) }, WAIT_OBJECT_0);
        same!(get(port.0, 0).0, 1);
        same!(unsafe { WaitForSingleObject(port.0, 0) }, WAIT_TIMEOUT);
    });
}

fn several(cases: &mut Cases) {
    case!(cases, "kernel32!GetQueuedCompletionStatusEx", Success, "as many packets as fit, then the rest", {
        let port = port(0)?;
        for index in 1..=5 {
            same!(post(&port, index, index as usize, 0), 1);
        }
        let (mut entries, mut removed) = (unsafe { core::mem::zeroed::<[OVERLAPPED_ENTRY; 3]>() }, 0);
        same!(unsafe { GetQueuedCompletionStatusEx(port.0, entries.as_mut_ptr(), 3, &raw mut removed, 0, 0) }, 1);
        same!((removed, entries.map(|entry| entry.lpCompletionKey)), (3, [1, 2, 3]));
        same!(unsafe { GetQueuedCompletionStatusEx(port.0, entries.as_mut_ptr(), 3, &raw mut removed, 0, 0) }, 1);
        same!((removed, entries[1].dwNumberOfBytesTransferred), (2, 5));
    });
    case!(cases, "kernel32!GetQueuedCompletionStatusEx", Failure, "the time is over", {
        let port = port(0)?;
        let (mut entries, mut removed) = (unsafe { core::mem::zeroed::<[OVERLAPPED_ENTRY; 3]>() }, 9);
        clear_error();
        let done = unsafe { GetQueuedCompletionStatusEx(port.0, entries.as_mut_ptr(), 3, &raw mut removed, 1, 0) };
        same!((done, last_error()), (0, WAIT_TIMEOUT));
    });
    case!(cases, "kernel32!GetQueuedCompletionStatusEx", Failure, "no room for any", wine = "Wine answers that it took none", {
        let (port, mut removed) = (port(0)?, 9);
        let mut entry = unsafe { core::mem::zeroed::<OVERLAPPED_ENTRY>() };
        clear_error();
        let done = unsafe { GetQueuedCompletionStatusEx(port.0, &raw mut entry, 0, &raw mut removed, 0, 0) };
        same!((done, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

/// What a thread got from a port.
static GOT: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];
static SHARED_PORT: AtomicU32 = AtomicU32::new(0);
static WAITING: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn taker(number: *mut core::ffi::c_void) -> u32 {
    WAITING.fetch_add(1, Ordering::SeqCst);
    let (done, moved, _, _, error) = get(SHARED_PORT.load(Ordering::SeqCst) as usize as HANDLE, LONG);
    GOT[number as usize].store(if done != 0 { moved } else { 0x1000 + error }, Ordering::SeqCst);
    // A thread that goes on running counts, one that waits does not.
    0
}

fn launch(number: usize) -> File {
    let before = WAITING.load(Ordering::SeqCst);
    let thread = File(unsafe { CreateThread(null(), 0, Some(taker), number as *const _, 0, null_mut()) });
    while WAITING.load(Ordering::SeqCst) == before {
        unsafe { SwitchToThread() };
    }
    // It says so before it waits; what comes within this time waits in its order.
    unsafe { Sleep(50) };
    thread
}

fn join(threads: &[&File]) -> bool {
    threads.iter().all(|thread| unsafe { WaitForSingleObject(thread.0, LONG) } == WAIT_OBJECT_0)
}

fn waiting(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetQueuedCompletionStatus",
        Success,
        "the thread that waited last is served first",
        wine = "Wine serves the one that waited first",
        {
            let port = port(4)?;
            SHARED_PORT.store(port.0 as u32, Ordering::SeqCst);
            let (first, second) = (launch(0), launch(1));
            same!(post(&port, 1, 0, 0), 1);
            same!(join(&[&second]), true);
            same!(post(&port, 2, 0, 0), 1);
            same!(join(&[&first]), true);
            same!([GOT[0].load(Ordering::SeqCst), GOT[1].load(Ordering::SeqCst)], [2, 1]);
        }
    );
    case!(cases, "kernel32!GetQueuedCompletionStatus", Failure, "the port is closed meanwhile", wine = "Wine goes on waiting", {
        let port = port(4)?;
        SHARED_PORT.store(port.0 as u32, Ordering::SeqCst);
        let thread = launch(2);
        drop(port);
        same!(join(&[&thread]), true);
        same!(GOT[2].load(Ordering::SeqCst), 0x1000 + ERROR_ABANDONED_WAIT_0);
    });
    case!(cases, "kernel32!CreateIoCompletionPort", Success, "no more threads run than were asked for", wine = "Wine lets any number run", {
        let port = port(1)?;
        SHARED_PORT.store(port.0 as u32, Ordering::SeqCst);
        GOT[3].store(0, Ordering::SeqCst);
        same!(post(&port, 1, 0, 0), 1);
        same!(get(port.0, 0).0, 1);
        // This thread runs with the one packet; another may run only while this one waits.
        let thread = launch(3);
        same!(post(&port, 3, 0, 0), 1);
        let start = unsafe { windows_sys::Win32::System::SystemInformation::GetTickCount64() };
        while unsafe { windows_sys::Win32::System::SystemInformation::GetTickCount64() } - start < 100 {
            core::hint::spin_loop();
        }
        same!(GOT[3].load(Ordering::SeqCst), 0);
        same!(join(&[&thread]), true);
        same!(GOT[3].load(Ordering::SeqCst), 3);
    });
}

fn files(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFile kernel32!GetOverlappedResult", Success, "an overlapped read at its own position", {
        let _ = make("port.txt", b"0123456789")?;
        let (file, mut bytes) = (open_overlapped("port.txt")?, [0; 4]);
        let mut request = overlapped(3, null_mut());
        same!(read(&file, &mut request, &mut bytes), Ok(4));
        same!((&bytes, request.Internal, request.InternalHigh), (b"3456", 0, 4));
    });
    case!(cases, "kernel32!WriteFile kernel32!GetOverlappedResult", Success, "an overlapped write sets its event", {
        let (file, event, mut moved) = (open_overlapped("port.txt")?, event(), 0);
        let mut request = overlapped(8, event.0);
        let done = unsafe { WriteFile(file.0, b"abcd".as_ptr(), 4, null_mut(), &raw mut request) };
        same!(done != 0 || last_error() == ERROR_IO_PENDING, true);
        same!(unsafe { WaitForSingleObject(event.0, LONG) }, WAIT_OBJECT_0);
        same!((unsafe { GetOverlappedResult(file.0, &raw const request, &raw mut moved, 0) }, moved), (1, 4));
        let mut bytes = [0; 12];
        same!(read(&file, &mut overlapped(0, null_mut()), &mut bytes), Ok(12));
        same!(&bytes, b"01234567abcd");
    });
    case!(cases, "kernel32!ReadFile", Success, "a request resets its event", {
        let (file, event, mut bytes) = (open_overlapped("port.txt")?, event(), [0; 4]);
        same!(unsafe { SetEvent(event.0) }, 1);
        let mut request = overlapped(5000, event.0);
        same!(read(&file, &mut request, &mut bytes), Err(ERROR_HANDLE_EOF));
    });
    case!(cases, "kernel32!ReadFile", Failure, "an overlapped read behind the end", {
        let (file, mut bytes) = (open_overlapped("port.txt")?, [0; 4]);
        same!(read(&file, &mut overlapped(5000, null_mut()), &mut bytes), Err(ERROR_HANDLE_EOF));
    });
    case!(cases, "kernel32!ReadFile kernel32!WriteFile", Failure, "an overlapped handle without a position", {
        let (file, mut bytes, mut moved) = (open_overlapped("port.txt")?, [0; 4], 0);
        clear_error();
        let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, &raw mut moved, null_mut()) };
        same!((done, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        let done = unsafe { WriteFile(file.0, bytes.as_ptr(), 4, &raw mut moved, null_mut()) };
        same!((done, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!ReadFile kernel32!GetQueuedCompletionStatus", Success, "a port hears of a read, with its key and OVERLAPPED", {
        let (file, port, mut bytes) = (open_overlapped("port.txt")?, port(0)?, [0; 4]);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 77, 0) }, port.0);
        let mut request = overlapped(2, null_mut());
        let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) };
        same!(done != 0 || last_error() == ERROR_IO_PENDING, true);
        same!(get(port.0, LONG), (1, 4, 77, &raw mut request as usize, 0));
        same!(&bytes, b"2345");
    });
    case!(cases, "kernel32!ReadFile", Success, "the lowest bit of the event keeps the port from hearing of it", {
        let (file, port, event, mut bytes) = (open_overlapped("port.txt")?, port(0)?, event(), [0; 4]);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 77, 0) }, port.0);
        let mut request = overlapped(2, (event.0 as usize | 1) as HANDLE);
        let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) };
        same!(done != 0 || last_error() == ERROR_IO_PENDING, true);
        same!(unsafe { WaitForSingleObject(event.0, LONG) }, WAIT_OBJECT_0);
        same!(get(port.0, 0).4, WAIT_TIMEOUT);
    });
    case!(cases, "kernel32!ReadFile", Failure, "of a failure at once the port does not hear", {
        let (file, port, mut bytes) = (open_overlapped("port.txt")?, port(0)?, [0; 4]);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 77, 0) }, port.0);
        let mut request = overlapped(5000, null_mut());
        clear_error();
        let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) };
        // Where the end is found out later, the packet says so.
        if done == 0 && last_error() == ERROR_IO_PENDING {
            same!(get(port.0, LONG).4, ERROR_HANDLE_EOF);
        } else {
            same!((done, last_error(), get(port.0, 0).4), (0, ERROR_HANDLE_EOF, WAIT_TIMEOUT));
        }
    });
    case!(cases, "kernel32!WaitForSingleObject", Success, "a file's handle is signalled when its request is complete", {
        let (file, mut bytes) = (open_overlapped("port.txt")?, [0; 4]);
        let mut request = overlapped(0, null_mut());
        let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) };
        same!(done != 0 || last_error() == ERROR_IO_PENDING, true);
        same!(unsafe { WaitForSingleObject(file.0, LONG) }, WAIT_OBJECT_0);
        same!(request.InternalHigh, 4);
    });
}

fn modes(cases: &mut Cases) {
    case!(cases, "kernel32!SetFileCompletionNotificationModes", Success, "a port does not hear of what succeeds at once", {
        let (file, port, mut bytes) = (open_overlapped("port.txt")?, port(0)?, [0; 4]);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 77, 0) }, port.0);
        same!(unsafe { SetFileCompletionNotificationModes(file.0, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS as u8) }, 1);
        let mut request = overlapped(2, null_mut());
        if unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) } != 0 {
            same!(get(port.0, 0).4, WAIT_TIMEOUT);
        } else {
            same!(get(port.0, LONG).1, 4);
        }
    });
    case!(cases, "kernel32!SetFileCompletionNotificationModes", Success, "both modes at once, and again", {
        let file = open_overlapped("port.txt")?;
        let both = (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE) as u8;
        same!(unsafe { SetFileCompletionNotificationModes(file.0, both) }, 1);
        same!(unsafe { SetFileCompletionNotificationModes(file.0, 0) }, 1);
    });
    case!(cases, "kernel32!SetFileCompletionNotificationModes", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { SetFileCompletionNotificationModes(NO_HANDLE, 1) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

/// What the routine was told: error, bytes, OVERLAPPED.
static TOLD: [AtomicU32; 3] = [const { AtomicU32::new(77) }; 3];

unsafe extern "system" fn routine(error: u32, moved: u32, overlapped: *mut OVERLAPPED) {
    TOLD[0].store(error, Ordering::SeqCst);
    TOLD[1].store(moved, Ordering::SeqCst);
    TOLD[2].store(overlapped as usize as u32, Ordering::SeqCst);
}

fn told() -> [u32; 3] {
    [0, 1, 2].map(|index: usize| TOLD[index].swap(77, Ordering::SeqCst))
}

fn routines(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFileEx", Success, "the thread runs the routine in its next alertable wait", {
        let _ = make("port.txt", b"0123456789")?;
        let (file, mut bytes) = (open_overlapped("port.txt")?, [0; 4]);
        let mut request = overlapped(3, null_mut());
        same!(unsafe { ReadFileEx(file.0, bytes.as_mut_ptr(), 4, &raw mut request, Some(routine)) }, 1);
        same!(told(), [77; 3]);
        same!(unsafe { SleepEx(LONG, 1) }, WAIT_IO_COMPLETION);
        same!(told(), [0, 4, &raw mut request as usize as u32]);
        same!(&bytes, b"3456");
    });
    case!(cases, "kernel32!WriteFileEx", Success, "the thread runs the routine in its next alertable wait", {
        let file = open_overlapped("port.txt")?;
        let mut request = overlapped(3, null_mut());
        same!(unsafe { WriteFileEx(file.0, b"abc".as_ptr(), 3, &raw mut request, Some(routine)) }, 1);
        same!(unsafe { SleepEx(LONG, 1) }, WAIT_IO_COMPLETION);
        same!(told(), [0, 3, &raw mut request as usize as u32]);
        let mut bytes = [0; 10];
        same!(read(&file, &mut overlapped(0, null_mut()), &mut bytes), Ok(10));
        same!(&bytes, b"012abc6789");
    });
    case!(cases, "kernel32!GetQueuedCompletionStatusEx", Failure, "an asynchronous call ends the wait", {
        let (file, port, mut bytes) = (open_overlapped("port.txt")?, port(0)?, [0; 4]);
        let mut request = overlapped(0, null_mut());
        same!(unsafe { ReadFileEx(file.0, bytes.as_mut_ptr(), 4, &raw mut request, Some(routine)) }, 1);
        let (mut entries, mut removed) = (unsafe { core::mem::zeroed::<[OVERLAPPED_ENTRY; 3]>() }, 9);
        clear_error();
        let done = unsafe { GetQueuedCompletionStatusEx(port.0, entries.as_mut_ptr(), 3, &raw mut removed, LONG, 1) };
        same!((done, last_error(), told()[1]), (0, WAIT_IO_COMPLETION, 4));
    });
    case!(cases, "kernel32!ReadFileEx kernel32!WriteFileEx", Failure, "no routine", wine = "Wine reads without one", {
        let (file, mut bytes) = (open_overlapped("port.txt")?, [0; 4]);
        let mut request = overlapped(3, null_mut());
        clear_error();
        same!((unsafe { ReadFileEx(file.0, bytes.as_mut_ptr(), 4, &raw mut request, None) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        same!((unsafe { WriteFileEx(file.0, bytes.as_ptr(), 4, &raw mut request, None) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!ReadFileEx", Failure, "a file whose completions a port hears of", wine = "Wine reads, and runs the routine", {
        let (file, port, mut bytes) = (open_overlapped("port.txt")?, port(0)?, [0; 4]);
        same!(unsafe { CreateIoCompletionPort(file.0, port.0, 77, 0) }, port.0);
        let mut request = overlapped(3, null_mut());
        clear_error();
        let done = unsafe { ReadFileEx(file.0, bytes.as_mut_ptr(), 4, &raw mut request, Some(routine)) };
        same!((done, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}
