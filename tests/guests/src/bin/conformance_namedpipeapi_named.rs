//! namedpipeapi.h: pipes with names: instances, clients, and how they end.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{File, create, event, overlapped};
use guests::pipes::{client, connected, made, name, read, server, write};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Pipes::*;
use windows_sys::Win32::System::Threading::*;

/// Longer than anything here takes, so that a wait that does not end is a failed case.
const LONG: u32 = 5_000;
const BOTH: u32 = GENERIC_READ | GENERIC_WRITE;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        names(&mut cases);
        refusals(&mut cases);
        clients(&mut cases);
        waits(&mut cases);
        later(&mut cases);
        ends(&mut cases);
        facts(&mut cases);
        cases.code()
    }
}

/// Result and error of ConnectNamedPipe without an OVERLAPPED.
fn connect(pipe: &File) -> (i32, u32) {
    clear_error();
    let done = unsafe { ConnectNamedPipe(pipe.0, null_mut()) };
    (done, if done == 0 { last_error() } else { 0 })
}

fn disconnect(pipe: &File) -> (i32, u32) {
    clear_error();
    let done = unsafe { DisconnectNamedPipe(pipe.0) };
    (done, if done == 0 { last_error() } else { 0 })
}

fn names(cases: &mut Cases) {
    case!(cases, "kernel32!CreateNamedPipeW kernel32!CreateFileW", Success, "bytes cross both ways, and the name has no case", {
        let name = name("Both");
        let (server, mut bytes) = (made(&name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE)?, [0; 8]);
        let client = client(&name.to_uppercase(), BOTH);
        holds!(client.is_ok());
        let Ok(client) = client else { return Err(String::new()) };
        same!(connect(&server), (0, ERROR_PIPE_CONNECTED));
        same!(write(&client, b"ask"), (1, 3, 0));
        same!((read(&server, &mut bytes), &bytes[..3]), ((1, 3, 0), &b"ask"[..]));
        same!(write(&server, b"reply"), (1, 5, 0));
        same!((read(&client, &mut bytes), &bytes[..5]), ((1, 5, 0), &b"reply"[..]));
        same!(unsafe { (GetFileType(server.0), GetFileType(client.0)) }, (FILE_TYPE_PIPE, FILE_TYPE_PIPE));
    });
    case!(cases, "kernel32!CreateNamedPipeA kernel32!WaitNamedPipeA", Success, "a name in the code page", {
        let name = name("narrow");
        let narrow: Vec<u8> = name.bytes().chain([0]).collect();
        let server = unsafe { CreateNamedPipeA(narrow.as_ptr(), PIPE_ACCESS_INBOUND, 0, 1, 0, 0, 0, null()) };
        holds!(server != INVALID_HANDLE_VALUE);
        let _server = File(server);
        same!(unsafe { WaitNamedPipeA(narrow.as_ptr(), 10) }, 1);
        holds!(client(&name, GENERIC_WRITE).is_ok());
    });
    case!(cases, "kernel32!FindFirstFileW", Success, "the directory of names", wine = "it has no list of them", {
        let name = name("listed");
        let _server = made(&name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE)?;
        let mut data: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
        let search = unsafe { FindFirstFileW(wide("\\\\.\\pipe\\*").as_ptr(), &raw mut data) };
        holds!(search != INVALID_HANDLE_VALUE);
        let mut found = false;
        loop {
            let length = data.cFileName.iter().position(|unit| *unit == 0).unwrap_or(0);
            found |= name.ends_with(&narrow(&data.cFileName[..length])) && length > 0;
            if unsafe { FindNextFileW(search, &raw mut data) } == 0 {
                break;
            }
        }
        same!(last_error(), ERROR_NO_MORE_FILES);
        same!(unsafe { FindClose(search) }, 1);
        holds!(found);
    });
}

