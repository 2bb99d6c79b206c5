//! namedpipeapi.h: pipes without names, and requests to pipes that pend.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};
use guests::files::{File, event, overlapped};
use guests::{Cases, case, clear_error, last_error, same};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::NtOpenFile;
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Pipes::*;
use windows_sys::Win32::System::Threading::*;

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
/// Longer than anything here takes, so that a wait that does not end is a failed case.
const LONG: u32 = 5_000;

windows_link::link!("ntdll.dll" "system" fn NtCreateNamedPipeFile(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, share: u32, disposition: u32, options: u32, kind: u32, read_mode: u32, completion_mode: u32, instances: u32, inbound: u32, outbound: u32, timeout: *const i64) -> NTSTATUS);

fn pipe() -> Result<(File, File), String> {
    let (mut read, mut write) = (null_mut(), null_mut());
    if unsafe { CreatePipe(&raw mut read, &raw mut write, null(), 0) } == 0 {
        return Err(alloc::format!("no pipe: {}", last_error()));
    }
    Ok((File(read), File(write)))
}

/// The ends of a pipe whose requests pend; the first reads.
fn overlapped_pipe() -> Result<(File, File), String> {
    let name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
    let folder_name = guests::wide("\\Device\\NamedPipe\\");
    let folder_name = UNICODE_STRING { Length: 36, MaximumLength: 38, Buffer: folder_name.as_ptr().cast_mut() };
    let object = |root: HANDLE, name: &UNICODE_STRING| OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: root,
        ObjectName: core::ptr::from_ref(name),
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let (mut folder, mut read, mut write) = (null_mut(), null_mut(), null_mut());
    let (mut block, timeout) = (unsafe { core::mem::zeroed::<IO_STATUS_BLOCK>() }, -1_200_000_000_i64);
    unsafe {
        // The folder of pipes is what Windows starts at; where it is not, the pipe has no start.
        NtOpenFile(&raw mut folder, SYNCHRONIZE | GENERIC_READ, &object(null_mut(), &folder_name), &raw mut block, 3, 0x20);
        let access = GENERIC_READ | SYNCHRONIZE | FILE_WRITE_ATTRIBUTES;
        let status = NtCreateNamedPipeFile(
            &raw mut read,
            access,
            &object(folder, &name),
            &raw mut block,
            FILE_SHARE_WRITE,
            2,
            0,
            0,
            0,
            0,
            1,
            4096,
            4096,
            &raw const timeout,
        );
        if status != 0 {
            return Err(alloc::format!("no server's end: {:#x}", status as u32));
        }
        let access = GENERIC_WRITE | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let status = NtOpenFile(&raw mut write, access, &object(read, &name), &raw mut block, 0, 0x40);
        if status != 0 {
            return Err(alloc::format!("no client's end: {:#x}", status as u32));
        }
    }
    Ok((File(read), File(write)))
}

fn write(file: &File, bytes: &[u8]) -> (i32, u32, u32) {
    let mut moved = 9;
    clear_error();
    let done = unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut moved, null_mut()) };
    (done, moved, if done == 0 { last_error() } else { 0 })
}

fn read(file: &File, bytes: &mut [u8]) -> (i32, u32, u32) {
    let mut moved = 9;
    clear_error();
    let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), bytes.len() as u32, &raw mut moved, null_mut()) };
    (done, moved, if done == 0 { last_error() } else { 0 })
}

/// Result, bytes read, bytes that wait.
fn peek(file: &File, bytes: &mut [u8]) -> (i32, u32, u32, u32) {
    let (mut moved, mut available) = (9, 9);
    clear_error();
    let done = unsafe { PeekNamedPipe(file.0, bytes.as_mut_ptr().cast(), bytes.len() as u32, &raw mut moved, &raw mut available, null_mut()) };
    if done == 0 { (0, 0, 0, last_error()) } else { (done, moved, available, 0) }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        ends(&mut cases);
        closed(&mut cases);
        looks(&mut cases);
        states(&mut cases);
        pending(&mut cases);
        cancelled(&mut cases);
        cases.code()
    }
}

