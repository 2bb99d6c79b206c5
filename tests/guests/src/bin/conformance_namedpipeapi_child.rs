//! namedpipeapi.h: named pipes between a program and its child, as languages' runtimes make them for standard streams.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guests::children::{HEIRS, How, LONG, act, child};
use guests::files::{File, event, overlapped};
use guests::pipes::{client, made, name, read, write};
use guests::{Cases, arguments, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Pipes::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match &words[1..] {
            ["child", "ask", name] => return ask(name),
            ["child", "serve", name] => return serve(name),
            ["child", rest @ ..] => return act(rest),
            _ => {}
        }
        let mut cases = Cases::new();
        streams(&mut cases);
        others(&mut cases);
        cases.code()
    }
}

/// Writes to a pipe, and ends with the first byte of the answer.
fn ask(name: &str) -> u32 {
    let Ok(pipe) = client(name, GENERIC_READ | GENERIC_WRITE) else { return 90 };
    let mut bytes = [0; 4];
    if write(&pipe, b"ask").0 == 0 || read(&pipe, &mut bytes).0 == 0 { 91 } else { bytes[0].into() }
}

/// Waits for a client, and for ever.
fn serve(name: &str) -> u32 {
    let Ok(pipe) = made(name, PIPE_ACCESS_DUPLEX, 0) else { return 92 };
    unsafe { ConnectNamedPipe(pipe.0, null_mut()) };
    write(&pipe, b"here");
    act(&["hang"])
}

/// A pipe for a child's stream: this program's end, whose requests pend, and the child's, which it inherits. What this program does
/// with its end is told as for CreateNamedPipe.
fn stream(of: &str, open_mode: u32) -> Result<(File, File), String> {
    let name = name(of);
    let ours = open_mode | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED;
    let pipe_mode = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
    let server = unsafe { CreateNamedPipeW(wide(&name).as_ptr(), ours, pipe_mode, 1, 65536, 65536, 0, null()) };
    holds!(server != INVALID_HANDLE_VALUE);
    let access = if open_mode == PIPE_ACCESS_INBOUND { GENERIC_WRITE } else { GENERIC_READ };
    let theirs = unsafe { CreateFileW(wide(&name).as_ptr(), access, 0, &raw const HEIRS.0, OPEN_EXISTING, 0, null_mut()) };
    holds!(theirs != INVALID_HANDLE_VALUE);
    Ok((File(server), File(theirs)))
}

/// All that comes out of a pipe whose requests pend.
fn all(pipe: &File) -> Result<String, String> {
    let (event, mut all) = (event(), Vec::new());
    loop {
        let (mut bytes, mut moved, mut request) = ([0; 16], 0, overlapped(0, event.0));
        clear_error();
        let mut done = unsafe { ReadFile(pipe.0, bytes.as_mut_ptr(), 16, null_mut(), &raw mut request) };
        if done == 0 && last_error() == ERROR_IO_PENDING {
            same!(unsafe { WaitForSingleObject(event.0, LONG) }, WAIT_OBJECT_0);
            done = unsafe { GetOverlappedResult(pipe.0, &raw const request, &raw mut moved, 0) };
        }
        if done == 0 {
            same!(last_error(), ERROR_BROKEN_PIPE);
            return String::from_utf8(all).map_err(|_| String::from("no UTF-8"));
        }
        same!(unsafe { GetOverlappedResult(pipe.0, &raw const request, &raw mut moved, 0) }, 1);
        all.extend_from_slice(&bytes[..moved as usize]);
    }
}

