//! namedpipeapi.h: pipes of messages, and calls that write one and read its answer.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{File, event, overlapped};
use guests::pipes::{connected, made, name, read, write};
use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Pipes::*;
use windows_sys::Win32::System::Threading::*;

const LONG: u32 = 5_000;
const MESSAGES: u32 = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        messages(&mut cases);
        looks(&mut cases);
        modes(&mut cases);
        pending(&mut cases);
        calls(&mut cases);
        cases.code()
    }
}

/// Bytes read, read in all, and left in the first message.
fn peek(pipe: &File, bytes: &mut [u8]) -> (i32, u32, u32, u32) {
    let (mut read, mut available, mut left) = (0, 0, 0);
    let done = unsafe { PeekNamedPipe(pipe.0, bytes.as_mut_ptr().cast(), bytes.len() as u32, &raw mut read, &raw mut available, &raw mut left) };
    (done, read, available, left)
}

fn set_mode(pipe: &File, mode: u32) -> (i32, u32) {
    clear_error();
    let done = unsafe { SetNamedPipeHandleState(pipe.0, &raw const mode, null(), null()) };
    (done, if done == 0 { last_error() } else { 0 })
}

fn messages(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFile", Success, "each message is read by itself", {
        let ((server, client), mut bytes) = (connected(&name("each"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 8]);
        same!(write(&client, b"one"), (1, 3, 0));
        same!(write(&client, b"three"), (1, 5, 0));
        same!((read(&server, &mut bytes), &bytes[..3]), ((1, 3, 0), &b"one"[..]));
        same!((read(&server, &mut bytes), &bytes[..5]), ((1, 5, 0), &b"three"[..]));
    });
    case!(cases, "kernel32!ReadFile", Failure, "a message is longer than the buffer: the rest comes next", {
        let ((server, client), mut bytes) = (connected(&name("rest"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 4]);
        same!(write(&client, b"abcdefghij"), (1, 10, 0));
        same!(write(&client, b"k"), (1, 1, 0));
        same!((read(&server, &mut bytes), &bytes), ((0, 4, ERROR_MORE_DATA), b"abcd"));
        same!((read(&server, &mut bytes), &bytes), ((0, 4, ERROR_MORE_DATA), b"efgh"));
        same!((read(&server, &mut bytes), &bytes[..2]), ((1, 2, 0), &b"ij"[..]));
        same!((read(&server, &mut bytes), &bytes[..1]), ((1, 1, 0), &b"k"[..]));
    });
    case!(cases, "kernel32!WriteFile kernel32!ReadFile", Success, "a message of nothing", {
        let ((server, client), mut bytes) = (connected(&name("nothing"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 4]);
        same!(write(&client, b""), (1, 0, 0));
        same!(write(&client, b"a"), (1, 1, 0));
        same!(read(&server, &mut bytes), (1, 0, 0));
        same!(read(&server, &mut bytes), (1, 1, 0));
    });
    case!(cases, "kernel32!ReadFile", Success, "messages are read as bytes where their bounds do not count", {
        let ((server, client), mut bytes) = (connected(&name("bytes"), PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE)?, [0; 4]);
        same!(write(&client, b"abc"), (1, 3, 0));
        same!(write(&client, b"def"), (1, 3, 0));
        same!((read(&server, &mut bytes), &bytes), ((1, 4, 0), b"abcd"));
        same!((read(&server, &mut bytes), &bytes[..2]), ((1, 2, 0), &b"ef"[..]));
    });
    case!(cases, "kernel32!WriteFile", Success, "a large message waits for its reader, and stays one", {
        let (server, client) = connected(&name("large"), PIPE_ACCESS_DUPLEX, MESSAGES)?;
        let thread = File(unsafe { CreateThread(null(), 0, Some(read_a_megabyte), server.0, 0, null_mut()) });
        let bytes = alloc::vec![7_u8; 1 << 20];
        same!(write(&client, &bytes), (1, 1 << 20, 0));
        let mut code = 0;
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
        same!((unsafe { GetExitCodeThread(thread.0, &raw mut code) }, code), (1, 7 << 20));
    });
}

/// Answers the sum of one message.
unsafe extern "system" fn read_a_megabyte(pipe: *mut c_void) -> u32 {
    let (mut bytes, mut moved) = (alloc::vec![0_u8; 2 << 20], 0);
    if unsafe { ReadFile(pipe, bytes.as_mut_ptr(), 2 << 20, &raw mut moved, null_mut()) } == 0 {
        return last_error();
    }
    bytes[..moved as usize].iter().map(|byte| u32::from(*byte)).sum()
}

fn looks(cases: &mut Cases) {
    case!(cases, "kernel32!PeekNamedPipe", Success, "the first message, what is left of it, and all that waits", {
        let ((server, client), mut bytes) = (connected(&name("peek"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 4]);
        same!(peek(&server, &mut bytes), (1, 0, 0, 0));
        same!(write(&client, b"abcdef"), (1, 6, 0));
        same!(write(&client, b"gh"), (1, 2, 0));
        same!((peek(&server, &mut bytes), &bytes), ((1, 4, 8, 2), b"abcd"));
        same!(read(&server, &mut bytes), (0, 4, ERROR_MORE_DATA));
        same!((peek(&server, &mut bytes), &bytes[..2]), ((1, 2, 4, 0), &b"ef"[..]));
        same!(read(&server, &mut bytes), (1, 2, 0));
        same!((peek(&server, &mut bytes), &bytes[..2]), ((1, 2, 2, 0), &b"gh"[..]));
    });
}

fn modes(cases: &mut Cases) {
    case!(cases, "kernel32!SetNamedPipeHandleState", Success, "a client reads by messages once it says so", {
        let ((server, client), mut bytes) = (connected(&name("mode"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 8]);
        same!(write(&server, b"ab"), (1, 2, 0));
        same!(write(&server, b"cd"), (1, 2, 0));
        same!(read(&client, &mut bytes[..3]), (1, 3, 0));
        same!(read(&client, &mut bytes[..3]), (1, 1, 0));
        same!(set_mode(&client, PIPE_READMODE_MESSAGE), (1, 0));
        same!(write(&server, b"ab"), (1, 2, 0));
        same!(write(&server, b"cd"), (1, 2, 0));
        same!(read(&client, &mut bytes), (1, 2, 0));
    });
    case!(cases, "kernel32!SetNamedPipeHandleState", Failure, "a pipe of bytes has no messages", {
        let (server, _client) = connected(&name("none"), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE)?;
        same!(set_mode(&server, PIPE_READMODE_MESSAGE), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!ReadFile", Failure, "calls that do not wait", {
        let ((server, client), mut bytes) = (connected(&name("now"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0; 8]);
        same!(set_mode(&server, PIPE_READMODE_MESSAGE | PIPE_NOWAIT), (1, 0));
        same!(read(&server, &mut bytes), (0, 0, ERROR_NO_DATA));
        same!(write(&client, b"ab"), (1, 2, 0));
        same!(read(&server, &mut bytes), (1, 2, 0));
    });
}

fn pending(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFile kernel32!GetOverlappedResult", Failure, "a read that pends gets as much of a message as fits", {
        let name = name("pend");
        let (server, client) = connected(&name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, MESSAGES)?;
        let (event, mut bytes, mut moved) = (event(), [0; 4], 9);
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(server.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        same!(last_error(), ERROR_IO_PENDING);
        same!(write(&client, b"abcdef"), (1, 6, 0));
        clear_error();
        same!(unsafe { GetOverlappedResult(server.0, &raw const request, &raw mut moved, 1) }, 0);
        same!((last_error(), moved, &bytes), (ERROR_MORE_DATA, 4, b"abcd"));
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(server.0, bytes.as_mut_ptr(), 4, &raw mut moved, &raw mut request) }, 1);
        same!((moved, &bytes[..2]), (2, &b"ef"[..]));
    });
}

/// Answers each message with one that is longer by a letter.
unsafe extern "system" fn answer(pipe: *mut c_void) -> u32 {
    let (mut bytes, mut moved) = ([0_u8; 16], 0);
    unsafe {
        ConnectNamedPipe(pipe, null_mut());
        while ReadFile(pipe, bytes.as_mut_ptr(), 15, &raw mut moved, null_mut()) != 0 {
            bytes[moved as usize] = b'!';
            WriteFile(pipe, bytes.as_ptr(), moved + 1, &raw mut moved, null_mut());
        }
    }
    0
}

fn calls(cases: &mut Cases) {
    case!(cases, "kernel32!TransactNamedPipe", Success, "a message and its answer", {
        let ((server, client), mut bytes, mut moved) = (connected(&name("transact"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0_u8; 8], 9);
        same!(set_mode(&client, PIPE_READMODE_MESSAGE), (1, 0));
        let thread = File(unsafe { CreateThread(null(), 0, Some(answer), server.0, 0, null_mut()) });
        let transact = |bytes: &mut [u8], moved: &mut u32| unsafe {
            TransactNamedPipe(client.0, b"hey".as_ptr().cast(), 3, bytes.as_mut_ptr().cast(), bytes.len() as u32, moved, null_mut())
        };
        same!((transact(&mut bytes, &mut moved), moved, &bytes[..4]), (1, 4, &b"hey!"[..]));
        clear_error();
        same!((transact(&mut bytes[..2], &mut moved), last_error(), moved), (0, ERROR_MORE_DATA, 2));
        same!(read(&client, &mut bytes), (1, 2, 0));
        drop(client);
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
    });
    case!(cases, "kernel32!TransactNamedPipe", Failure, "the pipe is not read by messages, or something waits there", {
        let ((server, client), mut bytes, mut moved) = (connected(&name("refuse"), PIPE_ACCESS_DUPLEX, MESSAGES)?, [0_u8; 8], 9);
        let transact = |bytes: &mut [u8], moved: &mut u32| unsafe {
            clear_error();
            TransactNamedPipe(client.0, b"hey".as_ptr().cast(), 3, bytes.as_mut_ptr().cast(), bytes.len() as u32, moved, null_mut())
        };
        same!((transact(&mut bytes, &mut moved), last_error()), (0, ERROR_BAD_PIPE));
        same!(set_mode(&client, PIPE_READMODE_MESSAGE), (1, 0));
        same!(write(&server, b"early"), (1, 5, 0));
        same!((transact(&mut bytes, &mut moved), last_error()), (0, ERROR_PIPE_BUSY));
    });
    case!(cases, "kernel32!CallNamedPipeW", Success, "connects, asks, reads and closes", {
        let name = name("call");
        let (server, mut bytes, mut moved) = (made(&name, PIPE_ACCESS_DUPLEX, MESSAGES)?, [0_u8; 8], 9);
        let thread = File(unsafe { CreateThread(null(), 0, Some(answer), server.0, 0, null_mut()) });
        let done = unsafe {
            CallNamedPipeW(wide(&name).as_ptr(), b"hey".as_ptr().cast(), 3, bytes.as_mut_ptr().cast(), 8, &raw mut moved, NMPWAIT_WAIT_FOREVER)
        };
        same!((done, moved, &bytes[..4]), (1, 4, &b"hey!"[..]));
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
    });
    case!(cases, "kernel32!CallNamedPipeW", Failure, "there is no such pipe", {
        let (name, mut bytes, mut moved): (String, _, _) = (name("missing"), [0_u8; 8], 9);
        clear_error();
        let done = unsafe { CallNamedPipeW(wide(&name).as_ptr(), b"hey".as_ptr().cast(), 3, bytes.as_mut_ptr().cast(), 8, &raw mut moved, 10) };
        same!((done, last_error()), (0, ERROR_FILE_NOT_FOUND));
    });
}