fn ends(cases: &mut Cases) {
    case!(cases, "kernel32!CreatePipe kernel32!WriteFile kernel32!ReadFile", Success, "bytes go in at one end and come out at the other", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 8]);
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!(read(&reader, &mut bytes), (1, 5, 0));
        same!(&bytes[..5], b"hello");
    });
    case!(cases, "kernel32!ReadFile", Success, "a read takes what there is, the next one the rest", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 4]);
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!(read(&reader, &mut bytes), (1, 4, 0));
        same!(read(&reader, &mut bytes), (1, 1, 0));
    });
    case!(cases, "kernel32!WriteFile", Success, "nothing is written at once", {
        let (_reader, writer) = pipe()?;
        same!(write(&writer, b""), (1, 0, 0));
    });
    case!(cases, "kernel32!ReadFile kernel32!WriteFile", Failure, "each end goes one way", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 4]);
        same!(write(&reader, b"a"), (0, 0, ERROR_ACCESS_DENIED));
        same!(read(&writer, &mut bytes), (0, 0, ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!GetFileType", Success, "a pipe", {
        let (reader, writer) = pipe()?;
        same!(unsafe { (GetFileType(reader.0), GetFileType(writer.0)) }, (FILE_TYPE_PIPE, FILE_TYPE_PIPE));
    });
    case!(cases, "kernel32!CreatePipe kernel32!GetHandleInformation", Success, "children inherit it where that is asked for", {
        for inherit in [0, 1] {
            let security = SECURITY_ATTRIBUTES { nLength: 24, lpSecurityDescriptor: null_mut(), bInheritHandle: inherit };
            let (mut read, mut write, mut flags) = (null_mut(), null_mut(), 9);
            same!(unsafe { CreatePipe(&raw mut read, &raw mut write, &raw const security, 0) }, 1);
            let (read, write) = (File(read), File(write));
            same!((unsafe { GetHandleInformation(read.0, &raw mut flags) }, flags), (1, inherit as u32));
            same!((unsafe { GetHandleInformation(write.0, &raw mut flags) }, flags), (1, inherit as u32));
        }
    });
    case!(cases, "kernel32!WriteFile", Success, "a large write waits for its reader", {
        let (reader, writer) = pipe()?;
        let thread = unsafe { CreateThread(null(), 0, Some(read_a_megabyte), reader.0, 0, null_mut()) };
        let bytes = alloc::vec![7_u8; 1 << 20];
        same!(write(&writer, &bytes), (1, 1 << 20, 0));
        let mut code = 0;
        same!(unsafe { WaitForSingleObject(thread, LONG) }, WAIT_OBJECT_0);
        same!((unsafe { GetExitCodeThread(thread, &raw mut code) }, code), (1, 7 << 20));
    });
}

/// Answers the sum of what it read.
unsafe extern "system" fn read_a_megabyte(reader: *mut c_void) -> u32 {
    let (mut sum, mut count, mut bytes) = (0_u32, 0, alloc::vec![0_u8; 5000]);
    while count < 1 << 20 {
        let mut moved = 0;
        if unsafe { ReadFile(reader, bytes.as_mut_ptr(), 5000, &raw mut moved, null_mut()) } == 0 {
            return last_error();
        }
        sum += bytes[..moved as usize].iter().map(|byte| u32::from(*byte)).sum::<u32>();
        count += moved;
    }
    sum
}