fn refusals(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Failure, "no pipe has the name", {
        same!(client(&name("nobody"), BOTH).err(), Some(ERROR_FILE_NOT_FOUND));
        same!(client("\\\\.\\pipe\\lsass-of-another-sandbox", BOTH).err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateNamedPipeW", Failure, "more instances than the first one said", {
        let name = name("two");
        let first = server(&name, PIPE_ACCESS_DUPLEX, 0, 2);
        let second = server(&name, PIPE_ACCESS_DUPLEX, 0, 2);
        holds!(first.is_ok() && second.is_ok());
        same!(server(&name, PIPE_ACCESS_DUPLEX, 0, 2).err(), Some(ERROR_PIPE_BUSY));
        drop(second);
        holds!(server(&name, PIPE_ACCESS_DUPLEX, 0, 2).is_ok());
    });
    case!(
        cases,
        "kernel32!CreateNamedPipeW",
        Failure,
        "the first instance is another's",
        wine = "it does not look at FILE_FLAG_FIRST_PIPE_INSTANCE",
        {
            let name = name("first");
            let flags = PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE;
            let first = server(&name, flags, 0, 2);
            holds!(first.is_ok());
            same!(server(&name, flags, 0, 2).err(), Some(ERROR_ACCESS_DENIED));
            drop(first);
            holds!(server(&name, flags, 0, 2).is_ok());
        }
    );
    case!(
        cases,
        "kernel32!CreateNamedPipeW",
        Failure,
        "another type, or another direction, than the first one's",
        wine = "it takes any type, and the documentation the first one's",
        {
            let name = name("type");
            let _first = made(&name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE)?;
            same!(server(&name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 4).err(), Some(ERROR_ACCESS_DENIED));
            same!(server(&name, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 4).err(), Some(ERROR_ACCESS_DENIED));
        }
    );
    case!(cases, "kernel32!CreateNamedPipeW", Failure, "numbers that mean nothing", wine = "it takes 0 instances, and the documentation 1 to 255", {
        let name = name("numbers");
        same!(server(&name, 0, 0, 1).err(), Some(ERROR_INVALID_PARAMETER));
        same!(server(&name, PIPE_ACCESS_DUPLEX, 0, 0).err(), Some(ERROR_INVALID_PARAMETER));
        same!(server(&name, PIPE_ACCESS_DUPLEX, 0, 256).err(), Some(ERROR_INVALID_PARAMETER));
        same!(server(&name, PIPE_ACCESS_DUPLEX, PIPE_READMODE_MESSAGE, 1).err(), Some(ERROR_INVALID_PARAMETER));
        same!(client(&name, BOTH).err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a direction that the pipe does not have", {
        let name = name("way");
        let _server = made(&name, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE)?;
        same!(client(&name, GENERIC_READ).err(), Some(ERROR_ACCESS_DENIED));
        same!(client(&name, BOTH).err(), Some(ERROR_ACCESS_DENIED));
        holds!(client(&name, GENERIC_WRITE).is_ok());
    });
    case!(cases, "kernel32!CreateFileW", Failure, "every instance has a client", {
        let name = name("busy");
        let (_server, _client) = connected(&name, PIPE_ACCESS_DUPLEX, 0)?;
        same!(client(&name, BOTH).err(), Some(ERROR_PIPE_BUSY));
        let _second = made(&name, PIPE_ACCESS_DUPLEX, 0)?;
        holds!(client(&name, BOTH).is_ok());
    });
    case!(
        cases,
        "kernel32!ConnectNamedPipe kernel32!DisconnectNamedPipe",
        Failure,
        "the client's end",
        wine = "it answers ERROR_NOT_SUPPORTED for the one and ERROR_INVALID_FUNCTION for the other",
        {
            let (_server, client) = connected(&name("client"), PIPE_ACCESS_DUPLEX, 0)?;
            same!(connect(&client), (0, ERROR_INVALID_FUNCTION));
            same!(disconnect(&client), (0, ERROR_INVALID_FUNCTION));
        }
    );
    case!(cases, "kernel32!ReadFile kernel32!WriteFile", Failure, "there is no client yet", {
        let (name, mut bytes) = (name("early"), [0; 4]);
        let server = made(&name, PIPE_ACCESS_DUPLEX, 0)?;
        same!(read(&server, &mut bytes), (0, 0, ERROR_PIPE_LISTENING));
        same!(write(&server, b"a"), (0, 0, ERROR_PIPE_LISTENING));
        holds!(client(&name, BOTH).is_ok());
        same!(disconnect(&server), (1, 0));
        same!(read(&server, &mut bytes), (0, 0, ERROR_PIPE_NOT_CONNECTED));
        same!(write(&server, b"a"), (0, 0, ERROR_PIPE_NOT_CONNECTED));
        same!(disconnect(&server), (0, ERROR_PIPE_NOT_CONNECTED));
    });
}

/// Connects after a while, and writes.
unsafe extern "system" fn connect_later(name: *mut c_void) -> u32 {
    let name = unsafe { &*name.cast::<String>() };
    unsafe { Sleep(50) };
    match client(name, BOTH) {
        Ok(client) => write(&client, b"late").1,
        Err(error) => 1000 + error,
    }
}

fn thread(routine: unsafe extern "system" fn(*mut c_void) -> u32, of: *mut c_void) -> File {
    File(unsafe { CreateThread(null(), 0, Some(routine), of, 0, null_mut()) })
}

fn clients(cases: &mut Cases) {
    case!(cases, "kernel32!ConnectNamedPipe", Success, "the call waits for a client", {
        let mut name = name("waits");
        let (server, mut bytes) = (made(&name, PIPE_ACCESS_DUPLEX, 0)?, [0; 8]);
        let thread = thread(connect_later, (&raw mut name).cast());
        same!(connect(&server), (1, 0));
        same!((read(&server, &mut bytes), &bytes[..4]), ((1, 4, 0), &b"late"[..]));
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
    });
    case!(
        cases,
        "kernel32!DisconnectNamedPipe kernel32!ConnectNamedPipe",
        Success,
        "an instance is used again",
        wine = "calls that do not wait never tell that the instance listens again, as the documentation has it",
        {
            let mut name = name("again");
            let (server, mut bytes) = (made(&name, PIPE_ACCESS_DUPLEX, 0)?, [0; 8]);
            for _ in 0..3 {
                let first = client(&name, BOTH).map_err(|error| alloc::format!("no client: {error}"))?;
                same!(write(&first, b"x"), (1, 1, 0));
                same!(read(&server, &mut bytes), (1, 1, 0));
                same!(disconnect(&server), (1, 0));
                same!(client(&name, BOTH).err(), Some(ERROR_PIPE_BUSY));
                let thread = thread(connect_later, (&raw mut name).cast());
                same!(connect(&server), (1, 0));
                same!(read(&server, &mut bytes), (1, 4, 0));
                same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
                same!(disconnect(&server), (1, 0));
                let mode = PIPE_NOWAIT;
                same!(unsafe { SetNamedPipeHandleState(server.0, &raw const mode, null(), null()) }, 1);
                same!(connect(&server), (1, 0));
                same!(connect(&server), (0, ERROR_PIPE_LISTENING));
                let mode = PIPE_WAIT;
                same!(unsafe { SetNamedPipeHandleState(server.0, &raw const mode, null(), null()) }, 1);
            }
        }
    );
}

/// Makes room after a while.
unsafe extern "system" fn disconnect_later(pipe: *mut c_void) -> u32 {
    unsafe {
        Sleep(50);
        DisconnectNamedPipe(pipe);
        ConnectNamedPipe(pipe, null_mut()) as u32
    }
}

fn waits(cases: &mut Cases) {
    let wait = |name: &str, time| {
        clear_error();
        let done = unsafe { WaitNamedPipeW(wide(name).as_ptr(), time) };
        (done, if done == 0 { last_error() } else { 0 })
    };
    case!(cases, "kernel32!WaitNamedPipeW", Success, "an instance that is free, or becomes so", {
        let name = name("wait");
        let server = made(&name, PIPE_ACCESS_DUPLEX, 0)?;
        same!(wait(&name, 10), (1, 0));
        let first = client(&name, BOTH);
        holds!(first.is_ok());
        let thread = thread(disconnect_later, server.0);
        same!(wait(&name, LONG), (1, 0));
        holds!(client(&name, BOTH).is_ok());
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
    });
    case!(cases, "kernel32!WaitNamedPipeW", Failure, "the time is over, or there is no such pipe", {
        let name = name("over");
        same!(wait(&name, 10), (0, ERROR_FILE_NOT_FOUND));
        let (_server, _client) = connected(&name, PIPE_ACCESS_DUPLEX, 0)?;
        same!(wait(&name, 10), (0, ERROR_SEM_TIMEOUT));
        same!(wait(&name, NMPWAIT_USE_DEFAULT_WAIT), (0, ERROR_SEM_TIMEOUT));
    });
}

fn status(request: &OVERLAPPED) -> NTSTATUS {
    unsafe { (&raw const request.Internal).read_volatile() as NTSTATUS }
}

/// Result and error of ConnectNamedPipe that may pend.
fn connect_with(pipe: &File, request: &mut OVERLAPPED) -> (i32, u32) {
    clear_error();
    let done = unsafe { ConnectNamedPipe(pipe.0, request) };
    (done, if done == 0 { last_error() } else { 0 })
}

fn later(cases: &mut Cases) {
    const MODE: u32 = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
    case!(cases, "kernel32!ConnectNamedPipe kernel32!GetOverlappedResult", Success, "a client is waited for without waiting", {
        let name = name("later");
        let (server, event, mut moved, mut bytes) = (made(&name, MODE, 0)?, event(), 9, [0; 4]);
        let mut request = overlapped(0, event.0);
        same!(connect_with(&server, &mut request), (0, ERROR_IO_PENDING));
        same!((unsafe { WaitForSingleObject(event.0, 0) }, status(&request)), (WAIT_TIMEOUT, STATUS_PENDING));
        let client = client(&name, BOTH);
        holds!(client.is_ok());
        let Ok(client) = client else { return Err(String::new()) };
        same!(unsafe { WaitForSingleObject(event.0, LONG) }, WAIT_OBJECT_0);
        same!(unsafe { GetOverlappedResult(server.0, &raw const request, &raw mut moved, 0) }, 1);
        same!(connect_with(&server, &mut request), (0, ERROR_PIPE_CONNECTED));
        // Reads pend on that end, and not on the other one.
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(server.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        same!(last_error(), ERROR_IO_PENDING);
        same!(write(&client, b"abc"), (1, 3, 0));
        same!(unsafe { GetOverlappedResult(server.0, &raw const request, &raw mut moved, 1) }, 1);
        same!((moved, &bytes[..3]), (3, &b"abc"[..]));
    });
    case!(cases, "kernel32!ConnectNamedPipe kernel32!GetQueuedCompletionStatus", Success, "a port hears of a client", {
        let name = name("port");
        let server = made(&name, MODE, 0)?;
        let port = File(unsafe { CreateIoCompletionPort(server.0, null_mut(), 7, 0) });
        let mut request = overlapped(0, null_mut());
        same!(connect_with(&server, &mut request), (0, ERROR_IO_PENDING));
        let _client = client(&name, BOTH);
        let (mut moved, mut key, mut told) = (9, 0, null_mut());
        same!(unsafe { GetQueuedCompletionStatus(port.0, &raw mut moved, &raw mut key, &raw mut told, LONG) }, 1);
        same!((moved, key, told == &raw mut request), (0, 7, true));
    });
    case!(cases, "kernel32!CancelIoEx", Success, "a wait for a client is taken back", {
        let name = name("back");
        let (server, event, mut moved) = (made(&name, MODE, 0)?, event(), 9);
        let mut request = overlapped(0, event.0);
        same!(connect_with(&server, &mut request), (0, ERROR_IO_PENDING));
        same!(unsafe { CancelIoEx(server.0, &raw const request) }, 1);
        clear_error();
        same!(unsafe { GetOverlappedResult(server.0, &raw const request, &raw mut moved, 1) }, 0);
        same!(last_error(), ERROR_OPERATION_ABORTED);
    });
    case!(cases, "kernel32!DisconnectNamedPipe", Success, "what pends at the server's end is over", {
        let name = name("pending");
        let (server, event, mut moved, mut bytes) = (made(&name, MODE, 0)?, event(), 9, [0; 4]);
        let _client = client(&name, BOTH);
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(server.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        same!(last_error(), ERROR_IO_PENDING);
        same!(disconnect(&server), (1, 0));
        clear_error();
        same!(unsafe { GetOverlappedResult(server.0, &raw const request, &raw mut moved, 1) }, 0);
        same!(last_error(), ERROR_PIPE_NOT_CONNECTED);
    });
    case!(cases, "kernel32!ReadFile", Success, "both ends of one thread pend", {
        let name = name("thread");
        let server = made(&name, MODE, 0)?;
        let client = create(&name, BOTH, 0, OPEN_EXISTING, FILE_FLAG_OVERLAPPED).map_err(|error| alloc::format!("no client: {error}"))?;
        for (reader, writer) in [(&server, &client), (&client, &server)] {
            let (reads, writes, mut bytes, mut moved) = (event(), event(), [0; 4], 9);
            let (mut reading, mut writing) = (overlapped(0, reads.0), overlapped(0, writes.0));
            same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut reading) }, 0);
            same!(last_error(), ERROR_IO_PENDING);
            same!(unsafe { WriteFile(writer.0, b"abc".as_ptr(), 3, &raw mut moved, &raw mut writing) }, 1);
            same!(unsafe { GetOverlappedResult(reader.0, &raw const reading, &raw mut moved, 1) }, 1);
            same!((moved, &bytes[..3]), (3, &b"abc"[..]));
        }
    });
}