fn streams(cases: &mut Cases) {
    case!(cases, "kernel32!CreateProcessW kernel32!CreateNamedPipeW", Success, "what a child says, until it has ended", {
        let (output, theirs) = stream("output", PIPE_ACCESS_INBOUND)?;
        let child = child(
            "say a-rather-long-text-for-one-read",
            &How { inherits: true, standard: Some([null_mut(), theirs.0, null_mut()]), ..How::default() },
        )?;
        drop(theirs);
        same!(all(&output)?, "a-rather-long-text-for-one-read");
        same!(child.code()?, 0);
    });
    case!(cases, "kernel32!CreateProcessW kernel32!CreateNamedPipeW", Success, "what a child is told, and says again", {
        let ((input, reads), (output, writes)) = (stream("in", PIPE_ACCESS_OUTBOUND)?, stream("out", PIPE_ACCESS_INBOUND)?);
        let child = child("echo", &How { inherits: true, standard: Some([reads.0, writes.0, null_mut()]), ..How::default() })?;
        drop((reads, writes));
        let (event, mut moved) = (event(), 0);
        let mut request = overlapped(0, event.0);
        same!(unsafe { WriteFile(input.0, b"hello".as_ptr(), 5, &raw mut moved, &raw mut request) }, 1);
        same!(all(&output)?, "hello");
        same!(child.code()?, 0);
        drop(input);
    });
    case!(cases, "kernel32!TerminateProcess", Success, "a child that is ended: what it had is closed", {
        let (output, theirs) = stream("ended", PIPE_ACCESS_INBOUND)?;
        let child = child("hang", &How { inherits: true, standard: Some([null_mut(), theirs.0, null_mut()]), ..How::default() })?;
        drop(theirs);
        same!(unsafe { TerminateProcess(child.0.hProcess, 5) }, 1);
        same!(all(&output)?, "");
        same!(child.code()?, 5);
    });
}

fn others(cases: &mut Cases) {
    case!(cases, "kernel32!GetNamedPipeClientProcessId", Success, "a client in another process", {
        let name = name("other");
        let (server, mut bytes, mut process) = (made(&name, PIPE_ACCESS_DUPLEX, 0)?, [0; 8], 0);
        let child = child(&format!("ask {name}"), &How::default())?;
        let connected = unsafe { ConnectNamedPipe(server.0, null_mut()) };
        holds!(connected != 0 || last_error() == ERROR_PIPE_CONNECTED);
        same!((read(&server, &mut bytes), &bytes[..3]), ((1, 3, 0), &b"ask"[..]));
        same!((unsafe { GetNamedPipeClientProcessId(server.0, &raw mut process) }, process), (1, child.0.dwProcessId));
        same!(write(&server, b"*"), (1, 1, 0));
        same!(child.code()?, b'*'.into());
        same!(read(&server, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
    });
    case!(cases, "kernel32!TerminateProcess", Success, "a server that is ended: its client hears of it", {
        let (name, mut bytes) = (name("server"), [0; 8]);
        let child = child(&format!("serve {name}"), &How::default())?;
        let mut tries = 0;
        let pipe = loop {
            match client(&name, GENERIC_READ | GENERIC_WRITE) {
                Ok(pipe) => break pipe,
                Err(error) => same!(error, ERROR_FILE_NOT_FOUND),
            }
            tries += 1;
            holds!(tries < 5000);
            unsafe { Sleep(1) };
        };
        same!(read(&pipe, &mut bytes), (1, 4, 0));
        same!(unsafe { TerminateProcess(child.0.hProcess, 5) }, 1);
        same!(read(&pipe, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
        same!(write(&pipe, b"?"), (0, 0, ERROR_NO_DATA));
    });
    case!(cases, "kernel32!CreateProcessW", Success, "a server's end that a child inherits", wine = "the child does not end", {
        let (name, mut bytes) = (name("heir"), [0; 8]);
        let server = unsafe { CreateNamedPipeW(wide(&name).as_ptr(), PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, &raw const HEIRS.0) };
        holds!(server != INVALID_HANDLE_VALUE);
        let server = File(server);
        let pipe = client(&name, GENERIC_READ | GENERIC_WRITE).map_err(|error| format!("no client: {error}"))?;
        same!(child(&format!("write {:x} text", server.0 as usize), &How { inherits: true, ..How::default() })?.code()?, 0);
        same!((read(&pipe, &mut bytes), &bytes[..4]), ((1, 4, 0), &b"text"[..]));
        same!(write(&pipe, b"ab"), (1, 2, 0));
        same!(read(&server, &mut bytes), (1, 2, 0));
    });
}