fn closed(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFile", Failure, "the writer is gone", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 4]);
        same!(write(&writer, b"ab"), (1, 2, 0));
        drop(writer);
        same!(read(&reader, &mut bytes), (1, 2, 0));
        same!(read(&reader, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
    });
    case!(cases, "kernel32!WriteFile", Failure, "the reader is gone", {
        let (reader, writer) = pipe()?;
        drop(reader);
        same!(write(&writer, b"ab"), (0, 0, ERROR_NO_DATA));
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "a pipe ends with the last handle to its end", {
        let ((reader, writer), mut bytes, mut copy) = (pipe()?, [0; 4], null_mut());
        let this = unsafe { GetCurrentProcess() };
        same!(unsafe { DuplicateHandle(this, writer.0, this, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS) }, 1);
        drop(writer);
        let copy = File(copy);
        same!(write(&copy, b"ab"), (1, 2, 0));
        drop(copy);
        same!(read(&reader, &mut bytes), (1, 2, 0));
        same!(read(&reader, &mut bytes), (0, 0, ERROR_BROKEN_PIPE));
    });
}

fn looks(cases: &mut Cases) {
    case!(cases, "kernel32!PeekNamedPipe", Success, "what is looked at stays", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 3]);
        same!(peek(&reader, &mut bytes), (1, 0, 0, 0));
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!((peek(&reader, &mut bytes), &bytes), ((1, 3, 5, 0), b"hel"));
        same!((peek(&reader, &mut bytes), &bytes), ((1, 3, 5, 0), b"hel"));
        same!((read(&reader, &mut bytes), &bytes), ((1, 3, 0), b"hel"));
        same!((peek(&reader, &mut bytes), &bytes), ((1, 2, 2, 0), b"lol"));
    });
    case!(cases, "kernel32!PeekNamedPipe", Success, "the number of bytes alone", {
        let ((reader, writer), mut available) = (pipe()?, 9);
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!(unsafe { PeekNamedPipe(reader.0, null_mut(), 0, null_mut(), &raw mut available, null_mut()) }, 1);
        same!(available, 5);
    });
    case!(cases, "kernel32!PeekNamedPipe", Failure, "the writer is gone", {
        let ((reader, writer), mut bytes) = (pipe()?, [0; 4]);
        same!(write(&writer, b"ab"), (1, 2, 0));
        drop(writer);
        same!(peek(&reader, &mut bytes), (1, 2, 2, 0));
        same!(read(&reader, &mut bytes), (1, 2, 0));
        same!(peek(&reader, &mut bytes), (0, 0, 0, ERROR_BROKEN_PIPE));
    });
    case!(cases, "kernel32!PeekNamedPipe", Failure, "the end that is written to, and no pipe at all", {
        let ((_reader, writer), mut bytes) = (pipe()?, [0; 4]);
        same!(peek(&writer, &mut bytes), (0, 0, 0, ERROR_ACCESS_DENIED));
        same!(peek(&File(NO_HANDLE), &mut bytes), (0, 0, 0, ERROR_INVALID_HANDLE));
    });
}