fn ends(cases: &mut Cases) {
    for mode in [PIPE_TYPE_BYTE, PIPE_TYPE_MESSAGE] {
        case!(cases, "kernel32!ReadFile", Failure, "the server has gone: what it wrote can still be read", {
            let ((server, client), mut bytes) = (connected(&name("gone"), PIPE_ACCESS_DUPLEX, mode)?, [0; 4]);
            same!(write(&server, b"ab"), (1, 2, 0));
            same!(write(&client, b"unread"), (1, 6, 0));
            drop(server);
            same!(read(&client, &mut bytes), (1, 2, 0));
            same!(read(&client, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
            same!(write(&client, b"ab"), (0, 0, ERROR_NO_DATA));
        });
        case!(cases, "kernel32!ConnectNamedPipe", Failure, "the client has come and gone", {
            let ((server, client), mut bytes) = (connected(&name("came"), PIPE_ACCESS_DUPLEX, mode)?, [0; 4]);
            same!(write(&client, b"ab"), (1, 2, 0));
            drop(client);
            same!(connect(&server), (0, ERROR_NO_DATA));
            same!(read(&server, &mut bytes), (1, 2, 0));
            same!(read(&server, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
            same!(write(&server, b"ab"), (0, 0, ERROR_NO_DATA));
            same!(disconnect(&server), (1, 0));
        });
        case!(cases, "kernel32!DisconnectNamedPipe", Success, "what the client has not read is lost", {
            let ((server, client), mut bytes) = (connected(&name("lost"), PIPE_ACCESS_DUPLEX, mode)?, [0; 4]);
            same!(write(&server, b"ab"), (1, 2, 0));
            same!(disconnect(&server), (1, 0));
            same!(read(&client, &mut bytes), (0, 0, ERROR_PIPE_NOT_CONNECTED));
            same!(write(&client, b"ab"), (0, 0, ERROR_PIPE_NOT_CONNECTED));
        });
    }
    case!(cases, "kernel32!DisconnectNamedPipe", Success, "a pipe that goes one way", {
        let ((server, client), mut bytes) = (connected(&name("out"), PIPE_ACCESS_OUTBOUND, 0)?, [0; 4]);
        same!(write(&server, b"ab"), (1, 2, 0));
        same!(disconnect(&server), (1, 0));
        same!(read(&client, &mut bytes), (0, 0, ERROR_PIPE_NOT_CONNECTED));
        let (server, client) = connected(&name("in"), PIPE_ACCESS_INBOUND, 0)?;
        same!(disconnect(&server), (1, 0));
        same!(write(&client, b"ab"), (0, 0, ERROR_PIPE_NOT_CONNECTED));
    });
    case!(cases, "kernel32!FlushFileBuffers", Success, "waits until everything is read", {
        for mode in [PIPE_ACCESS_DUPLEX, PIPE_ACCESS_OUTBOUND] {
            let (server, client) = connected(&name("flush"), mode, 0)?;
            same!(unsafe { FlushFileBuffers(server.0) }, 1);
            same!(write(&server, b"abc"), (1, 3, 0));
            let thread = thread(read_later, client.0);
            same!(unsafe { FlushFileBuffers(server.0) }, 1);
            let mut left = 9;
            same!(unsafe { PeekNamedPipe(client.0, null_mut(), 0, null_mut(), &raw mut left, null_mut()) }, 1);
            same!(left, 0);
            same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
        }
    });
}

unsafe extern "system" fn read_later(pipe: *mut c_void) -> u32 {
    let (mut bytes, mut moved) = ([0; 4], 0);
    unsafe {
        Sleep(50);
        ReadFile(pipe, bytes.as_mut_ptr(), 4, &raw mut moved, null_mut());
    }
    moved
}

fn facts(cases: &mut Cases) {
    case!(cases, "kernel32!GetNamedPipeInfo kernel32!GetNamedPipeHandleStateW", Success, "types, ends, sizes and instances", {
        let (server, client) = connected(&name("facts"), PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE)?;
        let (mut flags, mut outbound, mut inbound, mut most, mut state, mut current) = (9, 9, 9, 9, 9, 9);
        same!(unsafe { GetNamedPipeInfo(server.0, &raw mut flags, &raw mut outbound, &raw mut inbound, &raw mut most) }, 1);
        same!((flags, outbound, inbound, most), (PIPE_SERVER_END | PIPE_TYPE_MESSAGE, 4096, 4096, 4));
        same!(unsafe { GetNamedPipeInfo(client.0, &raw mut flags, null_mut(), null_mut(), &raw mut most) }, 1);
        same!((flags, most), (PIPE_CLIENT_END | PIPE_TYPE_MESSAGE, 4));
        same!(unsafe { GetNamedPipeHandleStateW(server.0, &raw mut state, &raw mut current, null_mut(), null_mut(), null_mut(), 0) }, 1);
        same!((state, current), (PIPE_READMODE_MESSAGE, 1));
        same!(unsafe { GetNamedPipeHandleStateW(client.0, &raw mut state, null_mut(), null_mut(), null_mut(), null_mut(), 0) }, 1);
        same!(state, PIPE_READMODE_BYTE);
    });
    case!(cases, "kernel32!GetNamedPipeClientProcessId kernel32!GetNamedPipeServerProcessId", Success, "whose ends they are", {
        let (server, client) = connected(&name("whose"), PIPE_ACCESS_DUPLEX, 0)?;
        let (own, mut process) = (unsafe { GetCurrentProcessId() }, 0);
        for pipe in [&server, &client] {
            same!((unsafe { GetNamedPipeClientProcessId(pipe.0, &raw mut process) }, process), (1, own));
            process = 0;
            same!((unsafe { GetNamedPipeServerProcessId(pipe.0, &raw mut process) }, process), (1, own));
            process = 0;
        }
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "an end is closed with its last handle", {
        let ((server, client), mut bytes, mut copy) = (connected(&name("copy"), PIPE_ACCESS_DUPLEX, 0)?, [0; 4], null_mut());
        let this = unsafe { GetCurrentProcess() };
        same!(unsafe { DuplicateHandle(this, server.0, this, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS) }, 1);
        drop(server);
        let copy = File(copy);
        same!(write(&client, b"ab"), (1, 2, 0));
        same!(read(&copy, &mut bytes), (1, 2, 0));
        same!(disconnect(&copy), (1, 0));
        same!(read(&client, &mut bytes), (0, 0, ERROR_PIPE_NOT_CONNECTED));
    });
}