fn states(cases: &mut Cases) {
    case!(cases, "kernel32!GetNamedPipeInfo", Success, "which end it is, and the sizes that were asked for", {
        let (mut reader, mut writer) = (null_mut(), null_mut());
        same!(unsafe { CreatePipe(&raw mut reader, &raw mut writer, null(), 8192) }, 1);
        let (reader, writer) = (File(reader), File(writer));
        let (mut flags, mut inbound, mut instances) = (9, 9, 9);
        same!(unsafe { GetNamedPipeInfo(reader.0, &raw mut flags, null_mut(), &raw mut inbound, &raw mut instances) }, 1);
        same!((flags, inbound, instances), (PIPE_SERVER_END | PIPE_TYPE_BYTE, 8192, 1));
        same!((unsafe { GetNamedPipeInfo(writer.0, &raw mut flags, null_mut(), null_mut(), null_mut()) }, flags), (1, PIPE_CLIENT_END));
    });
    case!(cases, "kernel32!GetNamedPipeInfo", Failure, "a number that is no handle", {
        let mut flags = 9;
        clear_error();
        let done = unsafe { GetNamedPipeInfo(NO_HANDLE, &raw mut flags, null_mut(), null_mut(), null_mut()) };
        same!((done, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!SetNamedPipeHandleState", Success, "calls that do not wait", {
        let ((reader, writer), mut bytes, mode) = (pipe()?, [0; 4], PIPE_NOWAIT);
        same!(unsafe { SetNamedPipeHandleState(reader.0, &raw const mode, null(), null()) }, 1);
        same!(read(&reader, &mut bytes), (0, 0, ERROR_NO_DATA));
        same!(write(&writer, b"ab"), (1, 2, 0));
        same!(read(&reader, &mut bytes), (1, 2, 0));
    });
    case!(cases, "kernel32!SetNamedPipeHandleState", Failure, "a pipe of bytes is not read in messages", {
        let ((reader, _writer), mode) = (pipe()?, PIPE_READMODE_MESSAGE);
        clear_error();
        same!((unsafe { SetNamedPipeHandleState(reader.0, &raw const mode, null(), null()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

fn pending(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFile kernel32!GetOverlappedResult", Success, "a read of an empty pipe pends until there is something", {
        let ((reader, writer), event, mut bytes, mut moved) = (overlapped_pipe()?, event(), [0; 8], 9);
        let mut request = overlapped(0, event.0);
        clear_error();
        let done = unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 8, null_mut(), &raw mut request) };
        same!((done, last_error(), request.Internal), (0, ERROR_IO_PENDING, STATUS_PENDING as usize));
        same!(unsafe { WaitForSingleObject(event.0, 0) }, WAIT_TIMEOUT);
        clear_error();
        same!((unsafe { GetOverlappedResult(reader.0, &raw const request, &raw mut moved, 0) }, last_error()), (0, ERROR_IO_INCOMPLETE));
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!(unsafe { GetOverlappedResult(reader.0, &raw const request, &raw mut moved, 1) }, 1);
        same!((moved, &bytes[..5], request.Internal, unsafe { WaitForSingleObject(event.0, 0) }), (5, &b"hello"[..], 0, WAIT_OBJECT_0));
    });
    case!(cases, "kernel32!ReadFile", Success, "what is there already is read at once", {
        let ((reader, writer), mut bytes, mut moved) = (overlapped_pipe()?, [0; 8], 9);
        same!(write(&writer, b"hello"), (1, 5, 0));
        let mut request = overlapped(0, null_mut());
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 8, &raw mut moved, &raw mut request) }, 1);
        same!((moved, request.Internal, request.InternalHigh), (5, 0, 5));
    });
    case!(cases, "kernel32!ReadFile", Success, "requests are served in their order", {
        let ((reader, writer), mut bytes) = (overlapped_pipe()?, [[0; 2]; 3]);
        let mut requests = [overlapped(0, null_mut()), overlapped(0, null_mut()), overlapped(0, null_mut())];
        for (request, bytes) in requests.iter_mut().zip(&mut bytes) {
            clear_error();
            same!((unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 2, null_mut(), request) }, last_error()), (0, ERROR_IO_PENDING));
        }
        same!(write(&writer, b"abcdef"), (1, 6, 0));
        for request in &requests {
            while request_status(request) == STATUS_PENDING {
                unsafe { SwitchToThread() };
            }
        }
        same!(bytes, [*b"ab", *b"cd", *b"ef"]);
    });
    case!(cases, "kernel32!GetQueuedCompletionStatus", Success, "a port hears of a read that pended, and of the end", {
        let ((reader, writer), mut bytes) = (overlapped_pipe()?, [0; 8]);
        let port = File(unsafe { CreateIoCompletionPort(reader.0, null_mut(), 5, 0) });
        let mut request = overlapped(0, null_mut());
        clear_error();
        same!((unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 8, null_mut(), &raw mut request) }, last_error()), (0, ERROR_IO_PENDING));
        same!(get(&port, 0), (0, 0, 0, false, WAIT_TIMEOUT));
        same!(write(&writer, b"hello"), (1, 5, 0));
        same!(get(&port, LONG), (1, 5, 5, true, 0));
        clear_error();
        same!((unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 8, null_mut(), &raw mut request) }, last_error()), (0, ERROR_IO_PENDING));
        drop(writer);
        same!(get(&port, LONG), (0, 0, 5, true, ERROR_BROKEN_PIPE));
    });
    case!(cases, "kernel32!ReadFile", Success, "without an OVERLAPPED the call waits", {
        let (reader, writer) = overlapped_pipe()?;
        let thread = unsafe { CreateThread(null(), 0, Some(write_later), writer.0, 0, null_mut()) };
        let mut bytes = [0; 8];
        same!((read(&reader, &mut bytes), &bytes[..5]), ((1, 5, 0), &b"later"[..]));
        same!(unsafe { WaitForSingleObject(thread, LONG) }, WAIT_OBJECT_0);
    });
}

unsafe extern "system" fn write_later(writer: *mut c_void) -> u32 {
    unsafe {
        Sleep(50);
        let mut moved = 0;
        WriteFile(writer, b"later".as_ptr(), 5, &raw mut moved, null_mut());
    }
    0
}

fn request_status(request: &OVERLAPPED) -> NTSTATUS {
    unsafe { (&raw const request.Internal).read_volatile() as NTSTATUS }
}

/// Result, bytes, key, whether there was an OVERLAPPED, and the error of a failure.
fn get(port: &File, timeout: u32) -> (i32, u32, usize, bool, u32) {
    let (mut moved, mut key, mut overlapped) = (0, 0, null_mut());
    clear_error();
    let done = unsafe { GetQueuedCompletionStatus(port.0, &raw mut moved, &raw mut key, &raw mut overlapped, timeout) };
    (done, moved, key, !overlapped.is_null(), if done == 0 { last_error() } else { 0 })
}

static RESULT: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn read_and_note(reader: *mut c_void) -> u32 {
    let (mut bytes, mut moved) = ([0; 4], 0);
    RESULT.store(1, Ordering::SeqCst);
    let done = unsafe { ReadFile(reader, bytes.as_mut_ptr(), 4, &raw mut moved, null_mut()) };
    RESULT.store(if done == 0 { last_error() } else { 2 }, Ordering::SeqCst);
    0
}

fn cancelled(cases: &mut Cases) {
    case!(cases, "kernel32!CancelIoEx", Success, "a request that pends is taken back", {
        let ((reader, writer), event, mut bytes, mut moved) = (overlapped_pipe()?, event(), [0; 4], 9);
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        same!(unsafe { CancelIoEx(reader.0, &raw const request) }, 1);
        clear_error();
        same!((unsafe { GetOverlappedResult(reader.0, &raw const request, &raw mut moved, 1) }, last_error()), (0, ERROR_OPERATION_ABORTED));
        same!(request.Internal as NTSTATUS, STATUS_CANCELLED);
        // What comes now is for the next one.
        same!(write(&writer, b"ab"), (1, 2, 0));
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, &raw mut moved, &raw mut request) }, 1);
        same!(&bytes[..2], b"ab");
    });
    case!(cases, "kernel32!CancelIoEx", Failure, "the request is another one", {
        let ((reader, _writer), mut bytes, mut moved) = (overlapped_pipe()?, [0; 4], 0);
        let (mut request, other) = (overlapped(0, null_mut()), overlapped(0, null_mut()));
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        clear_error();
        same!((unsafe { CancelIoEx(reader.0, &raw const other) }, last_error()), (0, ERROR_NOT_FOUND));
        same!(unsafe { CancelIoEx(reader.0, null()) }, 1);
        same!(unsafe { GetOverlappedResult(reader.0, &raw const request, &raw mut moved, 1) }, 0);
    });
    case!(cases, "kernel32!CancelIo kernel32!GetQueuedCompletionStatus", Success, "the thread's own requests, and the port hears of it", {
        let ((reader, _writer), mut bytes) = (overlapped_pipe()?, [0; 4]);
        let port = File(unsafe { CreateIoCompletionPort(reader.0, null_mut(), 5, 0) });
        let mut request = overlapped(0, null_mut());
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        same!(unsafe { CancelIo(reader.0) }, 1);
        same!(get(&port, LONG), (0, 0, 5, true, ERROR_OPERATION_ABORTED));
    });
    case!(cases, "kernel32!CancelSynchronousIo", Success, "a thread that waits in a read", {
        let (reader, _writer) = pipe()?;
        let thread = File(unsafe { CreateThread(null(), 0, Some(read_and_note), reader.0, 0, null_mut()) });
        // Until it is there, there is nothing to take back.
        let mut tries = 0;
        while unsafe { CancelSynchronousIo(thread.0) } == 0 {
            same!(last_error(), ERROR_NOT_FOUND);
            tries += 1;
            same!(tries < 5000, true);
            unsafe { Sleep(1) };
        }
        same!(unsafe { WaitForSingleObject(thread.0, LONG) }, WAIT_OBJECT_0);
        same!(RESULT.load(Ordering::SeqCst), ERROR_OPERATION_ABORTED);
    });
    case!(cases, "kernel32!CancelSynchronousIo", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { CancelSynchronousIo(NO_HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CloseHandle", Success, "the last handle takes along what pends", {
        let ((reader, writer), event, mut bytes) = (overlapped_pipe()?, event(), [0; 4]);
        let mut request = overlapped(0, event.0);
        same!(unsafe { ReadFile(reader.0, bytes.as_mut_ptr(), 4, null_mut(), &raw mut request) }, 0);
        drop(reader);
        same!(unsafe { WaitForSingleObject(event.0, LONG) }, WAIT_OBJECT_0);
        same!(write(&writer, b"ab"), (0, 0, ERROR_NO_DATA));
    });
}
